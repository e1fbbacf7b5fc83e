"""What an example is, is declared: a field of floats is no image."""

import keras
import numpy as np
import pytest
from cases import LATENT_DIM, adam, fit
from keras import layers

import keras_gans
from keras_gans import example_kinds
from keras_gans.models.dcgan import DCGANGenerator
from keras_gans.models.gan import GANDiscriminator, GANGenerator

FIELD = (4, 4, 2)


def winds(n=16):
    """Standardised fields, far beyond [-1, 1]."""
    rng = np.random.default_rng(0)
    return (3 * rng.normal(size=(n, *FIELD))).astype("float32")


def small(example_kind=None, **kwargs):
    model = keras_gans.GAN(
        GANGenerator(FIELD, LATENT_DIM, units=(8,), example_kind=example_kind),
        GANDiscriminator(FIELD, units=(8,)),
        latent_dim=LATENT_DIM,
        **kwargs,
    )
    model.compile(adam(), adam())
    return model


@pytest.mark.slow
def test_a_field_trains_generates_and_saves_as_floats(tmp_path):
    model = small("field")
    assert model.example_kind == "field"
    assert np.isfinite(fit(model, winds())["d_loss"]).all()
    samples = model.generate(5, seed=0)
    assert samples.dtype == "float32" and samples.shape == (5, *FIELD)
    latents = np.random.default_rng(0).standard_normal((8, LATENT_DIM))
    made = model.predict_on_batch(latents.astype("float32"))
    np.testing.assert_allclose(samples, made[:5], rtol=1e-5, atol=1e-6)
    model.save_to_preset(tmp_path / "preset")
    model.save(tmp_path / "model.keras")
    for loaded in (
        keras_gans.GAN.from_preset(tmp_path / "preset"),
        keras.saving.load_model(tmp_path / "model.keras"),
    ):
        assert loaded.example_kind == "field"
        np.testing.assert_array_equal(loaded.generate(5, seed=0), samples)


def test_the_same_shape_is_an_image_where_nothing_is_said():
    model = small()
    assert model.example_kind == "image"
    assert model.generate(2, seed=0).dtype == "uint8"
    with pytest.raises(ValueError, match=r"images in \[-1, 1\]"):
        fit(model, winds())


def test_a_field_may_hold_anything_but_nan():
    x = winds()
    x[3, 1, 2, 0] = np.nan
    with pytest.raises(ValueError, match="x must be finite"):
        fit(small("field"), x)


def test_networks_of_ones_own_and_their_model_says_it():
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(32),
            layers.Reshape(FIELD),
        ]
    )
    model = keras_gans.WGANGP(
        generator,
        GANDiscriminator(FIELD, units=(8,)),
        latent_dim=LATENT_DIM,
        example_kind="field",
    )
    assert model.generate(2).dtype == "float32"
    again = keras_gans.WGANGP.from_config(model.get_config())
    assert again.example_kind == "field"


def test_default_networks_follow_the_declaration():
    model = keras_gans.GAN(example_shape=FIELD, example_kind="field")
    last = model.generator.layers[-2]
    assert last.activation is keras.activations.linear
    image = keras_gans.GAN(example_shape=FIELD)
    assert image.generator.layers[-2].activation is keras.activations.tanh


def test_the_networks_word_counts():
    with pytest.raises(ValueError, match="the generator's, image.*'field'"):
        keras_gans.DCGAN(
            DCGANGenerator((8, 8, 1), LATENT_DIM, 4),
            GANDiscriminator((8, 8, 1), units=(8,)),
            latent_dim=LATENT_DIM,
            example_kind="field",
        )
    with pytest.raises(ValueError, match="one of image, points.*'picture'"):
        GANGenerator(FIELD, example_kind="picture")


@pytest.mark.parametrize(
    "shape, kind",
    [((2,), "points"), ((6, 1), "sequence"), ((8, 8, 3), "image")],
)
def test_undeclared_shapes_are_read_as_they_were(shape, kind):
    assert example_kinds.resolve(shape) == kind
    assert example_kinds.resolve(shape, None, "field") == "field"
