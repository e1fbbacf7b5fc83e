"""The presets of SNGAN: GANs with spectral normalization and hinge loss."""

from data_sets import CIFAR10, CIFAR10_FLOOR
from recipes import rates

import keras_gans
from keras_gans.models.resnet import ResNetDiscriminator, ResNetGenerator

SNGAN_PAPER = (
    'Miyato et al., "Spectral Normalization for Generative Adversarial '
    'Networks", 2018, https://arxiv.org/abs/1802.05957'
)


def sngan():
    """The paper's residual pair, the generator of half its width."""
    return keras_gans.GAN(
        ResNetGenerator((32, 32, 3), latent_dim=128, filters=128),
        ResNetDiscriminator((32, 32, 3), filters=128, normalization="spectral"),
        latent_dim=128,
        discriminator_steps=3,
        generator_loss=keras_gans.losses.hinge_generator_loss,
        discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
        ema_momentum=0.999,
    )


def recipe(steps):
    return {
        "dataset": "cifar10",
        "batch_size": 3 * 64,
        **rates(steps, 2e-4, 4e-4, discriminator_steps=3),
    }


PRESETS = {
    "sngan_cifar10": {
        "model": sngan,
        "recipe": recipe(5000),
        "on_gpu": {
            "recipe": recipe(12_000),
            "dtype_policy": "mixed_bfloat16",
            "flip": True,
        },
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
