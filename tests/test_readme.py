"""What the README shows is what the package does."""

import configparser
import functools
import inspect
import os
import pathlib
import re
import shlex
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from cases import tiny_gan
from PIL import Image

import keras_gans
from keras_gans import datasets, presets, registry
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


def test_latents_and_editing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = block("gan.interpolate")
    assert "film[:1], seed=0" in code
    scope = {}
    exec(code.replace("seed=0)  # the latents", "seed=0, n_steps=3)  #"), scope)
    assert scope["film"].shape == (64, 32, 32, 3)
    np.testing.assert_array_equal(scope["again"], scope["found"].images)
    with Image.open("walk.gif") as film, Image.open("edit.png") as edit:
        assert film.n_frames == 64 and edit.size == (3 * 34 + 2, 8 * 34 + 2)


@pytest.mark.slow
def test_a_photograph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (9, 7), "teal").save("photo.jpg")
    scope = {}
    exec(block('"srresnet_x4_bsds500_large"'), scope)
    assert scope["large"].size == (36, 28)


@pytest.mark.slow
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
def test_to_look_and_to_score(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gan = tiny_gan(example_shape=(28, 28, 1))
    gan.compile()
    data = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), "uint8")
    scope = {"gan": gan, "data": data, "test_images": data}
    code = block("callbacks.SampleGrid(")
    assert "epochs=50" in code
    exec(code.replace("epochs=50", "epochs=2, verbose=0"), scope)
    assert {"val_kid", "d_loss"} <= set(scope["history"].history)
    names = sorted(path.name for path in tmp_path.rglob("*.png"))
    assert names[0] == "history.png" and len(names) == 4


@pytest.mark.slow
def test_images_to_images(tmp_path, monkeypatch, tf):
    """With grey line art, of no size in particular."""
    monkeypatch.chdir(tmp_path)
    for side, mode in (("outline", "L"), ("color", "RGB")):
        (tmp_path / "drawings" / side).mkdir(parents=True)
        for name in "ab":
            image = Image.effect_noise((70, 50), 60).convert(mode)
            image.save(tmp_path / "drawings" / side / f"{name}.png")
    code = block("gan.fit(pairs, epochs=200)")
    # Smaller and shorter: the rest as it stands.
    code = code.replace("epochs=200", "epochs=1, verbose=0")
    code = code.replace("256", "64").replace("64, 3)", "64, 3), filters=4")
    scope = {"outlines": np.zeros((3, 50, 70, 3), "uint8")}
    exec(code, scope)
    assert scope["colored"].shape == (3, 50, 70, 3)


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


@pytest.mark.slow
def test_holes_in_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for i in range(16):
        image = Image.effect_noise((70, 65), 60).convert("RGB")
        image.save(tmp_path / "photos" / f"{i}.png")
    code = block("gan.inpaint(photo, mask)")
    # Shorter: the rest as it stands.
    code = code.replace("=1000, epochs=20", "=1, verbose=0")
    mask = np.zeros((50, 70), bool)
    mask[10:20, 30:50] = True
    photo = np.full((50, 70, 3), 200, "uint8")
    scope = {"photo": photo, "mask": mask}
    exec(code, scope)
    assert (scope["whole"] == photo)[~mask].all()
    code = block("SemanticInpainting").replace("(digits)", "(digits, steps=2)")
    images = np.zeros((2, 28, 28, 1), "uint8")
    scope = {"images": images, "masks": mask[:28, 20:48]}
    exec(f"import keras_gans\n{code}", scope)
    assert scope["whole"].shape == images.shape


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


@pytest.mark.slow
def test_several_gpus(monkeypatch, tf):
    tiny = functools.partial(keras_gans.DCGAN, latent_dim=4, filters=4)
    monkeypatch.setattr(keras_gans, "DCGAN", tiny)
    data = np.zeros((8, 28, 28, 1), "uint8")
    data[::2] = 255
    scope = {"keras_gans": keras_gans, "data": data}
    code = block("MirroredStrategy")
    exec(code.replace("(data)", "(data, verbose=0)"), scope)
    strategy = scope["gan"].distribute_strategy
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    assert "MultiWorkerMirroredStrategy" in code
    assert hasattr(tf.distribute, "MultiWorkerMirroredStrategy")


