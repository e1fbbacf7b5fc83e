"""What a preset's JSON may say: which classes, keywords, types and bounds.

A rule is a function of `(value, made)`. It returns the value as Keras is to
have it, or raises a `Refused`; `made(value, kind)` is the rule of an object.
The bounds are far above what networks have, and far below what would keep a
machine busy before the shapes are known.
"""

import functools
import inspect

import keras

LARGEST = 2**20  # of a size: units, filters, a side of an image
MAX_LAYERS = 1024  # of a file
_MAX_RANK = 8


class Refused(Exception):
    """A value that no rule takes: what was received."""


# ---- rules ----------------------------------------------------------------


def whole(low, high):
    def rule(value, made):
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not low <= value <= high
        ):
            raise Refused(value)
        return value

    return rule


def number(value, made):
    if (
        not isinstance(value, (int, float))
        or isinstance(value, bool)
        or not -1e300 < value < 1e300  # Nor a float('nan').
    ):
        raise Refused(value)
    return value


def flag(value, made):
    if not isinstance(value, bool):
        raise Refused(value)
    return value


def text(value, made):
    if not isinstance(value, str) or len(value) > 200:
        raise Refused(value)
    return made(value, None)


def among(*names):
    def rule(value, made):
        if not isinstance(value, str) or value not in names:
            raise Refused(value)
        return value

    return rule


def either(*rules):
    """The first rule that fits; `None` is itself."""

    def rule(value, made):
        for one in rules:
            if one is None:
                if value is None:
                    return None
                continue
            try:
                return one(value, made)
            except Refused:
                pass
        raise Refused(value)

    return rule


def several(one, most=_MAX_RANK):
    def rule(value, made):
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise Refused(value)
        return [one(item, made) for item in value]

    return rule


def mapping(one):
    """Keywords and values. What has a `class_name` is an object to Keras."""

    def rule(value, made):
        if (
            not isinstance(value, dict)
            or "class_name" in value
            or not all(
                isinstance(key, str) and key.isidentifier() for key in value
            )
        ):
            raise Refused(value)
        return {key: one(item, made) for key, item in value.items()}

    return rule


def thing(kind, *names):
    """An object of a kind, or one of these strings for it, or `None`."""

    def rule(value, made):
        if value is None or isinstance(value, str) and value in names:
            return value
        return made(value, kind)

    return rule


def plain(value, made):
    """Numbers, strings, and lists of them, of no great size."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, made)
    if isinstance(value, (list, tuple)):
        return several(plain, most=64)(value, made)
    if isinstance(value, int):
        return whole(-LARGEST, LARGEST)(value, made)
    return number(value, made)


def anything(value, made):
    """What a class may want that this file does not know."""
    if isinstance(value, dict):
        if "class_name" in value:
            return made(value, None)
        if len(value) > 64 or not all(isinstance(key, str) for key in value):
            raise Refused(value)
        return {
            text(key, made): anything(item, made) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return several(anything, most=64)(value, made)
    if isinstance(value, int) and not isinstance(value, bool):
        return whole(-(2**63), 2**63)(value, made)
    return plain(value, made)


_FLOATS = ("float32", "float16", "bfloat16", "float64")
_POLICIES = (*_FLOATS, "mixed_float16", "mixed_bfloat16")
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
_dtype_name = among(*_POLICIES, *_INTEGERS, "bool")
dtype = either(None, _dtype_name, lambda v, made: made(v, "policy"))
size = whole(1, LARGEST)
axis = whole(-_MAX_RANK, _MAX_RANK)
axes = either(None, axis, several(axis), several(several(axis)))
shape = several(either(None, size))
shapes = either(shape, several(shape, 64), mapping(shape))
# A side of a kernel or of a window, or one for each dimension.
side = whole(1, 2**12)
sides = either(side, several(side))
around = either(
    whole(0, 2**12), several(whole(0, 2**12)), several(several(whole(0, 2**12)))
)
seed = either(None, whole(-(2**63), 2**63))


# ---- functional networks --------------------------------------------------

policy_name = among(*_POLICIES)
nodes = several(lambda value, made: made(value, "node"), MAX_LAYERS)


def history(value, made):
    """`[name of a layer, number of the call, number of the output]`."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise Refused(value)
    count = whole(0, MAX_LAYERS)
    return [text(value[0], made), *(count(n, made) for n in value[1:])]


_place = either(None, whole(-LARGEST, LARGEST))
# The objects that a layer may be called with: `x[..., :2]` has three.
FED = {
    "__keras_tensor__": {
        "shape": shape,
        "dtype": _dtype_name,
        "keras_history": history,
    },
    "__slice__": {"start": _place, "stop": _place, "step": _place},
    "__ellipsis__": {},
}


# ---- names that stand for objects -----------------------------------------


def _names_of(space, base):
    return [
        name
        for name, value in vars(space).items()
        if isinstance(value, type) and issubclass(value, base)
    ]


_activations = [
    name
    for name, value in vars(keras.activations).items()
    if inspect.isfunction(value)
    and name not in ("deserialize", "serialize", "get")
]
activation = thing("callable", *_activations)
initializer = thing(
    "Initializer",
    *_names_of(keras.initializers, keras.initializers.Initializer),
)
regularizer = thing(
    "Regularizer",
    *_names_of(keras.regularizers, keras.regularizers.Regularizer),
)
constraint = thing(
    "Constraint", *_names_of(keras.constraints, keras.constraints.Constraint)
)
layer = thing("Layer")

