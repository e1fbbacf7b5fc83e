"""Who misses a package is told what brings it."""

import configparser
import pathlib
import re
import sys

import keras
import pytest
from cases import points_gan

import keras_gans
from keras_gans import cli
from keras_gans.cli import list_info
from keras_gans.event_files import EventFile
from keras_gans.names import BACKENDS, PACKAGES

pytestmark = pytest.mark.neutral
PACKAGE = pathlib.Path(keras_gans.__file__).parent


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


def test_events_for_tensorboard(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(ImportError, match=r"'keras-gans\[tensorboard\]'"):
        EventFile(tmp_path / "logs")
    assert not list(tmp_path.iterdir())


def test_a_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(ImportError, match=r"'keras-gans\[tutorials\]'"):
        keras_gans.callbacks.SampleGrid(show=True)


def test_every_extra_is_one():
    config = PACKAGE.parent / "setup.cfg"
    if not config.is_file():
        pytest.skip("the package is installed elsewhere")
    parser = configparser.ConfigParser()
    parser.read(config)
    named = {
        extra
        for path in PACKAGE.rglob("*.py")
        for extra in re.findall(r"keras-gans\[(\w+)\]", path.read_text())
    }
    assert named == {
        *("jax", "torch", "convert", "hub", "export", "video"),
        *("tensorboard", "tutorials"),
    }
    assert named <= set(parser["options.extras_require"])
