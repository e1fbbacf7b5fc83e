"""AC-GAN: the conditional GAN's generator, and a discriminator of two heads."""

import functools

from family import Family, Row

from families import conditional_gan, dcgan, gan

NUM_CLASSES = conditional_gan.NUM_CLASSES


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.ACGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    from torch import nn
    from torch_blocks import Heads

    def heads(features):
        return Heads(nn.Linear(features, n) for n in (1, NUM_CLASSES))

    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": conditional_gan.theirs(settings)["generator"],
        "discriminator": dcgan.discriminator(shape, filters, head=heads),
    }


def step(trainer, real, labels):
    import torch
    from torch.nn import functional as F
    from torch_blocks import cross_entropy

    n = len(real)

    # 1. The discriminator, which also classifies real and fake images.
    with trainer.autocast():
        with torch.no_grad():
            fake = gan.fakes(trainer, n, [labels])
        real_logits, real_classes = trainer.discriminator(real)
        fake_logits, fake_classes = trainer.discriminator(fake)
        d_loss = cross_entropy(real_logits, 1.0)
        d_loss = d_loss + cross_entropy(fake_logits, 0.0)
        d_loss = d_loss + F.cross_entropy(real_classes.float(), labels)
        d_loss = d_loss + F.cross_entropy(fake_classes.float(), labels)
    trainer.update("discriminator", d_loss)

    # 2. The generator, whose images are to be real and of their class.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake = gan.fakes(trainer, n, [labels])
            logits, classes = trainer.discriminator(fake)
            g_loss = cross_entropy(logits, 1.0)
            g_loss = g_loss + F.cross_entropy(classes.float(), labels)
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="ACGAN",
        rows={"ACGAN": Row(image_shape=(28, 28, 1), filters=32)},
        arrays=conditional_gan.arrays,
        ours=ours,
        dataset=conditional_gan.dataset,
        theirs=theirs,
        step=step,
        generate=functools.partial(
            gan.generate, labels=conditional_gan.labels_in_turn
        ),
    ),
)
