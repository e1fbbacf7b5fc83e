"""InfoGAN: DCGAN's networks, and a second head that finds the codes again."""

import functools

from family import Family, Row, images_alone

from families import dcgan, gan

NOISE, CATEGORIES, CONTINUOUS = 62, 10, 2


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.InfoGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    from torch import nn
    from torch_blocks import Heads

    codes = CATEGORIES + CONTINUOUS

    def heads(features):
        find = nn.Sequential(
            nn.Linear(features, 128, bias=False),
            nn.BatchNorm1d(128, eps=1e-5, momentum=0.1),
            nn.LeakyReLU(0.2),
            nn.Linear(128, codes),
        )
        return Heads([nn.Linear(features, 1), find])

    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": dcgan.generator(shape, filters, NOISE + codes),
        "discriminator": dcgan.discriminator(shape, filters, head=heads),
    }


def draw(trainer, n):
    """Noise and codes, and the categories among them as integers."""
    import torch
    from torch.nn import functional as F

    device = trainer.device
    chosen = torch.randint(CATEGORIES, (n,), device=device)
    latents = torch.cat(
        [
            torch.randn(n, NOISE, device=device),
            F.one_hot(chosen, CATEGORIES).float(),
            2 * torch.rand(n, CONTINUOUS, device=device) - 1,
        ],
        1,
    )
    return latents, chosen


def fakes(trainer, n, labels=()):
    return trainer.generator(draw(trainer, n)[0])


def info_loss(found, latents, chosen):
    from torch.nn import functional as F

    found = found.float()
    difference = found[:, CATEGORIES:] - latents[:, NOISE + CATEGORIES :]
    loss = F.cross_entropy(found[:, :CATEGORIES], chosen)
    return loss + 0.5 * difference.square().sum(1).mean()


def step(trainer, real):
    import torch
    from torch_blocks import cross_entropy

    n = len(real)

    # 1. The discriminator, and the head that finds the codes.
    with trainer.autocast():
        latents, chosen = draw(trainer, n)
        with torch.no_grad():
            fake = trainer.generator(latents)
        real_logits, _ = trainer.discriminator(real)
        fake_logits, found = trainer.discriminator(fake)
        d_loss = cross_entropy(real_logits, 1.0)
        d_loss = d_loss + cross_entropy(fake_logits, 0.0)
        d_loss = d_loss + info_loss(found, latents, chosen)
    trainer.update("discriminator", d_loss)

    # 2. The generator, in whose images the codes are to be found.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            latents, chosen = draw(trainer, n)
            logits, found = trainer.discriminator(trainer.generator(latents))
            g_loss = cross_entropy(logits, 1.0)
            g_loss = g_loss + info_loss(found, latents, chosen)
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="InfoGAN",
        rows={"InfoGAN": Row(image_shape=(28, 28, 1), filters=32)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=functools.partial(gan.generate, fakes=fakes),
    ),
)
