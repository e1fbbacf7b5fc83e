"""Real-ESRGAN's degradation, part by part."""

import itertools

import numpy as np
import pytest

from keras_gans import datasets
from keras_gans.datasets import blur_kernels, degradations

pytestmark = pytest.mark.neutral


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def grey(value, size=(64, 64)):
    return np.full((*size, 3), value, "float32")


# ---- kernels --------------------------------------------------------------


def test_a_gaussian_by_hand():
    kernel = blur_kernels.gaussian_kernel(7, (1.0, 2.0))
    assert kernel.sum() == pytest.approx(1)
    # exp(-x^2 / 2) along the columns, exp(-y^2 / 8) along the rows.
    assert kernel[3, 5] / kernel[3, 3] == pytest.approx(np.exp(-2))
    assert kernel[5, 3] / kernel[3, 3] == pytest.approx(np.exp(-0.5))
    turned = blur_kernels.gaussian_kernel(7, (1.0, 2.0), np.pi / 2)
    np.testing.assert_allclose(turned, kernel.T, atol=1e-12)
    half = blur_kernels.gaussian_kernel(7, (1.0, 2.0), np.pi / 4)
    assert half[5, 1] == pytest.approx(half[1, 5])
    assert half[5, 5] != pytest.approx(half[1, 5])


def test_other_shapes_by_hand():
    sharp = blur_kernels.gaussian_kernel(9, (1.5, 1.5), beta=0.5)
    assert sharp[4, 7] / sharp[4, 4] == pytest.approx(np.exp(-1))
    plateau = blur_kernels.plateau_kernel(9, (2.0, 2.0), beta=2.0)
    # Half of its top at one deviation, whatever its exponent.
    assert plateau[4, 6] / plateau[4, 4] == pytest.approx(0.5)
    assert plateau[4, 8] / plateau[4, 4] == pytest.approx(1 / 17)
    for kernel in (sharp, plateau):
        assert kernel.sum() == pytest.approx(1)


def test_the_sinc_by_hand():
    # J1 of Abramowitz and Stegun, table 9.1, and its first zeros, 9.5.
    known = {0.5: 0.2422684577, 1.0: 0.4400505857, 10.0: 0.0434727462}
    known |= {3.8317059702: 0.0, 44.7593189976: 0.0}
    values = blur_kernels._bessel_j1(np.array(list(known)))
    np.testing.assert_allclose(values, list(known.values()), atol=1e-9)
    cutoff = 2.0
    kernel = blur_kernels.sinc_kernel(21, cutoff)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() < 0  # It rings.
    # w J1(w r) / (2 pi r) at r = 1, and w^2 / (4 pi) in the middle.
    assert kernel[10, 11] / kernel[10, 10] == pytest.approx(
        2 * 0.5767248078 / cutoff, rel=1e-8
    )
    assert kernel[10, 11] == kernel[11, 10] == kernel[9, 10]


def test_kernels_at_random(rng):
    kernels = [blur_kernels.draw_kernel(rng, (0.2, 3.0)) for _ in range(400)]
    assert {len(k) for k in kernels} == set(blur_kernels.SIZES)
    for kernel in kernels:
        assert kernel.sum() == pytest.approx(1)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-9)
    # One in ten is a sinc, and of the rest 69% are round: equal on both axes.
    ringing = np.mean([k.min() < 0 for k in kernels])
    assert 0.06 < ringing < 0.14
    round_ones = np.mean([np.allclose(k, k.T) for k in kernels])
    assert 0.66 < round_ones < 0.79
    assert sum(blur_kernels.KINDS.values()) == pytest.approx(1)


def test_convolution_by_hand(rng):
    image = rng.uniform(-1, 1, (9, 12, 3)).astype("float32")
    kernel = blur_kernels.gaussian_kernel(7, (1.0, 2.5), 0.7)
    made = degradations.convolve(image, kernel)
    padded = np.pad(image, ((3, 3), (3, 3), (0, 0)), "reflect")
    for i, j in ((0, 0), (4, 5), (8, 11)):
        window = padded[i : i + 7, j : j + 7]
        expected = np.einsum("ij,ijc->c", kernel, window)
        np.testing.assert_allclose(made[i, j], expected, atol=1e-5)
    assert made.shape == image.shape and made.dtype == "float32"
    flat = degradations.convolve(grey(0.25), kernel)
    np.testing.assert_allclose(flat, 0.25, atol=1e-5)


