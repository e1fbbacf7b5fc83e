"""Conditional GAN: DCGAN's networks, which see labels as well."""

import functools

import numpy as np
from family import Family, Row, random_images

from families import dcgan, gan

NUM_CLASSES = 10
EMBEDDING_DIM = 50


def arrays(settings, n):
    rng = np.random.default_rng(0)
    images = random_images(rng, n, settings["image_shape"])
    return images, rng.integers(0, NUM_CLASSES, n).astype("int32")


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.ConditionalGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
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

    image_shape, filters = settings["image_shape"], settings["filters"]
    height, width, _ = image_shape

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(NUM_CLASSES, EMBEDDING_DIM)
            self.stack = dcgan.generator(
                image_shape, filters, gan.LATENT_DIM + EMBEDDING_DIM
            )

        def forward(self, latents, labels):
            return self.stack(torch.cat([latents, self.embedding(labels)], 1))

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(NUM_CLASSES, EMBEDDING_DIM)
            self.label_map = nn.Sequential(
                nn.Linear(EMBEDDING_DIM, height * width),
                nn.Unflatten(1, (1, height, width)),
            )
            self.stack = dcgan.discriminator(image_shape, filters, 1)

        def forward(self, images, labels):
            label_map = self.label_map(self.embedding(labels))
            return self.stack(torch.cat([images, label_map], 1))

    return {"generator": Generator(), "discriminator": Discriminator()}


def labels_in_turn(numbers):
    return (numbers % NUM_CLASSES,)


FAMILIES = (
    Family(
        name="ConditionalGAN",
        rows={
            "ConditionalGAN": Row(
                image_shape=(28, 28, 1),
                filters=32,
                goals=(
                    ("step", "pytorch eager", 1.2),
                    ("step", "pytorch compiled", 1.0),
                    ("fit", "step", 0.95),
                ),
            )
        },
        arrays=arrays,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=gan.step,
        variants=gan.VARIANTS,
        generate=functools.partial(gan.generate, labels=labels_in_turn),
    ),
)
