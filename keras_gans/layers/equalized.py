"""Layers of growing GANs (Karras et al., 2017), which StyleGANs build on.

"Progressive Growing of GANs for Improved Quality, Stability, and Variation",
https://arxiv.org/abs/1710.10196, sections 3 and 4.
"""

import math

import keras
from keras import layers, ops

from keras_gans.checks import check_integer, check_positive

# Of LeakyReLU with a slope of 0.2, so that signals keep their size: nearly
# sqrt(2 / (1 + 0.2**2)), which all of these papers round to this.
GAIN = math.sqrt(2.0)
SLOPE = 0.2


class _Equalized(layers.Layer):
    """What a dense layer and a convolution share."""

    def __init__(
        self, activation=None, use_bias=True, bias=0.0, rate=1.0, **kwargs
    ):
        # Weights are scaled before they are rounded to half precision.
        super().__init__(autocast=False, **kwargs)
        if activation not in (None, "leaky_relu"):
            raise ValueError(
                "activation must be 'leaky_relu' or None. "
                f"Received: activation={activation!r}"
            )
        check_positive("rate", rate)
        self.activation = activation
        self.use_bias = use_bias
        self.bias_value = bias
        self.rate = rate

    def add_weights(self, shape):
        """The kernel, and a bias for its last axis."""
        self.scale = self.rate / math.sqrt(math.prod(shape[:-1]))
        # One product in place of two: LeakyReLU lets a factor through.
        self.gain = GAIN if self.activation else 1.0
        self.kernel = self.add_weight(
            shape,
            keras.initializers.RandomNormal(stddev=1.0 / self.rate),
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape[-1:],
                keras.initializers.Constant(self.bias_value / self.rate),
                name="bias",
            )

    def scaled_kernel(self):
        kernel = self.kernel * (self.scale * self.gain)
        return ops.cast(kernel, self.compute_dtype)

    def finish(self, x):
        """Adds the bias, and activates."""
        if self.bias is not None:
            bias = self.bias * (self.rate * self.gain)
            x = x + ops.cast(bias, x.dtype)
        return ops.leaky_relu(x, SLOPE) if self.activation else x

    def get_config(self):
        return {
            **super().get_config(),
            "activation": self.activation,
            "use_bias": self.use_bias,
            "bias": self.bias_value,
            "rate": self.rate,
        }


@keras.saving.register_keras_serializable("keras_gans")
class EqualizedDense(_Equalized):
    """A dense layer whose weights are scaled as it is called, not at first.

    They are drawn from N(0, 1) and divided by the root of the inputs at run
    time: an optimizer that divides gradients by their size, as Adam, then
    learns all layers at the same rate, however large their weights have to be.

    Args:
        units: Integer, the size of the output.
        activation: `"leaky_relu"`, of slope 0.2 and times the root of 2, or
            `None`.
        use_bias: Boolean.
        bias: Float, at first.
        rate: Float, how fast it learns beside others: the paper of StyleGAN
            has 0.01 in its mapping network.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        check_integer("units", units, minimum=1)
        self.units = units

    def build(self, input_shape):
        self.add_weights((input_shape[-1], self.units))

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        return self.finish(ops.matmul(inputs, self.scaled_kernel()))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("keras_gans")
class EqualizedConv2D(_Equalized):
    """A convolution whose weights are scaled as it is called.

    Args:
        filters: Integer.
        kernel_size: Integer, of both sides.
        strides: Integer.
        padding: `"same"` or `"valid"`.
        **kwargs: See `EqualizedDense`.
    """

    def __init__(
        self, filters, kernel_size=3, strides=1, padding="same", **kwargs
    ):
        super().__init__(**kwargs)
        check_integer("filters", filters, minimum=1)
        check_integer("kernel_size", kernel_size, minimum=1)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding

    def build(self, input_shape):
        side = self.kernel_size
        self.add_weights((side, side, input_shape[-1], self.filters))

    def call(self, inputs):
        return self.finish(
            ops.conv(
                ops.cast(inputs, self.compute_dtype),
                self.scaled_kernel(),
                strides=self.strides,
                padding=self.padding,
                data_format="channels_last",
            )
        )

    def compute_output_shape(self, input_shape):
        n, *sides, _ = input_shape
        lost = self.kernel_size - 1 if self.padding == "valid" else 0
        return (
            n,
            *(s and -(-(s - lost) // self.strides) for s in sides),
            self.filters,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("keras_gans")
class PixelNormalization(layers.Layer):
    """The features of each position divided by their root mean square.

    Args:
        epsilon: Float, added to the mean square.
    """

    def __init__(self, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(square + self.epsilon), inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("keras_gans")
class MinibatchStandardDeviation(layers.Layer):
    """Shows a discriminator how much the examples of a group vary.

    The standard deviation over a group, in its mean over positions and
    features, becomes one more feature of every example of the group, the same
    at all positions. A generator whose samples are all alike has little.

    Groups are neighbours: N replicas form the groups of one device wherever
    their share of a batch divides by the group's size. The last group of a
    batch that does not is filled up with its first examples.

    Args:
        group_size: Integer, the most examples of a group: the paper's is 4
            in its authors' code.
    """

    def __init__(self, group_size=4, **kwargs):
        super().__init__(**kwargs)
        check_integer("group_size", group_size, minimum=1)
        self.group_size = group_size

    def call(self, inputs):
        n, height, width, channels = ops.shape(inputs)
        if isinstance(n, int):
            size = min(self.group_size, n)
            missing = -n % size
        else:
            size = ops.minimum(self.group_size, n)
            missing = ops.mod(-n, size)
        x = ops.cast(inputs, "float32")
        if not isinstance(missing, int) or missing:
            x = ops.concatenate([x, x[:missing]], axis=0)
        x = ops.reshape(x, (-1, size, height, width, channels))
        x = x - ops.mean(x, axis=1, keepdims=True)
        deviation = ops.sqrt(ops.mean(ops.square(x), axis=1) + 1e-8)
        deviation = ops.mean(deviation, axis=(1, 2, 3))
        deviation = ops.repeat(deviation, size)[:n]
        feature = ops.broadcast_to(
            ops.reshape(deviation, (-1, 1, 1, 1)), (n, height, width, 1)
        )
        return ops.concatenate(
            [inputs, ops.cast(feature, inputs.dtype)], axis=-1
        )

    def compute_output_shape(self, input_shape):
        *rest, channels = input_shape
        return (*rest, channels + 1)

    def get_config(self):
        return {**super().get_config(), "group_size": self.group_size}
