"""The presets of Real-ESRGAN, and of Real-ESRNet, which they start from."""

from data_sets import BSDS, DIV2K
from recipes import falling

import keras_gans
from presets.esrgan import small_rrdbnet
from presets.srgan import bsds_recipe

REAL_ESRNET_BSDS_STEPS = 10_000
REAL_ESRGAN_BSDS_STEPS = 3000


def degraded(recipe, **high_res):
    """A recipe whose low-resolution images are as people have them."""
    high_res = {**recipe.get("high_res", {}), **high_res}
    return {**recipe, "high_res": {**high_res, "degradation": "real_esrgan"}}


def of_paper(steps, learning_rate):
    """What both phases of the paper have in common, DIV2K for its data."""
    recipe = {
        "dataset": "div2k/bicubic_x4",
        "batch_size": 48,
        "steps": steps,
        "generator_optimizer": adam(learning_rate),
    }
    return degraded(recipe, crop_size=256, augment=True)


def adam(learning_rate):
    config = {"learning_rate": learning_rate, "beta_2": 0.99}
    return {"class_name": "Adam", "config": config}


PRESETS = {
    "real_esrnet_x4_bsds500": {
        "model": lambda: keras_gans.RRDBNet(small_rrdbnet()),
        "recipe": {
            **degraded(bsds_recipe(8, REAL_ESRNET_BSDS_STEPS)),
            "loss": "mean_absolute_error",
            "generator_optimizer": falling(
                5e-4, REAL_ESRNET_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs as people have them, four times as large, "
        "by the error of the pixels",
        "data": BSDS,
    },
    "real_esrgan_x4_bsds500": {
        "model": lambda: keras_gans.RealESRGAN(
            small_rrdbnet(),
            image_shape=(96, 96, 3),
            discriminator_filters=16,
            content_network="cifar10_classifier",
        ),
        "recipe": {
            **degraded(bsds_recipe(8, REAL_ESRGAN_BSDS_STEPS)),
            "generator": "real_esrnet_x4_bsds500",
            "generator_optimizer": falling(
                1e-4, REAL_ESRGAN_BSDS_STEPS, beta_1=0.9
            ),
            "discriminator_optimizer": falling(
                1e-4, REAL_ESRGAN_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs as people have them, four times as large "
        "and sharp",
        "starts_from": "real_esrnet_x4_bsds500",
        "data": BSDS,
    },
    "real_esrnet_x4_div2k": {
        "model": lambda: keras_gans.RRDBNet(),
        "recipe": {
            **of_paper(1_000_000, 2e-4),
            "loss": "mean_absolute_error",
        },
        "description": "images as people have them, four times as large, the "
        "settings of Real-ESRGAN's first phase",
        "data": DIV2K,
    },
    "real_esrgan_x4_div2k": {
        "model": lambda: keras_gans.RealESRGAN(),
        "recipe": {
            **of_paper(400_000, 1e-4),
            "generator": "real_esrnet_x4_div2k",
            "discriminator_optimizer": adam(1e-4),
        },
        "description": "images as people have them, four times as large and "
        "real, the settings of Real-ESRGAN's paper",
        "starts_from": "real_esrnet_x4_div2k",
        "data": DIV2K,
    },
}
