"""The toys: points in the plane, whose modes are known."""

import itertools

import numpy as np
import pytest
from data_files import same, take

from keras_gans import datasets
from keras_gans.datasets import toys

pytestmark = pytest.mark.neutral


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


def test_toys_are_known_by_name():
    for name in toys.NAMES:
        assert toys.find(name) == name
        assert same(toys.draw(name, 50, 3), getattr(datasets, name)(50, 3))
        centers, std = getattr(datasets, f"{name}_modes")()
        assert same(toys.modes(name)[0], centers) and toys.modes(name)[1] == std
    for other in ("mnist", None, np.zeros((4, 2)), ("ring",)):
        assert toys.find(other) is None
    for function in (toys.modes, lambda name: toys.draw(name, 3)):
        with pytest.raises(ValueError, match="of ring, grid. Received: name="):
            function("mnist")
