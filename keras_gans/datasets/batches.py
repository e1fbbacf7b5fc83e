"""The batches of a source by their numbers, and who runs ahead of them.

`tf.data` does it where Keras runs on TensorFlow, and grain elsewhere, whether
or not TensorFlow is installed: a run is the same on both machines. Either asks
for the same batches, which are equal to the bit.
"""

from typing import NamedTuple

import numpy as np

from keras_gans.datasets.sources import Source
from keras_gans.names import PACKAGES


class Batches(NamedTuple):
    """What batch `i` of pass `number` is."""

    data: Source
    batch_size: int
    # Of a pass.
    count: int
    # Whether all have `batch_size` examples.
    whole: bool
    # Batches that are left out, see `load`.
    skip: int = 0
    repeat: bool = False
    # (index, count): which part of every batch is read, of how many.
    part: tuple = (0, 1)

    def read(self, number, i):
        """Returns a tuple of arrays."""
        start = int(i) * self.batch_size
        stop = min(start + self.batch_size, self.data.size)
        index, count = self.part
        size = -(-(stop - start) // count)
        start += index * size
        stop = min(start + size, stop)
        return self.data.read(int(number), np.arange(start, stop))

    def place(self, k):
        """(number, i) of the k-th of all batches, which are endless."""
        return divmod(int(k), self.count)

    def unpack(self, arrays):
        """What the user sees of a tuple of one or several arrays."""
        return arrays if len(arrays) > 1 else arrays[0]


def make_batches(data, batch_size, repeat, skip, drop_remainder):
    """The batches of a `Source`, as `load` promises them."""
    every = -(-data.size // batch_size)
    per_pass = data.size // batch_size if drop_remainder else every
    if not per_pass:
        raise ValueError(
            f"`batch_size` must be at most the number of examples, "
            f"{data.size}, or drop_remainder=False. Received: {batch_size=}"
        )
    if skip >= per_pass and not repeat:
        raise ValueError(
            f"`skip` must be less than the number of batches in a pass, "
            f"{per_pass}, unless repeat=True. Received: {skip=}"
        )
    run = _runner()
    batches = Batches(data, batch_size, per_pass, drop_remainder, skip, repeat)
    dataset = run.dataset(batches)
    # For `fit` to look at, without counting as a pass.
    dataset._keras_gans_peek = lambda: batches.unpack(
        batches.read(*batches.place(skip))
    )
    # For scores, which are of all examples of a pass.
    dataset._keras_gans_whole = run.first_pass(
        Batches(data, batch_size, every, whole=False)
    )
    dataset._keras_gans_classes = data.classes
    dataset._keras_gans_size = data.size
    dataset._keras_gans_seen = data.seen
    return dataset


def _runner():
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        from keras_gans.datasets import on_tf_data as runner

        return runner
    try:
        from keras_gans.datasets import on_grain as runner
    except ModuleNotFoundError as error:
        if error.name != "grain":
            raise
        raise ImportError(
            f"On {backend}, datasets.load makes datasets of grain: "
            f"{PACKAGES[backend]}, or `pip install grain` alone; without "
            "it, `fit` also takes NumPy arrays."
        ) from None
    return runner
