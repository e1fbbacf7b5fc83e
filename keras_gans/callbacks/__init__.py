"""Callbacks for `fit`: what stops it, what watches it, what it shows.

`StopOnNonFinite` and `TrainingHealth` stand below the models, whose `fit` adds
the first one by itself. `SampleGrid` and `Score` stand above pictures and
metrics, and are resolved on first use.
"""

import importlib

from keras_gans.callbacks.non_finite import StopOnNonFinite
from keras_gans.callbacks.training_health import TrainingHealth

_NAMES = {
    "SampleGrid": "keras_gans.callbacks.sample_grid",
    "Score": "keras_gans.callbacks.score",
}

__all__ = ["SampleGrid", "Score", "StopOnNonFinite", "TrainingHealth"]


def __getattr__(name):
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
