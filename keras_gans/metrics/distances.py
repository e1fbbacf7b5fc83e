"""Distances between two sets of examples or features, on NumPy arrays."""

import numpy as np

# Rows of a distance matrix that are held at once, of COLUMNS columns: 80 MB.
BLOCK = 1000
COLUMNS = 10_000


def frechet_distance(real, fake):
    """Frechet distance between Gaussians fitted to two sets of features.

    `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`, in float64. With features
    of the Inception network of 2015 it is the FID of papers. It is biased
    upwards for few examples, more so for many features: never compare two
    distances of other numbers of examples.

    Args:
        real: Array `(n, d)`, features.
        fake: Array `(m, d)`.

    Returns:
        Float, 0 for equal sets, lower is better; never negative.

    Raises:
        ValueError: If a set has less than 2 examples, or other features.

    Reference:
        Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge
        to a Local Nash Equilibrium", 2017.
    """
    real, fake = check_features(real, fake, least=2)
    return _frechet(*[_mean_and_factor(x) for x in (real, fake)])


def _mean_and_factor(x):
    n, d = x.shape
    # Of fewer examples than features the rows are a factor, and a small one.
    if n <= d:
        mean = x.mean(axis=0, dtype="float64")
        return mean, (x - mean) / np.sqrt(n - 1)
    mean, covariance = mean_and_covariance(x)
    return mean, _factor(covariance)


def mean_and_covariance(x):
    """Those of features `(n, d)`, in float64, divided by `n - 1`."""
    mean = x.mean(axis=0, dtype="float64")
    n, d = x.shape
    covariance = np.zeros((d, d))
    for start in range(0, n, BLOCK):  # No float64 copy of all features.
        block = x[start : start + BLOCK] - mean
        covariance += block.T @ block
    return mean, covariance / (n - 1)


def frechet_distance_from_statistics(mean1, covariance1, mean2, covariance2):
    """Frechet distance between two Gaussians.

    Args:
        mean1: Array `(d,)`.
        covariance1: Array `(d, d)`, symmetric.
        mean2: Array `(d,)`.
        covariance2: Array `(d, d)`.

    Returns:
        Float, see `frechet_distance`.
    """
    parts = []
    for mean, covariance in ((mean1, covariance1), (mean2, covariance2)):
        mean = np.asarray(mean, "float64")
        covariance = np.asarray(covariance, "float64")
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape:
            raise ValueError(
                "A mean must have shape (d,) and a covariance (d, d). "
                f"Received: shapes {mean.shape} and {covariance.shape}"
            )
        parts.append((mean, _factor(covariance)))
    if parts[0][0].shape != parts[1][0].shape:
        raise ValueError(
            "Both means must have the same shape. Received: shapes "
            f"{parts[0][0].shape} and {parts[1][0].shape}"
        )
    return _frechet(*parts)


def _factor(covariance):
    """`F` with `F.T @ F` the covariance, by the symmetric eigenproblem."""
    values, vectors = np.linalg.eigh(covariance)
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T


def _frechet(part1, part2):
    (mean1, factor1), (mean2, factor2) = part1, part2
    # tr (C1 C2)^(1/2) is the sum of the singular values of F1 F2^T, for any
    # factors: real, and no square root of a product that is not symmetric.
    cross = np.linalg.svd(factor1 @ factor2.T, compute_uv=False).sum()
    # In the traces' order of magnitude, so that equal sets are exactly 0.
    covariances = np.square(factor1).sum() + np.square(factor2).sum()
    spread = covariances - 2 * cross
    if spread < 1e-12 * covariances:
        spread = 0.0
    return float(np.square(mean1 - mean2).sum() + spread)


def kernel_distance(real, fake, subsets=100, subset_size=1000, seed=0):
    """Kernel (Inception) distance: an unbiased squared MMD of features.

    The kernel is the cubic polynomial `(x.y / d + 1)^3`; the estimate is made
    on random subsets, drawn without replacement, and averaged. It does not
    depend on the number of examples as the Frechet distance does, and is
    around 0, also below, for sets from one distribution.

    Args:
        real: Array `(n, d)`, features.
        fake: Array `(m, d)`.
        subsets: Integer, the number of subsets.
        subset_size: Integer, at most `n` and `m`.
        seed: Integer, of the subsets.

    Returns:
        `(mean, std)` over the subsets.

    Raises:
        ValueError: If there are less examples than `subset_size`.

    Reference:
        Binkowski et al., "Demystifying MMD GANs", 2018.
    """
    real, fake = check_features(real, fake, least=2)
    if subsets < 1 or not 2 <= subset_size <= min(len(real), len(fake)):
        raise ValueError(
            "subsets must be 1 or more, and subset_size between 2 and the "
            f"number of examples, {min(len(real), len(fake))}. Received: "
            f"subsets={subsets}, subset_size={subset_size}"
        )
    rng = np.random.default_rng(seed)
    estimates = []
    for _ in range(subsets):
        x, y = (
            np.asarray(
                z[rng.choice(len(z), subset_size, replace=False)], "float64"
            )
            for z in (real, fake)
        )
        estimates.append(_squared_mmd(x, y))
    return float(np.mean(estimates)), float(np.std(estimates))


def _squared_mmd(x, y):
    n, d = x.shape

    def kernel(a, b):
        return (a @ b.T / d + 1) ** 3

    within = 0.0
    for z in (x, y):
        values = kernel(z, z)
        within += (values.sum() - np.trace(values)) / (n * (n - 1))
    return within - 2 * kernel(x, y).mean()


