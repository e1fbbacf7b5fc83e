"""The presets of GAN."""

from data_sets import MNIST, RING

import keras_gans
from keras_gans.models.gan import GANDiscriminator, GANGenerator

GAN_PAPER = (
    'Goodfellow et al., "Generative Adversarial Nets", 2014, '
    "https://arxiv.org/abs/1406.2661"
)

TOY_ADAM = {
    "class_name": "Adam",
    "config": {"learning_rate": 5e-4, "beta_1": 0.0},
}

PRESETS = {
    "gan_ring": {
        "model": lambda: keras_gans.GAN(
            GANGenerator((2,), 16, units=(128, 128), batch_normalization=False),
            GANDiscriminator((2,), units=(128, 128)),
            latent_dim=16,
            ema_momentum=0.999,
        ),
        # The MLP's defaults (2e-4, beta_1 0.5) leave the toy far from the
        # modes; without momentum it covers all eight within a minute.
        "recipe": {
            "dataset": "ring",
            "batch_size": 256,
            "steps": 12000,
            "generator_optimizer": TOY_ADAM,
            "discriminator_optimizer": TOY_ADAM,
        },
        "description": "MLP GAN on the ring of eight Gaussians",
        "paper": f"{GAN_PAPER}; the toy is the one of VEEGAN (Srivastava et "
        "al., 2017).",
        "compared": (
            "PacGAN's table (Lin et al., 2018) has 6.3 of 8 modes and "
            "98.2% high-quality samples for a plain GAN, over 10 runs; "
            "this is one run with other widths and an EMA generator, so "
            "the two do not measure the same thing."
        ),
        "failures": (
            "Bridges of samples between neighbouring modes, a few in a "
            "hundred. Adam's usual beta_1 of 0.5 at 2e-4 does not reach the "
            "modes in this time."
        ),
        "data": RING,
    },
    "gan_mnist": {
        "model": lambda: keras_gans.GAN(
            example_shape=(28, 28, 1), ema_momentum=0.999
        ),
        "recipe": {"dataset": "mnist", "batch_size": 128, "epochs": 25},
        "description": "MLP GAN on digits, the 2014 paper's setting",
        "paper": f"{GAN_PAPER}.",
        "compared": (
            "The paper scores Parzen-window log-likelihood, which has "
            "been found misleading since (Theis et al., 2016); not "
            "measured here."
        ),
        "failures": (
            "Speckle around strokes, as a perceptron knows no "
            "neighbouring pixels; some samples are between two digits."
        ),
        "data": MNIST,
    },
}
