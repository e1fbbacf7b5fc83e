"""Networks of ncnn, Tencent's engine for small machines: `.param` and `.bin`.

https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure

The first is text, a layer a line:

    7767517                                  the format's number
    41 42                                    layers, and the results they have
    Convolution Conv_0 1 1 data 54 0=64 1=3 4=1 5=1 6=1728

type, name, how many results it takes and makes, their names, and parameters by
their numbers. The second file holds the weights, layer by layer and nothing
else: of a convolution a number that says what follows, `(out, in, height,
width)` in float16 or float32, and its biases; of a PReLU its slopes.

Both are data: nothing in them is run. What they declare is compared with the
size of the `.bin` before any of it is read.
"""

import dataclasses
import hashlib
import math
import pathlib
import re

import numpy as np

from keras_gans.presets.files import short

MAGIC = b"7767517"
# Of a text of 23 blocks there are 116 kB.
MAX_TEXT, MAX_LAYERS, MAX_CHANNELS = 2**22, 2**14, 2**14
# What a convolution's weights are stored as: the number before them.
_HALF, _FLOATS = 0x01306B47, (0, 0x0002C056)
# Types of layers, each with the parameters that it may have and what they are
# if they are not said; `None` if they must be. Others are refused, and of a
# convolution all that is no plain one of 3x3.
_TYPES = {
    "Input": {0: 0, 1: 0, 2: 0},
    "Split": {},
    "Convolution": {
        **{0: None, 1: None, 6: None},
        **{11: 3, 2: 1, 12: 1, 3: 1, 13: 1},  # sizes, dilations, strides
        **{4: None, 14: 1, 15: 1, 16: 1, 18: 0},  # padding
        **{5: 0, 8: 0, 9: 0, -23310: ()},  # biases, integers, activation
    },
    "PReLU": {0: None},
    "ReLU": {0: 0.0},
    "Concat": {0: 0},
    "Eltwise": {0: 0, -23301: ()},
    "BinaryOp": {0: 0, 1: 0, 2: 0.0},
    "Interp": {0: 0, 1: 1.0, 2: 1.0, 3: 0, 4: 0, 6: 0},
    "PixelShuffle": {0: 1, 1: 0},
}
# What has to be so.
_FIXED = {
    "Convolution": {
        **dict.fromkeys((1, 11), 3),
        **dict.fromkeys((2, 12, 3, 13, 4, 14, 15, 16, 5), 1),
        **dict.fromkeys((18, 8), 0),
    },
    "Concat": {0: 0},
    "Eltwise": {0: 1},
    "PixelShuffle": {1: 0},
    "Interp": dict.fromkeys((3, 4, 6), 0),
}


@dataclasses.dataclass
class Layer:
    """A line of a `.param` file.

    Attributes:
        type: String, of `_TYPES`.
        inputs: List of strings, the names of the results that it takes.
        outputs: List of strings, those that it makes.
        parameters: Dict of integers to numbers or tuples of them, complete.
        shapes: List of tuples, of its weights: kernel `(out, in, 3, 3)` and
            biases, or slopes.
        arrays: List of float32 arrays, the weights.
    """

    type: str
    inputs: list
    outputs: list
    parameters: dict
    shapes: list = dataclasses.field(default_factory=list)
    arrays: list = dataclasses.field(default_factory=list)


class Refused(ValueError):
    """What is wrong, for the end of a sentence."""


def paths(path):
    """`(param, bin)` of the path of one of both."""
    path = pathlib.Path(path)
    return path.with_suffix(".param"), path.with_suffix(".bin")


def read(path):
    """The layers of a network, with their weights.

    Args:
        path: Path of the `.param` or of the `.bin` file; the other one lies
            beside it.

    Returns:
        `(layers, digests)`: list of `Layer`, and the SHA-256 of each file by
        its name.

    Raises:
        FileNotFoundError: If one of them is not there.
        ValueError: For anything but such files, with plain convolutions.
    """
    texts, weights = paths(path)
    for part in (texts, weights):
        if not part.is_file():
            raise FileNotFoundError(
                "checkpoint must be a .param file of ncnn with its .bin "
                f"beside it. Received: no file {str(part)!r}"
            )
    try:
        with texts.open("rb") as file:
            text = file.read(MAX_TEXT + 1)
        layers = parse_text(text)
        check_size(layers, weights.stat().st_size)
        content = weights.read_bytes()
        read_weights(layers, content)
    except Refused as refused:
        raise ValueError(
            f"{texts} and its .bin must be a network of ncnn, of plain layers "
            f"and their weights. Received: {short(refused)}"
        ) from None
    digests = {
        part.name: hashlib.sha256(found).hexdigest()
        for part, found in ((texts, text), (weights, content))
    }
    return layers, digests


