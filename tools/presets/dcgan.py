"""The presets of DCGAN."""

from data_sets import (
    AVATARS_ON_A_CPU,
    CELEBA,
    CIFAR10,
    CIFAR10_FLOOR,
    FASHION,
    MNIST,
    MNIST_FLOOR,
    PIXEL_AVATARS,
    PIXEL_AVATARS_FLOOR,
)
from recipes import (
    TRAINED_FROM_ARRAYS,
    TRAINED_WITHIN_A_TIME,
    decaying,
    rates,
)

import keras_gans
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator

DCGAN_PAPER = (
    'Radford et al., "Unsupervised Representation Learning with Deep '
    'Convolutional Generative Adversarial Networks", 2015, '
    "https://arxiv.org/abs/1511.06434."
)

# At equal rates the discriminator wins against so small a generator: two time
# scales (Heusel et al., 2017), decaying over the whole run.
SMALL_DCGAN_RECIPE = {
    "batch_size": 64,
    "epochs": 18,
    "generator_optimizer": decaying("Adam", 4e-4, 18 * 937, beta_1=0.5),
    "discriminator_optimizer": decaying("Adam", 1e-4, 18 * 937, beta_1=0.5),
}


def small_dcgan(discriminator_filters=32):
    # Cropped, the generator has as many layers as the discriminator.
    return keras_gans.DCGAN(
        DCGANGenerator((28, 28, 1), filters=32, crop=2),
        DCGANDiscriminator((28, 28, 1), filters=discriminator_filters),
        label_smoothing=0.1,
        ema_momentum=0.999,
    )


# Of 105,600 planned steps, half were made when the time was over.
DCGAN_MNIST_STEPS = 53_400

# As many as a GPU made in seven minutes.
PIXEL_AVATARS_STEPS = 57_097


PRESETS = {
    "dcgan_mnist": {
        "model": lambda: small_dcgan(discriminator_filters=64),
        "recipe": {
            "dataset": "mnist",
            "batch_size": 64,
            "steps": DCGAN_MNIST_STEPS,
            "generator_optimizer": decaying("Adam", 4e-4, 105_600, beta_1=0.5),
            "discriminator_optimizer": decaying(
                "Adam", 1e-4, 105_600, beta_1=0.5
            ),
        },
        "description": "DCGAN on digits",
        "paper": DCGAN_PAPER,
        "compared": (
            "The paper has no MNIST score of samples without labels. "
            f"{MNIST_FLOOR}"
        ),
        "trained": TRAINED_FROM_ARRAYS
        + " Half of the planned steps were made when the time was over, so "
        "that the rates had come down to half.",
        "failures": (
            "One sample in ten lies between two digits or is not legible, and "
            "the FID is five times the data's own distance, where three times "
            "was hoped for. At equal learning rates the discriminator wins, "
            "and without cropping, too (both were tried with a discriminator "
            "of 32 filters). With labels, smaller networks do better: "
            "`conditional_gan_mnist`."
        ),
        "data": MNIST,
    },
    "dcgan_cifar10": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(32, 32, 3), filters=48, ema_momentum=0.999
        ),
        "recipe": {"dataset": "cifar10", "batch_size": 64, "epochs": 10},
        "description": "DCGAN on small photographs",
        "paper": DCGAN_PAPER,
        "compared": (
            "StudioGAN reports a FID of 48.29 for its DCGAN on CIFAR-10, in "
            "Inception's features (50,000 images, another network, far more "
            f"steps): another score than the one above. {CIFAR10_FLOOR}"
        ),
        "failures": (
            "After ten passes colours, textures and layouts are right more "
            "often than objects: most samples cannot be named. "
            "`sngan_cifar10` and `conditional_gan_cifar10` draw better ones."
        ),
        "data": CIFAR10,
    },
    "dcgan_pixel_avatars": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(32, 32, 3),
            filters=32,
            spectral_normalization=True,
            generator_loss=keras_gans.losses.hinge_generator_loss,
            discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
            ema_momentum=0.998,
        ),
        "recipe": {
            "dataset": "pixel_avatars",
            "extractor": "cifar10_classifier",
            "batch_size": 64,
            **rates(PIXEL_AVATARS_STEPS, 2e-4, 4e-4),
        },
        "description": "faces in pixel art",
        "paper": DCGAN_PAPER + " Here with networks of 32 filters, and the "
        "spectral normalization and hinge loss of Miyato et al., 2018, "
        "https://arxiv.org/abs/1802.05957.",
        "compared": f"No paper has these data. {PIXEL_AVATARS_FLOOR}",
        "trained": f"{TRAINED_WITHIN_A_TIME} {AVATARS_ON_A_CPU}",
        "failures": (
            "Colours shimmer where a drawing has one. One face in ten has "
            "glasses that are smeared or half there, or pixels astray beside "
            "its ears; hats, of which there are few, have no clear shape, and "
            "now and then hair is of several colours. None of 1,000 faces is "
            "one of the training images: half of them are nearer than 30 grey "
            "levels (root mean square) to one, and of test images half are "
            "nearer than 26."
        ),
        "data": PIXEL_AVATARS,
    },
    "dcgan_fashion_mnist": {
        "model": small_dcgan,
        "recipe": {"dataset": "fashion_mnist", **SMALL_DCGAN_RECIPE},
        "description": "DCGAN on clothes",
        "data": FASHION,
    },
    "dcgan_celeb_a": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(64, 64, 3), ema_momentum=0.999
        ),
        "recipe": {"dataset": "celeb_a", "batch_size": 128, "steps": 40000},
        "description": "DCGAN on faces, the paper's size",
        "data": CELEBA,
    },
}
