"""Tests of keras_gans.datasets, on tiny files and, when there, real data."""

import itertools
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

tf = pytest.importorskip(
    "tensorflow", reason="datasets.load makes tf.data pipelines"
)
Image = pytest.importorskip("PIL.Image", reason="the tests write images")

from keras_gans import datasets  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]


def tfds_dir(name):
    """Where the TFDS set `name` lies, or skips the test."""
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    places = [os.environ.get("TFDS_DATA_DIR"), ROOT.parent / "shared" / "tfds"]
    for place in filter(None, places):
        if (pathlib.Path(place) / name).is_dir():
            return str(place)
    pytest.skip(f"no {name} in $TFDS_DATA_DIR or ../shared/tfds")


def take(dataset, count=None):
    """The first batches as NumPy arrays (or tuples of them)."""
    return list(itertools.islice(dataset.as_numpy_iterator(), count))


def same(left, right):
    left, right = tf.nest.flatten(left), tf.nest.flatten(right)
    return len(left) == len(right) and all(
        np.array_equal(a, b) for a, b in zip(left, right, strict=True)
    )


def write(path, x, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = x if isinstance(x, Image.Image) else Image.fromarray(x)
    image.save(path, **kwargs)


@pytest.fixture
def numbered():
    """50 images of one value each, their number, which is the label too."""
    number = np.arange(50, dtype="uint8")
    return np.broadcast_to(number[:, None, None, None], (50, 4, 4, 1)), number


@pytest.fixture
def folder(tmp_path):
    for i in range(22):
        x = np.full((6, 5, 3), 10 * i, "uint8")
        write(tmp_path / "pets" / "ab"[i % 2] / "deep" / f"{i:02}.png", x)
    return tmp_path / "pets"


# --- points ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name, k, std", [("ring", 8, 0.01), ("grid", 25, 0.05)]
)
def test_points(name, k, std):
    points = getattr(datasets, name)(20_000, seed=3)
    centers, modes_std = getattr(datasets, f"{name}_modes")()
    assert points.shape == (20_000, 2) and points.dtype == np.float32
    assert centers.shape == (k, 2) and centers.dtype == np.float32
    assert modes_std == std
    distance = np.linalg.norm(points[:, None] - centers, axis=-1)
    counts = np.bincount(distance.argmin(1), minlength=k)
    assert counts.min() > 0.8 * 20_000 / k
    # The squared distance to a mode has the mean 2 std^2 in the plane.
    assert np.mean(distance.min(1) ** 2) == pytest.approx(2 * std**2, rel=0.05)
    assert same(points, getattr(datasets, name)(20_000, seed=3))
    assert not same(points, getattr(datasets, name)(20_000, seed=4))


def test_where_the_modes_lie():
    ring, grid = datasets.ring_modes()[0], datasets.grid_modes()[0]
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1, rtol=1e-6)
    assert {tuple(p) for p in grid.tolist()} == set(
        itertools.product((-4, -2, 0, 2, 4), repeat=2)
    )


def test_each_pass_draws_fresh_points():
    batches = take(datasets.load("ring", 50_000, seed=5, repeat=True), 4)
    for number in range(2):
        expected = datasets.ring(100_000, seed=(5, number))
        assert same(np.concatenate(batches[2 * number :][:2]), expected)


# --- order -----------------------------------------------------------------


def source_kwargs(kind, request):
    if kind == "mnist":
        return {
            "source": "mnist",
            "data_dir": tfds_dir("mnist"),
            "split": "train[:700]",
            "labels": True,
        }
    if kind == "arrays":
        x, y = request.getfixturevalue("numbered")
        return {"source": (x, y), "labels": True}
    if kind == "folder":
        source = request.getfixturevalue("folder")
        return {"source": source, "labels": True}
    return {"source": "ring"}


