"""Where the weights of the Inception network come from, on a tiny one."""

import hashlib
import json
import shutil
import sys

import keras
import numpy as np
import pytest
from hub_server import Folder, serve
from keras import layers, ops

from keras_gans import metrics
from keras_gans.metrics import inception, inception_weights

pytestmark = pytest.mark.neutral


@pytest.fixture(autouse=True)
def network(monkeypatch, tmp_path):
    """A unit and a head in the network's place, and a cache of its own."""
    images = keras.Input((None, None, 3))
    conv = layers.Conv2D(4, (3, 2), use_bias=False)
    norm = layers.BatchNormalization()
    x = layers.GlobalAveragePooling2D(name="features")(norm(conv(images)))
    network = keras.Model(images, layers.Dense(5, name="logits")(x))
    units = [inception.Unit("Conv2d_1a_3x3", "conv", conv, norm)]

    def build():
        for variable in network.weights:
            variable.assign(np.zeros(variable.shape))
        return network, inception.weights(network, units)

    monkeypatch.setattr(inception_weights, "_build", build)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(inception_weights.VARIABLE, raising=False)
    return network


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home" / "keras_gans"


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="reads and writes checkpoints")


@pytest.fixture
def state(torch):
    generator = torch.Generator().manual_seed(0)
    shapes = {
        "Conv2d_1a_3x3.conv.weight": (4, 3, 3, 2),
        "Conv2d_1a_3x3.bn.weight": (4,),
        "Conv2d_1a_3x3.bn.bias": (4,),
        "Conv2d_1a_3x3.bn.running_mean": (4,),
        "Conv2d_1a_3x3.bn.running_var": (4,),
        "fc.weight": (5, 4),
        "fc.bias": (5,),
    }
    state = {
        name: torch.rand(shape, generator=generator)
        for name, shape in shapes.items()
    }
    return {**state, "Conv2d_1a_3x3.bn.num_batches_tracked": torch.tensor(7)}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def save(torch, tmp_path, monkeypatch):
    """Writes a file, and makes it the one that is wanted."""

    def write(state):
        path = tmp_path / "served" / inception_weights.NAME
        path.parent.mkdir(exist_ok=True)
        torch.save(state, path)
        expected = {"sha256": digest(path), "size": path.stat().st_size}
        monkeypatch.setattr(inception_weights, "EXPECTED", expected)
        return path

    return write


def check(network, state):
    """Every weight is at its place."""
    kernel = state["Conv2d_1a_3x3.conv.weight"].numpy()
    norm = [
        state[f"Conv2d_1a_3x3.bn.{name}"].numpy()
        for name in ("weight", "bias", "running_mean", "running_var")
    ]
    head = [state["fc.weight"].numpy().T, state["fc.bias"].numpy()]
    wanted = [np.moveaxis(kernel, (0, 1), (3, 2)), *norm, *head]
    assert len(network.weights) == len(wanted)
    for variable, array in zip(network.weights, wanted):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), array)


# ---- pytorch-fid's file ---------------------------------------------------


def test_the_file_that_is_wanted_is_pytorch_fids():
    assert inception_weights.NAME == "pt_inception-2015-12-05-6726825d.pth"
    assert inception_weights.URL == (
        "https://github.com/mseitzer/pytorch-fid/releases/download/"
        "fid_weights/pt_inception-2015-12-05-6726825d.pth"
    )
    assert inception_weights.EXPECTED["sha256"].startswith("6726825d")


@pytest.mark.parametrize("old", [False, True])
def test_of_a_path(network, state, save, torch, monkeypatch, old):
    """In the form of PyTorch's files since 1.6, or the one before."""
    if old:
        write = torch.save
        monkeypatch.setattr(
            torch,
            "save",
            lambda *x: write(*x, _use_new_zipfile_serialization=False),
        )
    path = save(state)
    assert (path.read_bytes()[:2] == b"PK") != old
    found, version = inception_weights.load(path)
    assert found is network and version == "2015-12-05"
    check(found, state)


def test_download_once(network, state, save, home, monkeypatch):
    path = save(state)
    with serve(Folder, folder=path.parent) as server:
        url = f"{server.url}/fid_weights/{path.name}"
        monkeypatch.setattr(inception_weights, "URL", url)
        found, version = inception_weights.load()
        check(found, state)
        assert version == "2015-12-05"
        assert len(server.requests) == 1
    files = sorted(path.suffix for path in home.iterdir())
    assert files == [".h5", ".json"]  # Not what was downloaded.
    # Offline, and without PyTorch.
    monkeypatch.setitem(sys.modules, "torch", None)
    check(inception_weights.load()[0], state)
    # A damaged one is not taken.
    (path,) = home.glob("*.h5")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ImportError, match="pip install 'keras-gans.convert"):
        inception_weights.load()


def test_a_file_of_the_users_is_converted_once(
    network, state, save, home, monkeypatch
):
    path = save(state)
    monkeypatch.setenv(inception_weights.VARIABLE, str(path))
    check(inception_weights.load()[0], state)
    record = next(home.glob("*.json"))
    assert record.name == f"inception-2015-12-05-{digest(path)[:8]}.json"
    assert json.loads(record.read_text())["source"] == digest(path)
    monkeypatch.setitem(sys.modules, "torch", None)
    check(inception_weights.load()[0], state)
    shutil.rmtree(home)
    with pytest.raises(ImportError, match="read by PyTorch"):
        inception_weights.load()


