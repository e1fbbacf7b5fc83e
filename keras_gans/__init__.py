"""GANs in Keras: models whose `train_step` reads like the paper, and presets.

Names are resolved on first use, so that the command line answers at once.
`__init__.pyi` says the same to editors.
"""

import importlib
import importlib.machinery
import sys
import threading

from keras_gans import registry

__version__ = "0.1.0"

# And classes that are no models.
_FUNCTIONS = {
    "SemanticInpainting": "models.semantic_inpainting",
    "from_preset": "presets.loading",
    "list_presets": "presets.index",
}
_MODULES = (
    "augmentation",
    "callbacks",
    "checks",
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
    """Imports all that registers a class, so that Keras knows it by name."""
    for name in ("models", "metrics", "augmentation", "layers", "schedules"):
        importlib.import_module(f"keras_gans.{name}")


class _Watch:
    """Imports the models as soon as Keras is there, whoever imports it.

    Keras can only load a class that was imported. A finder on `sys.meta_path`
    that finds what others would, and sees an import of Keras, or of a module
    of this package that imports Keras, end. Not in its midst: the modules
    underway would be found half made.
    """

    underway = threading.local()

    def find_spec(self, name, path=None, target=None):
        if name != "keras" and not name.startswith("keras_gans."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            depth = getattr(self.underway, "depth", 0)
            self.underway.depth = depth + 1
            try:
                execute(module)
            finally:
                self.underway.depth = depth
            if depth or "keras" not in sys.modules or _others_underway(module):
                return
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                import_models()

        spec.loader.exec_module = exec_module
        return spec


def _others_underway(module):
    # A room that another thread imports may wait for what this one holds. The
    # end of that import is seen as well.
    return any(
        getattr(getattr(other, "__spec__", None), "_initializing", False)
        for name, other in list(sys.modules.items())
        if name.startswith("keras_gans.") and other is not module
    )


if "keras" in sys.modules:
    import_models()
else:
    sys.meta_path.insert(0, _Watch())
