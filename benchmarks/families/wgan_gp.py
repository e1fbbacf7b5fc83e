"""WGAN-GP: DCGAN's networks without batch normalization in the critic.

PyTorch's users make its fakes discriminator step by discriminator step, and so
does this: see README.md.
"""

from family import Family, Row, images_alone

from families import dcgan, gan

DISCRIMINATOR_STEPS = 5  # Each on a batch of its own.
GP_WEIGHT = 10.0


def ours(settings, **kwargs):
    import keras_gans
    from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator

    shape, filters = settings["image_shape"], settings["filters"]
    return keras_gans.WGANGP(
        generator=DCGANGenerator(shape, filters=filters),
        discriminator=DCGANDiscriminator(shape, filters, normalization=None),
        latent_dim=gan.LATENT_DIM,
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": dcgan.generator(shape, filters),
        "discriminator": dcgan.discriminator(shape, filters, batch_norm=False),
    }


def step(trainer, real):
    import torch

    # 1. Five steps of the discriminator, each on a fresh slice.
    for part in real.chunk(DISCRIMINATOR_STEPS):
        with trainer.autocast():
            with torch.no_grad():
                fake = gan.fakes(trainer, len(part))
            gap = trainer.discriminator(fake) - trainer.discriminator(part)
        d_loss = gap.float().mean()
        d_loss = d_loss + GP_WEIGHT * penalty(trainer, part, fake)
        trainer.update("discriminator", d_loss)

    # 2. The generator.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake = gan.fakes(trainer, len(part))
            g_loss = -trainer.discriminator(fake).float().mean()
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


def penalty(trainer, real, fake):
    import torch

    alpha = torch.rand(len(real), 1, 1, 1, device=trainer.device)
    points = torch.lerp(fake.float(), real, alpha).requires_grad_(True)
    # PyTorch cannot differentiate a compiled network twice.
    (gradients,) = torch.autograd.grad(
        trainer.plain["discriminator"](points).sum(), points, create_graph=True
    )
    norms = (gradients.square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()
    return (norms - 1).square().mean()


FAMILIES = (
    Family(
        name="WGANGP",
        rows={
            "WGANGP": Row(
                image_shape=(28, 28, 1),
                filters=32,
                discriminator_steps=DISCRIMINATOR_STEPS,
                goals=(
                    ("step", "pytorch eager", 1.2),
                    ("step", "pytorch compiled", 1.0),
                    ("fit", "step", 0.95),
                ),
            )
        },
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=gan.generate,
        learning_rate=1e-4,
        betas=(0.0, 0.9),
    ),
)
