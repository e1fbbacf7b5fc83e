"""What the harness knows of a model, the tiny models, and their helpers."""

import dataclasses
import functools
import importlib
import pathlib
import re
import typing

import keras
import numpy as np

import keras_gans
from keras_gans.layers import SpectralNormalization
from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.models.inpainting_gan import (
    InpaintingGenerator,
    SNPatchGANDiscriminator,
)
from keras_gans.models.progressive_gan import (
    ProgressiveGANDiscriminator,
    ProgressiveGANGenerator,
)
from keras_gans.models.real_esrgan import UNetDiscriminator
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator
from keras_gans.models.srvggnet import SRVGGNetCompactGenerator

LATENT_DIM = 4
IMAGE_SHAPE = (8, 8, 1)
NUM_CLASSES = 3
MODELS = pathlib.Path(__file__).with_name("models")


@dataclasses.dataclass(frozen=True)
class Case:
    """A model, tiny, for the harness: `CASE` of its tests/models/test_x.py.

    Attributes:
        model: The model's class.
        build: Function of the model's keyword arguments.
        logs: What `fit` logs.
        only_in_training: Which of them `evaluate` does not log: penalties.
        turns: The players, in the order of a step.
        unseen: How many weights no loss depends on. A Wasserstein loss is a
            difference of scores, which a bias of the last layer leaves.
        rounds: Boolean, whether two equal trainings differ in their last bits
            at times, on TensorFlow, in one thread as well: kernels that choose
            their way by where in memory a tensor lies.
        drift: Float, how far weights may be, in the mean, from those of the
            same steps operation by operation: more where the statistics of a
            few pixels amplify rounding.
    """

    model: type
    build: typing.Callable
    logs: tuple = ("d_loss", "g_loss")
    only_in_training: tuple = ()
    turns: tuple = ("discriminator", "generator")
    unseen: int = 0
    rounds: bool = False
    drift: float = 1e-4

    @property
    def name(self):
        """What pytest prints: the paper's module."""
        return self.model.__module__.rpartition(".")[2]

    @property
    def task(self):
        """The name of the kind of model."""
        return self.model.task_name


@functools.cache
def cases():
    """The `CASE` of every tests/models/test_*.py that has one."""
    found = []
    for path in sorted(MODELS.glob("test_*.py")):
        if re.search(r"^CASE = ", path.read_text(), re.MULTILINE):
            found.append(importlib.import_module(path.stem).CASE)
    return found


def tiny_gan(example_shape=IMAGE_SHAPE, batch_normalization=True, **kwargs):
    return keras_gans.GAN(
        GANGenerator(
            example_shape,
            LATENT_DIM,
            units=(8, 8),
            batch_normalization=batch_normalization,
        ),
        GANDiscriminator(example_shape, units=(8,)),
        latent_dim=LATENT_DIM,
        **kwargs,
    )


def tiny_dcgan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": LATENT_DIM,
        "filters": 4,
    }
    return keras_gans.DCGAN(**{**arguments, **kwargs})


def tiny_conditional_gan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "num_classes": NUM_CLASSES,
        "latent_dim": LATENT_DIM,
        "filters": 4,
    }
    return keras_gans.ConditionalGAN(**{**arguments, **kwargs})


def tiny_wgan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": LATENT_DIM,
        "filters": 4,
        "discriminator_steps": 2,
        # The initial weights are below 0.01 or clipped to it, all of them.
        "clip_value": 0.1,
    }
    return keras_gans.WGAN(**{**arguments, **kwargs})


def tiny_wgan_gp(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": LATENT_DIM,
        "filters": 4,
        "discriminator_steps": 2,
    }
    return keras_gans.WGANGP(**{**arguments, **kwargs})


def tiny_r3gan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": LATENT_DIM,
        "filters": 4,
    }
    return keras_gans.R3GAN(**{**arguments, **kwargs})


def tiny_progressive_gan(stage=1, **kwargs):
    networks = {
        "generator": ProgressiveGANGenerator(
            IMAGE_SHAPE, LATENT_DIM, filters=4, stage=stage
        ),
        "discriminator": ProgressiveGANDiscriminator(
            IMAGE_SHAPE, filters=4, stage=stage
        ),
    }
    # In the middle of a fade all layers are in use.
    arguments = {"latent_dim": LATENT_DIM, "fade_images": 128}
    return keras_gans.ProgressiveGAN(**{**networks, **arguments, **kwargs})


def tiny_stylegan2(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": LATENT_DIM,
        "filters": 4,
        "r1_weight": 1.0,
        "penalty_fraction": 0.5,
        "path_length_weight": 2.0,
    }
    return keras_gans.StyleGAN2(**{**arguments, **kwargs})


def tiny_pix2pix(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "output_channels": 1,
        "filters": 4,
        "patch_size": 16,
        "dropout_at_test": False,
    }
    return keras_gans.Pix2Pix(**{**arguments, **kwargs})


def tiny_cyclegan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "filters": 4,
        "num_residual_blocks": 1,
        "patch_size": 16,
        "pool_size": 12,
    }
    return keras_gans.CycleGAN(**{**arguments, **kwargs})


