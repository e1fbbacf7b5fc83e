import keras
import numpy as np
import pytest
from cases import adam, fit, tiny_dcgan, tiny_wgan, tiny_wgan_gp
from keras import ops

import keras_gans
from keras_gans.augmentation import ADA, DiffAugment, _mirrored, _warp

# ---- draws that are known -------------------------------------------------


def fixed(*numbers):
    """A `draw` that gives each number in turn to all images."""
    left = list(numbers)

    def draw(distribution, shape, minval=0.0, maxval=1.0, dtype=None):
        return ops.full(shape, left.pop(0), dtype="float32")

    draw.left = left
    return draw


def augmented(augmentation, images, draw):
    x = augmentation.augment(ops.convert_to_tensor(images), draw)
    return ops.convert_to_numpy(x)


def picture(height=8, width=8, channels=3):
    rng = np.random.default_rng(0)
    shape = (2, height, width, channels)
    return rng.uniform(-1, 1, shape).astype("float32")


# ---- DiffAugment ----------------------------------------------------------


def test_color():
    x = picture()
    draw = fixed(0.25, 1.5, 0.5)
    made = augmented(DiffAugment("color"), x, draw)
    expected = x + 0.25
    grey = expected.mean(axis=-1, keepdims=True)
    expected = grey + 1.5 * (expected - grey)
    mean = expected.mean(axis=(1, 2, 3), keepdims=True)
    expected = mean + 0.5 * (expected - mean)
    np.testing.assert_allclose(made, expected, atol=1e-5)
    assert draw.left == []
    # Not clipped: gradients flow beyond the range.
    bright = np.full((1, 4, 4, 1), 0.9, "float32")
    made = augmented(DiffAugment("color"), bright, fixed(0.5, 1.0, 1.0))
    np.testing.assert_allclose(made, 1.4, atol=1e-6)


@pytest.mark.parametrize("down, right", [(1, -1), (0, 1), (-1, 0)])
def test_translation(down, right):
    x = picture(8, 12)
    # A pixel comes from where the offset says: the image moves against it.
    made = augmented(DiffAugment("translation"), x, fixed(-down, -right))
    expected = np.zeros_like(x)
    for i in range(8):
        for j in range(12):
            if 0 <= i - down < 8 and 0 <= j - right < 12:
                expected[:, i, j] = x[:, i - down, j - right]
    np.testing.assert_array_equal(made, expected)


def test_cutout():
    x = np.ones((1, 8, 8, 2), "float32")
    made = augmented(DiffAugment("cutout"), x, fixed(3.0, 0.0))
    expected = x.copy()
    expected[:, 1:5, :2] = 0.0  # Half of the sides, cut off at the left.
    np.testing.assert_array_equal(made, expected)


def test_every_image_has_draws_of_its_own():
    model = tiny_dcgan(image_shape=(16, 16, 3), augment=DiffAugment(), seed=0)
    x = ops.convert_to_tensor(np.repeat(picture(16, 16)[:1], 4, axis=0))
    a, b = (ops.convert_to_numpy(model.augmented(x)) for _ in range(2))
    assert (a != b).any()
    assert (a[0] != a[1]).any() and a.shape == (4, 16, 16, 3)
    half = ops.cast(x, "float16")
    assert ops.dtype(model.augmented(half)) == "float16"


@pytest.mark.neutral
@pytest.mark.parametrize("policy", ["colour", "", "color,color", None])
def test_policies_that_are_not_known(policy):
    with pytest.raises(ValueError, match="policy must be.*Received"):
        DiffAugment(policy)


@pytest.mark.slow
@pytest.mark.neutral
def test_augment_is_refused_where_it_would_do_nothing():
    with pytest.raises(ValueError, match="Pix2Pix|augment"):
        keras_gans.Pix2Pix(image_shape=(8, 8, 1), augment=DiffAugment())
    # The sign of a score that has no zero says nothing.
    for make in (tiny_wgan, tiny_wgan_gp):
        with pytest.raises(ValueError, match="DiffAugment.*Received"):
            make(augment=ADA())
    with pytest.raises(ValueError, match="augment.*Received: augment='color'"):
        tiny_dcgan(augment="color")
    with pytest.raises(ValueError, match="augment is for examples.*Received"):
        keras_gans.GAN(example_shape=(2,), augment=DiffAugment())


# ---- ADA ------------------------------------------------------------------


