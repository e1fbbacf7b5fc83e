"""The layers of SRResNet and of its discriminator."""

import itertools

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class SpaceToDepthConv2D(layers.Conv2D):
    """A `Conv2D` to the few channels of an image, computed faster.

    Weights and outputs are those of a `Conv2D` with `padding="same"`. But
    kernels for CPUs (oneDNN's) compute 16 output channels at a time, so that
    3 take as long as 16. Here every 2x2 pixels become one, with four times as
    many channels on both sides, and the weights are laid out accordingly: a
    kernel of 9x9 from 64 to 3 channels becomes one of 5x5 from 256 to 12.

    `(batch, height, width, channels)` in, with an even height and width;
    `(batch, height, width, filters)` out.

    Args:
        filters: Integer, the output's channels.
        kernel_size: Integer or two integers, odd.
        padding: `"same"`, the only one that it has.
        **kwargs: As of `keras.layers.Conv2D`. Strides, dilation and groups
            are 1, and channels are last.

    Raises:
        ValueError: For arguments that it cannot follow.
    """

    def __init__(self, filters, kernel_size, padding="same", **kwargs):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        odd = all(size % 2 for size in self.kernel_size)
        ones = {*self.strides, *self.dilation_rate, self.groups} == {1}
        form = (self.padding, self.data_format) == ("same", "channels_last")
        if not (odd and ones and form):
            raise ValueError(
                'kernel_size must be odd, padding "same", strides, '
                'dilation_rate and groups 1, data_format "channels_last". '
                f"Received: kernel_size={self.kernel_size}, padding="
                f"{self.padding!r}, strides={self.strides}, dilation_rate="
                f"{self.dilation_rate}, groups={self.groups}, data_format="
                f"{self.data_format!r}"
            )

    def convolution_op(self, inputs, kernel):
        x = ops.conv(
            ops.space_to_depth(inputs, 2, "channels_last"),
            _kernel_of_blocks(kernel),
            padding="same",
            data_format="channels_last",
        )
        return ops.depth_to_space(x, 2, "channels_last")


def _kernel_of_blocks(kernel):
    """The kernel for blocks of 2x2 pixels that does what `kernel` does.

    `(height, width, channels, filters)` in; `(blocks, blocks, 4 * channels, 4
    * filters)` out, mostly the same numbers four times, the rest zeros.
    """
    # A pixel's own kernel has its middle in the middle block: where the pixel
    # is in it, which is the first place of two, or the second.
    margins = []
    for size in kernel.shape[:2]:
        i = size // 2 % 2
        margins.append([(i, i + 1), (i + 1, i)])
    kernels = [
        ops.pad(kernel, [rows, columns, (0, 0), (0, 0)])
        for rows, columns in itertools.product(*margins)
    ]
    height, width, channels, filters = kernels[0].shape
    x = ops.reshape(
        ops.concatenate(kernels, axis=-1),
        (height // 2, 2, width // 2, 2, channels, 4 * filters),
    )
    x = ops.transpose(x, (0, 2, 1, 3, 4, 5))
    return ops.reshape(x, (height // 2, width // 2, 4 * channels, 4 * filters))


def conv(filters, size, gain=1.0, layer=layers.Conv2D, **kwargs):
    return layer(
        filters,
        size,
        padding="same",
        # He's.
        kernel_initializer=keras.initializers.VarianceScaling(2.0 * gain),
        **kwargs,
    )


def batch_norm():
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