@pytest.mark.parametrize(
    "kind, batch_size",
    [("mnist", 64), ("arrays", 8), ("folder", 4), ("ring", 300)],
)
@pytest.mark.parametrize("drop_remainder", [True, False])
def test_skip_is_exact(kind, batch_size, drop_remainder, request, monkeypatch):
    monkeypatch.setattr(datasets.toys, "POINTS_PER_PASS", 1000)
    kwargs = source_kwargs(kind, request)
    kwargs.update(batch_size=batch_size, drop_remainder=drop_remainder, seed=7)
    per_pass = int(datasets.load(**kwargs).cardinality())
    endless = take(datasets.load(**kwargs, repeat=True), 2 * per_pass + 3)
    for skip in (per_pass - 1, 2 * per_pass + 1):
        # The global seed must not matter.
        tf.random.set_seed(skip)
        rest = take(datasets.load(**kwargs, repeat=True, skip=skip), 2)
        assert same(rest, endless[skip : skip + 2]), skip
    # Iterating twice over a single pass makes passes 0 and 1.
    single = datasets.load(**kwargs)
    assert same(take(single), endless[:per_pass])
    assert same(take(single), endless[per_pass : 2 * per_pass])
    assert not same(endless[:per_pass], endless[per_pass : 2 * per_pass])
    single = datasets.load(**kwargs, skip=2)
    assert int(single.cardinality()) == per_pass - 2
    assert same(take(single), endless[2:per_pass])


def test_a_pass_holds_every_example_once(numbered):
    dataset = datasets.load(
        numbered, 8, labels=True, repeat=True, drop_remainder=False
    )
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    batches = take(dataset, 14)
    assert [len(y) for _, y in batches] == 2 * (6 * [8] + [2])
    for images, y in batches:
        expected = y[:, None, None, None] / np.float32(127.5) - 1
        assert np.abs(images - expected).max() < 1e-6
    orders = [
        [int(i) for _, y in b for i in y] for b in (batches[:7], batches[7:])
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(50))
    assert len({tuple(o) for o in [*orders, range(50)]}) == 3
    other = take(datasets.load(numbered, 8, labels=True, seed=1), 1)
    assert not same(other[0], batches[0])


def test_no_shuffle(numbered):
    batches = take(datasets.load(numbered, 8, labels=True, shuffle=False))
    assert np.concatenate([y for _, y in batches]).tolist() == list(range(48))


# --- arrays ----------------------------------------------------------------


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


def test_npz(tmp_path):
    x = np.arange(6, dtype="uint8").reshape(6, 1, 1, 1)
    path = tmp_path / "a.npz"
    np.savez(path, x_train=x, y_train=np.arange(6), x_test=x[:2])
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


# --- folders ---------------------------------------------------------------


def test_all_kinds_of_images(tmp_path):
    """Each file is mid-grey, or so transparent that white shows through."""
    grey = np.full((8, 8), 51, "uint8")
    rgb = np.stack([grey] * 3, -1)
    clear = np.concatenate([rgb, np.zeros((8, 8, 1), "uint8")], -1)
    palette = Image.fromarray(rgb).quantize(4)
    expected = {}
    for name, image, value in [
        ("a.png", grey, -0.6),
        ("b.PNG", rgb, -0.6),
        ("c.png", clear, 1.0),
        ("d.png", palette, -0.6),
        ("e.png", np.full((8, 8), 13107, "uint16"), -0.6),
        ("f.jpg", rgb, -0.6),
        ("g.jpeg", Image.fromarray(rgb).convert("CMYK"), -0.6),
        ("h.bmp", rgb, -0.6),
        ("i.gif", palette, -0.6),
        ("j.webp", clear, 1.0),
        ("k.png", Image.fromarray(grey).point(lambda v: v > 99, "1"), -1.0),
        ("l.png", Image.fromarray(clear).convert("LA"), 1.0),
    ]:
        write(tmp_path / name, image)
        expected[name] = value
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._a.png").write_text("no image")
    n = len(expected)
    for channels in (None, 1, 3):
        dataset = datasets.load(tmp_path, n, shuffle=False, channels=channels)
        images = take(dataset)[0]
        assert images.shape == (n, 8, 8, channels or 3)
        np.testing.assert_allclose(
            images,
            np.reshape(list(expected.values()), (n, 1, 1, 1))
            + np.zeros_like(images),
            atol=0.02,
        )
    alpha = take(datasets.load(tmp_path, n, shuffle=False, channels=4))[0]
    assert alpha[2, 0, 0, 3] == -1 and alpha[4, 0, 0, 3] == 1