# ---- the keywords of Keras's layers ---------------------------------------

_format = either(None, among("channels_last", "channels_first"))
ALL = {
    "name": either(None, text),
    "trainable": flag,
    "dtype": dtype,
    "autocast": flag,
    "activity_regularizer": regularizer,
}
_LAYER = {
    "activation": activation,
    "recurrent_activation": activation,
    "layer": layer,
    "backward_layer": layer,
    "cell": either(layer, several(layer, 64)),
    "cells": several(layer, 64),
    "data_format": _format,
    "padding": either(among("valid", "same", "causal"), around),
    "cropping": around,
    "axis": axes,
    "axes": axes,
    "attention_axes": axes,
    "shared_axes": axes,
    "dims": several(axis),
    "batch_shape": either(None, shape),
    "shape": either(None, shape),
    "target_shape": several(either(whole(-1, -1), size)),
    "output_shape": either(None, size, shape),
    "noise_shape": either(None, shape),
    "batch_size": either(None, size),
    "kernel_size": sides,
    "pool_size": sides,
    "size": sides,
    "strides": either(None, sides),
    "dilation_rate": sides,
    "output_padding": either(None, around),
    "score_mode": among("dot", "concat"),
    "merge_mode": either(None, among("sum", "mul", "concat", "ave")),
    "interpolation": text,
    "fill_mode": text,
    "equation": text,
    "bias_axes": either(None, text),
    "seed": seed,
    "power_iterations": whole(1, 100),
    # Keras makes more weights for these, and none of the package's has any.
    **dict.fromkeys(
        (
            "lora_rank",
            "lora_alpha",
            "quantization_config",
            "gptq_unpacked_column_size",
            "weights",
            "input_tensor",
        ),
        either(None),
    ),
    **dict.fromkeys(
        (
            "depth_multiplier filters groups height input_dim key_dim n "
            "num_heads output_dim units width"
        ).split(),
        size,
    ),
    **dict.fromkeys(("value_dim", "sliding_window"), either(None, size)),
    **dict.fromkeys(
        (
            "antialias center crop_to_aspect_ratio go_backwards invert "
            "keepdims mask_zero normalize optional pad_to_aspect_ratio ragged "
            "renorm reset_after return_sequences return_state sparse stateful "
            "synchronized unit_forget_bias unroll use_bias use_gate use_scale "
            "zero_output_for_mask"
        ).split(),
        flag,
    ),
    "use_cudnn": either(flag, among("auto")),
    "flash_attention": either(None, flag),
    **dict.fromkeys(
        (
            "alpha dropout epsilon fill_value l1 l2 mask_value momentum "
            "negative_slope rate recurrent_dropout renorm_momentum stddev "
            "threshold"
        ).split(),
        number,
    ),
    "renorm_clipping": either(None, mapping(number)),
    "max_value": either(None, number),
    "scale": either(flag, number, several(number, 64)),
    "offset": either(number, several(number, 64)),
    **dict.fromkeys(
        ("mean", "variance"), either(None, number, several(number, 2**12))
    ),
}
# What a constructor takes as one of its **kwargs.
_MORE = {"LayerNormalization": {"rms_scaling": flag}}
_PARTS = {
    "initializer": initializer,
    "regularizer": regularizer,
    "constraint": constraint,
}
_INITIALIZER = {
    "seed": seed,
    "mode": text,
    "distribution": text,
    "value": either(flag, number),
    "input_axes": axes,
    "output_axes": axes,
    "side": either(None, text),
    "window": either(None, text),
    "scaling": either(None, text),
    "periodic": flag,
    **dict.fromkeys("mean stddev minval maxval scale gain".split(), number),
}
_REGULARIZER = {
    **dict.fromkeys(("l1", "l2", "factor"), number),
    "mode": among("rows", "columns"),
}
_CONSTRAINT = {
    **dict.fromkeys(("max_value", "min_value", "rate"), number),
    "axis": axes,
}
_part = several(lambda value, made: made(value, "part"), MAX_LAYERS)


def _ends(value, made):
    return made(value, "ends")


MODELS = {
    "Sequential": {
        "layers": _part,
        "build_input_shape": either(None, shapes),
    },
    "Functional": {
        "layers": _part,
        "input_layers": _ends,
        "output_layers": _ends,
    },
}
KEYWORDS = {
    "Layer": _LAYER,
    "Initializer": _INITIALIZER,
    "Regularizer": _REGULARIZER,
    "Constraint": _CONSTRAINT,
}


def keras_keywords(cls, kind):
    """Rules of one of Keras's classes: dict of keyword to rule.

    What has no rule is refused.
    """
    names = {name for base in cls.__mro__ for name in keywords(base)}
    table = KEYWORDS[kind]
    rules = {name: table[name] for name in names if name in table}
    if kind != "Layer":
        return rules
    more = _MORE.get(cls.__name__, {})
    return {**parts_of(names), **rules, **more, **ALL}


def parts_of(names):
    """Rules of `kernel_initializer` and the like."""
    ends = {name: name.rpartition("_")[2] for name in names if "_" in name}
    return {name: _PARTS[end] for name, end in ends.items() if end in _PARTS}


@functools.cache
def keywords(cls):
    """The names of what a class's own constructor takes."""
    if "__init__" not in vars(cls):
        return []
    return [
        parameter.name
        for parameter in inspect.signature(cls.__init__).parameters.values()
        if parameter.kind
        in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name != "self"
    ]
