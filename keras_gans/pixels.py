"""Pixels as people have them, uint8, and as networks do, in [-1, 1].

Keras is imported by what works on its tensors: the data sets, whose images are
arrays or TensorFlow's, do without it (`datasets.images`).
"""

import numpy as np


def to_uint8(images):
    """Float images in [-1, 1] to `numpy.uint8`, values beyond are clipped."""
    scaled = np.asarray(images, "float32") * 127.5
    scaled += 127.5
    return np.clip(np.rint(scaled, out=scaled), 0, 255).astype("uint8")


def from_uint8(images):
    """`numpy.uint8` images to `numpy.float32` ones in [-1, 1]."""
    return np.asarray(images, "float32") / np.float32(127.5) - 1


def to_uint8_tensor(images):
    """`to_uint8` for tensors, in a graph as well."""
    from keras import ops

    x = ops.round(ops.cast(images, "float32") * 127.5 + 127.5)
    return ops.cast(ops.clip(x, 0, 255), "uint8")


def from_uint8_tensor(images):
    """`from_uint8` for tensors, in a graph as well."""
    from keras import ops

    return ops.cast(images, "float32") / 127.5 - 1