# ---- resizing -------------------------------------------------------------


def test_resizing_by_hand():
    # One column, of 0 to 5.
    image = np.arange(6, dtype="float32").reshape(6, 1, 1)

    def resized(size, method):
        return degradations.resize(image, (size, 1), method)[:, 0, 0]

    np.testing.assert_allclose(resized(3, "area"), [0.5, 2.5, 4.5])
    # Pixels 0 and 1, 1 to 2, 3 and 4, and 4 and 5: all that it touches.
    np.testing.assert_allclose(resized(4, "area"), [0.5, 1.5, 3.5, 4.5])
    # Between the two in the middle of each three, and not their mean of six.
    np.testing.assert_allclose(resized(2, "bilinear"), [1, 4])
    np.testing.assert_allclose(resized(3, "bilinear"), [0.5, 2.5, 4.5])
    # Halfway between two pixels Keys's weights are a/8 and 1/2 - a/8.
    bicubic = -0.75 / 8 * (1 + 4) + (0.5 + 0.75 / 8) * (2 + 3)
    assert resized(3, "bicubic")[1] == pytest.approx(bicubic)


@pytest.mark.parametrize("method", degradations.METHODS)
def test_resizing_keeps_what_is_flat(method, rng):
    for size in ((64, 64), (19, 30), (96, 5), (1, 200)):
        made = degradations.resize(grey(-0.5), size, method)
        assert made.shape == (*size, 3) and made.dtype == "float32"
        np.testing.assert_allclose(made, -0.5, atol=1e-6)
    image = rng.uniform(-1, 1, (8, 6, 3)).astype("float32")
    same = degradations.resize(image, (8, 6), method)
    np.testing.assert_allclose(same, image, atol=1e-6)
    turned = degradations.resize(image.transpose(1, 0, 2), (3, 11), method)
    straight = degradations.resize(image, (11, 3), method)
    np.testing.assert_allclose(turned.transpose(1, 0, 2), straight, atol=1e-6)


# ---- noise and JPEG -------------------------------------------------------


def test_gaussian_noise_has_its_strength(rng):
    made = degradations.gaussian_noise(grey(0.0), rng, 10.0)
    assert made.std() * 127.5 == pytest.approx(10, rel=0.03)
    assert abs(made.mean()) * 127.5 < 0.3
    assert (made[..., 0] != made[..., 1]).any()
    made = degradations.gaussian_noise(grey(0.0), rng, 10.0, grey=True)
    assert made.std() * 127.5 == pytest.approx(10, rel=0.05)
    np.testing.assert_array_equal(made[..., 0], made[..., 2])
    bright = degradations.gaussian_noise(grey(1.0), rng, 30.0)
    assert bright.max() == 1


def test_poisson_noise_grows_with_the_light(rng):
    # All 256 values: as many photons are white.
    ramp = np.linspace(-1, 1, 256, dtype="float32")
    image = np.tile(ramp[:, None, None], (1, 256, 3))
    for strength in (0.5, 1.0):
        noise = degradations.poisson_noise(image, rng, strength) - image
        for row in (16, 64, 128):
            # Of n photons the deviation is the root of n.
            expected = strength * np.sqrt(row * 256 / 255) * 2 / 256
            assert noise[row].std() == pytest.approx(expected, rel=0.1)
            assert abs(noise[row].mean()) < expected / 5
    noise = degradations.poisson_noise(image, rng, 1.0, grey=True) - image
    middle = noise[64:128]
    np.testing.assert_allclose(middle[..., 0], middle[..., 1], atol=1e-6)
    # Of fewer values noise is stronger: of two, two photons.
    dark = np.where(ramp < 0, -0.5, 0.0).astype("float32")
    image = np.tile(dark[:, None, None], (1, 256, 3))
    noise = degradations.poisson_noise(image, rng, 0.1) - image
    expected = 0.1 * np.sqrt(0.25 * 2)
    assert noise[:128].std() == pytest.approx(expected, rel=0.05)


