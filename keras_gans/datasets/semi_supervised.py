"""Data of which a few examples have labels, as for `ImprovedGAN`."""

import numpy as np

from keras_gans.datasets.batches import make_batches
from keras_gans.datasets.checks import integer
from keras_gans.datasets.images import Fit, check_channels, check_image_size
from keras_gans.datasets.jitter import mirrored
from keras_gans.datasets.loading import open_source
from keras_gans.datasets.sources import MIRROR_A, Order, Source

UNKNOWN = -1  # The label of an example that has none.

# Streams of `Order` beside those of two sides: which examples keep their
# labels, and the order in which these go around.
_CHOICE, _ROUNDS = 4, 5
# So many examples at once are searched for labels.
_CHUNK = 256


def load_semi_supervised(
    source,
    batch_size=100,
    *,
    labels_per_class=10,
    labelled_per_batch=None,
    num_classes=None,
    split="train",
    image_size=None,
    channels=None,
    mirror=False,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
    example_kind=None,
):
    """Makes a dataset in which few examples have labels, and all batches some.

    ```python
    data = datasets.load_semi_supervised(
        "mnist", batch_size=150, labels_per_class=10, labelled_per_batch=50
    )
    for images, labels in data:  # labels: 50 classes, and 100 times -1
        ...
    ```

    Of each class `labels_per_class` examples keep their labels, which are
    drawn by `seed` alone. Every batch has `labelled_per_batch` of them, which
    go around, each time in a new order; the rest of the batch are examples of
    the whole set, those with labels among them, with the label -1, "not
    known". A pass takes all that fill such batches once. The labelled ones
    are spread evenly over a batch, so that replicas that share it get the
    same number wherever that can be.

    Everything else is as in `load`, resuming included: pass `e` is a function
    of `(seed, e)` alone.

    Args:
        source: What `load` takes, with labels.
        batch_size: int, the number of examples in a batch, labelled or not.
        labels_per_class: int, the examples of each class that keep theirs.
        labelled_per_batch: int, less than `batch_size`; `None` for half of
            the batch, as the authors of Improved GAN have it.
        num_classes: int. With it the search for labels ends where each class
            has its examples; `None` looks at all (of a folder the names of
            its sub-folders tell).
        split: str, see `load`.
        image_size: int or (height, width), see `load`.
        channels: 1, 3, 4 or `None`, see `load`.
        mirror: bool, see `load`.
        shuffle: bool, whether each pass, and each round of the labelled ones,
            has an order of its own.
        seed: int, 0 or more.
        repeat: bool, whether to go on for ever, see `load`.
        skip: int, the number of batches to leave out, see `load`.
        drop_remainder: bool. There are whole batches alone: it is taken so
            that this can stand where `load` does.
        data_dir: str, where TFDS sets lie, see `load`.
        download: bool, whether a TFDS set that is not there may be fetched.
        strict: bool, whether unreadable files are an error, see `load`.
        example_kind: str or `None`, of an array, see `load`.

    Returns:
        A dataset as of `load`, of examples and int32 labels `(batch_size,)`,
        -1 where they are not known.

    Raises:
        ValueError: An argument, or what `source` holds, is not usable: as
            where a class has too few examples.
        FileNotFoundError, RuntimeError, ImportError: as `load`.
    """
    batch_size = integer("batch_size", batch_size, 2)
    labels_per_class = integer("labels_per_class", labels_per_class, 1)
    if labelled_per_batch is None:
        labelled_per_batch = batch_size // 2
    labelled = integer("labelled_per_batch", labelled_per_batch, 1)
    if labelled >= batch_size:
        raise ValueError(
            "`labelled_per_batch` must be less than batch_size, "
            f"{batch_size}. Received: {labelled_per_batch=}"
        )
    if num_classes is not None:
        num_classes = integer("num_classes", num_classes, 1)
    skip, seed = integer("skip", skip, 0), integer("seed", seed, 0)
    fit = Fit(check_image_size(image_size), check_channels(channels))
    places = (data_dir, download)
    # By their numbers: the orders are made here.
    in_order = Order(False, seed)
    data = open_source(
        source, in_order, True, split, fit, strict, places, example_kind
    )
    if num_classes is None and data.classes is not None:
        num_classes = len(data.classes)
    chosen = _choose(data, labels_per_class, num_classes, seed)
    if data.size < batch_size - labelled:
        raise ValueError(
            "`batch_size` must be at most the number of examples and "
            f"labelled_per_batch, {data.size + labelled}. "
            f"Received: {batch_size=}"
        )
    data = _mixed(data, chosen, batch_size, labelled, shuffle, seed)
    if mirror:
        data = mirrored(data, Order(True, seed, MIRROR_A))
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def _choose(data, labels_per_class, num_classes, seed):
    """The numbers of the examples that keep their labels, class by class."""
    numbers = Order(True, seed, _CHOICE).indices(0, data.size)
    found = {} if num_classes is None else {i: [] for i in range(num_classes)}
    for start in range(0, data.size, _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        _, labels = data.read(0, chunk)
        for number, label in zip(chunk, labels.tolist()):
            if num_classes is not None and not 0 <= label < num_classes:
                raise ValueError(
                    "`num_classes` must be more than every label. Received: "
                    f"{num_classes=}, and the label {label}"
                )
            if len(found.setdefault(label, [])) < labels_per_class:
                found[label].append(number)
        if num_classes is not None and all(
            len(own) == labels_per_class for own in found.values()
        ):
            break
    few = {k: len(v) for k, v in found.items() if len(v) < labels_per_class}
    if few:
        label, count = next(iter(few.items()))
        raise ValueError(
            "`labels_per_class` must be at most the number of examples of "
            f"each class; the class {label} has {count}. "
            f"Received: {labels_per_class=}"
        )
    return np.concatenate([found[label] for label in sorted(found)])


def _mixed(data, chosen, batch_size, labelled, shuffle, seed):
    """A `Source` in whose batches some places are of the chosen examples."""
    unlabelled = batch_size - labelled
    count = data.size // unlabelled  # Batches in a pass.
    # Which places of a batch are labelled, and which of its own kind each is.
    steps = np.arange(batch_size + 1) * labelled // batch_size
    is_labelled = np.diff(steps) > 0
    rank = np.where(is_labelled, steps[:-1], np.arange(batch_size) - steps[:-1])
    order, rounds = Order(shuffle, seed), Order(shuffle, seed, _ROUNDS)

    def read(number, places):
        batch, place = np.divmod(places, batch_size)
        known, own = is_labelled[place], rank[place]
        indices = np.empty(len(places), "int64")
        rest = batch[~known] * unlabelled + own[~known]
        indices[~known] = order.indices(number, data.size)[rest]
        # The labelled ones go around from pass to pass.
        turn = (number * count + batch[known]) * labelled + own[known]
        round_, turn = np.divmod(turn, len(chosen))
        indices[known] = [
            chosen[rounds.indices(r, len(chosen))[t]]
            for r, t in zip(round_, turn)
        ]
        examples, labels = data.read(0, indices)
        return examples, np.where(known, labels, UNKNOWN).astype("int32")

    return Source(
        count * batch_size,
        read,
        data.specs,
        data.image_size,
        classes=data.classes,
        seen=data.seen,
    )
