"""Crops of low- and high-resolution images that the user has, both."""

import numpy as np

from keras_gans.datasets.images import Fit, check_channels
from keras_gans.datasets.pairs import open_two_folders


def open_crop_pairs(source, sides, fit, scale, split, strict, orders):
    """The `Source` of crops that belong together.

    Args:
        source: See `load_high_res`, as `sides`.
        sides: Tuple of two strings, or `None` for a tuple of two folders.
        fit: `(crop_size, channels, augment)`, of the high-resolution crops.
        scale: int, how many times as large those are.
        split: str, see `load_pairs`.
        strict: bool.
        orders: Two `Order`: of the images, and of their crops.
    """
    size, channels, augment = fit
    low_size = tuple(side // scale for side in size)
    data = open_two_folders(
        source,
        sides,
        orders[0],
        split,
        [Fit(low_size, check_channels(channels), crop=True)] * 2,
        strict,
        min_size=low_size,
        ratio=scale,
    )

    def read(number, places):
        draws = orders[1].draws(number, (data.size, 5))[places]
        crops = [
            (
                crop(low, low_size, augment, d),
                crop(high, size, augment, d, scale),
            )
            for low, high, d in zip(*data.read(number, places), draws)
        ]
        return tuple(
            np.stack([data.scale(x) for x in view]) for view in zip(*crops)
        )

    specs = tuple(
        ((*sides, channels), dtype)
        for sides, (_, dtype) in zip((low_size, size), data.specs)
    )
    *seen, seen_channels = data.seen  # Of the small one.
    seen = (*(scale * side for side in seen), seen_channels)
    return data._replace(read=read, specs=specs, image_size=size, seen=seen)


def crop(image, size, augment, draws, step=1):
    """A piece of an image, which five draws from [0, 1) decide.

    Args:
        image: Array `(height, width, channels)`.
        size: (height, width).
        augment: bool, whether it is mirrored and turned.
        draws: Array of 5, of its place and its turn.
        step: int: it starts at multiples of that, so that crops of an image
            and of one that is `step` times as large show the same.
    """
    sides = image.shape[:2]
    if sides[0] < size[0] or sides[1] < size[1]:
        raise ValueError(
            f"An image of {sides[0]}x{sides[1]} is smaller than `crop_size`. "
            f"Received: crop_size={size}"
        )
    top, left = (
        int(draw * ((side - goal) // step + 1)) * step
        for draw, side, goal in zip(draws, sides, size)
    )
    image = image[top : top + size[0], left : left + size[1]]
    if augment:
        mirror, flip, turn = draws[2:] >= 0.5
        image = image[:, ::-1] if mirror else image
        image = image[::-1] if flip else image
        if turn and size[0] == size[1]:
            image = image.transpose(1, 0, 2)
    return image