@pytest.mark.parametrize("lost", ["server", "file"])
def test_without_a_download_it_says_what_to_do(
    torch, home, tmp_path, monkeypatch, lost
):
    def check_advice():
        with pytest.raises(ConnectionError) as error:
            metrics.get_extractor("inception_2015_clean")
        message = str(error.value)
        assert "\n" not in message
        for words in (
            f"download {inception_weights.URL}",
            "classify_image_graph_def.pb",
            "environment variable KERAS_GANS_INCEPTION",
            "Received: ",
        ):
            assert words in message
        assert not list(home.iterdir())

    with serve(Folder, folder=tmp_path) as server:
        url = f"{server.url}/{inception_weights.NAME}"
        monkeypatch.setattr(inception_weights, "URL", url)
        if lost == "file":
            check_advice()
    if lost == "server":
        check_advice()


def test_without_pytorch_nothing_is_downloaded(home, tmp_path, monkeypatch):
    with serve(Folder, folder=tmp_path) as server:
        url = f"{server.url}/{inception_weights.NAME}"
        monkeypatch.setattr(inception_weights, "URL", url)
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(ImportError) as error:
            inception_weights.load()
        assert not server.requests
    for words in ("'keras-gans[convert]'", "KERAS_GANS_INCEPTION", ".pb"):
        assert words in str(error.value)


def test_another_file_is_refused(state, save, home, tmp_path, monkeypatch):
    path = save(state)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    other = tmp_path / path.name
    other.write_bytes(content)
    with pytest.raises(ValueError, match="SHA-256 .* Received: .* bytes, "):
        inception_weights.load(other)
    with serve(Folder, folder=tmp_path) as server:
        url = f"{server.url}/{path.name}"
        monkeypatch.setattr(inception_weights, "URL", url)
        with pytest.raises(ValueError, match="the SHA-256 .* Received: other"):
            inception_weights.load()
    assert not list(home.iterdir())
    with pytest.raises(FileNotFoundError, match="weights must .* Received: "):
        inception_weights.load(tmp_path / "nothing.pth")


def test_a_state_dict_of_another_network(state, save, torch):
    def refused(state, words):
        path = save(state)
        with pytest.raises(ValueError, match=words):
            inception_weights.load(path)

    refused({"fc.bias": torch.zeros(5)}, "Received: no Conv2d_1a_3x3.conv")
    refused(
        {**state, "fc.weight": torch.zeros(4, 5)},
        r"Received: fc.weight of shape \(4, 5\), not \(5, 4\)",
    )
    refused({**state, "AuxLogits.fc.bias": torch.zeros(9)}, "Received: Aux")


# ---- TensorFlow's graph ---------------------------------------------------


@pytest.fixture
def graph(tf, state, tmp_path):
    """A frozen graph, and a function that writes it."""
    graph = tf.compat.v1.GraphDef()
    names = {
        "Conv2d_1a_3x3.conv.weight": "conv/conv2d_params",
        "Conv2d_1a_3x3.bn.weight": "conv/batchnorm/gamma",
        "Conv2d_1a_3x3.bn.bias": "conv/batchnorm/beta",
        "Conv2d_1a_3x3.bn.running_mean": "conv/batchnorm/moving_mean",
        "Conv2d_1a_3x3.bn.running_var": "conv/batchnorm/moving_variance",
        "fc.weight": "softmax/weights",
        "fc.bias": "softmax/biases",
    }
    for name, scope in names.items():
        value = state[name].numpy()
        if value.ndim == 4:
            value = np.moveaxis(value, (0, 1), (3, 2))
        node = graph.node.add(op="Const", name=scope)
        node.attr["value"].tensor.CopyFrom(
            tf.make_tensor_proto(value.T if value.ndim == 2 else value)
        )

    def write():
        path = tmp_path / "classify_image_graph_def.pb"
        path.write_bytes(graph.SerializeToString())
        return path

    return graph, write


def test_the_frozen_graph(network, state, graph, monkeypatch):
    """Its constants, and none of its operations."""
    graph, write = graph
    graph.node.add(op="Const", name="pool_3/_reshape/shape")
    graph.node.add(op="PyFunc", name="conv")
    path = write()
    found, version = inception_weights.load(path)
    check(found, state)
    assert version == f"2015-12-05 of graph {digest(path)[:8]}"
    # Converted, and from now on it needs no TensorFlow.
    monkeypatch.setenv(inception_weights.VARIABLE, str(path))
    monkeypatch.setattr(inception_weights, "_fill_from_graph", None)
    check(inception_weights.load()[0], state)


def test_a_graph_of_another_network(tf, graph, tmp_path, monkeypatch):
    graph, write = graph

    def refused(words):
        with pytest.raises(ValueError, match=words):
            inception_weights.load(write())

    head = graph.node[-1]
    tensor = head.attr["value"].tensor
    # A value, of which memory is to be filled.
    tensor.CopyFrom(tf.make_tensor_proto([0.0]))
    tensor.tensor_shape.dim[0].size = 10**12
    refused(r"softmax/biases. Received: float32 of shape \(1000000000000,\)")
    tensor.CopyFrom(tf.make_tensor_proto(np.zeros(5, "int32")))
    refused("Received: int32")
    head.name = "biases"
    refused("Received: no softmax/biases")
    (tmp_path / "other.pb").write_bytes(b"no graph at all")
    with pytest.raises(ValueError, match="frozen graph .* Received: "):
        inception_weights.load(tmp_path / "other.pb")
    monkeypatch.setattr(inception_weights, "MAX_GRAPH", 100)
    with pytest.raises(ValueError, match="at most 100 bytes. Received: "):
        inception_weights.load(write())


def test_a_graph_without_tensorflow(tmp_path, monkeypatch):
    path = tmp_path / "graph.pb"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match="read by TensorFlow: pip install"):
        inception_weights.load(path)
