"""The presets of ConditionalGAN."""

from data_sets import (
    CIFAR10,
    CIFAR10_FLOOR,
    MNIST,
    PIXEL_AVATARS,
    PIXEL_AVATARS_FLOOR,
)
from recipes import rates

import keras_gans

PROJECTION_PAPER = (
    'Miyato and Koyama, "cGANs with Projection Discriminator", 2018, '
    "https://arxiv.org/abs/1802.05637. Here with DCGAN's networks in place of "
    "residual ones, and one discriminator step at a higher rate."
)


def projection(num_classes, filters, ema_momentum):
    """Miyato and Koyama's discriminator and loss, DCGAN's networks."""
    return keras_gans.ConditionalGAN(
        image_shape=(32, 32, 3),
        num_classes=num_classes,
        latent_dim=128,
        filters=filters,
        projection=True,
        spectral_normalization=True,
        generator_loss=keras_gans.losses.hinge_generator_loss,
        discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
        ema_momentum=ema_momentum,
    )


PRESETS = {
    "conditional_gan_mnist": {
        "model": lambda: keras_gans.ConditionalGAN(
            image_shape=(28, 28, 1),
            num_classes=10,
            filters=32,
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "mnist",
            "labels": True,
            "batch_size": 64,
            "epochs": 10,
        },
        "description": "digits by label",
        "paper": (
            'Mirza and Osindero, "Conditional Generative Adversarial '
            'Nets", 2014, https://arxiv.org/abs/1411.1784.'
        ),
        "compared": (
            "The paper scores Parzen-window log-likelihood; not measured here."
        ),
        "failures": (
            "About one sample in a hundred is not the digit that was asked "
            "for; some fives and eights are hard to read."
        ),
        "data": MNIST,
    },
    "conditional_gan_cifar10": {
        "model": lambda: projection(10, filters=48, ema_momentum=0.999),
        "recipe": {
            "dataset": "cifar10",
            "labels": True,
            "batch_size": 64,
            **rates(40_000, 2e-4, 4e-4),
        },
        "on_gpu": {"flip": True},
        "description": "small photographs by label",
        "caption": "A column for each: aeroplane, car, bird, cat, deer, dog, "
        "frog, horse, ship, lorry.",
        "paper": PROJECTION_PAPER,
        "compared": "Mimicry reports a FID of 10.84 for its ResNets with "
        "projection after 100,000 steps, in Inception's features (50,000 "
        f"images): another score than the one above. {CIFAR10_FLOOR}",
        "data": CIFAR10,
    },
    "conditional_gan_pixel_avatars": {
        "model": lambda: projection(6, filters=32, ema_momentum=0.998),
        "recipe": {
            "dataset": "pixel_avatars",
            "extractor": "cifar10_classifier",
            "labels": True,
            "batch_size": 64,
            **rates(20_000, 2e-4, 4e-4),
        },
        "description": "faces in pixel art by the colour of their hair: "
        "black, blond, blue, brown, green or red",
        "caption": "A column for each: black, blond, blue, brown, green, red.",
        "paper": PROJECTION_PAPER,
        "compared": f"No paper has these data. {PIXEL_AVATARS_FLOOR}",
        "data": PIXEL_AVATARS,
    },
}
