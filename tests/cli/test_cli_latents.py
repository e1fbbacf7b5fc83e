"""`keras-gans walk`, `edit` and `project`."""

import sys

import keras
import numpy as np
import pytest
from cases import points_gan
from PIL import Image

import keras_gans
from keras_gans import cli, pictures
from keras_gans.datasets.images import resize
from keras_gans.pixels import from_uint8, to_uint8

pytestmark = pytest.mark.neutral


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    gan = keras_gans.ConditionalGAN(
        image_shape=(8, 8, 1), num_classes=3, latent_dim=4, filters=4
    )
    # Untrained, all images are grey.
    for weight in gan.generator.trainable_weights:
        if len(weight.shape) > 1:
            weight.assign(weight * 20)
    gan.save_to_preset(folder)
    return folder


@pytest.fixture(scope="module")
def gan(preset):
    return keras_gans.from_preset(str(preset))


def run(*arguments):
    return cli.main([str(a) for a in arguments])


def frames_of(path):
    with Image.open(path) as film:
        times, frames = [], []
        for i in range(film.n_frames):
            film.seek(i)
            times.append(film.info["duration"])
            frames.append(np.asarray(film.convert("L")))
    return frames, times


@pytest.mark.slow
def test_walk_is_interpolate(preset, gan, tmp_path, capsys):
    out = tmp_path / "new" / "walk.gif"
    options = ("--points", 3, "--steps", 4, "--seed", 1, "--labels", 2)
    more = ("--size", 20, "--milliseconds", 50, "--truncation", 0.8)
    assert run("walk", preset, *options, *more, "-o", out) == 0
    assert capsys.readouterr().out == f"{out}: 12 frames\n"
    frames, times = frames_of(out)
    # Three times as large, and no longer at the end: it goes on.
    assert frames[0].shape == (24, 24) and times == [50] * 12
    expected = gan.interpolate(
        12, labels=2, seed=1, n_points=3, closed=True, truncation=0.8
    )
    made = np.stack(frames)[:, ::3, ::3]
    # A GIF has 256 colours.
    assert np.abs(made.astype(int) - expected[..., 0]).max() <= 2
    again = tmp_path / "again.gif"
    assert run("walk", preset, *options, *more, "-o", again) == 0
    assert again.read_bytes() == out.read_bytes()
    other = ("--points", 3, "--steps", 4, "--seed", 2, "--labels", 2)
    assert run("walk", preset, *other, *more, "-o", again) == 0
    assert again.read_bytes() != out.read_bytes()


def test_walk_as_mp4(preset, tmp_path):
    av = pytest.importorskip("av", reason="the extra `video`")
    out = tmp_path / "walk.mp4"
    options = ("--points", 2, "--steps", 5, "--seed", 1, "--size", 15)
    assert run("walk", preset, *options, "-o", out) == 0
    with av.open(out) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 10
    assert (frames[0].width, frames[0].height) == (16, 16)


def test_without_the_extra(preset, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "av", None)
    out = tmp_path / "walk.mp4"
    options = ("--points", 2, "--steps", 1)
    assert run("walk", preset, *options, "-o", out) == 1
    error = capsys.readouterr().err
    assert "pip install 'keras-gans[video]'" in error
    assert error.count("\n") == 1 and not out.exists()


@pytest.mark.slow
def test_edit_is_a_row_a_sample(preset, gan, tmp_path, capsys):
    out = tmp_path / "edit.png"
    options = ("--direction", 1, "--strength", -2, 0, 1.5, "-n", 2)
    more = ("--seed", 3, "--labels", "2,0", "--method", "ganspace")
    assert run("edit", preset, *options, *more, "-o", out) == 0
    assert capsys.readouterr().out == f"{out}\n"
    direction = gan.directions(2, "ganspace")[1]
    images = gan.edit(direction, [-2, 0, 1.5], 2, labels=[2, 0], seed=3)
    with Image.open(out) as picture:
        np.testing.assert_array_equal(picture, pictures.image_grid(images))


