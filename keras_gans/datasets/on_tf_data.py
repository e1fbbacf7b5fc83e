"""Batches by `tf.data`, for Keras on TensorFlow."""

import atexit
import itertools
import threading
import time

import numpy as np
import tensorflow as tf

_calls, _ending = itertools.count(), threading.Event()


@atexit.register
def _drain():
    # A prefetching thread that waits for Python while Python shuts down waits
    # for ever. With `_ending` set, it soon has nothing left to ask.
    _ending.set()
    before = -1
    for _ in range(50):
        now = next(_calls)
        if now == before + 1:
            break
        before = now
        time.sleep(0.1)


def dataset(batches):
    """A `tf.data.Dataset` of the batches, as `load` promises it."""
    if batches.repeat:
        places = tf.data.Dataset.counter(start=batches.skip).map(
            lambda k: (k // batches.count, k % batches.count)
        )
        count = tf.data.INFINITE_CARDINALITY
    else:
        # Each iteration over the dataset runs this map once, so that the
        # i-th iteration is pass i.
        passes = itertools.count()
        numbers = tf.data.Dataset.range(1).map(
            lambda _: tf.ensure_shape(
                tf.numpy_function(
                    lambda: np.int64(next(passes)), [], tf.int64, stateful=True
                ),
                (),
            )
        )
        places = numbers.flat_map(
            lambda number: tf.data.Dataset.range(
                batches.skip, batches.count
            ).map(lambda i: (number, i))
        )
        count = batches.count - batches.skip
    return _read(batches, places, count)


def first_pass(batches):
    places = tf.data.Dataset.range(batches.count)
    places = places.map(lambda i: (np.int64(0), i))
    return _read(batches, places, batches.count)


def _read(batches, places, count):
    specs = batches.data.specs
    size = batches.batch_size if batches.whole else None

    def read(number, i):
        next(_calls)
        # An exception in here would arrive with two tracebacks around it.
        try:
            if _ending.is_set():
                raise ValueError("The program has ended.")
            return (*batches.read(number, i), "")
        except (ValueError, Warning) as error:
            nothing = [np.zeros((1, *s), dtype) for s, dtype in specs]
            return (*nothing, str(error))

    def tensors(number, i):
        types = [tf.as_dtype(dtype) for _, dtype in specs]
        *arrays, error = tf.numpy_function(
            read, [number, i], [*types, tf.string], stateful=False
        )
        fine = tf.debugging.Assert(error == "", [error])
        with tf.control_dependencies([fine]):
            arrays = [tf.identity(array) for array in arrays]
        return batches.unpack(
            tuple(
                tf.ensure_shape(array, (size, *shape))
                for array, (shape, _) in zip(arrays, specs)
            )
        )

    dataset = places.map(tensors, tf.data.AUTOTUNE).apply(
        tf.data.experimental.assert_cardinality(count)
    )
    options = tf.data.Options()
    options.deterministic = True
    # Sharding by file would give each worker its own order.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return dataset.with_options(options).prefetch(tf.data.AUTOTUNE)
