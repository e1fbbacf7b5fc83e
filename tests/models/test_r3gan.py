import keras
import numpy as np
import pytest
from cases import LATENT_DIM, Case, tiny_r3gan

import keras_gans
from keras_gans.models.r3gan import R3GANDiscriminator, R3GANGenerator

# The first layer of a block whose last one starts at zero still moves in the
# second step; the last bias cancels in pairs: there is none.
CASE = Case(keras_gans.R3GAN, tiny_r3gan)


@pytest.mark.neutral
def test_a_block_starts_as_the_identity():
    # Nothing but convolutions of 1x1 and means is left: constant images in,
    # constant features out.
    network = R3GANDiscriminator((8, 8, 1), filters=4, num_blocks=2)
    x = np.ones((1, 8, 8, 1), "float32")
    deep = keras.Model(
        network.input, network.layers[-3].input
    )  # Before the depthwise kernel.
    features = keras.ops.convert_to_numpy(deep(x))
    assert features.shape == (1, 4, 4, 4)
    np.testing.assert_allclose(
        features, features[:, :1, :1] * np.ones((1, 4, 4, 1)), rtol=1e-5
    )


@pytest.mark.neutral
@pytest.mark.parametrize("group_size, kind", [(1, "Depth"), (None, "Conv2D")])
def test_groups(group_size, kind):
    network = R3GANGenerator((8, 8, 1), 4, filters=8, group_size=group_size)
    middle = [
        layer
        for layer in network.layers
        if getattr(layer, "kernel_size", None) == (3, 3)
    ]
    assert middle and all(type(x).__name__.startswith(kind) for x in middle)
    grouped = R3GANGenerator((8, 8, 1), 4, filters=8, group_size=4)
    groups = {
        layer.groups
        for layer in grouped.layers
        if getattr(layer, "kernel_size", None) == (3, 3)
    }
    assert groups == {4}  # Sixteen channels inside, four each.


@pytest.mark.slow
@pytest.mark.neutral
def test_signals_keep_their_size_at_the_start():
    generator = R3GANGenerator((32, 32, 3), filters=32)
    z = np.random.default_rng(0).normal(size=(64, 64)).astype("float32")
    images = keras.ops.convert_to_numpy(generator(z))
    assert 0.3 < images.std() < 2.0
    logits = keras.ops.convert_to_numpy(R3GANDiscriminator(filters=32)(images))
    assert 0.1 < logits.std() < 3.0


@pytest.mark.neutral
def test_widths_are_one_for_each_resolution():
    for network in (R3GANGenerator, R3GANDiscriminator):
        with pytest.raises(ValueError, match="filters must be 2.*Received"):
            network((8, 8, 1), filters=(4, 4, 4))


@pytest.mark.neutral
def test_the_defaults_are_the_papers():
    model = tiny_r3gan()
    assert model.is_relativistic and LATENT_DIM == model.latent_dim
    assert model.r1_weight == model.r2_weight > 0
    for optimizer in model.default_optimizers():
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.99)
