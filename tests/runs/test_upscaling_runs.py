"""Runs of both phases of SRGAN: they resume exactly, and start in turn."""

import json

import keras
import numpy as np
import pytest
from cases import tiny_pix2pix, tiny_real_esrgan, tiny_srgan, weights_of
from PIL import Image

import keras_gans
from keras_gans import cli, presets, runs
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator
from keras_gans.tasks.upscaling import PIXEL_LOSSES

# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral


def tiny_srresnet():
    return keras_gans.SRResNet(
        scale=2, channels=1, filters=4, num_residual_blocks=1
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(9):
        size = rng.integers(16, 30, 2)
        pixels = rng.integers(0, 256, size).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def recipe(photos):
    return {
        "dataset": str(photos),
        "batch_size": 4,
        "steps": 7,
        "seed": 0,
        "high_res": {"crop_size": 16, "augment": True},
    }


@pytest.fixture
def short_epochs(monkeypatch):
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_srresnet, tiny_srgan, tiny_real_esrgan])
def test_a_killed_run_goes_on_exactly(
    make, recipe, tmp_path, short_epochs, keep_killed
):
    def build():
        keras.utils.set_random_seed(0)
        model = make()
        model.compile()
        return model

    if make is tiny_real_esrgan:
        recipe["high_res"]["degradation"] = "real_esrgan"
    keep_killed(tmp_path / "parts")
    whole = build()
    whole.keep_notices(["Copyright (c) somebody"])
    runs.train(whole, recipe, tmp_path / "whole", verbose=0)
    model = build()
    row = runs.train(model, recipe, tmp_path / "parts", resume=True, verbose=0)
    assert row["step"] == 7 and np.isfinite(row["psnr"])
    # As of weights that a recipe's `generator` brought, which is read once.
    assert model.notices == ("Copyright (c) somebody",)
    # Equal trainings of so small networks differ in their last bits at times,
    # see `Case.rounds`; other data or a fresh optimizer differ by 1e-4.
    for a, b in zip(weights_of(model), weights_of(whole), strict=True):
        assert np.abs(a - b).mean() < 1e-5
    # Bicubic, made and truth, of eight crops, in two groups; images of 16x16
    # are drawn twice as large.
    pictures = sorted((tmp_path / "whole/samples").glob("*.png"))
    with Image.open(pictures[0]) as picture:
        assert picture.size == (6 * 34 + 2, 4 * 34 + 2)


@pytest.mark.slow
def test_both_phases_from_the_command_line(
    recipe, photos, tmp_path, capsys, short_epochs
):
    recipe = {**recipe, "dataset": "elsewhere", "steps": 3}
    tiny_srresnet().save_to_preset(
        tmp_path / "srresnet", recipe=recipe, weights=False
    )
    keras_gans.SRGAN(
        SRResNetGenerator(2, 1, 4, 1),
        SRGANDiscriminator((16, 16, 1), 2),
        (16, 16, 1),
        content_network="mnist_classifier",
        content_layer="re_lu",
    ).save_to_preset(
        tmp_path / "srgan",
        recipe={**recipe, "generator": "elsewhere"},
        weights=False,
    )
    folder, data = tmp_path / "first", ["--data", str(photos)]
    command = ["train", str(tmp_path / "srresnet"), *data, "--quiet"]
    assert cli.main([*command, "--out", str(folder)]) == 0
    rows = (folder / "log.csv").read_text().splitlines()
    assert rows[0] == "step,seconds,loss,psnr"
    assert (folder / "losses.png").exists()
    second = tmp_path / "second"
    command = ["train", str(tmp_path / "srgan"), *data, "--quiet"]
    command += ["--out", str(second), "--generator", str(folder / "last")]
    assert cli.main(command) == 0
    run = json.loads((second / "run.json").read_text())
    assert run["recipe"]["generator"] == str(folder / "last")
    assert run["recipe"]["best_by"] == "content"
    # The last line can be typed as it stands.
    printed = capsys.readouterr().out.splitlines()[-1]
    gan = eval(printed.replace("best", "last"))
    start = keras_gans.SRResNet.from_preset(str(folder / "last"))
    distances = [
        np.abs(np.asarray(a) - np.asarray(b)).max()
        for a, b in zip(
            gan.generator.trainable_weights, start.generator.trainable_weights
        )
    ]
    # Three steps of Adam away, and not a fresh one.
    assert 0 < max(distances) < 0.1


