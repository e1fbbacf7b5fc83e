"""MSRResNet: the SRResNet that the PyTorch zoos of super-resolution train.

SRResNet (Ledig et al., 2017, https://arxiv.org/abs/1609.04802) without batch
normalization, as EDSR (Lim et al., 2017, https://arxiv.org/abs/1707.02921)
made it usual, with LeakyReLU in place of PReLU, kernels of 3x3 throughout, and
the image, enlarged, added to what the network makes:

    y = bilinear(x) + f(x).

It has this form in BasicSR and MMagic, whose weights `convert` reads.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_gans.checks import check_integer
from keras_gans.layers import PixelShuffle, output_dtype


@keras.saving.register_keras_serializable("keras_gans")
class MSRResNetGenerator(keras.Model):
    """Images in [-1, 1] of any size to ones `scale` times as large.

    Inside, images are in [0, 1], as in the PyTorch zoos: with zeros around
    them that makes a difference at the border.

    Args:
        scale: Integer, 2, 3 or 4.
        channels: Integer, those of its images.
        filters: Integer, of all layers but those that enlarge.
        num_residual_blocks: Integer.
    """

    def __init__(
        self,
        scale=4,
        channels=3,
        filters=64,
        num_residual_blocks=16,
        name="generator",
        **kwargs,
    ):
        if scale not in (2, 3, 4):
            raise ValueError(
                f"scale must be 2, 3 or 4. Received: scale={scale!r}"
            )
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("num_residual_blocks", num_residual_blocks, minimum=1)
        inputs = keras.Input((None, None, channels), name="low_res_images")
        image = layers.Rescaling(0.5, 0.5)(inputs)
        x = layers.LeakyReLU(0.1)(_conv(filters)(image))
        for _ in range(num_residual_blocks):
            # Small at first, as nothing is normalized.
            y = layers.ReLU()(_conv(filters, gain=0.01)(x))
            x = layers.Add()([x, _conv(filters, gain=0.01)(y)])
        factors = (2, 2) if scale == 4 else (scale,)
        for factor in factors:
            x = PixelShuffle(factor)(_conv(factor**2 * filters)(x))
            x = layers.LeakyReLU(0.1)(x)
        x = layers.LeakyReLU(0.1)(_conv(filters)(x))
        x = _conv(channels, dtype=output_dtype())(x)
        enlarged = BilinearUpSampling(scale, dtype=output_dtype())(image)
        x = layers.Add(dtype=output_dtype())([x, enlarged])
        outputs = layers.Rescaling(2.0, -1.0, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.scale = scale
        # A pixel for each convolution, less of those on larger images.
        reach = 1 + 2 * num_residual_blocks + 2 / scale
        reach += sum(1 / math.prod(factors[:i]) for i in range(len(factors)))
        self.reach = math.ceil(reach)
        self._arguments = {
            "scale": scale,
            "channels": channels,
            "filters": filters,
            "num_residual_blocks": num_residual_blocks,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class BilinearUpSampling(layers.Layer):
    """Images `factor` times as large, by bilinear interpolation.

    As `UpSampling2D(factor, interpolation="bilinear")`, which in a graph of
    TensorFlow refuses images whose size is not known there.

    Args:
        factor: Integer.
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        # A new pixel lies up to half a pixel off an old one: what is to its
        # left, the old one and what is to its right have these weights.
        offsets = (np.arange(self.factor) + 0.5) / self.factor - 0.5
        weights = np.stack(
            [np.maximum(-offsets, 0), 1 - abs(offsets), np.maximum(offsets, 0)]
        )
        channels = inputs.shape[-1]
        kernel = np.einsum(
            "ip,jq,cd->ijcpqd", weights, weights, np.eye(channels)
        )
        kernel = ops.convert_to_tensor(
            kernel.reshape(3, 3, channels, -1), inputs.dtype
        )
        x = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")
        x = ops.conv(x, kernel, padding="valid")
        return ops.depth_to_space(x, self.factor, "channels_last")

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def _conv(filters, gain=1.0, **kwargs):
    return layers.Conv2D(
        filters,
        3,
        padding="same",
        kernel_initializer=keras.initializers.VarianceScaling(2.0 * gain),
        **kwargs,
    )
