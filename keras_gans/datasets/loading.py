"""What every source has in common: order, batches, passes, resuming."""

import os
import pathlib

import numpy as np

from keras_gans.datasets import stacked, toys
from keras_gans.datasets.arrays import open_arrays, read_npz
from keras_gans.datasets.batches import make_batches
from keras_gans.datasets.checks import integer, split_error
from keras_gans.datasets.folders import open_folder
from keras_gans.datasets.images import Fit, check_channels, check_image_size
from keras_gans.datasets.jitter import mirrored
from keras_gans.datasets.sources import MIRROR_A, Order
from keras_gans.datasets.tfds import find_builder, open_tfds


def load(
    source,
    batch_size=64,
    *,
    split="train",
    labels=False,
    image_size=None,
    channels=None,
    mirror=False,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
    example_kind=None,
):
    """Makes a shuffled, batched, prefetched dataset.

    It is a `tf.data.Dataset` of tensors where Keras runs on TensorFlow, and a
    `grain.IterDataset` of NumPy arrays elsewhere, whether or not TensorFlow is
    installed. Both make the same batches of the same seed.

    Images are float32 in [-1, 1], whatever they were: 8-bit ones are divided
    by 127.5, 16-bit ones by 32767.5, and 1 is subtracted. Resizing scales an
    image (bicubic, antialiased) until it just covers `image_size`, so that
    the short side fits, and cuts out the centre. Transparent images are laid
    on white unless `channels=4`. The decoded images of a folder, or of a TFDS
    set of one size, are kept in memory when they need no more than about 512
    MiB; an array is not copied, but for its dtype.

    Pass number `e` has an order that depends on `(seed, e)` alone; whatever
    the source, it is shuffled as a whole.

    Args:
        source: What to load, one of
            `"ring"` or `"grid"`: the two-dimensional mixtures of `ring` and
            `grid`, 100,000 points a pass, pass `e` being
            `ring(100_000, seed=(seed, e))`;
            `"stacked_mnist"`: TFDS's MNIST, a digit in each of three channels,
            shuffled apart, whose labels are from 0 to 999;
            a folder (an existing folder wins over a TFDS name): png, jpg,
            jpeg, bmp, gif, webp and tiff images at any depth, of its
            sub-folder `split` if there is one, hidden ones left out;
            an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`,
            or `images` or `x` with `labels` or `y`;
            the name of a TFDS image set, such as `"mnist"`; TFDS needs
            TensorFlow to prepare most of its sets, but none to read them;
            an array `x` or a tuple `(x, y)`: images `(n, height, width,
            channels)` as uint8, uint16 or floats in [-1, 1], see
            `keras_gans.pixels`; arrays of rank 2 and 3 pass as float32 and
            are not scaled.
        batch_size: int, the number of examples in a batch.
        split: str, the split of a TFDS set, folder or `.npz` file; `"all"`
            of a folder is what all of its splits hold. Of a TFDS set or a
            folder also a part, such as `"train[:90%]"` and, to
            evaluate on, `"train[90%:]"`; a folder's files are parted in the
            order of their names' hashes, so that each part is a fair sample,
            and the same one on every machine.
        labels: bool. If `True`, elements are `(images, labels)` with int32
            labels; the sorted names of a folder's sub-folders number its
            classes.
        image_size: int or (height, width). `None` keeps the images' own.
        channels: 1, 3 or 4. `None` keeps the source's own; a folder's is 1
            when all images are grey and 3 otherwise.
        mirror: bool, whether half of the images are mirrored, left to right;
            each pass draws anew which, as a function of `(seed, e)` alone.
        shuffle: bool, whether each pass has an order of its own.
        seed: int, 0 or more.
        repeat: bool. `False` is one pass, and iterating again makes the next
            one. `True` is the endless sequence of passes. No batch holds
            examples of two passes: each pass drops its remainder, or with
            `drop_remainder=False` ends in a smaller batch.
        skip: int, the number of batches to leave out, at the start of the
            endless sequence or of each single pass. Whole passes cost
            nothing, the rest is skipped before it is decoded.
        drop_remainder: bool, whether to drop a last, smaller batch.
        data_dir: str, where TFDS sets lie. Defaults to `$TFDS_DATA_DIR`, then
            to TFDS's own default.
        download: bool, whether a TFDS set that is not there may be fetched.
        strict: bool. An unreadable file in a folder is warned of once, by
            name, and left out; if only its pixels turn out to be damaged, the
            next readable file takes its place, which keeps the number of
            batches. `True` makes both an error.
        example_kind: str or `None`, of an array: `"field"` says that one of
            rank 4 holds no images, and it passes as float32, not scaled.

    Returns:
        A dataset of images `(batch_size, height, width, channels)` or points
        `(batch_size, 2)`, or of pairs with labels `(batch_size,)`. Of either
        kind `cardinality()` tells the number of batches, -1 for ever.

    Raises:
        ValueError: An argument, or what `source` holds, is not usable.
        FileNotFoundError: There is nothing at `source`, or a TFDS set is not
            in `data_dir` and `download=False`.
        RuntimeError: A TFDS set could not be downloaded.
        ImportError: grain or tensorflow-datasets is missing.
            While iterating, a file that does not fit raises a `ValueError`
            with a sentence that names it, on TensorFlow a
            `tf.errors.InvalidArgumentError`.
    """
    batch_size = integer("batch_size", batch_size, 1)
    skip = integer("skip", skip, 0)
    order = Order(shuffle, integer("seed", seed, 0))
    fit = Fit(check_image_size(image_size), check_channels(channels))
    places = (data_dir, download)
    data = open_source(
        source, order, labels, split, fit, strict, places, example_kind
    )
    if mirror:
        if data.image_size is None:
            raise ValueError(
                "`mirror` must be False for a source that is not images. "
                f"Received: {mirror=}, source={source!r:.100}"
            )
        data = mirrored(data, Order(True, order.seed, MIRROR_A))
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def find(source, data_dir=None):
    """Raises what `load` raises for a name or path at which there is nothing.

    Args:
        source: str, the name of a data set or a path.
        data_dir: See `load`.
    """
    path = pathlib.Path(source).expanduser()
    if toys.find(source) or path.exists():
        return
    source = "mnist" if stacked.find(source) else source
    _check_path(source)
    find_builder(source, data_dir, download=False)


