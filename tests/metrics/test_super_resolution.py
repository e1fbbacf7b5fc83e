"""PSNR and SSIM of super-resolution, and the downsampler behind them."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from keras_gans import metrics, resizing

SET5 = pathlib.Path(__file__).parents[3] / "shared/data/set5_x4"
needs_set5 = pytest.mark.skipif(
    not SET5.is_dir(), reason="Set5 lies beside the project"
)


def images(side):
    return [
        np.asarray(Image.open(path))
        for path in sorted((SET5 / side).glob("*.png"))
    ]


@pytest.mark.neutral
@needs_set5
def test_low_resolution_images_are_those_of_the_field():
    for high, low in zip(images("HR"), images("LR"), strict=True):
        made = resizing.bicubic(high, low.shape[:2])
        difference = np.abs(made.astype(int) - low)
        # Well below 1 of 255: rounding, and the software that made them.
        assert difference.mean() < 0.2
        assert difference.max() <= 6


@pytest.mark.slow
@pytest.mark.neutral
@needs_set5
def test_bicubic_on_set5_has_the_published_figures():
    scores, rows = metrics.evaluate_upscaling(
        "bicubic", images("HR"), 4, low_res=images("LR"), dataset="set5"
    )
    assert scores["PSNR"].value == pytest.approx(28.42, abs=0.05)
    assert scores["SSIM"].value == pytest.approx(0.810, abs=0.003)
    assert len(rows) == 5
    assert str(scores["PSNR"]).startswith(
        "PSNR (luma v1, 5/5, set5, x4 given inputs, border of 4 left out): 28.4"
    )
    # Of all colours it is another figure, and the two are not compared.
    rgb, _ = metrics.evaluate_upscaling(
        "bicubic", images("HR"), 4, channels="rgb", dataset="set5"
    )
    assert 1.4 < scores["PSNR"].value - rgb["PSNR"].value < 2
    with pytest.raises(ValueError, match="protocol"):
        assert rgb["PSNR"] < scores["PSNR"]


@pytest.mark.neutral
def test_bicubic_by_hand():
    # Shrunk by 2: taps at distances 1/4, 3/4, 5/4, 7/4 of the kernel.
    near = [1.5 * d**3 - 2.5 * d**2 + 1 for d in (0.25, 0.75)]
    far = [-0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 for d in (1.25, 1.75)]
    taps = np.array([*far[::-1], *near[::-1], *near, *far]) / 2
    matrix = resizing.bicubic_matrix(16, 8)
    np.testing.assert_allclose(matrix[4, 5:13], taps)
    assert not matrix[4, :5].any() and not matrix[4, 13:].any()
    # The first pixel sees the border's reflection: 2 1 0 | 0 1 2.
    first = np.zeros(16)
    np.add.at(first, [2, 1, 0, 0, 1, 2, 3, 4], taps)
    np.testing.assert_allclose(matrix[0], first)


@pytest.mark.neutral
@pytest.mark.parametrize("sizes", [(12, 48), (48, 12), (7, 7), (2, 9), (9, 2)])
def test_bicubic_keeps_what_it_must(sizes):
    size, new = sizes
    matrix = resizing.bicubic_matrix(size, new)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-12)
    if size == new:
        np.testing.assert_allclose(matrix, np.eye(size), atol=1e-12)


@pytest.mark.neutral
def test_psnr_by_hand():
    real = np.full((8, 8, 3), 100, "uint8")
    fake = real.copy()
    assert metrics.psnr(real, fake) == float("inf")
    fake[0] = 0  # In the border.
    fake[4, 4] += 10
    # Four by four pixels are left, one of which is off by 10 in each colour.
    weights = 65.481 + 128.553 + 24.966
    error = (10 * weights / 255) ** 2 / 16
    assert metrics.psnr(real, fake, crop=2) == pytest.approx(
        10 * np.log10(255**2 / error)
    )
    assert metrics.psnr(real, fake, 2, "rgb") == pytest.approx(
        10 * np.log10(255**2 / (100 / 16))
    )


@pytest.mark.neutral
def test_luma_is_that_of_video():
    black, white = (np.full((1, 1, 3), value, "uint8") for value in (0, 255))
    assert metrics.luma(black).item() == 16
    assert metrics.luma(white).item() == pytest.approx(235)
    assert metrics.luma(white[..., :1]).item() == pytest.approx(235)
    blue = np.array([[[0, 0, 255]]], "uint8")
    assert metrics.luma(blue).item() == pytest.approx(16 + 24.966)


@pytest.mark.neutral
def test_sharpness():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (32, 32, 3)).astype("uint8")
    smooth = resizing.bicubic(resizing.bicubic(noise, (8, 8)), (32, 32))
    assert metrics.sharpness(noise[:1].repeat(32, 0)[:, :1].repeat(32, 1)) == 0
    assert metrics.sharpness(noise) > 5 * metrics.sharpness(smooth)


def test_a_model_is_scored_image_by_image():
    rng = np.random.default_rng(0)
    high = [
        rng.integers(0, 256, s).astype("uint8")
        for s in [(33, 50, 3), (24, 41, 1)]
    ]
    seen = []

    def nearest(low):
        seen.append(low.shape)
        return low.repeat(2, 0).repeat(2, 1)

    def five(images):
        return images.reshape(len(images), -1)[:, :5]

    scores, rows = metrics.evaluate_upscaling(
        nearest, high, 2, extractor=metrics.Extractor(five, "five")
    )
    assert seen == [(16, 25, 3), (12, 20, 1)]  # What is odd is cut off.
    assert set(scores) == {
        "PSNR",
        "SSIM",
        "sharpness",
        "sharpness of truth",
        "perceptual",
    }
    for name, score in scores.items():
        assert score.value == pytest.approx(np.mean([r[name] for r in rows]))
    assert rows[0]["PSNR"] == metrics.psnr(
        high[0][:32], nearest(resizing.bicubic(high[0][:32], (16, 25))), 2
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "change, words",
    [
        ({"channels": "luma"}, "channels must be 'y' or 'rgb'"),
        ({"crop": 8}, "crop must leave something"),
        ({"crop": -1}, "crop must be an integer"),
        ({"fake": np.zeros((16, 15, 3), "uint8")}, "must have one shape"),
        ({"fake": np.full((16, 16, 3), 7.0)}, "fake must be images in"),
    ],
)
def test_what_cannot_be_scored(change, words):
    real = np.zeros((16, 16, 3), "uint8")
    with pytest.raises(ValueError, match=words):
        metrics.psnr(**{"real": real, "fake": real, **change})


@pytest.mark.neutral
def test_no_images():
    with pytest.raises(ValueError, match="must have images"):
        metrics.evaluate_upscaling("bicubic", [], 4)


@pytest.mark.neutral
@pytest.mark.parametrize("number", [1, 3])
def test_as_many_inputs_as_images(number):
    high, low = [np.zeros((s, s, 3), "uint8") for s in (16, 8)]
    with pytest.raises(ValueError, match="argument 2 is"):
        metrics.evaluate_upscaling(
            "bicubic", [high] * 2, 2, low_res=[low] * number
        )
