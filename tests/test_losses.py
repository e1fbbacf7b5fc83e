import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses

REAL = [2.0, -1.0, 0.5, 3.0]
FAKE = [-2.0, 1.0, 0.0, -0.5]


def log_sigmoid(x):
    return -np.log1p(np.exp(-np.asarray(x)))


# By the papers' formulas, with D = sigmoid(logit).
LOG_D_REAL = log_sigmoid(REAL).mean()
LOG_D_FAKE = log_sigmoid(FAKE).mean()
LOG_1_D_FAKE = log_sigmoid(np.negative(FAKE)).mean()

GENERATOR = {
    "minimax": LOG_1_D_FAKE,
    "non_saturating": -LOG_D_FAKE,
    # (9 + 0 + 1 + 2.25) / 4 / 2
    "least_squares": 1.53125,
    "squared_error": 3.0625,
    # -(-2 + 1 + 0 - 0.5) / 4
    "hinge": 0.375,
    "wasserstein": 0.375,
}
DISCRIMINATOR = {
    "minimax": -LOG_D_REAL - LOG_1_D_FAKE,
    "non_saturating": -LOG_D_REAL - LOG_1_D_FAKE,
    # ((1 + 4 + 0.25 + 4) / 4 + (4 + 1 + 0 + 0.25) / 4) / 2
    "least_squares": 1.8125,
    "squared_error": 3.625,
    # (0 + 2 + 0.5 + 0) / 4 + (0 + 2 + 1 + 0.5) / 4
    "hinge": 1.5,
    # (-2 + 1 + 0 - 0.5) / 4 - (2 - 1 + 0.5 + 3) / 4
    "wasserstein": -1.5,
}
SHAPES = {"flat": (4, 1), "vector": (4,), "patch": (1, 2, 2, 1)}


def tensor(values, shape=(-1, 1)):
    return ops.reshape(ops.convert_to_tensor(values, "float32"), shape)


def loss(family, player):
    return getattr(losses, f"{family}_{player}_loss")


def number(x):
    assert ops.shape(x) == ()
    return float(ops.convert_to_numpy(x))


def slope(function, at):
    """The derivative at a logit, by central differences in float32."""
    h = 0.05
    high, low = (number(function(tensor([at + s * h]))) for s in (1, -1))
    return (high - low) / (2 * h)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("family", GENERATOR)
def test_values_by_hand(family, shape):
    real, fake = tensor(REAL, shape), tensor(FAKE, shape)
    value = number(loss(family, "generator")(fake))
    assert value == pytest.approx(GENERATOR[family], rel=1e-5)
    value = number(loss(family, "discriminator")(real, fake))
    assert value == pytest.approx(DISCRIMINATOR[family], rel=1e-5)


@pytest.mark.neutral
@pytest.mark.parametrize("family", GENERATOR)
def test_every_player_pulls_its_own_way(family):
    # The generator wants fake logits up; the discriminator real ones up and
    # fake ones down. At 0, where no family is flat.
    discriminator = loss(family, "discriminator")
    zero = tensor([0.0])
    assert slope(loss(family, "generator"), 0.0) < 0
    assert slope(lambda x: discriminator(x, zero), 0.0) < 0
    assert slope(lambda x: discriminator(zero, x), 0.0) >= 0
    assert slope(lambda x: discriminator(zero, x), 0.3) > 0


@pytest.mark.neutral
def test_minimax_vanishes_where_the_discriminator_wins():
    assert abs(slope(losses.minimax_generator_loss, -12.0)) < 1e-4
    assert slope(losses.non_saturating_generator_loss, -12.0) == (
        pytest.approx(-1.0, abs=1e-3)
    )


@pytest.mark.parametrize("at", [-1e4, 1e4])
@pytest.mark.parametrize("family", GENERATOR)
def test_finite_at_extreme_logits(family, at):
    x = tensor([at])
    assert np.isfinite(number(loss(family, "generator")(x)))
    assert np.isfinite(number(loss(family, "discriminator")(x, x)))


@pytest.mark.neutral
def test_label_smoothing_of_cross_entropy():
    s = 0.1
    target = (1 - s) * log_sigmoid(REAL) + s * log_sigmoid(np.negative(REAL))
    expected = -target.mean() - LOG_1_D_FAKE
    for family in ("minimax", "non_saturating"):
        value = number(
            loss(family, "discriminator")(tensor(REAL), tensor(FAKE), s)
        )
        assert value == pytest.approx(expected, rel=1e-5)
    # The best answer to a real example is no longer as sure as can be.
    best = np.log((1 - s) / s)
    smooth = losses.minimax_discriminator_loss
    fake = tensor([0.0])
    assert slope(lambda x: smooth(x, fake, s), best) == pytest.approx(
        0, abs=1e-3
    )


@pytest.mark.neutral
def test_label_smoothing_of_least_squares():
    value = number(
        losses.least_squares_discriminator_loss(tensor(REAL), tensor(FAKE), 0.5)
    )
    # (2.25 + 2.25 + 0 + 6.25) / 4 / 2 + (4 + 1 + 0 + 0.25) / 4 / 2
    assert value == pytest.approx(2.0)


@pytest.mark.neutral
@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("family", GENERATOR)
def test_serialise_by_name(family, player):
    function = loss(family, player)
    config = keras.saving.serialize_keras_object(function)
    assert keras.saving.deserialize_keras_object(config) is function
    assert config["registered_name"].startswith("keras_gans>") or (
        config["config"].startswith("keras_gans>")
    )


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_relativistic_average_by_hand(shape):
    real, fake = tensor(REAL, shape), tensor(FAKE, shape)
    # The means are 1.125 and -0.375.
    above = log_sigmoid(np.array(REAL) + 0.375)
    below = log_sigmoid(1.125 - np.array(FAKE))
    value = number(losses.relativistic_average_discriminator_loss(real, fake))
    assert value == pytest.approx(-above.mean() - below.mean(), rel=1e-5)
    # The generator's is the same with the sides changed.
    above = log_sigmoid(np.array(FAKE) - 1.125)
    below = log_sigmoid(-0.375 - np.array(REAL))
    value = number(losses.relativistic_average_generator_loss(real, fake))
    assert value == pytest.approx(-above.mean() - below.mean(), rel=1e-5)
