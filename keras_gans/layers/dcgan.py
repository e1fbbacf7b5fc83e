"""The stacks of DCGAN, which later papers build on, and how they end."""

import itertools

import keras
from keras import layers

from keras_gans.checks import check_integer
from keras_gans.layers.normalization import (
    SpectralNormalization,
    check_normalization,
)
from keras_gans.layers.precision import output_dtype


def dcgan_base_shape(image_shape):
    """The spatial shape that a DCGAN starts from, and its doublings.

    Args:
        image_shape: `(height, width, channels)`.

    Returns:
        `(height, width), doublings`: the smallest shape with both sides at
        least 4 from which doubling reaches the image.

    Raises:
        ValueError: If the image can not be halved down to a side of 4 to 7.
    """
    shape = tuple(image_shape) if isinstance(image_shape, (list, tuple)) else ()
    if len(shape) != 3 or not all(isinstance(s, int) and s > 0 for s in shape):
        raise ValueError(
            "image_shape must be (height, width, channels), three positive "
            f"integers. Received: image_shape={image_shape}"
        )
    height, width, _ = shape
    doublings = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8:
        height, width, doublings = height // 2, width // 2, doublings + 1
    if not 4 <= min(height, width) <= 7 or doublings == 0:
        works = _nearest_dcgan_shapes(*shape[:2])
        raise ValueError(
            "image_shape must have a height and a width that halve, together, "
            f"until the smaller is 4 to 7. Received: image_shape={shape}. The "
            f"nearest (height, width) that work: {works[0]} and {works[1]}"
        )
    return (height, width), doublings


def resolution_widths(image_shape, filters):
    """The width of a network at each resolution that doubles to an image.

    Args:
        image_shape: `(height, width, channels)`.
        filters: Integers, one for each resolution, the smallest first; or one
            for all.

    Returns:
        `(height, width), widths`: the smallest shape, and as many integers as
        there are resolutions.

    Raises:
        ValueError: If the image can not be halved down to a side of 4 to 7, or
            the integers are not as many.
    """
    base, doublings = dcgan_base_shape(image_shape)
    widths = listed(filters)
    if not isinstance(widths, list):
        widths = [widths] * (doublings + 1)
    for width in widths:
        check_integer("filters", width, minimum=1)
    if len(widths) != doublings + 1:
        raise ValueError(
            f"filters must be {doublings + 1} integers for image_shape="
            f"{tuple(image_shape)}, one for each resolution, or one for all. "
            f"Received: filters={filters}"
        )
    return base, widths


def listed(filters):
    """Widths as a config holds them: a list, or one integer."""
    return list(filters) if isinstance(filters, (list, tuple)) else filters


def _nearest_dcgan_shapes(height, width):
    # After k halvings both sides are whole and the smaller one is 4 to 7.
    candidates = set()
    for k in range(1, max(height, width).bit_length() + 1):
        step = 2**k
        sides = [
            {max(4, n) for n in (s // step, -(-s // step))} | {7}
            for s in (height, width)
        ]
        candidates |= {
            (h * step, w * step)
            for h, w in itertools.product(*sides)
            if min(h, w) <= 7
        }
    return sorted(
        candidates, key=lambda c: (abs(c[0] - height) + abs(c[1] - width), c)
    )[:2]


def dcgan_generator_stack(x, image_shape, filters, crop=0):
    """Dense projection, then transposed convolutions up to the image.

    Radford et al., 2015, figure 1: filters halve as resolution doubles, batch
    normalization and ReLU in all but the last layer, which is tanh.

    Args:
        x: Symbolic tensor, `(batch, features)`.
        image_shape: `(height, width, channels)` to reach.
        filters: Integer, half the filters of the last hidden layer.
        crop: Integer, pixels to cut from every side of a larger image.

    Returns:
        Symbolic images in [-1, 1], float32 under every dtype policy.
    """
    (height, width), doublings = dcgan_base_shape(
        (image_shape[0] + 2 * crop, image_shape[1] + 2 * crop, image_shape[2])
        if crop
        else image_shape
    )
    weights = keras.initializers.RandomNormal(stddev=0.02)
    depth = filters * 2**doublings
    # The normalization that follows makes a bias superfluous.
    x = layers.Dense(
        height * width * depth,
        use_bias=False,
        kernel_initializer=weights,
    )(x)
    x = layers.Reshape((height, width, depth))(x)
    x = _batch_norm()(x)
    x = layers.ReLU()(x)
    for i in reversed(range(1, doublings)):
        x = layers.Conv2DTranspose(
            filters * 2**i,
            4,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=weights,
        )(x)
        x = _batch_norm()(x)
        x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(
        image_shape[-1],
        4,
        strides=2,
        padding="same",
        activation="tanh",
        kernel_initializer=weights,
        dtype=output_dtype(),
    )(x)
    return layers.Cropping2D(crop, dtype=output_dtype())(x) if crop else x


def dcgan_discriminator_stack(x, image_shape, filters, normalization="batch"):
    """Strided convolutions down to a side of at most 4.

    Radford et al., 2015: no pooling, LeakyReLU 0.2, batch normalization in all
    layers but the first. The paper's 64x64 ends at 4x4, and so does 28x28,
    with one layer more than the generator has: what is only 7x7 deep sees
    strokes, but no digits.

    Args:
        x: Symbolic images, `(batch, height, width, any number of channels)`.
        image_shape: `(height, width, channels)` of the data.
        filters: Integer, the filters of the first layer; they double.
        normalization: `"batch"`, `"spectral"` for all layers, or `None`.

    Returns:
        Symbolic features `(batch, height', width', filters')`.
    """
    dcgan_base_shape(image_shape)  # An error for what no generator makes.
    check_normalization(normalization)
    depth = 0
    while depth == 0 or min(x.shape[1:3]) > 4:
        batch_normalization = normalization == "batch" and depth > 0
        convolution = layers.Conv2D(
            filters * 2**depth,
            4,
            strides=2,
            padding="same",
            use_bias=not batch_normalization,
            kernel_initializer=_discriminator_initializer(normalization),
        )
        if normalization == "spectral":
            convolution = SpectralNormalization(convolution)
        x = convolution(x)
        if batch_normalization:
            x = _batch_norm()(x)
        x = layers.LeakyReLU(0.2)(x)
        depth += 1
    return x


def _discriminator_initializer(normalization):
    # What is normalized starts from the paper's N(0, 0.02), which would
    # vanish from layer to layer if it were not.
    if normalization is None:
        return keras.initializers.HeNormal()
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
    )


def global_pooling(x, spectral_normalization=False):
    """Mean over positions, or their sum, in float32: `(batch, filters)`.

    The mean is the sum with smaller weights in the layer that follows, unless
    spectral normalization fixes their size: there it is the sum, as in SNGAN.

    Args:
        x: Symbolic features `(batch, height, width, filters)`.
        spectral_normalization: Boolean.
    """
    pooled = layers.GlobalAveragePooling2D(dtype=output_dtype())(x)
    if spectral_normalization:
        positions = x.shape[1] * x.shape[2]
        pooled = layers.Rescaling(positions, dtype=output_dtype())(pooled)
    return pooled


def logits_layer(spectral_normalization=False, units=1):
    """The dense layer that ends a discriminator: float32 logits, here one."""
    layer = layers.Dense(
        units,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        dtype=output_dtype(),
    )
    if spectral_normalization:
        return SpectralNormalization(layer, dtype=output_dtype())
    return layer
