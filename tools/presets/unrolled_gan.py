"""The presets of UnrolledGAN."""

from data_sets import RING

import keras_gans

UNROLLED_GAN_PAPER = (
    'Metz et al., "Unrolled Generative Adversarial Networks", 2016, '
    "https://arxiv.org/abs/1611.02163"
)


def adam(learning_rate):
    return {
        "class_name": "Adam",
        "config": {"learning_rate": learning_rate, "beta_1": 0.5},
    }


PRESETS = {
    "unrolled_gan_ring": {
        # The demo's networks. Its batches of 512 and its rates (1e-3, and 1e-4
        # for the discriminator) had found the circle and not the modes after
        # 3,000 steps: 1.2% of high quality. With these it is all eight modes
        # and 78% after 5,000, and so it is without unrolled steps.
        "model": lambda: keras_gans.UnrolledGAN(unrolled_steps=5),
        "recipe": {
            "dataset": "ring",
            "batch_size": 128,
            "steps": 15000,
            "generator_optimizer": adam(1e-3),
            "discriminator_optimizer": adam(1e-3),
        },
        "description": "Unrolled GAN, five steps, on the ring",
        "paper": f"{UNROLLED_GAN_PAPER}; the networks are those of the "
        "authors' demo, https://github.com/poolio/unrolled_gan.",
        "compared": "The paper has pictures of such a ring, and no numbers.",
        "failures": (
            "It does not show what unrolling is for: in trials of 5,000 steps "
            "at these rates, one each, 78% of the samples were of high quality "
            "with five unrolled steps and 79% with none, on all eight modes. "
            "And one run of all 15,000 steps stayed on six of the eight modes "
            "from step 2,343 on, with 93% of high quality at its end: its "
            "weights are not published."
        ),
        "data": RING,
    },
}
