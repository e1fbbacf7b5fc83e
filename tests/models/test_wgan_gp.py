"""WGAN-GP, and the known mistakes that it must not make."""

import keras
import numpy as np
import pytest
from cases import LATENT_DIM, Case, adam, fit, points_wgan_gp, tiny_wgan_gp
from keras import layers, ops

import keras_gans
from keras_gans import penalties

CASE = Case(
    keras_gans.WGANGP,
    tiny_wgan_gp,
    logs=("d_loss", "g_loss", "gp"),
    only_in_training=("gp",),
    unseen=1,
)

BACKEND = keras.backend.backend()


def points(n=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


def step(model, x):
    model.compile(adam(), adam(), run_eagerly=True)
    return model.train_step((ops.convert_to_tensor(x),))


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


needs_values = pytest.mark.skipif(
    BACKEND == "jax", reason="looks at values inside of a step"
)


@pytest.fixture
def seen(monkeypatch):
    """The arguments of every call of `gradient_penalty`."""
    calls = []
    gradient_penalty = penalties.gradient_penalty

    def spy(discriminator, real, fake, alpha):
        calls.append([numpy(x) for x in (real, fake, alpha)])
        return gradient_penalty(discriminator, real, fake, alpha)

    monkeypatch.setattr(penalties, "gradient_penalty", spy)
    return calls


@pytest.mark.neutral
@needs_values
def test_alpha_is_uniform_one_per_example_and_drawn_anew(seen):
    step(points_wgan_gp(discriminator_steps=2, seed=0), points(4000))
    alphas = [alpha for _, _, alpha in seen]
    assert [a.shape for a in alphas] == [(2000, 1), (2000, 1)]
    assert (alphas[0] != alphas[1]).any()
    for alpha in alphas:
        assert 0 <= alpha.min() < 0.01 and 0.99 < alpha.max() < 1
        # Of U(0, 1): the quarters hold a quarter each, give or take.
        shares = np.histogram(alpha, 4, (0, 1))[0] / 2000
        assert np.abs(shares - 0.25).max() < 0.04


@pytest.mark.slow
@pytest.mark.neutral
@needs_values
def test_alpha_of_images_has_the_rank_of_images(seen):
    model = tiny_wgan_gp(seed=0)
    step(model, np.zeros((8, *model.example_shape), "float32"))
    assert {alpha.shape for _, _, alpha in seen} == {(4, 1, 1, 1)}


@pytest.mark.neutral
@needs_values
def test_every_discriminator_step_has_a_fresh_slice(seen):
    x = points(15)
    step(points_wgan_gp(discriminator_steps=5, seed=0), x)
    assert len(seen) == 5
    assert {tuple(p) for real, _, _ in seen for p in real} == {
        tuple(p) for p in x
    }
    fakes = {tuple(p) for _, fake, _ in seen for p in fake}
    assert len(fakes) == 15


def score_and_slope(weights, x):
    """A leaky perceptron's scores, and their gradients in x, in NumPy."""
    slope = np.eye(2)
    for kernel, bias in zip(weights[0:-2:2], weights[1:-2:2]):
        x = x @ kernel + bias
        leak = np.where(x > 0, 1, 0.2)
        x, slope = x * leak, slope @ kernel * leak[:, None]
    return x @ weights[-2] + weights[-1], (slope @ weights[-2])[..., 0]


@needs_values
def test_loss_by_hand(seen):
    model = points_wgan_gp(discriminator_steps=1, gp_weight=7.0, seed=0)
    weights = [w.copy() for w in model.discriminator.get_weights()]
    logs = step(model, points(6))
    (real, fake, alpha) = seen[0]
    _, slopes = score_and_slope(weights, alpha * real + (1 - alpha) * fake)
    gp = ((np.linalg.norm(slopes, axis=1) - 1) ** 2).mean()
    assert float(logs["gp"]) == pytest.approx(gp, rel=1e-4)
    gap = [score_and_slope(weights, x)[0].mean() for x in (fake, real)]
    expected = gap[0] - gap[1] + 7.0 * gp
    assert float(logs["d_loss"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
@pytest.mark.neutral
def test_a_weight_of_zero_is_no_penalty():
    history = fit_points(gp_weight=0.0)
    assert history["gp"][0] > 0
    assert abs(history["d_loss"][0]) < history["gp"][0]


def fit_points(**kwargs):
    model = points_wgan_gp(seed=0, **kwargs)
    model.compile(adam(), adam())
    return fit(model, points(64))


@pytest.mark.neutral
def test_batch_normalization_is_refused_by_name():
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.BatchNormalization(name="norm"),
            layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="BatchNorm.*WGANGP.*'norm'"):
        tiny_wgan_gp(discriminator=discriminator)


@pytest.mark.neutral
@pytest.mark.parametrize("weight", [-1.0, "10", float("nan"), True])
def test_gp_weight_is_a_number(weight):
    with pytest.raises(ValueError, match="gp_weight must be.*Received"):
        tiny_wgan_gp(gp_weight=weight)


@pytest.mark.neutral
def test_the_papers_optimizers():
    for optimizer in tiny_wgan_gp().default_optimizers():
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)


@pytest.mark.slow
def test_the_slope_becomes_one():
    # A discriminator that starts far too steep is flattened to a slope of 1.
    generator = keras.Sequential([keras.Input((LATENT_DIM,)), layers.Dense(2)])
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(1, kernel_initializer="ones")]
    )
    discriminator.layers[0].kernel.assign([[6.0], [8.0]])
    model = points_wgan_gp(seed=0)
    model = type(model)(
        generator, discriminator, latent_dim=LATENT_DIM, gp_weight=100.0
    )
    model.compile(adam(), keras.optimizers.Adam(0.1))
    fit(model, points(2000), batch_size=20)
    norm = np.linalg.norm(discriminator.get_weights()[0])
    assert norm == pytest.approx(1, abs=0.1)


