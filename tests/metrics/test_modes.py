import numpy as np
import pytest

from keras_gans import datasets, metrics

pytestmark = pytest.mark.neutral


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


def test_histogram_counts_good_samples_alone():
    centers = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    points = [[0.0, 0.29], [0.31, 0.0], [1.0, 0.1], [0.0, 0.1], [5.0, 5.0]]
    counts = metrics.mode_histogram(points, centers, 0.1)
    np.testing.assert_array_equal(counts, [2, 1, 0])


def test_reverse_kl_by_hand():
    # 1/4 log(3/4) + 3/4 log(9/4), where the data have 1/3 each.
    expected = 0.25 * np.log(0.75) + 0.75 * np.log(2.25)
    assert metrics.reverse_kl([1, 3, 0]) == pytest.approx(expected)
    assert metrics.reverse_kl([5, 5]) == 0
    # The samples' shares stand before the logarithm, not the data's.
    assert metrics.reverse_kl([1, 0], [1, 3]) == pytest.approx(np.log(4))
    assert metrics.reverse_kl([1, 1], [1, 0]) == np.inf
    assert np.isnan(metrics.reverse_kl([0, 0]))
    with pytest.raises(ValueError, match="Received: shapes"):
        metrics.reverse_kl([1, 2], [1, 2, 3])


def test_stacked_modes_of_labels():
    labels = [[0, 0, 7], [0, 0, 7], [9, 1, 0], [0, 9, 1]]
    expected = np.log(1000) - (2 * 0.25 * np.log(4) + 0.5 * np.log(2))
    for given in (labels, [7, 7, 910, 91]):
        modes, divergence = metrics.stacked_mode_coverage(given)
        assert modes == 3
        assert divergence == pytest.approx(expected)
    assert metrics.stacked_mode_coverage(np.arange(1000)) == (1000, 0)


def test_stacked_modes_of_images():
    """Channels are digits, the first is the hundreds."""

    def brightness(images):
        assert images.shape[1:] == (28, 28, 1)
        return images[:, :1, 0, 0]

    extractor = metrics.Extractor(
        brightness,
        "brightness",
        probabilities=lambda x: np.eye(10)[x[:, 0]],
    )
    labels = np.array([[1, 2, 3], [1, 2, 3], [0, 0, 9]])
    images = np.zeros((3, 28, 28, 3), "uint8") + labels[:, None, None]
    images = images.astype("uint8")
    assert metrics.stacked_mode_coverage(
        images, extractor
    ) == metrics.stacked_mode_coverage([123, 123, 9])


@pytest.mark.parametrize(
    "labels", [[1000], [-1], [[0, 0, 10]], [[1, 2]], [0.5], []]
)
def test_stacked_modes_refuse_other_labels(labels):
    with pytest.raises(ValueError, match="Received: "):
        metrics.stacked_mode_coverage(np.array(labels))
