import numpy as np
import pytest

from keras_gans import datasets, metrics


def test_mode_coverage_by_hand():
    centers = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    points = [[0.0, 0.29], [0.31, 0.0], [1.0, 0.1], [5.0, 5.0]]
    # Good within 0.3: the first and third; the third mode has none.
    assert metrics.mode_coverage(points, centers, 0.1) == (2, 0.5)


def test_mode_coverage_of_the_data_itself():
    for draw, modes, count in (
        (datasets.ring, datasets.ring_modes, 8),
        (datasets.grid, datasets.grid_modes, 25),
    ):
        covered, good = metrics.mode_coverage(draw(2500, seed=0), *modes())
        assert covered == count
        # Within three standard deviations in the plane: 1 - exp(-4.5).
        assert good == pytest.approx(1 - np.exp(-4.5), abs=0.007)


def test_mode_coverage_refuses_other_dimensions():
    with pytest.raises(ValueError, match="Received: points with shape"):
        metrics.mode_coverage(np.zeros((3, 3)), np.zeros((2, 2)), 1.0)


def test_sliced_wasserstein_of_a_shift():
    # Along any direction a shift of all d values by c moves the projections
    # by c * sum(theta); over the sphere its mean size is c * sqrt(2 / pi).
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 20, 20, 1))
    assert metrics.sliced_wasserstein(real, real) == 0
    distance = metrics.sliced_wasserstein(real, real + 0.5, directions=4000)
    assert distance == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.03)


def test_sliced_wasserstein_does_not_depend_on_order():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 300, 8))
    assert metrics.sliced_wasserstein(real, fake) == pytest.approx(
        metrics.sliced_wasserstein(real[::-1], rng.permutation(fake)), rel=1e-5
    )


def test_sliced_wasserstein_refuses_other_shapes():
    with pytest.raises(ValueError, match="Received: real with"):
        metrics.sliced_wasserstein(np.zeros((2, 3)), np.zeros((3, 3)))
