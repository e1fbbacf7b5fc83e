"""Convolutions that a style scales (StyleGAN2, Karras et al., 2019).

"Analyzing and Improving the Image Quality of StyleGAN",
https://arxiv.org/abs/1912.04958, section 2.
"""

import math

import keras
from keras import layers, ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.layers.equalized import GAIN, SLOPE, EqualizedDense

# Of the mean square of a modulated kernel.
_EPSILON = 1e-8
# Float16 ends at 65504: activations end here, as in the authors' later code.
_CLAMP = 256.0


def smoothed(x, before, after, gain=1.0):
    """Images times the filter [1, 3, 3, 1] / 8 along both sides.

    Args:
        x: Tensor `(batch, height, width, channels)`.
        before: Integer, zeros to put before each side.
        after: Integer, zeros to put behind it.
        gain: Float, a factor.

    Returns:
        Tensor whose sides are `before + after - 3` longer.
    """
    if before or after:
        pad = [before, after]
        x = ops.pad(x, [[0, 0], pad, pad, [0, 0]])
    # Three times the mean of two neighbours. A depthwise convolution is many
    # times slower on a CPU, and more so under XLA.
    for _ in range(3):
        x = x[:, 1:] + x[:, :-1]
    x = x * ops.cast(gain / 64, x.dtype)
    for _ in range(3):
        x = x[:, :, 1:] + x[:, :, :-1]
    return x


