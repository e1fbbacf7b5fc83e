"""The residual networks for small images of WGAN-GP and SNGAN.

"Improved Training of Wasserstein GANs" (Gulrajani et al., 2017, appendix F)
and "Spectral Normalization for Generative Adversarial Networks" (Miyato et
al., 2018, table 4) train the same pair on CIFAR-10: the generator of three
residual blocks that double the resolution, with batch normalization; the
discriminator of four blocks, two of which halve it, without.

They differ in width (the generator has 128 and 256 filters), in spectral
normalization, and in the end of the discriminator: the mean over positions in
the first, their sum in the second, and with spectral normalization here.

Deviation from both: the resolution follows from the image as in DCGAN, so that
28x28 grows from 7x7 and 64x64 from 4x4; at 32x32 it is the papers'.
"""

import keras
from keras import layers

from keras_gans.checks import check_integer
from keras_gans.layers import (
    SpectralNormalization,
    dcgan_base_shape,
    global_pooling,
    logits_layer,
    output_dtype,
)

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ResNetGenerator(keras.Model):
    """Latents `(batch, latent_dim)` to images in [-1, 1].

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, of all convolutions: 128 in WGAN-GP, 256 in SNGAN.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(32, 32, 3),
        latent_dim=128,
        filters=128,
        name="generator",
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        check_integer("filters", filters, minimum=1)
        (height, width), doublings = dcgan_base_shape(image_shape)
        inputs = keras.Input((latent_dim,), name="latents")
        x = layers.Dense(height * width * filters)(inputs)
        x = layers.Reshape((height, width, filters))(x)
        for _ in range(doublings):
            x = _up_block(x, filters)
        x = layers.ReLU()(_batch_norm()(x))
        outputs = layers.Conv2D(
            image_shape[-1],
            3,
            padding="same",
            activation="tanh",
            dtype=output_dtype(),
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "latent_dim": latent_dim,
            "filters": filters,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class ResNetDiscriminator(keras.Model):
    """Images in [-1, 1] to one logit.

    Args:
        image_shape: `(height, width, channels)`, as the generator's. Above
            32x32 there is one more halving block per doubling.
        filters: Integer, of all convolutions; the papers' is 128.
        normalization: `"layer"` in every block but the first, `"spectral"`
            for all convolutions and the last layer, or `None`. Layer
            normalization has a scale and an offset per channel.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        filters=128,
        normalization=None,
        name="discriminator",
        **kwargs,
    ):
        check_integer("filters", filters, minimum=1)
        if normalization not in ("layer", "spectral", None):
            raise ValueError(
                'normalization must be "layer", "spectral" or None. '
                f"Received: normalization={normalization!r}"
            )
        _, doublings = dcgan_base_shape(image_shape)
        inputs = keras.Input(image_shape, name="images")
        x = _first_block(inputs, filters, normalization)
        for _ in range(max(doublings - 2, 1)):
            x = _down_block(x, filters, normalization, halve=True)
        for _ in range(2):
            x = _down_block(x, filters, normalization, halve=False)
        spectral = normalization == "spectral"
        x = global_pooling(layers.ReLU()(x), spectral)
        outputs = logits_layer(spectral)(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": filters,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- blocks ---------------------------------------------------------------


def _batch_norm():
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _convolution(filters, size=3, spectral=False, relu=True):
    # He's initialization before a ReLU, Glorot's on the shortcuts.
    layer = layers.Conv2D(
        filters,
        size,
        padding="same",
        kernel_initializer="he_uniform" if relu else "glorot_uniform",
    )
    return SpectralNormalization(layer) if spectral else layer


def _up_block(x, filters):
    """Batch normalization, ReLU, doubling and convolution, twice."""
    shortcut = _convolution(filters, 1, relu=False)(layers.UpSampling2D()(x))
    x = layers.ReLU()(_batch_norm()(x))
    x = _convolution(filters)(layers.UpSampling2D()(x))
    x = layers.ReLU()(_batch_norm()(x))
    x = _convolution(filters)(x)
    return layers.Add()([x, shortcut])


def _first_block(x, filters, normalization):
    """Starts with a convolution: a ReLU would cut the image's dark half."""
    spectral = normalization == "spectral"
    shortcut = layers.AveragePooling2D(2)(x)
    shortcut = _convolution(filters, 1, spectral, relu=False)(shortcut)
    x = layers.ReLU()(_convolution(filters, 3, spectral)(x))
    x = layers.AveragePooling2D(2)(_convolution(filters, 3, spectral)(x))
    return layers.Add()([x, shortcut])


def _down_block(x, filters, normalization, halve):
    spectral = normalization == "spectral"
    shortcut = x
    for _ in range(2):
        if normalization == "layer":
            # One group: statistics of the whole example, a scale per channel.
            x = layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
        x = layers.ReLU()(x)
        x = _convolution(filters, 3, spectral)(x)
    if halve:
        shortcut = _convolution(filters, 1, spectral, relu=False)(shortcut)
        x = layers.AveragePooling2D(2)(x)
        shortcut = layers.AveragePooling2D(2)(shortcut)
    return layers.Add()([x, shortcut])
