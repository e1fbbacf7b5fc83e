"""The random crops and mirrors of two sides, and how they are resumed."""

import keras
import numpy as np
import pytest
from data_files import same, take, write
from two_sides import NOISE

from keras_gans import datasets


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "drop_remainder"),
    [("folder", True), ("arrays", False), ("unpaired", True)],
)
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
    assert endless.cardinality() == -1
    endless = take(endless, 3 * per_pass)
    for skip in (1, per_pass, per_pass + 1):
        keras.utils.set_random_seed(skip)  # must not matter
        resumed = load(repeat=True, skip=skip)
        assert same(resumed._keras_gans_peek(), endless[skip])
        assert same(take(resumed, 3), endless[skip : skip + 3]), skip
    single = load()
    assert same(take(single), endless[:per_pass])
    assert same(take(single), endless[per_pass : 2 * per_pass])
    assert same(take(load(skip=1)), endless[1:per_pass])
    assert not same(endless[0], endless[per_pass])
    kwargs["seed"] = 4
    assert not same(take(load(), 1)[0], endless[0])