@pytest.mark.parametrize("name", presets.names())
def test_the_zoo_is_listed(name):
    assert f"[`{name}`](zoo/{name})" in README


# ---- words ----------------------------------------------------------------

TEXT = " ".join(README.split())
OWN = {
    "my_pix2pix",
    "my_srgan",
    "my_inpainting",
}  # Presets of the reader's own.


def commands():
    """What follows `keras-gans` in blocks of shell, and in the text."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
    shell = "".join(text for language, text in blocks if not language)
    lines = shell.replace("\\\n", " ").splitlines()
    lines += re.findall(r"`(keras-gans \w+ [^`]+)`", README.replace("\n", " "))
    for line in lines:
        words = shlex.split(line, comments=True)
        if "keras-gans" in words:
            yield words[words.index("keras-gans") + 1 :]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_commands_are_taken(words):
    """With all of their options, and of presets that there are."""
    from keras_gans import cli

    args = cli._make_parser().parse_args(words)
    preset = getattr(args, "preset", None)
    if preset is None or preset in OWN:
        return
    parts = pathlib.PurePath(preset).parts
    if parts[0] == "runs":  # Of a command before it.
        assert ["train", parts[1]] in [c[:2] for c in commands()]
        return
    classes = registry.classes_by_name() if words[0] == "train" else ()
    assert preset in [*presets.names(), *classes]
    if words[0] == "train":
        assert cli.train._folder(args) == pathlib.Path("runs", preset)


def test_the_unit_warning_is_silenced_at_the_start_of_a_program():
    (line,) = re.findall(r"`(warnings\.simplefilter\([^`]+\))`", README)
    code = f"import warnings\nimport keras_gans\n{line}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    targets += re.findall(r"`python (\S+/\S+\.py)`", README)
    assert len(targets) > len(presets.names())
    for target in targets:
        assert (ROOT / target).exists(), target


def test_times_of_training_are_those_of_the_cards():
    def training(name):
        return presets.info(name)["metadata"]["training"]

    assert "in under two minutes on a CPU" in TEXT
    ring = training("gan_ring")
    assert ring["minutes"] < 2
    assert presets.recipe("gan_ring")["steps"] == ring["steps"]
    assert "one CPU core has trained, in less than an hour together" in TEXT
    two = [training(f"{n}_x4_bsds500") for n in ("srresnet", "srgan")]
    assert sum(t["minutes"] for t in two) < 60
    assert all(t["hardware"].startswith("one core") for t in two)
    assert "which a GPU has trained in four minutes" in TEXT
    large = training("srresnet_x4_bsds500_large")
    assert round(large["minutes"]) == 4
    assert large["hardware"].startswith("one NVIDIA H100")


def test_the_floor_of_the_fid_is_that_of_the_cards(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import data_sets

    (floor,) = re.findall(r"images have a FID of ([\d.]+) against", TEXT)
    assert f"have a FID of {floor} against" in data_sets.MNIST_FLOOR


def test_packages_without_tensorflow_are_those_that_are_declared():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    lines = parser["options"]["install_requires"].splitlines()
    declared = {
        re.split("[ >=]", line)[0] for line in lines if line and line[0] != "#"
    }
    (listed,) = re.findall(r"^pip install (keras .*)$", README, re.M)
    (listed, _) = listed.split("#")
    of_data = {"tensorflow", "tensorflow-datasets", "importlib_resources"}
    extra = parser["options.extras_require"]["jax"]
    extra = {re.split("[ >=]", line)[0] for line in extra.split("\n") if line}
    assert {*listed.split()} == declared - of_data | extra
