"""The grammar of the package's own classes: see `grammar`.

A network of the package makes its layers itself: its arguments say how many,
and each counts among those of the file.
"""

from keras_gans.presets.grammar import (
    ALL,
    MAX_LAYERS,
    anything,
    either,
    keywords,
    number,
    parts_of,
    seed,
    several,
    size,
    whole,
)

# Layers of a network's block, and of a network whose arguments do not say.
_BLOCK, NETWORK = 8, 32


def _counted(most_layers):
    """`anything` whose numbers say how often a class makes so many layers."""

    def rule(value, made):
        if isinstance(value, (list, tuple)):
            return several(rule, most=64)(value, made)
        if not isinstance(value, int):
            return anything(value, made)
        value = whole(-1, MAX_LAYERS)(value, made)
        made.count_layers(max(value, 0) * most_layers)
        return value

    return rule


def _sized(value, made):
    """A size, or one of each of several blocks."""
    value = either(size, several(size, 64))(value, made)
    if isinstance(value, list):
        made.count_layers(len(value) * _BLOCK)
    return value


def _depth(value, made):
    value = either(None, whole(1, 32))(value, made)
    made.count_layers((value or 0) * _BLOCK)
    return value


# Those that say how much a constructor makes; others hold `anything`.
_KEYWORDS = {
    **ALL,
    "seed": seed,
    "units": _sized,
    "filters": _sized,
    **dict.fromkeys(
        (
            "channels embedding_dim growth latent_dim output_channels style_dim"
        ).split(),
        size,
    ),
    "num_classes": either(None, size),
    **dict.fromkeys(
        ("example_shape", "image_shape"),
        either(None, several(whole(1, 2**16))),
    ),
    "depth": _depth,
    "patch_size": whole(1, 2**10),
    "discriminator_steps": whole(1, 1000),
    "power_iterations": whole(1, 100),
    **dict.fromkeys(
        ("ema_momentum", "discriminator_ema_momentum"), either(None, number)
    ),
    # Or one of the package's schedules.
    **dict.fromkeys(
        ("r1_weight", "r2_weight"),
        either(number, lambda value, made: made(value, "Schedule")),
    ),
}


def own_keywords(cls):
    """Rules of a class of the package: dict of keyword to rule."""
    bases = [b for b in cls.__mro__ if b.__module__.startswith("keras_gans.")]
    names = {name for base in bases for name in keywords(base)}
    rules = {name: anything for name in names}
    counts = {
        name: _counted(_BLOCK if name.endswith("_blocks") else 1)
        for name in names
        if name.startswith("num_")
    }
    return {
        **rules,
        **counts,
        **parts_of(names),
        **{name: _KEYWORDS[name] for name in names if name in _KEYWORDS},
        **ALL,
    }