def _check_path(source):
    if (
        isinstance(source, os.PathLike)
        or source[:1] in "./~\\"
        or source[-1:] in "/\\"
        or source.endswith(".npz")
    ):
        raise FileNotFoundError(
            "`source` must be an existing folder, an .npz file or the "
            f"name of a TFDS data set. Received: source={str(source)!r}"
        )


def open_source(
    source, order, labels, split, fit, strict, places, example_kind=None
):
    """Returns the `Source` of whatever `load` takes."""
    if toys.find(source):
        return toys.open_points(source, order, labels, split, fit)
    if isinstance(source, (str, os.PathLike)):
        path = pathlib.Path(source).expanduser()
        if path.suffix == ".npz":
            x, y = read_npz(path, split)
            return open_arrays(x, y, order, labels, fit, source, example_kind)
        if path.is_dir():
            return open_folder(path, order, labels, split, fit, strict)
        if stacked.find(source):
            return stacked.open_stacked(order, labels, split, fit, places)
        _check_path(source)
        builder = find_builder(source, *places)
        return open_tfds(builder, order, labels, split, fit, source)
    pair = isinstance(source, (tuple, list)) and len(source) == 2
    x, y = source if pair else (source, None)
    if not isinstance(x, np.ndarray) or not (y is None or np.ndim(y)):
        raise ValueError(
            "`source` must be a name, a path, a NumPy array or a tuple of "
            f"two (x, y). Received: source={type(source)}"
        )
    if split != "train":
        raise split_error(split, ["train"], type(source))
    return open_arrays(x, y, order, labels, fit, type(source), example_kind)
