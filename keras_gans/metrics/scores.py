"""The function that measures scores."""

import dataclasses
import sys

import keras
import numpy as np

from keras_gans import example_kinds
from keras_gans.checks import check_integer
from keras_gans.datasets import toys
from keras_gans.metrics import distances, extractors, modes
from keras_gans.metrics.score import Protocol, Score, Scores
from keras_gans.metrics.statistics import Statistics
from keras_gans.names import METRICS
from keras_gans.pixels import from_uint8, read_uint8

CHUNK = 256  # samples that are made at once
# The sliced distance is of pixels, which are not kept beyond these.
SWD_EXAMPLES = 2000


def evaluate(
    fake,
    real,
    extractor,
    metrics=("fid", "kid", "prdc"),
    n=10_000,
    *,
    dataset="",
    split="",
    seed=0,
    verbose="auto",
    example_kind=None,
    save_statistics=None,
):
    """Scores generated examples against real ones.

    Both are read batch by batch, and their features alone are kept.

    Args:
        fake: A model with `generate`, as `GAN` (the classes of a conditional
            one in turn), an array, or an iterable of batches. Images are
            `(batch, height, width, channels)`, uint8, uint16 or floats in
            [-1, 1], which are rounded to uint8 (see `keras_gans.pixels`).
        real: An array, or an iterable of batches, as a dataset;
            of tuples the first element is taken. Of a dataset that
            `datasets.load` made, all examples of one pass are read, those
            that its batches drop too. Or `Statistics`, for `"fid"` and `"is"`
            alone.
        extractor: See `get_extractor`.
        metrics: Sequence of
            `"fid"`: `frechet_distance`;
            `"kid"`: `kernel_distance`, with 100 subsets of 1,000 examples, or
            of all if there are less;
            `"prdc"`: `precision_recall` with 3 neighbours, and
            `density_coverage` with 5;
            `"is"`: `inception_score` with 10 splits;
            `"swd"`: `sliced_wasserstein` of the values, not the features, of
            the first 2,000 examples;
            `"modes"`: for the data sets `"ring"` and `"grid"`,
            `mode_coverage` and `reverse_kl`; otherwise the classes that the
            extractor finds, and their `reverse_kl` against those of `real`.
        n: Integer, the number of examples of each side. If there are less
            real ones, a model makes as many as there are; the protocols of the
            scores say how many they were.
        dataset: String, for the protocol; says where the modes are, too.
        split: String, for the protocol.
        seed: Integer, of the model's samples.
        verbose: 1 for progress bars, 0 for none; `"auto"` for bars on a
            terminal.
        example_kind: String, of both sides: `"field"` for arrays of rank 4
            that are no images. `None` for the model's, and else by rank.
        save_statistics: Path of a `.npz` file, into which the `Statistics` of
            `real` are written; `None` for none.

    Returns:
        `Scores`, a dict of name to `Score` in the order of `metrics`, which
        `print` shows as a table.

    Raises:
        ValueError: If an argument does not fit, or a side has no examples.
    """
    if isinstance(metrics, str) or not set(metrics) <= set(METRICS):
        raise ValueError(
            f"metrics must be a sequence of {', '.join(METRICS)}. Received: "
            f"metrics={metrics!r}"
        )
    check_integer("n", n, minimum=2)
    extractor = extractors.get(extractor)
    toy = toys.find(dataset)
    classify = "is" in metrics or ("modes" in metrics and not toy)
    if classify and extractor.probabilities is None:
        raise ValueError(
            '"is", and "modes" of images, need an extractor with '
            f"probabilities. Received: metrics={metrics!r}, extractor="
            f"{extractor.name!r}"
        )
    if verbose == "auto":
        verbose = int(sys.stdout.isatty())
    # What a model says of its examples holds for those that it learned from.
    kind = example_kind or getattr(fake, "example_kind", None) or "image"
    example_kinds.get(kind)
    options = extractor, kind == "image", verbose
    known = real if isinstance(real, Statistics) else None
    if known:
        _check_known(known, extractor, metrics, save_statistics)
        dataset, split = dataset or known.dataset, split or known.split
    elif not isinstance(real, _Side):
        real = _read("real", real, n, *options)
    if isinstance(fake, keras.Model):
        n = n if known else min(n, len(real.features))
        fake = sample_batches(fake, n, seed)
    protocol = Protocol(
        extractor=extractor.name,
        version=extractor.version,
        n_real=known.n if known else len(real.features),
        n_fake=n,
        dataset=dataset,
        split=split,
        resize=extractor.resize,
    )
    if save_statistics is not None:  # Before hours of sampling.
        _statistics(real.features, protocol).save(save_statistics)
    fake = _read("generated", fake, n, *options)
    protocol = dataclasses.replace(protocol, n_fake=len(fake.features))
    scores = Scores()

    def add(name, value, std=None, protocol=protocol):
        scores[name] = Score(name, float(value), protocol, std)

    both = None if known else (real.features, fake.features)
    for metric in metrics:
        if metric == "fid" and known:
            add("FID", known.distance(fake.features))
        elif metric == "fid":
            add("FID", distances.frechet_distance(*both))
        elif metric == "kid":
            size = min(1000, *map(len, both))
            add("KID", *distances.kernel_distance(*both, subset_size=size))
        elif metric == "prdc":
            names = ("precision", "recall", "density", "coverage")
            values = distances.precision_recall(*both)
            values += distances.density_coverage(*both)
            for name, value in zip(names, values):
                add(name, value)
        elif metric == "is":
            probabilities = extractor.probabilities(fake.features)
            add("IS", *distances.inception_score(probabilities))
        elif metric == "swd":
            size = min(len(real.values), len(fake.values))
            own = dataclasses.replace(
                protocol,
                extractor="values",
                version="1",
                n_real=size,
                n_fake=size,
                resize="none",
            )
            distance = distances.sliced_wasserstein(
                _scale(real.values[:size]), _scale(fake.values[:size])
            )
            add("SWD", distance, protocol=own)
        elif toy:
            counts = modes.mode_histogram(fake.features, *toys.modes(toy))
            add("modes", (counts > 0).sum())
            add("high_quality", counts.sum() / len(fake.features))
            add("reverse_kl", modes.reverse_kl(counts))
        else:
            found = [extractor.probabilities(x) for x in both]
            classes = found[0].shape[1]
            counts = [
                np.bincount(p.argmax(axis=-1), minlength=classes) for p in found
            ]
            add("modes", (counts[1] > 0).sum())
            add("reverse_kl", modes.reverse_kl(counts[1], counts[0]))
    return scores


