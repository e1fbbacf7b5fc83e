"""The public classes: where each one is, and what kind of model it is.

A new family adds its line here. Nothing is imported for it, so that the
command line answers at once.
"""

# Class -> (module, task). A base, which is of no kind by itself, has no task.
CLASSES = {
    "AdversarialModel": ("models.adversarial_model", None),
    "SamplingModel": ("models.sampling", None),
    "GAN": ("models.gan", "sampling"),
    "DCGAN": ("models.dcgan", "sampling"),
    "ConditionalGAN": ("models.conditional_gan", "sampling"),
    "ACGAN": ("models.acgan", "sampling"),
    "InfoGAN": ("models.infogan", "sampling"),
    "EBGAN": ("models.ebgan", "sampling"),
    "WGAN": ("models.wgan", "sampling"),
    "WGANGP": ("models.wgan_gp", "sampling"),
    "R3GAN": ("models.r3gan", "sampling"),
    "ProgressiveGAN": ("models.progressive_gan.progressive_gan", "sampling"),
    "StyleGAN2": ("models.stylegan2.stylegan2", "sampling"),
    "UnrolledGAN": ("models.unrolled_gan", "sampling"),
    "ImprovedGAN": ("models.improved_gan.improved_gan", "sampling"),
    "Pix2Pix": ("models.pix2pix", "translation"),
    "CycleGAN": ("models.cyclegan", "translation"),
    "InpaintingGAN": ("models.inpainting_gan", "inpainting"),
    "SRResNet": ("models.srgan.srresnet", "upscaling"),
    "RRDBNet": ("models.rrdbnet", "upscaling"),
    "SRVGGNetCompact": ("models.srvggnet", "upscaling"),
    "SRGAN": ("models.srgan.srgan", "upscaling"),
}
# Modules with networks of presets that no class has by default.
NETWORKS = ("models.conditional_resnet", "models.msrresnet")


def class_named(name):
    """The class that a command means: `"wgan_gp"` is `"WGANGP"`.

    Args:
        name: String, with or without capitals, `_` and `-`: what the class is
            called, or its module.

    Returns:
        String, a key of `CLASSES`, or `None`.
    """
    wanted = name.replace("_", "").replace("-", "").lower()
    for cls in CLASSES:
        if cls.lower() == wanted:
            return cls
    return classes_by_name().get(wanted)


def task_of(name):
    """The name of a class's task; `None` for a base or an unknown class."""
    return CLASSES.get(name, (None, None))[1]


def command_of(cls):
    """What a command calls a class: `"wgan_gp"` for `"WGANGP"`."""
    return CLASSES[cls][0].rpartition(".")[2]


def classes_by_name():
    """What can be trained without a preset: lower-case name to class name.

    A class is called as its module is, as `wgan_gp`; a base, which is of no
    kind, has no such name.
    """
    return {
        command_of(name): name
        for name, (_, task) in CLASSES.items()
        if task is not None
    }
