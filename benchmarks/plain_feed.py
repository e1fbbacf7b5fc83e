"""Batches of arrays where `keras_gans.datasets` cannot be had."""

import keras
import numpy as np


class PlainFeed(keras.utils.PyDataset):
    """Shuffled batches, images as floats in [-1, 1]; nothing is augmented.

    Args:
        arrays: Tuple of arrays of one length, images as uint8.
        batch_size: Integer.
    """

    def __init__(self, arrays, batch_size):
        super().__init__(workers=2, max_queue_size=16)
        self.arrays, self.batch_size = arrays, batch_size

    def __len__(self):
        return 2**40

    def __getitem__(self, step):
        rng = np.random.default_rng(step)
        rows = rng.integers(len(self.arrays[0]), size=self.batch_size)
        return tuple(
            x[rows].astype("float32") / 127.5 - 1.0
            if x.dtype == "uint8"
            else x[rows]
            for x in self.arrays
        )
