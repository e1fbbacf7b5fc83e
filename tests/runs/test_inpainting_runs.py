"""Runs of models that fill holes: from the command line to a preset."""

import json

import keras
import numpy as np
import pytest
from cases import tiny_inpainting_gan, weights_of
from PIL import Image

import keras_gans
from keras_gans import cli, runs, tasks

# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for split, count in (("train", 9), ("test", 5)):
        (folder / split).mkdir()
        for i in range(count):
            pixels = rng.integers(0, 256, rng.integers(9, 20, 2), "uint8")
            Image.fromarray(pixels).save(folder / split / f"{i}.png")
    return folder


@pytest.fixture
def recipe(photos):
    return {
        "dataset": str(photos),
        "batch_size": 4,
        "steps": 7,
        "seed": 0,
        "crops": {"augment": True},
    }


@pytest.fixture
def short_epochs(monkeypatch):
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)


@pytest.mark.slow
@pytest.mark.parametrize("crops", [True, False])
def test_a_killed_run_goes_on_exactly(
    crops, recipe, tmp_path, short_epochs, keep_killed
):
    def build():
        keras.utils.set_random_seed(0)
        model = tiny_inpainting_gan(seed=0, ema_momentum=0.9)
        model.compile()
        return model

    if not crops:
        del recipe["crops"]
    keep_killed(tmp_path / "parts")
    whole = build()
    runs.train(whole, recipe, tmp_path / "whole", verbose=0)
    model = build()
    row = runs.train(model, recipe, tmp_path / "parts", resume=True, verbose=0)
    assert row["step"] == 7 and 0 < row["l1"] < 255
    for a, b in zip(weights_of(model), weights_of(whole), strict=True):
        assert np.abs(a - b).mean() < 1e-5
    # An image with its hole, what was made of it, and the truth, in two rows.
    pictures = sorted((tmp_path / "whole/samples").glob("*.png"))
    with Image.open(pictures[-1]) as picture:
        grid = np.asarray(picture.convert("L"))
    assert grid.shape[0] % (grid.shape[1] // 6) < 40


@pytest.mark.slow
def test_from_the_command_line(recipe, photos, tmp_path, capsys, short_epochs):
    tiny_inpainting_gan().save_to_preset(
        tmp_path / "tiny",
        recipe={**recipe, "dataset": "elsewhere"},
        weights=False,
    )
    run, data = str(tmp_path / "run"), ["--data", str(photos)]
    command = ["train", str(tmp_path / "tiny"), *data, "--quiet"]
    assert cli.main([*command, "--steps", "4", "--out", run]) == 0
    rows = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert rows[0] == "step,seconds,d_loss,g_loss,l1_loss,l1"
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed == f'keras_gans.InpaintingGAN.from_preset("{run}/best")'
    out = tmp_path / "scores.json"
    command = ["evaluate", run, *data, "--quiet", "-o", str(out)]
    assert cli.main(command) == 0
    found = json.loads(out.read_text())["scores"]
    assert [s["name"] for s in found] == ["PSNR", "L1"]
    # Five images of the test split, the same holes every time.
    assert found[0]["protocol"]["n_fake"] == 5
    assert found[0]["protocol"]["split"] == "test"
    assert cli.main(command) == 0
    assert json.loads(out.read_text())["scores"] == found
    capsys.readouterr()
    assert cli.main([*command, "--metrics", "fid"]) == 2
    assert "leave --metrics out" in capsys.readouterr().err
    assert cli.main([*command, "--direction", "ab"]) == 2
    assert "--direction is of models that translate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change, words",
    [
        ({"crops": {"crop_size": 9}}, "crops of a recipe may have augment, sp"),
        ({"best_by": "psnr"}, "best_by must be one of l1, kid"),
        ({"pairs": {}}, "of recipes for a model that translates images"),
        ({"extractor": "eyes"}, "extractor must be one of"),
    ],
)
def test_recipes(change, words, recipe):
    with pytest.raises(ValueError, match=words):
        runs.check_recipe({**recipe, **change}, tasks.get("inpainting"))


def test_what_ranks_checkpoints(recipe):
    task, model = tasks.get("inpainting"), tiny_inpainting_gan()
    assert task.default_best_by(model, recipe) == "l1"
    recipe["extractor"] = "mnist_classifier"
    assert task.default_best_by(model, recipe) == "kid"
    assert keras_gans.InpaintingGAN.task_name == task.name
