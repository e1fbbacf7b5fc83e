"""Scores of images against the very images that they should be."""

import keras
import numpy as np
from keras import ops


def mean_absolute_error(real, fake):
    """The mean absolute difference of each pair of images.

    Args:
        real: `numpy.uint8` images, `(n, height, width, channels)`.
        fake: The same of what a model made of them.

    Returns:
        Float array `(n,)`, from 0 to 255.
    """
    _check(real, fake)
    difference = np.abs(real.astype("int16") - fake)
    return difference.reshape(len(real), -1).mean(axis=1)


def ssim(real, fake, batch_size=64):
    """The structural similarity of each pair of images, `keras.ops.image.ssim`.

    With the usual window (Gaussian, 11x11, sigma 1.5) and constants, on each
    channel of values up to 255, and averaged over positions and channels.

    Args:
        real: `numpy.uint8` images, `(n, height, width, channels)`, whose
            sides are 11 or more.
        fake: The same of what a model made of them.
        batch_size: Integer, the number of pairs compared at once.

    Returns:
        Float array `(n,)`, at most 1.

    Reference:
        Wang et al., "Image quality assessment: from error visibility to
        structural similarity", 2004.
    """
    _check(real, fake)
    return structural_similarity(real, fake, batch_size)


def structural_similarity(real, fake, batch_size=64):
    """`ssim` of arrays of any dtype, whose values are from 0 to 255."""
    if min(real.shape[1:3]) < 11:
        raise ValueError(
            "real must be images of 11x11 or more. Received: images of "
            f"{real.shape[1]}x{real.shape[2]}"
        )
    scores = [
        ops.convert_to_numpy(
            keras.ops.image.ssim(
                *(
                    ops.convert_to_tensor(x[i : i + batch_size], "float32")
                    for x in (real, fake)
                ),
                max_val=255.0,
                data_format="channels_last",
            )
        )
        for i in range(0, len(real), batch_size)
    ]
    return np.concatenate(scores)


def _check(real, fake):
    for name, images in (("real", real), ("fake", fake)):
        if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
            raise ValueError(
                f"{name} must be uint8 images (n, height, width, channels). "
                f"Received: {name} with shape {images.shape} and dtype "
                f"{images.dtype}"
            )
    if real.shape != fake.shape:
        raise ValueError(
            "real and fake must have one shape. Received: "
            f"{real.shape} and {fake.shape}"
        )
