"""The networks of StyleGAN2."""

import math

import keras
from keras import layers

from keras_gans.checks import check_integer
from keras_gans.layers import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    ModulatedConv2D,
    PixelNormalization,
    Smoothing2D,
    dcgan_base_shape,
    listed,
    output_dtype,
    resolution_widths,
)
from keras_gans.models.stylegan2.style_layers import (
    LearnedConstant,
    OtherLatents,
    Style,
    StyleAverage,
    StyleMixing,
)

# How fast the mapping network learns beside the rest.
_MAPPING_RATE = 0.01
# Under a mixed policy the largest resolutions alone are in half precision.
_HALF_RESOLUTIONS = 4


def default_filters(image_shape):
    """The paper's widths, `min(32768 / side, 512)`, the smallest first."""
    (height, width), doublings = dcgan_base_shape(image_shape)
    side = max(height, width)
    return [min(32768 // (side * 2**i), 512) for i in range(doublings + 1)]


@keras.saving.register_keras_serializable("keras_gans")
class StyleGAN2Generator(keras.Model):
    """Latents `(batch, latent_dim)` to images, whose last layer is linear.

    With `num_classes` it takes `[latents, labels]`.

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        latent_dim: Integer, the size of a latent vector.
        style_dim: Integer, the size of a style.
        filters: Integers, the width at each resolution, the smallest first;
            or one integer for all; `None` for the paper's.
        num_mapping_layers: Integer, the depth of the mapping network: 2, or 8
            as in the first paper.
        style_mixing: Float in [0, 1], the share of images in training that
            have two styles.
        num_classes: Integer, labels are less, or `None`.
        seed: Integer or `None`, of the noise and the second styles.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(64, 64, 3),
        latent_dim=512,
        style_dim=512,
        filters=None,
        num_mapping_layers=2,
        style_mixing=0.9,
        num_classes=None,
        seed=None,
        name="generator",
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        check_integer("style_dim", style_dim, minimum=1)
        check_integer("num_mapping_layers", num_mapping_layers, minimum=1)
        if num_classes is not None:
            check_integer("num_classes", num_classes, minimum=1)
        if filters is None:
            filters = default_filters(image_shape)
        mapping = _mapping(
            latent_dim, style_dim, num_mapping_layers, num_classes
        )
        synthesis = _synthesis(
            image_shape,
            style_dim,
            filters,
            None if seed is None else seed + 20_000,
        )
        latents = keras.Input((latent_dim,), name="latents")
        labels = []
        if num_classes is not None:
            labels = [keras.Input((), dtype="int32", name="labels")]
        styles = mapping([latents, *labels] if labels else latents)
        styles = StyleAverage(dtype="float32", name="style_average")(styles)
        # None of the seeds is the model's own: drawn with it, the other
        # latents would be the first ones again.
        own = [None if seed is None else seed + 10_000 + i for i in (1, 2)]
        others = OtherLatents(own[0], dtype="float32", name="other_latents")(
            latents
        )
        others = mapping([others, *labels] if labels else others)
        styles = StyleMixing(
            synthesis.input.shape[1],
            style_mixing,
            own[1],
            dtype="float32",
            name="style_mixing",
        )([styles, others])
        super().__init__(
            [latents, *labels] if labels else latents,
            synthesis(styles),
            name=name,
            **kwargs,
        )
        self._arguments = {
            "image_shape": list(image_shape),
            "latent_dim": latent_dim,
            "style_dim": style_dim,
            "filters": listed(filters),
            "num_mapping_layers": num_mapping_layers,
            "style_mixing": style_mixing,
            "num_classes": num_classes,
            "seed": seed,
        }
        if num_classes is not None:
            self.num_classes = num_classes

    @property
    def mapping(self):
        """`keras.Model`, what the network takes to styles `(batch, size)`."""
        return self.get_layer("mapping")

    @property
    def synthesis(self):
        """`keras.Model`, styles `(batch, num_styles, size)` to images."""
        return self.get_layer("synthesis")

    @property
    def num_styles(self):
        """How many styles an image has, one for each modulated layer."""
        return self.synthesis.input.shape[1]

    @property
    def average_style(self):
        """The mean of all styles in training, `(size,)`."""
        return self.get_layer("style_average").average

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _mapping(latent_dim, style_dim, num_layers, num_classes):
    inputs = keras.Input((latent_dim,), name="latents")
    x = PixelNormalization(dtype="float32")(inputs)
    if num_classes is not None:
        labels = keras.Input((), dtype="int32", name="labels")
        x = layers.Concatenate(dtype="float32")(
            [x, _embedded(labels, num_classes, style_dim)]
        )
        inputs = [inputs, labels]
    for _ in range(num_layers):
        x = EqualizedDense(
            style_dim,
            activation="leaky_relu",
            rate=_MAPPING_RATE,
            dtype="float32",
        )(x)
    return keras.Model(inputs, x, name="mapping")


def _embedded(labels, num_classes, size):
    """A vector for each label, of length sqrt(size)."""
    x = layers.Embedding(
        num_classes,
        size,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
        dtype="float32",
    )(labels)
    return PixelNormalization(dtype="float32")(x)


def _synthesis(image_shape, style_dim, filters, seed):
    (height, width), widths = resolution_widths(image_shape, filters)
    styles = keras.Input((2 * len(widths), style_dim), name="styles")
    number = 0

    def styled(x, channels, **kwargs):
        style = Style(number, dtype="float32")(styles)
        return ModulatedConv2D(channels, **kwargs)([x, style])

    image = None
    x = LearnedConstant(
        (height, width, widths[0]), dtype="float32", name="learned_constant"
    )(styles)
    for i, channels in enumerate(widths):
        dtype = _dtype(len(widths) - i)
        noise = None if seed is None else seed + 10 * i
        if i > 0:
            x = styled(x, channels, upsample=True, seed=noise, dtype=dtype)
            number += 1
            image = Smoothing2D(2, dtype=output_dtype())(image)
        noise = None if seed is None else seed + 10 * i + 1
        x = styled(x, channels, seed=noise, dtype=dtype)
        number += 1
        # It shares its style with the next resolution's first layer.
        part = styled(
            x,
            image_shape[-1],
            kernel_size=1,
            demodulate=False,
            noise=False,
            activation=None,
            dtype=dtype,
        )
        if image is None:
            image = layers.Identity(dtype=output_dtype())(part)
        else:
            image = layers.Add(dtype=output_dtype())([image, part])
    return keras.Model(styles, image, name="synthesis")


def _dtype(resolutions_left):
    """The policy of a layer, by how many resolutions it and larger ones are."""
    if resolutions_left > _HALF_RESOLUTIONS:
        return output_dtype()
    return keras.config.dtype_policy()


@keras.saving.register_keras_serializable("keras_gans")
class StyleGAN2Discriminator(keras.Model):
    """Images to one logit; with `num_classes`, `[images, labels]` to one.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        filters: Integers or one, see `StyleGAN2Generator`.
        group_size: Integer, see `layers.MinibatchStandardDeviation`.
        num_classes: Integer, labels are less, or `None`.
    """

    def __init__(
        self,
        image_shape=(64, 64, 3),
        filters=None,
        group_size=4,
        num_classes=None,
        name="discriminator",
        **kwargs,
    ):
        if filters is None:
            filters = default_filters(image_shape)
        if num_classes is not None:
            check_integer("num_classes", num_classes, minimum=1)
        _, widths = resolution_widths(image_shape, filters)
        images = keras.Input(image_shape, name="images")
        x = EqualizedConv2D(
            widths[-1],
            1,
            activation="leaky_relu",
            dtype=_dtype(1),
        )(images)
        for i in reversed(range(1, len(widths))):
            x = _halving_block(x, widths[i - 1], _dtype(len(widths) - i))
        x = MinibatchStandardDeviation(group_size, dtype="float32")(x)
        x = EqualizedConv2D(
            widths[0], activation="leaky_relu", dtype="float32"
        )(x)
        x = layers.Flatten(dtype="float32")(x)
        x = EqualizedDense(widths[0], activation="leaky_relu", dtype="float32")(
            x
        )
        inputs = images
        if num_classes is None:
            outputs = EqualizedDense(1, dtype=output_dtype())(x)
        else:
            # What the features say of the label (Miyato and Koyama, 2018).
            labels = keras.Input((), dtype="int32", name="labels")
            x = EqualizedDense(widths[0], dtype="float32")(x)
            match = layers.Dot(axes=-1, dtype="float32")(
                [x, _embedded(labels, num_classes, widths[0])]
            )
            outputs = layers.Rescaling(
                1.0 / math.sqrt(widths[0]), dtype=output_dtype()
            )(match)
            inputs = [images, labels]
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": listed(filters),
            "group_size": group_size,
            "num_classes": num_classes,
        }
        if num_classes is not None:
            self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _halving_block(x, channels, dtype):
    """Two convolutions beside one, at half the sides in the end."""
    short = Smoothing2D(0.5, dtype=dtype)(x)
    short = EqualizedConv2D(channels, 1, use_bias=False, dtype=dtype)(short)
    x = EqualizedConv2D(x.shape[-1], activation="leaky_relu", dtype=dtype)(x)
    x = Smoothing2D(1, padding=(2, 2), dtype=dtype)(x)
    x = EqualizedConv2D(
        channels,
        strides=2,
        padding="valid",
        activation="leaky_relu",
        dtype=dtype,
    )(x)
    x = layers.Add(dtype=dtype)([x, short])
    return layers.Rescaling(math.sqrt(0.5), dtype=dtype)(x)