def tiny_inpainting_gan(**kwargs):
    discriminator = SNPatchGANDiscriminator(2, filters=4, depth=2)
    # Below the hinge's margin the last bias cancels.
    bias = discriminator.layers[-1].layer.bias
    bias.assign(np.full(bias.shape, 0.9))
    arguments = {
        "generator": InpaintingGenerator(1, filters=4, depth=2),
        "discriminator": discriminator,
        "image_shape": IMAGE_SHAPE,
        # Else one of the two would not be seen to train.
        "adversarial_weight": 1.0,
    }
    return keras_gans.InpaintingGAN(**{**arguments, **kwargs})


def tiny_srgan(**kwargs):
    content = keras.Sequential(
        [keras.Input((None, None, 1)), keras.layers.Conv2D(3, 3)]
    )
    arguments = {
        "generator": SRResNetGenerator(
            scale=2, channels=1, filters=4, num_residual_blocks=1
        ),
        "discriminator": SRGANDiscriminator((16, 16, 1), filters=2),
        "image_shape": (16, 16, 1),
        "content_network": content,
        # Else one of the two would not be seen to train.
        "content_weight": 1.0,
        "adversarial_weight": 1.0,
    }
    return keras_gans.SRGAN(**{**arguments, **kwargs})


def tiny_esrgan(**kwargs):
    content = keras.Sequential(
        [keras.Input((None, None, 1)), keras.layers.Conv2D(3, 3)]
    )
    arguments = {
        "generator": RRDBNetGenerator(
            scale=2, channels=1, num_blocks=1, filters=4, growth=2
        ),
        # Without a last bias, which no loss of differences depends on.
        "discriminator": keras.Sequential(
            [
                keras.Input((16, 16, 1)),
                keras.layers.Conv2D(3, 3, strides=2, activation="leaky_relu"),
                keras.layers.Flatten(),
                keras.layers.Dense(1, use_bias=False, dtype="float32"),
            ]
        ),
        "image_shape": (16, 16, 1),
        "content_network": content,
        # Else one of the three would not be seen to train.
        "adversarial_weight": 1.0,
        "l1_weight": 1.0,
    }
    return keras_gans.ESRGAN(**{**arguments, **kwargs})


def tiny_real_esrgan(**kwargs):
    inputs = keras.Input((None, None, 1))
    first = keras.layers.Conv2D(3, 3)(inputs)
    second = keras.layers.Conv2D(3, 3, activation="tanh")(first)
    arguments = {
        # The authors' small network: ESRGAN's case has their large one.
        "generator": SRVGGNetCompactGenerator(
            scale=2, channels=1, filters=4, num_convs=1
        ),
        "discriminator": UNetDiscriminator(1, filters=2),
        "image_shape": (16, 16, 1),
        "content_network": keras.Model(inputs, [first, second]),
        "content_layers": {"first": 0.5, "second": 1.0},
        "adversarial_weight": 1.0,
    }
    return keras_gans.RealESRGAN(**{**arguments, **kwargs})


def points_wgan_gp(**kwargs):
    return keras_gans.WGANGP(
        GANGenerator((2,), LATENT_DIM, units=(8, 8), batch_normalization=False),
        GANDiscriminator((2,), units=(8, 8)),
        latent_dim=LATENT_DIM,
        **{"discriminator_steps": 2, **kwargs},
    )


def points_wgan(**kwargs):
    return keras_gans.WGAN(
        GANGenerator((2,), LATENT_DIM, units=(8, 8), batch_normalization=False),
        GANDiscriminator((2,), units=(8, 8)),
        latent_dim=LATENT_DIM,
        **{"discriminator_steps": 2, "clip_value": 0.1, **kwargs},
    )


def points_spectral_gan(**kwargs):
    dense = [
        SpectralNormalization(keras.layers.Dense(units)) for units in (8, 1)
    ]
    discriminator = keras.Sequential(
        [keras.Input((2,)), dense[0], keras.layers.LeakyReLU(0.2), dense[1]]
    )
    return keras_gans.GAN(
        GANGenerator((2,), LATENT_DIM, units=(8, 8), batch_normalization=False),
        discriminator,
        latent_dim=LATENT_DIM,
        **{"discriminator_steps": 2, **kwargs},
    )


def points_gan(**kwargs):
    """Two-dimensional points, and no BatchNorm anywhere."""
    return tiny_gan((2,), batch_normalization=False, **kwargs)


def adam(learning_rate=1e-3, **kwargs):
    return keras.optimizers.Adam(learning_rate, beta_1=0.5, **kwargs)


def fit(model, *data, **kwargs):
    """`fit` in the order of the data, without a progress bar."""
    arguments = {"batch_size": 8, "shuffle": False, "verbose": 0}
    return model.fit(*data, **{**arguments, **kwargs}).history


def weights_of(model):
    """Copies of all of a model's weights, by path and order."""
    return [
        np.array(keras.ops.convert_to_numpy(v), "float64")
        for v in model.weights
    ]


def assert_equal(a, b, **tolerance):
    """Lists of arrays are equal, or close with `rtol`/`atol`."""
    assert len(a) == len(b)
    for left, right in zip(a, b):
        if tolerance:
            np.testing.assert_allclose(left, right, **tolerance)
        else:
            np.testing.assert_array_equal(left, right)


def changed(a, b):
    """Whether any array of the lists differs."""
    return any((left != right).any() for left, right in zip(a, b))