def inception_score(probabilities, splits=10):
    """Inception score: `exp` of the mutual information of image and class.

    With another classifier than the Inception network of 2015 it is no
    number of a paper.

    Args:
        probabilities: Array `(n, classes)`, a classifier's, of generated
            images in the order in which they were made.
        splits: Integer, the number of parts of the images.

    Returns:
        `(mean, std)` over the splits, from 1 to the number of classes, higher
        is better.

    Reference:
        Salimans et al., "Improved Techniques for Training GANs", 2016.
    """
    p = np.asarray(probabilities, "float64")
    if p.ndim != 2 or not 1 <= splits <= len(p):
        raise ValueError(
            "probabilities must have shape (n, classes), and splits be from 1 "
            f"to n. Received: shape {p.shape}, splits={splits}"
        )
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            "probabilities must be 0 or more and sum to 1. Received: sums "
            f"from {p.sum(axis=1).min():g} to {p.sum(axis=1).max():g}"
        )
    scores = []
    for part in np.array_split(p, splits):
        marginal = part.mean(axis=0)
        # 0 log 0 is 0; where the marginal is 0, so is all of the column.
        logs = np.log(np.where(part > 0, part, 1)) - np.log(
            np.where(marginal > 0, marginal, 1)
        )
        scores.append(np.exp((part * logs).sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def precision_recall(real, fake, k=3):
    """Improved precision and recall.

    A ball around every example reaches to its `k`-th neighbour in its own
    set. Precision is the share of generated examples inside of any real ball,
    recall the share of real examples inside of any generated one.

    Args:
        real: Array `(n, d)`, features.
        fake: Array `(m, d)`.
        k: Integer, less than `n` and `m`.

    Returns:
        `(precision, recall)`, each from 0 to 1, higher is better.

    Reference:
        Kynkaanniemi et al., "Improved Precision and Recall Metric for
        Assessing Generative Models", 2019.
    """
    real, fake = check_features(real, fake, least=k + 1)
    precise = _is_inside(fake, real, _radii(real, k))
    recalled = _is_inside(real, fake, _radii(fake, k))
    return float(precise.mean()), float(recalled.mean())


def density_coverage(real, fake, k=5):
    """Density and coverage, which outliers move less than precision, recall.

    With balls around real examples alone: density is the number of real balls
    that a generated example lies in, divided by `k`; coverage is the share of
    real balls that hold a generated example.

    Args:
        real: Array `(n, d)`, features.
        fake: Array `(m, d)`.
        k: Integer, less than `n`.

    Returns:
        `(density, coverage)`: 0 or more, around 1 for the real distribution;
        from 0 to 1.

    Reference:
        Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative
        Models", 2020.
    """
    real, fake = check_features(real, fake, least=k + 1)
    radii = _radii(real, k)
    balls, covered = 0, np.zeros(len(real), bool)
    for _, columns, distances in distance_tiles(fake, real):
        inside = distances <= radii[columns]
        balls += inside.sum()
        covered[columns] |= inside.any(axis=0)
    return float(balls / (k * len(fake))), float(covered.mean())


def _radii(x, k):
    """Squared distances `(n,)` to the k-th neighbour, not counting itself."""
    radii, nearest = np.empty(len(x)), None
    for rows, columns, distances in distance_tiles(x, x, k + 1):
        if columns.start > 0:
            # Most rows of a later tile hold nothing nearer than is known.
            nearer = (distances < nearest[:, k:]).any(axis=1)
            distances = np.concatenate(
                [nearest[nearer], distances[nearer]], axis=1
            )
        else:
            nearer = slice(None)
            nearest = np.empty((len(distances), k + 1))
        distances.partition(k, axis=1)
        nearest[nearer] = distances[:, : k + 1]
        radii[rows] = nearest[:, k]
    return radii


def _is_inside(a, b, radii):
    """Booleans `(n,)`: is this example of `a` in any ball around `b`."""
    inside = np.zeros(len(a), bool)
    for rows, columns, distances in distance_tiles(a, b):
        inside[rows] |= (distances <= radii[columns]).any(axis=1)
    return inside


def distance_tiles(a, b, least=1):
    """`(rows, columns, squared distances)` of a slice of `a` to one of `b`.

    All columns of some rows come before the next rows; the first ones are
    `least` or more, if there are as many.
    """
    width = max(COLUMNS, least)
    center = b.mean(axis=0, dtype="float64")  # Keeps the rounding small.
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        x = a[rows] - center
        x_squares = np.square(x).sum(axis=1)[:, None]
        for first in range(0, len(b), width):
            columns = slice(first, first + width)
            y = b[columns] - center
            distances = x @ y.T
            distances *= -2
            distances += x_squares
            distances += np.square(y).sum(axis=1)
            yield rows, columns, np.maximum(distances, 0, out=distances)


def check_features(real, fake, least):
    real, fake = np.asarray(real), np.asarray(fake)
    if (
        real.ndim != 2
        or fake.ndim != 2
        or real.shape[1] != fake.shape[1]
        or min(len(real), len(fake)) < least
    ):
        raise ValueError(
            "real and fake must be features of shape (n, d), with the same d "
            f"and at least {least} examples. Received: real with shape "
            f"{real.shape}, fake with shape {fake.shape}"
        )
    for name, x in (("real", real), ("fake", fake)):
        if not np.isfinite(x).all():
            raise ValueError(
                f"{name} must be finite. Received: {name} with NaN or inf"
            )
    return real, fake


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
