"""RRDBNet, the generator of ESRGAN: "ESRGAN: Enhanced Super-Resolution
Generative Adversarial Networks" (Wang et al., 2018).

https://arxiv.org/abs/1809.00219

SRResNet's residual blocks become residual-in-residual dense blocks (RRDB): in
a dense block each of five convolutions sees all that came before it in the
block, in a chain of three of them nothing is normalized, and what blocks add
to the image's features is scaled down,

    dense(x) = x + 0.2 conv_5(x, x_1, ..., x_4),
    x_i      = LeakyReLU(conv_i(x, x_1, ..., x_{i-1})),
    rrdb(x)  = x + 0.2 dense(dense(dense(x))).

Images are enlarged by repeating their pixels, twice by 2, with a convolution
after each. Real-ESRGAN (Wang et al., 2021, https://arxiv.org/abs/2107.10833)
kept the network, and made it one for the scales 2 and 1 by packing pixels
into channels first: blocks of 2x2 or 4x4. `RRDBNet` trains it on the error of
the pixels, the papers' first phase.

Deviations from the paper: low-resolution images are in [-1, 1], as all images
here, and are taken to [0, 1] inside. A side that is no multiple of the blocks
of pixels is completed by its last pixels, where the authors' program mirrors
it.
"""

import keras
from keras import layers, ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.layers import output_dtype, plain_conv
from keras_gans.models.pixel_loss import PixelLossModel

# How much smaller the image is made first, by the scale.
_PACKED = {4: 1, 2: 2, 1: 4}
# A block sees 15 pixels further, which makes hundreds for a network. But what
# is far hardly counts: see `RRDBNetGenerator`.
_REACH = 64


