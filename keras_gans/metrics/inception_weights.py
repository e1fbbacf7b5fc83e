"""The weights of the Inception network of 2015: found, verified, converted.

They are Google's, published under the Apache License 2.0, and no part of this
package. Two forms are read, neither of which is run: pytorch-fid's copy, a
state dict of PyTorch's, and TensorFlow's own frozen graph, of which the
constants are taken. What was read once is in Keras's cache from then on, and
needs neither.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile

import numpy as np

from keras_gans import pytorch_files, writing
from keras_gans.metrics import inception
from keras_gans.names import PACKAGES, install
from keras_gans.presets import downloads, files
from keras_gans.presets.uninitialized import uninitialized

# A file of the user's, in the place of a download.
VARIABLE = "KERAS_GANS_INCEPTION"
URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)
# The digest's beginning is in the name that pytorch-fid gave the file; all of
# it, and the size, are what those publish who have downloaded it (torch-
# fidelity's `weights-inception-2015-12-05-6726825d.pth` is the same file).
EXPECTED = {
    "sha256": (
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
    ),
    "size": 95_628_359,
}
NAME = URL.rsplit("/", 1)[-1]
GRAPH = "classify_image_graph_def.pb"  # in inception-2015-12-05.tgz
VERSION = "2015-12-05"
MAX_GRAPH = 2**28  # bytes; the graph has 96 million


def load(path=None):
    """The network with its weights.

    Args:
        path: Where `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid or
            `classify_image_graph_def.pb` of TensorFlow lies. `None` for the
            environment variable `KERAS_GANS_INCEPTION`, and without it for
            Keras's cache, into which pytorch-fid's file is downloaded once (96
            MB).

    Returns:
        `(network, version)`: a `keras.Model`, see `build_inception`, and a
        string for protocols. Of a graph, whose digest nobody publishes, it
        says the beginning.

    Raises:
        ConnectionError: If it cannot be downloaded; says what to do by hand.
        FileNotFoundError: If there is no such file.
        ImportError: Without PyTorch or TensorFlow, whose the file is.
        ValueError: If the file is another one.
    """
    path = path or os.environ.get(VARIABLE)
    folder = downloads.keras_home() / "keras_gans"
    wanted = EXPECTED["sha256"] if path is None else _digest(path)
    name = f"inception-{VERSION}-{wanted[:8]}"
    cache = folder / f"{name}.weights.h5", folder / f"{name}.json"
    if _is_cached(*cache, wanted):
        network, _ = _build()
        network.load_weights(cache[0])
        return network, _version(wanted)
    with _downloaded(folder) if path is None else _given(path) as file:
        network, weights = _build()
        if file.suffix == ".pb":
            _fill_from_graph(file, weights)
        else:
            _fill_from_torch(file, weights)
    _write(network, *cache, wanted)
    return network, _version(wanted)


def _build():
    with uninitialized():
        network, units = inception.build_inception()
    return network, inception.weights(network, units)


def _digest(path):
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            "weights must be a file, that of the argument or of the "
            f"environment variable {VARIABLE}. Received: {str(path)!r}"
        )
    return files.digest(path)["sha256"]


def _version(sha256):
    if sha256 == EXPECTED["sha256"]:
        return VERSION
    return f"{VERSION} of graph {sha256[:8]}"


# ---- the cache ------------------------------------------------------------


def _is_cached(path, record, wanted):
    """Whether what was converted from a file is there, undamaged."""
    try:
        known = json.loads(record.read_bytes())
        return known["source"] == wanted and files.matches(path, known["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(network, path, record, source):
    content = writing.weights(network.save_weights)
    writing.write(path, content)
    known = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    files.write(record, {"source": source, "file": known})


# ---- where the file comes from --------------------------------------------


@contextlib.contextmanager
def _given(path):
    """A file of the user's, which must be pytorch-fid's or a graph."""
    path = pathlib.Path(path)
    if path.suffix != ".pb" and not files.matches(path, EXPECTED):
        found = files.digest(path)
        raise ValueError(
            f"{path} must be {NAME} of pytorch-fid, of {EXPECTED['size']} "
            f"bytes and SHA-256 {EXPECTED['sha256']}, or TensorFlow's {GRAPH}. "
            f"Received: {found['size']} bytes, {found['sha256']}"
        )
    yield path


@contextlib.contextmanager
def _downloaded(folder):
    """pytorch-fid's file, as long as it is read."""
    by_hand = (
        f"name the path of that file, or of TensorFlow's {GRAPH}, as weights "
        f"or in the environment variable {VARIABLE}"
    )
    try:
        pytorch_files.import_torch(NAME)
    except ImportError as error:  # Before it is downloaded.
        raise ImportError(
            "The weights of the Inception network of 2015 are converted once, "
            f"by PyTorch ({install('convert')}) or, of its own "
            f"file, by TensorFlow: {by_hand}. Received: {error}"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    downloads.remove_parts(folder)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
        path = pathlib.Path(part, NAME)
        try:
            downloads.download(URL, path, EXPECTED, "keras_gans")
        except (ConnectionError, FileNotFoundError) as error:
            raise ConnectionError(
                "The weights of the Inception network of 2015 must be in "
                "Keras's cache, or be downloaded once (96 MB). By hand: "
                f"download {URL}, and {by_hand}. Received: {error}"
            ) from error
        yield path


# ---- the two forms --------------------------------------------------------


def _fill_from_torch(path, weights):
    """Reads a state dict of pytorch-fid's names."""
    arrays, _ = pytorch_files.read(path)
    for name in [n for n in arrays if n.endswith(".num_batches_tracked")]:
        del arrays[name]
    wanted = {w.torch_name: w.torch_shape for w in weights}
    _check(path, arrays, wanted)
    left = sorted(arrays.keys() - wanted.keys())
    if left:
        raise ValueError(
            f"{path} must hold the weights of the Inception network of 2015 "
            f"and no others. Received: {files.short(', '.join(left))}"
        )
    for weight in weights:
        array = arrays[weight.torch_name]
        weight.variable.assign(np.transpose(array, weight.axes))


def _fill_from_graph(path, weights):
    """Reads the constants of TensorFlow's frozen graph."""
    try:
        import tensorflow as tf
    except ImportError:
        raise ImportError(
            f"TensorFlow's {GRAPH} is read by TensorFlow: "
            f"{PACKAGES['tensorflow']}. Received: {str(path)!r}"
        ) from None
    if path.stat().st_size > MAX_GRAPH:
        raise ValueError(
            f"{path} must have at most {MAX_GRAPH} bytes. Received: "
            f"{path.stat().st_size}"
        )
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except Exception as error:  # Protobuf's own, which cannot be named.
        raise ValueError(
            f"{path} must be a frozen graph of TensorFlow. Received: "
            f"{files.short(error)}"
        ) from None
    wanted = {w.graph_name: tuple(w.variable.shape) for w in weights}
    arrays = {}
    for node in graph.node:
        if node.op != "Const" or node.name not in wanted:
            continue
        tensor = node.attr["value"].tensor
        shape = tuple(d.size for d in tensor.tensor_shape.dim)
        # A few bytes can declare a tensor of any size: one value, repeated.
        if shape != wanted[node.name] or tensor.dtype != tf.float32:
            raise ValueError(
                f"{path} must have float32 of shape {wanted[node.name]} as "
                f"{node.name}. Received: {tf.as_dtype(tensor.dtype).name} of "
                f"shape {shape}"
            )
        arrays[node.name] = tf.make_ndarray(tensor)
    _check(path, arrays, wanted)
    for weight in weights:
        weight.variable.assign(arrays[weight.graph_name])


def _check(path, arrays, wanted):
    """Raises a `ValueError` unless there is a tensor for every weight."""
    problems = [
        f"no {name}"
        if name not in arrays
        else f"{name} of shape {arrays[name].shape}, not {shape}"
        for name, shape in wanted.items()
        if name not in arrays or arrays[name].shape != shape
    ]
    if problems:
        raise ValueError(
            f"{path} must hold the weights of the Inception network of 2015. "
            f"Received: {files.short(', '.join(problems))}"
        )
