"""Tensors in the form of safetensors: names, shapes and numbers, no code.

https://github.com/huggingface/safetensors#format

Eight bytes say how long the header is, JSON that gives each tensor's type,
shape and place in the bytes after it.
"""

import hashlib
import math

import numpy as np

from keras_gans.presets import files

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_MAX_AXES = 8


def read(path):
    """The tensors of a file as `(arrays, sha256)`: a dict of float32 arrays.

    Args:
        path: `pathlib.Path`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is anything but tensors of floats, each in a place of
            its own, without gaps.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"checkpoint must be a file. Received: {str(path)!r}"
        )
    # Once, so that the hash is that of what was read.
    content = path.read_bytes()
    try:
        arrays = _parse(content, path)
    except _Refused as refused:
        raise ValueError(
            f"{path} must hold tensors of floats in the form of safetensors. "
            f"Received: {files.short(refused)}"
        ) from None
    return arrays, hashlib.sha256(content).hexdigest()


class _Refused(Exception):
    pass


def _parse(content, path):
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise _Refused(
            f"a header of {length:,} bytes in a file of {len(content):,}"
        )
    header = files.parse_json(content[8 : 8 + length], f"{path}'s header")
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + length :]
    # In the order in which they lie, so that none lies in another.
    places = sorted((_place(name, told), name) for name, told in header.items())
    end = 0
    for (start, stop), name in places:
        if start != end:
            raise _Refused(f"{name} at {start}, not at {end}")
        end = stop
    if end != len(data) or not places:
        raise _Refused(f"{len(data):,} bytes, of which tensors have {end:,}")
    return {
        name: _array(name, header[name], data[start:stop])
        for (start, stop), name in places
    }


def _place(name, told):
    """`(first byte, the one behind)` of a tensor, as long as its shape says."""
    valid = isinstance(told, dict) and isinstance(told.get("dtype"), str)
    if not valid or told["dtype"] not in _TYPES:
        raise _Refused(f"{name} without a type of {', '.join(_TYPES)}")
    shape, place = told.get("shape"), told.get("data_offsets")
    for numbers in (shape, place):
        if (
            not isinstance(numbers, list)
            or len(numbers) > _MAX_AXES
            or not all(type(n) is int and 0 <= n < 2**40 for n in numbers)
        ):
            raise _Refused(f"{name} of shape {shape} at {place}")
    count = math.prod(shape) * np.dtype(_TYPES[told["dtype"]]).itemsize
    if len(place) != 2 or place[1] - place[0] != count:
        raise _Refused(f"{name} of shape {shape} at {place}")
    return tuple(place)


def _array(name, told, data):
    values = np.frombuffer(data, _TYPES[told["dtype"]])
    if told["dtype"] == "BF16":  # The upper half of a float32.
        values = (values.astype("<u4") << 16).view("<f4")
    return values.reshape(told["shape"]).astype("float32")