@keras.saving.register_keras_serializable("keras_gans")
class RRDBNetGenerator(keras.Model):
    """Images in [-1, 1] of any size to ones `scale` times as large.

    Inside, images are in [0, 1], as in the authors' code: with zeros around
    them that makes a difference at the border. Its output is linear: what is
    beyond [-1, 1] is cut off when it is used.

    Its `reach` is an approximation: each RRDB sees 15 pixels further, so that
    with the authors' 23 a pixel depends on others 350 pixels away. What their
    weights make of a photograph 64 pixels off a window's border differs from
    what they make of it 96 pixels off by 0.3 of 255 grey levels in the mean
    and 3 at most, which nobody sees (those for drawings by 0.13 at most); at
    32 pixels by 1.9 and 30, at 24 by 2.3 and 43.

    Args:
        scale: Integer, 4, or 2 or 1, for which pixels are packed into
            channels first.
        channels: Integer, those of its images.
        num_blocks: Integer, of RRDBs. The authors have 23, and 6 for drawings.
        filters: Integer, of all layers but those inside of dense blocks.
        growth: Integer, of the layers inside of dense blocks.
    """

    def __init__(
        self,
        scale=4,
        channels=3,
        num_blocks=23,
        filters=64,
        growth=32,
        name="generator",
        **kwargs,
    ):
        if scale not in _PACKED:
            raise ValueError(
                f"scale must be 1, 2 or 4. Received: scale={scale!r}"
            )
        check_integer("channels", channels, minimum=1)
        check_integer("num_blocks", num_blocks, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("growth", growth, minimum=1)
        packed = _PACKED[scale]
        inputs = keras.Input((None, None, channels), name="low_res_images")
        x = layers.Rescaling(0.5, 0.5)(inputs)
        if packed > 1:
            x = PixelUnshuffle(packed)(x)
        x = first = plain_conv(filters)(x)
        for _ in range(num_blocks):
            x = RRDB(filters, growth)(x)
        x = layers.Add()([first, plain_conv(filters)(x)])
        for _ in range(2):
            x = plain_conv(filters)(NearestUpSampling2D(2)(x))
            x = layers.LeakyReLU(0.2)(x)
        x = layers.LeakyReLU(0.2)(plain_conv(filters)(x))
        x = plain_conv(channels, dtype=output_dtype())(x)
        outputs = layers.Rescaling(2.0, -1.0, dtype=output_dtype())(x)
        if packed > 1:
            outputs = Cropped(scale, dtype=output_dtype())([outputs, inputs])
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.scale = scale
        self.reach = _REACH * packed
        self.divisor = packed
        self._arguments = {
            "scale": scale,
            "channels": channels,
            "num_blocks": num_blocks,
            "filters": filters,
            "growth": growth,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- layers ---------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class DenseBlock(layers.Layer):
    """Five convolutions, each of which sees the results of those before it.

    `(batch, height, width, filters)` in and out: what the last one makes, a
    fifth of it, is added to the input.

    Args:
        filters: Integer, the channels in and out.
        growth: Integer, those of the first four convolutions.
    """

    def __init__(self, filters, growth, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.growth = growth

    def build(self, input_shape):
        self.kernels, self.biases = [], []
        for i in range(5):
            outputs = self.growth if i < 4 else self.filters
            self.kernels.append(
                self.add_weight(
                    name=f"kernel_{i + 1}",
                    shape=(3, 3, self.filters + i * self.growth, outputs),
                    # The authors': He's, ten times as small.
                    initializer=keras.initializers.VarianceScaling(0.02),
                )
            )
            self.biases.append(
                self.add_weight(
                    name=f"bias_{i + 1}", shape=(outputs,), initializer="zeros"
                )
            )

    def call(self, inputs):
        parts = [inputs]
        for kernel, bias in zip(self.kernels, self.biases):
            x = self._convolve(parts, kernel) + ops.convert_to_tensor(bias)
            if len(parts) < 5:
                parts.append(ops.leaky_relu(x, 0.2))
        return inputs + 0.2 * x

    def _convolve(self, parts, kernel):
        """A convolution of all parts together, `(batch, h, w, outputs)`."""
        options = {"padding": "same", "data_format": "channels_last"}
        if len(parts) == 1:
            return ops.conv(parts[0], kernel, **options)
        if backend.device_name() != "CPU":
            x = ops.concatenate(parts, axis=-1)
            return ops.conv(x, kernel, **options)
        # The same sum, part by part: a CPU is faster at narrow convolutions,
        # two and a half times on TensorFlow, by a fifth elsewhere.
        kernel, first, result = ops.convert_to_tensor(kernel), 0, 0.0
        for part in parts:
            last = first + part.shape[-1]
            own = kernel[:, :, first:last]
            result = result + ops.conv(part, own, **options)
            first = last
        return result

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"filters": self.filters, "growth": self.growth}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("keras_gans")
class RRDB(layers.Layer):
    """A residual-in-residual dense block: three `DenseBlock`s.

    `(batch, height, width, filters)` in and out.

    Args:
        filters: Integer, the channels in and out.
        growth: Integer, those inside of the dense blocks.
    """

    def __init__(self, filters, growth, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.growth = growth
        self.blocks = [
            DenseBlock(filters, growth, dtype=self.dtype_policy)
            for _ in range(3)
        ]

    def build(self, input_shape):
        for block in self.blocks:
            block.build(input_shape)

    def call(self, inputs):
        x = inputs
        for block in self.blocks:
            x = block(x)
        return inputs + 0.2 * x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"filters": self.filters, "growth": self.growth}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("keras_gans")
class NearestUpSampling2D(layers.Layer):
    """Images `factor` times as large, each pixel repeated.

    As `UpSampling2D(factor)`, at once and not one axis after the other: faster
    by a third on a CPU.

    Args:
        factor: Integer.
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        n, height, width, channels = ops.shape(inputs)
        k = self.factor
        x = ops.broadcast_to(
            inputs[:, :, None, :, None], (n, height, k, width, k, channels)
        )
        return ops.reshape(x, (n, height * k, width * k, channels))

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        sides = [None if s is None else s * self.factor for s in sides]
        return (n, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("keras_gans")
class PixelUnshuffle(layers.Layer):
    """Pixels become channels: an image `factor` times as small.

    `(batch, height, width, channels)` in, `(batch, ceil(height / factor),
    ceil(width / factor), factor**2 * channels)` out: sides are completed by
    their last pixels. The channels of one pixel lie together, row by row of
    the block, as of `PixelShuffle`.

    Args:
        factor: Integer.
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        k = self.factor
        height, width = ops.shape(inputs)[1:3]
        x = ops.concatenate([inputs] + (k - 1) * [inputs[:, -1:]], axis=1)
        x = x[:, : (height + k - 1) // k * k]
        x = ops.concatenate([x] + (k - 1) * [x[:, :, -1:]], axis=2)
        x = x[:, :, : (width + k - 1) // k * k]
        return ops.space_to_depth(x, k, "channels_last")

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        sides = [None if s is None else -(-s // self.factor) for s in sides]
        return (n, *sides, self.factor**2 * channels)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("keras_gans")
class Cropped(layers.Layer):
    """`[large, small]` in; of the large images what `scale` makes of the small.

    What `PixelUnshuffle` has completed is cut off again.

    Args:
        scale: Integer.
    """

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        large, small = inputs
        height, width = ops.shape(small)[1:3]
        return large[:, : height * self.scale, : width * self.scale]

    def compute_output_shape(self, input_shape):
        (n, *_, channels), (_, *sides, _) = input_shape
        sides = [None if s is None else s * self.scale for s in sides]
        return (n, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


# ---- the model ------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class RRDBNet(PixelLossModel):
    """Super-resolution by the error of the pixels: ESRGAN's first phase.

    A model as any other of Keras: it is compiled with a loss and an
    optimizer, and trained on pairs of a low-resolution image and the image
    that it was made of, both in [-1, 1].

    Example:

    ```python
    model = keras_gans.RRDBNet.from_preset("real_esrgan_x4plus")
    large = model.upscale(image)  # uint8 to uint8, of any size
    ```

    Args:
        generator: `keras.Model`, images to larger images; `None` for an
            `RRDBNetGenerator`.
        scale: Integer, 4, 2 or 1, of the default generator.
        channels: Integer, of the default generator's images.
        num_blocks: Integer, of the default generator.
        filters: Integer, of the default generator.
        growth: Integer, of the default generator.
        name: String, the name of the model.

    Reference:
        Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial
        Networks", 2018.
    """

    def __init__(
        self,
        generator=None,
        scale=4,
        channels=3,
        num_blocks=23,
        filters=64,
        growth=32,
        **kwargs,
    ):
        if generator is None:
            generator = RRDBNetGenerator(
                scale, channels, num_blocks, filters, growth
            )
        super().__init__(generator, **kwargs)

    @classmethod
    def starting_point(cls, image_shape):
        _, recipe = super().starting_point(image_shape)
        return {"num_blocks": 3, "filters": 32, "growth": 16}, recipe
