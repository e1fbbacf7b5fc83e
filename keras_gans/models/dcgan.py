"""DCGAN: "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks" (Radford et al., 2015).

https://arxiv.org/abs/1511.06434

The game of Goodfellow et al. between two convolutional networks without
pooling or hidden dense layers: strided convolutions down, transposed ones up,
batch normalization in both, ReLU in the generator, LeakyReLU in the
discriminator, weights from N(0, 0.02), Adam with beta_1 = 0.5.

Deviations from the paper: kernels are 4x4 instead of 5x5, as in the authors'
PyTorch code and its descendants (4 divides by the stride, so no checkerboard),
latents are normal instead of uniform, and the depth follows from the image, so
that 28x28 and 32x32 work as 64x64 does. Adam's epsilon is Keras's 1e-7, where
the authors' framework has 1e-8.
"""

import keras
from keras import layers

from keras_gans import losses
from keras_gans.checks import check_integer
from keras_gans.layers import (
    dcgan_discriminator_stack,
    dcgan_generator_stack,
    discriminator_normalization,
    logits_layer,
)
from keras_gans.models.gan import GAN, packed_shape
from keras_gans.models.starting import STEPS, rates

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class DCGANGenerator(keras.Model):
    """Latents `(batch, latent_dim)` to images in [-1, 1].

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, half the filters of the last hidden layer; they
            double towards the latents (64: 1024, 512, 256, 128 for 64x64).
        crop: Integer, pixels to cut from every side of a larger image. With 2,
            28x28 digits are the middle of 32x32 images that grow from 4x4:
            one layer more than from 7x7, as many as the discriminator has.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(64, 64, 3),
        latent_dim=100,
        filters=64,
        crop=0,
        name="generator",
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("crop", crop, minimum=0)
        inputs = keras.Input((latent_dim,), name="latents")
        outputs = dcgan_generator_stack(inputs, image_shape, filters, crop)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "latent_dim": latent_dim,
            "filters": filters,
            "crop": crop,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class DCGANDiscriminator(keras.Model):
    """Images in [-1, 1] to one logit.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        filters: Integer, the filters of the first layer; they double from
            layer to layer (64: 64, 128, 256, 512 for 64x64 images).
        normalization: `"batch"`, `"spectral"` or `None`.
    """

    def __init__(
        self,
        image_shape=(64, 64, 3),
        filters=64,
        normalization="batch",
        name="discriminator",
        **kwargs,
    ):
        check_integer("filters", filters, minimum=1)
        inputs = keras.Input(image_shape, name="images")
        x = dcgan_discriminator_stack(
            inputs, image_shape, filters, normalization
        )
        outputs = logits_layer(normalization == "spectral")(layers.Flatten()(x))
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": filters,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class DCGAN(GAN):
    """The deep convolutional GAN; `train_step` is the one of `GAN`.

    Example:

    ```python
    gan = keras_gans.DCGAN(image_shape=(28, 28, 1))
    gan.compile()
    gan.fit(keras_gans.datasets.load("mnist", batch_size=128), epochs=10)
    digits = gan.generate(64, seed=0)  # uint8, (64, 28, 28, 1)
    ```

    Args:
        generator: `keras.Model`, `None` for a `DCGANGenerator`.
        discriminator: `keras.Model`, `None` for a `DCGANDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width of the default networks: 64 is the paper's.
        spectral_normalization: Boolean, normalize the default discriminator
            by its spectral norms instead of by batches. With the hinge loss
            this is SNGAN (Miyato et al., 2018).
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        **kwargs: Those of `GAN`: `discriminator_steps`, `label_smoothing`,
            `augment`, `ema_momentum`, `seed`, `name`, penalties and others.
            With an `r1_weight` or `r2_weight` the default discriminator has no
            BatchNormalization.

    Raises:
        ValueError: If the default networks cannot make `image_shape`; the
            message names the nearest shapes that they can.

    Reference:
        Radford et al., "Unsupervised Representation Learning with Deep
        Convolutional Generative Adversarial Networks", 2015.
    """

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(64, 64, 3),
        latent_dim=100,
        filters=64,
        spectral_normalization=False,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        **kwargs,
    ):
        super().__init__(
            generator or DCGANGenerator(image_shape, latent_dim, filters),
            discriminator
            or DCGANDiscriminator(
                packed_shape(image_shape, **kwargs),
                filters,
                discriminator_normalization(spectral_normalization, **kwargs),
            ),
            latent_dim=latent_dim,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )

    @classmethod
    def starting_point(cls, image_shape):
        # SNGAN with two time scales: it does not need to be watched.
        arguments = {
            "filters": 32,
            "spectral_normalization": True,
            "generator_loss": losses.hinge_generator_loss,
            "discriminator_loss": losses.hinge_discriminator_loss,
            "ema_momentum": 0.998,
        }
        return arguments, {"batch_size": 64, **rates(STEPS, 2e-4, 4e-4)}
