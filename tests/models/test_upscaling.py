"""`upscale`: sizes, textures, transparency, several images at once."""

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import resizing
from keras_gans.layers import PixelShuffle
from keras_gans.models import upscaling
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.rrdbnet import (
    Cropped,
    PixelUnshuffle,
    RRDBNetGenerator,
)


def picture(*shape, seed=0, dtype="uint8"):
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[-3], : shape[-2]]
    light = 0.3 * (np.sin(x / 3) * np.cos(y / 4))[..., None]
    pixels = 0.5 + light + rng.uniform(-0.2, 0.2, shape)
    return (pixels * top).astype(dtype)


def levels(a, b):
    return np.abs(a.astype(int) - b.astype(int)).max()


def pillow(pixels, size):
    """Pillow's Lanczos, the width first."""
    image, (height, width) = Image.fromarray(pixels), size
    for step in ((width, image.height), (width, height)):
        image = image.resize(step, Image.Resampling.LANCZOS)
    return np.asarray(image)


def make(scale, channels=3, seed=0):
    keras.utils.set_random_seed(seed)
    return keras_gans.SRResNet(
        MSRResNetGenerator(scale, channels, filters=4, num_residual_blocks=1)
    )


@pytest.fixture(scope="module")
def twice():
    return make(2)


@pytest.fixture(scope="module")
def thrice():
    return make(3)


# ---- sizes ----------------------------------------------------------------


@pytest.mark.neutral
@pytest.mark.parametrize(
    "own, scale, times",
    [
        (4, 1, 1),
        (4, 1.5, 1),
        (4, 4, 1),
        (4, 5, 1),  # A little more is stretched.
        (4, 6, 2),
        (4, 40, 2),  # 64 times would be more than is sensible.
        (2, 3, 2),
        (2, 16, 4),
        (3, 12, 2),
        (1, 2, 1),
    ],
)
def test_how_often_the_network_is_applied(own, scale, times):
    goal = upscaling._goal(own, (10, 8), scale, None)
    assert goal == (times, [10 * scale, 8 * scale])


@pytest.mark.neutral
def test_a_smaller_image_is_only_resized(twice):
    image = picture(20, 30, 3)
    assert upscaling._goal(2, (20, 30), None, (10, 15)) == (0, [10, 15])
    made = twice.upscale(image, size=(10, 15))
    np.testing.assert_array_equal(made, pillow(image, (10, 15)))


@pytest.mark.neutral
def test_other_factors_are_resized_from_what_the_network_made(twice):
    image = picture(11, 9, 3)
    once = twice.upscale(image)
    both = twice.upscale(once)
    for scale, large in ((1.5, once), (2.25, once), (3, both)):
        made = twice.upscale(image, scale=scale)
        expected = pillow(large, (round(11 * scale), round(9 * scale)))
        np.testing.assert_array_equal(made, expected)
    np.testing.assert_array_equal(twice.upscale(image, scale=4), both)
    made = twice.upscale(image, size=(16, 40))
    assert made.shape == (16, 40, 3)
    grey = twice.upscale(np.full((4, 5), -0.5), scale=3)
    assert grey.shape == (12, 15) and grey.dtype == "uint8"


@pytest.mark.neutral
@pytest.mark.parametrize("scale", [1.5, 2, 3])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_is_what_its_array_becomes(twice, scale, mode):
    pixels = picture(9, 7, 4)
    image = Image.fromarray(pixels).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(picture(9, 7, 1, dtype="uint16")[..., 0])
    image.info.update(dpi=(300, 300), exif=b"Exif\0\0", loop=3)
    made = twice.upscale(image, tile=5, scale=scale)
    assert made.mode == mode
    expected = twice.upscale(np.asarray(image), tile=5, scale=scale)
    np.testing.assert_array_equal(made, expected)
    assert made.info == {"dpi": (300, 300), "exif": b"Exif\0\0"}


@pytest.mark.neutral
def test_sixteen_bits_stay_when_resized(twice):
    deep = picture(12, 10, 3, dtype="uint16")
    made = twice.upscale(deep, scale=1.5)
    assert made.dtype == "uint16" and made.shape == (18, 15, 3)
    eight = twice.upscale((deep // 257).astype("uint8"), scale=1.5)
    assert np.abs(made / 257 - eight).mean() < 1
    assert len(np.unique(made)) > 400


@pytest.mark.neutral
def test_bands_are_one_image(monkeypatch):
    image = picture(2, 37, 23, 2)
    size = (61, 50)
    for wrap in (False, True):
        monkeypatch.setattr(resizing, "_BAND", 10**9)
        ((top, whole),) = resizing.lanczos(image, size, wrap)
        assert top == 0 and whole.shape == (2, *size, 2)
        monkeypatch.setattr(resizing, "_BAND", 50 * 7)
        bands = list(resizing.lanczos(image, size, wrap))
        assert [top for top, _ in bands] == list(range(0, 61, 7))
        joined = np.concatenate([band for _, band in bands], axis=1)
        assert levels(joined, whole) <= 1 and (joined != whole).mean() < 1e-3
    _, band = next(resizing.lanczos(image, size))
    assert levels(whole[:, :7], band) > 5


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(scale=0.5), "scale must be 1 or more"),
        (dict(scale="2"), "scale must be a number above 0"),
        (dict(scale=2, size=(4, 4)), "two ways to say one thing"),
        (dict(size=(4, 0)), "size must be an integer of at least 1"),
        (dict(size=4), r"size must be \(height, width\)"),
        (dict(alpha="bicubic"), "alpha must be one of lanczos, network"),
    ],
)
def test_what_is_no_size(twice, arguments, words):
    with pytest.raises(ValueError, match=f"{words}.*Received: "):
        twice.upscale(picture(4, 4, 3), **arguments)


