"""The presets of R3GAN."""

from data_sets import MNIST

import keras_gans
from keras_gans.models.r3gan import R3GANDiscriminator, R3GANGenerator

R3GAN_PAPER = (
    'Huang et al., "The GAN is dead; long live the GAN! A Modern GAN '
    'Baseline", 2024, https://arxiv.org/abs/2501.05441.'
)
STACKED_STEPS = 12_000


def falling(steps, start, end):
    """A number that falls by a cosine, as all of the paper's do."""
    return {
        "class_name": "CosineDecay",
        "config": {
            "initial_learning_rate": start,
            "decay_steps": steps,
            "alpha": end / start,
        },
    }


def stacked_networks(image_shape=(28, 28, 3)):
    widths = {"filters": (64, 48, 32), "expansion": 2, "group_size": 1}
    return {
        "generator": R3GANGenerator(image_shape, 64, **widths),
        "discriminator": R3GANDiscriminator(image_shape, **widths),
    }


def adam(steps):
    return {
        "class_name": "Adam",
        "config": {
            "learning_rate": falling(steps, 4e-4, 1e-4),
            "beta_1": 0.0,
            "beta_2": 0.99,
        },
    }


def weight(steps):
    return keras_gans.schedules.CosineFall(1.0, 0.1, steps)


PRESETS = {
    "r3gan_stacked_mnist": {
        "model": lambda: keras_gans.R3GAN(
            **stacked_networks(),
            image_shape=(28, 28, 3),
            r1_weight=weight(STACKED_STEPS),
            r2_weight=weight(STACKED_STEPS),
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "stacked_mnist",
            "batch_size": 64,
            "steps": STACKED_STEPS,
            "generator_optimizer": adam(STACKED_STEPS),
            "discriminator_optimizer": adam(STACKED_STEPS),
        },
        "description": "a digit in each of three colours, 1,000 modes",
        "paper": R3GAN_PAPER + " Here with networks of 64 to 32 filters whose "
        "3x3 convolutions are depthwise.",
        "compared": (
            "The paper's has 1,000 of 1,000 modes with a KL divergence of "
            "0.078, and 693 where logits are not paired; its networks are "
            "larger."
        ),
        "data": MNIST,
    },
}
