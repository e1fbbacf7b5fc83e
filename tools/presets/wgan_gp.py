"""The presets of WGANGP."""

from data_sets import CIFAR10, CIFAR10_FLOOR, GRID, MNIST, MNIST_FLOOR, RING
from recipes import (
    MIRRORED,
    TRAINED_FROM_ARRAYS,
    TRAINED_WITHIN_A_TIME,
    decaying,
    rates,
    toy_networks,
)

import keras_gans
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator

WGAN_GP_PAPER = (
    'Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, '
    "https://arxiv.org/abs/1704.00028"
)


def toy_wgan_gp(gp_weight):
    # One discriminator step, five of which take five times as long and reach
    # no more: the toys need many generator steps.
    return keras_gans.WGANGP(
        **toy_networks(), gp_weight=gp_weight, discriminator_steps=1
    )


def toy_wgan_gp_recipe(dataset, steps):
    adam = decaying("Adam", 1e-3, steps, beta_1=0.0, beta_2=0.9)
    return {
        "dataset": dataset,
        "batch_size": 256,
        "steps": steps,
        "generator_optimizer": adam,
        "discriminator_optimizer": adam,
    }


PRESETS = {
    "wgan_gp_ring": {
        "model": lambda: toy_wgan_gp(gp_weight=0.1),
        "recipe": toy_wgan_gp_recipe("ring", 10000),
        "description": "WGAN-GP on the ring",
        "paper": f"{WGAN_GP_PAPER}; the toy is the one of VEEGAN (Srivastava "
        "et al., 2017).",
        "compared": (
            "The paper shows no score of its toys, which it trains with "
            "larger networks (512 units) and the same weight of 0.1."
        ),
        "failures": (
            "About two samples in a hundred lie between modes, and those at "
            "the modes are closer to the centres than the data are."
        ),
        "data": RING,
    },
    "wgan_gp_grid": {
        "model": lambda: toy_wgan_gp(gp_weight=0.4),
        "recipe": toy_wgan_gp_recipe("grid", 20000),
        "description": "WGAN-GP on the grid",
        "paper": f"{WGAN_GP_PAPER}; the toy is the one of VEEGAN (Srivastava "
        "et al., 2017).",
        "compared": (
            "The paper shows no score of its toys. PacGAN's table has 24.8 of "
            "25 modes and 93.6% high-quality samples for PacGAN4, over 10 "
            "runs; this is one run with other networks."
        ),
        "failures": (
            "A few samples in a hundred lie between modes. With two hidden "
            "layers in the generator instead of three it is one in five, with "
            "batch normalization in the generator two in three. Samples at "
            "the modes are closer to the centres than the data are."
        ),
        "data": GRID,
    },
    "wgan_gp_mnist": {
        "model": lambda: keras_gans.WGANGP(
            DCGANGenerator((28, 28, 1), filters=32, crop=2),
            DCGANDiscriminator((28, 28, 1), filters=64, normalization=None),
            latent_dim=100,
            discriminator_steps=5,
            ema_momentum=0.999,
        ),
        # Planned were 16,800 steps, of which the time let 16,000 be.
        "recipe": {
            "dataset": "mnist",
            "batch_size": 5 * 64,
            **rates(16_800, 2e-4, 2e-4, discriminator_steps=5),
            "steps": 16_000,
        },
        "description": "WGAN-GP on digits",
        "paper": f"{WGAN_GP_PAPER}. Here with small networks of DCGAN's kind.",
        "compared": (f"The paper has no MNIST score of samples. {MNIST_FLOOR}"),
        "trained": TRAINED_FROM_ARRAYS,
        "failures": (
            "One sample in seven lies between two digits or falls apart, and "
            "some strokes are grey or frayed: more than of `dcgan_mnist`, "
            "though the FID is no worse. It is five times the data's own "
            "distance, where three times was hoped for. With one "
            "discriminator step at a higher rate and networks of half the "
            "width, forty minutes on two CPU cores, it was 0.84."
        ),
        "data": MNIST,
    },
    "wgan_gp_cifar10": {
        # The residual pair, narrower than the paper's.
        "model": lambda: keras_gans.WGANGP(
            image_shape=(32, 32, 3),
            filters=96,
            discriminator_steps=3,
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "cifar10",
            "batch_size": 3 * 64,
            **rates(6475, 2e-4, 4e-4, discriminator_steps=3),
        },
        "on_gpu": {"flip": True},
        "description": "WGAN-GP on small photographs",
        "paper": (
            f"{WGAN_GP_PAPER}. Here with its residual networks of 96 filters "
            "in place of 128, and with three discriminator steps at a higher "
            "rate in place of five."
        ),
        "compared": (
            "Mimicry reports a FID of 22.29 for WGAN-GP's ResNets after "
            "100,000 steps, in Inception's features (50,000 images): another "
            "score than the one above, and fifteen times as many steps. With "
            "DCGAN's networks of 32 filters, 6,000 steps and one "
            "discriminator step on two CPU cores the FID above was 3.64. "
            f"{CIFAR10_FLOOR}"
        ),
        "trained": TRAINED_WITHIN_A_TIME
        + MIRRORED
        + " On a CPU it takes hours.",
        "failures": (
            "A boat, a car, a lorry or a horse can be guessed in one sample "
            "of three; the others have the colours and the layout of a "
            "photograph, and no object that can be named. They are less "
            "varied than the data (see the recall). A run of 6,475 steps is "
            "short. The images that these weights were trained on had been "
            "through JPEG once, unlike those that the command downloads."
        ),
        "data": CIFAR10,
    },
}
