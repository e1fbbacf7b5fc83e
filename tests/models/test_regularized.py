import itertools

import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    adam,
    fit,
    points_gan,
    tiny_conditional_gan,
    tiny_dcgan,
)
from keras import ops

import keras_gans
from keras_gans import losses, penalties

# ---- helpers --------------------------------------------------------------


def tensor(*values):
    return ops.convert_to_tensor(np.array(values, "float32"))


def number(x):
    return float(ops.convert_to_numpy(x))


def points(n=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


def quadratic_gan(**kwargs):
    """A GAN whose discriminator is (3 x + 4 y)^2 / 2."""
    keras.utils.set_random_seed(0)
    x = keras.Input((2,))
    dense = keras.layers.Dense(1, use_bias=False)
    y = keras.layers.Lambda(lambda v: 0.5 * v**2, output_shape=(1,))(dense(x))
    dense.kernel.assign([[3.0], [4.0]])
    model = keras_gans.GAN(
        points_gan().generator,
        keras.Model(x, y),
        latent_dim=LATENT_DIM,
        seed=0,
        **kwargs,
    )
    model.compile(adam(), adam())
    return model


def squared_slopes(x):
    # grad = (3 x + 4 y) (3, 4).
    return ((x @ [3.0, 4.0]) ** 2) * 25.0


# ---- penalties of slopes --------------------------------------------------


def test_penalties_at_real_and_at_generated_examples():
    model, x = quadratic_gan(r1_weight=2.0, r2_weight=3.0), points()
    logits, penalty = model.judge_penalized(tensor(*x), None, 2.0)
    assert number(penalty) == pytest.approx(squared_slopes(x).mean(), rel=1e-5)
    expected = 0.5 * (x @ [3.0, 4.0]) ** 2
    np.testing.assert_allclose(
        ops.convert_to_numpy(logits)[:, 0], expected, rtol=1e-5
    )


def losses_of(weights, monkeypatch):
    """`d_loss` of a first step, whose weights stay."""
    model = quadratic_gan(**weights)
    made = {}
    monkeypatch.setattr(
        type(model),
        "minimize",
        lambda self, f, o, n: made.setdefault(n.name, f()),
    )
    monkeypatch.setattr(type(model), "update_ema_generator", lambda self: None)
    monkeypatch.setattr(type(model), "track", lambda self, **kwargs: kwargs)
    return number(model.train_step(tensor(*points()))["d_loss"])


@pytest.mark.slow
def test_r2_is_in_the_discriminators_loss(monkeypatch):
    base = losses_of({}, monkeypatch)
    model = quadratic_gan()
    fake = model.generator(model.draw_inputs(8), training=True)
    fake = ops.convert_to_numpy(fake)
    real = squared_slopes(points()).mean()
    expected = {
        "r1_weight": real,
        "r2_weight": squared_slopes(fake).mean(),
    }
    for name, penalty in expected.items():
        value = losses_of({name: 3.0}, monkeypatch)
        assert value - base == pytest.approx(1.5 * penalty, rel=1e-3)
    both = losses_of({"r1_weight": 3.0, "r2_weight": 3.0}, monkeypatch)
    assert both - base == pytest.approx(1.5 * sum(expected.values()), rel=1e-3)


def test_penalty_of_a_part_of_the_batch():
    model, x = quadratic_gan(r1_weight=2.0, penalty_fraction=0.25), points()
    logits, penalty = model.judge_penalized(tensor(*x), None, 2.0)
    assert logits.shape[0] == 8
    assert number(penalty) == pytest.approx(
        squared_slopes(x[::4]).mean(), rel=1e-5
    )
    # Halves of a batch, one after the other, are the whole.
    halves = [
        model.judge_penalized(tensor(*half), None, 2.0)[1]
        for half in (x[:4], x[4:])
    ]
    mean = np.mean([number(half) for half in halves])
    assert number(penalty) == pytest.approx(mean, rel=1e-5)


def test_a_weight_that_follows_a_schedule():
    schedule = keras_gans.schedules.CosineFall(2.0, 0.2, 10)
    model, x = quadratic_gan(r1_weight=schedule), points()
    expected = squared_slopes(x).mean()
    for iterations, weight in ((0, 2.0), (5, 1.1), (20, 0.2)):
        model.generator_optimizer.iterations.assign(iterations)
        _, penalty = model.judge_penalized(tensor(*x), None, model.r1_weight)
        assert number(penalty) == pytest.approx(
            0.5 * weight * expected, rel=1e-4
        )
    config = points_gan(r2_weight=schedule).get_config()
    again = keras_gans.GAN.from_config(config)
    assert again.r2_weight.get_config() == schedule.get_config()


# ---- LeCam, consistency, top-k --------------------------------------------


def test_lecam():
    lecam = penalties.LeCam(decay=0.75, start=1)
    real, fake = tensor(2.0, 0.0), tensor(-1.0, -3.0)
    assert number(lecam.penalty(real, fake)) == 0.0  # Too early.
    # Means, without the bias of their start: real 1 then 3, fake -2 then -4.
    real, fake = tensor(4.0, 2.0), tensor(-3.0, -5.0)
    weights = np.array([0.75 * 0.25, 0.25]) / (1 - 0.75**2)
    mean_real, mean_fake = weights @ [1.0, 3.0], weights @ [-2.0, -4.0]
    expected = np.mean((np.array([4.0, 2.0]) - mean_fake) ** 2)
    expected += np.mean((mean_real - np.array([-3.0, -5.0])) ** 2)
    assert number(lecam.penalty(real, fake)) == pytest.approx(expected)
    # A real example below the fake ones' mean costs nothing.
    assert number(lecam.penalty(tensor(-90.0), tensor(90.0))) == 0.0


def test_consistency_penalty():
    value = penalties.consistency_penalty(tensor(1.0, 2.0), tensor(0.0, 4.0))
    assert number(value) == pytest.approx(2.5)


def test_pairing_losses():
    real, fake = tensor(1.0, -1.0), tensor(0.0, 2.0)
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    value = losses.relativistic_pairing_discriminator_loss(real, fake)
    assert number(value) == pytest.approx((softplus(-1) + softplus(3)) / 2)
    value = losses.relativistic_pairing_generator_loss(real, fake)
    assert number(value) == pytest.approx((softplus(1) + softplus(-3)) / 2)


@pytest.mark.parametrize("fraction, learned", [(0.5, 2), (0.26, 1), (1.0, 4)])
def test_the_generator_learns_from_the_best(fraction, learned):
    model = points_gan(
        top_k=fraction, generator_loss=losses.wasserstein_generator_loss
    )
    logits = keras.Variable([1.0, 5.0, 3.0, 2.0])
    from keras_gans import backend

    def loss():
        return model.loss_of_generator(logits.value, None, None), None

    (value, _), (gradient,) = backend.value_and_gradients(
        loss, [logits], [logits]
    )
    assert number(value) == pytest.approx(-2.75)  # Of all of them.
    gradient = ops.convert_to_numpy(gradient)
    best = np.argsort([1.0, 5.0, 3.0, 2.0])[-learned:]
    expected = np.zeros(4)
    expected[best] = -0.25 / fraction
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)


