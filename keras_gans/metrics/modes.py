"""How many modes of a distribution samples cover, on NumPy arrays."""

import numpy as np

from keras_gans.metrics import extractors


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
    counts = mode_histogram(points, centers, stddev)
    return int((counts > 0).sum()), float(counts.sum() / len(points))


def mode_histogram(points, centers, stddev):
    """The number of high-quality samples of every mode of a mixture.

    `reverse_kl(mode_histogram(...))` is how unevenly the modes are hit.

    Args:
        points: As for `mode_coverage`.
        centers: As for `mode_coverage`.
        stddev: As for `mode_coverage`.

    Returns:
        Integer array `(modes,)`.
    """
    points, centers = np.asarray(points), np.asarray(centers)
    if points.ndim != 2 or points.shape[1:] != centers.shape[1:]:
        raise ValueError(
            f"points must have shape (n, {centers.shape[-1]}), as centers "
            f"have. Received: points with shape {points.shape}"
        )
    distances = np.linalg.norm(points[:, None] - centers[None], axis=-1)
    good = distances.min(axis=1) <= 3 * stddev
    return np.bincount(distances.argmin(axis=1)[good], minlength=len(centers))


def reverse_kl(counts, shares=None):
    """`KL(samples || data)` of a histogram of modes, in nats.

    Args:
        counts: Array `(modes,)`, the number of samples of every mode.
        shares: Array `(modes,)`, the shares (or counts) that the data have;
            equal ones by default.

    Returns:
        Float, 0 for the shares of the data, lower is better; at most
        `log(modes)` for equal shares, infinite where samples have a mode that
        the data do not, and NaN without samples.
    """
    counts = np.asarray(counts, "float64")
    shares = np.ones_like(counts) if shares is None else np.asarray(shares)
    if counts.ndim != 1 or counts.shape != shares.shape:
        raise ValueError(
            "counts and shares must have the same shape (modes,). Received: "
            f"shapes {counts.shape} and {shares.shape}"
        )
    if not counts.sum():
        return float("nan")
    p, q = counts / counts.sum(), shares / shares.sum()
    hit = p > 0
    if (q[hit] == 0).any():
        return float("inf")
    return max(0.0, float((p[hit] * np.log(p[hit] / q[hit])).sum()))


def stacked_mode_coverage(images, classifier="mnist_classifier"):
    """Modes of stacked MNIST: 1,000, one digit in each of three channels.

    A mode is covered if at least one sample belongs to it. VEEGAN and PacGAN
    score 26,000 samples, the experiments after Unrolled GAN 25,600: fewer
    find fewer modes. Each has a classifier of its own, so scores depend on it
    a little.

    Args:
        images: uint8 array `(n, 28, 28, 3)`, or the labels: integers `(n, 3)`
            from 0 to 9, or `(n,)` from 0 to 999.
        classifier: The `Extractor` that classifies one channel, or its name.

    Returns:
        `(modes, reverse_kl)`, of 1,000 modes that are taken as equally likely.

    Reference:
        Srivastava et al., "VEEGAN", 2017; Lin et al., "PacGAN", 2018; Metz et
        al., "Unrolled Generative Adversarial Networks", 2017.
    """
    labels = np.asarray(images)
    if labels.ndim == 4 and labels.shape[-1] == 3:
        classifier = extractors.get(classifier)
        if classifier.probabilities is None:
            raise ValueError(
                "classifier must be an extractor with probabilities. "
                f"Received: {classifier.name}"
            )
        labels = np.stack(
            [
                classifier.probabilities(
                    classifier(labels[..., channel, None])
                ).argmax(axis=-1)
                for channel in range(3)
            ],
            axis=-1,
        )
    if labels.ndim == 2 and labels.shape[1] == 3:
        if labels.size and not 0 <= labels.min() <= labels.max() <= 9:
            raise ValueError(
                "labels of three digits must be from 0 to 9. Received: "
                f"values from {labels.min()} to {labels.max()}"
            )
        labels = labels @ [100, 10, 1]
    if (
        labels.ndim != 1
        or labels.dtype.kind not in "iu"
        or not len(labels)
        or not 0 <= labels.min() <= labels.max() <= 999
    ):
        raise ValueError(
            "images must be uint8 images (n, 28, 28, 3), or integer labels "
            "(n, 3) or (n,) from 0 to 999. Received: "
            f"{labels.dtype} of shape {labels.shape}"
        )
    counts = np.bincount(labels, minlength=1000)
    return int((counts > 0).sum()), reverse_kl(counts)
