"""Tests of datasets.load_pairs and load_unpaired, on tiny images."""

import numpy as np
import pytest
from test_datasets import ROOT, same, take, tf, write

from keras_gans import datasets

RNG = np.random.default_rng(0)
# Noise: a crop of it is like no other one.
NOISE = RNG.integers(0, 256, (12, 20, 24, 3), "uint8")


def shared(name):
    """Where real data lies beside the project, or skips the test."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.is_dir():
        pytest.skip(f"no ../shared/data/{name}")
    return path


def flat(value, n=6, size=8):
    """Images of one value each: `value`, `value + 1` and so on."""
    values = np.arange(value, value + n, dtype="uint8")
    return np.broadcast_to(values[:, None, None, None], (n, size, size, 1))


def values(images):
    return [round((float(x.max()) + 1) * 127.5) for x in images]


@pytest.fixture
def folders(tmp_path):
    """Pairs i and 100 + i, in sub-folders, with other suffixes."""
    for i in range(6):
        for side, value, suffix in (("a", i, "png"), ("b", 100 + i, "bmp")):
            path = tmp_path / "set" / "train" / side / "deep" / f"{i}.{suffix}"
            write(path, np.full((4, 6), value, "uint8"))
    return tmp_path / "set"


# --- pairs -----------------------------------------------------------------


def test_folders_of_pairs(folders, tmp_path):
    dataset = datasets.load_pairs(folders, 3, sides=("a", "b"))
    assert dataset.element_spec == (tf.TensorSpec((3, 4, 6, 1)),) * 2
    seen = []
    for a, b in take(dataset):
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
    with pytest.raises(tf.errors.InvalidArgumentError, match="0.bmp.*strict"):
        take(datasets.load_pairs(folders, strict=True, **kwargs))


# --- jitter ----------------------------------------------------------------


def test_both_images_of_a_pair_are_jittered_alike(tmp_path):
    for i, x in enumerate(NOISE):
        for side in "ab":
            write(tmp_path / side / f"{i:02}.png", x)
        write(tmp_path / "half" / f"{i:02}.png", np.concatenate([x, x], 1))
    results = []
    for kwargs in (
        {"source": (NOISE, NOISE)},
        {"source": tmp_path, "sides": ("a", "b")},
        {"source": tmp_path / "half"},
    ):
        dataset = datasets.load_pairs(**kwargs, batch_size=12, augment=True)
        ((a, b),) = take(dataset)
        assert a.shape == (12, 20, 24, 3)
        assert same(a, b)
        assert a.min() >= -1 and a.max() <= 1
        results.append(a)
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    np.testing.assert_allclose(results[0], results[2], atol=1e-5)


@pytest.mark.parametrize("load", ["load_pairs", "load_unpaired"])
def test_each_pass_and_each_seed_is_jittered_anew(load):
    """Without shuffling, which would hide it."""
    kwargs = {"batch_size": 12, "augment": True, "shuffle": False}
    seen = []
    for seed in range(2):
        if load == "load_pairs":
            dataset = datasets.load_pairs((NOISE, NOISE), seed=seed, **kwargs)
        else:
            dataset = datasets.load_unpaired(NOISE, NOISE, seed=seed, **kwargs)
        for _ in range(2):
            seen += take(dataset)
    for i in range(4):
        for j in range(i):
            for side in range(2):
                equal = [same(*x) for x in zip(seen[i][side], seen[j][side])]
                # 12 images, each with 3 x 4 places and a mirror.
                assert sum(equal) < 6


@pytest.mark.parametrize("height, width", [(64, 64), (128, 32)])
def test_what_the_jitter_does(height, width):
    """Ramps over rows and columns tell where each image was cut."""
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    ramp = np.stack([rows, columns, columns], -1).astype("float32")
    x = np.broadcast_to(ramp, (400, height, width, 3))
    a, b = take(datasets.load_pairs((x, x), 400, augment=True))[0]
    assert a.shape == x.shape and same(a, b)
    left, right = a[:, height // 2, 8, 1], a[:, height // 2, -9, 1]
    mirrored = left > right
    assert 150 < mirrored.sum() < 250
    for size, ramps in (
        (height, a[:, height // 2, width // 2, 0]),
        (width, np.where(mirrored, right, left)),
    ):
        larger = round(size * 286 / 256)
        step = 2 / (size - 1) * size / larger
        # Every place that the larger image has room for, and no other.
        places = np.unique(np.round((ramps - ramps.min()) / step))
        assert places.tolist() == list(range(larger - size + 1))
        slope = np.diff(a[0, 8:-8, width // 2, 0]).mean()
        assert slope == pytest.approx(
            2 / (height - 1) * height / round(height * 286 / 256), rel=0.02
        )


def test_large_images_are_scaled_once():
    """To 286/256 of `image_size`, not to `image_size` and up again."""
    x = np.broadcast_to(NOISE[:1, :16, :16], (1, 16, 16, 3))
    size = {"image_size": 14}  # 14 * 286 / 256 is 16: nothing is resampled
    a, _ = take(datasets.load_pairs((x, x), 1, augment=True, **size))[0]
    a = np.round((a[0] + 1) * 127.5)
    crops = [x[0, i : i + 14, j : j + 14] for i in range(3) for j in range(3)]
    assert any(same(a, c) or same(a, c[:, ::-1]) for c in crops)


# --- order -----------------------------------------------------------------


@pytest.mark.parametrize("drop_remainder", [True, False])
@pytest.mark.parametrize("kind", ["folder", "arrays", "unpaired"])
def test_resuming_is_exact(kind, drop_remainder, tmp_path):
    kwargs = {"batch_size": 5, "augment": True, "seed": 3}
    kwargs["drop_remainder"] = drop_remainder
    if kind == "folder":
        for i, x in enumerate(NOISE):
            write(tmp_path / f"{i:02}.png", x)

    def load(**more):
        if kind == "folder":
            return datasets.load_pairs(tmp_path, **kwargs, **more)
        if kind == "arrays":
            return datasets.load_pairs((NOISE, NOISE), **kwargs, **more)
        return datasets.load_unpaired(NOISE, NOISE[:4], **kwargs, **more)

    per_pass = 2 if drop_remainder else 3
    assert int(load().cardinality()) == per_pass
    endless = load(repeat=True)
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    endless = take(endless, 3 * per_pass)
    for skip in (1, per_pass, per_pass + 1):
        tf.random.set_seed(skip)  # must not matter
        resumed = load(repeat=True, skip=skip)
        assert same(take(resumed._keras_gans_peek, 1)[0], endless[skip])
        assert same(take(resumed, 3), endless[skip : skip + 3]), skip
    single = load()
    assert same(take(single), endless[:per_pass])
    assert same(take(single), endless[per_pass : 2 * per_pass])
    assert same(take(load(skip=1)), endless[1:per_pass])
    assert not same(endless[0], endless[per_pass])
    kwargs["seed"] = 4
    assert not same(take(load(), 1)[0], endless[0])


# --- unpaired --------------------------------------------------------------


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


def test_unpaired_tfds(tmp_path, monkeypatch):
    """A set with the splits of CycleGAN's, and images of several sizes."""
    tfds = pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")

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
    with pytest.raises(ValueError, match=r"`source_b`.*trainA.*source_b=None"):
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
    assert dataset.element_spec == (tf.TensorSpec((8, 64, 64, 3)),) * 2
    assert int(dataset.cardinality()) == 3508 // 8
    assert len(take(dataset, 2)) == 2


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
        ({"source": (X, X - 2.0)}, "from -2 to -2. Received: source="),
    ],
)
def test_errors_of_pairs(kwargs, match):
    with pytest.raises(ValueError, match=match):
        datasets.load_pairs(**{"source": (X, X), "batch_size": 2, **kwargs})


@pytest.mark.parametrize(
    "kwargs, match",
    [
        ({"source_b": X - 2.0}, "`source_b` must hold.*Received: source_b="),
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
