"""Networks of the zoo that are no presets, as the metrics' classifiers."""

import os
import pathlib

import keras

import keras_gans
from keras_gans.presets import files
from keras_gans.presets.index import zoo_path
from keras_gans.presets.saving import merge, tidy, write_weights
from keras_gans.presets.shapes import compare_shapes, read_shapes
from keras_gans.presets.trust import rebuild
from keras_gans.presets.uninitialized import uninitialized


def load_network(name):
    """Loads a network of the zoo that is no GAN, as a metric's classifier.

    Its folder has a preset's files but for `task.json` and
    `task.weights.h5`, and is not in the index.

    Args:
        name: The folder's name in the zoo.

    Returns:
        `(network, metadata)`: a `keras.Model`, and `metadata.json` as a dict.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a file is damaged, names a class that is not allowed,
            or does not fit the other.
    """
    folder = files.local(zoo_path() / name)
    metadata = files.read_metadata(folder)
    # Not to be edited: what it computes is what its name stands for.
    files.verified(folder, files.CONFIG, metadata)
    config = files.read_json(folder, files.CONFIG)
    config = rebuild(config, folder.path / files.CONFIG, {})
    groups = read_shapes(folder, files.WEIGHTS, metadata)
    with uninitialized():
        network = keras.saving.deserialize_keras_object(config)
    compare_shapes(
        folder.path / files.WEIGHTS,
        [shape for group in groups.values() for shape in group],
        [tuple(v.shape) for v in network.weights],
        files.CONFIG,
    )
    keras.saving.load_weights(network, folder.path / files.WEIGHTS)
    return network, metadata


def save_network(network, path, metadata, card):
    """Writes the folder that `load_network` reads, in float16.

    Args:
        network: A `keras.Model`.
        path: The folder, made if it does not exist.
        metadata: Dict of entries for `metadata.json`.
        card: String, the contents of `README.md`.
    """
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    config = tidy(keras.saving.serialize_keras_object(network))
    rebuild(config, path / files.CONFIG, {})
    files.write(path / files.CONFIG, config)
    part = path / "part.weights.h5"
    # A compiled network would bring its optimizer's state along.
    copied = keras.saving.deserialize_keras_object(config)
    copied.set_weights(network.get_weights())
    write_weights(copied, part, "float16")
    os.replace(part, path / files.WEIGHTS)
    files.write(path / "README.md", card.encode())
    details = {
        "format_version": files.FORMAT_VERSION,
        "keras_gans_version": keras_gans.__version__,
        "keras_version": keras.__version__,
        "backend": keras.backend.backend(),
        "dtype": "float16",
    }
    merge(details, metadata, reserved=("files", *details))
    files.write(path / files.METADATA, files.with_files(details, path))
