"""The presets of Pix2Pix."""

import keras
from data_sets import EMOJI_PAIRS
from recipes import TRAINED_WITHIN_A_TIME, falling

import keras_gans
from keras_gans.models.pix2pix import UNetGenerator

# As many as a GPU made in seven minutes.
PIX2PIX_EMOJI_STEPS = 13_505


def pix2pix_paper(name, images, description, data):
    """A recipe at the paper's settings, without weights."""
    return {
        "model": lambda: keras_gans.Pix2Pix(image_shape=(256, 256, 3)),
        # The published sets have photographs on the left of maps and labels.
        "recipe": {
            "dataset": name,
            "pairs": {"direction": "ba", "augment": True},
            "batch_size": 1,
            "epochs": 200,
        },
        "description": description,
        "data": {
            **data,
            "download": "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/"
            f"{name}.tar.gz ({images:,} training images, two side by side)",
        },
    }


def regression(model, recipe, folder):
    """Trains the generator without the whole game, which is plain Keras."""
    data = model.task.load(model, recipe, "train", repeat=True)
    # Another model of the same layers: what is saved stays uncompiled.
    network = keras.Model(model.generator.input, model.generator.output)
    optimizer = model.task.compile_arguments(model, recipe)[
        "generator_optimizer"
    ]
    network.compile(optimizer, "mean_absolute_error")
    network.fit(data, steps_per_epoch=recipe["steps"], verbose=2)
    model.save_to_preset(folder / "last", recipe=recipe)


def emoji_recipe(steps, batch_size):
    # Crops and mirrors alone: a change of colours would teach wrong ones.
    return {
        "dataset": "emojitwo",
        "pairs": {"sides": ["outline", "color"], "augment": True},
        "extractor": "emoji_classifier",
        "batch_size": batch_size,
        "steps": steps,
        "generator_optimizer": falling(2e-4, steps),
        "discriminator_optimizer": falling(2e-4, steps),
    }


def emoji_networks(filters, depth=None):
    # Instance normalization, as batches are larger than the paper's. Of
    # images a quarter as large, patches of half the size and dropout in the
    # first layer alone: in three of five, colours were blotches.
    return keras_gans.Pix2Pix(
        generator=UNetGenerator(
            (64, 64, 3),
            filters=filters,
            depth=depth,
            normalization="instance",
            dropout_layers=(0,),
        ),
        image_shape=(64, 64, 3),
        filters=filters,
        patch_size=34,
        normalization="instance",
    )


PRESETS = {
    "pix2pix_emoji": {
        # Wide, and not down to a single pixel: that is half of the weights.
        "model": lambda: emoji_networks(filters=28, depth=5),
        "recipe": emoji_recipe(PIX2PIX_EMOJI_STEPS, batch_size=16),
        "description": "line art to emoji in colour",
        "demonstration": True,
        "caption": "From left to right, twice: line art, this preset, truth; "
        "test images.",
        "paper": (
            'Isola et al., "Image-to-Image Translation with Conditional '
            'Adversarial Networks", 2017, https://arxiv.org/abs/1611.07004. '
            "Here with networks of 28 filters in place of 64, a U-Net that "
            "ends at 2x2 pixels, instance normalization, dropout in one "
            "layer, patches of 34x34, and batches of 16."
        ),
        "compared": (
            "The paper scores the parts of its loss by what a network for "
            "segmentation reads in photographs of Cityscapes made from labels "
            "(accuracy per pixel: L1 alone 0.42, conditional GAN alone 0.57, "
            "both 0.66); these are other data. With networks of 24 filters "
            "and 9,000 steps of batch 4 on a CPU, the FID above was 12.39 for "
            "L1 alone, 17.79 for the GAN alone and 9.07 for both; of these "
            "weights the parts were not trained. As in the paper, L1 alone "
            "had the least L1 (33.95): it asks for the median of all colours "
            "that a drawing may have."
        ),
        "trained": TRAINED_WITHIN_A_TIME,
        "failures": (
            "Line art does not tell the colours, and 1,200 pairs do not teach "
            "them: faces are yellow and skies blue, but a building may come "
            "in red and orange and a pink ring in blue. Large areas are "
            "mottled, thin lines are gone, and letters are lost."
        ),
        "scored_on": "emojitwo",
        "ablations": {
            "L1 alone": regression,
            "GAN alone": {"l1_weight": 0.0},
        },
        "data": EMOJI_PAIRS,
    },
    "pix2pix_facades": pix2pix_paper(
        "facades",
        400,
        "architectural labels to facades",
        {
            "name": "CMP Facades, 400 training pairs of 256x256",
            "license": "for research (Centre for Machine Perception, Prague)",
        },
    ),
    "pix2pix_maps": pix2pix_paper(
        "maps",
        1096,
        "maps to aerial photographs",
        {
            "name": "1,096 training pairs of aerial photographs and maps, "
            "resized to 256x256",
            "license": "that of Google Maps, where they were taken from",
        },
    ),
}
