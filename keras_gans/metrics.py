"""Scores of generated examples, as functions on NumPy arrays."""

import numpy as np


def mode_coverage(points, centers, stddev):
    """How many modes of a Gaussian mixture samples cover, and how well.

    The protocol of VEEGAN and PacGAN (which score 2,500 samples): a sample is
    of high quality if it lies within three standard deviations of the nearest
    mode, and a mode is covered if at least one such sample belongs to it.

    Args:
        points: Array `(n, dimensions)`, the samples.
        centers: Array `(modes, dimensions)`.
        stddev: Float, the standard deviation of every mode.

    Returns:
        `(modes, high_quality)`: the number of covered modes, and the share of
        samples that are of high quality, between 0 and 1.

    Reference:
        Srivastava et al., "VEEGAN", 2017; Lin et al., "PacGAN", 2018.
    """
    points, centers = np.asarray(points), np.asarray(centers)
    if points.ndim != 2 or points.shape[1:] != centers.shape[1:]:
        raise ValueError(
            f"points must have shape (n, {centers.shape[-1]}), as centers "
            f"have. Received: points with shape {points.shape}"
        )
    distances = np.linalg.norm(points[:, None] - centers[None], axis=-1)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= 3 * stddev
    return len(np.unique(nearest[good])), float(good.mean())


def sliced_wasserstein(real, fake, directions=256, seed=0):
    """Sliced Wasserstein-2 distance between two sets of examples.

    The mean over random directions of the distance between the sets' one-
    dimensional projections, which sorting gives exactly. Directions are drawn
    on the sphere of the flattened examples and scaled by the square root of
    the dimension, so that the distance is in the units of one value of an
    example: for images in [-1, 1] it is about a brightness difference. It
    sees mean, spread and coverage, but not sharpness: it ranks checkpoints of
    one run, and is no FID.

    Args:
        real: Array `(n, ...)`.
        fake: Array `(n, ...)`, as many examples of the same shape.
        directions: Integer, the number of projections.
        seed: Integer, of the directions.

    Returns:
        Float, 0 for equal sets, lower is better.

    Reference:
        Bonneel et al., "Sliced and Radon Wasserstein Barycenters of
        Measures", 2015.
    """
    real = np.asarray(real, "float32")
    fake = np.asarray(fake, "float32")
    if real.shape != fake.shape:
        raise ValueError(
            "real and fake must have the same shape. Received: real with "
            f"shape {real.shape}, fake with shape {fake.shape}"
        )
    real, fake = real.reshape(len(real), -1), fake.reshape(len(fake), -1)
    size = real.shape[1]
    theta = np.random.default_rng(seed).standard_normal((size, directions))
    theta *= np.sqrt(size) / np.linalg.norm(theta, axis=0)
    theta = theta.astype("float32")
    difference = np.sort(real @ theta, axis=0) - np.sort(fake @ theta, axis=0)
    # Both sets are scaled alike, so dividing last keeps the precision.
    per_direction = np.sqrt(np.mean(np.square(difference, dtype="float64"), 0))
    return float(per_direction.mean() / np.sqrt(size))
