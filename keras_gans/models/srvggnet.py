"""SRVGGNetCompact, the small generator of Real-ESRGAN (Wang et al., 2021).

https://arxiv.org/abs/2107.10833, and its code,
https://github.com/xinntao/Real-ESRGAN, which has the network

A stack of convolutions and PReLUs on small images, as VGG's, whose last one
makes all pixels of a block at once: no layer works on large images, and what
is made is added to the image with its pixels repeated,

    y = nearest(x) + shuffle(f(x)).

Films are enlarged with it. `SRVGGNetCompact` trains it on the error of the
pixels, the authors' first phase.

Deviations from the authors: low-resolution images are in [-1, 1], as all
images here, and are taken to [0, 1] inside.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_gans.checks import check_integer
from keras_gans.layers import PixelShuffle, output_dtype, plain_conv, prelu
from keras_gans.models.pixel_loss import PixelLossModel
from keras_gans.resizing import cubic

SCALES = (1, 2, 3, 4)


@keras.saving.register_keras_serializable("keras_gans")
class SRVGGNetCompactGenerator(keras.Model):
    """Images in [-1, 1] of any size to ones `scale` times as large.

    Inside, images are in [0, 1], as in the authors' code: with zeros around
    them that makes a difference at the border. Its output is linear: what is
    beyond [-1, 1] is cut off when it is used.

    Args:
        scale: Integer, 1 to 4, how much larger images become.
        channels: Integer, those of its images.
        filters: Integer, of all layers but the last.
        num_convs: Integer, of the layers between the first and the last. The
            authors have 16 for films and 32 for photographs.
        made_scale: Integer, not below `scale`, how much larger the network
            itself makes them: they are then shrunk (bicubic). The authors
            enlarge films by 2 and 3 with the network that they have for 4.
            `None` for `scale`.
    """

    def __init__(
        self,
        scale=4,
        channels=3,
        filters=64,
        num_convs=16,
        made_scale=None,
        name="generator",
        **kwargs,
    ):
        made = scale if made_scale is None else made_scale
        if scale not in SCALES:
            raise ValueError(
                f"scale must be 1, 2, 3 or 4. Received: scale={scale!r}"
            )
        if made not in SCALES or made < scale:
            raise ValueError(
                f"made_scale must be None, or an integer from scale, {scale}, "
                f"to 4. Received: made_scale={made_scale!r}"
            )
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("num_convs", num_convs, minimum=1)
        inputs = keras.Input((None, None, channels), name="low_res_images")
        image = layers.Rescaling(0.5, 0.5)(inputs)
        x = image
        for _ in range(num_convs + 1):
            x = prelu()(plain_conv(filters)(x))
        x = plain_conv(made**2 * channels, dtype=output_dtype())(x)
        # Every pixel of a block has the image's: before they become pixels,
        # on small images, that is quicker.
        block = image
        if made > 1:
            block = layers.Concatenate(dtype=output_dtype())(made**2 * [image])
        x = layers.Add(dtype=output_dtype())([x, block])
        if made > 1:
            x = PixelShuffle(made, dtype=output_dtype())(x)
        # Convolutions of 3x3 reach a pixel each; bicubic, less than two of
        # the made ones.
        reach = num_convs + 2
        if made > scale:
            x = BicubicShrinking(made, scale, dtype=output_dtype())(x)
            reach += 1
        outputs = layers.Rescaling(2.0, -1.0, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.scale = scale
        self.reach = reach
        # All of its features are of the input's size: large tiles take little.
        self.tile = 512
        self._arguments = {
            "scale": scale,
            "channels": channels,
            "filters": filters,
            "num_convs": num_convs,
            "made_scale": made,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class BicubicShrinking(layers.Layer):
    """Images `old / new` times as small, by cubic interpolation.

    As PyTorch's `interpolate(mode="bicubic")` and ncnn's `Interp`: from four
    pixels a side, with Keys's kernel at -0.75, and without antialiasing. (That
    of TensorFlow and JAX is at -0.5.)

    `(batch, height, width, channels)` in, sides multiples of `old`; `(batch,
    height * new / old, width * new / old, channels)` out.

    Args:
        old: Integer.
        new: Integer, from `old / 2` to `old`.

    Reference:
        Keys, "Cubic Convolution Interpolation for Digital Image Processing",
        1981.
    """

    def __init__(self, old, new, **kwargs):
        super().__init__(**kwargs)
        divisor = math.gcd(old, new)
        self.old, self.new = old // divisor, new // divisor

    def call(self, inputs):
        # Blocks of `old` pixels a side become such of `new`, from what lies
        # in them and two pixels around them.
        old, new, channels = self.old, self.new, inputs.shape[-1]
        weights = _cubic_weights(old, new)
        first, last = inputs[:, :1], inputs[:, -1:]
        x = ops.concatenate([first, first, inputs, last, last], axis=1)
        first, last = x[:, :, :1], x[:, :, -1:]
        x = ops.concatenate([first, first, x, last, last], axis=2)
        kernel = np.einsum(
            "ip,jq,cd->ijcpqd", weights, weights, np.eye(channels)
        )
        size = old + 4
        kernel = kernel.reshape(size, size, channels, -1)
        kernel = ops.convert_to_tensor(kernel, inputs.dtype)
        x = ops.conv(x, kernel, strides=old, padding="valid")
        return x if new == 1 else ops.depth_to_space(x, new, "channels_last")

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        sides = [None if s is None else s // self.old * self.new for s in sides]
        return (n, *sides, channels)

    def get_config(self):
        own = {"old": self.old, "new": self.new}
        return {**super().get_config(), **own}


def _cubic_weights(old, new):
    """`(old + 4, new)`: of a block and two pixels on both sides of it."""
    places = (np.arange(new) + 0.5) * old / new - 0.5
    pixels = np.arange(-2, old + 2)
    return cubic(pixels[:, None] - places, a=-0.75)


# ---- the model ------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class SRVGGNetCompact(PixelLossModel):
    """Super-resolution by the error of the pixels, with a small network.

    A model as any other of Keras: it is compiled with a loss and an
    optimizer, and trained on pairs of a low-resolution image and the image
    that it was made of, both in [-1, 1].

    Example:

    ```python
    model = keras_gans.from_preset("real_esr_animevideov3_x2")
    large = model.upscale(image)  # uint8 to uint8, of any size
    ```

    Args:
        generator: `keras.Model`, images to larger images; `None` for an
            `SRVGGNetCompactGenerator`.
        scale: Integer, 1 to 4, of the default generator.
        channels: Integer, of the default generator's images.
        filters: Integer, of the default generator.
        num_convs: Integer, of the default generator.
        name: String, the name of the model.

    Reference:
        Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution
        with Pure Synthetic Data", 2021.
    """

    def __init__(
        self,
        generator=None,
        scale=4,
        channels=3,
        filters=64,
        num_convs=16,
        **kwargs,
    ):
        if generator is None:
            generator = SRVGGNetCompactGenerator(
                scale, channels, filters, num_convs
            )
        super().__init__(generator, **kwargs)

    @classmethod
    def starting_point(cls, image_shape):
        _, recipe = super().starting_point(image_shape)
        return {"filters": 32, "num_convs": 8}, recipe
