"""The data of pix2pix: images of two kinds, a and b, that belong together."""

import os
import pathlib

import numpy as np

from keras_gans.datasets.arrays import open_arrays
from keras_gans.datasets.batches import make_batches
from keras_gans.datasets.checks import integer, split_error
from keras_gans.datasets.folders import (
    Folder,
    find_split,
    folder_source,
    take_part,
)
from keras_gans.datasets.images import (
    Fit,
    check_both_channels,
    check_image_size,
)
from keras_gans.datasets.jitter import jittered, mirrored
from keras_gans.datasets.sources import JITTER_A, MIRROR_A, ORDER_A, Order
from keras_gans.image_files import find_images


def load_pairs(
    source,
    batch_size=1,
    *,
    sides=None,
    direction="ab",
    augment=False,
    mirror=False,
    split="train",
    image_size=None,
    channels=None,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    strict=False,
):
    """Makes a dataset of aligned pairs of images, as for pix2pix.

    ```python
    data = datasets.load_pairs(
        "emojitwo", 16, sides=("outline", "color"), augment=True, repeat=True
    )
    ```

    Images are scaled to [-1, 1], resized and shuffled as `load` does it, and
    passes can be resumed in the same way: pass `e`, random crops included, is
    a function of `(seed, e)` alone.

    Args:
        source: Where the pairs are, one of
            a folder whose sub-folders `sides` hold `NAME.png` and `NAME.png`;
            a folder of images that are a on the left and b on the right, as
            the published sets of pix2pix (`sides=None`);
            a tuple of two folders;
            a tuple of two arrays `(n, height, width, channels)`, as uint8,
            uint16 or floats in [-1, 1].
            Files belong together whose paths below the two folders are the
            same but for the suffix.
        batch_size: int, the number of pairs in a batch.
        sides: tuple of two str, the sub-folders with a and b.
        direction: `"ab"` for batches `(images_a, images_b)`, of which the
            first is a model's input, or `"ba"` for `(images_b, images_a)`.
        augment: bool, whether to jitter as the paper does: images are scaled
            to 286/256 of their size, cut back to it at a random place, and
            mirrored half of the time. Both images of a pair undergo the same;
            each pass draws anew.
        mirror: bool, whether pairs are mirrored half of the time, and not cut.
            With `augment` they are, whatever this says.
        split: str, the sub-folder to use (inside of each of two folders), if
            there is one, or a part of it: `"train[:90%]"`, see `load`.
        image_size: int or (height, width). `None` keeps the images' own.
        channels: 1, 3, 4 or `None`, or a tuple of two of them, for a and b
            whatever the direction. `None` keeps the source's own.
        shuffle: bool, whether each pass has an order of its own.
        seed: int, 0 or more.
        repeat: bool, whether to go on for ever, see `load`.
        skip: int, the number of batches to leave out, see `load`.
        drop_remainder: bool, whether to drop a last, smaller batch.
        strict: bool. Pairs that cannot be used are named in one warning and
            left out: those without a partner, of two sizes, side by side on
            an odd width, or not readable. What shows only while training is
            replaced by the next pair. `True` makes them an error.

    Returns:
        A dataset as of `load`, of two float32 arrays or tensors
        `(batch_size, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: An argument, or what `source` holds, is not usable.
        FileNotFoundError: There is no folder at `source`.
        ImportError: grain is missing. Files that do not fit: see `load`.

    Reference:
        Isola et al., 2017, Image-to-Image Translation with Conditional
        Adversarial Networks, arXiv:1611.07004 (jitter: section 6.2).
    """
    batch_size = integer("batch_size", batch_size, 1)
    skip = integer("skip", skip, 0)
    seed = integer("seed", seed, 0)
    if direction not in ("ab", "ba"):
        raise ValueError(
            f"`direction` must be 'ab' or 'ba'. Received: {direction=}"
        )
    order = Order(shuffle, seed, ORDER_A)
    image_size = check_image_size(image_size)
    fits = [Fit(image_size, c, augment) for c in check_both_channels(channels)]

    is_pair = isinstance(source, (tuple, list)) and len(source) == 2
    is_folder = _is_path(source)
    if is_pair and all(isinstance(x, np.ndarray) for x in source):
        _no_sides(sides, "(array, array)")
        data = _open_pair_of_arrays(source, order, split, fits)
    elif is_folder and sides is None:
        name = repr(str(source))
        root, part = find_split(_folder(source, name), split, name)
        data = _open_halves(root, part, order, split, fits, strict, name)
    elif is_folder or are_two_folders(source):
        data = open_two_folders(source, sides, order, split, fits, strict)
    else:
        raise ValueError(
            "`source` must be a folder, a tuple of two folders or a tuple of "
            f"two arrays. Received: source={type(source)}"
        )
    if augment:
        data = jittered(data, Order(True, seed, JITTER_A))
    elif mirror:
        data = mirrored(data, Order(True, seed, MIRROR_A))
    if direction == "ba":
        read = data.read
        data = data._replace(
            read=lambda *batch: read(*batch)[::-1], specs=data.specs[::-1]
        )
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def _open_pair_of_arrays(arrays, order, split, fits):
    name = "(array, array)"
    if split != "train":
        raise split_error(split, ["train"], name)
    shapes = [x.shape for x in arrays]
    if [len(s) for s in shapes] != [4, 4] or shapes[0][:3] != shapes[1][:3]:
        raise ValueError(
            "`source` must hold two arrays (n, height, width, channels) that "
            f"differ in their channels only. Received: shapes {shapes[0]} and "
            f"{shapes[1]}"
        )
    a, b = [
        open_arrays(x, None, order, False, fit, name)
        for x, fit in zip(arrays, fits)
    ]
    return a._replace(
        read=lambda *batch: (*a.read(*batch), *b.read(*batch)),
        specs=(*a.specs, *b.specs),
    )


