"""What is said of a user's images that are not like the preset's own."""

import types

import numpy as np
import pytest
from PIL import Image

from keras_gans import tasks
from keras_gans.datasets.looks import look

pytestmark = pytest.mark.neutral


def save(path, shape):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(shape, "uint8")).save(path)


@pytest.fixture
def photos(tmp_path):
    """Two classes; most are grey, and one is damaged."""
    save(tmp_path / "photos" / "cats" / "0.png", (30, 40, 3))
    save(tmp_path / "photos" / "cats" / "1.png", (30, 40))
    save(tmp_path / "photos" / "dogs" / "2.png", (30, 40))
    (tmp_path / "photos" / "dogs" / "3.png").write_bytes(b"no image")
    return tmp_path / "photos"


def model(shape, num_classes=None):
    return types.SimpleNamespace(
        example_kind="image", example_shape=shape, num_classes=num_classes
    )


def describe(model, source, **recipe):
    recipe = {"dataset": str(source), **recipe}
    return tasks.get("sampling").describe(model, recipe)


def test_a_folder(photos):
    assert look(photos) == ((30, 40, 3), 2)
    sentences = describe(model((28, 28, 1)), photos)
    assert sentences == [
        f"The images of {photos} (40x30, colour) are read as 28x28, grey, "
        "which is what this model makes."
    ]
    assert describe(model((30, 40, 3)), photos) == []


def test_classes_that_are_missing(photos):
    ten = model((30, 40, 3), num_classes=10)
    (sentence,) = describe(ten, photos, labels=True)
    assert "has 2 of this model's 10 classes" in sentence
    assert describe(ten, photos) == []  # It is not asked for labels.
    assert describe(model((30, 40, 3), 2), photos, labels=True) == []


def test_a_folder_with_splits(photos, tmp_path):
    (tmp_path / "data").mkdir()
    photos.rename(tmp_path / "data" / "train")
    save(tmp_path / "data" / "test" / "birds" / "0.png", (9, 9))
    assert look(tmp_path / "data") == ((30, 40, 3), 2)


def test_arrays(tmp_path):
    images = np.zeros((5, 32, 32, 3), "uint8")
    np.savez(tmp_path / "x.npz", x=images, y=np.array([0, 1, 1, 2, 0]))
    assert look(tmp_path / "x.npz") == ((32, 32, 3), 3)
    np.savez(tmp_path / "x.npz", x=images)
    assert look(tmp_path / "x.npz") == ((32, 32, 3), None)


def test_what_is_no_image_is_not_described():
    points = types.SimpleNamespace(example_kind="points")
    assert describe(points, "ring") == []
