"""Recipes for a GPU: what `train_presets.py` trains in place of a preset's.

An entry has what it changes of the entry of `presets/` of that name, `model`
and `recipe`, and what no recipe says: `dtype_policy`, and `flips`, whether
samples are mirrored half of the time. `steps` are those of the schedules, which
the tool stretches to the time that there is.
"""

from recipes import decaying, falling

import keras_gans
from keras_gans.models.conditional_gan import (
    ConditionalGANDiscriminator,
    ConditionalGANGenerator,
)
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator
from keras_gans.models.pix2pix import UNetGenerator
from keras_gans.models.resnet import ResNetDiscriminator, ResNetGenerator

HINGE = {
    "generator_loss": keras_gans.losses.hinge_generator_loss,
    "discriminator_loss": keras_gans.losses.hinge_discriminator_loss,
}


def two_rates(dataset, batch_size, steps, updates=1, rates=(2e-4, 4e-4)):
    """Adam without momentum, falling; `updates` of the discriminator a step."""
    generator, discriminator = (
        decaying("Adam", rate, n * steps, beta_1=0.0, beta_2=0.9)
        for rate, n in zip(rates, (1, updates))
    )
    return {
        "dataset": dataset,
        "batch_size": batch_size,
        "steps": steps,
        "generator_optimizer": generator,
        "discriminator_optimizer": discriminator,
    }


def avatars():
    return keras_gans.DCGAN(
        DCGANGenerator((32, 32, 3), 100, filters=32),
        DCGANDiscriminator((32, 32, 3), 32, normalization="spectral"),
        ema_momentum=0.998,
        **HINGE,
    )


def conditional(num_classes, filters, ema_momentum):
    """Of images of 32x32, by projection."""
    shape = (32, 32, 3)
    return keras_gans.ConditionalGAN(
        generator=ConditionalGANGenerator(shape, num_classes, 128, filters),
        discriminator=ConditionalGANDiscriminator(
            shape,
            num_classes,
            filters,
            projection=True,
            normalization="spectral",
        ),
        num_classes=num_classes,
        latent_dim=128,
        ema_momentum=ema_momentum,
        **HINGE,
    )


def residual(model, normalization, updates, filters=128, **more):
    shape = (32, 32, 3)
    return model(
        ResNetGenerator(shape, 128, filters),
        ResNetDiscriminator(shape, filters, normalization=normalization),
        latent_dim=128,
        discriminator_steps=updates,
        ema_momentum=0.999,
        **more,
    )


def with_steps(recipe, steps, rate, batch_size):
    """A recipe of the zoo's in other batches, its rates falling in its half."""
    return {
        **recipe,
        "batch_size": batch_size,
        "steps": steps,
        "generator_optimizer": falling(rate, steps),
        "discriminator_optimizer": falling(rate, steps),
    }


RECIPES = {
    "dcgan_pixel_avatars": {
        "model": avatars,
        "recipe": two_rates("avatars_pixel", 64, 20000),
    },
    "conditional_gan_pixel_avatars": {
        "model": lambda: conditional(11, 32, 0.998),
        "recipe": {
            **two_rates("avatars_pixel_hair", 64, 20000),
            "labels": True,
        },
    },
    "sngan_cifar10": {
        "model": lambda: residual(keras_gans.GAN, "spectral", 3, **HINGE),
        "recipe": two_rates("cifar10", 3 * 64, 10000, 3),
        "dtype_policy": "mixed_bfloat16",
        "flips": True,
    },
    "conditional_gan_cifar10": {
        "model": lambda: conditional(10, 64, 0.999),
        "recipe": {**two_rates("cifar10", 64, 40000), "labels": True},
        "flips": True,
    },
    "wgan_gp_cifar10": {
        "model": lambda: residual(keras_gans.WGANGP, None, 3),
        "recipe": two_rates("cifar10", 3 * 64, 10000, 3, (2e-4, 2e-4)),
        "dtype_policy": "mixed_bfloat16",
        "flips": True,
    },
    "pix2pix_emoji": {
        "model": lambda: keras_gans.Pix2Pix(
            generator=UNetGenerator(
                (64, 64, 3),
                filters=48,
                normalization="instance",
                dropout_layers=(0,),
            ),
            image_shape=(64, 64, 3),
            filters=48,
            patch_size=34,
            normalization="instance",
        ),
        "recipe": lambda recipe: with_steps(recipe, 20000, 2e-4, 8),
    },
    "cyclegan_emoji": {
        "model": lambda: keras_gans.CycleGAN(
            image_shape=(64, 64, 3), filters=32, num_residual_blocks=6
        ),
        "recipe": lambda recipe: with_steps(recipe, 20000, 2e-4, 4),
    },
    "srgan_x4_bsds500": {},
}
