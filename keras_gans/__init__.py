"""GANs in Keras: models whose `train_step` reads like the paper, and presets.

Names are resolved on first use, so that the command line answers at once.
`__init__.pyi` says the same to editors.
"""

import importlib
import sys

from keras_gans import registry

__version__ = "0.1.0"

_FUNCTIONS = {"from_preset": "presets", "list_presets": "presets"}
_MODULES = (
    "callbacks",
    "convert",
    "datasets",
    "layers",
    "losses",
    "metrics",
    "penalties",
    "pictures",
    "presets",
    "registry",
    "resizing",
    "schedules",
    "tasks",
)

__all__ = [*registry.CLASSES, *_FUNCTIONS, *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        value = importlib.import_module(f"keras_gans.{name}")
    elif name in registry.CLASSES or name in _FUNCTIONS:
        room = _FUNCTIONS.get(name) or registry.CLASSES[name][0]
        value = getattr(importlib.import_module(f"keras_gans.{room}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])


def import_models():
    """Imports models and metrics, so that Keras knows the classes by name."""
    for name in ("models", "metrics"):
        importlib.import_module(f"keras_gans.{name}")


# Keras can only load a class that was imported. Whoever has imported Keras
# has paid the price already; whoever imports it later says `import
# keras_gans.models`. (A hook on the import of Keras would run in the midst of
# our own modules, whose first line may be that import, and would find them
# half made.)
if "keras" in sys.modules:
    import_models()
