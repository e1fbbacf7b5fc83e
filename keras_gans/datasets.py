"""A name, a folder or arrays in, a batched `tf.data.Dataset` out.

The order of the records is part of a result: pass `e` over the data is a pure
function of `(seed, e)`, so that a run which was stopped after `k` batches goes
on with `load(..., repeat=True, skip=k)` as if nothing had happened.

TensorFlow and tensorflow-datasets are imported where they are used, which
keeps `import keras_gans` quick and the package usable without them.
"""

import atexit
import difflib
import itertools
import operator
import os
import pathlib
import re
import socket
import threading
import time
import urllib.parse
import urllib.request
import warnings
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

IMAGE_SUFFIXES = tuple(".png .jpg .jpeg .bmp .gif .webp .tif .tiff".split())
POINTS_PER_PASS = 100_000
# The shuffle buffer of a TFDS set holds encoded records: all of MNIST or
# CIFAR-10, about 460 MB of CelebA, and never more than about 512 MiB.
SHUFFLE_RECORDS = 2**16
SHUFFLE_BYTES = 2**29
# A folder's headers are looked at before training, but not all of a million.
HEADERS_READ = 1000


def load(
    source,
    batch_size=64,
    *,
    split="train",
    labels=False,
    image_size=None,
    channels=None,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
):
    """Makes a shuffled, batched, prefetched `tf.data.Dataset`.

    Images are float32 in [-1, 1], whatever they were: 8-bit ones are divided
    by 127.5, 16-bit ones by 32767.5, and 1 is subtracted. Resizing scales an
    image (bicubic, antialiased) until it just covers `image_size`, so that
    the short side fits, and cuts out the centre. Transparent images are laid
    on white unless `channels=4`.

    Pass number `e` has an order that depends on `(seed, e)` alone, also when
    TensorFlow's global seed differs. Arrays and folders are shuffled as a
    whole; a TFDS set goes through a buffer of 65,536 encoded records (fewer
    where that would be more than 512 MiB).

    Args:
        source: What to load, one of
            `"ring"` or `"grid"`: the two-dimensional mixtures of `ring` and
            `grid`, 100,000 points a pass, pass `e` being
            `ring(100_000, seed=(seed, e))`;
            a folder (an existing folder wins over a TFDS name): png, jpg,
            jpeg, bmp, gif, webp and tiff images at any depth, of its
            sub-folder `split` if there is one, hidden ones left out;
            an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`,
            or `images` or `x` with `labels` or `y`;
            the name of a TFDS image set, such as `"mnist"`;
            an array `x` or a tuple `(x, y)`: images `(n, height, width,
            channels)` as uint8, uint16 or floats in [-1, 1]; arrays of rank
            2 and 3 pass as float32 and are not scaled.
        batch_size: int, the number of examples in a batch.
        split: str, the split of a TFDS set (`"train[:90%]"` works), folder
            or `.npz` file.
        labels: bool. If `True`, elements are `(images, labels)` with int32
            labels; the sorted names of a folder's sub-folders number its
            classes.
        image_size: int or (height, width). `None` keeps the images' own.
        channels: 1, 3 or 4. `None` keeps the source's own; a folder's is 1
            when all images are grey and 3 otherwise.
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

    Returns:
        A `tf.data.Dataset` of images `(batch_size, height, width, channels)`
        or points `(batch_size, 2)`, or of pairs with labels `(batch_size,)`.

    Raises:
        ValueError: An argument, or what `source` holds, is not usable.
        FileNotFoundError: There is nothing at `source`, or a TFDS set is not
            in `data_dir` and `download=False`.
        RuntimeError: A TFDS set could not be downloaded.
        ImportError: TensorFlow, tensorflow-datasets or Pillow is missing.
            While iterating, a file that does not fit raises
            `tf.errors.InvalidArgumentError` with a sentence that names it.
    """
    tf = _import_tensorflow()
    batch_size = _integer("batch_size", batch_size, 1)
    skip = _integer("skip", skip, 0)
    seed = _integer("seed", seed, 0)
    if image_size is not None:
        size = image_size
        size = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
        if len(size) != 2:
            raise ValueError(
                "`image_size` must be an int or (height, width). "
                f"Received: image_size={image_size}"
            )
        image_size = tuple(_integer("image_size", side, 1) for side in size)
    if channels not in (None, 1, 3, 4):
        raise ValueError(
            f"`channels` must be 1, 3, 4 or None. Received: {channels=}"
        )
    order = (shuffle, seed)
    fit = (image_size, channels)

    if isinstance(source, str) and source in ("ring", "grid"):
        data = _open_points(source, order, labels, split, fit)
    elif isinstance(source, (str, os.PathLike)):
        path = pathlib.Path(source).expanduser()
        if path.suffix == ".npz":
            x, y = _read_npz(path, split)
            data = _open_arrays(x, y, order, labels, fit, source)
        elif path.is_dir():
            data = _open_folder(path, order, labels, split, fit, strict)
        elif isinstance(source, os.PathLike) or source[:1] in "./~\\":
            raise FileNotFoundError(
                "`source` must be an existing folder, an .npz file or the "
                f"name of a TFDS data set. Received: source={str(source)!r}"
            )
        else:
            builder = _find_builder(source, data_dir, download)
            data = _open_tfds(builder, order, labels, split, fit, source)
    else:
        pair = isinstance(source, (tuple, list)) and len(source) == 2
        x, y = source if pair else (source, None)
        if not isinstance(x, np.ndarray) or not (y is None or np.ndim(y)):
            raise ValueError(
                "`source` must be a name, a path, a NumPy array or a tuple of "
                f"two (x, y). Received: source={type(source)}"
            )
        if split != "train":
            raise _split_error(split, ["train"], type(source))
        data = _open_arrays(x, y, order, labels, fit, type(source))

    per_pass = data.size // batch_size
    if not drop_remainder:
        per_pass = -(-data.size // batch_size)
    if not per_pass:
        raise ValueError(
            f"`batch_size` must be at most the number of examples, "
            f"{data.size}, or drop_remainder=False. Received: {batch_size=}"
        )
    if skip >= per_pass and not repeat:
        raise ValueError(
            f"`skip` must be less than the number of batches in a pass, "
            f"{per_pass}, unless repeat=True. Received: {skip=}"
        )
    first_pass, skip = divmod(skip, per_pass)

    def one_pass(number):
        skipped = skip * batch_size
        if repeat:
            skipped = tf.where(number == first_pass, skipped, 0)
        skipped = tf.cast(skipped, tf.int64)
        kept = min(per_pass * batch_size, data.size) - skipped
        return data.records(number).skip(skipped).take(kept)

    def assemble(records):
        if data.decode is not None:
            records = records.map(data.decode, tf.data.AUTOTUNE)
        batches = records.batch(batch_size, drop_remainder=drop_remainder)
        return batches.map(data.finish, tf.data.AUTOTUNE)

    if repeat:
        passes = tf.data.Dataset.counter(start=first_pass)
    else:
        # Each iteration over the dataset runs this map once, so that the
        # i-th iteration is pass i.
        count = itertools.count()
        passes = tf.data.Dataset.range(1).map(
            lambda _: tf.ensure_shape(
                tf.numpy_function(
                    lambda: np.int64(next(count)), [], tf.int64, stateful=True
                ),
                (),
            )
        )
    if drop_remainder:
        # Each pass is trimmed to whole batches: decoding goes on across the
        # border between two of them.
        dataset = assemble(passes.flat_map(one_pass))
    else:
        dataset = passes.flat_map(lambda number: assemble(one_pass(number)))
    endless = tf.data.INFINITE_CARDINALITY
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(
            endless if repeat else per_pass - skip
        )
    )
    options = tf.data.Options()
    options.deterministic = True
    # Sharding by file would give each worker its own order.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    dataset = dataset.with_options(options).prefetch(tf.data.AUTOTUNE)
    # For `fit` to look at, without counting as a pass.
    dataset._keras_gans_peek = assemble(one_pass(np.int64(first_pass)))
    return dataset


