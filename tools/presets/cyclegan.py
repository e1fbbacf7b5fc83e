"""The presets of CycleGAN."""

from data_sets import EMOJI_STYLES
from recipes import falling

import keras_gans

CYCLEGAN_EMOJI_STEPS = 10000


def cyclegan_paper(name, longer_side, description, data):
    """A recipe at the paper's settings, without weights.

    Half of 200 passes, each over the larger domain, at one rate, and half
    while it goes to 0.
    """
    adam = falling(2e-4, 200 * longer_side)
    return {
        "model": lambda: keras_gans.CycleGAN(image_shape=(256, 256, 3)),
        "recipe": {
            "dataset": f"cycle_gan/{name}",
            "unpaired": {"augment": True},
            "batch_size": 1,
            "epochs": 200,
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
        },
        "description": description,
        "data": data,
    }


def emoji_networks(filters, blocks):
    return keras_gans.CycleGAN(
        image_shape=(64, 64, 3), filters=filters, num_residual_blocks=blocks
    )


def emoji_recipe(steps, batch_size):
    return {
        "dataset": "emojitwo/train/color",
        "dataset_b": "noto_emoji/images",
        "unpaired": {
            "augment": True,
            "splits": {
                "train": ["train", "train[:90%]"],
                "test": ["train", "train[90%:]"],
            },
        },
        "extractor": "emoji_classifier",
        "batch_size": batch_size,
        "steps": steps,
        "generator_optimizer": falling(2e-4, steps),
        "discriminator_optimizer": falling(2e-4, steps),
    }


PRESETS = {
    "cyclegan_emoji": {
        "model": lambda: emoji_networks(filters=16, blocks=4),
        "recipe": emoji_recipe(CYCLEGAN_EMOJI_STEPS, batch_size=2),
        "on_gpu": {
            "model": lambda: emoji_networks(filters=24, blocks=6),
            "recipe": emoji_recipe(15_000, batch_size=4),
        },
        "description": "emoji of EmojiTwo's style to Noto's, and back",
        "caption": "Left EmojiTwo to Noto, right Noto to EmojiTwo; each row "
        "has the image, its translation and the way back by this preset, and "
        "both without the cycle loss; images that training did not see.",
        "paper": (
            'Zhu et al., "Unpaired Image-to-Image Translation using '
            'Cycle-Consistent Adversarial Networks", 2017, '
            "https://arxiv.org/abs/1703.10593. Here with networks of 16 "
            "filters in place of 64, four residual blocks, and batches of 2."
        ),
        "compared": (
            "The paper scores its ablations by what a network for segmentation "
            "reads in photographs made from labels, which these are not. Here, "
            "without the cycle loss (8,000 steps), translations are nearer to "
            "the other style by FID and KID, as nothing holds them back, and "
            "what comes back is twice as far from where it began: faces and "
            "colours are lost. The checkpoint is the last and not that of the "
            "lowest KID, for the same reason."
        ),
        "failures": (
            "What changes is the style of shading and of outlines, colours, "
            "and small features; shapes stay. Areas of one colour have a "
            "pattern of dots, from the transposed convolutions, flags and "
            "banknotes most of all; some colours become darker; of small faces "
            "the eyes are lost. The reconstruction's mean absolute error is "
            "just below the goal of 12 of 255 one way (12.38 and 11.79 after "
            "8,000 steps)."
        ),
        "scored_on": "emojitwo and noto_emoji",
        "ablations": {"no cycle loss": {"cycle_weight": 0.0}},
        "options": "--data FOLDER --data-b FOLDER",
        "data": EMOJI_STYLES,
    },
    "cyclegan_horse2zebra": cyclegan_paper(
        "horse2zebra",
        1334,
        "horses to zebras, and back",
        {
            "name": "1,067 and 1,334 training images of ImageNet, 256x256",
            "license": "that of ImageNet, for research",
        },
    ),
    "cyclegan_monet2photo": cyclegan_paper(
        "monet2photo",
        6287,
        "paintings of Monet to photographs, and back",
        {
            "name": "1,072 paintings of WikiArt and 6,287 photographs of "
            "Flickr, training images of 256x256",
            "license": "none stated, for research",
        },
    ),
    "cyclegan_maps": cyclegan_paper(
        "maps",
        1096,
        "aerial photographs to maps, and back",
        {
            "name": "1,096 aerial photographs and as many maps, training "
            "images resized to 256x256",
            "license": "that of Google Maps, where they were taken from",
        },
    ),
}
