"""The image sets of tensorflow-datasets, on real data where it is."""

import time

import numpy as np
import pytest
from data_files import take, tfds_dir

from keras_gans import datasets

pytestmark = pytest.mark.neutral


@pytest.mark.parametrize(
    "name, size, shape",
    [("mnist", 60_000, (28, 28, 1)), ("cifar10", 50_000, (32, 32, 3))],
)
def test_tfds(name, size, shape, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", tfds_dir(name))
    dataset = datasets.load(name, labels=True, download=False)
    assert int(dataset.cardinality()) == size // 64
    images, y = take(dataset, 1)[0]
    assert images.shape == (64, *shape) and images.dtype == np.float32
    assert images.min() == -1 and images.max() == 1
    assert y.dtype == np.int32 and len(np.unique(y)) >= 8
    dataset = datasets.load(name, 10, split="test[:40]", shuffle=False)
    assert len(take(dataset)) == 4
    with pytest.raises(ValueError, match=r"\['test', 'train'\].*split='val'"):
        datasets.load(name, split="val")


def test_tfds_pixels_and_labels_are_those_of_tfds():
    data_dir = tfds_dir("mnist")
    import tensorflow_datasets as tfds

    ours = take(
        datasets.load(
            "mnist", 9, labels=True, shuffle=False, data_dir=data_dir, skip=1
        ),
        1,
    )[0]
    theirs = tfds.load("mnist", split="train[9:18]", data_dir=data_dir)
    theirs = next(theirs.batch(9).as_numpy_iterator())
    np.testing.assert_allclose(ours[0], theirs["image"] / 127.5 - 1, atol=1e-6)
    assert ours[1].tolist() == theirs["label"].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_records_by_number_in_either_format(file_format, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets", reason="writes a set")
    features = {
        "image": tfds.features.Image(shape=(6, 5, 1)),
        "label": tfds.features.ClassLabel(num_classes=20),
    }
    examples = [
        (i, {"image": np.full((6, 5, 1), i, "uint8"), "label": i})
        for i in range(20)
    ]
    tfds.dataset_builders.AdhocBuilder(
        name="numbers",
        version="1.0.0",
        file_format=file_format,
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": examples[:12], "test": examples[12:]},
        data_dir=tmp_path,
        disable_shuffling=True,
    ).download_and_prepare()
    kwargs = {"labels": True, "data_dir": tmp_path, "split": "train[5:]+test"}
    for shuffle in (False, True):
        data = datasets.load("numbers", 5, shuffle=shuffle, **kwargs)
        batches = take(data)
        numbers = np.concatenate([y for _, y in batches])
        assert (numbers.tolist() == list(range(5, 20))) != shuffle
        assert sorted(numbers) == list(range(5, 20))
        for images, y in batches:
            expected = y[:, None, None, None] / 127.5 - 1
            assert np.abs(images - expected).max() < 1e-6


@pytest.mark.parametrize("name", ["no such", "a:b/c/d", "nosuch/"])
def test_a_name_that_is_none_is_one_sentence(name):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        datasets.load(name, download=False)
    assert f"source={name!r}" in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert len(str(caught.value)) < 300


def test_absent_tfds_set_fails_fast(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    with pytest.raises(FileNotFoundError, match="download=False"):
        datasets.load("fashion_mnist", data_dir=tmp_path, download=False)

    # No network, wherever the test runs.
    def refuse(address, timeout):
        raise OSError("no network")

    monkeypatch.setattr(datasets.tfds.socket, "create_connection", refuse)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="could not be downloaded") as error:
        datasets.load("fashion_mnist", data_dir=tmp_path)
    assert time.monotonic() - start < 20
    assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)
    assert error.value.__suppress_context__


def test_unknown_name_lists_close_ones(tmp_path):
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    with pytest.raises(ValueError, match="'mnist'.*Received: source='mnits'"):
        datasets.load("mnits", data_dir=tmp_path)