def ring_modes():
    """Returns the centers (8, 2), float32, and the std of `ring`'s modes."""
    angle = np.arange(8) * (np.pi / 4)
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centers.astype("float32"), 0.01


def grid_modes():
    """Returns the centers (25, 2), float32, and the std of `grid`'s modes."""
    side = np.arange(-4, 5, 2)
    centers = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    return centers.reshape(-1, 2).astype("float32"), 0.05


def ring(num_points, seed=0):
    """Draws from 8 Gaussians, std 0.01, evenly spaced on the unit circle.

    The 2D ring of VEEGAN (Srivastava et al., 2017, arXiv:1705.07761), also
    used by PacGAN (Lin et al., 2018, arXiv:1712.04086).

    Args:
        num_points: int, the number of points.
        seed: int or tuple of ints, 0 or more.

    Returns:
        A float32 array `(num_points, 2)`.
    """
    return _draw(ring_modes(), num_points, seed)


def grid(num_points, seed=0):
    """Draws from 25 Gaussians, std 0.05, at {-4, -2, 0, 2, 4} squared.

    The 2D grid of VEEGAN (Srivastava et al., 2017, arXiv:1705.07761), also
    used by PacGAN (Lin et al., 2018, arXiv:1712.04086).

    Args:
        num_points: int, the number of points.
        seed: int or tuple of ints, 0 or more.

    Returns:
        A float32 array `(num_points, 2)`.
    """
    return _draw(grid_modes(), num_points, seed)


