"""The presets of RRDBNet, and of ESRGAN, which start from those."""

from data_sets import BSDS, DIV2K
from recipes import falling

import keras_gans
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator
from presets.srgan import bsds_recipe

RRDBNET_BSDS_STEPS = 10_000
ESRGAN_BSDS_STEPS = 2000


def small_rrdbnet():
    """A thirtieth of the paper's weights: what two CPU cores can train."""
    return RRDBNetGenerator(num_blocks=3, filters=32, growth=16)


def halving(learning_rate, *boundaries, **config):
    """Adam of a recipe whose rate is halved at these steps."""
    count = len(boundaries) + 1
    schedule = {
        "class_name": "PiecewiseConstantDecay",
        "config": {
            "boundaries": list(boundaries),
            "values": [learning_rate / 2**i for i in range(count)],
        },
    }
    return {
        "class_name": "Adam",
        "config": {"learning_rate": schedule, **config},
    }


PRESETS = {
    "rrdbnet_x4_bsds500": {
        "model": lambda: keras_gans.RRDBNet(small_rrdbnet()),
        "recipe": {
            **bsds_recipe(8, RRDBNET_BSDS_STEPS),
            "loss": "mean_absolute_error",
            "generator_optimizer": falling(
                5e-4, RRDBNET_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs four times as large, by the error of the "
        "pixels, with a small RRDBNet",
        "data": BSDS,
    },
    "esrgan_x4_bsds500": {
        "model": lambda: keras_gans.ESRGAN(
            small_rrdbnet(),
            SRGANDiscriminator(filters=32, global_pooling=True),
            (96, 96, 3),
            content_network="cifar10_classifier",
        ),
        "recipe": {
            **bsds_recipe(8, ESRGAN_BSDS_STEPS),
            "generator": "rrdbnet_x4_bsds500",
            "generator_optimizer": falling(1e-4, ESRGAN_BSDS_STEPS, beta_1=0.9),
            "discriminator_optimizer": falling(
                1e-4, ESRGAN_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs four times as large that look sharp, with "
        "a small RRDBNet",
        "starts_from": "rrdbnet_x4_bsds500",
        "data": BSDS,
    },
    "rrdbnet_x4_div2k": {
        "model": lambda: keras_gans.RRDBNet(),
        "recipe": {
            "dataset": "div2k/bicubic_x4",
            "high_res": {"crop_size": 128, "augment": True},
            "batch_size": 16,
            "steps": 1_000_000,
            "loss": "mean_absolute_error",
            "generator_optimizer": halving(
                2e-4, 200_000, 400_000, 600_000, 800_000
            ),
        },
        "description": "images four times as large, the settings of ESRGAN's "
        "first phase",
        "data": DIV2K,
    },
    "esrgan_x4_div2k": {
        "model": lambda: keras_gans.ESRGAN(),
        "recipe": {
            "dataset": "div2k/bicubic_x4",
            "high_res": {"crop_size": 128, "augment": True},
            "batch_size": 16,
            "steps": 400_000,
            "generator": "rrdbnet_x4_div2k",
            "generator_optimizer": halving(
                1e-4, 50_000, 100_000, 200_000, 300_000
            ),
            "discriminator_optimizer": halving(
                1e-4, 50_000, 100_000, 200_000, 300_000
            ),
        },
        "description": "images four times as large that look real, the "
        "settings of ESRGAN's paper",
        "starts_from": "rrdbnet_x4_div2k",
        "data": DIV2K,
    },
}