def _check_known(known, extractor, metrics, save_statistics):
    """Raises a `ValueError` for what needs more than `Statistics`."""
    if not set(metrics) <= {"fid", "is"}:
        raise ValueError(
            'Of Statistics there are "fid" and "is" alone; others need real '
            f"examples. Received: metrics={metrics!r}"
        )
    if save_statistics is not None:
        raise ValueError(
            "save_statistics must be None where real are Statistics. "
            f"Received: save_statistics={str(save_statistics)!r}"
        )
    known.check(extractor)


def _statistics(features, protocol):
    return Statistics.of(
        features,
        extractor=protocol.extractor,
        version=protocol.version,
        resize=protocol.resize,
        dataset=protocol.dataset,
        split=protocol.split,
    )


def sample_batches(model, n, seed):
    """Yields `n` samples of a model in batches, classes in turn.

    Args:
        model: A model with `generate`.
        n: Integer.
        seed: Integer.
    """
    # Of a model that takes them; one with classes may only tell them apart.
    labels = getattr(model, "check_labels", lambda *_: None)(None, n)
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        # Seeds of their own, which no neighbouring `seed` shares.
        (own,) = np.random.SeedSequence([seed, start]).generate_state(1)
        yield model.generate(
            stop - start,
            labels=None if labels is None else labels[start:stop],
            seed=int(own),
            batch_size=CHUNK,
        )


@dataclasses.dataclass
class _Side:
    features: np.ndarray
    values: np.ndarray  # of the first examples


def read_real(real, extractor, n, example_kind):
    """What `evaluate` takes in the place of `real`, made once for many calls.

    Args:
        real, n, example_kind: See `evaluate`.
        extractor: `Extractor`.
    """
    if isinstance(real, Statistics):
        return real
    return _read("real", real, n, extractor, example_kind == "image", 0)


def read_features(name, source, extractor, n=None, may_be_images=True):
    """The features of up to `n` examples, of all for `None`.

    Args:
        name: String, what the examples are called.
        source: Array, or iterable of batches.
        extractor: `Extractor`.
        n: Integer.
        may_be_images: Boolean, whether arrays of rank 4 are images.

    Returns:
        float32 array `(n, d)`.
    """
    parts = [
        np.asarray(x, "float32")
        for _, x in _seen(name, source, n, extractor, may_be_images)
    ]
    if not parts:
        raise ValueError(f"There must be {name} examples. Received: none")
    return np.concatenate(parts)


def _seen(name, source, n, extractor, may_be_images):
    """Yields batches of up to `n` examples, with their features."""
    done = 0
    for batch in _batches(source):
        batch = batch[: None if n is None else n - done]
        if may_be_images and batch.ndim == 4:
            batch = read_uint8(name, batch, warn=not done)
        yield batch, extractor(batch)
        done += len(batch)
        if done == n:
            break


def _read(name, source, n, extractor, may_be_images, verbose):
    """The features of up to `n` examples."""
    bar = None
    if verbose:
        print(f"{name} examples", flush=True)
        bar = keras.utils.Progbar(n, unit_name="example")
    features, values, done = None, [], 0
    for batch, x in _seen(name, source, n, extractor, may_be_images):
        if features is None:
            features = np.empty((n, x.shape[1]), "float32")
        if done < SWD_EXAMPLES:
            values.append(np.array(batch[: SWD_EXAMPLES - done]))
        features[done : done + len(x)] = x
        done += len(x)
        if bar is not None:
            bar.update(done, finalize=done == n)
    if done < 2:
        raise ValueError(
            f"There must be at least 2 {name} examples. Received: {done}"
        )
    return _Side(features[:done], np.concatenate(values))


def whole(source):
    """What a data set of `datasets` drops of a pass, and all of the rest."""
    return getattr(source, "_keras_gans_whole", source)


def _batches(source):
    source = whole(source)
    if isinstance(source, np.ndarray):
        for start in range(0, len(source), CHUNK):
            yield source[start : start + CHUNK]
        return
    for batch in source:
        if isinstance(batch, (tuple, list)):
            batch = batch[0]
        yield keras.ops.convert_to_numpy(batch)


def _scale(values):
    if values.dtype == np.uint8:
        return from_uint8(values)
    return values
