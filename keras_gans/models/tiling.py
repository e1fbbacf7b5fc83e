"""Large images tile by tile: what `upscale` and `translate` share."""

import itertools
import math

import keras
import numpy as np

from keras_gans.resizing import around

# Lengths of tiles are multiples of this, up to the longest.
LENGTHS = 32


class Canvas:
    """Images that are made part by part: an array.

    Args:
        shape: `(n, height, width, channels)`.
        dtype: Of the pixels.
    """

    def __init__(self, shape, dtype):
        self.result = np.empty(shape, dtype)

    def put(self, part, first=0, top=0, left=0):
        """Puts pixels `(n, height, width, channels)` where they belong."""
        count, height, width, _ = part.shape
        self.result[
            first : first + count, top : top + height, left : left + width
        ] = part


def in_tiles(
    function,
    pixels,
    tile,
    reach,
    scale=1,
    verbose=0,
    wrap=False,
    divisor=1,
    canvas=Canvas,
):
    """`function` of images, from windows that overlap.

    Every window has as much around its tile as the tile depends on: the result
    is that of the whole image, if `function` is of a pixel's surroundings. Of
    images that are smaller than a window several go into one, as many as have
    its pixels together.

    Args:
        function: Of an iterable of windows, `(n, height, width, channels)` of
            `pixels`: it yields each of them `scale` times as large.
        pixels: Array `(n, height, width, channels)`.
        tile: Integer, the side of a tile.
        reach: Integer, how far from a pixel it depends on others.
        scale: Integer.
        verbose: 1 for a progress bar.
        wrap: Boolean, whether an image goes on with its other side beyond its
            border.
        divisor: Integer, what `function` takes blocks of pixels of: windows
            begin where a block does, and an image whose side is no multiple
            goes on with its last pixels.
        canvas: What the result is made on, as `Canvas`.

    Returns:
        The `canvas`, of the dtype and the channels of what `function` makes.
    """
    count, height, width, _ = pixels.shape
    tile, reach = (-(-x // divisor) * divisor for x in (tile, reach))
    rows, columns = (
        list(_spans(size, tile, reach, wrap, divisor))
        for size in (height, width)
    )
    window = math.prod(spans[0][1] - spans[0][0] for spans in (rows, columns))
    together = max(1, (tile + 2 * reach) ** 2 // window)
    jobs = list(itertools.product(range(0, count, together), rows, columns))
    bar = keras.utils.Progbar(len(jobs), unit_name="tile")
    windows = (
        _window(pixels[first : first + together], row, column, wrap)
        for first, row, column in jobs
    )
    result = None
    for (first, row, column), made in zip(jobs, function(windows)):
        if result is None:
            shape = (count, height * scale, width * scale, made.shape[-1])
            result = canvas(shape, made.dtype)
        (top, _, y0, y1), (left, _, x0, x1) = row, column
        part = made[
            :,
            (y0 - top) * scale : (y1 - top) * scale,
            (x0 - left) * scale : (x1 - left) * scale,
        ]
        result.put(part, first, y0 * scale, x0 * scale)
        if verbose:
            bar.add(1)
    return result


def _spans(size, tile, reach, wrap=False, divisor=1):
    """One axis in tiles: `(start, stop, first, end)`.

    What lies from `first` to `end` is made from what lies from `start` to
    `stop`, which are as far apart for all tiles: one shape for the network,
    and no longer than they must be, so that little is computed twice. Beyond
    the image they lie where it wraps around, or a block is not whole.
    """
    whole = -(-size // divisor) * divisor
    before, after = (-reach, whole + reach) if wrap else (0, whole)
    overlap, most = 2 * reach, tile + 2 * reach
    if after - before <= most:
        yield before, after, 0, size
        return
    count = -(-(after - before - overlap) // tile)
    length = -(-(after - before + (count - 1) * overlap) // count)
    # Images of many sizes shall not all be of other shapes for the compiler.
    step = math.lcm(LENGTHS, divisor)
    length = min(-(-length // step) * step, most)
    end = 0
    for i in range(count):
        start = min(before + i * (length - overlap), after - length)
        first, end = end, start + length - reach
        yield start, start + length, first, size if i + 1 == count else end


def _window(pixels, row, column, wrap):
    (top, bottom, *_), (left, right, *_) = row, column
    height, width = pixels.shape[1:3]
    if min(top, left) >= 0 and bottom <= height and right <= width:
        return pixels[:, top:bottom, left:right]
    return around(pixels, top, bottom, left, right, "wrap" if wrap else "clip")


def sample_windows(pixels, side, count):
    """Windows that lie evenly in an image, `(n, side, side, channels)`.

    Args:
        pixels: Array `(height, width, channels)`, no side below `side`.
        side: Integer.
        count: Integer, about how many.
    """
    height, width, _ = pixels.shape
    rows = max(round(np.sqrt(count * height / width)), 1)
    columns = max(round(count / rows), 1)
    tops, lefts = (
        np.linspace(0, size - side, n).astype(int)
        for size, n in ((height, rows), (width, columns))
    )
    return np.stack(
        [pixels[y : y + side, x : x + side] for y in tops for x in lefts]
    )
