"""Real-ESRGAN: its U-Net, its losses by hand, and its average."""

import keras
import numpy as np
import pytest
from cases import Case, adam, fit, tiny_real_esrgan
from keras import ops

import keras_gans
from keras_gans.layers import SpectralNormalization
from keras_gans.models.real_esrgan import BilinearDoubling, UNetDiscriminator
from keras_gans.models.rrdbnet import RRDBNetGenerator

CASE = Case(
    keras_gans.RealESRGAN,
    tiny_real_esrgan,
    logs=("d_loss", "g_loss", "content_loss", "l1_loss"),
    turns=("generator", "discriminator"),
    unseen=4,  # The content network's.
    rounds=True,
    drift=1e-3,
)


def to_numpy(x):
    return ops.convert_to_numpy(x)


def pairs(n=4, size=16):
    rng = np.random.default_rng(0)
    high = rng.uniform(-1, 1, (n, size, size, 1)).astype("float32")
    return high[:, ::2, ::2], high


# ---- networks -------------------------------------------------------------


def test_doubling_is_bilinear():
    # Between two pixels lie one and three quarters of the way.
    line = np.float32([0, 4, 8])[None, :, None, None]
    made = to_numpy(BilinearDoubling()(line))
    assert made.shape == (1, 6, 2, 1)
    np.testing.assert_allclose(made[0, :, 0, 0], [0, 1, 3, 5, 7, 8])
    np.testing.assert_allclose(made[..., 0, :], made[..., 1, :])
    x = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).astype("float32")
    plain = keras.layers.UpSampling2D(2, interpolation="bilinear")
    np.testing.assert_allclose(
        to_numpy(BilinearDoubling()(x)), to_numpy(plain(x)), atol=1e-5
    )
    size = BilinearDoubling().compute_output_shape((None, 5, None, 4))
    assert size == (None, 10, None, 4)


@pytest.mark.slow
@pytest.mark.neutral
def test_the_discriminator_is_the_papers():
    network = UNetDiscriminator()
    # As counted from the authors' layers: 4,376,897 weights.
    trained = sum(np.prod(v.shape) for v in network.trainable_variables)
    assert trained == (
        (27 * 64 + 64)
        + 16 * (64 * 128 + 128 * 256 + 256 * 512)
        + 9 * (512 * 256 + 256 * 128 + 128 * 64 + 2 * 64 * 64)
        + (9 * 64 + 1)
    )
    assert trained == 4_376_897
    kinds = [
        layer
        for layer in network.layers
        if isinstance(layer, SpectralNormalization)
    ]
    assert len(kinds) == 8
    small = UNetDiscriminator(1, 2)
    for size in ((16, 16), (24, 40)):
        assert small(ops.zeros((2, *size, 1))).shape == (2, *size, 1)


@pytest.mark.neutral
def test_the_discriminator_judges_places():
    """What depends most on a pixel is a logit nearby, and not any."""
    keras.utils.set_random_seed(0)
    network = UNetDiscriminator(1, 4)
    x = np.zeros((1, 64, 64, 1), "float32")
    start = to_numpy(network(x))
    x[0, 20, 40] = 1.0
    change = np.abs(to_numpy(network(x)) - start)[0, ..., 0]
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert abs(row - 20) <= 8 and abs(column - 40) <= 8


# ---- the losses -----------------------------------------------------------


@pytest.mark.slow
def test_the_losses_by_hand():
    model = tiny_real_esrgan(adversarial_weight=0.1, seed=0)
    model.compile(adam(1e-12), adam(1e-12))
    low, high = pairs()
    logs = model.test_on_batch(low, high, return_dict=True)
    fake = to_numpy(model.generator(low, training=False))
    both = zip(model.content_network(high), model.content_network(fake))
    first, second = (np.abs(to_numpy(a) - to_numpy(b)).mean() for a, b in both)
    l1_loss = np.abs(high - fake).mean() / 2
    real, made = (
        to_numpy(model.discriminator(x, training=False)) for x in (high, fake)
    )
    assert real.shape == high.shape
    content_loss = 0.5 * first + second
    assert logs["content_loss"] == pytest.approx(content_loss, rel=1e-4)
    assert logs["l1_loss"] == pytest.approx(l1_loss, rel=1e-4)
    assert logs["g_loss"] == pytest.approx(
        l1_loss + content_loss + 0.1 * np.log1p(np.exp(-made)).mean(), rel=1e-4
    )
    assert logs["d_loss"] == pytest.approx(
        np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(made)).mean(), rel=1e-4
    )


@pytest.mark.slow
@pytest.mark.neutral
def test_the_papers_settings():
    model = keras_gans.RealESRGAN(
        RRDBNetGenerator(num_blocks=1, filters=2, growth=2),
        image_shape=(32, 32, 3),
        discriminator_filters=2,
    )
    assert list(model.paper_layers.values()) == [0.1, 0.1, 1.0, 1.0, 1.0]
    weights = model.l1_weight, model.content_weight, model.adversarial_weight
    assert weights == (1.0, 1.0, 0.1)
    assert model.ema_momentum == 0.999
    for optimizer in model.default_optimizers():
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.9, 0.99)


@pytest.mark.slow
@pytest.mark.neutral
def test_what_is_used_is_the_average():
    keras.utils.set_random_seed(0)
    model = tiny_real_esrgan(ema_momentum=0.5)
    model.compile(adam(1e-2), adam(1e-2))
    assert model.scale == 2 and model.inference_network.reach > 0
    before = [to_numpy(w).copy() for w in model.generator.weights]
    fit(model, *pairs(8))  # One step: the average has warmed up to 2 / 11.
    pairs_of = zip(before, model.generator.weights, model.ema_generator.weights)
    for start, raw, mean in pairs_of:
        expected = to_numpy(raw) + 2 / 11 * (start - to_numpy(raw))
        np.testing.assert_allclose(to_numpy(mean), expected, atol=1e-6)
    low = pairs()[0]
    np.testing.assert_array_equal(
        to_numpy(model(low)), to_numpy(model.ema_generator(low))
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: tiny_real_esrgan(l1_weight=-1), "l1_weight"),
        (lambda: UNetDiscriminator(filters=0), "filters must be"),
        (
            lambda: tiny_real_esrgan(
                discriminator=None, image_shape=(18, 18, 1)
            ),
            "multiples of 8",
        ),
    ],
)
def test_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()
