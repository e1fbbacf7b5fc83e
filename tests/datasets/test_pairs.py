"""`datasets.load_pairs`, on tiny images."""

import numpy as np
import pytest
from data_files import not_usable, same, take, write
from two_sides import NOISE, values

from keras_gans import datasets


@pytest.fixture
def folders(tmp_path):
    """Pairs i and 100 + i, in sub-folders, with other suffixes."""
    for i in range(6):
        for side, value, suffix in (("a", i, "png"), ("b", 100 + i, "bmp")):
            path = tmp_path / "set" / "train" / side / "deep" / f"{i}.{suffix}"
            write(path, np.full((4, 6), value, "uint8"))
    return tmp_path / "set"


def test_folders_of_pairs(folders, tmp_path):
    dataset = datasets.load_pairs(folders, 3, sides=("a", "b"))
    seen = []
    for a, b in take(dataset):
        assert a.shape == b.shape == (3, 4, 6, 1)
        assert values(b) == [100 + i for i in values(a)]
        seen += values(a)
    assert sorted(seen) == list(range(6)) != seen
    swapped = datasets.load_pairs(
        folders, 3, sides=("a", "b"), direction="ba", channels=(1, 3)
    )
    b, a = take(swapped)[0]
    assert values(a) == seen[:3] and a.shape[-1] == 1 and b.shape[-1] == 3


def test_two_folders(folders, tmp_path):
    """One of them without splits."""
    (folders / "train" / "b").rename(tmp_path / "other")
    (folders / "train" / "a").rename(tmp_path / "set" / "x")
    (folders / "train").rmdir()
    (folders / "x").rename(folders / "train")
    dataset = datasets.load_pairs((folders, str(tmp_path / "other")), 6)
    ((a, b),) = take(dataset)
    assert sorted(values(a)) == list(range(6))
    assert values(b) == [100 + i for i in values(a)]


def test_parts_of_pairs(folders):
    seen = []
    for split in ("train[:50%]", "train[50%:]"):
        for a, b in take(
            datasets.load_pairs(folders, 1, sides=("a", "b"), split=split)
        ):
            assert values(b) == [100 + i for i in values(a)]
            seen += values(a)
    assert len(seen) == 6 and sorted(seen) == list(range(6))


@pytest.mark.parametrize("dtype, white", [("uint8", 255), ("uint16", 65535)])
def test_side_by_side(tmp_path, dtype, white):
    """16 bits stay 16 bits: 257 of 65535 would be lost in 8."""
    for i in range(3):
        x = np.zeros((4, 10), dtype)
        x[:, :5], x[:, 5:] = i, white - i
        write(tmp_path / f"{i}.png", x)
    a, b = take(datasets.load_pairs(tmp_path, 3, shuffle=False))[0]
    assert a.shape == b.shape == (3, 4, 5, 1)
    expected = np.arange(3)[:, None, None, None] / (white / 2) - 1
    np.testing.assert_allclose(a, expected + np.zeros_like(a), atol=1e-6)
    np.testing.assert_allclose(b, -expected + np.zeros_like(a), atol=1e-6)
    a, b = take(datasets.load_pairs(tmp_path, 3, channels=(3, 4)))[0]
    assert a.shape[-1] == 3 and (b[..., 3] == 1).all()


def test_transparent_pairs(tmp_path):
    x = np.zeros((4, 8, 4), "uint8")
    x[:, 4:, 3] = 255  # nothing on the left, black on the right
    write(tmp_path / "x.png", x)
    a, b = take(datasets.load_pairs(tmp_path, 1))[0]
    assert a.shape == (1, 4, 4, 3) and (a == 1).all() and (b == -1).all()
    a, b = take(datasets.load_pairs(tmp_path, 1, channels=4))[0]
    assert (a == -1).all() and (b[..., 3] == 1).all()


def test_arrays_of_pairs():
    grey, colour = NOISE[..., :1], NOISE.astype("uint16") * 257
    a, b = take(datasets.load_pairs((grey, colour), 12))[0]
    np.testing.assert_allclose(a, b[..., :1], atol=1e-6)
    assert b.shape == (12, 20, 24, 3)