def _draw(modes, num_points, seed):
    centers, std = modes
    rng = np.random.default_rng(seed)
    points = centers[rng.integers(len(centers), size=num_points)]
    noise = rng.standard_normal(points.shape, dtype="float32")
    return points + np.float32(std) * noise


# --- sources ---------------------------------------------------------------


class _Source(NamedTuple):
    """What `load` needs to know about a source."""

    size: int
    # Pass number -> a dataset of its records, in order, not yet decoded.
    records: Callable
    # Record -> example, run in parallel; None where a record is one already.
    decode: Callable | None
    # Batch -> what the user sees.
    finish: Callable


def _open_points(name, order, labels, split, fit):
    tf = _import_tensorflow()
    if labels:
        raise _unlabelled(repr(name))
    if split != "train":
        raise _split_error(split, ["train"], repr(name))
    _no_images(fit, repr(name))
    modes = {"ring": ring_modes, "grid": grid_modes}[name]()

    def draw(number):
        return _draw(modes, POINTS_PER_PASS, (order[1], int(number)))

    def records(number):
        points = tf.numpy_function(draw, [number], tf.float32, stateful=False)
        points = tf.ensure_shape(points, (POINTS_PER_PASS, 2))
        return tf.data.Dataset.from_tensor_slices(points)

    return _Source(POINTS_PER_PASS, records, None, lambda points: points)


def _open_arrays(x, y, order, labels, fit, name):
    tf = _import_tensorflow()
    if not x.size or x.dtype.kind not in "uif" or x.ndim not in (2, 3, 4):
        raise ValueError(
            "`source` must be a numeric array of rank 2, 3 or 4 that is not "
            f"empty, got shape {x.shape} and dtype {x.dtype}. "
            f"Received: source={name}"
        )
    if x.ndim == 3 and x.dtype in (np.uint8, np.uint16):
        # Nearly always grey images, which would go unscaled into a network.
        raise ValueError(
            f"`source` of shape {x.shape} and dtype {x.dtype} is ambiguous: "
            "pass grey images as x[..., None] and sequences as "
            f"x.astype('float32'). Received: source={name}"
        )
    if x.ndim == 4 and (x.dtype.kind == "i" or x.dtype.itemsize > 8):
        raise ValueError(
            "`source` must hold images as uint8, uint16 or floats, got dtype "
            f"{x.dtype}. Received: source={name}"
        )
    if x.ndim == 4 and x.dtype.kind == "f":
        low, high = x.min(), x.max()
        if not (low >= -1 and high <= 1):  # also true of NaN
            raise ValueError(
                "`source` must hold float images in [-1, 1], got values from "
                f"{low:g} to {high:g}. Received: source={name}"
            )
    convert = tf.identity
    if x.ndim == 4:
        convert = _converter(x.shape[1:], fit, name)
    else:
        _no_images(fit, name)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ValueError(
            f"`source` must be finite, got NaN or inf. Received: source={name}"
        )
    if x.dtype not in (np.uint8, np.uint16):
        x = x.astype("float32", copy=False)
    if labels:
        if y is None:
            raise _unlabelled(name)
        y = np.asarray(y)
        if y.shape != x.shape[:1] or y.dtype.kind not in "ui":
            raise ValueError(
                f"labels must be integers of shape ({len(x)},), got shape "
                f"{y.shape} and dtype {y.dtype}. Received: source={name}"
            )
        y = y.astype("int32")
    # On the host, or a GPU would hold a copy that each batch leaves again.
    with tf.device("CPU:0"):
        tensors = [tf.constant(x)] + ([tf.constant(y)] if labels else [])

    def finish(indices):
        images, *rest = [tf.gather(tensor, indices) for tensor in tensors]
        return (convert(images), *rest) if rest else convert(images)

    return _Source(len(x), _index_passes(len(x), order), None, finish)


