"""What the images of a source are like, without loading them."""

import pathlib

import numpy as np
from PIL import Image

from keras_gans.datasets.arrays import read_npz
from keras_gans.datasets.folders import find_split
from keras_gans.datasets.tfds import find_builder
from keras_gans.image_files import find_images

HEADERS = 50  # of a folder's images


def look(source, data_dir=None):
    """What the images of a source are before they are made a model's.

    Args:
        source: String, see `datasets.load`. Of a folder a few headers are
            read.
        data_dir: Where TFDS sets lie.

    Returns:
        `(shape, classes)`: `(height, width, channels)` of an image of middle
        height, and the number of classes; `None` where that is not known.
    """
    path = pathlib.Path(source).expanduser()
    if path.suffix == ".npz":
        images, labels = read_npz(path, "train")
        classes = None if labels is None else len(np.unique(labels))
        return _shape(images.shape[1:]), classes
    if path.is_dir():
        return _look_at_folder(find_split(path, "train", source)[0])
    features = dict(find_builder(source, data_dir, True).info.features)
    label = features.get("label")
    shape = getattr(features.get("image"), "shape", ())
    return _shape(shape), getattr(label, "num_classes", None)


def _look_at_folder(root):
    found = find_images(root)
    names = sorted(found)
    shapes = []
    for name in names[:: max(1, len(names) // HEADERS)][:HEADERS]:
        try:
            with Image.open(found[name]) as image:
                grey = image.mode in ("1", "L", "LA", "I", "F")
                grey = grey or image.mode.startswith("I;")
                shapes.append((image.height, image.width, 1 if grey else 3))
        except (OSError, ValueError, Image.DecompressionBombError):
            continue  # The data's own room has words for it.
    classes = {name.partition("/")[0] for name in names if "/" in name}
    shape = None
    if shapes:  # That of the middle; one in colour makes all of them so.
        height, width, _ = sorted(shapes)[len(shapes) // 2]
        shape = (height, width, max(channels for *_, channels in shapes))
    return shape, len(classes) or None


def _shape(shape):
    if len(shape) == 2:
        shape = (*shape, 1)
    return tuple(shape) if len(shape) == 3 and all(shape) else None