def test_mismatches_are_listed_by_name(folders, tmp_path):
    a, b = folders / "train" / "a", folders / "train" / "b"
    write(a / "alone.png", np.zeros((4, 6), "uint8"))
    write(b / "lonely.png", np.zeros((4, 6), "uint8"))
    write(b / "deep" / "2.bmp", np.zeros((6, 4), "uint8"))
    write(b / "deep" / "4.png", np.zeros((4, 6), "uint8"))  # beside 4.bmp
    (a / "deep" / "3.png").write_bytes(b"no image")
    names = ["alone.png has no partner", "lonely.png has no partner", "2.bmp"]
    names += ["4.png has the name of", "3.png is not a readable image"]
    with pytest.warns(UserWarning) as caught:
        dataset = datasets.load_pairs(folders, 1, sides=("a", "b"))
        seen = [values(x) + values(y) for x, y in take(dataset)]
    assert len(caught) == 1
    assert all(name in str(caught[0].message) for name in names)
    assert sorted(seen) == [[i, 100 + i] for i in (0, 1, 4, 5)]
    with pytest.raises(ValueError, match="strict=True, source=") as error:
        datasets.load_pairs(folders, 1, sides=("a", "b"), strict=True)
    assert all(name in str(error.value) for name in names)
    write(tmp_path / "odd" / "x.png", np.zeros((4, 7), "uint8"))
    with pytest.raises(ValueError, match="pair.*x.png has an odd width, 7"):
        datasets.load_pairs(tmp_path / "odd")


def test_damaged_pixels_of_a_pair(folders):
    """Which shows only while training: the next pair takes its place."""
    file = folders / "train" / "b" / "deep" / "0.bmp"
    file.write_bytes(file.read_bytes()[:-9])
    kwargs = {"batch_size": 1, "sides": ("a", "b"), "shuffle": False}
    with pytest.warns(UserWarning, match="0.bmp") as caught:
        batches = take(datasets.load_pairs(folders, **kwargs))
    assert len(caught) == 1 and len(batches) == 6
    assert same(batches[0], batches[1]) and values(batches[0][1]) == [101]
    with pytest.raises(not_usable(), match="0.bmp.*strict"):
        take(datasets.load_pairs(folders, strict=True, **kwargs))


# --- arguments -------------------------------------------------------------

X = np.zeros((10, 4, 4, 3), "uint8")


@pytest.mark.parametrize(
    "kwargs, match",
    [
        ({"direction": "AtoB"}, "`direction`.*Received: direction='AtoB'"),
        ({"batch_size": 11}, "`batch_size`.*Received: batch_size=11"),
        ({"batch_size": 0}, "`batch_size`.*Received: batch_size=0"),
        ({"skip": 5}, "`skip`.*Received: skip=5"),
        ({"seed": -1}, "`seed`.*Received: seed=-1"),
        ({"channels": (1, 2)}, "`channels`.*Received: channels=2"),
        ({"channels": (1, 3, 3)}, r"Received: channels=\(1, 3, 3\)"),
        ({"image_size": 0}, "`image_size`.*Received: image_size=0"),
        ({"split": "test"}, r"\['train'\]. Received: split='test'"),
        ({"sides": ("a", "b")}, "`sides` must be None.*Received: sides="),
        ({"source": X}, "`source`.*Received: source=<class"),
        ({"source": (X, X[:9])}, r"Received: shapes \(10.*and \(9,"),
        ({"source": (X, X[:, :3])}, r"Received: shapes \(10.*3, 4, 3\)"),
        ({"source": (X, "folder")}, "`source`.*Received: source="),
        ({"source": (X, X - 2.0)}, r"`source` with values in \[-2, -2\]"),
    ],
)
def test_errors_of_pairs(kwargs, match):
    with pytest.raises(ValueError, match=match):
        datasets.load_pairs(**{"source": (X, X), "batch_size": 2, **kwargs})


def test_errors_of_folders(folders):
    load = datasets.load_pairs
    with pytest.raises(FileNotFoundError, match="nowhere.*Received: source="):
        load((folders, "nowhere"))
    with pytest.raises(FileNotFoundError, match="Received: source='nowhere'"):
        load("nowhere", sides=("a", "b"))
    with pytest.raises(ValueError, match=r"`sides`.*\['a', 'b'\].*Received:"):
        load(folders, sides=("a", "c"))
    with pytest.raises(ValueError, match="`sides` must be a tuple.*'ab'"):
        load(folders, sides="ab")
    # Forgotten, each image would be cut into halves.
    with pytest.raises(ValueError, match=r"sides=\('a', 'b'\).*sides=None"):
        load(folders)
    with pytest.raises(ValueError, match=r"`split`.*\['train'\].*'test'"):
        load(folders, sides=("a", "b"), split="test")
    with pytest.raises(ValueError, match=r"`split`.*'train\[x\]'"):
        load(folders, sides=("a", "b"), split="train[x]")
    write(folders / "train" / "b" / "deep" / "0.bmp", np.zeros((9, 9), "uint8"))
    write(folders / "train" / "a" / "deep" / "0.png", np.zeros((9, 9), "uint8"))
    with pytest.raises(ValueError, match=r"`image_size` must.*\(9, 9\)"):
        load(folders, sides=("a", "b"))
    ((a, _),) = take(load(folders, 6, sides=("a", "b"), image_size=3))
    assert a.shape == (6, 3, 3, 1)
