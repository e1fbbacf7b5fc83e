"""The models that the harness tests: a new model is one new entry here."""

import dataclasses
import typing

import keras
import numpy as np

import keras_gans
from keras_gans.layers import SpectralNormalization
from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator

LATENT_DIM = 4
IMAGE_SHAPE = (8, 8, 1)
NUM_CLASSES = 3


@dataclasses.dataclass(frozen=True)
class Case:
    """A model, tiny, and data for it.

    Attributes:
        name: What pytest prints.
        build: Function of the model's keyword arguments.
        example_shape: Shape of one example.
        num_classes: Integer, or `None` for a model without labels.
        logs: What `fit` logs.
        unseen: How many weights no loss depends on. A Wasserstein loss is a
            difference of scores, which a bias of the last layer leaves.
        translates: Boolean, images in and images out, trained on pairs.
        upscales: Boolean, such a model whose outputs are twice as large.
        rounds: Boolean, whether two equal trainings differ in their last bits
            at times, on TensorFlow, in one thread as well: kernels that choose
            their way by where in memory a tensor lies.
    """

    name: str
    build: typing.Callable
    example_shape: tuple = IMAGE_SHAPE
    num_classes: int | None = None
    logs: tuple = ("d_loss", "g_loss")
    unseen: int = 0
    translates: bool = False
    upscales: bool = False
    rounds: bool = False

    @property
    def evaluated(self):
        """What `evaluate` logs: all but penalties."""
        return self.logs if self.translates else self.logs[:2]

    def data(self, n=32, seed=0):
        """`(x,)` or `(x, y)` as NumPy arrays, images in [-1, 1]."""
        rng = np.random.default_rng(seed)
        x = np.tanh(rng.normal(size=(n, *self.example_shape)))
        x = x.astype("float32")
        if self.upscales:
            return x[:, ::2, ::2], x
        if self.translates:
            return x, np.tanh(2 * x[:, ::-1] + 0.2)
        if self.num_classes is None:
            return (x,)
        return x, rng.integers(0, self.num_classes, n).astype("int32")

    def inputs(self, n, seed=0):
        """Inputs of the inference network."""
        if self.translates:
            return self.data(n, seed)[0]
        rng = np.random.default_rng(seed)
        z = rng.normal(size=(n, LATENT_DIM)).astype("float32")
        if self.num_classes is None:
            return z
        return [z, (np.arange(n) % self.num_classes).astype("int32")]

    def samples(self, model):
        """What users get of it: uint8 images."""
        if not self.translates:
            return model.generate(4, seed=0)
        images = np.random.default_rng(0).integers(
            0, 256, (4, *self.example_shape)
        )
        images = images.astype("uint8")
        if self.upscales:
            return np.stack([model.upscale(image) for image in images])
        return model.translate(images, seed=0)


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


CASES = [
    Case("gan", tiny_gan),
    Case("dcgan", tiny_dcgan),
    Case("conditional_gan", tiny_conditional_gan, num_classes=NUM_CLASSES),
    Case("wgan", tiny_wgan, unseen=1),
    Case("wgan_gp", tiny_wgan_gp, logs=("d_loss", "g_loss", "gp"), unseen=1),
    Case(
        "pix2pix",
        tiny_pix2pix,
        logs=("d_loss", "g_loss", "l1_loss"),
        translates=True,
    ),
    Case(
        "cyclegan",
        tiny_cyclegan,
        logs=("d_loss", "g_loss", "cycle_loss", "identity_loss"),
        translates=True,
    ),
    Case(
        "srgan",
        tiny_srgan,
        (16, 16, 1),
        logs=("d_loss", "g_loss", "content_loss"),
        unseen=2,  # The content network's.
        translates=True,
        upscales=True,
        rounds=True,
    ),
]
SAMPLING = [case for case in CASES if not case.translates]


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
