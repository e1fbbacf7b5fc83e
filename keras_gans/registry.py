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
    "WGAN": ("models.wgan", "sampling"),
    "WGANGP": ("models.wgan_gp", "sampling"),
    "Pix2Pix": ("models.pix2pix", "translation"),
    "CycleGAN": ("models.cyclegan", "translation"),
    "SRResNet": ("models.srgan.srresnet", "upscaling"),
    "SRGAN": ("models.srgan.srgan", "upscaling"),
}
# The public class that a class derives from, where that is not the base of
# its kind: for asking whose presets a class can load without importing any.
PARENTS = {
    "AdversarialModel": None,
    "SamplingModel": "AdversarialModel",
    "DCGAN": "GAN",
    "ConditionalGAN": "GAN",
    "SRResNet": None,
}
# Modules with networks of presets that no class has by default.
NETWORKS = ("models.msrresnet",)


def task_of(name):
    """The name of a class's task; `None` for a base or an unknown class."""
    return CLASSES.get(name, (None, None))[1]


def line(name):
    """A class and the public ones that it derives from, nearest first.

    Args:
        name: The name of a class.

    Returns:
        List of names, `["DCGAN", "GAN", "SamplingModel", "AdversarialModel"]`
        for `"DCGAN"`; empty for an unknown class.
    """
    names = []
    while name in CLASSES:
        names.append(name)
        sampling = task_of(name) == "sampling"
        base = "SamplingModel" if sampling else "AdversarialModel"
        name = PARENTS.get(name, base)
    return names
