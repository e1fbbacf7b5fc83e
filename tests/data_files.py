"""Data for tests: what lies beside the project, and files made for one test."""

import itertools
import os
import pathlib

import keras
import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]


def tfds_dir(name):
    """Where the TFDS set `name` lies, or skips the test."""
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    places = [os.environ.get("TFDS_DATA_DIR"), ROOT.parent / "shared" / "tfds"]
    for place in filter(None, places):
        if (pathlib.Path(place) / name).is_dir():
            return str(place)
    pytest.skip(f"no {name} in $TFDS_DATA_DIR or ../shared/tfds")


def not_usable():
    """What a file that does not fit raises in an iteration."""
    if keras.backend.backend() != "tensorflow":
        return ValueError
    import tensorflow as tf

    return tf.errors.InvalidArgumentError


def shared(name):
    """Where real data lies beside the project, or skips the test."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.is_dir():
        pytest.skip(f"no ../shared/data/{name}")
    return path


def take(dataset, count=None):
    """The first batches as NumPy arrays (or tuples of them)."""
    batches = itertools.islice(dataset, count)
    return [keras.tree.map_structure(np.asarray, batch) for batch in batches]


def same(left, right):
    left, right = keras.tree.flatten(left), keras.tree.flatten(right)
    return len(left) == len(right) and all(
        np.array_equal(a, b) for a, b in zip(left, right, strict=True)
    )


def write(path, x, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = x if isinstance(x, Image.Image) else Image.fromarray(x)
    image.save(path, **kwargs)
