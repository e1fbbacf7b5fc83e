"""NumPy arrays and `.npz` files."""

import math
import zipfile

import numpy as np

from keras_gans.datasets.checks import (
    SplitError,
    import_tensorflow,
    no_images,
    split_error,
    unlabelled,
)
from keras_gans.datasets.images import converter
from keras_gans.datasets.sources import Source, index_passes


def open_arrays(x, y, order, labels, fit, name):
    tf = import_tensorflow()
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
    convert, image_size = tf.identity, None
    if x.ndim == 4:
        convert = converter(x.shape[1:], fit, name)
        image_size = fit.image_size or x.shape[1:3]
    else:
        no_images(fit, name)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ValueError(
            f"`source` must be finite, got NaN or inf. Received: source={name}"
        )
    if x.dtype not in (np.uint8, np.uint16):
        x = x.astype("float32", copy=False)
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
    # On the host, or a GPU would hold a copy that each batch leaves again.
    with tf.device("CPU:0"):
        tensors = [tf.constant(x)] + ([tf.constant(y)] if labels else [])

    def finish(indices):
        images, *rest = [tf.gather(tensor, indices) for tensor in tensors]
        return (convert(images), *rest) if rest else convert(images)

    records = index_passes(len(x), order)
    return Source(len(x), records, None, finish, image_size)


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
