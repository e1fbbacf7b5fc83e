"""The presets of InpaintingGAN."""

from data_sets import BSDS, MICAH_AVATARS
from recipes import falling

import keras_gans

INPAINTING_PAPER = (
    'Yu et al., "Free-Form Image Inpainting with Gated Convolution", 2019, '
    "https://arxiv.org/abs/1806.03589. Here with one U-Net of gated "
    "convolutions in place of two networks and their attention, images of "
    "64x64 in place of 256x256, and the weights 6 and 1 of the L1 loss in and "
    "beside the holes (Liu et al., 2018, https://arxiv.org/abs/1804.07723)."
)
AVATARS_STEPS, PHOTOS_STEPS = 10_000, 20_000


def optimizers(steps):
    return {
        "steps": steps,
        "generator_optimizer": falling(5e-4, steps),
        "discriminator_optimizer": falling(5e-4, steps),
    }


PRESETS = {
    "inpainting_avatars64": {
        "model": lambda: keras_gans.InpaintingGAN(
            image_shape=(64, 64, 3), ema_momentum=0.999
        ),
        "recipe": {
            "dataset": "micah_avatars",
            "batch_size": 16,
            **optimizers(AVATARS_STEPS),
        },
        "description": "holes in drawn faces",
        "caption": "From left to right, twice: an image with its hole, this "
        "preset, truth; test images.",
        "paper": INPAINTING_PAPER,
        "scored_on": "micah_avatars",
        "ablations": {"L1 alone": {"adversarial_weight": 0.0}},
        "data": MICAH_AVATARS,
    },
    "inpainting_photos": {
        "model": lambda: keras_gans.InpaintingGAN(
            image_shape=(64, 64, 3), filters=24, ema_momentum=0.999
        ),
        "recipe": {
            "dataset": "bsds500",
            "crops": {
                "augment": True,
                "splits": {"train": "train[:90%]", "test": "train[90%:]"},
            },
            "batch_size": 16,
            **optimizers(PHOTOS_STEPS),
        },
        "description": "scratches and small holes in photographs",
        "caption": "From left to right, twice: a part of a photograph with its "
        "hole, this preset, truth; photographs that were not trained on.",
        "paper": INPAINTING_PAPER,
        "scored_on": "bsds500",
        "ablations": {"L1 alone": {"adversarial_weight": 0.0}},
        "data": BSDS,
    },
}