def _read_npz(path, split):
    splits = {
        "train": (("x_train", "images", "x"), ("y_train", "labels", "y")),
        "test": (("x_test",), ("y_test",)),
    }
    try:
        with np.load(path, allow_pickle=False) as file:
            there = {
                key: [name for name in names[0] if name in file]
                for key, names in splits.items()
            }
            if not any(there.values()):
                raise ValueError(
                    "it must hold an array x_train, images or x, got "
                    f"{file.files}"
                )
            if not there.get(split):
                names = [key for key in there if there[key]]
                raise _split_error(split, names, repr(str(path)))
            y = [name for name in splits[split][1] if name in file]
            return file[there[split][0]], file[y[0]] if y else None
    except FileNotFoundError:
        raise FileNotFoundError(
            "`source` must be an existing .npz file. "
            f"Received: source={str(path)!r}"
        ) from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if "Received:" in str(error):
            raise
        raise ValueError(
            f"`source` is not a usable .npz file: {error}. "
            f"Received: source={str(path)!r}"
        ) from None


def _index_passes(size, order):
    """The records of a source whose examples can be had by number."""
    tf = _import_tensorflow()
    shuffle, seed = order

    def records(number):
        indices = tf.range(size, dtype=tf.int64)
        if shuffle:
            indices = tf.random.experimental.stateless_shuffle(
                indices, seed=tf.stack([tf.constant(seed, tf.int64), number])
            )
        return tf.data.Dataset.from_tensor_slices(indices)

    return records


# --- folders ---------------------------------------------------------------


def _open_folder(path, order, labels, split, fit, strict):
    tf = _import_tensorflow()
    folder = _Folder(path, labels, split, fit, strict)
    types = [tf.float32, tf.int32, tf.string]

    calls, ending = itertools.count(), threading.Event()

    def read(index):
        next(calls)
        # An exception in here would arrive with two tracebacks around it.
        try:
            if ending.is_set():
                raise ValueError("The program has ended.")
            return (*folder.read(index), "")
        except (ValueError, Warning) as error:
            return np.zeros((1, 1, 1), "float32"), np.int32(0), str(error)

    def drain():
        # A prefetching thread that waits for Python while Python shuts down
        # waits for ever. With `ending` set, it soon has nothing left to ask.
        ending.set()
        before = -1
        for _ in range(50):
            now = next(calls)
            if now == before + 1:
                break
            before = now
            time.sleep(0.1)

    atexit.register(drain)

    def decode(index):
        image, label, error = tf.numpy_function(
            read, [index], types, stateful=False
        )
        fine = tf.debugging.Assert(error == "", [error])
        with tf.control_dependencies([fine]):
            image = tf.identity(image)
        image = tf.ensure_shape(image, (None, None, folder.channels))
        if fit[0] is not None:
            image = _resize(image, fit[0])
        else:
            image = tf.ensure_shape(image, (*folder.size, folder.channels))
        return (image, tf.ensure_shape(label, ())) if labels else image

    def finish(*batch):
        return batch if labels else batch[0]

    size = len(folder.files)
    return _Source(size, _index_passes(size, order), decode, finish)


