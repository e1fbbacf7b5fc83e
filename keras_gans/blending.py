"""Seamless cloning: what fills a hole takes its differences, not its level."""

import numpy as np

TOLERANCE = 1e-6  # Of the residual, relative to the right side.


def poisson_blend(images, made, masks):
    """Fills holes with what has the differences of `made`, without a seam.

    In the hole of an image, the result is the solution of Poisson's equation:
    its differences between neighbours are as near as they can be to those of
    `made`, and beside the hole it is the image. At the image's own border
    nothing is asked for. An image that is all hole becomes `made`.

    Args:
        images: Array `(n, height, width, channels)`.
        made: Array of the same shape, what fills the holes.
        masks: bool `(n, height, width)`, true in the holes.

    Returns:
        float64 `(n, height, width, channels)`; where there is no hole it is
        `images`. It may be beyond the range of either.

    Reference:
        Pérez et al., "Poisson Image Editing", 2003.
    """
    results = [
        _blend(*(np.asarray(x, "float64") for x in (image, other)), mask)
        for image, other, mask in zip(images, made, masks, strict=True)
    ]
    return np.stack(results)


def _blend(image, made, mask):
    if mask.all() or not mask.any():
        return made if mask.all() else image
    hole = mask[..., None].astype("float64")
    known = image * (1 - hole)
    right = hole * (_differences(made) - _differences(known))
    # Conjugate gradients, of each channel: the matrix, symmetric and positive
    # definite, is of the hole's pixels alone.
    x = made * hole
    residual = right - hole * _differences(x)
    direction, square = residual, _dot(residual, residual)
    enough = TOLERANCE**2 * np.maximum(_dot(right, right), 1e-12)
    for _ in range(4 * int(mask.sum())):
        if (square <= enough).all():
            break
        product = hole * _differences(direction)
        step = square / np.maximum(_dot(direction, product), 1e-300)
        x = x + step * direction
        residual = residual - step * product
        before, square = square, _dot(residual, residual)
        direction = residual + square / np.maximum(before, 1e-300) * direction
    return np.where(mask[..., None], x, image)


def _differences(x):
    """Each pixel's sum of differences to its neighbours in the image."""
    result = np.zeros_like(x)
    for axis in (0, 1):
        steps = np.diff(x, axis=axis)
        first, last = [(0, 0)] * x.ndim, [(0, 0)] * x.ndim
        first[axis], last[axis] = (1, 0), (0, 1)
        result += np.pad(steps, first) - np.pad(steps, last)
    return result


def _dot(a, b):
    return (a * b).sum(axis=(0, 1))
