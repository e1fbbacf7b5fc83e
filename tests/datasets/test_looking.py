"""What a source holds, before a model is made for it."""

import numpy as np
import pytest
from data_files import tfds_dir, write

from keras_gans.datasets import looking

pytestmark = pytest.mark.neutral


def colour(*size):
    return np.full((*size, 3), [10, 200, 90], "uint8")


def test_a_folder_of_one_size(tmp_path):
    for i in range(3):
        write(tmp_path / f"{i}.png", colour(4, 6))
    found = looking.look(str(tmp_path))
    assert found.size == (4, 6) and found.sizes == {(4, 6)}
    assert (found.count, found.channels, found.num_classes) == (3, 3, 0)
    assert not found.transparent and found.class_names is None
    assert str(found) == "3 images of 4x6 in colour"


def test_classes_sizes_and_what_cannot_be_read(tmp_path):
    write(tmp_path / "b" / "0.png", np.zeros((4, 4), "uint8"))
    write(tmp_path / "a" / "0.png", np.zeros((9, 8), "uint8"))
    (tmp_path / "a" / "1.png").write_bytes(b"no picture")
    found = looking.look(str(tmp_path))
    assert found.size is None and found.sizes == {(4, 4), (9, 8)}
    assert (found.channels, found.class_names) == (1, ["a", "b"])
    assert str(found) == "3 images of up to 9x8 in grey"
    # Not every image is of a class.
    write(tmp_path / "0.png", np.zeros((4, 4), "uint8"))
    assert looking.look(str(tmp_path)).num_classes == 0


def test_transparency_and_splits(tmp_path):
    pixels = np.zeros((4, 4, 4), "uint8")
    write(tmp_path / "train" / "0.png", pixels)
    write(tmp_path / "test" / "0.png", colour(5, 5))
    assert looking.look(str(tmp_path)).transparent
    assert looking.look(str(tmp_path), "test").size == (5, 5)
    with pytest.raises(ValueError, match="`split` must be one of"):
        looking.look(str(tmp_path), "other")


def test_arrays_and_what_is_no_image(tmp_path):
    x = np.zeros((5, 6, 7, 1), "uint8")
    np.savez(tmp_path / "x.npz", x=x, y=np.array([0, 2, 1, 0, 1]))
    found = looking.look(str(tmp_path / "x.npz"))
    assert (found.size, found.channels, found.num_classes) == ((6, 7), 1, 3)
    np.savez(tmp_path / "points.npz", x=np.zeros((5, 2)))
    assert looking.look(str(tmp_path / "points.npz")) is None
    assert looking.look("ring") is None
    # Labels that nobody asked for may be anything.
    np.savez(tmp_path / "names.npz", x=x, y=np.array(list("abcde")))
    assert looking.look(str(tmp_path / "names.npz")).num_classes == 0


def test_a_tfds_set(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", tfds_dir("mnist"))
    found = looking.look("mnist")
    assert str(found) == "60,000 images of 28x28 in grey"
    assert found.class_names == [str(digit) for digit in range(10)]
    assert looking.look("mnist", "test").count == 10_000


def test_folders_beside_a_splits(tmp_path):
    """Of vehicles by kind, one of which is the train."""
    for kind in ("train", "car", "test"):
        write(tmp_path / kind / "0.png", colour(4, 4))
    assert looking.look(str(tmp_path)).unread == ("car",)
    assert looking.look(str(tmp_path / "car")).unread == ()


def test_a_class_without_a_picture_is_none(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path / name / "0.png", colour(4, 4))
    (tmp_path / "b" / "0.png").write_bytes(b"no picture")
    assert looking.look(str(tmp_path)).class_names == ["a", "c"]


def test_pairs_in_two_folders_and_side_by_side(tmp_path):
    for side in ("left", "right"):
        write(tmp_path / "train" / side / "0.png", colour(4, 6))
    found = looking.sides(str(tmp_path), ("left", "right"))
    assert (found.count, found.size) == (1, (4, 6))
    with pytest.raises(ValueError, match="must name sub-folders"):
        looking.sides(str(tmp_path), ("a", "b"))
    write(tmp_path / "both" / "0.png", colour(4, 6))
    both = looking.sides(str(tmp_path / "both"), None)
    assert both.size == (4, 3) and both.halves and not found.halves
    assert str(both) == "1 pair side by side, each image of 4x3 in colour"
    with pytest.raises(FileNotFoundError, match="existing folder"):
        looking.sides(str(tmp_path / "none"), None)
