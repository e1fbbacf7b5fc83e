"""What images are: uint8, uint16, or floats in [-1, 1], and nothing else.

Every door asks here: `fit`, `evaluate`, `datasets`, `metrics`, `translate`,
`upscale`, `inpaint`. What an array cannot be known to mean is refused, and what
is likely to be in another unit is warned of.

    read as                         | where
    uint8, 0 to 255                 | everywhere
    uint16, 0 to 65535              | everywhere but in steps (`fit`, ...)
    float in [-1, 1]                | everywhere
    float that is never negative    | so too, with a `UnitWarning`
    uint8 up to 1, uint16 up to 255 | so too, several with a `UnitWarning`
    float beyond [-1.01, 1.01], NaN | refused
    bool, other integers            | refused

Keras is imported by what works on its tensors: data sets are of arrays.
"""

import warnings

import numpy as np

from keras_gans.checks import UnitWarning

# Rounding of scaled or resized images may go a little beyond 1.
LIMIT = 1.01
# Integers that are taken for all of a range, and a range that they are likely
# to have been put into by mistake.
_TOPS = {"uint8": (255, 1), "uint16": (65535, 255)}


# ---- scaling --------------------------------------------------------------


def to_uint8(images):
    """Float images in [-1, 1] to `numpy.uint8`, values beyond are clipped."""
    scaled = np.asarray(images, "float32") * 127.5
    scaled += 127.5
    return np.clip(np.rint(scaled, out=scaled), 0, 255).astype("uint8")


def from_uint8(images):
    """`numpy.uint8` images to `numpy.float32` ones in [-1, 1]."""
    return np.asarray(images, "float32") / np.float32(127.5) - 1


def from_uint16(images):
    """`numpy.uint16` images to `numpy.float32` ones in [-1, 1]."""
    return np.asarray(images, "float32") / np.float32(32767.5) - 1


def to_eight_bits(images):
    """`numpy.uint16` images to `numpy.uint8` ones, rounded."""
    # In place: an upscaled photograph has 200 million pixels.
    pixels = images.astype("uint32")
    pixels += 128
    pixels //= 257
    return pixels.astype("uint8")


def to_uint8_tensor(images):
    """`to_uint8` for tensors, in a graph as well."""
    from keras import ops

    x = ops.round(ops.cast(images, "float32") * 127.5 + 127.5)
    return ops.cast(ops.clip(x, 0, 255), "uint8")


def from_uint8_tensor(images):
    """`from_uint8` for tensors, in a graph as well; up to rounding."""
    from keras import ops

    return ops.cast(images, "float32") / 127.5 - 1


# ---- what is meant --------------------------------------------------------


def is_float(dtype):
    """Whether a dtype, of NumPy or as a string, is one of floats."""
    return str(dtype) == "bfloat16" or str(dtype).startswith("float")


def check_images(name, images, warn=True):
    """Raises a `ValueError` for what cannot be known to be images.

    Args:
        name: String, what the user calls them.
        images: NumPy array of any shape.
        warn: Boolean, whether to warn of a unit that is likely to be another
            one. Of a stream of batches only the first tells.
    """
    images = np.asarray(images)
    if not images.size:
        return
    check_dtype(name, images.dtype, images)
    low, high = _extremes(images)
    if is_float(images.dtype):
        check_range(name, low, high)
        likely = "[0, 1]" if 0 <= low < high else None
        remedy = f"{name} * 2 - 1"
    else:
        top, suspect = _TOPS[str(images.dtype)]
        # One image may well be that dark.
        dark = images.ndim > 3 and 0 < high <= suspect
        likely = f"0 to {suspect}" if dark else None
        remedy = f"{name} * {top // suspect}"
    if warn and likely:
        read_as = "in [-1, 1]" if is_float(images.dtype) else f"0 to {top}"
        warnings.warn(
            f"{name} is taken for {images.dtype} images {read_as}, and looks "
            f"as if it were {likely} ({remedy} scales that). If it is meant: "
            "warnings.simplefilter('ignore', keras_gans.checks.UnitWarning). "
            f"Received: {name} with values in [{low:g}, {high:g}]",
            UnitWarning,
            stacklevel=3,
        )


def check_dtype(name, dtype, images=None, integers=tuple(_TOPS)):
    """Raises a `ValueError` for a dtype that images do not have.

    Args:
        name: String, what the user calls them.
        dtype: Dtype, or its name.
        images: NumPy array, for the message; `None` for a tensor.
        integers: Names of the dtypes that are taken beside floats.
    """
    dtype = str(dtype)
    if dtype in integers or is_float(dtype):
        return
    remedy = values = ""
    if dtype == "uint16":
        remedy = f" ({name} / 32767.5 - 1 for 16 bits)"
    if images is not None and images.size and dtype != "object":
        low, high = _extremes(images)
        values = f" and values in [{low:g}, {high:g}]"
        if dtype == "bool":
            remedy = f" ({name} * np.uint8(255) for black and white)"
        elif dtype != "uint16" and 0 <= low and 1 < high <= 255:
            remedy = f" ({name}.astype('uint8') if these are pixels)"
    raise ValueError(
        f"{name} must be images of uint8, or of floats in [-1, 1]{remedy}. "
        f"Received: {name} with dtype {dtype}{values}"
    )


def check_range(name, low, high, kind="image"):
    """Raises a `ValueError` unless floats are finite and in [-1, 1]."""
    if not np.isfinite([low, high]).all():
        raise ValueError(
            f"{name} must be finite. Received: {name} with values in "
            f"[{low:g}, {high:g}]"
        )
    if low < -LIMIT or high > LIMIT:
        remedy = f" (example_kind='field' if they are no {kind}s)"
        if 0 <= low and high <= 255:
            remedy = f" ({name} / 127.5 - 1 if they are from 0 to 255)"
        elif 0 <= low and high <= 65535:
            remedy = f" ({name} / 32767.5 - 1 if they are from 0 to 65535)"
        raise ValueError(
            f"{name} must be {kind}s in [-1, 1]{remedy}. Received: {name} "
            f"with values in [{low:g}, {high:g}]"
        )


def read_floats(name, images, warn=True):
    """Images of any dtype they may have, as float32 in [-1, 1].

    Args:
        name, images, warn: See `check_images`.

    Raises:
        ValueError: See `check_images`.
    """
    images = np.asarray(images)
    check_images(name, images, warn)
    if images.dtype == np.uint8:
        return from_uint8(images)
    if images.dtype == np.uint16:
        return from_uint16(images)
    return images.astype("float32", copy=False)


def read_uint8(name, images, warn=True):
    """Images of any dtype they may have, rounded to `numpy.uint8`.

    Args:
        name, images, warn: See `check_images`.

    Raises:
        ValueError: See `check_images`.
    """
    images = np.asarray(images)
    check_images(name, images, warn)
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.uint16:
        return to_eight_bits(images)
    return to_uint8(images)


def read_tensor(name, images):
    """Images as float tensors in [-1, 1], by their dtype, in a graph as well.

    Args:
        name: String, what the user calls them.
        images: Tensor, of uint8 or floats.

    Raises:
        ValueError: For a tensor of another dtype.
    """
    import keras

    dtype = keras.backend.standardize_dtype(images.dtype)
    if dtype == "uint8":
        return from_uint8_tensor(images)
    # Not uint16: of it Keras makes int32 on PyTorch.
    check_dtype(name, dtype, integers=("uint8",))
    return images


def _extremes(images):
    if images.dtype == bool:
        images = images.view("uint8")
    return float(images.min()), float(images.max())
