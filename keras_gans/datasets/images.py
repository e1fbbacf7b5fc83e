"""Images as float32 arrays of NumPy: scaling, channels, size."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_gans.datasets.checks import integer
from keras_gans.pixels import from_uint8, from_uint16


class Fit(NamedTuple):
    """What images are made into."""

    image_size: tuple | None
    channels: int | None
    # Left larger, for a random crop to `image_size`.
    jitter: bool = False
    # Left as large as they are, for a random crop to `image_size`.
    crop: bool = False

    def goal(self, own):
        """The size to scale an image of the size `own` to."""
        size = tuple(own) if self.crop else self.image_size or tuple(own)
        if self.jitter:
            return tuple(round(side * 286 / 256) for side in size)
        return size


def check_image_size(image_size):
    """Returns `None` or (height, width)."""
    if image_size is None:
        return None
    size = image_size
    size = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(size) != 2:
        raise ValueError(
            "`image_size` must be an int or (height, width). "
            f"Received: image_size={image_size}"
        )
    return tuple(integer("image_size", side, 1) for side in size)


def check_channels(channels):
    if channels not in (None, 1, 3, 4):
        raise ValueError(
            f"`channels` must be 1, 3, 4 or None. Received: {channels=}"
        )
    return channels


def check_both_channels(channels):
    """Returns the channels of a and of b, each as `check_channels`."""
    if not isinstance(channels, (tuple, list)):
        return (check_channels(channels),) * 2
    if len(channels) != 2:
        raise ValueError(
            "`channels` must be 1, 3, 4 or None, or a tuple of two of them. "
            f"Received: {channels=}"
        )
    return tuple(map(check_channels, channels))


def converter(shape, fit, name):
    """How to make images of pixels.

    Args:
        shape: (height, width, channels) of the pixels.
        fit: `Fit`.
        name: str, what messages call the source.

    Returns:
        A function from pixels, of one image or a batch, to [-1, 1], and the
        shape of its images.
    """
    own = shape[-1]
    if own not in (1, 3, 4):
        raise ValueError(
            "`source` must hold images with 1, 3 or 4 channels in their last "
            f"axis, got shape {tuple(shape)}. Received: source={name}"
        )
    channels = fit.channels or own

    def convert(x):
        x = to_floats(x)
        if channels != own:
            if own == 4:
                alpha = (x[..., 3:] + 1) / 2
                x = x[..., :3] * alpha + (1 - alpha)
            if channels == 1:
                x = x @ np.array([0.299, 0.587, 0.114], "float32")
                x = np.clip(x[..., None], -1, 1)
            elif own == 1:
                x = np.repeat(x, 3, axis=-1)
            if channels == 4:
                x = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)
        return resize(x, fit.goal(x.shape[-3:-1]))

    return convert, (*fit.goal(shape[:2]), channels)


def to_floats(x):
    """Pixels of 8 or 16 bits to float32 in [-1, 1]; floats as they are."""
    if x.dtype == np.uint8:
        return from_uint8(x)
    return from_uint16(x) if x.dtype == np.uint16 else x


def resize(x, image_size):
    """Scales until `image_size` is just covered, and cuts out the centre.

    Bicubic and antialiased as Pillow and TensorFlow have it: what would lie
    beyond the border is left out. `resizing` has MATLAB's, which reflects.

    Args:
        x: float32 array, an image or a batch.
        image_size: (height, width).
    """
    if x.shape[-3:-1] == tuple(image_size):
        return x
    if x.ndim > 3:
        return np.stack([resize(image, image_size) for image in x])
    own = x.shape[:2]
    scale = max(goal / side for goal, side in zip(image_size, own))
    # What is left of each axis, in pixels of `x`.
    spans = []
    for side, goal in zip(own, image_size):
        whole = max(round(side * scale), goal)
        first = (whole - goal) // 2
        spans.append([end * side / whole for end in (first, first + goal)])
    (top, bottom), (left, right) = spans
    channels = [
        Image.fromarray(np.ascontiguousarray(x[..., i])).resize(
            image_size[::-1],
            Image.Resampling.BICUBIC,
            (left, top, right, bottom),
        )
        for i in range(x.shape[-1])
    ]
    # Bicubic weights overshoot beside an edge.
    return np.clip(np.stack(channels, axis=-1), -1, 1)
