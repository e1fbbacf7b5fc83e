import tracemalloc

import numpy as np
import pytest

from keras_gans import metrics
from keras_gans.metrics import distances

pytestmark = pytest.mark.neutral


def gaussian(n, d, seed=0):
    """Features of unequal scales that depend on each other."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99).normal(size=(d, d)) / np.sqrt(d)
    return rng.normal(size=(n, d)) @ mix * np.linspace(0.1, 2, d) + 1


# ---- Frechet distance -----------------------------------------------------


def test_frechet_of_two_gaussians_in_closed_form():
    # Along each axis: (m1 - m2)^2 + (s1 - s2)^2.
    distance = metrics.frechet_distance_from_statistics(
        [0, 1], np.diag([1.0, 4.0]), [3, 1], np.diag([9.0, 25.0])
    )
    assert distance == pytest.approx(9 + 4 + 9)


def test_frechet_of_covariances_that_do_not_commute():
    # In the plane tr (C1 C2)^(1/2) is the root of tr(C1 C2) + 2 det^(1/2).
    c1 = np.array([[2.0, 1.0], [1.0, 3.0]])
    c2 = np.array([[4.0, -1.0], [-1.0, 1.0]])
    determinant = np.linalg.det(c1) * np.linalg.det(c2)
    root = np.sqrt(np.trace(c1 @ c2) + 2 * np.sqrt(determinant))
    distance = metrics.frechet_distance_from_statistics([0, 0], c1, [0, 0], c2)
    assert distance == pytest.approx(5 + 5 - 2 * root)


@pytest.mark.parametrize("n, m", [(300, 200), (5, 300), (300, 5), (6, 4)])
def test_frechet_of_examples_is_that_of_their_statistics(n, m):
    """Also with fewer examples than features, where it takes another way."""
    real, fake = gaussian(n, 8, seed=1), 1.5 * gaussian(m, 8, seed=2)
    c1, c2 = np.cov(real.T), np.cov(fake.T)
    # The textbook's formula, whose rounding is the square root of ours.
    values = np.linalg.eigvals(c1 @ c2)
    expected = (
        np.square(real.mean(0) - fake.mean(0)).sum()
        + np.trace(c1 + c2)
        - 2 * np.sqrt(np.maximum(values.real, 0)).sum()
    )
    distance = metrics.frechet_distance(real, fake)
    assert distance == pytest.approx(expected, rel=1e-6)


def test_frechet_of_few_examples_is_exact():
    # Two examples each: tr (C1 C2)^(1/2) is the product of their differences.
    real, fake = gaussian(2, 50, seed=1), gaussian(2, 50, seed=2)
    u, v = (x[0] - x[1] for x in (real, fake))
    expected = np.square(real.mean(0) - fake.mean(0)).sum()
    expected += (u @ u + v @ v) / 2 - abs(u @ v)
    distance = metrics.frechet_distance(real, fake)
    assert distance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [3, 8, 9, 500])
def test_frechet_of_equal_sets_is_zero(n):
    x = gaussian(n, 8)
    assert metrics.frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-12)
    assert metrics.frechet_distance(x, x) == 0


def test_frechet_in_blocks(monkeypatch):
    real, fake = gaussian(50, 4, seed=1), gaussian(33, 4, seed=2)
    whole = metrics.frechet_distance(real, fake)
    monkeypatch.setattr(distances, "BLOCK", 7)
    assert metrics.frechet_distance(real, fake) == pytest.approx(whole)


@pytest.mark.parametrize(
    "real, fake, words",
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least 2 examples"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "the same d"),
        (np.zeros((5, 3, 1)), np.zeros((5, 3, 1)), "shape (5, 3, 1)"),
        (np.zeros((5, 3)), np.full((5, 3), np.nan), "fake must be finite"),
    ],
)
def test_features_that_are_none(real, fake, words):
    for function in (
        metrics.frechet_distance,
        lambda *x: metrics.kernel_distance(*x, subset_size=2),
        lambda *x: metrics.precision_recall(*x, k=1),
        lambda *x: metrics.density_coverage(*x, k=1),
    ):
        with pytest.raises(ValueError, match="Received: ") as error:
            function(real, fake)
        assert words in str(error.value)


def test_statistics_of_other_shapes():
    with pytest.raises(ValueError, match="Received: shapes"):
        metrics.frechet_distance_from_statistics(
            [0], np.eye(2), [0, 0], np.eye(2)
        )
    with pytest.raises(ValueError, match="Received: shapes"):
        metrics.frechet_distance_from_statistics(
            [0], np.eye(1), [0, 0], np.eye(2)
        )


# ---- kernel distance ------------------------------------------------------


@pytest.mark.parametrize("d", [1, 2])
def test_kernel_distance_by_hand(d):
    # k(0, 1) = 1 and k(2, 3) = 343 within; 1, 1, 27 and 64 between. Twice the
    # same feature changes nothing, as the kernel divides by their number.
    real, fake = np.tile([[0.0], [1.0]], d), np.tile([[2.0], [3.0]], d)
    mean, std = metrics.kernel_distance(real, fake, subsets=3, subset_size=2)
    assert mean == pytest.approx(1 + 343 - 2 * 93 / 4)
    assert std == pytest.approx(0, abs=1e-9)


def test_kernel_distance_is_unbiased():
    means = [
        metrics.kernel_distance(
            gaussian(100, 4, seed=2 * i),
            gaussian(100, 4, seed=2 * i + 1),
            subsets=1,
            subset_size=100,
        )[0]
        for i in range(100)
    ]
    error = np.std(means) / 10
    assert abs(np.mean(means)) < 3 * error
    assert min(means) < 0 < max(means)


def test_kernel_distance_of_subsets():
    real, fake = gaussian(200, 4, seed=1), gaussian(300, 4, seed=2) + 0.5
    mean, std = metrics.kernel_distance(real, fake, subsets=200, subset_size=50)
    whole, _ = metrics.kernel_distance(
        real, fake[:200], subsets=1, subset_size=200
    )
    assert mean == pytest.approx(whole, rel=0.2)
    assert std > 0
    assert (mean, std) == metrics.kernel_distance(
        real, fake, subsets=200, subset_size=50
    )
    with pytest.raises(ValueError, match="subset_size=201"):
        metrics.kernel_distance(real, fake, subset_size=201)


# ---- inception score ------------------------------------------------------


def test_inception_score_by_hand():
    # Marginal 3/4 and 1/4: divergences log(4/3) and half of it.
    p = [[1.0, 0.0], [0.5, 0.5]]
    mean, std = metrics.inception_score(p, splits=1)
    assert mean == pytest.approx(np.exp(0.75 * np.log(4 / 3)))
    assert std == 0
    assert metrics.inception_score(p, splits=2) == (1, 0)


def test_inception_score_is_from_one_to_the_classes():
    assert metrics.inception_score(np.full((50, 10), 0.1)) == pytest.approx(
        (1, 0)
    )
    sure = np.eye(10)[np.arange(200) % 10]
    assert metrics.inception_score(sure) == pytest.approx((10, 0))


@pytest.mark.parametrize(
    "p, splits", [([[0.5, 0.6]], 1), ([[-0.1, 1.1]], 1), ([[0.5, 0.5]], 2)]
)
def test_inception_score_refuses(p, splits):
    with pytest.raises(ValueError, match="Received: s"):
        metrics.inception_score(np.array(p), splits)


# ---- neighbours -----------------------------------------------------------

LINE = np.array([[0.0], [1.0], [2.0], [3.0]])
OTHERS = np.array([[0.5], [10.0], [11.0]])


def test_precision_recall_by_hand():
    # Real balls have radius 1; those of the others 9.5, 1 and 1.
    precision, recall = metrics.precision_recall(LINE, OTHERS, k=1)
    assert (precision, recall) == (pytest.approx(1 / 3), 1)
    precision, recall = metrics.precision_recall(OTHERS, LINE, k=1)
    assert (precision, recall) == (1, pytest.approx(1 / 3))
    # The second neighbours: radii 2, 1, 1, 2, and 10.5, 9.5, 10.5.
    precision, recall = metrics.precision_recall(LINE, OTHERS + 1.6, k=2)
    assert (precision, recall) == (pytest.approx(1 / 3), 1)
    # Radii 1, 1, 1, 4, 4 and 0.5, 0.5, 5.5: every ball has its own.
    real = np.array([[0.0], [1.0], [2.0], [6.0], [10.0]])
    fake = np.array([[7.5], [8.0], [13.5]])
    assert metrics.precision_recall(real, fake, k=1) == (1, 1 / 5)


def test_density_coverage_by_hand():
    # 0.5 is in two of the real balls, the others in none.
    density, coverage = metrics.density_coverage(LINE, OTHERS, k=1)
    assert (density, coverage) == (pytest.approx(2 / 3), 0.5)
    # With the second neighbours in three: those of 0, 1 (on edge) and 3.
    density, coverage = metrics.density_coverage(LINE, OTHERS + 0.5, k=2)
    assert (density, coverage) == (pytest.approx(4 / 6), 1)


def test_neighbours_of_equal_sets():
    x = gaussian(100, 6).astype("float32")
    assert metrics.precision_recall(x, x) == (1, 1)
    density, coverage = metrics.density_coverage(x, x)
    assert coverage == 1
    # Every ball holds itself, four neighbours, and a fifth on its edge.
    assert 1 <= density <= 6 / 5


def by_all_pairs(real, fake, k):
    """The four scores from whole matrices of distances."""

    def between(a, b):
        return np.square(a[:, None] - b[None]).sum(axis=-1)

    real_radii, fake_radii = (
        np.sort(between(x, x))[:, k] for x in (real, fake)
    )
    inside = between(fake, real) <= real_radii
    recall = (between(real, fake) <= fake_radii).any(axis=1).mean()
    return (
        *(inside.any(axis=1).mean(), recall),
        *(inside.sum() / (k * len(fake)), inside.any(axis=0).mean()),
    )


@pytest.mark.parametrize("rows, columns", [(1000, 10_000), (7, 11), (64, 2)])
def test_neighbours_in_blocks(monkeypatch, rows, columns):
    monkeypatch.setattr(distances, "BLOCK", rows)
    monkeypatch.setattr(distances, "COLUMNS", columns)
    real, fake = gaussian(50, 4, seed=1), gaussian(33, 4, seed=2) * 1.5
    for k in (1, 4):
        scores = metrics.precision_recall(real, fake, k)
        scores += metrics.density_coverage(real, fake, k)
        assert 0 < min(scores) and max(scores[:2]) < 1
        assert scores == pytest.approx(by_all_pairs(real, fake, k))


def test_neighbours_take_no_memory_of_all_pairs(monkeypatch):
    """Of 1,000 examples they would take 8 MB."""
    monkeypatch.setattr(distances, "BLOCK", 50)
    monkeypatch.setattr(distances, "COLUMNS", 100)
    x = gaussian(1000, 4)
    tracemalloc.start()
    metrics.precision_recall(x, x)
    metrics.density_coverage(x, x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6


def test_neighbours_far_from_the_origin():
    """Squared distances by the binomial formula lose digits there."""
    real, fake = gaussian(50, 4, seed=1), gaussian(33, 4, seed=2) * 1.5
    near = metrics.precision_recall(real, fake)
    assert metrics.precision_recall(real + 1e8, fake + 1e8) == near


# ---- another implementation -----------------------------------------------


def test_the_same_as_torch_fidelity():
    torch = pytest.importorskip("torch", reason="torch-fidelity needs torch")
    pytest.importorskip("torchvision", reason="torch-fidelity needs it")
    pytest.importorskip("torch_fidelity", reason="torch-fidelity")
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    real, fake = gaussian(400, 16, seed=1), gaussian(300, 16, seed=2) * 1.1
    a, b = torch.tensor(real), torch.tensor(fake)
    fid = metric_fid.fid_statistics_to_metric(
        metric_fid.fid_features_to_statistics(a),
        metric_fid.fid_features_to_statistics(b),
        verbose=False,
    )["frechet_inception_distance"]
    assert metrics.frechet_distance(real, fake) == pytest.approx(fid, rel=1e-6)
    kid = metric_kid.kid_features_to_metric(
        a[:300], b, kid_subsets=2, kid_subset_size=300, verbose=False
    )["kernel_inception_distance_mean"]
    mean, _ = metrics.kernel_distance(
        real[:300], fake, subsets=2, subset_size=300
    )
    assert mean == pytest.approx(kid, rel=1e-9)
    # Its first set is the generated one.
    prc = metric_prc.prc_features_to_metric(
        b, a, prc_neighborhood=3, prc_batch_size=100, verbose=False
    )
    assert metrics.precision_recall(real, fake) == pytest.approx(
        (prc["precision"], prc["recall"]), rel=1e-6
    )
    isc = metric_isc.isc_features_to_metric(b, splits=10, shuffle=False)
    p = torch.softmax(b, dim=1).numpy()
    assert metrics.inception_score(p) == pytest.approx(
        (isc["inception_score_mean"], isc["inception_score_std"]), rel=1e-6
    )


# ---- sliced Wasserstein ---------------------------------------------------


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
