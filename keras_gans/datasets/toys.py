"""The two-dimensional mixtures that papers draw, by name.

Whoever asks whether a data set is one of them, asks `find`; nobody else knows
their names.
"""

import functools

import numpy as np

from keras_gans.datasets.checks import no_images, split_error, unlabelled
from keras_gans.datasets.sources import Source
from keras_gans.names import TOYS as NAMES

POINTS_PER_PASS = 100_000


def ring_modes():
    """Returns the centers (8, 2), float32, and the std of `ring`'s modes."""
    angle = np.arange(8) * (np.pi / 4)
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centers.astype("float32"), 0.01


def grid_modes():
    """Returns the centers (25, 2), float32, and the std of `grid`'s modes."""
    side = np.arange(-4, 5, 2)
    centers = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    return centers.reshape(-1, 2).astype("float32"), 0.05


def ring(num_points, seed=0):
    """Draws from 8 Gaussians, std 0.01, evenly spaced on the unit circle.

    The 2D ring of VEEGAN (Srivastava et al., 2017, arXiv:1705.07761), also
    used by PacGAN (Lin et al., 2018, arXiv:1712.04086).

    Args:
        num_points: int, the number of points.
        seed: int or tuple of ints, 0 or more.

    Returns:
        A float32 array `(num_points, 2)`.
    """
    return _draw(ring_modes(), num_points, seed)


def grid(num_points, seed=0):
    """Draws from 25 Gaussians, std 0.05, at {-4, -2, 0, 2, 4} squared.

    The 2D grid of VEEGAN (Srivastava et al., 2017, arXiv:1705.07761), also
    used by PacGAN (Lin et al., 2018, arXiv:1712.04086).

    Args:
        num_points: int, the number of points.
        seed: int or tuple of ints, 0 or more.

    Returns:
        A float32 array `(num_points, 2)`.
    """
    return _draw(grid_modes(), num_points, seed)


_MODES = dict(zip(NAMES, (ring_modes, grid_modes), strict=True))


def find(dataset):
    """Returns `dataset` if it is one of `NAMES`, or else `None`.

    Args:
        dataset: Whatever `load` takes.
    """
    return dataset if isinstance(dataset, str) and dataset in NAMES else None


def modes(name):
    """Returns the centers (modes, 2), float32, and the std of a mixture.

    Args:
        name: str, one of `NAMES`.

    Raises:
        ValueError: There is none of that name.
    """
    if find(name) is None:
        raise ValueError(
            f"`name` must be one of {', '.join(NAMES)}. Received: {name=}"
        )
    return _MODES[name]()


def draw(name, num_points, seed=0):
    """Draws from a mixture: `draw("ring", n, seed)` is `ring(n, seed)`.

    Args:
        name: str, one of `NAMES`.
        num_points: int, the number of points.
        seed: int or tuple of ints, 0 or more.

    Returns:
        A float32 array `(num_points, 2)`.

    Raises:
        ValueError: There is none of that name.
    """
    return _draw(modes(name), num_points, seed)


def _draw(mixture, num_points, seed):
    centers, std = mixture
    rng = np.random.default_rng(seed)
    points = centers[rng.integers(len(centers), size=num_points)]
    noise = rng.standard_normal(points.shape, dtype="float32")
    return points + np.float32(std) * noise


def open_points(name, order, labels, split, fit):
    if labels:
        raise unlabelled(repr(name))
    if split != "train":
        raise split_error(split, ["train"], repr(name))
    no_images(fit, repr(name))

    size = POINTS_PER_PASS

    @functools.lru_cache(maxsize=2)
    def one_pass(number):
        return draw(name, size, (order.seed, number))

    def read(number, places):
        return (one_pass(number)[places],)

    return Source(size, read, (((2,), "float32"),))
