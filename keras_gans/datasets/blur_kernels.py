"""The blur kernels of Real-ESRGAN's degradation.

Section 3.1 of Wang et al., 2021, https://arxiv.org/abs/2107.10833: a lens out
of focus, a hand that moved, a program that resized. Kernels are float64
`(size, size)` with the sum 1, point-symmetric, of an odd size.
"""

import numpy as np

SIZES = tuple(range(7, 22, 2))
# What is drawn, and how often: half of the kernels are round.
KINDS = {
    ("gaussian", "round"): 0.45,
    ("gaussian", "oval"): 0.25,
    ("generalized", "round"): 0.12,
    ("generalized", "oval"): 0.03,
    ("plateau", "round"): 0.12,
    ("plateau", "oval"): 0.03,
}
# The exponents of the two kinds that have one.
BETAS = {"generalized": (0.5, 4.0), "plateau": (1.0, 2.0)}


def gaussian_kernel(size, sigmas, angle=0.0, beta=1.0):
    """`exp(-(x' S^-1 x)^beta / 2)` (section 3.1, and Liu et al., 2020).

    Args:
        size: Integer, odd.
        sigmas: The standard deviations along the two axes, in pixels.
        angle: Float, by how much the axes are turned, in radians.
        beta: Float, the shape: 1 is a Gaussian, less has a sharper top, more
            is flatter there and falls more steeply.

    Returns:
        float64 array `(size, size)` with the sum 1.
    """
    return _normalized(np.exp(-0.5 * _distances(size, sigmas, angle) ** beta))


def plateau_kernel(size, sigmas, angle=0.0, beta=1.0):
    """`1 / (1 + (x' S^-1 x)^beta)`, a blur with a flat top (section 3.1).

    Args:
        size: Integer, odd.
        sigmas: Along the two axes, in pixels, where it is half of its top.
        angle: Float, by how much the axes are turned, in radians.
        beta: Float, the shape: more is flatter at the top.

    Returns:
        float64 array `(size, size)` with the sum 1.
    """
    return _normalized(1 / (1 + _distances(size, sigmas, angle) ** beta))


def sinc_kernel(size, cutoff):
    """An ideal low-pass filter in two dimensions, cut off: it rings.

    `w J1(w r) / (2 pi r)`, equation 6 of the paper, with the Bessel function
    of the first kind and order: halos and overshoots around edges, as
    sharpening and JPEG leave them.

    Args:
        size: Integer, odd.
        cutoff: Float in (0, pi], the frequency above which nothing passes, in
            radians a pixel.

    Returns:
        float64 array `(size, size)` with the sum 1.
    """
    axis = np.arange(size) - size // 2
    squares = np.square(axis)[:, None] + np.square(axis)
    # Few of these radii differ.
    radii, places = np.unique(squares, return_inverse=True)
    radii = np.sqrt(radii)
    # In the middle its limit.
    values = np.full(len(radii), cutoff**2 / (4 * np.pi))
    values[1:] = cutoff * _bessel_j1(cutoff * radii[1:])
    values[1:] /= 2 * np.pi * radii[1:]
    return _normalized(values[places].reshape(size, size))


def draw_kernel(rng, sigmas, sinc=0.1):
    """A blur kernel at random (section 3.1, with the settings of the paper).

    Args:
        rng: `numpy.random.Generator`.
        sigmas: `(least, greatest)` standard deviation, in pixels.
        sinc: Float, the probability of a `sinc_kernel`.

    Returns:
        float64 array `(size, size)` of one of `SIZES`.
    """
    size = int(rng.choice(SIZES))
    if rng.random() < sinc:
        return draw_sinc_kernel(rng, size, np.pi / (3 if size < 13 else 5))
    kinds = list(KINDS)
    kind, form = kinds[rng.choice(len(kinds), p=list(KINDS.values()))]
    angle, (first, second) = 0.0, rng.uniform(*sigmas, 2)
    if form == "round":
        second = first
    else:
        angle = rng.uniform(-np.pi, np.pi)
    beta = 1.0
    if kind in BETAS:
        # Below 1 as often as above: of the plateau, 1 half of the time.
        least, greatest = BETAS[kind]
        ends = (least, 1.0) if rng.random() < 0.5 else (1.0, greatest)
        beta = rng.uniform(*ends)
    make = plateau_kernel if kind == "plateau" else gaussian_kernel
    return make(size, (first, second), angle, beta)


def draw_sinc_kernel(rng, size, least):
    """A `sinc_kernel` of a frequency between `least` and pi."""
    return sinc_kernel(size, rng.uniform(least, np.pi))


def _distances(size, sigmas, angle):
    """`x' S^-1 x` of all pixels, S having these deviations as its axes."""
    axis = np.arange(size) - size // 2
    y, x = axis[:, None], axis
    along = (np.cos(angle) * x + np.sin(angle) * y) / sigmas[0]
    across = (np.cos(angle) * y - np.sin(angle) * x) / sigmas[1]
    return np.square(along) + np.square(across)


def _bessel_j1(x):
    """The Bessel function J1, to twelve digits for arguments up to 45.

    The mean of cos(t - x sin t) over the period: of a function as smooth and
    periodic the sum over equal steps is as exact as that.
    """
    steps = (np.arange(48) + 0.5) * (np.pi / 48)
    return np.cos(steps - x[:, None] * np.sin(steps)).mean(axis=1)


def _normalized(kernel):
    return kernel / kernel.sum()
