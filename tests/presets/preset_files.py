"""Presets for the tests: made, compared, edited, damaged."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pytest

import keras_gans
from keras_gans import presets


def tiny(cls=None, **kwargs):
    """A model with weights of every kind that differ from their start."""
    cls = cls or keras_gans.DCGAN
    model = cls(image_shape=(8, 8, 1), latent_dim=4, filters=4, **kwargs)
    rng = np.random.default_rng(0)
    for network in networks(model).values():
        network.set_weights(
            [rng.uniform(0.1, 0.4, w.shape) for w in network.get_weights()]
        )
    return model


def networks(model):
    names = ("generator", "discriminator", "ema_generator")
    pairs = ((name, getattr(model, name, None)) for name in names)
    return {name: network for name, network in pairs if network is not None}


def assert_same(model, other):
    assert type(other) is type(model)
    assert networks(other).keys() == networks(model).keys()
    for name, network in networks(model).items():
        for a, b in zip(
            network.get_weights(), networks(other)[name].get_weights()
        ):
            np.testing.assert_array_equal(a, b)


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def edit(path, *keys, **values):
    """Sets entries of a dict inside of a JSON file."""
    content = json.loads(path.read_text())
    target = content
    for key in keys:
        target = target[key]
    target.update(values)
    write(path, content)


def rehash(folder):
    """States the hashes that are right for the files, as an attacker can."""
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["files"] = {
        file.name: {
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "size": file.stat().st_size,
        }
        for file in folder.iterdir()
        if file.name != "metadata.json"
    }
    write(path, metadata)


def write_index(zoo, **entries):
    index = {"format_version": 1, "presets": entries}
    write(zoo / "index.json", index)


def refuse(folder, match, error=ValueError, **kwargs):
    with pytest.raises(error, match=match) as caught:
        presets.load(folder, **kwargs)
    assert "Received" in str(caught.value)
    assert len(str(caught.value)) < 1500


def layer(class_name, module="keras.layers", registered_name=None, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }


def change_h5(folder, name, change):
    with h5py.File(folder / name, "r+") as file:
        change(file)
    rehash(folder)


def replace(key, **kwargs):
    def change(file):
        del file[key]
        dtype = None if "data" in kwargs else "f4"
        file.create_dataset(key, **{"dtype": dtype, **kwargs})

    return change


def relink(key, link):
    def change(file):
        del file[key]
        file[key] = link

    return change


KERNEL = "layers/dense/vars/0"


def run(code, *arguments, **environ):
    """Runs Python code in a process of its own; returns what it printed."""
    root = str(pathlib.Path(keras_gans.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, **environ},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
