"""Maintains zoo/: writes the recipes, and publishes trained runs.

    python tools/zoo.py recipes                  # all recipes, and index.json
    keras-gans train dcgan_mnist --out runs/dcgan_mnist
    python tools/zoo.py publish dcgan_mnist runs/dcgan_mnist
    python tools/zoo.py score dcgan_mnist runs/dcgan_mnist

    keras-gans train pix2pix_emoji --data emojitwo --out runs/ours
    python tools/zoo.py ablate pix2pix_emoji "L1 alone" runs/l1 --data emojitwo
    python tools/zoo.py ablate pix2pix_emoji "GAN alone" runs/gan --data ...
    python tools/zoo.py publish pix2pix_emoji runs/ours --data emojitwo \
        --ablation "L1 alone" runs/l1 --ablation "GAN alone" runs/gan

A preset is an entry of `PRESETS`: the model, the recipe, and the words of its
card. `publish` stores the weights (float16, where that costs nothing visible),
scores them (`tools/score.py`), draws the sample grid and writes the card.
`score` adds FID, KID, precision and recall of the run's best and last
checkpoint, as `keras-gans evaluate` measures them, with their protocol. Models
that translate images are scored by `publish`, beside what the same budget gives
without a part of the loss (`zoo_translations.py`); those that make images
larger on Set5, beside bicubic (`zoo_upscaling.py`).
"""

import argparse
import csv
import json
import pathlib
import textwrap

import keras

import keras_gans
from keras_gans import presets
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.pix2pix import UNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator

ZOO = pathlib.Path(__file__).resolve().parent.parent / "zoo"

MNIST = {
    "name": "MNIST, 60,000 training images of 28x28",
    "license": "CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)",
}
FASHION = {
    "name": "Fashion-MNIST, 60,000 training images of 28x28",
    "license": "MIT (Zalando Research)",
}
CIFAR10 = {
    "name": "CIFAR-10, 50,000 training images of 32x32",
    "license": "no formal licence (Alex Krizhevsky, for research)",
}
CELEBA = {
    "name": "CelebA, 162,770 training images, cropped and resized to 64x64",
    "license": "non-commercial research only (CUHK)",
}
RING = {
    "name": "eight Gaussians on the unit circle, generated",
    "license": "none needed",
}
GRID = {
    "name": "25 Gaussians on a grid, generated",
    "license": "none needed",
}
EMOJI_SOURCE = (
    "EmojiTwo, https://github.com/EmojiTwo/emojitwo: its images in colour and "
    "in black and white, 64x64 on white, under the same names in the folders "
    "{part}"
)
EMOJI_PAIRS = {
    "name": "EmojiTwo, 1,200 training pairs of line art and colour, 64x64",
    "license": "CC BY 4.0 (the contributors of EmojiTwo)",
    "download": EMOJI_SOURCE.format(
        part="train/outline and train/color (and test/...) of one folder"
    ),
}
EMOJI_STYLES = {
    "name": "EmojiTwo, 1,200 training images in colour, and Noto Emoji, 3,157 "
    "of 3,508 images, resized to 64x64",
    "license": "CC BY 4.0 (the contributors of EmojiTwo) and Apache-2.0 "
    "(Google, Noto Emoji)",
    "download": EMOJI_SOURCE.format(part="train/color and test/color")
    + "; and the PNG images of https://github.com/googlefonts/noto-emoji",
}
BSDS = {
    "name": "BSDS500, 400 photographs of 481x321 (training and test images; "
    "its validation images, the BSD100 of super-resolution, are left out)",
    "license": "for research and education (UC Berkeley)",
    "download": "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/"
    "grouping/resources.html (the train and test images in one folder)",
}
DIV2K = {
    "name": "DIV2K, 800 photographs of about 2040x1400",
    "license": "for research (ETH Zurich)",
}
MNIST_FLOOR = (
    "By the measure of the scores above, 10,000 training images have a FID of "
    "0.079 against the test images."
)
CIFAR10_FLOOR = (
    "By the measure of the scores above, 10,000 training images have a FID of "
    "0.028 and a recall of 0.80 against the test images."
)
WGAN_PAPER = (
    'Arjovsky et al., "Wasserstein GAN", 2017, https://arxiv.org/abs/1701.07875'
)
WGAN_GP_PAPER = (
    'Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, '
    "https://arxiv.org/abs/1704.00028"
)
SNGAN_PAPER = (
    'Miyato et al., "Spectral Normalization for Generative Adversarial '
    'Networks", 2018, https://arxiv.org/abs/1802.05957'
)

# What `keras-gans train` chose the best checkpoint by.
BEST_BY = {
    "kid": "Kernel distance (KID) of the features of the data set's "
    "classifier between 2,000 samples and 2,000 training images",
    "swd": "Sliced Wasserstein distance of the examples' values",
    "psnr": "PSNR (luma) of 32 crops of the training images",
    "content_loss": "Content loss in training",
    "high_quality": "Share of 2,500 samples of high quality, of checkpoints "
    "that cover the most modes",
}
BEST_TRANSLATION = (
    "Kernel distance (KID) of the features of the preset's extractor between "
    "500 translations and as many images of the training set"
)

