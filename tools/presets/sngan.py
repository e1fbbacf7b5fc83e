"""The presets of SNGAN: GANs with spectral normalization and hinge loss."""

from data_sets import CIFAR10, CIFAR10_FLOOR
from recipes import TRAINED_FROM_ARRAYS, rates

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
            f"{SNGAN_PAPER}. Here the generator has 128 filters instead of "
            "256, and the discriminator three steps at a higher rate instead "
            "of five."
        ),
        "compared": (
            "Mimicry reports a FID of 16.77 for SNGAN's ResNets after 100,000 "
            "steps, in Inception's features (50,000 images): another score "
            "than the one above, and twenty times as many steps. With DCGAN's "
            "networks of 32 filters and 6,000 steps on two CPU cores the FID "
            f"above was 3.28. {CIFAR10_FLOOR}"
        ),
        "trained": TRAINED_FROM_ARRAYS
        + " Half of the images were mirrored and the policy was "
        "mixed_bfloat16, neither of which the command does; on a CPU it takes "
        "days.",
        "failures": (
            "An animal or a lorry can be guessed in one sample of four, the "
            "others are textures. Colours are paler than the data's, red "
            "lorries and grey animals come again and again, and the samples "
            "are far less varied than the data (see the recall). A run of "
            "5,000 steps is short. The images that these weights were trained "
            "on had been through JPEG once, unlike those that the command "
            "downloads."
        ),
        "data": CIFAR10,
    },
}
