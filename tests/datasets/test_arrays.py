"""NumPy arrays and `.npz` files, and what becomes of their pixels."""

import zipfile

import numpy as np
import pytest
from data_files import take

from keras_gans import datasets
from keras_gans.datasets import arrays

pytestmark = pytest.mark.neutral


def test_arrays_are_scaled_by_their_type():
    def values(x):
        return take(datasets.load(x, 2, shuffle=False))[0].ravel().tolist()

    eight = np.array([0, 255], "uint8").reshape(2, 1, 1, 1)
    sixteen = np.array([0, 65535], "uint16").reshape(2, 1, 1, 1)
    floats = np.array([-1, 0.5], "float64").reshape(2, 1, 1, 1)
    assert values(eight) == values(sixteen) == [-1, 1]
    assert values(floats) == [-1, 0.5]
    assert values(np.array([[7.0], [300.0]])) == [7, 300]
    assert values(np.full((2, 3, 1), 9)) == [9] * 6


def test_element_spec(numbered):
    tf = pytest.importorskip("tensorflow", reason="of tf.data")
    dataset = datasets.load(numbered, 8, labels=True, image_size=2, channels=3)
    assert dataset.element_spec == (
        tf.TensorSpec((8, 2, 2, 3), tf.float32),
        tf.TensorSpec((8,), tf.int32),
    )
    assert isinstance(dataset, tf.data.Dataset)


def test_channels():
    x = np.zeros((1, 1, 2, 4), "uint8")
    x[0, 0, :] = [[255, 0, 0, 255], [255, 0, 0, 0]]

    def pixels(x, channels):
        return take(datasets.load(x, 1, channels=channels))[0][0, 0]

    np.testing.assert_allclose(pixels(x, 3), [[1, -1, -1], [1, 1, 1]])
    np.testing.assert_allclose(pixels(x, 1), [[0.299 * 2 - 1], [1]], atol=1e-6)
    np.testing.assert_allclose(pixels(x, 4)[1], [1, -1, -1, -1])
    np.testing.assert_allclose(pixels(x[..., :1], 3), [[1] * 3] * 2)
    np.testing.assert_allclose(pixels(x[..., :3], 4)[1], [1, -1, -1, 1])


@pytest.mark.parametrize("shape", [(20, 40), (40, 20), (21, 33)])
def test_resize_covers_and_crops_the_centre(shape):
    ramp = np.linspace(-1, 1, shape[1], dtype="float32")
    x = np.broadcast_to(ramp[None, None, :, None], (1, *shape, 1))
    image = take(datasets.load(x, 1, image_size=10))[0]
    assert image.shape == (1, 10, 10, 1)
    # Centred: the crop of an odd ramp is odd.
    row = image[0, 5, :, 0]
    np.testing.assert_allclose(row, -row[::-1], atol=0.08)
    slope = (2 / shape[1]) * (min(shape) / 10)
    np.testing.assert_allclose(np.diff(row)[2:-2], slope, rtol=0.15)
    # Antialiased: a fine checkerboard becomes flat grey.
    board = (np.indices((40, 40)).sum(0) % 2 * 2.0 - 1)[None, ..., None]
    assert np.abs(take(datasets.load(board, 1, image_size=10))[0]).max() < 0.1


def test_npz_bombs(tmp_path, monkeypatch):
    """Small files that say that they are large are not read."""
    monkeypatch.setattr(arrays, "_FINE", 2**20)
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros((2**11, 32, 32, 1), "uint8"))
    with pytest.raises(ValueError, match="x.npy is not as large as it says"):
        datasets.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("x.npy", "w") as file:
            header = {"descr": "|u1", "fortran_order": False}
            header["shape"] = (10**9, 28, 28, 1)
            np.lib.format.write_array_header_1_0(file, header)
            file.write(bytes(1000))
    with pytest.raises(ValueError, match="of 1,128 bytes in a file of"):
        datasets.load(path)


def test_npz(tmp_path):
    x = np.arange(6, dtype="uint8").reshape(6, 1, 1, 1)
    path = tmp_path / "a.npz"
    np.savez(path, x_train=x, y_train=np.arange(6), x_test=x[2:4])
    images, y = take(datasets.load(path, 6, labels=True))[0]
    np.testing.assert_allclose(images.ravel(), y / 127.5 - 1, atol=1e-6)
    assert take(datasets.load(str(path), 2, split="test"))[0].shape[0] == 2
    with pytest.raises(ValueError, match="labels"):
        datasets.load(path, 2, split="test", labels=True)
    with pytest.raises(ValueError, match=r"\['train', 'test'\]"):
        datasets.load(path, 2, split="val")
    np.savez(path, images=x, labels=np.arange(6))
    assert len(take(datasets.load(path, 2, labels=True))) == 3
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="usable .npz.*Received: source="):
        datasets.load(path)
    np.savez(path, other=x)
    with pytest.raises(ValueError, match="x_train.*other"):
        datasets.load(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(ValueError, match="usable .npz"):
        datasets.load(path)
    with pytest.raises(FileNotFoundError, match="missing.npz"):
        datasets.load(tmp_path / "missing.npz")
