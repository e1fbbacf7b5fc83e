"""Presets: find, verify, load and save.

A preset is a folder, laid out as in KerasHub:

    config.json        the inference network, serialized
    model.weights.h5   its weights; `keras.saving.load_model(folder)` works
    task.json          the GAN, serialized, without that network
    task.weights.h5    all other networks (not the optimizers)
    training.json      the recipe that trains it (optional)
    metadata.json      versions, class, task, SHA-256 of all files, licence,
                       scores
    README.md, samples.png, codes.png

Names are resolved on first use: listing presets imports neither Keras nor
NumPy nor h5py.
"""

import importlib

_ROOMS = {
    "index": (
        "arguments",
        "best_upscaler",
        "class_name",
        "info",
        "list_presets",
        "locate",
        "names",
        "recipe",
        "resolve",
        "task_name",
        "zoo_path",
    ),
    "files": (
        "CONFIG",
        "EXTRAS",
        "FILES",
        "FORMAT_VERSION",
        "Folder",
        "INDEX",
        "METADATA",
        "TASK",
        "TASK_WEIGHTS",
        "TRAINING",
        "WEIGHTS",
    ),
    "loading": ("from_preset", "load"),
    "networks": ("load_network", "save_network"),
    "saving": ("save", "update"),
}

__all__ = sorted(name for names in _ROOMS.values() for name in names)


def __getattr__(name):
    for room, names in _ROOMS.items():
        if name in names:
            module = importlib.import_module(f"{__name__}.{room}")
            value = globals()[name] = getattr(module, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