# ---- the text -------------------------------------------------------------


def parse_text(text):
    """The layers of a `.param` file, without weights.

    Args:
        text: Bytes.

    Returns:
        List of `Layer`.

    Raises:
        Refused: For anything but plain layers, each after what it takes.
    """
    if len(text) > MAX_TEXT:
        raise Refused(f"a text of more than {MAX_TEXT:,} bytes")
    try:
        lines = [line.split() for line in text.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        raise Refused("a text of other letters than ASCII's") from None
    lines = [words for words in lines if words]
    if not lines or lines[0] != [MAGIC.decode()]:
        raise Refused(
            f"no text that begins with {MAGIC.decode()}, but with {text[:20]!r}"
        )
    counts = lines[1] if lines[1:] else []
    if len(counts) != 2 or not all(re.fullmatch(r"\d{1,9}", c) for c in counts):
        raise Refused(f"numbers of layers and results {' '.join(counts)!r}")
    if int(counts[0]) != len(lines) - 2 or len(lines) - 2 > MAX_LAYERS:
        raise Refused(
            f"{len(lines) - 2:,} layers where the text says {counts[0]}, "
            f"or more than {MAX_LAYERS:,}"
        )
    layers = [_parse_line(words) for words in lines[2:]]
    made = set()
    for layer in layers:
        for name in layer.inputs:
            if name not in made:
                raise Refused(
                    f"a {layer.type} that takes {name}, which no layer before "
                    "it has made"
                )
        if made & set(layer.outputs) or len(set(layer.outputs)) < len(
            layer.outputs
        ):
            raise Refused(f"two results called {layer.outputs[0]}")
        made |= set(layer.outputs)
    if len(made) != int(counts[1]):
        raise Refused(f"{len(made):,} results where the text says {counts[1]}")
    if [x.type for x in layers].count("Input") != 1 or (
        layers[0].type != "Input"
    ):
        raise Refused("a network without one input, its first layer")
    channels = {}
    for layer in layers:
        _set_shapes(layer, channels)
    return layers


def _parse_line(words):
    kind = words[0]
    if kind not in _TYPES:
        raise Refused(f"a layer {kind}; known are {', '.join(_TYPES)}")
    counts = words[2:4]
    if len(counts) < 2 or not all(re.fullmatch(r"\d{1,4}", c) for c in counts):
        raise Refused(f"a {kind} with results {' '.join(counts)!r}")
    inputs, outputs = map(int, counts)
    names = words[4 : 4 + inputs + outputs]
    takes = {"Input": (0,), "Eltwise": (2,), "BinaryOp": (1, 2)}
    wanted = range(1, 65) if kind == "Concat" else takes.get(kind, (1,))
    if (
        len(names) < inputs + outputs
        or inputs not in wanted
        or outputs not in (range(1, 257) if kind == "Split" else (1,))
    ):
        raise Refused(f"a {kind} that takes {inputs} and makes {outputs}")
    own = dict(_TYPES[kind])
    for word in words[4 + inputs + outputs :]:
        key, value = _parameter(kind, word)
        own[key] = value
    for key, value in own.items():
        fixed = _FIXED.get(kind, {}).get(key, value)
        if value is None or value != fixed:
            raise Refused(
                f"a {kind} whose parameter {key} is {value}"
                + (f", not {fixed}" if value is not None else "")
            )
    return Layer(kind, names[:inputs], names[inputs:], own)


def _parameter(kind, word):
    key, _, value = word.partition("=")
    found = re.fullmatch(r"-?\d{1,6}", key)
    if not found or int(key) not in _TYPES[kind]:
        raise Refused(f"a {kind} with a parameter {word!r}")
    key = int(key)
    numbers = value.split(",") if key < 0 else [value]
    try:
        numbers = [_number(number) for number in numbers]
    except ValueError:
        raise Refused(f"a {kind} with a parameter {word!r}") from None
    if key >= 0:
        # Of a default's type: what is no whole number counts nothing.
        default = _TYPES[kind][key]
        if not isinstance(default, float) and numbers[0] != int(numbers[0]):
            raise Refused(f"a {kind} with a parameter {word!r}")
        whole = not isinstance(default, float)
        return key, int(numbers[0]) if whole else numbers[0]
    if numbers[0] != len(numbers) - 1:  # An array begins with its length.
        raise Refused(f"a {kind} with a parameter {word!r}")
    return key, tuple(numbers[1:])


def _number(text):
    if len(text) > 24 or not re.fullmatch(r"-?\d+(\.\d*)?(e[+-]?\d+)?", text):
        raise ValueError(text)
    value = float(text)
    if not -1e12 < value < 1e12:
        raise ValueError(text)
    return value


def _set_shapes(layer, channels):
    """Finds the shapes of a layer's weights, and the channels that it makes.

    Args:
        layer: A `Layer`.
        channels: Dict, the names of results to their channels: 0 for the
            input, of which only a convolution says how many it has.
    """
    widths = [channels[name] for name in layer.inputs]
    own = layer.parameters
    if layer.type == "Convolution":
        made, size = own[0], own[6]
        taken = widths[0] or size // max(9 * made, 1)
        if made < 1 or size < 1 or size != 9 * made * taken:
            raise Refused(
                f"a Convolution of {size} weights, from {taken} channels to "
                f"{made}"
            )
        layer.shapes = [(made, taken, 3, 3), (made,)]
    elif layer.type == "Input":
        made = 0
    elif layer.type == "Concat":
        made = sum(widths)
    elif layer.type == "PixelShuffle":
        factor = own[0]
        if not 1 <= factor <= 8 or widths[0] % factor**2:
            raise Refused(f"a PixelShuffle by {factor} of {widths[0]} channels")
        made = widths[0] // factor**2
    elif len({width for width in widths if width}) > 1:
        raise Refused(f"a {layer.type} of {' and '.join(map(str, widths))}")
    else:
        made = max(widths)
        if layer.type == "PReLU":
            if own[0] != made:
                raise Refused(f"a PReLU of {own[0]} slopes for {made} channels")
            layer.shapes = [(made,)]
    if made > MAX_CHANNELS:
        raise Refused(f"a {layer.type} of {made:,} channels")
    channels.update(dict.fromkeys(layer.outputs, made))


# ---- the weights ----------------------------------------------------------


def check_size(layers, size):
    """Raises a `Refused` unless a `.bin` of this size may be the layers'.

    Args:
        layers: List of `Layer`.
        size: Integer, bytes.
    """
    least = most = 0
    for layer in layers:
        for shape in layer.shapes:
            count = math.prod(shape)
            is_kernel = len(shape) == 4
            least += 4 + 2 * count if is_kernel else 4 * count
            most += 4 * is_kernel + 4 * count
    if not least <= size <= most:
        raise Refused(
            f"weights of {size:,} bytes, where the layers have {least:,} to "
            f"{most:,}"
        )


def read_weights(layers, content):
    """Gives layers their weights.

    Args:
        layers: List of `Layer`.
        content: Bytes, of the `.bin` file.

    Raises:
        Refused: Unless it is their weights, to the last byte.
    """
    check_size(layers, len(content))
    place = 0
    for layer in layers:
        layer.arrays = []
        for shape in layer.shapes:
            dtype = "<f4"
            if len(shape) == 4:
                tag = int.from_bytes(content[place : place + 4], "little")
                if len(content) < place + 4 or tag not in (_HALF, *_FLOATS):
                    raise Refused(
                        f"no weights in float16 or float32 at byte {place:,}"
                    )
                dtype = "<f2" if tag == _HALF else "<f4"
                place += 4
            values, place = _numbers(content, place, shape, dtype)
            layer.arrays.append(values)
    if place != len(content):
        raise Refused(
            f"weights of {len(content):,} bytes, where the layers have "
            f"{place:,}"
        )


def _numbers(content, place, shape, dtype):
    """`(float32 array, the place behind it)`, which is a multiple of 4."""
    count = math.prod(shape)
    end = place + count * np.dtype(dtype).itemsize
    if end > len(content):
        raise Refused(
            f"weights of {len(content):,} bytes, where the layers have more"
        )
    values = np.frombuffer(content, dtype, count, place)
    if not np.isfinite(values).all():
        raise Refused("a weight that is no number, or infinite")
    return values.reshape(shape).astype("float32"), -(-end // 4) * 4
