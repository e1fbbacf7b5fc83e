"""`datasets.load_unpaired`, on tiny images."""

import numpy as np
import pytest
from data_files import same, shared, take, write
from two_sides import NOISE, flat, values

from keras_gans import datasets
from keras_gans.datasets.checks import SplitError


def test_sides_are_independent():
    """One array as both sides: other partners, other crops."""
    a, b = take(datasets.load_unpaired(NOISE, NOISE, 12))[0]
    assert not same(a, b)
    assert same(np.sort(a, 0), np.sort(b, 0))
    x = np.broadcast_to(NOISE[:1], (40, *NOISE.shape[1:]))
    a, b = take(datasets.load_unpaired(x, x, 40, augment=True))[0]
    assert sum(same(u, v) for u, v in zip(a, b)) < 10
    assert len(np.unique(a, axis=0)) > 10


def test_the_shorter_side_goes_around():
    for swapped in (False, True):
        sides = [flat(0, 12), flat(100, 5)]
        if swapped:
            sides = sides[::-1]
        dataset = datasets.load_unpaired(*sides, 12)
        assert int(dataset.cardinality()) == 1
        passes = [take(dataset)[0], take(dataset)[0]]
        orders = []
        for batch in passes:
            long, short = map(values, batch[::-1] if swapped else batch)
            assert sorted(long) == list(range(12))
            rounds = [short[:5], short[5:10]]
            for one in rounds:
                assert sorted(one) == list(range(100, 105))
            assert len(set(short[10:])) == 2
            orders += map(tuple, rounds)
        assert len(set(orders)) > 2
    a, b = take(datasets.load_unpaired(*sides, 12, shuffle=False))[0]
    assert values(a) == [*range(100, 105)] * 2 + [100, 101]
    assert values(b) == list(range(12))


def test_unpaired_folders(tmp_path):
    """Of other sizes, with the splits of CycleGAN's sets, or parted."""
    for i in range(8):
        x = np.full((4 + i, 6, 3), i, "uint8")
        write(tmp_path / "set" / ("trainA", "testA")[i == 7] / f"{i}.png", x)
        x = np.full((9, 9), 100 + i, "uint8")
        write(tmp_path / "set" / ("trainB", "testB")[i < 2] / f"{i}.png", x)
    dataset = datasets.load_unpaired(
        tmp_path / "set", batch_size=7, image_size=(4, 8), channels=(1, None)
    )
    ((a, b),) = take(dataset)
    assert a.shape == b.shape == (7, 4, 8, 1)
    assert sorted(values(a)) == list(range(7))
    assert set(values(b)) == set(range(102, 108))
    test = datasets.load_unpaired(tmp_path / "set", split="test", image_size=4)
    assert {values(b)[0] for _, b in take(test)} == {100, 101}
    flat_a, flat_b = tmp_path / "set" / "trainA", tmp_path / "set" / "trainB"
    kwargs = {"image_size": 4, "drop_remainder": False, "batch_size": 9}
    held = []
    for part in ("train[:50%]", "train[50%:]"):
        split = ("train", part)
        ((a, b),) = take(
            datasets.load_unpaired(flat_a, flat_b, split=split, **kwargs)
        )
        assert sorted(values(a)) == list(range(7))
        held.append(set(values(b)))
    assert held[0] | held[1] == set(range(102, 108))
    assert not held[0] & held[1]


@pytest.mark.slow
def test_unpaired_tfds(tmp_path, monkeypatch):
    """A set with the splits of CycleGAN's, and images of several sizes."""
    tfds = pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    tf = pytest.importorskip("tensorflow", reason="writes them")

    def split(value, n):
        return tf.data.Dataset.from_generator(
            lambda: (
                {"image": np.full((6 + i, 8, 3), value + i, "uint8")}
                for i in range(n)
            ),
            output_signature={
                "image": tf.TensorSpec((None, None, 3), tf.uint8)
            },
        )

    image = tfds.features.Image(shape=(None, None, 3))
    tfds.dataset_builders.store_as_tfds_dataset(
        name="two_kinds",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": image}),
        split_datasets={"trainA": split(0, 6), "trainB": split(100, 4)},
        data_dir=tmp_path,
        disable_shuffling=True,
    )
    kwargs = {"data_dir": tmp_path, "image_size": 6, "batch_size": 6}
    dataset = datasets.load_unpaired("two_kinds", augment=True, **kwargs)
    ((a, b),) = take(dataset)
    assert a.shape == b.shape == (6, 6, 6, 3)
    assert sorted(values(a)) == list(range(6))
    assert sorted(values(b)[:4]) == list(range(100, 104))
    resumed = datasets.load_unpaired(
        "two_kinds", augment=True, repeat=True, skip=1, **kwargs
    )
    assert same(take(dataset), take(resumed, 1))
    part = datasets.load_unpaired(
        "two_kinds", split="train[:50%]", image_size=6, data_dir=tmp_path
    )
    assert sorted(values(a)[0] for a, _ in take(part)) == [0, 1, 2]
    with pytest.raises(SplitError, match=r"`source_b`.*trainA.*source_b=None"):
        datasets.load_unpaired("two_kinds", split="test", **kwargs)
    with pytest.raises(ValueError, match="`image_size` must.*source_a='two"):
        datasets.load_unpaired("two_kinds", data_dir=tmp_path)


# --- real data -------------------------------------------------------------


def test_emoji():
    folder = shared("emojitwo")
    dataset = datasets.load_pairs(
        folder, 100, split="test", sides=("outline", "color"), strict=True
    )
    ((outline, colour),) = take(dataset)
    assert outline.shape == colour.shape == (100, 64, 64, 3)
    # Line art is grey, and it is of the very emoji beside it.
    assert np.ptp(outline, -1).mean() < 0.01 < np.ptp(colour, -1).mean()
    outline, colour = [x.mean(-1).reshape(100, -1) for x in (outline, colour)]
    likeness = np.corrcoef(outline, colour)[:100, 100:]
    assert np.mean(likeness.argmax(1) == np.arange(100)) > 0.5
    noto = shared("noto_emoji") / "images"
    dataset = datasets.load_unpaired(
        folder / "test" / "color", noto, 8, image_size=64, augment=True
    )
    assert [x.shape for x in take(dataset, 1)[0]] == [(8, 64, 64, 3)] * 2
    assert int(dataset.cardinality()) == 3508 // 8
    assert len(take(dataset, 2)) == 2


# --- arguments -------------------------------------------------------------

X = np.zeros((10, 4, 4, 3), "uint8")


@pytest.mark.parametrize(
    "kwargs, match",
    [
        (
            {"source_b": X - 2.0},
            "`source_b` must be images.*Received: `source_b`",
        ),
        ({"source_a": 5}, "`source_a` must be.*Received: source_a="),
        ({"source_b": np.zeros((9, 2))}, "`source_b` must hold images"),
        ({"source_a": "ring"}, "Received: source_a='ring'"),
        ({"source_b": None}, "`source_b` must be given.*source_b=None"),
        ({"split": ("train",) * 3}, "`split` must be.*Received: split="),
        ({"split": ("train", "test")}, "split='test', source_b="),
        ({"channels": (1, 2)}, "`channels`.*Received: channels=2"),
        ({"batch_size": 11}, "`batch_size`.*10.*Received: batch_size=11"),
    ],
)
def test_errors_of_unpaired(kwargs, match):
    kwargs = {"source_a": X, "source_b": X, "batch_size": 2, **kwargs}
    with pytest.raises(ValueError, match=match):
        datasets.load_unpaired(**kwargs)
