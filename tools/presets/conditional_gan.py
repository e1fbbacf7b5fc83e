"""The presets of ConditionalGAN."""

from data_sets import (
    AVATARS_ON_A_CPU,
    CIFAR10,
    CIFAR10_FLOOR,
    MNIST,
    PIXEL_AVATARS,
    PIXEL_AVATARS_FLOOR,
)
from recipes import MIRRORED, TRAINED_WITHIN_A_TIME, rates

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
            **rates(45_674, 2e-4, 4e-4),
        },
        "on_gpu": {"flip": True},
        "description": "small photographs by label",
        "caption": "A column for each: aeroplane, car, bird, cat, deer, dog, "
        "frog, horse, ship, lorry.",
        "paper": PROJECTION_PAPER,
        "trained": TRAINED_WITHIN_A_TIME + MIRRORED,
        "failures": (
            "Horses, ships, cars and lorries can be named more often than "
            "not; of birds, cats, deer, dogs and frogs most are fur or "
            "feathers of the right colours in the right place, without a "
            "head. Outlines are soft. The images that these weights were "
            "trained on had been through JPEG once, unlike those that the "
            "command downloads."
        ),
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
            **rates(54_188, 2e-4, 4e-4),
        },
        "description": "faces in pixel art by the colour of their hair: "
        "black, blond, blue, brown, green or red",
        "caption": "A column for each: black, blond, blue, brown, green, red.",
        "paper": PROJECTION_PAPER,
        "compared": f"No paper has these data. {PIXEL_AVATARS_FLOOR}",
        "trained": f"{TRAINED_WITHIN_A_TIME} {AVATARS_ON_A_CPU}",
        "failures": (
            "Of brown hair one in nine is taken for blond, and of black one "
            "in twelve for brown; of red and blue hair 6% are taken for "
            "another colour, as are 5% of all real faces. One face in "
            "ten has glasses that are smeared, or pixels astray. The "
            "discriminator learns the training images: by "
            "the log, KID and the distance of the values were lower at a "
            "third of the steps, where outlines were less clean and more "
            "pixels astray. None of 1,000 faces is one of the training "
            "images: half of them are nearer than 28 grey levels (root mean "
            "square) to one, and of test images half are nearer than 26."
        ),
        "data": PIXEL_AVATARS,
    },
}
