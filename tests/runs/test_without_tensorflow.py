"""What the README promises of JAX and PyTorch where TensorFlow is not."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import h5py
import keras
import numpy as np
import pytest
from data_files import write

import keras_gans
from keras_gans import cli
from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.runs import folder as files
from keras_gans.runs import run

if keras.backend.backend() == "tensorflow":
    pytest.skip("of the other backends", allow_module_level=True)

ROOT = pathlib.Path(__file__).resolve().parents[2]


def train(*arguments):
    assert cli.main(["train", *map(str, arguments), "--quiet"]) == 0


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """Of small images, with a folder and an `.npz` file of such."""
    folder = tmp_path_factory.mktemp("preset")
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (25, 28, 28, 1)).astype("uint8")
    for i, image in enumerate(x):
        write(folder / "images" / f"{i}.png", image[..., 0])
    np.savez(folder / "images.npz", x_train=x, x_test=x[:8])
    keras.utils.set_random_seed(0)
    shape = (28, 28, 1)
    gan = keras_gans.GAN(
        GANGenerator(shape, 4, units=(8,)),
        GANDiscriminator(shape, units=(8,)),
        latent_dim=4,
    )
    recipe = {
        "dataset": str(folder / "images"),
        "batch_size": 8,
        "seed": 0,
        "steps": 40,
    }
    gan.save_to_preset(folder / "preset", recipe=recipe, weights=False)
    return folder


def test_the_first_command_of_the_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train("gan_ring", "--steps", 5)
    assert "of 8 modes covered" in capsys.readouterr().out
    out = ["-n", "8", "-o", "ring.png"]
    assert cli.main(["generate", "runs/gan_ring/best", *out]) == 0
    assert (tmp_path / "ring.png").stat().st_size
    arguments = ["-n", "200", "--quiet"]
    assert cli.main(["evaluate", "runs/gan_ring", *arguments]) == 0
    assert "high_quality" in capsys.readouterr().out
    # Where it is not installed, nothing can have made do with it.
    assert "tensorflow_datasets" not in sys.modules


def test_an_npz_file(preset, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(preset / "images.npz")]
    train(preset / "preset", *data, "--epochs", 1, "--out", "run")
    scores = ["--metrics", "swd", "--extractor", "mnist_classifier"]
    out = ["--out", "scores.json", "--quiet"]
    assert cli.main(["evaluate", "run", *scores, *data, *out]) == 0
    assert "values v1, 8/8, images.npz test" in capsys.readouterr().out


def test_a_killed_run_goes_on_to_the_same_bits(preset, tmp_path, monkeypatch):
    """Of a folder, in a process of its own, killed between checkpoints."""
    monkeypatch.setattr(run, "MIN_STEPS", 12)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train(preset / "preset", "--out", whole)
    code = (
        "from keras_gans import cli; from keras_gans.runs import run\n"
        "run.MIN_STEPS = 12; cli.main()"
    )
    arguments = ["train", preset / "preset", "--out", killed, "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    while process.poll() is None and files.find_checkpoint(killed) is None:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert files.find_checkpoint(killed).name < "step_00000040"
    train(preset / "preset", "--out", killed, "--resume")
    ends = []
    for folder in (whole, killed):
        arrays = {}
        with h5py.File(
            folder / "checkpoints/step_00000040/gan.weights.h5"
        ) as f:
            f.visititems(
                lambda name, item, arrays=arrays: (
                    arrays.update({name: item[()]})
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
        ends.append(arrays)
    assert ends[0].keys() == ends[1].keys() and len(ends[0]) > 20
    for name, array in ends[0].items():
        np.testing.assert_array_equal(array, ends[1][name], name)