TOY_ADAM = {
    "class_name": "Adam",
    "config": {"learning_rate": 5e-4, "beta_1": 0.0},
}


def decaying(optimizer, learning_rate, steps, **config):
    """An optimizer of a recipe whose rate falls to zero in a line."""
    schedule = {
        "class_name": "PolynomialDecay",
        "config": {
            "initial_learning_rate": learning_rate,
            "end_learning_rate": 0.0,
            "decay_steps": steps,
        },
    }
    return {
        "class_name": optimizer,
        "config": {"learning_rate": schedule, **config},
    }


# At equal rates the discriminator wins against so small a generator: two time
# scales (Heusel et al., 2017), decaying over the whole run.
SMALL_DCGAN_RECIPE = {
    "batch_size": 64,
    "epochs": 18,
    "generator_optimizer": decaying("Adam", 4e-4, 18 * 937, beta_1=0.5),
    "discriminator_optimizer": decaying("Adam", 1e-4, 18 * 937, beta_1=0.5),
}


def small_dcgan():
    # Cropped, the generator has as many layers as the discriminator.
    return keras_gans.DCGAN(
        keras_gans.models.dcgan.DCGANGenerator((28, 28, 1), filters=32, crop=2),
        keras_gans.models.dcgan.DCGANDiscriminator((28, 28, 1), filters=32),
        label_smoothing=0.1,
        ema_momentum=0.999,
    )


def toy_networks():
    """Perceptrons for points in the plane, of the toys' usual width."""
    units = (128, 128, 128)
    return {
        "generator": keras_gans.models.gan.GANGenerator(
            (2,), 2, units=units, batch_normalization=False
        ),
        "discriminator": keras_gans.models.gan.GANDiscriminator(
            (2,), units=units
        ),
        "latent_dim": 2,
        "ema_momentum": 0.999,
    }


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


def small_cifar10_networks(normalization):
    """DCGAN's kind for a CPU: 2.5 times as fast as ResNets of 32 filters."""
    return {
        "generator": keras_gans.models.dcgan.DCGANGenerator(
            (32, 32, 3), 128, filters=32
        ),
        "discriminator": keras_gans.models.dcgan.DCGANDiscriminator(
            (32, 32, 3), filters=32, normalization=normalization
        ),
        "latent_dim": 128,
        "ema_momentum": 0.999,
    }


def two_time_scales(dataset, steps):
    """One discriminator step at a higher rate for the papers' five.

    Heusel et al., 2017.
    """
    return {
        "dataset": dataset,
        "batch_size": 64,
        "steps": steps,
        "generator_optimizer": decaying(
            "Adam", 2e-4, steps, beta_1=0.0, beta_2=0.9
        ),
        "discriminator_optimizer": decaying(
            "Adam", 5e-4, steps, beta_1=0.0, beta_2=0.9
        ),
    }


def falling(learning_rate, steps, beta_1=0.5):
    """Adam whose rate falls in the second half, as in CycleGAN."""
    return {
        "class_name": "Adam",
        "config": {
            "learning_rate": {
                "class_name": "LinearDecay",
                "config": {
                    "initial_learning_rate": learning_rate,
                    "decay_steps": steps,
                },
            },
            "beta_1": beta_1,
        },
    }


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


def srgan_paper(scale):
    """The paper's second phase, without weights: 1e-4, and then 1e-5."""
    adam = {
        "class_name": "Adam",
        "config": {
            "learning_rate": {
                "class_name": "PiecewiseConstantDecay",
                "config": {"boundaries": [100_000], "values": [1e-4, 1e-5]},
            }
        },
    }
    return {
        "model": lambda: keras_gans.SRGAN(SRResNetGenerator(scale)),
        "recipe": {
            "dataset": f"div2k/bicubic_x{scale}",
            "high_res": {"augment": True},
            "batch_size": 16,
            "steps": 200_000,
            "generator": f"srresnet_x{scale}_div2k",
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
        },
        "description": f"images {scale} times as large that look real, the "
        "paper's settings",
        "data": DIV2K,
    }


def srresnet_paper(scale):
    """The paper's first phase, without weights."""
    return {
        "model": lambda: keras_gans.SRResNet(scale=scale),
        "recipe": {
            "dataset": f"div2k/bicubic_x{scale}",
            "high_res": {"augment": True},
            "batch_size": 16,
            "steps": 1_000_000,
        },
        "description": f"images {scale} times as large, the paper's settings",
        "data": DIV2K,
    }


SRGAN_PAPER = (
    'Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a '
    'Generative Adversarial Network", 2017, https://arxiv.org/abs/1609.04802. '
    "Here with a smaller generator, 8 residual blocks of 32 filters in place "
    "of 16 of 64, in MSRResNet's form: no batch normalization, and the "
    "enlarged image is added to what the network makes. Batches of 8."
)


