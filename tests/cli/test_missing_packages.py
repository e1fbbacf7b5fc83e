"""Who misses a package is told what brings it."""

import ast
import configparser
import pathlib
import re
import sys

import keras
import numpy as np
import pytest
from cases import points_gan

import keras_gans
from keras_gans import cli, optional, pictures, presets, pytorch_files
from keras_gans.cli import list_info
from keras_gans.datasets import tfds
from keras_gans.event_files import EventFile
from keras_gans.metrics import inception_weights
from keras_gans.names import BACKENDS, PACKAGES

pytestmark = pytest.mark.neutral
PACKAGE = pathlib.Path(keras_gans.__file__).parent


def test_a_package_that_lacks_one_itself(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import what_it_needs")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="No module named 'what_it_needs'"):
        optional.load("half_installed", "films", "A film needs it")
    with pytest.raises(ImportError, match="A film needs it: pip install"):
        optional.load("what_it_needs", "films", "A film needs it")


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend(name, monkeypatch, capsys):
    def miss(args):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(list_info, "_list", miss)
    assert cli.main(["list"]) == 2
    message = capsys.readouterr().err
    assert f"not installed: {PACKAGES[name]}, or" in message
    assert message.count("\n") == 1


def test_a_format(tmp_path, monkeypatch):
    def miss(*args, **kwargs):
        raise ImportError("`tf2onnx` is needed")

    monkeypatch.setattr(keras.Model, "export", miss)
    with pytest.raises(ImportError, match=r"pip install 'keras-gans\[export\]"):
        points_gan().export(tmp_path / "model.onnx", format="onnx")
    assert not list(tmp_path.iterdir())


# A package, what wants it, and what brings it.
def film(tmp_path):
    pictures.save_video([np.zeros((2, 2, 3), "uint8")], tmp_path / "a.mp4")


def checkpoint(tmp_path):
    (tmp_path / "net.pth").write_bytes(b"x")
    pytorch_files.read(tmp_path / "net.pth")


def hub(tmp_path):
    presets.load("hf://someone/something")


def inception(tmp_path):
    with inception_weights._downloaded(tmp_path):
        pass


def graph(tmp_path):
    inception_weights._fill_from_graph(tmp_path / "graph.pb", [])


def data_set(tmp_path):
    tfds.find_builder("mnist", tmp_path, download=False)


def events(tmp_path):
    EventFile(tmp_path / "logs")


def notebook(tmp_path):
    keras_gans.callbacks.SampleGrid(show=True)


@pytest.mark.parametrize(
    "package, door, brings",
    [
        ("av", film, "pip install 'keras-gans[video]'"),
        ("torch", checkpoint, "pip install 'keras-gans[convert]'"),
        ("torch", inception, "pip install 'keras-gans[convert]'"),
        ("huggingface_hub", hub, "pip install 'keras-gans[hub]'"),
        ("tensorflow", graph, "pip install tensorflow"),
        ("tensorflow_datasets", data_set, "pip install tensorflow-datasets"),
        ("tensorboard", events, "pip install 'keras-gans[tensorboard]'"),
        ("IPython", notebook, "pip install 'keras-gans[tutorials]'"),
    ],
)
def test_a_package(package, door, brings, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError) as caught:
        door(tmp_path)
    message = str(caught.value)
    assert brings in message and "\n" not in message


def imported(path):
    """The packages that a file imports, or has imported for it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) == "optional.load":
                yield node.args[0].value


@pytest.mark.slow
def test_no_other_package_is_imported():
    """What not everybody has goes through `optional.load`, and a line above."""
    found = {name for path in PACKAGE.rglob("*.py") for name in imported(path)}
    found -= {*sys.stdlib_module_names, "keras_gans"}
    required = {"keras", "h5py", "numpy", "PIL"}
    tested = {"av", "torch", "huggingface_hub", "tensorflow_datasets"}
    tested |= {"tensorboard", "IPython"}
    # absl comes with grain.
    of_backends = {"tensorflow", "jax", "torch", "grain", "absl"}
    assert found == required | tested | of_backends


def test_every_extra_is_one():
    config = PACKAGE.parent / "setup.cfg"
    if not config.is_file():
        pytest.skip("the package is installed elsewhere")
    parser = configparser.ConfigParser()
    parser.read(config)
    text = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    named = set(re.findall(r"install\(\"(\w+)\"\)", text))
    named |= set(re.findall(r"install\('(\w+)'\)", text))
    named |= set(re.findall(r"optional\.load\(\s*\S+,\s*\"(\w+)\"", text))
    assert named == {
        *("jax", "torch", "convert", "hub", "export", "video"),
        *("tensorboard", "tutorials"),
    }
    assert named <= set(parser["options.extras_require"])
    for extra in re.findall(r"keras-gans\[(\w+)\]", text):
        assert extra in named