# ---- packing --------------------------------------------------------------


@pytest.mark.slow
def test_packs_are_neighbours_along_the_last_axis():
    model = tiny_dcgan(packing=2)
    assert model.discriminator.input_shape == (None, 8, 8, 2)
    x = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1))
    x = x.astype("float32")
    packs = ops.convert_to_numpy(model.discriminator_inputs(tensor(*x), None))
    for i, j in itertools.product(range(3), range(2)):
        np.testing.assert_array_equal(packs[i, ..., j], x[2 * i + j, ..., 0])
    model.compile(adam(), adam())
    assert np.isfinite(list(fit(model, x[:4], batch_size=2).values())).all()
    assert np.isfinite(model.evaluate(x, batch_size=3, verbose=0)).all()
    with pytest.raises(ValueError, match="batch_size|batch"):
        fit(model, x, batch_size=3)


@pytest.mark.neutral
def test_packing_of_labels_is_refused():
    with pytest.raises(ValueError, match="packing must be 1.*Received"):
        tiny_conditional_gan(packing=2)


# ---- all of them ----------------------------------------------------------

EVERYTHING = {
    "r1_weight": 0.1,
    "r2_weight": 0.1,
    "penalty_fraction": 0.5,
    "lecam_weight": 0.1,
    "consistency_weight": 1.0,
    "latent_consistency_weight": 1.0,
    "top_k": 0.5,
    "generator_loss": losses.relativistic_pairing_generator_loss,
    "discriminator_loss": losses.relativistic_pairing_discriminator_loss,
}


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="compiles for a minute; test_harness.py has half precision there",
)
def test_all_at_once_in_half_precision(dtype_policy, tmp_path):
    dtype_policy("mixed_float16")
    model = tiny_conditional_gan(
        **EVERYTHING,
        augment=keras_gans.augmentation.DiffAugment(),
        spectral_normalization=True,
    )
    model.compile(adam(), adam())
    x = np.random.default_rng(0).uniform(-1, 1, (32, 8, 8, 1))
    history = fit(model, x.astype("float32"), np.arange(32) % 3)
    assert np.isfinite(list(history.values())).all()
    config = model.get_config()
    for name in ("r2_weight", "lecam_weight", "penalty_fraction", "top_k"):
        assert config[name] == EVERYTHING[name]
    again = type(model).from_config(config)
    assert again.get_config() == config


@pytest.mark.neutral
def test_options_that_are_off_are_not_in_the_config():
    config = points_gan().get_config()
    assert not {"r2_weight", "packing", "augment", "top_k"} & set(config)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments",
    [
        {"r2_weight": -1.0},
        {"penalty_fraction": 0.3},
        {"penalty_fraction": 0},
        {"lecam_weight": "1"},
        {"consistency_weight": -1},
        {"latent_consistency_weight": float("nan")},
        {"packing": 0},
        {"top_k": 0.0},
        {"instance_noise": -0.1},
    ],
)
def test_wrong_arguments(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name} must be.*Received"):
        tiny_dcgan(**arguments)
