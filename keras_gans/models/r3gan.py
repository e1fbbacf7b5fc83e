"""R3GAN: "The GAN is dead; long live the GAN! A Modern GAN Baseline" (Huang et
al., 2024).

https://arxiv.org/abs/2501.05441

A loss that needs no tricks, and networks that need none either. Real and
generated examples are judged in pairs,

    L(D, G) = E[f(D(G(z)) - D(x))],  f(t) = -log(1 + exp(-t)),

so that a generator which leaves out a mode pays for it, and D has a slope
penalty at both: R1 at real examples, R2 at generated ones. The first alone
leaves the pairs' game without a guarantee that it converges. The networks are
residual ones without normalization, whose blocks start as the identity.

Deviations from the paper: Adam's beta_2 is 0.99 throughout, where theirs goes
from 0.9 to 0.99, and the EMA has the warm-up of `SamplingModel`; penalties'
weights may be schedules, and the learning rates, as theirs are (a cosine). The
resolution follows from the image as in DCGAN: 28x28 grows from 7x7. The 3x3
convolutions of a block are in groups of 16 channels in the paper, which a
processor without a GPU takes many times as long for as for dense or depthwise
ones: `group_size`.
"""

import math

import keras
from keras import layers, ops

from keras_gans import losses
from keras_gans.checks import check_integer
from keras_gans.layers import listed, output_dtype, resolution_widths
from keras_gans.models.gan import GAN, packed_shape
from keras_gans.models.starting import decaying, for_both, widths

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class R3GANGenerator(keras.Model):
    """Latents `(batch, latent_dim)` to images, whose last layer is linear.

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        latent_dim: Integer, the size of a latent vector; the paper's is 64.
        filters: Integers, the width at each resolution, the smallest first;
            or one integer for all.
        num_blocks: Integer, residual blocks at each resolution; the paper's
            is 2.
        expansion: Integer, how much wider the inside of a block is.
        group_size: Integer, of how many channels a group of a 3x3 convolution
            is: 16 in the paper, 1 is depthwise, `None` is dense.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(32, 32, 3),
        latent_dim=64,
        filters=(128, 128, 64, 32),
        num_blocks=1,
        expansion=2,
        group_size=1,
        name="generator",
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        (height, width), widths = resolution_widths(image_shape, filters)
        block = _Block(num_blocks, len(widths), expansion, group_size)
        inputs = keras.Input((latent_dim,), name="latents")
        x = layers.Dense(
            widths[0], use_bias=False, kernel_initializer=_normal()
        )(inputs)
        x = LearnedBasis((height, width))(x)
        for i, channels in enumerate(widths):
            if i > 0:
                x = _resized(x, widths[i - 1], channels, _up)
            x = block.stack(x, channels)
        outputs = layers.Conv2D(
            image_shape[-1],
            1,
            use_bias=False,
            kernel_initializer=_normal(),
            dtype=output_dtype(),
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "latent_dim": latent_dim,
            "filters": listed(filters),
            "num_blocks": num_blocks,
            "expansion": expansion,
            "group_size": group_size,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class R3GANDiscriminator(keras.Model):
    """Images to one logit.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        filters: Integers, the width at each resolution, the smallest first, as
            the generator's; or one integer for all.
        num_blocks: Integer, see `R3GANGenerator`.
        expansion: Integer, see `R3GANGenerator`.
        group_size: Integer or `None`, see `R3GANGenerator`.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        filters=(128, 128, 64, 32),
        num_blocks=1,
        expansion=2,
        group_size=1,
        name="discriminator",
        **kwargs,
    ):
        base, widths = resolution_widths(image_shape, filters)
        block = _Block(num_blocks, len(widths), expansion, group_size)
        inputs = keras.Input(image_shape, name="images")
        widths = widths[::-1]
        x = layers.Conv2D(
            widths[0], 1, use_bias=False, kernel_initializer=_normal()
        )(inputs)
        for i, channels in enumerate(widths):
            if i > 0:
                x = _resized(x, widths[i - 1], channels, _down)
            x = block.stack(x, channels)
        # A kernel as large as the image is: a weighted sum for each channel.
        x = layers.DepthwiseConv2D(
            base, use_bias=False, depthwise_initializer=_depthwise(base)
        )(x)
        x = layers.Flatten()(x)
        outputs = layers.Dense(
            1,
            use_bias=False,
            kernel_initializer=_normal(),
            dtype=output_dtype(),
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": listed(filters),
            "num_blocks": num_blocks,
            "expansion": expansion,
            "group_size": group_size,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class LearnedBasis(layers.Layer):
    """Vectors `(batch, channels)` times a learned image of each channel.

    Args:
        size: `(height, width)`.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self.basis = self.add_weight(
            (*self.size, input_shape[-1]),
            keras.initializers.RandomNormal(stddev=1.0),
            name="basis",
        )

    def call(self, inputs):
        basis = ops.cast(self.basis, inputs.dtype)
        return inputs[:, None, None, :] * basis

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": list(self.size)}


# ---- blocks ---------------------------------------------------------------


class _Block:
    """Residual blocks of a network that has `num_blocks` a resolution."""

    def __init__(self, num_blocks, resolutions, expansion, group_size):
        check_integer("num_blocks", num_blocks, minimum=1)
        check_integer("expansion", expansion, minimum=1)
        if group_size is not None:
            check_integer("group_size", group_size, minimum=1)
        self.num_blocks = num_blocks
        self.expansion = expansion
        self.group_size = group_size
        # He's for LeakyReLU, less for depth (Fixup, Zhang et al., 2019, with
        # three layers a block).
        blocks = num_blocks * resolutions
        self.gain = math.sqrt(2.0 / 1.04) * blocks**-0.25

    def stack(self, x, channels):
        for _ in range(self.num_blocks):
            x = layers.Add()([x, self._inside(x, channels)])
        return x

    def _inside(self, x, channels):
        wide = channels * self.expansion
        x = layers.Conv2D(wide, 1, kernel_initializer=_normal(self.gain))(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.LeakyReLU(0.2)(self._middle(wide)(x))
        # Nothing at first: a block starts as the identity.
        return layers.Conv2D(
            channels, 1, use_bias=False, kernel_initializer="zeros"
        )(x)

    def _middle(self, wide):
        if self.group_size == 1:
            return layers.DepthwiseConv2D(
                3,
                padding="same",
                depthwise_initializer=_depthwise((3, 3), self.gain),
            )
        groups = 1 if self.group_size is None else wide // self.group_size
        return layers.Conv2D(
            wide,
            3,
            padding="same",
            groups=max(groups, 1),
            kernel_initializer=_normal(self.gain),
        )


def _resized(x, channels, new_channels, resize):
    """Another resolution; a 1x1 convolution where the width is another."""
    if resize is _down:
        x = resize(x)
    if channels != new_channels:
        x = layers.Conv2D(
            new_channels, 1, use_bias=False, kernel_initializer=_normal()
        )(x)
    return resize(x) if resize is _up else x


def _up(x):
    # Doubled, and each pixel the mean of itself and the next: [1, 2, 1].
    x = layers.UpSampling2D()(x)
    return layers.AveragePooling2D(2, strides=1, padding="same")(x)


def _down(x):
    x = layers.AveragePooling2D(2, strides=1, padding="same")(x)
    return layers.AveragePooling2D(2)(x)


def _normal(gain=1.0):
    return keras.initializers.VarianceScaling(
        gain**2, "fan_in", "untruncated_normal"
    )


def _depthwise(size, gain=1.0):
    # Keras counts all channels as inputs; a depthwise kernel has one.
    return keras.initializers.RandomNormal(
        stddev=gain / math.sqrt(math.prod(size))
    )


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class R3GAN(GAN):
    """Pairs, two penalties, and no normalization; the step is that of `GAN`.

    Example:

    ```python
    gan = keras_gans.R3GAN(image_shape=(32, 32, 3), r1_weight=0.05,
                           r2_weight=0.05, ema_momentum=0.999)
    gan.compile()
    gan.fit(keras_gans.datasets.load("cifar10", batch_size=64), epochs=50)
    ```

    Args:
        generator: `keras.Model`, latents to images; `None` for an
            `R3GANGenerator`.
        discriminator: `keras.Model` without BatchNormalization, images to
            logits; `None` for an `R3GANDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        filters: Integers or one, of the default networks, see
            `R3GANGenerator`; an integer by default.
        r1_weight: Float or schedule, the paper's gamma, for real examples:
            0.05 to 0.005 on CIFAR-10, 1 to 0.1 on stacked MNIST.
        r2_weight: The same for generated examples.
        generator_loss: Function of `(real_logits, fake_logits)`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        **kwargs: Those of `GAN`.

    Reference:
        Huang et al., "The GAN is dead; long live the GAN! A Modern GAN
        Baseline", 2024.
    """

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(32, 32, 3),
        latent_dim=64,
        filters=64,
        r1_weight=1.0,
        r2_weight=1.0,
        generator_loss=losses.relativistic_pairing_generator_loss,
        discriminator_loss=losses.relativistic_pairing_discriminator_loss,
        **kwargs,
    ):
        super().__init__(
            generator or R3GANGenerator(image_shape, latent_dim, filters),
            discriminator
            or R3GANDiscriminator(packed_shape(image_shape, **kwargs), filters),
            latent_dim=latent_dim,
            r1_weight=r1_weight,
            r2_weight=r2_weight,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )

    @classmethod
    def starting_point(cls, image_shape):
        arguments = {
            "filters": widths(image_shape, 24, 192),
            "penalty_fraction": 0.25,
            "ema_momentum": 0.999,
        }
        adam = decaying("Adam", 4e-4, beta_1=0.0, beta_2=0.99)
        recipe = {
            "batch_size": 32,
            **for_both(adam),
        }
        return arguments, recipe

    def default_optimizers(self):
        return tuple(
            keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99)
            for _ in range(2)
        )