class _Folder:
    """The image files of a folder, read by number."""

    def __init__(self, path, labels, split, fit, strict):
        try:
            from PIL import Image, ImageOps
        except ImportError:
            raise ImportError(
                "datasets.load reads folders of images with Pillow: "
                "`pip install pillow`."
            ) from None
        self.pil, self.ops, self.strict = Image, ImageOps, strict
        self.name, self.reported = repr(str(path)), set()
        if (path / split).is_dir():
            path = path / split
        elif split != "train":
            names = sorted(p.name for p in path.iterdir() if p.is_dir())
            raise _split_error(split, names or ["train"], self.name)
        start = len(os.path.join(path, ""))
        self.files = sorted(
            os.path.join(where, name)
            for where, _, names in os.walk(path, followlinks=True)
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES)
            and not re.search(r"(^|/)\.", os.path.join(where, name)[start:])
        )
        greys, self.size = self._scan(fit)
        if not self.files:
            raise ValueError(
                f"`source` must hold at least one readable image "
                f"({' '.join(IMAGE_SUFFIXES)}). Received: source={self.name}"
            )
        self.keep_grey = fit[1] is None and greys
        self.channels = fit[1] or (1 if greys else 3)
        self.labels = np.zeros(len(self.files), "int32")
        if labels:
            tails = [os.path.relpath(f, path).split(os.sep) for f in self.files]
            if min(map(len, tails)) < 2:
                raise _unlabelled(self.name)
            classes = [tail[0] for tail in tails]
            self.labels = np.unique(classes, return_inverse=True)[1]
            self.labels = self.labels.astype("int32")

    def _scan(self, fit):
        """Reads headers: drops unreadable files, finds colour and size."""
        every = -(-len(self.files) // HEADERS_READ) or 1
        greys, size, unreadable = True, None, set()
        for file in self.files[::every]:
            try:
                with self.pil.open(file) as image:
                    greys = greys and _is_grey(image)
                    found = image.size[::-1]
                    # A PNG would be decoded in search of its orientation.
                    if image.format != "PNG" or "exif" in image.info:
                        turned = image.getexif().get(0x0112, 1) >= 5
                        found = found[::-1] if turned else found
            except Exception as error:
                self._report(file, error)
                unreadable.add(file)
                continue
            if fit[0] is None and size not in (None, found):
                raise ValueError(
                    "`image_size` must be given, because the images differ in "
                    f"size: {size} and, in {file}, {found}. "
                    f"Received: image_size=None, source={self.name}"
                )
            size = found if fit[0] is None else None
        self.files = [file for file in self.files if file not in unreadable]
        return greys, size

    def _report(self, file, error):
        message = f"{file} is not a readable image ({error})"
        if self.strict:
            raise ValueError(
                f"{message}, and strict=True. Received: source={self.name}"
            ) from None
        if file not in self.reported:
            self.reported.add(file)
            warnings.warn(f"{message} and is left out.", stacklevel=2)

    def read(self, index):
        """Returns a float32 image in [-1, 1] and its label."""
        for i in itertools.chain(range(index, len(self.files)), range(index)):
            try:
                with self.pil.open(self.files[i]) as file:
                    image = self.ops.exif_transpose(file)
                    image.load()
            except Exception as error:
                self._report(self.files[i], error)
            else:
                return self._to_array(image, self.files[i]), self.labels[i]
        raise ValueError(f"No readable image. Received: source={self.name}")

    def _to_array(self, image, file):
        if self.keep_grey and not _is_grey(image):
            raise ValueError(
                "`channels` must be given, because most images are grey and "
                f"{file} is not. Received: channels=None, source={self.name}"
            )
        channels = self.channels
        if image.mode[0] in "IF":  # 16 bits, in one of Pillow's two guises
            x = np.asarray(image, "float32")[..., None] / 32767.5 - 1.0
            if channels > 1:
                x = np.repeat(x, 3, axis=-1)
            if channels == 4:
                x = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)
        else:
            if image.has_transparency_data and channels != 4:
                image = image.convert("RGBA")
                white = self.pil.new("RGBA", image.size, "white")
                image = self.pil.alpha_composite(white, image)
                image = image.convert("RGB")
            image = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
            x = np.asarray(image, "float32") / 127.5 - 1.0
            x = x.reshape(*x.shape[:2], channels)
        if self.size is not None and self.size != x.shape[:2]:
            raise ValueError(
                "`image_size` must be given, because the images differ in "
                f"size: {self.size} and, in {file}, {x.shape[:2]}. "
                f"Received: image_size=None, source={self.name}"
            )
        return x


