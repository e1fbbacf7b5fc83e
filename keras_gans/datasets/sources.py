"""What a source is, whoever makes batches of it: examples by their places.

A pass over a source is an order of its examples, and an example is asked for
by the pass and by its place in there. So any batch can be had by its number
alone, in any thread, which is all that shuffling, resuming and prefetching
need (`batches`). Everything here is NumPy's, on every backend.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# What is drawn independently within a pass of two sides, see `Order`.
ORDER_A, ORDER_B, JITTER_A, JITTER_B = range(4)
# From 4 to 6 are those of `semi_supervised` and `stacked`.
MIRROR_A, MIRROR_B = 7, 8


class Source(NamedTuple):
    """Examples of one kind, in passes of `size`."""

    size: int
    # (number of a pass, places in it) -> a tuple of arrays, of the examples
    # that are there. Images to be cropped, of any size, are a list.
    read: Callable
    # (shape, dtype) of an example, for each of these arrays.
    specs: tuple
    # (height, width) of the images that the user sees; None for no images.
    image_size: tuple | None = None
    # What makes images of what `read` returns, where they are to be cropped:
    # most of their pixels need not be scaled.
    scale: Callable | None = None
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

    def generator(self, *numbers):
        """A random generator of NumPy: of a pass, or of an example in it."""
        return np.random.default_rng((self.seed, self.stream, *numbers))

    def indices(self, number, size):
        """The numbers of the examples, (size,) int64, in a pass's order."""
        return _indices(self, int(number), size)

    def draws(self, number, shape):
        """Uniform draws from [0, 1), float32: a row for each place."""
        return _draws(self, int(number), shape)


# Every batch of a pass asks for the same; at a border there are two passes,
# and in a pass over two sides the shorter one may go around often.
@functools.lru_cache(maxsize=8)
def _indices(order, number, size):
    if not order.shuffle:
        return np.arange(size)
    return order.generator(number).permutation(size)


@functools.lru_cache(maxsize=8)
def _draws(order, number, shape):
    return order.generator(number).random(shape, dtype="float32")
