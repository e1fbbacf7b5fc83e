import numpy as np
import pytest

from keras_gans import metrics


def images(n=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 16, 12, 3)).astype("uint8")


@pytest.mark.neutral
def test_mean_absolute_error_by_hand():
    real = np.zeros((2, 2, 2, 1), "uint8")
    fake = real.copy()
    fake[0] = 255
    fake[1, 0, 0] = 8
    np.testing.assert_allclose(
        metrics.mean_absolute_error(real, fake), [255, 2]
    )
    np.testing.assert_allclose(
        metrics.mean_absolute_error(fake, real), [255, 2]
    )


def by_hand(x, y):
    """The definition: a Gaussian window at every place where it fits."""
    t = np.arange(11) - 5
    g = np.exp(-(t**2) / (2 * 1.5**2))
    window = np.outer(g, g) / g.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for c in range(x.shape[-1]):
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                a, b = (
                    z[i : i + 11, j : j + 11, c].astype(float) for z in (x, y)
                )
                ma, mb = (window * a).sum(), (window * b).sum()
                va = (window * a**2).sum() - ma**2
                vb = (window * b**2).sum() - mb**2
                cov = (window * a * b).sum() - ma * mb
                values.append(
                    (2 * ma * mb + c1)
                    * (2 * cov + c2)
                    / ((ma**2 + mb**2 + c1) * (va + vb + c2))
                )
    return np.mean(values)


def test_ssim_by_hand():
    x, y = images(), images(seed=1)
    y = (0.7 * x + 0.3 * y).astype("uint8")
    found = metrics.ssim(x, y, batch_size=2)
    np.testing.assert_allclose(
        found, [by_hand(a, b) for a, b in zip(x, y)], atol=1e-4
    )
    np.testing.assert_allclose(metrics.ssim(x, x), 1, atol=1e-6)


def test_images_are_checked():
    x = images()
    for score in (metrics.ssim, metrics.mean_absolute_error):
        with pytest.raises(ValueError, match="real and fake must have one"):
            score(x, x[:2])
        with pytest.raises(
            ValueError, match=r"fake must be images in \[-1, 1\]"
        ):
            score(x, x.astype("float32"))
    with pytest.raises(ValueError, match="11x11 or more"):
        metrics.ssim(x[:, :8], x[:, :8])
