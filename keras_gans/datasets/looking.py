"""What a source holds, from the headers of its files: before anything is made
to suit it.
"""

import math
import os
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_gans.checks import is_text
from keras_gans.datasets import stacked, toys
from keras_gans.datasets.arrays import read_npz
from keras_gans.datasets.checks import split_error
from keras_gans.datasets.folders import (
    HEADERS_READ,
    Unusable,
    find_split,
    head,
    take_part,
)
from keras_gans.datasets.tfds import find_builder
from keras_gans.image_files import IMAGE_SUFFIXES, find_images

# What people call the parts of a data set.
SPLITS = ("train", "test", "val", "valid", "validation", "dev", "eval")


class Look(NamedTuple):
    """What a source of images holds.

    Attributes:
        count: Integer, how many images.
        sizes: Set of `(height, width)`, of a thousand of them; empty where
            nothing says it.
        channels: 1 if all of these are grey, and else 3; what a TFDS set or
            an array has.
        transparent: Boolean, whether some of them have transparent parts,
            which lie on white unless four channels are asked for.
        num_classes: Integer, 0 without labels.
        class_names: List of strings, or `None` where classes have no names.
        halves: Boolean, whether each file is a pair, side by side; sizes are
            then of one of both.
        unread: Tuple of names of folders that are left out, because one beside
            them has the name of the split.
    """

    count: int
    sizes: frozenset
    channels: int
    transparent: bool = False
    num_classes: int = 0
    class_names: list | None = None
    halves: bool = False
    unread: tuple = ()

    @property
    def size(self):
        """`(height, width)` where all images have one, or `None`."""
        return next(iter(self.sizes)) if len(self.sizes) == 1 else None

    def __str__(self):
        things = "pair" if self.halves else "image"
        parts = [f"{self.count:,} {things}{'s' * (self.count != 1)}"]
        if self.halves:
            parts.append("side by side, each image")
        if self.sizes:
            height, width = max(self.sizes, key=math.prod)
            several = "of up to " if len(self.sizes) > 1 else "of "
            parts.append(f"{several}{height}x{width}")
        parts.append("in grey" if self.channels == 1 else "in colour")
        return " ".join(parts)


def look(source, split="train", data_dir=None):
    """What a source holds; `None` for one that is not of images.

    Args:
        source: String, what `load` takes.
        split: See `load`.
        data_dir: See `load`.

    Raises:
        ValueError, FileNotFoundError, RuntimeError, ImportError: As `load`.
    """
    if toys.find(source):
        return None
    if stacked.find(source):
        count = look("mnist", split, data_dir).count
        return Look(count, frozenset({(28, 28)}), 3, num_classes=1000)
    path = pathlib.Path(source).expanduser()
    if path.is_dir():
        return look_into(path, split)
    if path.suffix == ".npz":
        return _look_at_arrays(path, split)
    return _look_at_tfds(source, split, data_dir)


def look_into(path, split="train", halves=False):
    """What a folder holds.

    Args:
        path: `pathlib.Path`, which is there.
        split: See `load`.
        halves: Boolean, whether each file has two images, side by side.
    """
    name = repr(str(path))
    root, part = find_split(path, split, name)
    found = find_images(root)
    keys = sorted(found)
    keys = [keys[i] for i in take_part(keys, part, split, name)]
    sizes, greys, transparent, unusable = set(), [], False, set()
    for key in keys[:: -(-len(keys) // HEADERS_READ) or 1]:
        try:
            (height, width), grey = head(found[key], [])
        except Unusable:  # Named when it is to be read.
            unusable.add(key)
            continue
        sizes.add((height, width // 2 if halves else width))
        greys.append(grey)
        transparent = transparent or _is_transparent(found[key])
    if not greys:
        raise ValueError(
            f"{path} must hold images ({' '.join(IMAGE_SUFFIXES)}). "
            f"Received: {'none' if not keys else 'none that can be read'}"
        )
    # A class of nothing but such is none.
    used = set(keys) - unusable
    names = {key.partition("/")[0] for key in used if "/" in key}
    for strange in (folder for folder in names if not is_text(folder)):
        raise ValueError(
            f"{path} must have sub-folders with names that are UTF-8. "
            f"Received: {strange!r}"
        )
    if any("/" not in key for key in keys):
        names = set()  # Not every image is of a class.
    return Look(
        len(keys),
        frozenset(sizes),
        1 if all(greys) else 3,
        transparent,
        len(names),
        sorted(names) or None,
        halves,
        _unread(path, root),
    )


def _unread(path, root):
    """Folders beside a split's that are no other splits."""
    if path == root:
        return ()
    names = {folder.name for folder in path.iterdir() if folder.is_dir()}
    return tuple(sorted(names - {root.name, *SPLITS}))


def _is_transparent(file):
    with Image.open(file) as image:
        return "A" in image.mode.upper()[1:] or "transparency" in image.info


def _look_at_arrays(path, split):
    x, y = read_npz(path, split)
    if x.ndim != 4:
        return None
    classes = 0
    if y is not None and len(y) and np.issubdtype(y.dtype, np.integer):
        classes = int(y.max()) + 1
    sizes = frozenset({tuple(x.shape[1:3])})
    return Look(len(x), sizes, x.shape[-1], num_classes=classes)


def _look_at_tfds(source, split, data_dir):
    info = find_builder(source, data_dir, download=True).info
    features = dict(info.features)
    shape = getattr(features.get("image"), "shape", None)
    if shape is None:
        return None
    label = features.get("label")
    try:
        count = info.splits[split].num_examples
    except (KeyError, ValueError, AssertionError):
        raise split_error(split, sorted(info.splits), repr(source)) from None
    *size, channels = shape
    return Look(
        count,
        frozenset() if None in size else frozenset({tuple(size)}),
        channels,
        num_classes=getattr(label, "num_classes", None) or 0,
        class_names=getattr(label, "names", None),
    )


def sides(source, names, split="train", side=0):
    """What one side of a folder of pairs holds, see `load_pairs`.

    Args:
        source: String, a folder.
        names: The names of its sub-folders, or `None` where each file has
            both sides.
        split: See `load`.
        side: Integer, which of the names.
    """
    path = pathlib.Path(source).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(
            "`source` must be an existing folder. Received: source="
            f"{os.fspath(source)!r}"
        )
    if names is None:
        return look_into(path, split, halves=True)
    whole, bracket, part = split.partition("[")
    root = path / whole if (path / whole).is_dir() else path
    if not (root / names[side]).is_dir():
        there = sorted(p.name for p in root.iterdir() if p.is_dir())
        raise ValueError(
            f"`sides` must name sub-folders of {root}, which has {there}. "
            f"Received: sides={tuple(names)}"
        )
    return look_into(root / names[side], "all" + bracket + part)
