"""Scores of images against the very images that they should be."""

import keras
import numpy as np
from keras import ops

from keras_gans.pixels import read_uint8


def mean_absolute_error(real, fake):
    """The mean absolute difference of each pair of images.

    Args:
        real: Images, `(n, height, width, channels)`, of uint8; others are
            rounded to it (see `keras_gans.pixels`).
        fake: The same of what a model made of them.

    Returns:
        Float array `(n,)`, from 0 to 255.
    """
    real, fake = _read(real, fake)
    difference = np.abs(real.astype("int16") - fake)
    return difference.reshape(len(real), -1).mean(axis=1)


def ssim(real, fake, batch_size=64):
    """The structural similarity of each pair of images, `keras.ops.image.ssim`.

    With the usual window (Gaussian, 11x11, sigma 1.5) and constants, on each
    channel of values up to 255, and averaged over positions and channels.

    Args:
        real: Images, `(n, height, width, channels)`, of uint8; others are
            rounded to it (see `keras_gans.pixels`). Sides are 11 or more.
        fake: The same of what a model made of them.
        batch_size: Integer, the number of pairs compared at once.

    Returns:
        Float array `(n,)`, at most 1.

    Reference:
        Wang et al., "Image quality assessment: from error visibility to
        structural similarity", 2004.
    """
    real, fake = _read(real, fake)
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


def _read(real, fake):
    images = []
    for name, x in (("real", real), ("fake", fake)):
        x = np.asarray(x)
        if x.ndim != 4 or not len(x):
            raise ValueError(
                f"{name} must be images (n, height, width, channels). "
                f"Received: {name} with shape {x.shape}"
            )
        images.append(read_uint8(name, x))
    if images[0].shape != images[1].shape:
        raise ValueError(
            "real and fake must have one shape. Received: "
            f"{images[0].shape} and {images[1].shape}"
        )
    return images