def test_grey_folder_is_grey_and_refuses_late_colour(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.folders, "HEADERS_READ", 1)
    write(tmp_path / "a.png", np.zeros((4, 4), "uint16"))
    assert datasets.load(tmp_path, 1).element_spec.shape == (1, 4, 4, 1)
    write(tmp_path / "b.png", np.zeros((4, 4, 3), "uint8"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="b.png is not"):
        take(datasets.load(tmp_path, 1))


def test_exif_orientation(tmp_path):
    x = np.zeros((8, 16, 3), "uint8")
    x[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to view
    write(tmp_path / "a.jpg", x, exif=exif)
    image = take(datasets.load(tmp_path, 1))[0][0]
    assert image.shape == (16, 8, 3)
    assert image[2, 4].max() < -0.9 and image[13, 4].min() > 0.9


def test_mixed_sizes(tmp_path, monkeypatch):
    write(tmp_path / "a.png", np.zeros((4, 4), "uint8"))
    write(tmp_path / "b.png", np.zeros((4, 6), "uint8"))
    with pytest.raises(ValueError, match=r"`image_size`.*b.png, \(4, 6\)"):
        datasets.load(tmp_path, 1)
    assert take(datasets.load(tmp_path, 2, image_size=3))[0].shape[1:3] == (
        3,
        3,
    )
    monkeypatch.setattr(datasets.folders, "HEADERS_READ", 1)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"`image_size` must.*b.png"
    ):
        take(datasets.load(tmp_path, 1))


def test_unreadable_files(folder):
    (folder / "a" / "broken.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="broken.png") as caught:
        dataset = datasets.load(folder, 1)
        assert len(take(dataset)) == 22
    assert len(caught) == 1
    with pytest.raises(ValueError, match="broken.png.*strict=True"):
        datasets.load(folder, 1, strict=True)
    (folder / "a" / "broken.png").unlink()
    # A good header before missing pixels: the next file takes its place.
    file = folder / "a" / "deep" / "00.png"
    write(file, np.random.default_rng(0).integers(0, 255, (6, 5, 3), "uint8"))
    file.write_bytes(file.read_bytes()[:60])
    with pytest.warns(UserWarning, match="00.png") as caught:
        dataset = datasets.load(folder, 1, shuffle=False)
        batches = [take(dataset), take(dataset)][0]
    assert len(caught) == 1 and len(batches) == 22
    assert same(batches[0], batches[1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="00.png.*strict"):
        take(datasets.load(folder, 1, strict=True))


def test_folder_labels_and_splits(folder, tmp_path):
    batches = take(datasets.load(folder, 2, labels=True))
    for images, y in batches:
        number = np.round((images[:, 0, 0, 0] + 1) * 12.75)
        assert (number % 2 == y).all()
    for split in ("train", "test"):
        write(tmp_path / "s" / split / "x.png", np.zeros((2, 2), "uint8"))
    write(tmp_path / "s" / "test" / "y.png", np.zeros((2, 2), "uint8"))
    assert len(take(datasets.load(tmp_path / "s", 1))) == 1
    assert len(take(datasets.load(tmp_path / "s", 1, split="test"))) == 2
    assert len(take(datasets.load(tmp_path / "s", 1, split="all"))) == 3
    with pytest.raises(ValueError, match=r"`split`.*\['test', 'train'\]"):
        datasets.load(tmp_path / "s", 1, split="val")
    with pytest.raises(ValueError, match="labels=True, source="):
        datasets.load(tmp_path / "s", 1, labels=True)


def test_unreadable_files_are_named_in_one_message(folder):
    for name in ("x.png", "y.png"):
        (folder / name).write_bytes(b"no image")
    with pytest.warns(UserWarning, match="x.png.*y.png") as caught:
        datasets.load(folder, 1)
    assert len(caught) == 1
    with pytest.raises(ValueError, match="x.png.*y.png.*strict=True"):
        datasets.load(folder, 1, strict=True)


def test_parts_of_a_folder(folder):
    def values(split):
        dataset = datasets.load(folder, 1, split=split, shuffle=False)
        return [round((float(x.max()) + 1) * 127.5) for x in take(dataset)]

    everything = values("train")
    most, rest = values("train[:75%]"), values("train[75%:]")
    assert len(most) == 16 and sorted(most + rest) == sorted(everything)
    # A fair sample, not the end of the alphabet; the same one every time.
    assert rest != everything[-6:] and rest == values("train[-6:]")
    assert sorted(values("train[3:5]") + values("train[5:]")) == sorted(
        set(everything) - set(values("train[:3]"))
    )
    assert len(values("a[:50%]")) == 6  # of 11
    for split in ("train[10%]", "train[22:]", "val[:9]"):
        with pytest.raises(ValueError, match=r"`split`.*Received: split='"):
            datasets.load(folder, 1, split=split)


@pytest.mark.parametrize("limit, kept", [(22 * 6 * 5 * 3, True), (1, False)])
def test_small_folders_are_decoded_once(folder, limit, kept, monkeypatch):
    monkeypatch.setattr(datasets.folders, "CACHE_BYTES", limit)
    dataset = datasets.load(folder, 2, shuffle=False, labels=True)
    first = take(dataset)
    for file in folder.rglob("*.png"):
        write(file, np.zeros((6, 5, 3), "uint8"))
    assert same(take(dataset), first) == kept


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="readable image.*Received: source="):
        datasets.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="Received: source="):
        datasets.load(tmp_path / "nowhere")


def test_a_program_that_is_reading_a_folder_can_end(folder):
    code = (
        "import sys; from keras_gans import datasets\n"
        "it = iter(datasets.load(sys.argv[1], 2, repeat=True)); next(it)\n"
        "raise SystemExit(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 3


# --- tensorflow-datasets ---------------------------------------------------


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


# --- arguments -------------------------------------------------------------

X = np.zeros((10, 4, 4, 3), "uint8")


@pytest.mark.parametrize(
    "kwargs, match",
    [
        ({"batch_size": 0}, "`batch_size`.*Received: batch_size=0"),
        ({"batch_size": 2.0}, "Received: batch_size=2.0"),
        ({"batch_size": True}, "Received: batch_size=True"),
        ({"batch_size": 11}, "`batch_size`.*10.*Received: batch_size=11"),
        ({"skip": -1}, "`skip`.*Received: skip=-1"),
        ({"batch_size": 5, "skip": 2}, "`skip`.*Received: skip=2"),
        ({"seed": -1}, "`seed`.*Received: seed=-1"),
        ({"channels": 2}, "`channels`.*Received: channels=2"),
        ({"image_size": 0}, "`image_size`.*Received: image_size=0"),
        ({"image_size": (1, 2, 3)}, r"Received: image_size=\(1, 2, 3\)"),
        ({"split": "test"}, r"\['train'\]. Received: split='test'"),
        ({"labels": True}, "Received: labels=True, source="),
        ({"source": X[:0]}, "empty.*Received: source="),
        ({"source": X[0]}, "ambiguous.*Received: source="),
        ({"source": X.astype("int32")}, "dtype int32"),
        ({"source": X + np.float32(2)}, "from 2 to 2. Received: source="),
        ({"source": X + np.nan}, "from nan to nan"),
        ({"source": X[..., :2]}, "1, 3 or 4 channels"),
        ({"source": 5}, "`source`.*Received: source="),
        ({"source": (X, np.zeros(9, int)), "labels": True}, r"\(10,\)"),
        ({"source": (X, np.zeros(10)), "labels": True}, "float64"),
        ({"source": np.zeros((9, 2)), "channels": 1}, "not images"),
        ({"source": "ring", "labels": True}, "Received: labels=True"),
        ({"source": "grid", "split": "test"}, r"\['train'\]"),
    ],
)
def test_errors(kwargs, match):
    with pytest.raises(ValueError, match=match):
        datasets.load(**{"source": X, "batch_size": 2, **kwargs})


def test_import_is_light_and_tensorflow_is_asked_for_by_name():
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from keras_gans import datasets\n"
        "assert 'tensorflow_datasets' not in sys.modules\n"
        "datasets.ring(3)\n"
        "try: datasets.load('ring')\n"
        "except ImportError as e: assert 'pip install tensorflow' in str(e)\n"
        "else: raise AssertionError"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
