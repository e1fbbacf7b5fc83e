"""Images that are translated and enlarged tile by tile."""

import keras
import numpy as np
import pytest
from cases import tiny_cyclegan, tiny_pix2pix
from keras import layers

import keras_gans
from keras_gans.layers.normalization import keep_statistics
from keras_gans.models import tiling, translation
from keras_gans.models.cyclegan import CycleGANGenerator


def picture(height, width, channels=1, seed=0):
    """Differs from corner to corner, as a photograph does."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    light = 100 * (y / height) + 60 * (x / width)
    noise = rng.uniform(0, 90, (height, width, channels))
    return (light[..., None] + noise).astype("uint8")


def levels(a, b):
    return np.abs(a.astype(int) - b).max()


@pytest.fixture(autouse=True)
def few_pixels(monkeypatch):
    monkeypatch.setattr(translation, "SAMPLE", 32 * 32)
    monkeypatch.setattr(translation, "SAMPLE_SIDE", 16)


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(0)
    return tiny_cyclegan(num_residual_blocks=1)


# ---- the seams ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "normalization",
    ["instance", pytest.param("batch", marks=pytest.mark.neutral)],
)
def test_tiles_have_no_seams(normalization):
    generators = [
        CycleGANGenerator((8, 8, 1), 1, 4, 1, normalization) for _ in range(2)
    ]
    gan = tiny_cyclegan(generator_ab=generators[0], generator_ba=generators[1])
    image = picture(70, 81)
    whole = gan.translate(image, tile=1000)  # One tile, the same statistics.
    made = gan.translate(image, tile=17)
    assert made.shape == image.shape and made.dtype == np.uint8
    assert levels(made, whole) <= 1
    assert np.ptp(whole) > 20


@pytest.mark.slow
def test_the_reach_is_far_enough_and_not_much_farther(gan):
    network = gan.generator_ab
    twin, kept = keep_statistics(network)
    x = np.zeros((1, 96, 96, 1), "float32")
    before = keras.ops.convert_to_numpy(twin(x))
    furthest = 0
    for position in range(44, 52):
        y = x.copy()
        y[0, position, 48] = 1.0
        moved = keras.ops.convert_to_numpy(twin(y)) != before
        rows = np.nonzero(moved.any(axis=(0, 2, 3)))[0]
        furthest = max(furthest, *np.abs(rows - position))
    assert network.reach - 6 <= furthest <= network.reach
    assert len(kept) == 7 and not any(layer.looks for layer in kept)


@pytest.mark.slow
@pytest.mark.neutral
def test_statistics_are_those_of_the_image(gan, monkeypatch):
    # One window of all of it: exactly what the whole image gives.
    image = picture(32, 32)
    monkeypatch.setattr(translation, "SAMPLE_SIDE", 32)
    whole = gan.translate(image)
    assert levels(gan.translate(image, tile=8), whole) <= 1
    # Each tile by its own would be another picture.
    own = gan.translate(image[:16, :16])
    assert levels(own, whole[:16, :16]) > 10


@pytest.mark.slow
@pytest.mark.neutral
def test_large_images_are_taken_in_tiles(gan, monkeypatch):
    monkeypatch.setattr(translation, "WHOLE", 30 * 30)
    monkeypatch.setattr(translation, "TILE", 12)
    images = np.stack([picture(40, 30, seed=seed) for seed in (0, 1)])
    asked = gan.translate(images, tile=12, direction="ba")
    np.testing.assert_array_equal(gan.translate(images, direction="ba"), asked)
    np.testing.assert_array_equal(
        gan.translate(images[1], direction="ba"), asked[1]
    )
    assert (gan.translate(images) != asked).any()  # The other network.
    small = images[:, :30, :30]
    whole = gan.translate(small)
    monkeypatch.setattr(translation, "WHOLE", 10**6)
    np.testing.assert_array_equal(gan.translate(small), whole)


@pytest.mark.slow
@pytest.mark.neutral
def test_tiles_follow_the_weights_and_leave_no_trace(gan, tmp_path):
    image = picture(40, 40)
    names = [w.path for w in gan.weights]
    first = gan.translate(image, tile=16)
    assert [w.path for w in gan.weights] == names
    gan.save(tmp_path / "a.keras")
    kernel = gan.generator_ab.trainable_variables[0]
    value = keras.ops.convert_to_numpy(kernel) + 0.0
    kernel.assign(value[::-1])
    assert (gan.translate(image, tile=16) != first).any()
    kernel.assign(value)
    np.testing.assert_array_equal(gan.translate(image, tile=16), first)
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert len(loaded.weights) == len(names)


# ---- what does not allow them ---------------------------------------------


@pytest.mark.neutral
def test_networks_that_see_all_of_an_image(monkeypatch):
    unet = tiny_pix2pix()
    image = picture(32, 32)
    with pytest.raises(ValueError, match="UNetGenerator.*all of an image.*16"):
        unet.translate(image, tile=16)
    monkeypatch.setattr(translation, "WHOLE", 200)
    whole = unet.translate(picture(16, 16))
    assert whole.shape == (16, 16, 1)
    with pytest.warns(UserWarning, match="pixels is translated whole"):
        unet.translate(image)


@pytest.mark.neutral
def test_own_networks_say_how_far_they_reach():
    def build(dropout=0.0, reach=1):
        x = keras.Input((None, None, 1))
        y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        y = keras_gans.layers.Dropout(dropout)(y)
        generator = keras.Model(x, layers.Conv2D(1, 1, activation="tanh")(y))
        if reach:
            generator.reach = reach
        return tiny_pix2pix(generator=generator, dropout_at_test=dropout > 0)

    image = picture(30, 41)
    gan = build()
    assert levels(gan.translate(image, tile=7), gan.translate(image)) <= 1
    with pytest.raises(ValueError, match="dropout would draw other masks"):
        build(dropout=0.5).translate(image, tile=7)
    with pytest.raises(ValueError, match="depends on all of an image"):
        build(reach=None).translate(image, tile=7)
    with pytest.raises(ValueError, match="tile must be an integer"):
        gan.translate(image, tile=0)


@pytest.mark.neutral
def test_sampled_windows_lie_all_over():
    y, x = np.mgrid[:50, :200]
    windows = tiling.sample_windows(np.stack([y, x], axis=-1), 10, 16)
    assert windows.shape == (16, 10, 10, 2)
    corners = {tuple(w[0, 0]) for w in windows}
    assert len(corners) == 16 and {(0, 0), (40, 190)} <= corners


# ---- the same masks for all -----------------------------------------------


def test_equal_frames_become_equal_frames():
    keras.utils.set_random_seed(0)
    gan = tiny_pix2pix(dropout_at_test=True, normalization="instance")
    frames = np.repeat(picture(16, 16)[None], 3, axis=0)
    made = gan.translate(frames, seed=0)
    for frame in made[1:]:
        np.testing.assert_array_equal(frame, made[0])
    np.testing.assert_array_equal(gan.translate(frames[0], seed=0), made[0])
    assert (gan.translate(frames, seed=1) != made).any()
    free = gan.translate(frames)  # Without a seed each draws its own.
    assert (free[1] != free[0]).any()
