"""Resizing: bicubic as super-resolution measures itself by, and Lanczos.

`bicubic` is MATLAB's. The low-resolution images behind the published figures
were made by its `imresize`. The bicubic resizing of other libraries leaves out
what is beyond the border instead of reflecting it (Pillow), does not widen its
kernel when it shrinks an image unless asked to (TensorFlow, PyTorch), or has a
kernel of its own (a = -0.75: PyTorch, OpenCV). Each of these costs tenths of a
decibel.

`lanczos` is Pillow's, part by part: for people's images, which may be large.
"""

import math

import numpy as np

# Pixels of the result that `lanczos` makes at once.
_BAND = 2**22


def bicubic_matrix(size, new_size):
    """The weights that resize one axis, `(new_size, size)`.

    Keys's kernel with a = -0.5, as wide as the scale when it shrinks an axis
    (antialiasing), on the axis continued by its own reflection, the border
    repeated.

    Args:
        size: Integer, the length of the axis.
        new_size: Integer, the length that it is to have.

    Returns:
        float64 array `(new_size, size)` whose rows have the sum 1.

    Reference:
        Keys, "Cubic convolution interpolation for digital image processing",
        1981.
    """
    scale = new_size / size
    stretch = max(1.0, 1 / scale)
    # Where the centres of the new pixels lie among the old ones.
    centers = (np.arange(new_size) + 0.5) / scale - 0.5
    reach = int(np.ceil(2 * stretch)) + 1
    taps = np.floor(centers)[:, None].astype(int) + np.arange(-reach, reach + 1)
    weights = cubic((centers[:, None] - taps) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    # ... 1 0 | 0 1 2 | 2 1 0 0 1 ...
    taps %= 2 * size
    taps = np.minimum(taps, 2 * size - 1 - taps)
    matrix = np.zeros((new_size, size))
    rows = np.broadcast_to(np.arange(new_size)[:, None], taps.shape)
    np.add.at(matrix, (rows, taps), weights)
    return matrix


def cubic(x, a=-0.5):
    """Keys's kernel, equation 15 of his paper, at these distances.

    Args:
        x: Array of floats, in pixels.
        a: Float, the slope at 1: -0.5 is MATLAB's, -0.75 that of PyTorch.
    """
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def bicubic(images, new_size):
    """Resizes images, antialiased where they shrink.

    Args:
        images: Array `(..., height, width, channels)`.
        new_size: `(height, width)`.

    Returns:
        For `numpy.uint8` images such ones, rounded and clipped; otherwise
        float64 that may go a little beyond the values of `images`.
    """
    images = np.asarray(images)
    rows, columns = (
        bicubic_matrix(size, new)
        for size, new in zip(images.shape[-3:-1], new_size)
    )
    resized = np.einsum("ih,...hwc->...iwc", rows, images, optimize=True)
    resized = np.einsum("jw,...iwc->...ijc", columns, resized, optimize=True)
    if images.dtype == np.uint8:
        return np.clip(np.rint(resized), 0, 255).astype("uint8")
    return resized


def lanczos(images, new_size, wrap=False):
    """Resizes images, antialiased where they shrink, a band at a time.

    The channels are resized each by itself: what lies under transparent parts
    stays what it is.

    Args:
        images: `numpy.uint8` or `numpy.uint16`, `(n, height, width, channels)`.
        new_size: `(height, width)`.
        wrap: Boolean, whether an image goes on with its other side beyond its
            border, and its end is not repeated.

    Yields:
        `(top, band)`: rows of the results from `top` on, of the same dtype.

    Reference:
        Duchon, "Lanczos filtering in one and two dimensions", 1979.
    """
    size = images.shape[1:3]
    ratios = [old / new for old, new in zip(size, new_size)]
    # What a pixel of the result is made of, on either side.
    reach_y, reach_x = (math.ceil(3 * max(1, ratio)) + 1 for ratio in ratios)
    rows = max(1, _BAND // new_size[1])
    for first in range(0, new_size[0], rows):
        end = min(first + rows, new_size[0])
        top = math.floor(first * ratios[0]) - reach_y
        bottom = math.ceil(end * ratios[0]) + reach_y
        if wrap:
            left = reach_x
            part = around(images, top, bottom, -left, size[1] + left)
        else:
            left, top, bottom = 0, max(top, 0), min(bottom, size[0])
            part = images[:, top:bottom]
        lower = min(end * ratios[0] - top, bottom - top)
        box = (left, first * ratios[0] - top, left + size[1], lower)
        yield first, _lanczos(part, (new_size[1], end - first), box)


def _lanczos(images, new_size, box):
    """All of a `box` of images, `(left, top, right, bottom)`."""
    from PIL import Image

    width, height = new_size
    left, top, right, bottom = box
    # The width first: which is first shows where noise overshoots, and Pillow
    # goes by the sizes, which are others in the last band.
    steps = (
        ((width, images.shape[1]), (left, 0, right, images.shape[1])),
        ((width, height), (0, top, width, bottom)),
    )
    count, *_, channels = images.shape
    made = np.empty((count, height, width, channels), images.dtype)
    deep = images.dtype != np.uint8
    for i, channel in np.ndindex(count, channels):
        layer = images[i, ..., channel]
        layer = layer.astype("float32") if deep else np.ascontiguousarray(layer)
        layer = Image.fromarray(layer)
        for size, part in steps:
            layer = layer.resize(size, Image.Resampling.LANCZOS, part)
        layer = np.asarray(layer)
        if deep:  # Pillow rounds and clips those of eight bits alone.
            layer = np.clip(np.rint(layer), 0, np.iinfo(images.dtype).max)
        made[i, ..., channel] = layer
    return made


def around(images, top, bottom, left, right, mode="wrap"):
    """A part of images, which may lie beyond their border.

    Args:
        images: Array `(n, height, width, channels)`.
        top, bottom, left, right: Integers, where it begins and ends.
        mode: `"wrap"` for images that go on with their other side, `"clip"`
            for such that go on with their last pixels.
    """
    part = images.take(range(top, bottom), axis=1, mode=mode)
    return part.take(range(left, right), axis=2, mode=mode)