def _is_grey(image):
    return image.mode in ("1", "L", "LA", "F") or image.mode[0] == "I"


# --- tensorflow-datasets ---------------------------------------------------


def _find_builder(name, data_dir, download):
    """Returns the builder of a TFDS set that is on disk, or explains."""
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR")
    received = f"Received: source={name!r}, data_dir={data_dir!r}"
    try:
        import tensorflow_datasets as tfds

        if data_dir is not None:
            data_dir = os.path.expanduser(data_dir)
        builder = tfds.builder(name, data_dir=data_dir)
    except ImportError as error:
        raise ImportError(
            f"datasets.load finds {name!r} with tensorflow-datasets: "
            "`pip install tensorflow-datasets importlib_resources` "
            f"({error})."
        ) from None
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        close = difflib.get_close_matches(name, tfds.list_builders())
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else ""
        if not isinstance(error, tfds.core.DatasetNotFoundError):
            hint = f"TFDS says: {error}."
        raise ValueError(
            "`source` must be the name of a TFDS data set, an existing folder "
            f"or an .npz file; {hint or 'no TFDS name is like it.'} {received}"
        ) from None
    if builder.is_prepared():
        return builder
    place = builder.data_path.parent
    if not download:
        raise FileNotFoundError(
            f"The data set {name!r} is not in {place}, and download=False: "
            f"point data_dir to where it lies. {received}"
        )
    try:
        _reach_any(builder.url_infos)
        builder.download_and_prepare()
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RuntimeError(
            f"The data set {name!r} is not in {place} and could not be "
            f"downloaded ({reason}): download it where there is a network, "
            f"and point data_dir or $TFDS_DATA_DIR to it. {received}"
        ) from None
    return builder


def _reach_any(urls):
    """Raises OSError if no host answers: TFDS would retry for minutes."""
    proxies = urllib.request.getproxies()
    doors = {}
    for url in urls:
        parts = urllib.parse.urlsplit(url)
        bypass = parts.hostname and urllib.request.proxy_bypass(parts.hostname)
        if proxies.get(parts.scheme) and not bypass:
            proxy = proxies[parts.scheme]
            parts = urllib.parse.urlsplit(
                proxy if "//" in proxy else f"//{proxy}"
            )
        if parts.hostname:
            port = parts.port or {"http": 80, "ftp": 21}.get(parts.scheme, 443)
            doors[parts.hostname, port] = True
    for door in list(doors)[:4]:
        try:
            socket.create_connection(door, timeout=3).close()
            return
        except OSError as error:
            failure = f"cannot reach {door[0]}: {error}"
    if doors:
        raise OSError(failure)


