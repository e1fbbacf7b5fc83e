"""The residual blocks of WGAN-GP and SNGAN, and of what was built on them."""

from keras import layers

from keras_gans.layers.normalization import SpectralNormalization


def batch_normalization(x):
    """Batch normalization with PyTorch's epsilon, as the papers' code had."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def upsampling_residual_block(x, filters, normalize):
    """Normalization, ReLU, doubling and convolution, twice.

    Args:
        x: Symbolic features `(batch, height, width, channels)`.
        filters: Integer, of the convolutions.
        normalize: Function of features, as `batch_normalization`.

    Returns:
        Symbolic features of twice the height and width.
    """
    shortcut = _convolution(filters, 1, relu=False)(layers.UpSampling2D()(x))
    x = layers.ReLU()(normalize(x))
    x = _convolution(filters)(layers.UpSampling2D()(x))
    x = layers.ReLU()(normalize(x))
    x = _convolution(filters)(x)
    return layers.Add()([x, shortcut])


def first_residual_block(x, filters, normalization):
    """Starts with a convolution: a ReLU would cut the image's dark half.

    Args:
        x: Symbolic images.
        filters: Integer, of the convolutions.
        normalization: `"spectral"` or another, which this block has not.

    Returns:
        Symbolic features of half the height and width.
    """
    spectral = normalization == "spectral"
    shortcut = layers.AveragePooling2D(2)(x)
    shortcut = _convolution(filters, 1, spectral, relu=False)(shortcut)
    x = layers.ReLU()(_convolution(filters, 3, spectral)(x))
    x = layers.AveragePooling2D(2)(_convolution(filters, 3, spectral)(x))
    return layers.Add()([x, shortcut])


def residual_block(x, filters, normalization):
    """ReLU and convolution, twice, of one resolution.

    Args:
        x: Symbolic features, of `filters` channels.
        filters: Integer, of the convolutions.
        normalization: `"layer"`, `"spectral"` or `None`.
    """
    return layers.Add()([_inside(x, filters, normalization), x])


def halving_residual_block(x, filters, normalization):
    """`residual_block` to half of the height and width."""
    shortcut = x
    x = _inside(x, filters, normalization)
    spectral = normalization == "spectral"
    shortcut = _convolution(filters, 1, spectral, relu=False)(shortcut)
    x = layers.AveragePooling2D(2)(x)
    shortcut = layers.AveragePooling2D(2)(shortcut)
    return layers.Add()([x, shortcut])


def _inside(x, filters, normalization):
    for _ in range(2):
        if normalization == "layer":
            # One group: statistics of the whole example, a scale per channel.
            x = layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
        x = layers.ReLU()(x)
        x = _convolution(filters, 3, normalization == "spectral")(x)
    return x


def _convolution(filters, size=3, spectral=False, relu=True):
    # He's initialization before a ReLU, Glorot's on the shortcuts.
    layer = layers.Conv2D(
        filters,
        size,
        padding="same",
        kernel_initializer="he_uniform" if relu else "glorot_uniform",
    )
    return SpectralNormalization(layer) if spectral else layer
