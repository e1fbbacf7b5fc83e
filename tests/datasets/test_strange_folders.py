"""Folders that are not what they seem, and what is lost of their images."""

import os
import types

import numpy as np
import pytest
from cases import tiny_conditional_gan, tiny_dcgan
from data_files import take, write
from PIL import Image

from keras_gans import datasets, image_files
from keras_gans.tasks import sampling

pytestmark = pytest.mark.neutral


def grey(value=0, size=4):
    return np.full((size, size), value, "uint8")


def test_links_in_a_circle_count_an_image_once(tmp_path):
    write(tmp_path / "a" / "x.png", grey())
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    found = image_files.find_images(tmp_path)
    assert sorted(found) == ["a/x.png", "b/x.png"]


def test_a_pipe_is_no_image(tmp_path):
    write(tmp_path / "x.png", grey())
    os.mkfifo(tmp_path / "y.png")
    (tmp_path / "z.png").mkdir()
    assert list(image_files.find_images(tmp_path)) == ["x.png"]


def test_other_formats_are_named(tmp_path):
    for name in ("x.png", "y.avif", "z.JFIF", "notes.txt", ".hidden.avif"):
        write(tmp_path / "x.png", grey())
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match="y.avif, .*z.JFIF. Only .png, "):
        found = image_files.find_images(tmp_path)
    assert list(found) == ["x.png"]


@pytest.mark.parametrize("suffix", ["gif", "tif", "png", "webp"])
def test_several_pictures_in_a_file_are_named(suffix, tmp_path):
    path = tmp_path / f"x.{suffix}"
    # Pillow leaves out pictures that repeat the last one.
    first, *others = (Image.fromarray(grey(i, 16)) for i in (0, 100, 200))
    first.save(path, save_all=True, append_images=others)
    write(tmp_path / "y.png", grey(0, 16))
    with pytest.warns(UserWarning, match=f"Of .*x.{suffix}, which have") as w:
        images = take(datasets.load(tmp_path, 2, channels=1))[0]
    assert len(w) == 1 and images.max() < -0.9
    for read in (image_files.open_image, lambda x: image_files.read(x, 1)):
        with pytest.warns(UserWarning, match="several pictures, the first"):
            read(path)


def test_nothing_but_damaged_pixels(tmp_path):
    for name in "abc":
        path = tmp_path / f"{name}.png"
        write(
            path, np.random.default_rng(0).integers(0, 255, (9, 9, 3), "uint8")
        )
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match="one readable.*a.png.*b.png.*c.png"):
        datasets.load(tmp_path, 1)


def test_large_images_are_shrunk_before_they_are_floats(tmp_path, monkeypatch):
    ramp = np.linspace(0, 255, 96).astype("uint8")
    write(tmp_path / "x.png", np.broadcast_to(ramp, (96, 96)))
    whole = take(datasets.load(tmp_path, 1, image_size=4))[0]
    monkeypatch.setattr(datasets.folders, "LARGE", 1000)
    seen = []
    to_pixels = image_files.to_pixels
    monkeypatch.setattr(
        image_files,
        "to_pixels",
        lambda image, channels: (
            seen.append(image.size) or to_pixels(image, channels)
        ),
    )
    shrunk = take(datasets.load(tmp_path, 1, image_size=4))[0]
    assert seen == [(16, 16)]
    np.testing.assert_allclose(shrunk, whole, atol=0.02)
    monkeypatch.setattr(datasets.folders, "HUGE", 1000)
    with pytest.raises(ValueError, match="96x96, too large to keep its size"):
        datasets.load_high_res(tmp_path, 1, crop_size=8)


# ---- what becomes of a user's data ----------------------------------------


def recipe(path, **kwargs):
    return {"dataset": str(path), "batch_size": 1, "seed": 0, **kwargs}


def test_what_a_small_model_makes_of_photographs_is_said(tmp_path):
    write(tmp_path / "x.png", np.zeros((40, 60, 3), "uint8"))
    words = "as one of 40x60 in colour, are shrunk to 8x8 and made grey: the DC"
    with pytest.warns(UserWarning, match=words):
        sampling.load(tiny_dcgan(), recipe(tmp_path), "train")


def test_other_classes_than_the_models_are_refused(tmp_path):
    for name in ("cats", "dogs"):
        write(tmp_path / name / "x.png", grey(size=8))
    model = tiny_conditional_gan()
    words = r"number of the data's classes, 2 \(cats, dogs\). .*num_classes=3"
    with pytest.raises(ValueError, match=words):
        sampling.load(model, recipe(tmp_path, labels=True), "train")
    model.compile()
    with pytest.raises(ValueError, match=words):
        model.fit(datasets.load(tmp_path, 2, labels=True))


def test_names_of_nothing_are_answered_in_a_line():
    for name in ("nosuch/", "nosuch\\", "nosuch.npz"):
        with pytest.raises(FileNotFoundError, match="existing folder|existing"):
            datasets.load(name)
    with pytest.raises(ValueError) as error:
        datasets.load("my photos")
    assert len(str(error.value).splitlines()) == 1


def test_fields_are_no_images():
    x = 3 * np.random.default_rng(0).normal(size=(4, 16, 16, 2))
    with pytest.raises(ValueError, match="1, 3 or 4 channels"):
        datasets.load(x, 2)
    field = take(datasets.load(x, 2, shuffle=False, example_kind="field"))
    np.testing.assert_array_equal(field[0], x[:2].astype("float32"))


def test_missing_data_are_not_hidden_by_missing_features():
    options = types.SimpleNamespace(
        statistics=None, data="nosuch/", extractor=None, data_dir=None
    )
    with pytest.raises(FileNotFoundError, match="nosuch/"):
        sampling.TASK.check_evaluation({}, options)
