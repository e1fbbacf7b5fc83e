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
    batch_normalization,
    dcgan_base_shape,
    first_residual_block,
    global_pooling,
    halving_residual_block,
    logits_layer,
    output_dtype,
    residual_block,
    upsampling_residual_block,
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
            x = upsampling_residual_block(x, filters, batch_normalization)
        x = layers.ReLU()(batch_normalization(x))
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
        x = first_residual_block(inputs, filters, normalization)
        for _ in range(max(doublings - 2, 1)):
            x = halving_residual_block(x, filters, normalization)
        for _ in range(2):
            x = residual_block(x, filters, normalization)
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
