import numpy as np
import pytest

from keras_gans import metrics
from keras_gans.metrics.inpainting import mean_fill

pytestmark = pytest.mark.neutral


def images(n=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 16, 12, 3)).astype("uint8")


def holes(n=4):
    masks = np.zeros((n, 16, 12), bool)
    masks[:, 4:8, 3:9] = True
    return masks


def test_the_error_is_that_in_the_hole():
    real = np.zeros((3, 2, 2, 1), "uint8")
    fake = real + np.uint8(50)
    masks = np.zeros((3, 2, 2), bool)
    masks[0, 0] = masks[1, 0, 0] = True
    fake[0, 0, 0] = 10
    found = metrics.hole_error(real, fake, masks)
    np.testing.assert_allclose(found, [30, 50, 0])
    with pytest.raises(ValueError, match="masks that without.*Received"):
        metrics.hole_error(real, fake, masks[:2])


def test_the_mean_is_of_what_is_known():
    x = np.array([10, 20, 60, 255], "uint8").reshape(1, 2, 2, 1)
    mask = np.array([[[False, False], [False, True]]])
    assert mean_fill(x, mask).ravel().tolist() == [10, 20, 60, 30]
    assert (mean_fill(x, mask | True) == 0).all()


def test_scores():
    x, masks = images(), holes()
    scores = metrics.evaluate_inpainting(
        lambda images, masks: images, x, masks, dataset="noise", split="test"
    )
    assert scores["L1"].value == 0 and scores["SSIM"].value == 1
    assert scores["PSNR"].value == 100  # Not infinite.
    protocol = str(scores["L1"].protocol)
    assert protocol == "rgb v1, 4/4, noise test, holes of 12.5%"
    values = metrics.Extractor(
        lambda x: x.reshape(len(x), -1)[:, ::50] / 255.0, "values"
    )
    scores = metrics.evaluate_inpainting("mean", x, masks, values)
    made = mean_fill(x, masks)
    expected = [metrics.psnr(a, b, channels="rgb") for a, b in zip(x, made)]
    assert scores["PSNR"].value == pytest.approx(np.mean(expected))
    assert scores["L1"].value == pytest.approx(
        metrics.hole_error(x, made, masks).mean()
    )
    assert set(scores) == {"PSNR", "SSIM", "L1", "KID"}
    with pytest.raises(ValueError, match="images must have.*Received: none"):
        metrics.evaluate_inpainting("mean", x[:0], masks[:0])
