import keras
import numpy as np
import pytest
from cases import LATENT_DIM, Case, adam, fit, tiny_dcgan

import keras_gans
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator

CASE = Case(keras_gans.DCGAN, tiny_dcgan)


@pytest.mark.slow
@pytest.mark.parametrize("image_shape", [(8, 16, 3), (16, 8, 5)])
def test_trains_any_channels_and_rectangles(image_shape):
    model = tiny_dcgan(image_shape=image_shape)
    model.compile(adam(), adam())
    x = np.random.default_rng(0).uniform(-1, 1, (8, *image_shape))
    history = fit(model, x.astype("float32"))
    assert np.isfinite(list(history.values())).all()
    images = model.generate(3)
    assert images.shape == (3, *image_shape) and images.dtype == "uint8"


@pytest.mark.neutral
def test_papers_optimizers():
    for optimizer in tiny_dcgan().default_optimizers():
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert optimizer.beta_1 == 0.5
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)


@pytest.mark.neutral
def test_config_is_short():
    generator = DCGANGenerator((8, 8, 1), LATENT_DIM, 4, name="g")
    assert generator.get_config() == {
        "image_shape": [8, 8, 1],
        "latent_dim": LATENT_DIM,
        "filters": 4,
        "crop": 0,
        "name": "g",
    }
    discriminator = DCGANDiscriminator((8, 8, 1), 4, name="d")
    assert discriminator.get_config() == {
        "image_shape": [8, 8, 1],
        "filters": 4,
        "normalization": "batch",
        "name": "d",
    }
    for network in (generator, discriminator):
        again = type(network).from_config(network.get_config())
        assert again.count_params() == network.count_params()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image_shape": (30, 30, 1)}, "image_shape.*that work: .*28, 28"),
        ({"image_shape": (28, 28)}, "image_shape"),
        ({"filters": 0}, "filters must.*Received: filters=0"),
        ({"latent_dim": 0}, "latent_dim must.*Received: latent_dim=0"),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        keras_gans.DCGAN(**arguments)
