"""Large images tile by tile: what `upscale` and `translate` share."""

import keras
import numpy as np


def in_tiles(function, pixels, tile, reach, scale=1, verbose=0):
    """`function` of an image, from windows that overlap.

    Every window has as much around its tile as the tile depends on: the result
    is that of the whole image, if `function` is of a pixel's surroundings.

    Args:
        function: Of an iterable of windows, `(height, width, channels)` of
            `pixels`: it yields each of them `scale` times as large.
        pixels: Array `(height, width, channels)`.
        tile: Integer, the side of a tile.
        reach: Integer, how far from a pixel it depends on others.
        scale: Integer.
        verbose: 1 for a progress bar.

    Returns:
        Array of the dtype and the channels of what `function` makes.
    """
    height, width, _ = pixels.shape
    jobs = [
        (row, column)
        for row in _spans(height, tile, reach)
        for column in _spans(width, tile, reach)
    ]
    bar = keras.utils.Progbar(len(jobs), unit_name="tile")
    result = None
    windows = (
        pixels[top:bottom, left:right]
        for (top, bottom, _, _), (left, right, _, _) in jobs
    )
    for ((top, _, y0, y1), (left, _, x0, x1)), made in zip(
        jobs, function(windows)
    ):
        if result is None:
            shape = (height * scale, width * scale, made.shape[-1])
            result = np.empty(shape, made.dtype)
        result[y0 * scale : y1 * scale, x0 * scale : x1 * scale] = made[
            (y0 - top) * scale : (y1 - top) * scale,
            (x0 - left) * scale : (x1 - left) * scale,
        ]
        if verbose:
            bar.add(1)
    return result


def _spans(size, tile, reach):
    """One axis in tiles: `(start, stop, first, end)`.

    What lies from `first` to `end` is made from what lies from `start` to
    `stop`, which are as far apart for all tiles: one shape for the network.
    """
    length = tile + 2 * reach
    if size <= length:
        yield 0, size, 0, size
        return
    for first in range(0, size, tile):
        start = min(max(first - reach, 0), size - length)
        yield start, start + length, first, min(first + tile, size)


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
