"""SRResNet's generator and SRGAN's discriminator."""

import math

import keras
from keras import layers

from keras_gans.checks import check_integer
from keras_gans.layers import (
    PixelShuffle,
    check_image_size,
    output_dtype,
    prelu,
)
from keras_gans.models.srgan.blocks import (
    SpaceToDepthConv2D,
    batch_norm,
    conv,
)

SCALES = (2, 4, 8)


@keras.saving.register_keras_serializable("keras_gans")
class SRResNetGenerator(keras.Model):
    """Images in [-1, 1] of any size to ones `scale` times as large.

    Its output is linear: what is beyond [-1, 1] is cut off when it is used.

    Args:
        scale: Integer, 2, 4 or 8.
        channels: Integer, those of its images.
        filters: Integer, of all layers but those that enlarge.
        num_residual_blocks: Integer.
        normalization: `"batch"`, the paper's, or `None`, which later work
            prefers.
    """

    def __init__(
        self,
        scale=4,
        channels=3,
        filters=64,
        num_residual_blocks=16,
        normalization="batch",
        name="generator",
        **kwargs,
    ):
        if scale not in SCALES:
            raise ValueError(
                f"scale must be one of {', '.join(map(str, SCALES))}. "
                f"Received: scale={scale!r}"
            )
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("num_residual_blocks", num_residual_blocks, minimum=1)
        if normalization not in ("batch", None):
            raise ValueError(
                'normalization must be "batch" or None. '
                f"Received: normalization={normalization!r}"
            )

        def normalize(x):
            return batch_norm()(x) if normalization else x

        use_bias = normalization is None
        # What is not normalized begins small: sixteen sums of equal parts
        # would be 65,536 times as large as the first one.
        gain = 0.01 if normalization is None else 1.0
        inputs = keras.Input((None, None, channels), name="low_res_images")
        x = first = prelu()(conv(filters, 9)(inputs))
        for _ in range(num_residual_blocks):
            y = normalize(conv(filters, 3, gain=gain, use_bias=use_bias)(x))
            y = conv(filters, 3, gain=gain, use_bias=use_bias)(prelu()(y))
            y = normalize(y)
            x = layers.Add()([x, y])
        x = normalize(conv(filters, 3, use_bias=use_bias)(x))
        x = layers.Add()([x, first])
        enlargements = int(math.log2(scale))
        for _ in range(enlargements):
            x = prelu()(PixelShuffle(2)(conv(4 * filters, 3)(x)))
        outputs = conv(
            channels, 9, layer=SpaceToDepthConv2D, dtype=output_dtype()
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.scale = scale
        # Convolutions of the input's resolution reach 4 pixels and then one
        # each, those of twice the resolution half as far, and so on.
        reach = 4 + 2 * num_residual_blocks + 1
        reach += sum(2.0**-i for i in range(enlargements)) + 4 / scale
        self.reach = math.ceil(reach)
        self._arguments = {
            "scale": scale,
            "channels": channels,
            "filters": filters,
            "num_residual_blocks": num_residual_blocks,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class SRGANDiscriminator(keras.Model):
    """High-resolution images in [-1, 1] to one logit each.

    Eight convolutions, every second of which halves the image.

    Args:
        image_shape: `(height, width, channels)`, multiples of 16; without
            `global_pooling` it takes no others.
        filters: Integer, of the first layer; they double up to eight times
            as many.
        global_pooling: Boolean, whether the dense layers see the mean over
            all positions instead of the positions: images of any size then,
            and fewer weights (the paper's first dense layer has 18.9 million
            at 96x96).
    """

    def __init__(
        self,
        image_shape=(96, 96, 3),
        filters=64,
        global_pooling=False,
        name="discriminator",
        **kwargs,
    ):
        check_image_size(image_shape, 16)
        check_integer("filters", filters, minimum=1)
        size = (None, None) if global_pooling else tuple(image_shape[:2])
        inputs = keras.Input((*size, image_shape[-1]), name="images")
        x = layers.LeakyReLU(0.2)(conv(filters, 3)(inputs))
        for i in range(1, 8):
            width = filters * 2 ** (i // 2)
            x = conv(width, 3, strides=1 + i % 2, use_bias=False)(x)
            x = layers.LeakyReLU(0.2)(batch_norm()(x))
        if global_pooling:
            x = layers.GlobalAveragePooling2D(dtype=output_dtype())(x)
        else:
            x = layers.Flatten()(x)
        x = layers.Dense(16 * filters, kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(0.2)(x)
        outputs = layers.Dense(1, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": filters,
            "global_pooling": global_pooling,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}
