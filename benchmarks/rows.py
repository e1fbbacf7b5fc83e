"""The families that lie in `families/`, and the models that are measured."""

import dataclasses
import importlib
import pathlib
import pkgutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import families as folder  # noqa: E402

import keras_gans  # noqa: E402  (It imports no Keras.)


def find():
    """A dictionary of all families, in the order of the package's classes."""
    found = []
    for module in pkgutil.iter_modules(folder.__path__):
        found += importlib.import_module(f"families.{module.name}").FAMILIES
    names = list(keras_gans.__all__)
    found.sort(
        key=lambda f: names.index(f.name) if f.name in names else len(names)
    )
    return {family.name: family for family in found}


FAMILIES = find()
_ALL = {
    name: (family, row)
    for family in FAMILIES.values()
    for name, row in family.rows.items()
}
MEMORY = {k: v for k, v in _ALL.items() if v[1].memory_goal}
# Those of `--full` last.
MODELS = dict(
    sorted(
        ((k, v) for k, v in _ALL.items() if k not in MEMORY),
        key=lambda item: item[1][1].full,
    )
)
# Those of `--quick`, as large as a GPU likes them.
_QUICK = {
    "DCGAN": {},
    "DCGAN 64x64": {"batch_size": 128},
    "WGANGP": {},
    "Pix2Pix 256x256": {"batch_size": 16},
    "SRGAN": {},
}
QUICK = {
    name: (_ALL[name][0], dataclasses.replace(_ALL[name][1], **changes))
    for name, changes in _QUICK.items()
}
