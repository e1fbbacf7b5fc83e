"""Blocks of networks that turn images into images."""

import math

import keras
from keras import layers, ops

from keras_gans import backend


@keras.saving.register_keras_serializable("keras_gans")
class ReflectionPadding2D(layers.Layer):
    """Pads `(batch, height, width, channels)` with its own reflection.

    The border itself is not repeated: `(a, b, c)` padded by 2 is
    `(c, b, a, b, c, b, a)`.

    Args:
        padding: Integer, the pixels to add on every side. The image's sides
            must be longer.
    """

    def __init__(self, padding=1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs):
        p = self.padding
        return ops.pad(inputs, [[0, 0], [p, p], [p, p], [0, 0]], "reflect")

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        sides = [
            None if s is None else s + 2 * self.padding for s in (height, width)
        ]
        return (n, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable("keras_gans")
class Dropout(layers.Layer):
    """`keras.layers.Dropout` with masks that N replicas agree on.

    Masks are drawn for the global batch and sliced by replica, from a seed
    that weights files keep, on every backend. (Keras's gives all replicas the
    same masks, and on PyTorch does not follow its seed.)

    Args:
        rate: Float in [0, 1), the share of values that become 0.
        seed: Integer or `None`.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(
                f"rate must be at least 0 and below 1. Received: rate={rate}"
            )
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        n, *rest = ops.shape(inputs)
        draws = keras.random.uniform(
            (n * backend.num_replicas(), *rest), seed=self.seed_generator
        )
        keep = backend.replica_slice(draws, n) >= self.rate
        return ops.where(keep, inputs / (1 - self.rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("keras_gans")
class PixelShuffle(layers.Layer):
    """Channels become pixels: an image `factor` times as large.

    `(batch, height, width, factor**2 * channels)` in, `(batch, factor *
    height, factor * width, channels)` out. The channels of one new pixel lie
    together, row by row of the block. (PyTorch's has the blocks of one
    channel together; `convert` permutes the weights before it.)

    Args:
        factor: Integer.

    Reference:
        Shi et al., "Real-Time Single Image and Video Super-Resolution Using
        an Efficient Sub-Pixel Convolutional Neural Network", 2016.
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return ops.depth_to_space(inputs, self.factor, "channels_last")

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        sides = [
            None if s is None else s * self.factor for s in (height, width)
        ]
        return (n, *sides, channels // self.factor**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def plain_conv(filters, **kwargs):
    """A convolution of 3x3 that begins as PyTorch's do.

    So do the networks of Real-ESRGAN's authors, who left them at that.

    Args:
        filters: Integer.
        **kwargs: More arguments of `keras.layers.Conv2D`.
    """
    start = keras.initializers.VarianceScaling(1 / 3, distribution="uniform")
    return layers.Conv2D(
        filters, 3, padding="same", kernel_initializer=start, **kwargs
    )


def check_image_size(shape, divisor, name="image_shape"):
    """Raises a `ValueError` unless the sides are multiples of `divisor`.

    Args:
        shape: `(height, width, channels)`.
        divisor: Integer, what the network shrinks the sides by.
        name: String, what to call the shape.
    """
    if (
        not isinstance(shape, (list, tuple))
        or len(shape) != 3
        or not all(isinstance(s, int) and s > 0 for s in shape)
    ):
        raise ValueError(
            f"{name} must be (height, width, channels), three positive "
            f"integers. Received: {name}={shape!r}"
        )
    if any(side % divisor for side in shape[:2]):
        below, above = (
            tuple(max(f(s / divisor), 1) * divisor for s in shape[:2])
            for f in (math.floor, math.ceil)
        )
        raise ValueError(
            f"{name} must have a height and a width that are multiples of "
            f"{divisor}. Received: {name}={tuple(shape)}. The nearest "
            f"(height, width) that work: {below} and {above}"
        )
