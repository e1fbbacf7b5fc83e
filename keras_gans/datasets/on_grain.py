"""Batches by grain, for Keras on JAX and PyTorch: without TensorFlow."""

import itertools
import math
import os
import sys

from absl import logging

# Without JAX, grain would say that it finds no profiler of it.
verbosity = logging.get_verbosity()
logging.set_verbosity(logging.ERROR)
import grain  # noqa: E402

logging.set_verbosity(verbosity)

# Threads that make batches: reading, decoding and NumPy's arithmetic leave
# Python to others. Each holds one, and as many wait in line, but no more than
# this memory has room for.
THREADS = min(os.cpu_count() or 1, 16)
AHEAD_BYTES = 2**29

ENDLESS = -1  # As `tf.data` has it.


def dataset(batches):
    """A `grain.IterDataset` of the batches, as `load` promises it."""
    return Dataset(batches)


def first_pass(batches):
    return _run_ahead(batches, 0, batches.count)


class Dataset(grain.IterDataset):
    """Batches, and how many they are, in the words of `tf.data`."""

    def __init__(self, batches):
        super().__init__()
        self._batches = batches
        self._passes = itertools.count()
        last = 0 if batches.whole else batches.data.size % batches.batch_size
        self._keras_gans_sizes = {batches.batch_size, last} - {0}

    def __iter__(self):
        own = self._batches
        if own.repeat:
            return iter(_run_ahead(own, own.skip))
        # So that the i-th iteration is pass i.
        start = next(self._passes) * own.count
        return iter(_run_ahead(own, start + own.skip, start + own.count))

    def cardinality(self):
        own = self._batches
        return ENDLESS if own.repeat else own.count - own.skip

    def __len__(self):
        if self._batches.repeat:
            raise TypeError("A dataset that repeats has no length.")
        return self.cardinality()

    def __bool__(self):
        return True

    def _keras_gans_endless(self, steps=None, epochs=1, part=(0, 1)):
        """The next passes, one after another without an end.

        For Keras, which looks at the first batches of a dataset of grain (that
        would count as a pass), does not know how many they are, and warns when
        they end.

        Args:
            steps: int, the batches of an epoch; `None` for those of a pass.
            epochs: int, how many there will be: so many passes count as made.
            part: (index, count), see `Batches`.

        Returns:
            An iterable of the batches, and the number of those of an epoch,
            `None` where it is endless.
        """
        own = self._batches._replace(part=part)
        if own.repeat:
            return Dataset(own), steps
        first, size = next(self._passes), own.count - own.skip
        steps = steps or size
        self._passes = itertools.count(first + -(-steps * epochs // size))

        def place(k):
            number, i = divmod(k, size)
            return first + number, own.skip + i

        return _run_ahead(own, 0, place=place), steps


def _run_ahead(batches, start, stop=sys.maxsize, place=None):
    """An iterable of the batches from one to another, made by threads."""
    place = place or batches.place
    example = sum(math.prod(filter(None, s)) for s, _ in batches.data.specs)
    ahead = AHEAD_BYTES // (4 * example * batches.batch_size)
    ahead = min(max(ahead, 2), 2 * THREADS)

    def read(k):
        return batches.unpack(batches.read(*place(k)))

    return (
        grain.MapDataset.range(start, stop)
        .map(read)
        .to_iter_dataset(
            grain.ReadOptions(
                num_threads=min(THREADS, ahead), prefetch_buffer_size=ahead
            )
        )
    )
