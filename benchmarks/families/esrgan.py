"""ESRGAN, x4, with a small RRDBNet, the paper's crops and batch."""

from family import Family, Row

from families import srgan
from families.srgan import SCALE

BLOCKS = 3
CONTENT_WEIGHT = 1.0
ADVERSARIAL_WEIGHT = 5e-3
L1_WEIGHT = 1e-2


def generator(settings):
    from keras_gans.models.rrdbnet import RRDBNetGenerator

    filters = settings["filters"]
    return RRDBNetGenerator(
        SCALE, num_blocks=BLOCKS, filters=filters, growth=filters // 2
    )


def ours(settings, **kwargs):
    import keras_gans
    from keras_gans.models.srgan import SRGANDiscriminator

    shape = settings["image_shape"]
    return keras_gans.ESRGAN(
        image_shape=shape,
        generator=generator(settings),
        discriminator=SRGANDiscriminator(shape, settings["filters"]),
        content_network=srgan.our_content_network(),
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    from torch_upscalers import rrdbnet

    return {
        **srgan.their_srgan(settings),
        "generator": rrdbnet(
            settings["image_shape"][-1], settings["filters"], BLOCKS
        ),
    }


def relativistic(real, fake):
    """Those are to look more real than these do on average."""
    from torch_blocks import cross_entropy

    real, fake = real.float(), fake.float()
    return cross_entropy(real - fake.mean(), 1.0) + cross_entropy(
        fake - real.mean(), 0.0
    )


def step(trainer, low_res, high_res):
    """The generator first, as in keras_gans: see Pix2Pix's."""
    import torch
    from torch_blocks import distance

    # 1. The generator, which makes the fakes of both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            with torch.no_grad():
                features = trainer.content(high_res)
                real_logits = trainer.discriminator(high_res)
            fake = trainer.generator(low_res)
            content_loss = distance(trainer.content(fake), features.float())
            g_loss = (
                CONTENT_WEIGHT * content_loss
                + ADVERSARIAL_WEIGHT
                * relativistic(trainer.discriminator(fake), real_logits)
                + L1_WEIGHT / 2 * distance(fake, high_res)
            )
        trainer.update("generator", g_loss)

    # 2. The discriminator, on real images and on those fakes.
    with trainer.autocast():
        d_loss = relativistic(
            trainer.discriminator(high_res),
            trainer.discriminator(fake.detach()),
        )
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


GOALS = (
    ("step", "pytorch eager", 1.0),
    ("fit", "step", 0.9),
)
FAMILIES = (
    Family(
        name="ESRGAN",
        rows={
            "ESRGAN": Row(
                image_shape=(96, 96, 3), filters=32, batch_size=16, goals=GOALS
            ),
        },
        arrays=srgan.arrays,
        ours=ours,
        dataset=srgan.dataset,
        theirs=theirs,
        step=step,
        learning_rate=1e-4,
        betas=(0.9, 0.999),
    ),
)
