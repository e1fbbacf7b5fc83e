"""What `load` needs to know about a source."""

from collections.abc import Callable
from typing import NamedTuple

from keras_gans.datasets.checks import import_tensorflow


class Source(NamedTuple):
    """What `load` needs to know about a source."""

    size: int
    # Pass number -> a dataset of its records, in order, not yet decoded.
    records: Callable
    # Record -> example, run in parallel; None where a record is one already.
    decode: Callable | None
    # Batch -> what the user sees.
    finish: Callable


def index_passes(size, order):
    """The records of a source whose examples can be had by number."""
    tf = import_tensorflow()
    shuffle, seed = order

    def records(number):
        indices = tf.range(size, dtype=tf.int64)
        if shuffle:
            indices = tf.random.experimental.stateless_shuffle(
                indices, seed=tf.stack([tf.constant(seed, tf.int64), number])
            )
        return tf.data.Dataset.from_tensor_slices(indices)

    return records
