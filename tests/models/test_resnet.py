import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.layers import global_pooling
from keras_gans.models.resnet import ResNetDiscriminator, ResNetGenerator

pytestmark = pytest.mark.neutral


def test_the_papers_sizes():
    # By hand for WGAN-GP's generator of 128 filters: a dense layer, three
    # blocks of two 3x3 convolutions, a 1x1 shortcut and two batch
    # normalizations (2 trainable values a channel), and the end.
    dense = (128 + 1) * 4 * 4 * 128
    conv3, conv1, norm = 9 * 128 * 128 + 128, 128 * 128 + 128, 4 * 128
    end = norm + 9 * 128 * 3 + 3
    expected = dense + 3 * (2 * conv3 + conv1 + 2 * norm) + end
    assert ResNetGenerator().count_params() == expected
    # First block: 3 channels in; one block that halves, two that do not.
    first = (9 * 3 * 128 + 128) + conv3 + (3 * 128 + 128)
    expected = first + (2 * conv3 + conv1) + 2 * 2 * conv3 + 128 + 1
    assert ResNetDiscriminator().count_params() == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape", [(32, 32, 3), (28, 28, 1), (64, 64, 3), (16, 32, 1), (8, 8, 1)]
)
def test_shapes(shape):
    generator = ResNetGenerator(shape, latent_dim=4, filters=4)
    assert generator.output_shape == (None, *shape)
    discriminator = ResNetDiscriminator(shape, filters=4)
    assert discriminator.output_shape == (None, 1)
    images = generator(np.random.default_rng(0).normal(size=(2, 4)))
    images = keras.ops.convert_to_numpy(images)
    assert np.abs(images).max() <= 1 and images.std() > 0


def test_the_discriminator_ends_at_8x8():
    for shape in ((32, 32, 3), (64, 64, 3)):
        network = ResNetDiscriminator(shape, filters=4)
        pool = [
            layer
            for layer in network.layers
            if isinstance(layer, layers.GlobalAveragePooling2D)
        ]
        assert pool[0].input.shape[1:3] == (8, 8)


def test_layer_normalization_is_of_the_whole_example():
    network = ResNetDiscriminator((8, 8, 1), 4, normalization="layer")
    norms = [
        layer
        for layer in network.layers
        if isinstance(layer, layers.GroupNormalization)
    ]
    x = np.random.default_rng(0).normal(2, 3, norms[0].input.shape[1:])
    y = keras.ops.convert_to_numpy(norms[0](x[None].astype("float32")))
    expected = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    np.testing.assert_allclose(y[0], expected, rtol=1e-3, atol=1e-3)


def test_spectral_normalization_sums_over_positions():
    x = keras.Input((4, 2, 3))
    ones = np.ones((1, 4, 2, 3))
    for spectral, expected in ((False, 1), (True, 8)):
        y = keras.Model(x, global_pooling(x, spectral))(ones)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected)


def kinds(network):
    return {type(layer).__name__ for layer in network._flatten_layers()}


@pytest.mark.slow
def test_normalizations():
    plain = kinds(ResNetDiscriminator(filters=4))
    layer = kinds(ResNetDiscriminator(filters=4, normalization="layer"))
    spectral = ResNetDiscriminator(filters=4, normalization="spectral")
    assert layer - plain == {"GroupNormalization"}
    # A scale and an offset per channel, in three blocks, twice.
    difference = (
        ResNetDiscriminator(filters=4, normalization="layer").count_params()
        - ResNetDiscriminator(filters=4).count_params()
    )
    assert difference == 3 * 2 * 2 * 4
    assert kinds(spectral) - plain == {"SpectralNormalization", "Rescaling"}
    # Every kernel is normalized: as many estimates as kernels.
    paths = [v.path for v in spectral.weights]
    kernels = sum(p.endswith("kernel") for p in paths)
    assert kernels == sum(p.endswith("vector_u") for p in paths) == 11
    with pytest.raises(ValueError, match="Received: normalization='batch'"):
        ResNetDiscriminator(normalization="batch")
