"""Improved GAN: noisy perceptrons, which learn from labels and without."""

import dataclasses

import numpy as np
from family import Row, random_images

from families import gan

NUM_CLASSES = 10
LABELLED = 3  # Of so many examples one has a label.
UNITS = (1000, 500, 250, 250, 250)
FIRST_GAIN, GAIN = 2.5, 1.3


def arrays(settings, n):
    rng = np.random.default_rng(0)
    images = random_images(rng, n, settings["image_shape"])
    labels = rng.integers(0, NUM_CLASSES, n).astype("int32")
    labels[np.arange(n) % LABELLED > 0] = -1
    return images, labels


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.ImprovedGAN(
        example_shape=settings["image_shape"],
        num_classes=NUM_CLASSES,
        seed=0,
        **kwargs,
    )


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    return datasets.load(arrays, labels=True, **kwargs)


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    import torch
    from torch import nn
    from torch.nn import functional as F

    height, width, channels = settings["image_shape"]
    pixels = height * width * channels

    class Dense(nn.Module):
        """With columns of one length."""

        def __init__(self, inputs, outputs, gain=1.0, train_gain=False):
            super().__init__()
            self.weight = nn.Parameter(0.1 * torch.randn(outputs, inputs))
            self.bias = nn.Parameter(torch.zeros(outputs))
            self.gain = gain
            if train_gain:
                self.gain = nn.Parameter(torch.full((outputs,), gain))

        def forward(self, x):
            scale = self.gain / self.weight.norm(dim=1)
            return F.linear(x, self.weight) * scale + self.bias

    class Noise(nn.Module):
        def __init__(self, stddev):
            super().__init__()
            self.stddev = stddev

        def forward(self, x):
            return x + self.stddev * torch.randn_like(x)

    class Normalization(nn.Module):
        """Batch normalization with an offset and without a scale."""

        def __init__(self, units):
            super().__init__()
            self.norm = nn.BatchNorm1d(units, 1e-6, 0.1, affine=False)
            self.offset = nn.Parameter(torch.zeros(units))

        def forward(self, x):
            return self.norm(x) + self.offset

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = (pixels, *UNITS)
            layers = []
            for i, (before, after) in enumerate(zip(sizes, UNITS)):
                layers += [
                    Noise(0.5 if i else 0.3),
                    Dense(before, after, GAIN if i else FIRST_GAIN),
                    nn.ReLU(),
                ]
            self.features = nn.Sequential(*layers)
            self.logits = nn.Sequential(
                Noise(0.5), Dense(UNITS[-1], NUM_CLASSES, GAIN, True)
            )

        def forward(self, images):
            features = self.features(images.flatten(1) * 0.5 + 0.5)
            return features, self.logits(features)

    generator = nn.Sequential(
        nn.Linear(gan.LATENT_DIM, 500, bias=False),
        Normalization(500),
        nn.Softplus(),
        nn.Linear(500, 500, bias=False),
        Normalization(500),
        nn.Softplus(),
        Dense(500, pixels, train_gain=True),
        nn.Tanh(),
        nn.Unflatten(1, (channels, height, width)),
    )
    return {"generator": generator, "discriminator": Discriminator()}


def step(trainer, real, labels):
    import torch
    from torch.nn import functional as F

    n, known = len(real), labels >= 0

    # 1. The discriminator: classes where they are known, and what is real.
    with trainer.autocast():
        with torch.no_grad():
            fake = gan.fakes(trainer, n)
        logits = trainer.discriminator(real)[1].float()
        fake_logits = trainer.discriminator(fake)[1].float()
    d_loss = F.cross_entropy(logits, labels, ignore_index=-1)
    z = torch.logsumexp(logits, 1)
    real_loss = (F.softplus(-z) * ~known).sum() / (~known).sum()
    fake_loss = F.softplus(torch.logsumexp(fake_logits, 1)).mean()
    d_loss = d_loss + 0.5 * real_loss + 0.5 * fake_loss
    trainer.update("discriminator", d_loss)

    # 2. The generator is to match the mean features of real images.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake = gan.fakes(trainer, n)
            with torch.no_grad():
                features = trainer.discriminator(real)[0].float()
            fake_features = trainer.discriminator(fake)[0].float()
        weights = (~known).float()[:, None]
        mean = (features * weights).sum(0) / weights.sum()
        g_loss = (mean - fake_features.mean(0)).square().mean()
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    dataclasses.replace(
        gan.FAMILIES[0],
        name="ImprovedGAN",
        rows={"ImprovedGAN": Row(image_shape=(28, 28, 1), filters=0)},
        arrays=arrays,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
        variants={},
        learning_rate=3e-3,
    ),
)
