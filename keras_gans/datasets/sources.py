"""What the pipeline needs to know about a source."""

from collections.abc import Callable
from typing import NamedTuple

from keras_gans.datasets.checks import import_tensorflow

# What is drawn independently within a pass of two sides, see `Order`.
ORDER_A, ORDER_B, JITTER_A, JITTER_B = range(4)


class Source(NamedTuple):
    """Examples of one kind, by pass."""

    size: int
    # Pass number -> a dataset of its records, in order, not yet decoded.
    records: Callable
    # Record -> example, run in parallel; None where a record is one already.
    decode: Callable | None
    # Batch -> what the user sees.
    finish: Callable
    # (height, width) of the images that the user sees; None for no images.
    image_size: tuple | None = None
    # The names of a folder's classes, where it has labels.
    classes: list | None = None
    # (height, width, channels) of a folder's first image, as it lies there.
    seen: tuple | None = None


class Order(NamedTuple):
    """What decides the order of the passes over a source."""

    shuffle: bool
    seed: int
    # Whatever is drawn in the same pass, but independently, has another one.
    stream: int = 0

    def key(self, number):
        """A seed of TensorFlow's stateless operations, for pass `number`."""
        tf = import_tensorflow()
        key = tf.stack([tf.constant(self.seed, tf.int64), number])
        return tf.random.fold_in(key, self.stream) if self.stream else key


def apply(function, example):
    """Calls as `Dataset.map` does, which unpacks tuples."""
    if isinstance(example, tuple):
        return function(*example)
    return function(example)


def index_passes(size, order):
    """The records of a source whose examples can be had by number."""
    tf = import_tensorflow()

    def records(number):
        indices = tf.range(size, dtype=tf.int64)
        if order.shuffle:
            indices = tf.random.experimental.stateless_shuffle(
                indices, seed=order.key(number)
            )
        return tf.data.Dataset.from_tensor_slices(indices)

    return records