def open_two_folders(source, sides, order, split, fits, strict, **kwargs):
    """The `Source` of images in two folders that have the same names.

    Args:
        source: Path of a folder, whose sub-folders `sides` are the two, or a
            tuple of two paths.
        sides: Tuple of two strings, or `None`.
        order: `Order`.
        split: See `load_pairs`, as `strict`.
        fits: List of two `Fit`.
        strict: bool.
        **kwargs: More arguments of `Folder`.
    """
    if _is_path(source):
        name = repr(str(source))
        root, part = find_split(_folder(source, name), split, name)
        roots = _side_folders(root, sides, name)
    else:
        if not are_two_folders(source):
            raise ValueError(
                "`source` must be a folder, or a tuple of two. "
                f"Received: source={type(source)}"
            )
        name = repr(tuple(map(str, source)))
        _no_sides(sides, name)
        roots, (part, _) = zip(
            *[find_split(_folder(x, name), split, name) for x in source]
        )
    files, problems = [], []
    for root in roots:
        files.append({})
        for key, file in sorted(find_images(root).items()):
            stem = os.path.splitext(key)[0]
            first = files[-1].setdefault(stem, file)
            if first != file:
                problems.append(f"{file} has the name of {first}")
    for i, root in enumerate(reversed(roots)):
        for stem in sorted(files[i].keys() - files[1 - i].keys()):
            problems.append(f"{files[i][stem]} has no partner in {root}")
    stems = sorted(files[0].keys() & files[1].keys())
    chosen = take_part(stems, part, split, name)
    examples = [(files[0][stems[i]], files[1][stems[i]]) for i in chosen]
    kwargs["problems"] = problems
    return _open_pairs(examples, order, fits, strict, name, **kwargs)


def _open_halves(root, part, order, split, fits, strict, name):
    files = find_images(root)
    keys = sorted(files)
    stems = {}
    for key in keys:
        top, _, rest = key.rpartition(".")[0].partition("/")
        stems.setdefault(top if rest else "", set()).add(rest)
    if len(stems) == 2 and set.intersection(*stems.values()):
        # Each outline would be cut into two halves, without a word.
        raise ValueError(
            f"`sides` must be given, such as sides={tuple(stems)}, because "
            "two sub-folders hold files of the same names. "
            f"Received: sides=None, source={name}"
        )
    chosen = take_part(keys, part, split, name)
    examples = [(files[keys[i]],) for i in chosen]
    return _open_pairs(examples, order, fits, strict, name, halves=True)


def _open_pairs(examples, order, fits, strict, name, **kwargs):
    channels = tuple(fit.channels for fit in fits)
    folder = Folder(
        examples, channels, fits[0].image_size, strict, name, **kwargs
    )
    return folder_source(folder, order, fits[0])


def are_two_folders(source):
    """Whether a source is a tuple of two paths."""
    is_pair = isinstance(source, (tuple, list)) and len(source) == 2
    return is_pair and all(map(_is_path, source))


def _is_path(x):
    return isinstance(x, (str, os.PathLike))


def _folder(path, name):
    folder = pathlib.Path(path).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"`source` must be an existing folder, which {str(path)!r} is "
            f"not. Received: source={name}"
        )
    return folder


def _side_folders(root, sides, name):
    two = isinstance(sides, (tuple, list)) and len(sides) == 2
    if not two or not all(isinstance(s, str) for s in sides):
        raise ValueError(
            "`sides` must be a tuple of the names of two sub-folders. "
            f"Received: {sides=}"
        )
    roots = [root / side for side in sides]
    if not all(r.is_dir() for r in roots):
        there = sorted(p.name for p in root.iterdir() if p.is_dir())
        raise ValueError(
            f"`sides` must name sub-folders of {root}, which has {there}. "
            f"Received: {sides=}, source={name}"
        )
    return roots


def _no_sides(sides, name):
    if sides is not None:
        raise ValueError(
            "`sides` must be None unless `source` is one folder. "
            f"Received: {sides=}, source={name}"
        )