def test_jpeg_loses_more_at_a_lower_quality(rng):
    ramp = np.linspace(0, 255, 64).astype("uint8")
    pixels = np.tile(ramp[:, None, None], (1, 64, 3))
    pixels[20:40, 20:40] = rng.integers(0, 256, (20, 20, 3))
    errors = [
        np.abs(degradations.jpeg(pixels, quality) - pixels.astype(int)).mean()
        for quality in (95, 60, 30)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]
    one = degradations.jpeg(pixels[..., :1], 90)
    assert one.shape == (64, 64, 1) and one.dtype == "uint8"


# ---- all of it ------------------------------------------------------------


def photo(seed=0, size=(48, 64), channels=3):
    """Something smooth, with an edge."""
    y, x = np.mgrid[: size[0], : size[1]] / 8
    image = np.sin(x + seed) * np.cos(y) * 0.7
    image[:, : size[1] // 3] *= -1
    return np.repeat(image[..., None], channels, -1).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_the_pipeline_is_a_function_of_its_generator(channels):
    image = photo(channels=channels)
    made = [
        degradations.real_esrgan(image, (12, 16), np.random.default_rng(i))
        for i in [*range(25), 0]
    ]
    for x in made:
        assert x.shape == (12, 16, channels) and x.dtype == "float32"
        assert -1 <= x.min() and x.max() <= 1
    np.testing.assert_array_equal(made[0], made[-1])
    assert all((a != b).any() for a, b in itertools.pairwise(made))
    # Worse, but still this image.
    plain = degradations.resize(image, (12, 16), "area")
    likeness = [np.corrcoef(x.ravel(), plain.ravel())[0, 1] for x in made]
    assert np.median(likeness) > 0.8 and max(likeness) < 0.9999


def test_tiny_images():
    for seed in range(20):
        made = degradations.real_esrgan(
            photo(size=(4, 6)), (1, 2), np.random.default_rng(seed)
        )
        assert made.shape == (1, 2, 3) and np.isfinite(made).all()


def batches(source, n=3, **kwargs):
    options = {"crop_size": 32, "degradation": "real_esrgan", "repeat": True}
    data = datasets.load_high_res(source, 2, **{**options, **kwargs})
    return [tuple(map(np.asarray, b)) for b in itertools.islice(data, n)]


@pytest.mark.slow
def test_batches_are_functions_of_their_numbers():
    images = np.stack([photo(i, (40, 40)) for i in range(4)])
    whole = batches(images, 5, seed=3)
    rest = batches(images, 2, seed=3, skip=3)
    for a, b in zip(whole[3:], rest, strict=True):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)
    low, high = whole[0]
    assert low.shape == (2, 8, 8, 3) and high.shape == (2, 32, 32, 3)
    # Of 8 bits, as a file has.
    np.testing.assert_allclose(np.rint(low * 127.5), low * 127.5, atol=0.51)
    # The truth is that of every other degradation.
    plain = batches(images, 5, seed=3, degradation=None)
    for (_, a), (_, b) in zip(whole, plain):
        np.testing.assert_array_equal(a, b)
    other = batches(images, 1, seed=4)
    assert (other[0][0] != low).any()
    # Each pass has its own, of the same image in the same place.
    same = np.stack([photo(0, (32, 32))] * 2)
    lows = [low for low, _ in batches(same, 2)]
    assert (lows[0] != lows[1]).any() and (lows[0][0] != lows[0][1]).any()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"degradation": "bsrgan"}, "must be None or one of real_esrgan"),
        ({"noise": 3.0}, "`degradation` must be None where blur"),
        ({"jpeg_quality": (30, 50)}, "`degradation` must be None where blur"),
    ],
)
def test_arguments(change, words):
    with pytest.raises(ValueError, match=words):
        batches(np.zeros((4, 40, 40, 3), "uint8"), **change)