def _open_tfds(builder, order, labels, split, fit, name):
    import tensorflow_datasets as tfds

    tf = _import_tensorflow()
    features, splits = dict(builder.info.features), builder.info.splits
    name = repr(name)
    image = features.get("image")
    if not isinstance(image, tfds.features.Image):
        raise ValueError(
            "`source` must be a TFDS set with a feature `image`, got "
            f"{sorted(features)}. Received: source={name}"
        )
    if labels and not isinstance(features.get("label"), tfds.features.Tensor):
        raise _unlabelled(name)
    try:
        size = splits[split].num_examples
    except (KeyError, ValueError, AssertionError):
        raise _split_error(split, sorted(splits), name) from None
    fixed = None not in image.shape
    if not fixed and fit[0] is None:
        raise ValueError(
            "`image_size` must be given, because the images differ in size. "
            f"Received: image_size=None, source={name}"
        )
    convert = _converter(image.shape, fit, name)
    bytes_each = builder.info.dataset_size // splits.total_num_examples
    buffer = min(SHUFFLE_RECORDS, SHUFFLE_BYTES // max(1, bytes_each), size)

    # The records are read as they lie, in the order of the files, and parsed
    # after the shuffle: `builder.as_dataset` parses first, at a tenth of the
    # speed, and that would be the wait at the start of each pass.
    shards = splits[split].file_instructions
    files = tf.data.Dataset.from_tensor_slices(
        (
            [str(shard.filename) for shard in shards],
            np.array([shard.skip for shard in shards], "int64"),
            np.array([shard.take for shard in shards], "int64"),
        )
    )
    encoded = files.flat_map(
        lambda file, skip, take: (
            tf.data.TFRecordDataset(file).skip(skip).take(take)
        )
    )
    names = ("image", "label") if labels else ("image",)
    wanted = tfds.features.FeaturesDict({key: features[key] for key in names})
    shuffle, seed = order

    def records(number):
        if not shuffle:
            return encoded
        # `Dataset.shuffle` mixes in the global seed, which must not matter.
        # This function is a graph: what is set here is that graph's seed.
        tf.random.set_seed(1)
        pair = tf.stack([tf.constant(seed, tf.int64), number])
        mixed = tf.random.stateless_uniform(
            (), seed=pair, minval=None, maxval=None, dtype=tf.int64
        )
        return encoded.shuffle(
            max(1, buffer), seed=mixed, reshuffle_each_iteration=False
        )

    def decode(record):
        record = wanted.deserialize_example(record)
        pixels = record["image"]
        # A batch is faster to convert, but takes images of one size.
        pixels = pixels if fixed else convert(pixels)
        if not labels:
            return pixels
        return pixels, tf.cast(record["label"], tf.int32)

    def finish(pixels, *rest):
        pixels = convert(pixels) if fixed else pixels
        return (pixels, *rest) if rest else pixels

    return _Source(size, records, decode, finish)


# --- images as tensors -----------------------------------------------------


def _converter(shape, fit, name):
    """Returns a function from pixels, of one image or a batch, to [-1, 1]."""
    tf = _import_tensorflow()
    image_size, channels = fit
    own = shape[-1]
    if own not in (1, 3, 4):
        raise ValueError(
            "`source` must hold images with 1, 3 or 4 channels in their last "
            f"axis, got shape {tuple(shape)}. Received: source={name}"
        )
    channels = channels or own

    def convert(x):
        if x.dtype.is_integer:
            x = tf.cast(x, tf.float32) / (x.dtype.max / 2) - 1.0
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
        if image_size is not None and tuple(shape[:2]) != image_size:
            x = _resize(x, image_size)
        return x

    return convert


def _resize(x, image_size):
    """Scales until `image_size` is just covered, and cuts out the centre."""
    tf = _import_tensorflow()
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


# --- errors ----------------------------------------------------------------


def _import_tensorflow():
    try:
        import tensorflow
    except ImportError:
        raise ImportError(
            "datasets.load makes tf.data pipelines and needs `pip install "
            "tensorflow`; without it, `fit` also takes NumPy arrays."
        ) from None
    return tensorflow


def _integer(name, value, least):
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ValueError(
            f"`{name}` must be an integer of {least} or more. "
            f"Received: {name}={value!r}"
        )
    return number


def _unlabelled(name):
    return ValueError(
        "`labels` must be False for a source without labels (one integer per "
        "example, or for a folder: every image in a sub-folder). "
        f"Received: labels=True, source={name}"
    )


def _split_error(split, splits, name):
    return ValueError(
        f"`split` must be one of {splits}. Received: {split=}, source={name}"
    )


def _no_images(fit, name):
    if fit != (None, None):
        raise ValueError(
            "`image_size` and `channels` must be None for a source that is "
            f"not images. Received: image_size={fit[0]}, channels={fit[1]}, "
            f"source={name}"
        )
