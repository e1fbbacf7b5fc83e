"""The presets of R3GAN."""

from data_sets import MICAH_AVATARS, MNIST

import keras_gans
from keras_gans.models.r3gan import R3GANDiscriminator, R3GANGenerator

R3GAN_PAPER = (
    'Huang et al., "The GAN is dead; long live the GAN! A Modern GAN '
    'Baseline", 2024, https://arxiv.org/abs/2501.05441.'
)
STACKED_STEPS = 8_000
AVATARS_STEPS = 8_000


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


def networks(image_shape, filters, expansion):
    # Depthwise: grouped convolutions are very slow on a CPU.
    widths = {"filters": filters, "expansion": expansion, "group_size": 1}
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


def penalties(steps, start):
    """R1 and R2, of a quarter of the batch: a third less time a step."""
    weight = keras_gans.schedules.CosineFall(start, start / 10, steps)
    return {"r1_weight": weight, "r2_weight": weight, "penalty_fraction": 0.25}


PRESETS = {
    "r3gan_stacked_mnist": {
        "model": lambda: keras_gans.R3GAN(
            **networks((28, 28, 3), (64, 32, 16), expansion=2),
            image_shape=(28, 28, 3),
            **penalties(STACKED_STEPS, 1.0),
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
        "paper": R3GAN_PAPER + " Here with networks of 64 to 16 filters whose "
        "3x3 convolutions are depthwise, and penalties of a quarter of each "
        "batch.",
        "compared": (
            "The paper's has 1,000 of 1,000 modes with a KL divergence of "
            "0.078, and 693 where logits are not paired; its networks are "
            "larger."
        ),
        "data": MNIST,
    },
    "r3gan_avatars64": {
        "model": lambda: keras_gans.R3GAN(
            **networks((64, 64, 3), (256, 192, 128, 64, 24), expansion=1),
            image_shape=(64, 64, 3),
            **penalties(AVATARS_STEPS, 2.0),
            augment=keras_gans.augmentation.DiffAugment("translation"),
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "micah_avatars",
            "batch_size": 16,
            "steps": AVATARS_STEPS,
            "generator_optimizer": adam(AVATARS_STEPS),
            "discriminator_optimizer": adam(AVATARS_STEPS),
        },
        "description": "faces, drawn in black lines and plain colours",
        "paper": R3GAN_PAPER + " Here with one block of 256 to 24 filters a "
        "resolution, depthwise 3x3 convolutions, penalties of a quarter of "
        "each batch, and translation by Zhao et al., 2020, "
        "https://arxiv.org/abs/2006.10738.",
        "compared": (
            "No paper has these data. At half the size, in the features of "
            "`cifar10_classifier`, 1,334 samples have a FID of 1.77 and a KID "
            "of 0.022 against the test images, a precision of 0.22 and a "
            "recall of 0.004; 1,334 training images have 0.070, 0.000, 0.94 "
            "and 0.93."
        ),
        "failures": (
            "A run drew few kinds of faces: bald heads, short hair. Long hair, "
            "turbans, beards and glasses, which many of the training images "
            "have, were missing, so that its weights are not published. Eyes "
            "were strokes, and now and then a mouth was "
            "smeared or hair of two colours. The discriminator was far ahead "
            "from the middle of the training on (a loss of 0.08): penalties "
            "that stay as large as they begin are the first thing to try. "
            "None of 500 samples is a training image: the nearest is 26 grey "
            "levels (root mean square) away from one."
        ),
        "data": MICAH_AVATARS,
    },
}
