"""What `datasets.load` promises of every source, on tiny ones."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from data_files import ROOT, same, take, tfds_dir

from keras_gans import datasets
from keras_gans.datasets.checks import SplitError

X = np.zeros((10, 4, 4, 3), "uint8")


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


@pytest.mark.slow
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
        keras.utils.set_random_seed(skip)
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


@pytest.mark.slow
def test_a_pass_holds_every_example_once(numbered):
    dataset = datasets.load(
        numbered, 8, labels=True, repeat=True, drop_remainder=False
    )
    assert dataset.cardinality() == -1
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


@pytest.mark.slow
def test_a_split_that_is_not_there_has_an_error_of_its_own(folder, tmp_path):
    """Which is caught to go on with another one."""
    np.savez(tmp_path / "x.npz", x_train=X)
    for source in ("ring", X, tmp_path / "x.npz", folder):
        with pytest.raises(SplitError, match="`split` must be one of"):
            datasets.load(source, 2, split="val")
    with pytest.raises(SplitError, match="`split` must be one of"):
        datasets.load("mnist", split="val", data_dir=tfds_dir("mnist"))


# --- arguments -------------------------------------------------------------


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
        ({"source": X + np.float32(2)}, r"`source` must be images.*\[2, 2\]"),
        ({"source": X + np.nan}, "`source` must be finite"),
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


@pytest.mark.neutral
def test_import_is_light():
    code = (
        "import sys\n"
        "from keras_gans import datasets\n"
        "datasets.ring(3)\n"
        "heavy = {'keras', 'tensorflow', 'tensorflow_datasets', 'grain'}\n"
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
