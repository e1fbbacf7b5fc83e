"""The presets of StyleGAN2."""

from data_sets import (
    MICAH_AVATARS,
    PIXEL_AVATARS,
    PIXEL_AVATARS_FLOOR,
)

import keras_gans

STYLEGAN2_PAPER = (
    'Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", '
    "2019, https://arxiv.org/abs/1912.04958."
)
BATCH_SIZE = 16


def stylegan2(image_shape, filters, latent_dim, policy, ema_momentum):
    # No path length: it costs a third of a step.
    return keras_gans.StyleGAN2(
        image_shape=image_shape,
        latent_dim=latent_dim,
        filters=filters,
        augment=keras_gans.augmentation.DiffAugment(policy),
        ema_momentum=ema_momentum,
    )


def adam(learning_rate=2.5e-3):
    return {
        "class_name": "Adam",
        "config": {
            "learning_rate": learning_rate,
            "beta_1": 0.0,
            "beta_2": 0.99,
            "epsilon": 1e-8,
        },
    }


def recipe(dataset, steps, batch_size=BATCH_SIZE, **more):
    return {
        "dataset": dataset,
        "batch_size": batch_size,
        "steps": steps,
        "generator_optimizer": adam(),
        "discriminator_optimizer": adam(),
        **more,
    }


PRESETS = {
    "stylegan2_avatars64": {
        "model": lambda: stylegan2(
            (64, 64, 3), (128, 128, 96, 48, 24), 256, "translation", 0.998
        ),
        "recipe": recipe("micah_avatars", 8_000),
        # Ten minutes of one card: wider, and in half precision.
        "on_gpu": {
            "model": lambda: stylegan2(
                (64, 64, 3), (256, 256, 256, 128, 64), 512, "translation", 0.998
            ),
            "recipe": recipe("micah_avatars", 10_000, batch_size=64),
            "dtype_policy": "mixed_bfloat16",
        },
        "description": "faces, drawn in black lines and plain colours",
        "paper": STYLEGAN2_PAPER + " Here with 128 to 24 filters, two mapping "
        "layers, styles of 256 numbers, no path length regularization, and "
        "translation by Zhao et al., 2020, https://arxiv.org/abs/2006.10738.",
        "data": MICAH_AVATARS,
    },
    "stylegan2_pixel_avatars32": {
        "model": lambda: stylegan2(
            (32, 32, 3), (128, 128, 64, 32), 256, "translation", 0.998
        ),
        "recipe": recipe(
            "pixel_avatars", 12_000, extractor="cifar10_classifier"
        ),
        "on_gpu": {
            "model": lambda: stylegan2(
                (32, 32, 3), (256, 256, 128, 64), 512, "translation", 0.998
            ),
            "recipe": recipe(
                "pixel_avatars",
                20_000,
                batch_size=64,
                extractor="cifar10_classifier",
            ),
            "dtype_policy": "mixed_bfloat16",
        },
        "description": "faces in pixel art, of styles",
        "paper": STYLEGAN2_PAPER + " Here with 128 to 32 filters, two mapping "
        "layers, styles of 256 numbers, no path length regularization, and "
        "translation by Zhao et al., 2020, https://arxiv.org/abs/2006.10738.",
        "compared": f"No paper has these data. {PIXEL_AVATARS_FLOOR}",
        "data": PIXEL_AVATARS,
    },
}