@pytest.mark.slow
def test_project_is_side_by_side(preset, gan, tmp_path, capsys):
    folder = tmp_path / "images"
    folder.mkdir()
    images = gan.generate(2, labels=[1, 2], seed=4)
    large = pictures.enlarged(images, 16)  # They are made smaller first.
    for i, image in enumerate(large):
        picture = Image.fromarray(image[..., 0]).convert("RGB")
        picture.save(folder / f"{i}.png")
    out = tmp_path / "beside.png"
    options = ("--steps", 30, "--restarts", 3, "--seed", 0)
    assert run("project", preset, folder, *options, "-o", out) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(f"{folder / '0.png'}: distance 0.")
    assert printed[0].endswith(", class 1") and printed[1][-1] == "2"
    assert printed[2:] == [str(out)]
    with Image.open(out) as picture:
        pixels = np.asarray(picture)[2:, 2:, 0]
    # An image and what was found, each four times as large, with a border.
    assert pixels.shape == (68, 68)
    shown, found = (pixels[:32:4, i : i + 32 : 4] for i in (0, 34))
    expected = to_uint8(resize(from_uint8(large[0]), (8, 8)))
    np.testing.assert_array_equal(shown, expected[..., 0])
    assert np.abs(shown.astype(int) - found).mean() < 40
    labels = ("--labels", "0")
    one = folder / "1.png"
    assert run("project", preset, one, *options, *labels, "-o", out) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith(", class 0")


@pytest.mark.slow
def test_several_truncations_are_columns(preset, gan, tmp_path):
    out = tmp_path / "columns.png"
    options = ("--truncation", "0.3,1", "-n", 3, "--seed", 2)
    assert run("generate", preset, *options, "-o", out) == 0
    columns = [gan.generate(3, seed=2, truncation=t) for t in (0.3, 1.0)]
    with Image.open(out) as picture:
        np.testing.assert_array_equal(
            picture, pictures.image_grid(np.stack(columns, axis=1))
        )
    # Without a seed the samples of a row are the same ones, too.
    again = ("--truncation", "1,1", "--labels", "2")
    assert run("generate", preset, *again, "-o", out) == 0
    with Image.open(out) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape[:2] == (8 * 34 + 2, 2 * 34 + 2)
    np.testing.assert_array_equal(pixels[:, 2:34], pixels[:, 36:68])


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, words",
    [
        (["generate", "PRESET", "--truncation", "1,2", "-o", "x.npy"], "one"),
        (["generate", "POINTS", "--truncation", "1,2"], "one picture"),
        (["walk", "PRESET", "-o", "x.png"], "end in .gif or .mp4. Received"),
        (["walk", "PRESET", "--labels", "1,2"], "whole film. Received: 1,2"),
        (["walk", "PRESET", "--labels", "7"], "between 0 and 2"),
        (["walk", "POINTS"], "makes no images"),
        (["edit", "POINTS"], "makes no images"),
        (["project", "POINTS", "PRESET/samples.png"], "makes no images"),
        (["edit", "PRESET", "-o", "x.what"], "picture's suffix"),
        (["edit", "PRESET", "--labels", "3"], "between 0 and 2"),
        (["edit", "PRESET", "--direction", "4"], "--direction 4: n must be"),
        (["project", "PRESET", "PRESET/samples.png", "-o", "x.npy"], "suffix"),
        (
            ["project", "PRESET", "PRESET/samples.png", "--restarts", "2"],
            "--restarts must be 3 or more",
        ),
        (["walk", "srresnet_x4_bsds500"], "a SRResNet"),
    ],
)
def test_errors_are_one_sentence(
    arguments, words, preset, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    points_gan().save_to_preset(tmp_path / "points")
    Image.new("L", (8, 8)).save(preset / "samples.png")
    arguments = [
        a.replace("PRESET", str(preset)).replace("POINTS", "points")
        for a in arguments
    ]
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("keras-gans: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["walk", "x", "--points", "1"], "2 or more"),
        (["walk", "x", "--steps", "0"], "1 or more"),
        (["walk", "x", "--size", "0"], "1 or more"),
        (["walk", "x", "--truncation", "0"], "above 0"),
        (["edit", "x", "--strength", "a"], "must be a number, not 'a'"),
        (["edit", "x", "--strength", "nan"], "must be a number, not 'nan'"),
        (["edit", "x", "--method", "pca"], "pca"),
        (["project", "x"], "image"),
        (["project", "x", "y", "--features", "vgg"], "vgg"),
    ],
)
def test_usage_errors(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
