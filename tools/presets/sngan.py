"""The presets of SNGAN: DCGANs with spectral normalization and hinge loss."""

from data_sets import CIFAR10, CIFAR10_FLOOR
from recipes import small_cifar10_networks, two_time_scales

import keras_gans

SNGAN_PAPER = (
    'Miyato et al., "Spectral Normalization for Generative Adversarial '
    'Networks", 2018, https://arxiv.org/abs/1802.05957'
)

PRESETS = {
    "sngan_cifar10": {
        "model": lambda: keras_gans.DCGAN(
            **small_cifar10_networks("spectral"),
            generator_loss=keras_gans.losses.hinge_generator_loss,
            discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
        ),
        "recipe": two_time_scales("cifar10", 6000),
        "description": "SNGAN (spectral normalization, hinge loss) on small "
        "photographs",
        "paper": (
            f"{SNGAN_PAPER}. Here with DCGAN's networks, the discriminator "
            "with spectral normalization and one step at a higher rate "
            "instead of five."
        ),
        "compared": (
            "Mimicry reports a FID of 16.77 for SNGAN's ResNets after 100,000 "
            "steps, in Inception's features (50,000 images): another score "
            "than the one above, and sixteen times as many steps of larger "
            f"networks. {CIFAR10_FLOOR}"
        ),
        "failures": (
            "Textures without objects: few samples can be named, and they are "
            "far less varied than the data (see the recall). A run of 6,000 "
            "steps is short. The images that these weights were trained "
            "on had been through JPEG once, unlike those that the command "
            "downloads."
        ),
        "data": CIFAR10,
    },
}