def half_precision_networks():
    """Networks of a user's own, which end in the policy's precision."""
    return {
        "generator": keras.Sequential(
            [keras.Input((LATENT_DIM,)), layers.Dense(2)]
        ),
        "discriminator": keras.Sequential(
            [
                keras.Input((2,)),
                layers.Dense(16, activation="gelu"),
                layers.Dense(1),
            ]
        ),
        "latent_dim": LATENT_DIM,
    }


@pytest.mark.slow
@pytest.mark.parametrize("make", [keras_gans.WGANGP, keras_gans.GAN])
def test_the_penalty_of_half_precision_networks_is_in_float32(
    make, dtype_policy, monkeypatch
):
    seen = []
    squared_norms = penalties.squared_norms

    def spy(gradients):
        seen.append(keras.backend.standardize_dtype(gradients.dtype))
        return squared_norms(gradients)

    monkeypatch.setattr(penalties, "squared_norms", spy)
    dtypes = []
    call = layers.Dense.call

    def record(self, x, *args, **kwargs):
        if self.units == 16:
            dtypes.append(keras.backend.standardize_dtype(x.dtype))
        return call(self, x, *args, **kwargs)

    monkeypatch.setattr(layers.Dense, "call", record)
    dtype_policy("mixed_float16")
    arguments = {"r1_weight": 1.0} if make is keras_gans.GAN else {}
    arguments["discriminator_steps"] = 1
    model = make(**half_precision_networks(), **arguments)
    model.compile(adam(), adam())
    dtypes.clear()
    history = fit(model, points(16))
    assert np.isfinite(list(history.values())).all()
    assert set(seen) == {"float32"}
    # The pass of the penalty, beside the others.
    assert set(dtypes) == {"float16", "float32"}


@pytest.mark.slow
def test_what_layers_add_to_the_loss_is_of_the_data():
    networks = half_precision_networks()
    networks["discriminator"] = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(8, activity_regularizer=keras.regularizers.L2(1e-3)),
            layers.Dense(1),
        ]
    )
    model = keras_gans.WGANGP(**networks, discriminator_steps=2)
    model.compile(adam(), adam())
    history = fit(model, points(16))
    assert np.isfinite(list(history.values())).all()
