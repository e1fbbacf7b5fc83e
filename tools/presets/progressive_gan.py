"""The presets of ProgressiveGAN."""

from data_sets import PIXEL_AVATARS, PIXEL_AVATARS_FLOOR

import keras_gans

PROGRESSIVE_GAN_PAPER = (
    'Karras et al., "Progressive Growing of GANs for Improved Quality, '
    'Stability, and Variation", 2017, https://arxiv.org/abs/1710.10196.'
)
# A stage's half, in real images.
IMAGES = 40_000
BATCH_SIZE = 16
STAGES = 4  # 4, 8, 16 and 32 pixels.
STEPS = (2 * STAGES - 1) * IMAGES // BATCH_SIZE


PRESETS = {
    "progressive_gan_avatars": {
        "model": lambda: keras_gans.ProgressiveGAN(
            image_shape=(32, 32, 3),
            latent_dim=128,
            filters=(128, 128, 64, 32),
            fade_images=IMAGES,
            stable_images=[IMAGES] * (STAGES - 1) + [2 * IMAGES],
        ),
        "recipe": {
            "dataset": "pixel_avatars",
            "extractor": "cifar10_classifier",
            "batch_size": BATCH_SIZE,
            "steps": STEPS + IMAGES // BATCH_SIZE,
        },
        "description": "faces in pixel art, grown from 4x4 to 32x32",
        "paper": PROGRESSIVE_GAN_PAPER + " Here with 128 to 32 filters, and "
        "80,000 images a resolution in place of 1,200,000.",
        "compared": f"No paper has these data. {PIXEL_AVATARS_FLOOR}",
        "data": PIXEL_AVATARS,
    },
}
