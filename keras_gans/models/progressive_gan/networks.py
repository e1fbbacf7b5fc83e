"""Networks that grow."""

import math

import keras
from keras import layers, ops

from keras_gans.checks import check_integer
from keras_gans.layers import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    PixelNormalization,
    dcgan_base_shape,
    listed,
    output_dtype,
    resolution_widths,
)


def default_filters(image_shape):
    """The paper's widths, `min(16384 / side, 512)`, the smallest first."""
    (height, width), doublings = dcgan_base_shape(image_shape)
    side = max(height, width)
    return [min(16384 // (side * 2**i), 512) for i in range(doublings + 1)]


class _Growing(keras.Model):
    """What both networks share: how far they have grown.

    All layers are there from the start, for optimizers and files; a call
    computes those of the stage alone.

    Attributes:
        stage: Integer, the resolution: 0 is the smallest.
        alpha: Variable, how much of the newest one is in.
    """

    def __init__(self, image_shape, filters, stage, **kwargs):
        super().__init__(**kwargs)
        if filters is None:
            filters = default_filters(image_shape)
        base, widths = resolution_widths(image_shape, filters)
        self.last_stage = len(widths) - 1
        if stage is None:
            stage = self.last_stage
        if not isinstance(stage, int) or not 0 <= stage <= self.last_stage:
            raise ValueError(
                f"stage must be 0 to {self.last_stage} for images of "
                f"{tuple(image_shape)}. Received: stage={stage}"
            )
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": listed(filters),
        }
        self.stage = stage
        # The stage as a weight: a checkpoint knows where it was.
        self.alpha = self._state("alpha", 1.0)
        self.stored_stage = self._state("stored_stage", stage)
        self.shapes = [
            (base[0] * 2**i, base[1] * 2**i, width)
            for i, width in enumerate(widths)
        ]

    def _state(self, name, value):
        return self.add_weight(
            (),
            keras.initializers.Constant(value),
            dtype="float32",
            trainable=False,
            name=name,
            aggregation="only_first_replica",
        )

    def grow_to(self, stage):
        """Sets the stage; functions that were compiled before keep theirs."""
        self.stage = stage
        self.stored_stage.assign(stage)

    def read_stage(self):
        """Takes the stage from the weights; returns whether it is another."""
        before = self.stage
        self.stage = round(float(ops.convert_to_numpy(self.stored_stage)))
        return self.stage != before

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self.read_stage()

    def set_weights(self, weights):
        super().set_weights(weights)
        self.read_stage()

    def faded(self, before, now):
        """What was there before, and what is new."""
        alpha = ops.cast(self.alpha, now.dtype)
        before = ops.cast(before, now.dtype)
        return before + alpha * (now - before)

    def get_config(self):
        return {**self._arguments, "stage": self.stage, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class ProgressiveGANGenerator(_Growing):
    """Latents `(batch, latent_dim)` to images, whose last layer is linear.

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        latent_dim: Integer, the size of a latent vector.
        filters: Integers, the width at each resolution, the smallest first;
            or one integer for all; `None` for the paper's.
        stage: Integer, the resolution that it starts at, 0 the smallest;
            `None` for the last. Smaller images are enlarged.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(64, 64, 3),
        latent_dim=512,
        filters=None,
        stage=None,
        name="generator",
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        super().__init__(image_shape, filters, stage, name=name, **kwargs)
        self._arguments["latent_dim"] = latent_dim
        channels = image_shape[-1]
        self.blocks = [_first_block(latent_dim, self.shapes[0])]
        for before, shape in zip(self.shapes, self.shapes[1:]):
            self.blocks.append(_larger_block(before, shape))
        self.to_images = []
        for i, shape in enumerate(self.shapes):
            layer = EqualizedConv2D(
                channels, 1, dtype=output_dtype(), name=f"to_image_{i}"
            )
            layer.build((None, *shape))
            self.to_images.append(layer)
        self.built = True

    def call(self, inputs, training=False):
        x, before = self.blocks[0](inputs, training=training), None
        for i in range(1, self.stage + 1):
            if i == self.stage:
                before = enlarged(self.to_images[i - 1](x), 2)
            x = self.blocks[i](x, training=training)
        image = self.to_images[self.stage](x)
        if before is not None:
            image = self.faded(before, image)
        return enlarged(image, 2 ** (self.last_stage - self.stage))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._arguments["image_shape"])


@keras.saving.register_keras_serializable("keras_gans")
class ProgressiveGANDiscriminator(_Growing):
    """Images to one score.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        filters: Integers or one, see `ProgressiveGANGenerator`.
        stage: Integer or `None`, as the generator's. Images are made smaller.
        group_size: Integer, see `layers.MinibatchStandardDeviation`.
    """

    def __init__(
        self,
        image_shape=(64, 64, 3),
        filters=None,
        stage=None,
        group_size=4,
        name="discriminator",
        **kwargs,
    ):
        super().__init__(image_shape, filters, stage, name=name, **kwargs)
        self._arguments["group_size"] = group_size
        self.blocks = [_last_block(self.shapes[0], group_size)]
        for after, shape in zip(self.shapes, self.shapes[1:]):
            self.blocks.append(_smaller_block(shape, after[-1]))
        self.from_images = []
        for i, (height, width, filters_) in enumerate(self.shapes):
            layer = EqualizedConv2D(
                filters_, 1, activation="leaky_relu", name=f"from_image_{i}"
            )
            layer.build((None, height, width, image_shape[-1]))
            self.from_images.append(layer)
        self.built = True

    def call(self, inputs, training=False):
        images = halved(inputs, self.last_stage - self.stage)
        x = self.from_images[self.stage](images)
        for i in reversed(range(1, self.stage + 1)):
            x = self.blocks[i](x, training=training)
            if i == self.stage:
                before = self.from_images[i - 1](halved(images, 1))
                x = self.faded(before, x)
        return self.blocks[0](x, training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)


# ---- blocks, each a network that is built at once -------------------------


def _first_block(latent_dim, shape):
    height, width, filters = shape
    inputs = keras.Input((latent_dim,))
    x = PixelNormalization()(inputs)
    # A fourth of the others' gain, as in the authors' code: its fan-in is
    # that of a kernel of 4x4.
    x = EqualizedDense(height * width * filters, use_bias=False)(x)
    x = layers.Rescaling(math.sqrt(2.0) / 4)(x)
    x = layers.Reshape((height, width, filters))(x)
    x = PixelNormalization()(layers.LeakyReLU(0.2)(x))
    x = _normalized(x, filters)
    return keras.Model(inputs, x, name="block_0")


def _larger_block(before, shape):
    inputs = keras.Input(before)
    x = layers.UpSampling2D()(inputs)
    for _ in range(2):
        x = _normalized(x, shape[-1])
    return keras.Model(inputs, x, name=f"block_{shape[0]}")


def _normalized(x, filters):
    x = EqualizedConv2D(filters, activation="leaky_relu")(x)
    return PixelNormalization()(x)


def _smaller_block(shape, filters):
    inputs = keras.Input(shape)
    x = EqualizedConv2D(shape[-1], activation="leaky_relu")(inputs)
    x = EqualizedConv2D(filters, activation="leaky_relu")(x)
    x = layers.AveragePooling2D(2)(x)
    return keras.Model(inputs, x, name=f"block_{shape[0]}")


def _last_block(shape, group_size):
    inputs = keras.Input(shape)
    x = MinibatchStandardDeviation(group_size)(inputs)
    x = EqualizedConv2D(shape[-1], activation="leaky_relu")(x)
    x = layers.Flatten()(x)
    x = EqualizedDense(shape[-1], activation="leaky_relu")(x)
    x = EqualizedDense(1, dtype=output_dtype())(x)
    return keras.Model(inputs, x, name="block_0")


# ---- sizes ----------------------------------------------------------------


def enlarged(images, factor):
    """Images whose pixels are blocks of `factor` times `factor`."""
    if factor == 1:
        return images
    return ops.repeat(ops.repeat(images, factor, axis=1), factor, axis=2)


def halved(images, times):
    """Images whose pixels are means of blocks of `2**times` a side."""
    if times == 0:
        return images
    side = 2**times
    return ops.average_pool(
        images, side, side, padding="valid", data_format="channels_last"
    )
