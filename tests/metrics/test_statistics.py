"""Statistics in the place of real images."""

import numpy as np
import pytest

from keras_gans import metrics

pytestmark = pytest.mark.neutral


def features(images):
    return images.reshape(len(images), 4, -1).mean(axis=-1) / 25


EXTRACTOR = metrics.Extractor(
    features,
    "quarters",
    resize="2x2",
    probabilities=lambda x: x / x.sum(axis=1, keepdims=True),
)


def images(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 200 + 20 * seed, (n, 6, 6, 1)).astype("uint8")


def test_are_those_of_numpy():
    x = np.random.default_rng(0).normal(size=(3000, 5)) * [1, 2, 3, 4, 5]
    found = metrics.Statistics.of(x, dataset="noise")
    np.testing.assert_allclose(found.mean, x.mean(axis=0))
    np.testing.assert_allclose(found.covariance, np.cov(x, rowvar=False))
    assert (found.n, found.dataset, found.extractor) == (3000, "noise", "")


def test_a_published_file(tmp_path):
    """What TTUR and pytorch-fid write has two arrays and nothing else."""
    real, fake = images(60, 1), images(50, 2)
    path = tmp_path / "fid_stats_cifar10_train.npz"
    x = features(real).astype("float32")
    np.savez(path, mu=x.mean(axis=0), sigma=np.cov(x, rowvar=False))
    known = metrics.Statistics.load(path)
    found = metrics.evaluate(fake, known, EXTRACTOR, ("fid", "is"), n=50)
    wanted = metrics.evaluate(fake, real, EXTRACTOR, ("fid", "is"), n=60)
    for name in ("FID", "IS"):
        assert found[name].value == pytest.approx(wanted[name].value, rel=1e-5)
    assert str(found["FID"].protocol) == (
        "quarters v1, ?/50, fid_stats_cifar10_train.npz, 2x2"
    )
    with pytest.raises(ValueError, match="cannot be compared"):
        assert found["FID"] < wanted["FID"]
    again = metrics.Score.from_json(found["FID"].to_json())
    assert again == found["FID"] and again.protocol.n_real is None


def test_ours_say_what_they_are_of(tmp_path):
    real, fake = images(60, 1), images(50, 2)
    path = tmp_path / "new" / "noise.npz"
    wanted = metrics.evaluate(
        fake,
        real,
        EXTRACTOR,
        ("fid", "kid"),
        dataset="noise",
        split="test",
        save_statistics=path,
    )["FID"]
    with np.load(path, allow_pickle=False) as file:  # As TTUR reads it.
        np.testing.assert_allclose(file["mu"], features(real).mean(axis=0))
        assert file["sigma"].shape == (4, 4)
    found = metrics.evaluate(
        fake, metrics.Statistics.load(path), EXTRACTOR, ("fid",)
    )["FID"]
    assert found.protocol == wanted.protocol
    assert found.value == pytest.approx(wanted.value, rel=1e-6)


def test_of_a_model_that_makes_as_many_as_are_asked_for():
    from cases import tiny_gan

    gan = tiny_gan()
    x = gan.generate(20, seed=5)
    known = metrics.Statistics.of(features(x))
    found = metrics.evaluate(gan, known, features, ("fid",), n=30)["FID"]
    assert found.protocol.n_fake == 30 and found.protocol.n_real == 20


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"extractor": "other"}, "statistics of other, an extractor that is"),
        ({"resize": "4x4"}, "that is quarters, 1, 2x2"),
        ({"version": "2"}, "statistics of 2, an extractor"),
    ],
)
def test_of_another_extractor_they_are_refused(changes, words):
    known = metrics.Statistics.of(features(images(9, 1)), **changes)
    with pytest.raises(ValueError, match=words):
        metrics.evaluate(images(9, 2), known, EXTRACTOR, ("fid",))


def test_of_another_number_of_features_they_are_refused():
    known = metrics.Statistics(np.zeros(2048), np.eye(2048))
    with pytest.raises(ValueError, match="the 64 features .* Received: 2048"):
        metrics.evaluate(
            np.zeros((4, 28, 28, 1), "uint8"),
            known,
            "mnist_classifier",
            ("fid",),
        )


def test_what_needs_more_than_statistics(tmp_path):
    known = metrics.Statistics.of(features(images(9, 1)))
    with pytest.raises(ValueError, match="Received: metrics=.'fid', 'kid'"):
        metrics.evaluate(images(9, 2), known, EXTRACTOR, ("fid", "kid"))
    with pytest.raises(ValueError, match="Received: save_statistics='a.npz'"):
        metrics.evaluate(
            images(9, 2), known, EXTRACTOR, ("fid",), save_statistics="a.npz"
        )


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"mu": np.zeros(3)}, "sigma"),
        ({"mu": np.zeros(3), "sigma": np.eye(4)}, r"shapes \(3,\) and"),
        ({"mu": np.full(3, np.nan), "sigma": np.eye(3)}, "NaN or inf"),
        ({"mu": np.array([{}]), "sigma": np.eye(1)}, "allow_pickle"),
        (b"PK not a file of NumPy's", "Received: "),
    ],
)
def test_files_that_hold_none(tmp_path, arrays, words):
    path = tmp_path / "bad.npz"
    if isinstance(arrays, bytes):
        path.write_bytes(arrays)
    else:
        np.savez(path, **arrays)
    with pytest.raises(ValueError, match="with mu, .* Received: ") as error:
        metrics.Statistics.load(path)
    with pytest.raises(ValueError, match=words):
        raise error.value


def test_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: .*nothing.npz"):
        metrics.Statistics.load(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match="Received: path='a.pkl'"):
        metrics.Statistics(np.zeros(1), np.eye(1)).save("a.pkl")
    with pytest.raises(ValueError, match=r"Received: shape \(1, 3\)"):
        metrics.Statistics.of(np.zeros((1, 3)))
