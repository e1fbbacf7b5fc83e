"""Data sets as one `.npz` each, for machines that have nothing else.

A set's file has the name of the recipe's `dataset`, "/" as "_": `cifar10.npz`.
It holds uint8 arrays, those of training alone: `x_train` (and `y_train`,
integers) of samples and of photographs, `a` and `b` of pairs and of unpaired
domains. `serve` gives them to the loaders of `keras_gans.datasets` by the names
of the sets.
"""

import functools
import pathlib

import numpy as np

from keras_gans import datasets, image_files
from keras_gans.datasets.checks import SplitError
from keras_gans.pixels import to_uint8

LOADERS = (
    "load",
    "load_crops",
    "load_pairs",
    "load_unpaired",
    "load_high_res",
)


def path_of(folder, dataset):
    """Where a set lies in a folder of packed ones."""
    return pathlib.Path(folder) / f"{dataset.replace('/', '_')}.npz"


def serve(folder, flip=False):
    """Makes the loaders of `keras_gans.datasets` read packed sets.

    Args:
        folder: Path with the `.npz` files.
        flip: Boolean, whether samples are there mirrored as well.
    """
    for name in LOADERS:
        setattr(
            datasets, name, _served(getattr(datasets, name), name, folder, flip)
        )


def _served(load, name, folder, flip):
    @functools.cache
    def arrays(dataset):
        with np.load(path_of(folder, dataset)) as file:
            found = dict(file)
        if flip and name == "load":
            for key, x in found.items():
                mirrored = x[:, :, ::-1] if key == "x_train" else x
                found[key] = np.concatenate([x, mirrored])
        return found

    @functools.wraps(load)
    def served(source, *args, split="train", **kwargs):
        if not isinstance(source, str):  # No name.
            return load(source, *args, split=split, **kwargs)
        if isinstance(split, str) and "test" in split:
            raise SplitError("Packed sets are of training alone.")
        found = arrays(source)
        if name in ("load_crops", "load_high_res"):
            return load(found["x_train"], *args, **kwargs)
        if name == "load_pairs":
            kwargs.pop("sides", None)
            return load((found["a"], found["b"]), *args, **kwargs)
        if name == "load_unpaired":
            return load(found["a"], found["b"], *args[1:], **kwargs)
        x = found["x_train"]
        labels = kwargs.get("labels")
        return load((x, found["y_train"]) if labels else x, *args, **kwargs)

    return served


# ---- packing --------------------------------------------------------------


def pack(folder, recipe):
    """Writes the `.npz` of a recipe's training data, from where they lie.

    Args:
        folder: Path.
        recipe: Dict, see `runs.check_recipe`.

    Returns:
        The path.
    """
    dataset = recipe["dataset"]
    if "high_res" in recipe or "crops" in recipe:
        arrays = {"x_train": _photographs(dataset)}
    elif "pairs" in recipe:
        sides = recipe["pairs"].get("sides")
        data = datasets.load_pairs(dataset, 50, sides=sides, **_AS_IT_IS)
        arrays = dict(zip(("a", "b"), _columns(data)))
    elif "unpaired" in recipe:
        splits = recipe["unpaired"].get("splits", {})
        splits = splits.get("train", ["train", "train"])
        arrays = {}
        for name, source, split in zip(
            ("a", "b"), (dataset, recipe["dataset_b"]), splits
        ):
            data = datasets.load(source, 50, split=split, **_AS_IT_IS)
            (arrays[name],) = _columns(data)
    else:
        labels = recipe.get("labels", False)
        data = datasets.load(dataset, 250, labels=labels, **_AS_IT_IS)
        arrays = dict(zip(("x_train", "y_train"), _columns(data)))
    path = path_of(folder, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


_AS_IT_IS = {"shuffle": False, "drop_remainder": False}


def _columns(data):
    """The arrays of all batches, images as uint8."""
    batches = [x if isinstance(x, tuple) else (x,) for x in data]
    columns = [
        np.concatenate([np.asarray(x) for x in column])
        for column in zip(*batches)
    ]
    return [to_uint8(x) if x.ndim == 4 else x for x in columns]


def _photographs(folder):
    """One array of photographs, those of portrait format turned.

    Of other sizes the upper left part, as large as the smallest.
    """
    photos = [image_files.read(file, 3)[0] for file in image_files.find(folder)]
    photos = [
        x.transpose(1, 0, 2) if x.shape[0] > x.shape[1] else x for x in photos
    ]
    height, width, _ = np.min([x.shape for x in photos], axis=0)
    return np.stack([x[:height, :width] for x in photos])
