"""Presets for images of another shape, and for other classes."""

import warnings

import keras
import numpy as np
import pytest
from cases import tiny_conditional_gan, tiny_cyclegan, tiny_gan
from keras import layers

import keras_gans
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator
from keras_gans.models.r3gan import R3GANDiscriminator, R3GANGenerator

# Of what weights do, `test_transfer.py` knows more, on every backend.
pytestmark = pytest.mark.neutral


@pytest.fixture
def stored(tmp_path):
    """Function of a model, which is saved; what loads it."""

    def save(model, **kwargs):
        model.save_to_preset(tmp_path / "preset", **kwargs)

        def load(**more):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                loaded = type(model).from_preset(tmp_path / "preset", **more)
            said = [str(w.message) for w in caught if w.category is UserWarning]
            return loaded, " ".join(said)

        return load

    return save


def cropped():
    return keras_gans.DCGAN(
        DCGANGenerator((12, 12, 1), latent_dim=4, filters=6, crop=2),
        DCGANDiscriminator((12, 12, 1), filters=5),
        latent_dim=4,
        label_smoothing=0.1,
        ema_momentum=0.9,
    )


@pytest.mark.slow
def test_widths_stay_and_what_does_not_suit_is_said(stored):
    load = stored(cropped())
    gan, said = load(image_shape=(32, 32, 3))
    assert gan.example_shape == (32, 32, 3)
    assert gan.label_smoothing == 0.1 and gan.ema_momentum == 0.9
    config = gan.generator.get_config()
    assert (config["filters"], config["crop"]) == (6, 0)
    assert gan.discriminator.get_config()["filters"] == 5
    assert "generator: crop=2 became 0, for images of shape (32, 32, 3)" in said
    assert "layers go on from the weights; anew start dense, " in said
    assert gan.generate(1, seed=0).shape == (1, 32, 32, 3)


@pytest.mark.slow
def test_without_weights_nothing_is_said_of_them(stored):
    load = stored(cropped(), weights=False)
    gan, said = load(image_shape=(12, 12, 3), load_weights=False)
    assert gan.example_shape == (12, 12, 3)
    assert gan.generator.get_config()["crop"] == 2 and said == ""


@pytest.mark.slow
def test_other_classes(stored):
    load = stored(tiny_conditional_gan(), raw_weights=False)
    gan, said = load(num_classes=5)
    assert gan.num_classes == gan.generator.num_classes == 5
    assert gan.discriminator.num_classes == 5
    assert said.count("anew start embedding.") == 2
    gan.generate(5, labels=4, seed=0)
    # All other arguments can be given beside it.
    gan, _ = load(num_classes=2, ema_momentum=0.5)
    assert gan.ema_momentum == 0.5


@pytest.mark.slow
def test_widths_of_each_resolution(stored):
    widths = {"filters": (8, 6, 4), "expansion": 1}
    gan = keras_gans.R3GAN(
        R3GANGenerator((16, 16, 1), 4, **widths),
        R3GANDiscriminator((16, 16, 1), **widths),
        latent_dim=4,
    )
    load = stored(gan)
    smaller, said = load(image_shape=(8, 8, 1))
    assert smaller.generator.get_config()["filters"] == [6, 4]
    assert "filters=[8, 6, 4] became [6, 4]" in said
    larger, _ = load(image_shape=(32, 32, 1))
    assert larger.generator.get_config()["filters"] == [8, 8, 6, 4]
    # What is nearest to the image is the preset's.
    np.testing.assert_array_equal(
        larger.generator.get_weights()[-1], gan.generator.get_weights()[-1]
    )


@pytest.mark.slow
def test_networks_of_any_size_keep_all(stored):
    gan = tiny_cyclegan(image_shape=(16, 16, 1))
    load = stored(gan)
    larger, said = load(image_shape=(32, 32, 1))
    assert larger.image_shape == (32, 32, 1) and said == ""
    for name in ("generator_ab", "discriminator_b"):
        own, new = (getattr(m, name).get_weights() for m in (gan, larger))
        for a, b in zip(own, new, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_networks_of_which_nobody_knows_the_shape_stay(stored):
    """They must fit by themselves."""
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))]
    )
    gan = keras_gans.DCGAN(
        generator, image_shape=(8, 8, 1), latent_dim=4, filters=4
    )
    load = stored(gan)
    same, _ = load(image_shape=(8, 8, 1))
    assert same.example_shape == (8, 8, 1)
    with pytest.raises(ValueError, match="discriminator must take what"):
        load(image_shape=(16, 16, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "make, arguments, words",
    [
        (cropped, {"num_classes": 3}, "networks of a DCGAN take no labels"),
        (cropped, {"image_shape": (33, 33, 3)}, r"nearest .* \(32, 32\)"),
        (
            lambda: tiny_gan((2,)),
            {"image_shape": (8, 8, 1)},
            "image_shape must be None for a model of points",
        ),
        (cropped, {"image_shape": (16, 16, 1), "x": 1}, "x"),
    ],
)
def test_what_cannot_be(make, arguments, words, stored):
    load = stored(make())
    with pytest.raises(ValueError, match=words):
        load(**arguments)


def test_what_a_config_may_leave_out_is_an_argument(stored):
    load = stored(tiny_gan())
    assert load()[0].augment is None
    augment = keras_gans.augmentation.DiffAugment("translation")
    made, said = load(augment=augment, packing=1)
    assert made.augment is augment and not said
    # Of its own networks' arguments it takes none: they are there.
    with pytest.raises(ValueError, match=r"augment.*Received: filters=2"):
        load(filters=2)
