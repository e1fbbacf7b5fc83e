"""What the README shows is what the package does."""

import inspect
import pathlib
import re
import textwrap

import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import datasets, presets
from keras_gans.models.srgan import SRGANDiscriminator

pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def block(words):
    (found,) = [b for b in BLOCKS if words in b]
    return found


def test_preset_in_three_lines():
    scope = {}
    exec(block("sevens = "), scope)
    assert scope["sevens"].shape == (64, 28, 28, 1)
    assert scope["sevens"].dtype == np.uint8


def test_a_photograph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (9, 7), "teal").save("photo.jpg")
    scope = {}
    exec(block('"srgan_x4_bsds500"'), scope)
    assert scope["large"].size == (36, 28)


def test_training_in_ten_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(source, batch_size):
        images = np.random.default_rng(0).uniform(-1, 1, (16, 28, 28, 1))
        return images.astype("float32")

    monkeypatch.setattr(datasets, "load", load)
    code = block("gan.fit(data, epochs=10)")
    assert "epochs=10" in code
    scope = {}
    exec(code.replace("epochs=10", "epochs=1, verbose=0"), scope)
    assert scope["digits"].shape == (100, 28, 28, 1)
    loaded = keras_gans.DCGAN.from_preset("my_digits")
    np.testing.assert_array_equal(loaded.generate(100, seed=0), scope["digits"])


@pytest.mark.slow
def test_images_to_images(monkeypatch, tf):
    images = np.random.default_rng(0).uniform(-1, 1, (2, 2, 64, 64, 3))
    calls = []

    def load_pairs(source, **kwargs):
        calls.append((source, kwargs))
        pair = tuple(images.astype("float32"))
        return tf.data.Dataset.from_tensors(pair)

    monkeypatch.setattr(datasets, "load_pairs", load_pairs)
    code = block("gan.fit(pairs, epochs=200)")
    # Smaller, and no folder: the rest as it stands.
    code = code.replace("epochs=200", "epochs=1, verbose=0")
    code = code.replace("(256, 256, 3)", "(64, 64, 3), filters=4")
    scope = {"outlines": np.zeros((3, 50, 70, 3), "uint8")}
    exec(code, scope)
    assert scope["colored"].shape == (3, 50, 70, 3)
    ((source, kwargs),) = calls
    assert source == "drawings"
    names = inspect.signature(datasets.load_unpaired).parameters
    assert set(kwargs) - {"sides"} <= set(names)


@pytest.mark.slow
def test_larger_images(monkeypatch, tf):
    rng = np.random.default_rng(0)
    images = [
        rng.uniform(-1, 1, (2, side, side, 3)).astype("float32")
        for side in (24, 96)
    ]
    calls = []

    def load_high_res(source, **kwargs):
        calls.append((source, kwargs))
        return tf.data.Dataset.from_tensors(tuple(images)).repeat()

    monkeypatch.setattr(datasets, "load_high_res", load_high_res)
    code = block("first.fit(crops")
    # Smaller and shorter, without a download: the rest as it stands.
    code = re.sub(r"steps_per_epoch=1000, epochs=\d+", "1, verbose=0", code)
    code = code.replace("1, verbose", "steps_per_epoch=1, verbose")
    code = code.replace(
        "(scale=4)", "(scale=4, filters=4, num_residual_blocks=1)"
    )
    code = code.replace(
        "first.generator)",
        "first.generator, small, content_network='cifar10_classifier', "
        "content_layer='re_lu')",
    )
    code = code.replace("generator=first", "first")
    scope = {
        "photo": np.zeros((5, 7, 3), "uint8"),
        "small": SRGANDiscriminator((96, 96, 3), filters=2),
    }
    exec(code, scope)
    assert scope["large"].shape == (20, 28, 3)
    ((source, kwargs),) = calls
    assert source == "photos" and kwargs["scale"] == 4


def test_train_step_is_the_source():
    shown = block("def train_step")
    source = textwrap.dedent(inspect.getsource(keras_gans.GAN.train_step))
    assert shown == source


def test_scores():
    scope = {}
    exec(block("metrics.evaluate"), scope)
    printed = str(scope["scores"]["FID"])
    assert printed.startswith("FID (points v1, 2,500/2,500, ring): ")
    assert scope["scores"]["modes"].value == 8


def test_several_gpus_is_code(tf):
    code = block("MirroredStrategy")
    assert compile(code, "README.md", "exec")
    for name in ("MirroredStrategy", "MultiWorkerMirroredStrategy"):
        assert name in code and hasattr(tf.distribute, name)


@pytest.mark.parametrize("name", presets.names())
def test_the_zoo_is_listed(name):
    assert f"[`{name}`](zoo/{name})" in README


def test_commands_exist():
    from keras_gans import cli

    help = cli._make_parser().format_help()
    for command in re.findall(r"^keras-gans (\w+)", README, re.MULTILINE):
        assert command in help
