"""Checks of arguments, whose errors name what was received."""

import math
import numbers


class UsageError(Exception):
    """A mistake in a command, not in what it works on."""


class UnitWarning(UserWarning):
    """Values that are likely to be in another unit than they are taken for.

    Where they are meant: `warnings.simplefilter("ignore", UnitWarning)`.
    """


class Unsupported(ValueError):
    """What a model is not made for, as a precision. The message says why."""


class NoRecipe(ValueError):
    """A preset was trained by others, and its recipe was asked for."""


class NoWeights(ValueError):
    """A preset is a recipe, and its weights were asked for."""


def is_text(name):
    """Whether a path's name can be written as UTF-8, as files of ours are."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_integer(name, value, minimum):
    """Raises a `ValueError` unless `value` is an integer >= `minimum`."""
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Integral)  # NumPy's as well.
        or value < minimum
    ):
        raise ValueError(
            f"{name} must be an integer of at least {minimum}. "
            f"Received: {name}={value!r:.200}"
        )


def check_weight(name, value):
    """Raises a `ValueError` unless `value` is a number >= 0."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0.0 <= value < math.inf:
        raise ValueError(
            f"{name} must be a number, 0 or more. "
            f"Received: {name}={value!r:.200}"
        )


def check_positive(name, value):
    """Raises a `ValueError` unless `value` is a number > 0."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0.0 < value < math.inf:
        raise ValueError(
            f"{name} must be a number above 0. Received: {name}={value!r:.200}"
        )


def check_ema_momentum(value):
    """Raises a `ValueError` unless `value` is `None` or between 0 and 1."""
    if value is not None and not 0.0 < value < 1.0:
        raise ValueError(
            "ema_momentum must be a float between 0 and 1, or None. "
            f"Received: ema_momentum={value}"
        )


def check_weight_or_schedule(name, value):
    """Raises a `ValueError` unless `value` is a number >= 0, or a schedule."""
    if not callable(value):
        check_weight(name, value)


def check_example_shape(shape):
    """Returns `shape` as a tuple of positive integers, or raises."""
    if (
        not isinstance(shape, (list, tuple))
        or not shape
        or not all(isinstance(s, int) and s > 0 for s in shape)
    ):
        raise ValueError(
            "example_shape must be the shape of one example, positive integers "
            f"without the batch. Received: example_shape={shape!r:.200}"
        )
    return tuple(shape)