@keras.saving.register_keras_serializable("keras_gans")
class Smoothing2D(layers.Layer):
    """Smooths images with [1, 3, 3, 1], and makes them twice or half as large.

    Args:
        factor: Float: 2 doubles the sides, 0.5 halves them, 1 leaves them.
        padding: Integers, zeros before and behind each side; `None` for what
            gives exactly `factor` times the sides.
    """

    def __init__(self, factor=1, padding=None, **kwargs):
        super().__init__(**kwargs)
        if factor not in (0.5, 1, 2):
            raise ValueError(
                f"factor must be 0.5, 1 or 2. Received: factor={factor}"
            )
        self.factor = factor
        self.padding = None if padding is None else tuple(padding)

    def call(self, inputs):
        if self.factor == 2:
            # Doubled pixels are zeros between pixels, and their sums of two;
            # with [1, 2, 1] / 4 that is [1, 3, 3, 1] / 4.
            x = ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)
            x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
            for _ in range(2):
                x = x[:, 1:] + x[:, :-1]
            x = x * ops.cast(1 / 16, x.dtype)
            for _ in range(2):
                x = x[:, :, 1:] + x[:, :, :-1]
            return x
        default = (1, 1) if self.factor == 0.5 else (2, 1)
        x = smoothed(inputs, *(self.padding or default))
        return x[:, ::2, ::2] if self.factor == 0.5 else x

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        if self.factor == 2:
            return (n, *(s and 2 * s for s in sides), channels)
        more = sum(self.padding or ((1, 1) if self.factor == 0.5 else (2, 1)))
        sides = [s and s + more - 3 for s in sides]
        if self.factor == 0.5:
            sides = [s and -(-s // 2) for s in sides]
        return (n, *sides, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("keras_gans")
class ModulatedConv2D(layers.Layer):
    """A convolution whose input channels each image's style scales.

    `[features, styles]` to features; with `s` an affine function of the style
    and `w` the kernel, the kernel of an image is `w' = s w`, divided by the
    root of the sum of its squares for each output (demodulation). That needs
    no kernel for each image, and so no grouped convolution: the inputs are
    scaled by `s`, the outputs by what the squares give.

    Args:
        filters: Integer.
        kernel_size: Integer, of both sides.
        upsample: Boolean, double the sides by a transposed convolution, and
            smooth with [1, 3, 3, 1].
        demodulate: Boolean.
        noise: Boolean, add noise that is the same for all features of a
            position, times a learned number. It is drawn anew in training, and
            fixed (kept with the weights) after it.
        activation: `"leaky_relu"`, of slope 0.2 and times the root of 2, or
            `None`.
        seed: Integer or `None`, of the noise.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        upsample=False,
        demodulate=True,
        noise=True,
        activation="leaky_relu",
        seed=None,
        **kwargs,
    ):
        # Kernels are scaled in float32, whatever the layer computes in.
        super().__init__(autocast=False, **kwargs)
        check_integer("filters", filters, minimum=1)
        check_integer("kernel_size", kernel_size, minimum=1)
        self.filters = filters
        self.kernel_size = kernel_size
        self.upsample = upsample
        self.demodulate = demodulate
        self.noise = noise
        self.activation = activation
        self.seed = seed
        if noise:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        (_, height, width, channels), styles = input_shape
        side = self.kernel_size
        # The demodulation sums its squares.
        self.affine = EqualizedDense(
            channels, bias=1.0, dtype="float32", name="affine"
        )
        self.affine.build(styles)
        self.scale = 1.0 / math.sqrt(channels * side**2)
        self.kernel = self.add_weight(
            (side, side, channels, self.filters),
            keras.initializers.RandomNormal(stddev=1.0),
            name="kernel",
        )
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")
        if self.noise:
            factor = 2 if self.upsample else 1
            self.strength = self.add_weight((), "zeros", name="strength")
            self.fixed_noise = self.add_weight(
                (height * factor, width * factor, 1),
                keras.initializers.RandomNormal(stddev=1.0),
                name="fixed_noise",
                trainable=False,
            )

    def call(self, inputs, training=False):
        x, styles = inputs
        dtype = self.compute_dtype
        x = ops.cast(x, dtype)
        is_half = self.compute_dtype in ("float16", "bfloat16")
        gain = GAIN if self.activation else 1.0
        kernel = self.kernel * self.scale
        scales = self.affine(styles)
        if self.demodulate:
            if is_half:
                # A factor of the style does not change the result, as the
                # outputs are divided by it: the largest one becomes 1.
                largest = ops.max(ops.abs(scales), axis=-1, keepdims=True)
                scales = scales / (largest + _EPSILON)
            squares = ops.sum(ops.square(kernel), axis=(0, 1))
            sums = ops.matmul(ops.square(scales), squares)
            output_scales = gain * ops.rsqrt(sums + _EPSILON)
        x = x * ops.cast(scales[:, None, None, :], dtype)
        kernel = ops.cast(kernel, dtype)
        if self.upsample:
            x = ops.conv_transpose(
                x,
                ops.transpose(kernel, (0, 1, 3, 2)),
                strides=2,
                padding="valid",
                data_format="channels_last",
            )
            # Times 4, for there are three zeros to a pixel.
            x = smoothed(x, 1, 1, gain=4.0)
        else:
            x = ops.conv(x, kernel, padding="same", data_format="channels_last")
        if self.demodulate:
            x = x * ops.cast(output_scales[:, None, None, :], dtype)
        elif self.activation:
            x = x * ops.cast(gain, dtype)
        if self.noise:
            strength = gain * self.strength
            x = x + ops.cast(strength * self._noise(x, training), dtype)
        x = x + ops.cast(gain * self.bias, dtype)
        if self.activation:
            x = ops.leaky_relu(x, SLOPE)
        if is_half:
            x = ops.clip(x, -_CLAMP, _CLAMP)
        return x

    def _noise(self, x, training):
        if not training:
            return ops.convert_to_tensor(self.fixed_noise)
        n, height, width, _ = ops.shape(x)
        draws = keras.random.normal(
            (n * backend.num_replicas(), height, width, 1),
            seed=self.seed_generator,
            dtype="float32",
        )
        return backend.replica_slice(draws, n)

    def compute_output_shape(self, input_shape):
        (n, height, width, _), _ = input_shape
        factor = 2 if self.upsample else 1
        return (n, height * factor, width * factor, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "upsample": self.upsample,
            "demodulate": self.demodulate,
            "noise": self.noise,
            "activation": self.activation,
            "seed": self.seed,
        }
