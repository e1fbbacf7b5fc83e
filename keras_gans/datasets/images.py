"""Images as tensors: scaling, channels, size."""

from typing import NamedTuple

from keras_gans.datasets.checks import import_tensorflow, integer


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
    """Returns a function from pixels, of one image or a batch, to [-1, 1]."""
    tf = import_tensorflow()
    own = shape[-1]
    if own not in (1, 3, 4):
        raise ValueError(
            "`source` must hold images with 1, 3 or 4 channels in their last "
            f"axis, got shape {tuple(shape)}. Received: source={name}"
        )
    channels = fit.channels or own
    goal = fit.goal(shape[:2])

    def convert(x):
        if x.dtype.is_integer:
            x = from_integers(x)
        if channels != own:
            if own == 4:
                alpha = (x[..., 3:] + 1.0) / 2.0
                x = x[..., :3] * alpha + (1.0 - alpha)
            if channels == 1:
                x = tf.tensordot(x, tf.constant([0.299, 0.587, 0.114]), 1)
                x = tf.clip_by_value(x[..., None], -1.0, 1.0)
            elif own == 1:
                x = tf.repeat(x, 3, axis=-1)
            if channels == 4:
                x = tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)
        if tuple(shape[:2]) != goal:
            x = resize(x, goal)
        return x

    return convert


def from_integers(x):
    """Pixels of 8 or 16 bits to float32 in [-1, 1]: `pixels.from_uint8`.

    In TensorFlow, which makes the batches whatever backend Keras has.
    """
    tf = import_tensorflow()
    return tf.cast(x, tf.float32) / (x.dtype.max / 2) - 1.0


def to_uint8(x):
    """Pixels in [-1, 1] to uint8, in TensorFlow: `pixels.to_uint8`."""
    tf = import_tensorflow()
    x = tf.round(x * 127.5 + 127.5)
    return tf.cast(tf.clip_by_value(x, 0, 255), tf.uint8)


def resize(x, image_size):
    """Scales until `image_size` is just covered, and cuts out the centre."""
    tf = import_tensorflow()
    goal = tf.constant(image_size)
    own = tf.shape(x)[-3:-1]
    scale = tf.reduce_max(goal / own)
    size = tf.cast(tf.round(tf.cast(own, scale.dtype) * scale), tf.int32)
    size = tf.maximum(size, goal)
    x = tf.image.resize(x, size, method="bicubic", antialias=True)
    top, left = tf.unstack((size - goal) // 2)
    height, width = image_size
    x = x[..., top : top + height, left : left + width, :]
    x = tf.ensure_shape(x, (*x.shape[:-3], height, width, x.shape[-1]))
    # Bicubic weights overshoot beside an edge.
    return tf.clip_by_value(x, -1.0, 1.0)
