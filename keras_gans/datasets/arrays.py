"""NumPy arrays and `.npz` files."""

import math
import zipfile

import numpy as np

from keras_gans import example_kinds
from keras_gans.datasets.checks import (
    SplitError,
    no_images,
    split_error,
    unlabelled,
)
from keras_gans.datasets.images import converter
from keras_gans.datasets.sources import Source
from keras_gans.pixels import check_images, is_float


def open_arrays(x, y, order, labels, fit, name, example_kind=None):
    kind = example_kind or {2: "points", 3: "sequence", 4: "image"}.get(x.ndim)
    # Of bool the reading of images says what to do.
    numbers = "buif" if kind == "image" else "uif"
    if not x.size or x.dtype.kind not in numbers or kind is None:
        raise ValueError(
            "`source` must be a numeric array of rank 2, 3 or 4 that is not "
            f"empty, got shape {x.shape} and dtype {x.dtype}. "
            f"Received: source={name}"
        )
    example_kinds.get(kind)
    convert, shape, image_size = None, x.shape[1:], None
    if kind == "image":
        _check_rank(x, name)
        convert, shape = converter(x.shape[1:], fit, name)
        image_size = fit.image_size or x.shape[1:3]
        check_images("`source`", x)
        if is_float(x.dtype):
            x = x.astype("float32", copy=False)
    else:
        no_images(fit, name)
        if x.ndim == 3 and x.dtype in (np.uint8, np.uint16):
            # Nearly always grey images, which would go unscaled into a
            # network.
            raise ValueError(
                f"`source` of shape {x.shape} and dtype {x.dtype} is "
                "ambiguous: pass grey images as x[..., None] and sequences as "
                f"x.astype('float32'). Received: source={name}"
            )
        x = x.astype("float32", copy=False)
        if not np.isfinite(x).all():
            raise ValueError(
                "`source` must be finite, got NaN or inf. "
                f"Received: source={name}"
            )
    if labels:
        if y is None:
            raise unlabelled(name)
        y = np.asarray(y)
        if y.shape != x.shape[:1] or y.dtype.kind not in "ui":
            raise ValueError(
                f"labels must be integers of shape ({len(x)},), got shape "
                f"{y.shape} and dtype {y.dtype}. Received: source={name}"
            )
        y = y.astype("int32")

    def read(number, places):
        indices = order.indices(number, len(x))[places]
        if fit.crop:
            return ([x[i] for i in indices],)
        examples = x[indices] if convert is None else convert(x[indices])
        return (examples, y[indices]) if labels else (examples,)

    specs = ((shape, "float32"), ((), "int32"))
    scale = convert if fit.crop else None
    return Source(len(x), read, specs[: 1 + labels], image_size, scale)


def _check_rank(x, name):
    if x.ndim != 4:
        raise ValueError(
            "`source` must hold images of shape (n, height, width, channels), "
            f"got shape {x.shape}. Received: source={name}"
        )


# Bytes of an array: what is always fine, and what is as a multiple of the
# file's. Images compress a few times, emptiness a thousandfold.
_FINE, _RATIO = 2**28, 100


def _check_size(archive, name, size):
    """Raises a `ValueError` for an array that is no match for its file."""
    name = name if name in archive.namelist() else f"{name}.npy"
    stored = archive.getinfo(name).file_size
    if stored <= max(_FINE, _RATIO * size):
        with archive.open(name) as member:
            version = np.lib.format.read_magic(member)
            # The header's size goes for memory before the numbers are read.
            read = getattr(
                np.lib.format, f"read_array_header_{version[0]}_0", None
            )
            shape, _, dtype = (
                read(member) if read else ((), None, np.dtype(int))
            )
            if math.prod(shape) * dtype.itemsize <= stored:
                return
    raise ValueError(
        f"{name} is not as large as it says: of {stored:,} bytes in a file "
        f"of {size:,}; load it with NumPy, and pass the array, if you trust it"
    )


def read_npz(path, split):
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
                raise split_error(split, names, repr(str(path)))
            y = [name for name in splits[split][1] if name in file]
            wanted = [there[split][0], *y[:1]]
            for name in wanted:
                _check_size(file.zip, name, path.stat().st_size)
            x, *y = [file[name] for name in wanted]
            return x, y[0] if y else None
    except FileNotFoundError:
        raise FileNotFoundError(
            "`source` must be an existing .npz file. "
            f"Received: source={str(path)!r}"
        ) from None
    except SplitError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"`source` is not a usable .npz file: {error}. "
            f"Received: source={str(path)!r}"
        ) from None
