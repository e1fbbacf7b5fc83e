"""EBGAN: GAN's generator, and a perceptron that is an autoencoder."""

from family import Family, Row, images_alone

from families import gan

UNITS = 1024
MARGIN = 0.1
PULLING_AWAY_WEIGHT = 0.1


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.EBGAN(
        example_shape=settings["image_shape"],
        margin=MARGIN,
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    from torch import nn

    height, width, channels = shape = settings["image_shape"]
    pixels = height * width * channels

    class Autoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Flatten(), nn.Linear(pixels, UNITS), nn.LeakyReLU(0.2)
            )
            self.decoder = nn.Sequential(
                nn.Linear(UNITS, pixels),
                nn.Tanh(),
                nn.Unflatten(1, (channels, height, width)),
            )

        def forward(self, images):
            code = self.encoder(images)
            return self.decoder(code), code

    return {"generator": gan.generator(shape), "discriminator": Autoencoder()}


def judge(trainer, images):
    """The energy of each image, and its code."""
    made, code = trainer.discriminator(images)
    difference = made.float() - images.float()
    return difference.square().mean(dim=(1, 2, 3)), code.float()


def pulling_away_term(codes):
    from torch.nn import functional as F

    n = len(codes)
    codes = F.normalize(codes)
    cosines = (codes @ codes.T).square()
    return (cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1))


def step(trainer, real):
    import torch

    n = len(real)

    # 1. The discriminator: low energies for real images, high ones for fake.
    with trainer.autocast():
        with torch.no_grad():
            fake = gan.fakes(trainer, n)
        real_energy, _ = judge(trainer, real)
        fake_energy, _ = judge(trainer, fake)
        d_loss = real_energy.mean() + (MARGIN - fake_energy).relu().mean()
    trainer.update("discriminator", d_loss)

    # 2. The generator: low energies, and codes that differ.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            energy, codes = judge(trainer, gan.fakes(trainer, n))
            g_loss = energy.mean()
            g_loss = g_loss + PULLING_AWAY_WEIGHT * pulling_away_term(codes)
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="EBGAN",
        rows={"EBGAN": Row(image_shape=(28, 28, 1), filters=0)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=gan.generate,
        learning_rate=1e-3,
        convolutional=False,
    ),
)