@pytest.mark.slow
def test_fine_tuning_goes_on_from_a_network_of_pixels(
    photos, tmp_path, capsys, short_epochs
):
    """Its generator is the preset's, and so is what must go with it."""
    keras.utils.set_random_seed(0)
    start = keras_gans.RRDBNet(RRDBNetGenerator(2, 1, 1, 4, 2))
    start.save_to_preset(
        tmp_path / "pixels", metadata={"notices": ["Copyright (c) somebody"]}
    )
    command = ["train", "real_esrgan", "--data", str(photos), "--quiet"]
    command += ["--image-size", "16", "--batch-size", "4", "--steps", "2"]
    first = [*command, "--set", "discriminator_filters=2", "--out"]
    first += [str(tmp_path / "a"), "--from", str(tmp_path / "pixels")]
    assert cli.main(first) == 0
    said = capsys.readouterr().out
    assert f"generator: of {tmp_path / 'pixels'}, as it is" in said
    begun = keras_gans.from_preset(str(tmp_path / "a" / "start"))
    made = keras_gans.from_preset(str(tmp_path / "a" / "last"))
    for gan in (begun, made):
        assert type(gan) is keras_gans.RealESRGAN
        assert gan.notices == ("Copyright (c) somebody",)
    pairs = zip(begun.generator.weights, start.generator.weights)
    assert all((np.asarray(a) == np.asarray(b)).all() for a, b in pairs)
    pairs = zip(made.generator.weights, start.generator.weights)
    assert any((np.asarray(a) != np.asarray(b)).any() for a, b in pairs)
    report = (tmp_path / "a" / "report.html").read_text()
    assert "Copyright (c) somebody" in report
    run = json.loads((tmp_path / "a" / "run.json").read_text())
    assert run["recipe"]["high_res"]["degradation"] == "real_esrgan"
    assert run["recipe"]["best_by"] == "content"
    assert cli.main(["info", str(tmp_path / "a" / "best")]) == 0
    assert "Copyright (c) somebody" in capsys.readouterr().out
    # What began as a copy of it, and goes on as a run of its own.
    second = [*command, "--out", str(tmp_path / "b")]
    assert cli.main([*second, "--from", str(tmp_path / "a")]) == 0
    again = presets.info(str(tmp_path / "b" / "best"))["metadata"]
    assert again["notices"] == ["Copyright (c) somebody"]
    # Of models of other kinds it takes nothing.
    pix = tmp_path / "pix"
    tiny_pix2pix().save_to_preset(pix)
    command += ["--out", str(tmp_path / "c"), "--from", str(pix)]
    assert cli.main(command) == 2
    assert "--from must be a RealESRGAN's" in capsys.readouterr().err


@pytest.mark.parametrize(
    "make, best_by, words",
    [
        (tiny_srresnet, "content", "must be 'psnr' for a SRResNet"),
        (
            tiny_srgan,
            "kid",
            "must be one of psnr, content for a model that makes",
        ),
    ],
)
def test_what_a_checkpoint_can_be_best_by(
    make, best_by, words, recipe, tmp_path
):
    model = make()
    model.compile()
    recipe["best_by"] = best_by
    with pytest.raises(ValueError, match=words):
        runs.train(model, recipe, tmp_path / "run", verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [None, *PIXEL_LOSSES])
def test_the_recipe_says_the_loss(loss, recipe, tmp_path, monkeypatch):
    if loss:
        recipe["loss"] = loss
    folder = str(tmp_path / "preset")
    tiny_srresnet().save_to_preset(folder, recipe=recipe, weights=False)
    seen = []

    def train(model, recipe, folder, **kwargs):
        seen.append(model.loss)

    monkeypatch.setattr(runs, "train", train)
    assert cli.main(["train", folder, "--out", str(tmp_path / "run")]) == 0
    assert seen == [loss or "mean_squared_error"]


@pytest.mark.slow
def test_mistakes_of_commands(recipe, photos, tmp_path, capsys):
    tiny_srresnet().save_to_preset(tmp_path / "first", recipe=recipe)
    first = str(tmp_path / "first")
    for command, words in (
        (["generate", first], "keras-gans upscale"),
        (["train", first, "--generator", first], "is of an SRGAN"),
    ):
        assert cli.main(command) == 2
        assert words in capsys.readouterr().err
    keras_gans.SRGAN(
        SRResNetGenerator(2, 1, 6, 1),
        SRGANDiscriminator((16, 16, 1), 2),
        (16, 16, 1),
        content_network="mnist_classifier",
        content_layer="re_lu",
    ).save_to_preset(tmp_path / "srgan", recipe=recipe, weights=False)
    command = ["train", str(tmp_path / "srgan"), "--out", str(tmp_path / "run")]
    recipe["loss"] = "mean_absolute_error"
    tiny_srgan().save_to_preset(tmp_path / "loss", recipe=recipe, weights=False)
    assert cli.main(["train", str(tmp_path / "loss")]) == 2
    assert "loss is of an SRResNet" in capsys.readouterr().err
    for start, words in (
        (first, "must have the layers of the one"),
        ("srresnet_x4_div2k", "--generator runs/srresnet_x4_div2k/best"),
    ):
        assert cli.main([*command, "--generator", start]) == 1
        assert words in capsys.readouterr().err
