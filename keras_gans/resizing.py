"""Bicubic resizing as super-resolution measures itself by: MATLAB's.

The low-resolution images behind the published figures were made by MATLAB's
`imresize`. The bicubic resizing of other libraries leaves out what is beyond
the border instead of reflecting it (Pillow), does not widen its kernel when it
shrinks an image unless asked to (TensorFlow, PyTorch), or has a kernel of its
own (a = -0.75: PyTorch, OpenCV). Each of these costs tenths of a decibel.
"""

import numpy as np


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