def small_srresnet():
    """A seventh of the paper's weights: what two CPU cores can train.

    It adds what it makes to the image enlarged: 28.5 dB on Set5 after 150
    steps, where the paper's form, as small and without batch normalization,
    has 25.3.
    """
    return MSRResNetGenerator(filters=32, num_residual_blocks=8)


PIX2PIX_EMOJI_STEPS = 9000
CYCLEGAN_EMOJI_STEPS = 10000
SRRESNET_BSDS_STEPS = 12000
SRGAN_BSDS_STEPS = 500

PRESETS = {
    "gan_ring": {
        "model": lambda: keras_gans.GAN(
            keras_gans.models.gan.GANGenerator(
                (2,), 16, units=(128, 128), batch_normalization=False
            ),
            keras_gans.models.gan.GANDiscriminator((2,), units=(128, 128)),
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
        "paper": (
            'Goodfellow et al., "Generative Adversarial Nets", 2014, '
            "https://arxiv.org/abs/1406.2661; the toy is the one of "
            "VEEGAN (Srivastava et al., 2017)."
        ),
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
        "paper": (
            'Goodfellow et al., "Generative Adversarial Nets", 2014, '
            "https://arxiv.org/abs/1406.2661."
        ),
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
    "dcgan_mnist": {
        "model": small_dcgan,
        "recipe": {"dataset": "mnist", **SMALL_DCGAN_RECIPE},
        "description": "DCGAN on digits",
        "paper": (
            'Radford et al., "Unsupervised Representation Learning with '
            'Deep Convolutional Generative Adversarial Networks", 2015, '
            "https://arxiv.org/abs/1511.06434."
        ),
        "compared": (
            "The paper has no MNIST score of samples without labels. "
            f"{MNIST_FLOOR}"
        ),
        "failures": (
            "About a fifth of the samples lie between two digits or are not "
            "legible (see the score), and the FID is eleven times the data's "
            "own distance, where three times was hoped for. At equal learning "
            "rates the discriminator wins and it is a third; without cropping, "
            "too. "
            "With labels smaller networks do better: `conditional_gan_mnist`."
        ),
        "data": MNIST,
    },
    "conditional_gan_mnist": {
        "model": lambda: keras_gans.ConditionalGAN(
            image_shape=(28, 28, 1),
            num_classes=10,
            filters=32,
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "mnist",
            "labels": True,
            "batch_size": 64,
            "epochs": 10,
        },
        "description": "digits by label",
        "paper": (
            'Mirza and Osindero, "Conditional Generative Adversarial '
            'Nets", 2014, https://arxiv.org/abs/1411.1784.'
        ),
        "compared": (
            "The paper scores Parzen-window log-likelihood; not measured here."
        ),
        "failures": (
            "About one sample in a hundred is not the digit that was asked "
            "for; some fives and eights are hard to read."
        ),
        "data": MNIST,
    },
    "dcgan_cifar10": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(32, 32, 3), filters=48, ema_momentum=0.999
        ),
        "recipe": {"dataset": "cifar10", "batch_size": 64, "epochs": 10},
        "description": "DCGAN on small photographs",
        "paper": (
            'Radford et al., "Unsupervised Representation Learning with '
            'Deep Convolutional Generative Adversarial Networks", 2015, '
            "https://arxiv.org/abs/1511.06434."
        ),
        "compared": (
            "StudioGAN reports a FID of 48.29 for its DCGAN on CIFAR-10, in "
            "Inception's features (50,000 images, another network, far more "
            "steps): another score than the one above. "
            f"{CIFAR10_FLOOR}"
        ),
        "failures": (
            "Colours, textures and layouts are right more often than "
            "objects: most samples cannot be named. The images that these "
            "weights were trained on had been through JPEG once, unlike "
            "those that the command downloads."
        ),
        "data": CIFAR10,
    },
    "dcgan_fashion_mnist": {
        "model": small_dcgan,
        "recipe": {"dataset": "fashion_mnist", **SMALL_DCGAN_RECIPE},
        "description": "DCGAN on clothes",
        "data": FASHION,
    },
    "wgan_ring": {
        "model": lambda: keras_gans.WGAN(**toy_networks(), clip_value=0.1),
        # The paper's 5e-5 and 0.01 are for deep networks: a perceptron of
        # weights below 0.01 is nearly flat.
        "recipe": {
            "dataset": "ring",
            "batch_size": 5 * 256,
            "steps": 6000,
            "generator_optimizer": decaying("RMSprop", 1e-3, 6000, rho=0.99),
            "discriminator_optimizer": decaying(
                "RMSprop", 1e-3, 5 * 6000, rho=0.99
            ),
        },
        "description": "WGAN with clipped weights on the ring",
        "paper": f"{WGAN_PAPER}; the toy is the one of VEEGAN (Srivastava et "
        "al., 2017).",
        "compared": "The paper has no such toy.",
        "failures": (
            "A few samples in a hundred lie between modes. The result depends "
            "on the clipping: in trials of the same length 0.03 gave 69%, 0.1 "
            "gave 95% and 0.3 gave 85% of high quality."
        ),
        "data": RING,
    },
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
    "wgan_mnist": {
        "model": lambda: keras_gans.WGAN(
            keras_gans.models.dcgan.DCGANGenerator(
                (28, 28, 1), filters=16, crop=2
            ),
            keras_gans.models.dcgan.DCGANDiscriminator((28, 28, 1), filters=16),
            latent_dim=100,
            clip_value=0.05,
            ema_momentum=0.999,
        ),
        # The paper's 5e-5 and 0.01 are for runs of a day.
        "recipe": {
            "dataset": "mnist",
            "batch_size": 5 * 64,
            "steps": 3500,
            "generator_optimizer": decaying("RMSprop", 5e-4, 3500, rho=0.99),
            "discriminator_optimizer": decaying(
                "RMSprop", 5e-4, 5 * 3500, rho=0.99
            ),
        },
        "description": "WGAN with clipped weights on digits",
        "paper": WGAN_PAPER,
        "compared": f"The paper has no MNIST score of samples. {MNIST_FLOOR}",
        "failures": (
            "Two samples in five lie between two digits: `wgan_gp_mnist` is "
            "far better in the same time. The clipping matters more than the "
            "time: with the paper's 0.01 and a rate of 2e-4, 6,000 "
            "steps ended at a FID of 10.3, with 0.05 and 5e-4 600 steps at "
            "15 (5,000 images); without batch normalization in the "
            "discriminator 600 steps drew one torn shape alone."
        ),
        "data": MNIST,
    },
    "wgan_gp_mnist": {
        "model": lambda: keras_gans.WGANGP(
            keras_gans.models.dcgan.DCGANGenerator(
                (28, 28, 1), filters=16, crop=2
            ),
            keras_gans.models.dcgan.DCGANDiscriminator(
                (28, 28, 1), filters=32, normalization=None
            ),
            latent_dim=100,
            discriminator_steps=1,
            ema_momentum=0.999,
        ),
        # Two time scales instead of five discriminator steps, which WGAN-GP
        # gains from in the same time (Heusel et al., 2017).
        "recipe": {
            "dataset": "mnist",
            "batch_size": 64,
            "epochs": 15,
            "generator_optimizer": decaying(
                "Adam", 2e-4, 15 * 937, beta_1=0.0, beta_2=0.9
            ),
            "discriminator_optimizer": decaying(
                "Adam", 5e-4, 15 * 937, beta_1=0.0, beta_2=0.9
            ),
        },
        "description": "WGAN-GP on digits",
        "paper": f"{WGAN_GP_PAPER}. Here with small networks of DCGAN's kind, "
        "and with one discriminator step at a higher rate instead of five.",
        "compared": (f"The paper has no MNIST score of samples. {MNIST_FLOOR}"),
        "failures": (
            "About a fifth of the samples lie between two digits, and some "
            "strokes are grey or frayed. The FID is ten times the data's own "
            "distance, where three times was hoped for; one run of forty "
            "minutes was made, longer ones and the paper's five discriminator "
            "steps were not tried."
        ),
        "data": MNIST,
    },
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
    "wgan_gp_cifar10": {
        "model": lambda: keras_gans.WGANGP(
            **small_cifar10_networks(None), discriminator_steps=1
        ),
        "recipe": two_time_scales("cifar10", 6000),
        "description": "WGAN-GP on small photographs",
        "paper": (
            f"{WGAN_GP_PAPER}. Here with small networks of DCGAN's kind, and "
            "with one discriminator step at a higher rate instead of five."
        ),
        "compared": (
            "Mimicry reports a FID of 22.29 for WGAN-GP's ResNets after "
            "100,000 steps, in Inception's features (50,000 images): another "
            "score than the one above, and sixteen times as many steps of "
            f"larger networks. {CIFAR10_FLOOR}"
        ),
        "failures": (
            "Textures without objects, with a grid of dots here and there: "
            "hardly any sample can be named, and they are far less varied "
            "than the data (see the recall). A run of 6,000 steps, less than "
            "an hour, is short. The images that these weights were trained "
            "on had been through JPEG once, unlike those that the command "
            "downloads."
        ),
        "data": CIFAR10,
    },
    "pix2pix_emoji": {
        # Instance normalization, as batches are larger than the paper's. Of
        # images a quarter as large, patches of half the size and dropout in
        # the first layer alone: in three of five, colours were blotches.
        "model": lambda: keras_gans.Pix2Pix(
            generator=UNetGenerator(
                (64, 64, 3),
                filters=24,
                normalization="instance",
                dropout_layers=(0,),
            ),
            image_shape=(64, 64, 3),
            filters=24,
            patch_size=34,
            normalization="instance",
        ),
        "recipe": {
            "dataset": "emojitwo",
            "pairs": {"sides": ["outline", "color"], "augment": True},
            "extractor": "emoji_classifier",
            "batch_size": 4,
            "steps": PIX2PIX_EMOJI_STEPS,
            "generator_optimizer": falling(2e-4, PIX2PIX_EMOJI_STEPS),
            "discriminator_optimizer": falling(2e-4, PIX2PIX_EMOJI_STEPS),
        },
        "description": "line art to emoji in colour",
        "caption": "From left to right, twice: line art, truth, this preset, "
        "L1 alone, GAN alone; test images.",
        "paper": (
            'Isola et al., "Image-to-Image Translation with Conditional '
            'Adversarial Networks", 2017, https://arxiv.org/abs/1611.07004. '
            "Here with networks of 24 filters in place of 64, instance "
            "normalization, dropout in one layer, patches of 34x34, and "
            "batches of 4."
        ),
        "compared": (
            "The paper scores the parts of its loss by what a network for "
            "segmentation reads in photographs of Cityscapes made from labels "
            "(accuracy per pixel: L1 alone 0.42, conditional GAN alone 0.57, "
            "both 0.66); these are other data. The order is the same here by "
            "FID and KID, but for the GAN alone, which does not get far in "
            "9,000 steps. As in the paper, L1 alone has the least L1: it asks "
            "for the median of all colours that a drawing may have."
        ),
        "failures": (
            "Line art does not tell the colours, and 1,200 pairs do not teach "
            "them: what is skin, a heart or a flag comes in orange and brown "
            "more often than in its own colour, large areas are mottled, and "
            "letters are lost. With the paper's dropout in three layers and "
            "patches of 70x70, at this size and budget, FID was 9.84 and areas "
            "were blotches."
        ),
        "scored_on": "emojitwo",
        "data": EMOJI_PAIRS,
    },
    "cyclegan_emoji": {
        "model": lambda: keras_gans.CycleGAN(
            image_shape=(64, 64, 3), filters=16, num_residual_blocks=4
        ),
        "recipe": {
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
            "batch_size": 2,
            "steps": CYCLEGAN_EMOJI_STEPS,
            "generator_optimizer": falling(2e-4, CYCLEGAN_EMOJI_STEPS),
            "discriminator_optimizer": falling(2e-4, CYCLEGAN_EMOJI_STEPS),
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
        "data": EMOJI_STYLES,
    },
    "srresnet_x4_bsds500": {
        "model": lambda: keras_gans.SRResNet(small_srresnet()),
        "recipe": {
            "dataset": "bsds500",
            "high_res": {"augment": True, "splits": {"train": "all"}},
            "batch_size": 8,
            "steps": SRRESNET_BSDS_STEPS,
            "loss": "mean_absolute_error",
            "generator_optimizer": falling(
                1e-3, SRRESNET_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs four times as large, by the error of the "
        "pixels",
        "caption": "Parts of images of Set5, from left to right: bicubic, "
        "this preset, truth.",
        "paper": SRGAN_PAPER + " The loss is the mean absolute error.",
        "compared": "The paper's SRResNet has 32.05 dB on Set5, after a "
        "million steps of batch 16 on ImageNet. This network, of a seventh of "
        "its weights, has seen 400 photographs for less than an hour. The "
        "paper's form in this size, without batch normalization, was tried "
        "first: the squared error at 5e-4 brought it to 29.1 dB in 3,200 "
        "steps of the same data. This one had 30.7 after 4,400.",
        "failures": "What is finer than a few pixels becomes smooth: hair, "
        "grass, the pores of skin. That is what the smallest error asks for. "
        "It knows photographs that were shrunk with antialiasing; noise and "
        "JPEG's blocks are made larger, and sharper.",
        "data": BSDS,
    },
    "srgan_x4_bsds500": {
        "model": lambda: keras_gans.SRGAN(
            small_srresnet(),
            SRGANDiscriminator(filters=24, global_pooling=True),
            content_network="cifar10_classifier",
            # Before the strides of 2 with kernels of 3, whose gradients are
            # a grid. Its features are smaller numbers than VGG19's.
            content_layer="re_lu_1",
            content_weight=0.3,
        ),
        "recipe": {
            "dataset": "bsds500",
            "high_res": {"augment": True, "splits": {"train": "all"}},
            "batch_size": 8,
            "steps": SRGAN_BSDS_STEPS,
            "generator": "srresnet_x4_bsds500",
            "generator_optimizer": falling(1e-4, SRGAN_BSDS_STEPS, beta_1=0.9),
            "discriminator_optimizer": falling(
                4e-4, SRGAN_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs four times as large that look sharp",
        "caption": "Parts of images of Set5, from left to right: bicubic, "
        "`srresnet_x4_bsds500`, this preset, truth.",
        "paper": SRGAN_PAPER
        + " The content loss compares features of `cifar10_classifier` (its "
        "first stage, on images twice as large), a network of ours, in place "
        "of VGG19's; the discriminator has 24 filters and global pooling.",
        "compared": "The paper's SRGAN has 29.40 dB on Set5, 2.65 less than "
        "its SRResNet; this one 1.4 less than `srresnet_x4_bsds500`, at 1.6 "
        "times its sharpness. The distance of features does not see an "
        "advantage (0.0514, SRResNet 0.0487). The GAN's training is short: "
        "with 1,200 steps there is more texture (a sharpness of 12.6, the "
        "truth's), and a grid of dots in it, at 28.38 dB. Two settings with "
        "less weight of the content (0.12 and, before its network saw images "
        "twice as large, 0.2) had that grid from the start.",
        "failures": "Edges become crisp, and hair, feathers and skin hardly "
        "get the texture that they should have. Traces of dots are left along "
        "some edges and in even dark surfaces. It invents what looks likely: "
        "nothing to read number plates with. Noise and JPEG's blocks become "
        "sharp as well.",
        "data": BSDS,
    },
    "srresnet_x4_div2k": srresnet_paper(4),
    "srgan_x4_div2k": srgan_paper(4),
    "srresnet_x2_div2k": srresnet_paper(2),
    "srgan_x2_div2k": srgan_paper(2),
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
    "dcgan_celeb_a": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(64, 64, 3), ema_momentum=0.999
        ),
        "recipe": {"dataset": "celeb_a", "batch_size": 128, "steps": 40000},
        "description": "DCGAN on faces, the paper's size",
        "data": CELEBA,
    },
}


def make_model(name):
    keras_gans.import_models()
    # Keras numbers the names of models: as if this were the only one.
    keras.utils.clear_session()
    return PRESETS[name]["model"]()


def recipe(name):
    return {"seed": 0, **PRESETS[name]["recipe"]}


def write_recipes():
    """Every preset's config and recipe, the index, and the README's table.

    Weights that are there stay.
    """
    index = {"format_version": 1, "presets": {}}
    for name, entry in PRESETS.items():
        folder = ZOO / name
        has_weights = (folder / "model.weights.h5").exists()
        if has_weights:
            (folder / "README.md").write_text(card(name))
            presets.update(folder, recipe=recipe(name))
        else:
            presets.save(
                make_model(name),
                folder,
                recipe=recipe(name),
                metadata={"dataset": entry["data"]},
                weights=False,
            )
            (folder / "README.md").write_text(recipe_card(name))
            presets.update(folder)
        index["presets"][name] = {
            "class": read_metadata(name)["class"],
            "description": entry["description"],
            "dataset": entry["recipe"]["dataset"],
            "weights": has_weights,
        }
    (ZOO / "index.json").write_text(json.dumps(index, indent=2) + "\n")
    readme = ZOO.parent / "README.md"
    before, rest = readme.read_text().split("<!-- zoo: ", 1)
    after = rest.split("<!-- /zoo -->", 1)[1]
    readme.write_text(
        f"{before}<!-- zoo: written by tools/zoo.py -->\n"
        f"{table(index)}\n{scores_table(index)}<!-- /zoo -->{after}"
    )


def table(index):
    lines = [
        "| preset | model | what it draws | weights | score |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, entry in index["presets"].items():
        score = "a recipe: `keras-gans train`"
        size = "no"
        if entry["weights"]:
            score = headline(read_metadata(name))
            files = (ZOO / name).glob("*.h5")
            size = f"{sum(f.stat().st_size for f in files) / 1e6:.1f} MB"
        lines.append(
            f"| [`{name}`](zoo/{name}) | `{entry['class']}` | "
            f"{entry['description']} | {size} | {score} |"
        )
    return "\n".join(lines) + "\n"


HEADLINES = ("L1", "FID", "ab FID", "ab cycle", "PSNR", "SSIM")


def headline(facts):
    """The score of the shipped weights that the README's table shows."""
    if "translation" in facts or "upscaling" in facts:
        found = facts.get("translation") or facts["upscaling"]
        return (
            ", ".join(
                f"{key.split(' (')[0]} {format_score(value)}"
                for key, value in facts["scores"].items()
                if key.split(" (")[0] in HEADLINES
            )
            + f" ({found['protocol']})"
        )
    evaluation = facts.get("evaluation")
    if evaluation is None:
        key, value = next(iter(facts["scores"].items()))
        return f"{key}: {format_score(value)}"
    checkpoint = facts["training"]["checkpoint"].split()[0]
    key, (value, _) = next(iter(evaluation[checkpoint].items()))
    return f"{key} {format_score(value)} ({evaluation['protocol']})"


def scores_table(index):
    """Both checkpoints of every run that was scored, as Markdown."""
    names = ("FID", "KID", "precision", "recall")
    lines = [
        f"| best / last checkpoint | {' | '.join(names)} | protocol |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for preset in index["presets"]:
        evaluation = read_metadata(preset).get("evaluation")
        if not evaluation or "FID" not in evaluation["best"]:
            continue
        cells = [
            " / ".join(
                format_score(evaluation[checkpoint][name][0])
                for checkpoint in ("best", "last")
            )
            for name in names
        ]
        lines.append(
            f"| `{preset}` | {' | '.join(cells)} | {evaluation['protocol']} |"
        )
    return "\n".join(lines) + "\n"


def evaluation_table(facts):
    """FID and its like of the best and the last checkpoint, as Markdown."""
    evaluation = facts["evaluation"]

    def cell(value, std):
        return f"{value:.4g}" + (f" ± {std:.2g}" if std is not None else "")

    rows = [
        f"| {key} | {cell(*evaluation['best'][key])} | "
        f"{cell(*evaluation['last'][key])} |"
        for key in evaluation["best"]
    ]
    head = f"| {evaluation['protocol']} | best | last |\n| --- | --- | --- |"
    return "\n".join([head, *rows])


def format_score(value):
    if isinstance(value, list):
        return " and ".join(format_score(v) for v in value)
    return f"{value:.4g}"


def read_metadata(name):
    return json.loads((ZOO / name / "metadata.json").read_text())


def recipe_card(name):
    entry = PRESETS[name]
    option = data_options(entry)
    source = f"Download and unpack it first: {entry['data'].get('download')}."
    if not option:
        option = " --data-dir FOLDER_OF_TFDS_DATA"
        source = "The first run downloads it through TensorFlow Datasets."
    start = entry["recipe"].get("generator")
    if start and not (ZOO / start / "model.weights.h5").exists():
        option += f" --generator runs/{start}/best"
        source += f" Train `{start}` before: this preset starts from it."
    paragraphs = [
        f"# {name}",
        f"{sentence(entry['description'])} A recipe: it has no weights yet.",
        f"```\nkeras-gans train {name}{option}\n```",
        f"Data: {entry['data']['name']}. Licence of the data: "
        f"{entry['data']['license']}. {source}",
    ]
    return as_text(paragraphs)


def as_text(paragraphs):
    """Paragraphs of a card, wrapped, but for tables and code."""
    return (
        "\n\n".join(
            p
            if p[0] in "#|`"
            else textwrap.fill(
                p, 79, break_long_words=False, break_on_hyphens=False
            )
            for p in paragraphs
            if p
        )
        + "\n"
    )


def sentence(text):
    return f"{text[0].upper()}{text[1:]}."


def where_from(entry):
    found = entry["data"].get("download")
    return f" The data come from {found}." if found else ""


def data_options(entry):
    """What `keras-gans train` is told of data that it cannot find itself."""
    if "download" not in entry["data"]:
        return ""
    return " --data FOLDER" + (
        " --data-b FOLDER" if "dataset_b" in entry["recipe"] else ""
    )


def card(name):
    """The model card: everything measured comes from the metadata."""
    import zoo_translations
    import zoo_upscaling

    entry, facts = PRESETS[name], read_metadata(name)
    rows = "\n".join(
        f"| {key} | {format_score(value)} |"
        for key, value in facts.get("scores", {}).items()
    )
    run, plan = facts["training"], recipe(name)
    (by,) = (key for key in BEST_BY if f"best_{key}" in run)
    translates = "translation" in facts
    by_words = BEST_TRANSLATION if translates else BEST_BY[by]
    paragraphs = [
        f"# {name}",
        sentence(entry["description"]),
        "![samples](samples.png)",
        entry.get("caption", ""),
        f"**Paper.** {entry['paper']}",
        f"**Data.** {sentence(entry['data']['name'])} Licence of the data: "
        f"{entry['data']['license']}. The weights are under Apache-2.0."
        + where_from(entry),
        f"**Command.** Seed {plan['seed']}, {run['steps']:,} generator updates "
        f"of batch {plan['batch_size']}, {run['minutes']:.1f} minutes on "
        f"{run['hardware']}, Keras {facts['keras_version']} on "
        f"{facts['backend']}.",
        f"```\nkeras-gans train {name}{data_options(entry)}\n```",
        f"**Scores** of these weights, the {run['checkpoint']}; a single run.",
        zoo_translations.table(facts)
        if translates
        else zoo_upscaling.table(facts)
        if "upscaling" in facts
        else f"| score | value |\n| --- | --- |\n{rows}",
        "The best and the last checkpoint of the run, as `keras-gans "
        "evaluate` scores them:"
        if "evaluation" in facts
        else "",
        evaluation_table(facts) if "evaluation" in facts else "",
        f"{by_words}, as the run's log has it (it ranks the checkpoints of "
        f"one run and is no FID): best {run[f'best_{by}']:.4f} at step "
        f"{run['best_step']:,}, last {run[f'last_{by}']:.4f} at step "
        f"{run['steps']:,}.",
        f"**Ours against the paper's.** {entry['compared']}",
        f"**Known failures.** {entry['failures']}",
    ]
    return as_text(paragraphs)


def publish(name, run, checkpoint, hardware, ablations, plan, test_data):
    """Takes a run's preset into the zoo, in float16, with a sample grid.

    Args:
        name: The preset.
        run: Path of the run folder.
        checkpoint: `"best"` or `"last"`.
        hardware: String, what the run was made on.
        ablations: Pairs of label and run folder, see `zoo_translations`.
        plan: The recipe, with the data to score on.
        test_data: Folder of `HR` and `LR` images, see `zoo_upscaling`.
    """
    import score
    import zoo_translations
    import zoo_upscaling

    from keras_gans import datasets, runs

    keras_gans.import_models()
    folder = ZOO / name
    gan = presets.load(run / checkpoint)
    presets.save(
        gan,
        folder,
        dtype="float16",
        recipe=recipe(name),
        metadata={
            "dataset": PRESETS[name]["data"],
            "license": "Apache-2.0",
            "training": {
                **log_of_run(run, checkpoint),
                "hardware": hardware,
            },
        },
    )
    # As a user will see it: from the stored float16.
    gan = presets.load(folder)
    if hasattr(gan, "upscale"):
        metadata, picture = zoo_upscaling.facts(folder, plan, test_data)
    elif hasattr(gan, "translate"):
        metadata, picture = zoo_translations.facts(
            name, folder, ablations, plan, PRESETS[name]["scored_on"]
        )
    else:
        golden = gan.generate(4, seed=0).astype("float64").reshape(4, -1)
        metadata = {
            "scores": score.score(str(folder), plan["dataset"]),
            "golden": golden.mean(axis=1).round(4).tolist(),
        }
        reference = None
        if plan["dataset"] in ("ring", "grid"):
            reference = getattr(datasets, plan["dataset"])(2500)
        picture = runs.draw_samples(gan, 0, reference)
    presets.update(folder, metadata=metadata)
    picture.save(folder / "samples.png")
    write_recipes()


def log_of_run(run, checkpoint):
    """What the card says of the training."""
    from keras_gans import runs

    with (run / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The run's own choice. Runs of before there was one went by "swd".
    plan = json.loads((run / "run.json").read_text())["recipe"]
    by = runs.BEST_BY[plan.get("best_by", "swd")][-1]
    best = json.loads((run / "best" / "metadata.json").read_text())["step"]
    (best,) = (row for row in rows if int(row["step"]) == best)
    chosen = best if checkpoint == "best" else rows[-1]
    return {
        "steps": int(rows[-1]["step"]),
        "minutes": sum(float(row["seconds"]) for row in rows) / 60,
        "checkpoint": f"{checkpoint} checkpoint (step {int(chosen['step']):,})",
        f"best_{by}": float(best[by]),
        "best_step": int(best["step"]),
        f"last_{by}": float(rows[-1][by]),
    }


def score_run(name, run):
    """Scores a run's two checkpoints, into the metadata, card and README."""
    from keras_gans import cli, metrics, runs

    evaluation, chosen = {}, "fid,kid,prdc"
    if runs.toy(recipe(name)["dataset"]):
        chosen = f"modes,{chosen}"
    for checkpoint in ("best", "last"):
        out = run / f"scores_{checkpoint}.json"
        command = ["evaluate", str(run), "--data", recipe(name)["dataset"]]
        command += ["--checkpoint", checkpoint, "-o", str(out)]
        command += ["--metrics", chosen]
        if cli.main(command):
            raise SystemExit(1)
        scores = [
            metrics.Score.from_json(item)
            for item in json.loads(out.read_text())["scores"]
        ]
        evaluation["protocol"] = str(scores[0].protocol)
        evaluation[checkpoint] = {s.name: [s.value, s.std] for s in scores}
    presets.update(ZOO / name, metadata={"evaluation": evaluation})
    write_recipes()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("recipes")
    for action in ("publish", "score", "ablate"):
        command = commands.add_parser(action)
        command.add_argument("name", choices=PRESETS)
        if action == "ablate":
            command.add_argument("ablation")
        command.add_argument("run", type=pathlib.Path, help="run folder")
        if action == "score":
            continue
        command.add_argument("--data", help="in place of the recipe's")
        command.add_argument("--data-b")
        if action == "publish":
            command.add_argument(
                "--checkpoint", choices=("best", "last"), default="best"
            )
            command.add_argument("--hardware", required=True)
            command.add_argument(
                "--ablation", nargs=2, action="append", default=[]
            )
            command.add_argument("--test-data", help="folder of HR and LR")
    args = parser.parse_args()
    if args.command == "recipes":
        write_recipes()
        return
    if args.command == "score":
        score_run(args.name, args.run)
        return
    plan = recipe(args.name)
    if args.data:
        plan["dataset"] = args.data
    if args.data_b:
        plan["dataset_b"] = args.data_b
    if args.command == "publish":
        publish(
            args.name,
            args.run,
            args.checkpoint,
            args.hardware,
            args.ablation,
            plan,
            args.test_data,
        )
    else:
        import zoo_translations

        keras.utils.set_random_seed(plan["seed"])
        model = make_model(args.name)
        zoo_translations.ablate(args.name, args.ablation, model, plan, args.run)


if __name__ == "__main__":
    main()