# ---- textures -------------------------------------------------------------


@pytest.mark.neutral
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("tile", [1000, 8])
def test_a_rolled_texture_becomes_a_rolled_one(thrice, channels, tile):
    image = picture(19, 23, channels)
    plain = thrice.upscale(image, tile=tile)
    made = thrice.upscale(image, tile=tile, wrap=True)
    assert made.shape == plain.shape
    rolled = thrice.upscale(
        np.roll(image, (7, 12), (0, 1)), tile=tile, wrap=True
    )
    assert levels(rolled, np.roll(made, (21, 36), (0, 1))) <= 1
    # Without it the seam is another one, and what is far from it the same.
    other = thrice.upscale(np.roll(image, (7, 12), (0, 1)), tile=tile)
    assert levels(other, np.roll(plain, (21, 36), (0, 1))) > 5
    assert levels(plain[24:30, 27:36], made[24:30, 27:36]) <= 1


@pytest.mark.neutral
def test_a_rolled_texture_may_be_resized(thrice):
    # 2 1/4 of 3: what is rolled by four pixels, by nine.
    image = picture(16, 20, 3)
    made = thrice.upscale(image, scale=2.25, wrap=True)
    rolled = thrice.upscale(np.roll(image, 4, 1), scale=2.25, wrap=True)
    assert levels(rolled, np.roll(made, 9, 1)) <= 1
    # An image smaller than what a pixel depends on goes round several times.
    tiny = thrice.upscale(image[:2, :1], wrap=True)
    wide = thrice.upscale(np.tile(image[:2, :1], (9, 9, 1)))
    assert levels(tiny, wide[24:30, 12:15]) <= 1


# ---- transparency, batches ------------------------------------------------


@pytest.mark.neutral
def test_transparency_by_the_network(twice):
    image = picture(14, 11, 4)
    by_network = twice.upscale(image, tile=6, alpha="network")
    resized = twice.upscale(image, tile=6)
    np.testing.assert_array_equal(by_network[..., :3], resized[..., :3])
    grey = twice.upscale(image[..., 3], tile=6)
    np.testing.assert_array_equal(by_network[..., 3], grey)
    layer = pillow(image[..., 3], (28, 22))
    np.testing.assert_array_equal(resized[..., 3], layer)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(5, 6, 7, 3), (2, 30, 20, 4), (3, 8, 8, 1)])
@pytest.mark.parametrize("options", [{}, {"scale": 3}, {"self_ensemble": True}])
def test_several_images_are_each_what_it_is_alone(twice, shape, options):
    images = picture(*shape)
    made = twice.upscale(images, tile=9, **options)
    alone = [twice.upscale(image, tile=9, **options) for image in images]
    assert made.shape == np.shape(alone)
    assert levels(made, np.stack(alone)) <= 1


@pytest.mark.neutral
def test_small_images_go_into_a_window_together(twice, monkeypatch):
    reach, sizes = twice.generator.reach, []
    apply = twice._upscale_colors

    def spy(windows, *args):
        windows = list(windows)
        sizes.extend(len(window) for window in windows)
        return apply(windows, *args)

    monkeypatch.setattr(twice, "_upscale_colors", spy)
    side = 8 + 2 * reach
    twice.upscale(picture(7, side // 2, side // 2, 3), tile=8)
    assert sizes == [4, 3]
    sizes.clear()
    twice.upscale(picture(2, side, side, 3), tile=8)
    assert sizes == [1, 1]


@pytest.mark.parametrize("colors", [1, 3])
def test_a_grey_network_on_several_images(colors):
    model = make(2, channels=1)
    images = picture(3, 6, 5, colors)
    made = model.upscale(images)
    for i in range(3):
        for j in range(colors):
            alone = model.upscale(images[i, ..., j])
            assert levels(made[i, ..., j], alone) <= 1


@pytest.mark.neutral
@pytest.mark.parametrize("wrap", [False, True])
def test_tiles_begin_where_blocks_of_pixels_do(wrap):
    keras.utils.set_random_seed(0)
    x = keras.Input((None, None, 3))
    y = keras.layers.Conv2D(48, 3, padding="same")(PixelUnshuffle(4)(x))
    network = keras.Model(x, Cropped(1)([PixelShuffle(4)(y), x]))
    # Not one of blocks: what lies in the next one is seven pixels away.
    network.scale, network.reach, network.divisor = 1, 7, 4
    model = keras_gans.SRResNet(network)
    image = picture(37, 46, 3)
    if wrap:  # What wraps around does it in blocks.
        image = image[:36, :44]
    whole = model.upscale(image, tile=1000, wrap=wrap)
    assert whole.shape == image.shape and np.ptp(whole) > 20
    made = model.upscale(image, tile=9, wrap=wrap)
    assert levels(made, whole) <= 1
    network.divisor = 1
    assert levels(model.upscale(image, tile=9, wrap=wrap), whole) > 1
    assert RRDBNetGenerator(1, 3, 1, 2, 2).divisor == 4
