"""Does a model repeat its training examples?"""

import dataclasses

import keras
import numpy as np

from keras_gans.checks import check_integer
from keras_gans.metrics import distances, extractors, scores


@dataclasses.dataclass(frozen=True, eq=False)
class Memorisation:
    """What `memorisation` found.

    Attributes:
        share: Float, the share of generated examples that are nearer to a
            training example than all but `percentile` percent of held-out ones
            are. Of a model that has learned the distribution it is about
            `percentile / 100`, of one that copies near 1.
        z: Float, how many standard deviations generated examples are nearer
            (below 0) or further (above) than held-out ones, by ranks: `Z_U` of
            Meehan et al. Below about -3 is copying, above 3 are examples that
            are like no training example.
        threshold: Float, the distance that `share` counts below.
        distances: Array `(n,)`, of generated examples to the nearest training
            example.
        neighbours: Integer array `(n,)`, which training example that is, in
            the order in which they were read.
        held_out_distances: Array `(m,)`, of held-out examples.
    """

    share: float
    z: float
    threshold: float
    distances: np.ndarray
    neighbours: np.ndarray
    held_out_distances: np.ndarray

    def nearest(self, n=8):
        """Indices of the generated examples most like a training example.

        Args:
            n: Integer, how many.

        Returns:
            Integer array, nearest first. With `neighbours` it makes a picture:

                rows = found.nearest()
                pairs = fake[rows], train[found.neighbours[rows]]
        """
        return np.argsort(self.distances, kind="stable")[:n]


def memorisation(
    generated,
    train,
    held_out,
    extractor,
    n=10_000,
    percentile=1.0,
    seed=0,
):
    """Compares generated and held-out examples by how near training ones are.

    New examples of the same distribution, which the model has not seen, say
    how near is near. Features are held (2,048 of 50,000 images: 0.4 GB), of
    images a batch, of distances a block.

    A test on features sees what they see: with those of a classifier, two
    different images of one class may be as near as copies. Look at the pairs.
    And copies of parts, or of mirrored images, are none to it.

    Args:
        generated: A model with `generate`, an array or an iterable of batches,
            as for `evaluate`.
        train: An array, or an iterable of batches: all that the model learned
            from. `neighbours` are positions in it: give it in an order that
            you can go back to.
        held_out: An array, or an iterable of batches: real examples that the
            model did not see, as the test split.
        extractor: See `get_extractor`.
        n: Integer, the number of generated and the most of held-out examples.
        percentile: Float, between 0 and 100, of held-out distances.
        seed: Integer, of a model's samples.

    Returns:
        `Memorisation`.

    Raises:
        ValueError: If an argument does not fit, or a side has no examples.

    Reference:
        Meehan, Chaudhuri, Dasgupta, "A Non-Parametric Test to Detect
        Data-Copying in Generative Models", 2020 (`z`, of one cell: theirs is
        an average over the cells of a clustering).
    """
    check_integer("n", n, minimum=2)
    if not 0 < percentile < 100:
        raise ValueError(
            "percentile must be between 0 and 100. "
            f"Received: percentile={percentile!r}"
        )
    extractor = extractors.get(extractor)
    kind = getattr(generated, "example_kind", None) or "image"
    if isinstance(generated, keras.Model):
        generated = scores.sample_batches(generated, n, seed)

    def features(name, source, most):
        return scores.read_features(
            name, source, extractor, most, kind == "image"
        )

    train = features("training", train, None)
    held_out = features("held-out", held_out, n)
    generated = features("generated", generated, n)
    found, neighbours = (x[:, 0] for x in nearest_neighbours(generated, train))
    usual = nearest_neighbours(held_out, train)[0][:, 0]
    threshold = float(np.percentile(usual, percentile))
    return Memorisation(
        share=float((found < threshold).mean()),
        z=_rank_z(found, usual),
        threshold=threshold,
        distances=found,
        neighbours=neighbours,
        held_out_distances=usual,
    )


def nearest(images, references, extractor=None, k=1):
    """The nearest references of each image, as training images of samples.

    With them it makes a picture, each sample beside its neighbours:

        distances, indices = metrics.nearest(samples, train, k=4)
        rows = np.concatenate([samples[:, None], train[indices]], axis=1)
        pictures.image_grid(rows).save("neighbours.png")

    Whether they are nearer than they should be is `memorisation`'s question.

    Args:
        images: An array, or an iterable of batches.
        references: The same; `indices` are positions in it.
        extractor: Of the features that distances are of, see `get_extractor`;
            `None` for pixels (of uint8, or the values as they are).
        k: Integer, how many neighbours.

    Returns:
        `(distances, indices)`, float and integer arrays `(n, k)`, the nearest
        first.

    Raises:
        ValueError: If an argument does not fit, or a side has no examples.
    """
    check_integer("k", k, minimum=1)
    extractor = extractors.get("points" if extractor is None else extractor)
    images, references = (
        scores.read_features(name, source, extractor)
        for name, source in (("image", images), ("reference", references))
    )
    return nearest_neighbours(images, references, k)


def nearest_neighbours(x, reference, k=1):
    """The nearest of reference features to each of some features.

    Args:
        x: Array `(n, d)`.
        reference: Array `(m, d)`.
        k: Integer, how many; at most `m`.

    Returns:
        `(distances, indices)`, float and integer arrays `(n, k)`.
    """
    x, reference = distances.check_features(x, reference, least=1)
    if k > len(reference):
        raise ValueError(
            f"k must be at most the number of references, {len(reference)}. "
            f"Received: k={k}"
        )
    squares = np.full((len(x), k), np.inf)
    indices = np.zeros((len(x), k), int)
    for rows, columns, tile in distances.distance_tiles(x, reference):
        if k == 1:
            best = tile.argmin(axis=1)[:, None]
        else:
            some = min(k, tile.shape[1])
            best = np.argpartition(tile, some - 1, axis=1)[:, :some]
        among = np.concatenate([indices[rows], columns.start + best], axis=1)
        best = np.take_along_axis(tile, best, axis=1)
        best = np.concatenate([squares[rows], best], axis=1)
        order = np.argsort(best, axis=1, kind="stable")[:, :k]
        squares[rows] = np.take_along_axis(best, order, axis=1)
        indices[rows] = np.take_along_axis(among, order, axis=1)
    return np.sqrt(squares), indices


def _rank_z(x, y):
    """Mann and Whitney's U of two samples, in standard deviations.

    0 if a value of `x` is as often above as below one of `y`, less than 0 if
    those of `x` are smaller; a tie is half of each.
    """
    n, m = len(x), len(y)
    values, counts = np.unique(np.concatenate([x, y]), return_counts=True)
    # Of equal values each has the mean of their ranks.
    last = np.cumsum(counts)
    ranks = last - (counts - 1) / 2
    u = ranks[np.searchsorted(values, x)].sum() - n * (n + 1) / 2
    total = n + m
    ties = (counts.astype("float64") ** 3 - counts).sum()
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:  # All are equal.
        return 0.0
    return float((u - n * m / 2) / np.sqrt(variance))