def test_nothing_changes_at_probability_zero():
    model = tiny_dcgan(image_shape=(8, 8, 3), augment=ADA(), seed=0)
    x = picture()
    made = ops.convert_to_numpy(model.augmented(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(made, x, atol=1e-5)


def blit(x, mirror, turns, right, down):
    """ADA's b with p = 1: each number, and then the luck of its use."""
    ada = ADA("b", initial_probability=1.0)
    numbers = (mirror, turns, right / x.shape[2], down / x.shape[1])
    draws = [n for number in numbers for n in (number, 0.0)]
    return augmented(ada, x, fixed(*draws))


def test_mirroring_turns_and_translation():
    x = picture(8, 8)
    np.testing.assert_allclose(blit(x, 0, 0, 0, 0), x, atol=1e-6)
    np.testing.assert_allclose(blit(x, 1, 0, 0, 0), x[:, :, ::-1], atol=1e-6)
    turned = blit(x, 0, 1, 0, 0)
    assert any(
        np.allclose(turned, np.rot90(x, k, axes=(1, 2)), atol=1e-5)
        for k in (1, 3)
    )
    moved = blit(x, 0, 0, 1, 0)
    np.testing.assert_allclose(moved[:, :, :-1], x[:, :, 1:], atol=1e-5)
    np.testing.assert_allclose(moved[:, :, -1], x[:, :, -2], atol=1e-5)


def test_warp_is_bilinear_and_mirrors_at_the_border():
    x = np.arange(4, dtype="float32").reshape(1, 1, 4, 1)
    half = np.eye(3, dtype="float32")[None].copy()
    half[:, 0, 2] = 0.5
    made = ops.convert_to_numpy(_warp(ops.convert_to_tensor(x), half))
    np.testing.assert_allclose(made.ravel(), [0.5, 1.5, 2.5, 2.5], atol=1e-5)
    place = ops.convert_to_tensor(np.array([-1.0, 3.0, 4.0, 6.5], "float32"))
    made = ops.convert_to_numpy(_mirrored(place, 4))
    np.testing.assert_allclose(made, [1.0, 3.0, 2.0, 0.5])


def recolored(x, *numbers):
    draws = [n for number in numbers for n in (number, 0.0)]
    return augmented(ADA("c", initial_probability=1.0), x, fixed(*draws))


def test_colors():
    x = picture()
    # Brightness, contrast, luma flip, hue, saturation.
    np.testing.assert_allclose(recolored(x, 0, 0, 0, 0, 0), x, atol=1e-5)
    np.testing.assert_allclose(
        recolored(x, 1, 2, 0, 0, 0), 2.0 * (x + 0.2), atol=1e-5
    )
    grey = x.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(
        recolored(x, 0, 0, 1, 0, 0), x - 2 * grey, atol=1e-5
    )
    np.testing.assert_allclose(
        recolored(x, 0, 0, 0, 0, 1), grey + 2 * (x - grey), atol=1e-5
    )
    # A third of the circle of hues: channels change places.
    turned = recolored(x, 0, 0, 0, 2 * np.pi / 3, 0)
    assert any(
        np.allclose(turned, np.roll(x, k, axis=-1), atol=1e-5) for k in (1, 2)
    )
    single = x[..., :1]
    np.testing.assert_allclose(recolored(single, 0, 0, 1), -single, atol=1e-5)


def test_probability_follows_the_signs():
    ada = ADA(speed=800, interval=2, target=0.6)

    def observe(*logits):
        ada.observe(ops.convert_to_tensor(np.array(logits, "float32")))
        return float(ops.convert_to_numpy(ada.probability))

    sure, unsure = (1.0, 3.0, 0.5, 2.0), (1.0, -3.0, 0.5, -2.0)
    assert observe(*sure) == 0.0  # Two steps make a look.
    # Four images a step, two steps, of 800: 1%.
    assert observe(*sure) == pytest.approx(0.01)
    observe(*sure)
    assert observe(*sure) == pytest.approx(0.02)
    observe(*unsure)
    assert observe(*sure) == pytest.approx(0.01)  # r = 0.5.
    observe(*unsure), observe(*unsure), observe(*unsure)
    assert observe(*unsure) == 0.0  # And not below.


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments",
    [
        {"pipe": "x"},
        {"pipe": ""},
        {"pipe": "bb"},
        {"target": 1.5},
        {"speed": 0},
        {"interval": 0},
        {"initial_probability": 2.0},
    ],
)
def test_ada_of_wrong_arguments(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} must be"):
        ADA(**arguments)


@pytest.mark.slow
def test_ada_trains_and_is_saved(tmp_path):
    model = tiny_dcgan(
        image_shape=(8, 8, 3), augment=ADA(speed=100, interval=1), seed=0
    )
    model.compile(adam(), adam())
    x = picture(8, 8)
    x = np.repeat(x, 8, axis=0)
    assert np.isfinite(list(fit(model, x).values())).all()
    probability = float(ops.convert_to_numpy(model.augment.probability))
    model.augment.probability.assign(0.375 + probability / 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.augment.get_config() == model.augment.get_config()
    assert float(ops.convert_to_numpy(loaded.augment.probability)) == (
        float(ops.convert_to_numpy(model.augment.probability))
    )
    model.save_to_preset(tmp_path / "preset")
    again = keras_gans.from_preset(tmp_path / "preset")
    assert again.augment.pipe == "bgc" and again.augment.speed == 100


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_wgan, tiny_wgan_gp])
def test_wasserstein_models_show_augmented_images(make):
    seen = []

    class Spy(DiffAugment):
        def augment(self, images, draw):
            seen.append(tuple(images.shape))
            return super().augment(images, draw)

    model = make(augment=Spy("translation"), discriminator_steps=1)
    model.compile(adam(), adam(), run_eagerly=keras.backend.backend() != "jax")
    history = fit(model, np.zeros((8, 8, 8, 1), "float32"))
    assert np.isfinite(list(history.values())).all()
    # Real and generated ones, and those of the generator's step.
    assert len(seen) == 3
