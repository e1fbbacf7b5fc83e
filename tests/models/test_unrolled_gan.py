import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    Case,
    adam,
    assert_equal,
    changed,
    fit,
    weights_of,
)
from keras import ops

import keras_gans
from keras_gans import backend, losses
from keras_gans.checks import Unsupported
from keras_gans.layers import SpectralNormalization
from keras_gans.models import unrolled_gan
from keras_gans.models.unrolled_gan import (
    UnrolledGANDiscriminator,
    UnrolledGANGenerator,
)


def tiny(generator=None, discriminator=None, **kwargs):
    return keras_gans.UnrolledGAN(
        generator or UnrolledGANGenerator((2,), LATENT_DIM, units=(8,)),
        discriminator or UnrolledGANDiscriminator((2,), units=(8,)),
        latent_dim=LATENT_DIM,
        **{"unrolled_steps": 2, **kwargs},
    )


CASE = Case(keras_gans.UnrolledGAN, tiny)


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def points(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


# ---- the gradient ---------------------------------------------------------


def test_functional_gradients_are_differentiable():
    x, y = keras.Variable([1.0, 2.0]), keras.Variable(3.0)

    def loss_fn():
        # Of y * x^3, a tensor that depends on x, and one that is not reached.
        cubes, other = backend.functional_gradients(
            lambda values: y.value * ops.sum(values[0] ** 3),
            [2.0 * x.value, ops.zeros(2)],
        )
        return ops.sum(cubes) + ops.sum(other), ()

    (loss, _), gradients = backend.value_and_gradients(loss_fn, [x, y], [x, y])
    # 3 y (2x)^2, and its gradients 24 y x and 12 x^2.
    assert float(loss) == pytest.approx(3 * 3 * (4 + 16))
    np.testing.assert_allclose(numpy(gradients[0]), [72.0, 144.0])
    assert float(gradients[1]) == pytest.approx(60.0)


# A generator a z + c, a discriminator w x + b, and its Adam in the middle of a
# training, in this order.
G, D = np.array([1.5, -0.5]), np.array([0.7, 0.2])
MEANS, SQUARES, ITERATIONS = np.array([0.3, -0.1]), np.array([0.5, 0.2]), 6
RATE, BETA_1, BETA_2 = 0.4, 0.5, 0.9
LATENTS = np.array([0.1, -0.8, 1.3, 0.4])
REAL = np.array([2.0, 1.0, 2.5, 1.2])


def value(discriminator, real, fake):
    """`-f`, which the discriminator descends, in float64."""
    w, b = discriminator
    real, fake = w * real + b, w * fake + b
    return np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean()


def slopes(function, x, h=1e-5):
    return np.array(
        [
            (function(x + step) - function(x - step)) / (2 * h)
            for step in h * np.eye(len(x))
        ]
    )


def unrolled(generator, steps):
    """The discriminator after so many steps, in float64."""
    fake = generator[0] * LATENTS + generator[1]
    d, m, v = D, MEANS, SQUARES
    for i in range(1, steps + 1):
        w, b = d
        real_errors = -1 / (1 + np.exp(w * REAL + b)) / len(REAL)
        fake_errors = 1 / (1 + np.exp(-w * fake - b)) / len(fake)
        errors = np.concatenate([real_errors, fake_errors])
        x = np.concatenate([REAL, fake])
        gradient = np.array([errors @ x, errors.sum()])
        m = BETA_1 * m + (1 - BETA_1) * gradient
        v = BETA_2 * v + (1 - BETA_2) * gradient**2
        t = ITERATIONS + i
        corrected = m / (1 - BETA_1**t), v / (1 - BETA_2**t)
        d = d - RATE * corrected[0] / np.sqrt(corrected[1])
    return d


def generators_loss(generator, discriminator):
    return -value(discriminator, REAL, generator[0] * LATENTS + generator[1])


def linear():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


def linear_model(steps):
    model = keras_gans.UnrolledGAN(
        linear(), linear(), latent_dim=1, unrolled_steps=steps
    )
    optimizer = keras.optimizers.Adam(RATE, BETA_1, BETA_2, epsilon=1e-12)
    model.compile(keras.optimizers.SGD(1.0), optimizer)
    for network, weights in ((model.generator, G), (model.discriminator, D)):
        network.set_weights([weights[:1, None], weights[1:]])
    optimizer.iterations.assign(ITERATIONS)
    for slots, values in (
        (optimizer._momentums, MEANS),
        (optimizer._velocities, SQUARES),
    ):
        for slot, x in zip(slots, values):
            slot.assign(np.full(slot.shape, x, "float32"))
    return model


def generators_gradient(model):
    """That of a step's second loss, with the discriminator as it is."""
    z = ops.convert_to_tensor(LATENTS[:, None].astype("float32"))
    model.draw_inputs = lambda n: z
    minimized, minimize = [], model.minimize
    model.minimize = lambda loss_fn, *_: minimized.append(loss_fn) or 0.0
    model.train_step((ops.convert_to_tensor(REAL[:, None].astype("float32")),))
    before = np.concatenate([w.ravel() for w in weights_of(model.generator)])
    loss = minimize(minimized[1], model.generator_optimizer, model.generator)
    after = np.concatenate([w.ravel() for w in weights_of(model.generator)])
    return float(numpy(loss)), before - after


@pytest.mark.parametrize("steps", [1, 3])
def test_the_gradient_goes_through_the_unrolled_steps(steps, monkeypatch):
    loss, gradient = generators_gradient(linear_model(steps))
    assert loss == pytest.approx(
        generators_loss(G, unrolled(G, steps)), rel=1e-5
    )
    expected = slopes(lambda g: generators_loss(g, unrolled(g, steps)), G)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4)
    # Steps that are taken and not differentiated give the same loss, and
    # another gradient: the discriminator would not be seen to react.
    differentiable = backend.functional_gradients
    monkeypatch.setattr(
        backend,
        "functional_gradients",
        lambda *args: [ops.stop_gradient(g) for g in differentiable(*args)],
    )
    cut_loss, cut = generators_gradient(linear_model(steps))
    assert cut_loss == pytest.approx(loss)
    fixed = slopes(lambda g: generators_loss(g, unrolled(G, steps)), G)
    np.testing.assert_allclose(cut, fixed, rtol=1e-4)
    assert np.abs(fixed / expected - 1).max() > 0.05


def test_one_unrolled_step_in_numbers():
    # The gradients of w and b are -0.17662 and 0.31380, from the sigmoids of
    # 0.7 x + 0.2 at four real and four fake points. Adam's means are 0.06169
    # and 0.10690 with them, its squares 0.45312 and 0.18985, of which the
    # seventh step corrects 0.99219 and 0.52170.
    np.testing.assert_allclose(unrolled(G, 1), [0.67331, 0.12856], atol=1e-5)
    model = linear_model(1)
    fake = (G[0] * LATENTS + G[1])[:, None].astype("float32")
    judge = model.unrolled_discriminator(
        ops.convert_to_tensor(REAL[:, None].astype("float32")),
        ops.convert_to_tensor(fake),
    )
    at_zero, at_one = numpy(judge(ops.convert_to_tensor([[0.0], [1.0]])))[:, 0]
    w, b = unrolled(G, 1)
    np.testing.assert_allclose([at_one - at_zero, at_zero], [w, b], rtol=1e-5)


# ---- the steps ------------------------------------------------------------


def twin(model, **kwargs):
    """A plain GAN that starts where a model does."""
    gan = keras_gans.GAN(
        UnrolledGANGenerator((2,), LATENT_DIM, units=(8,)),
        UnrolledGANDiscriminator((2,), units=(8,)),
        latent_dim=LATENT_DIM,
        **kwargs,
    )
    gan.set_weights(model.get_weights())
    return gan


@pytest.mark.slow
def test_without_unrolled_steps_it_is_the_plain_gan():
    one = tiny(unrolled_steps=0, seed=3)
    other = twin(
        one, seed=3, generator_loss=unrolled_gan.unrolled_gan_generator_loss
    )
    logs = []
    for model in (one, other):
        model.compile(adam(), adam())
        logs.append(fit(model, points(24)))
    assert logs[0] == logs[1]
    assert_equal(weights_of(one), weights_of(other))


def regularized_discriminator():
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(
                8,
                activation="leaky_relu",
                kernel_regularizer=keras.regularizers.L2(0.3),
                kernel_constraint=keras.constraints.MaxNorm(0.9),
            ),
            keras.layers.Dense(1),
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "clipping", [{"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {}]
)
def test_the_unrolled_steps_are_those_of_the_optimizer(clipping):
    if backend_name() != "tensorflow" and "clipnorm" not in clipping:
        pytest.skip("one kind of clipping is enough")
    model = tiny(discriminator=regularized_discriminator(), unrolled_steps=3)
    rate = keras.optimizers.schedules.PolynomialDecay(0.2, 8)
    model.compile(
        adam(),
        keras.optimizers.AdamW(rate, beta_1=0.5, weight_decay=0.1, **clipping),
    )
    real, fake, other = (
        ops.convert_to_tensor(points(6, seed) + shift)
        for seed, shift in ((0, 0.0), (1, 1.0), (2, 0.0))
    )

    def step():
        model.minimize(
            lambda: model.discriminator_loss(
                model.discriminator(real), model.discriminator(fake)
            ),
            model.discriminator_optimizer,
            model.discriminator,
        )

    for _ in range(2):
        step()
    before = weights_of(model.discriminator)
    slots = [numpy(v) for v in model.discriminator_optimizer.variables]
    expected = numpy(model.unrolled_discriminator(real, fake)(other))
    # Nothing has happened yet,
    assert_equal(weights_of(model.discriminator), before)
    now = [numpy(v) for v in model.discriminator_optimizer.variables]
    assert_equal(now, slots)
    for _ in range(3):
        step()
    # and now it has.
    np.testing.assert_allclose(
        numpy(model.discriminator(other)), expected, rtol=1e-3, atol=1e-4
    )
    assert changed(weights_of(model.discriminator), before)


def backend_name():
    return keras.backend.backend()


def test_what_else_a_discriminator_is_stays():
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            SpectralNormalization(keras.layers.Dense(8)),
            keras.layers.Dropout(0.5, seed=0),
            keras.layers.Dense(1),
        ]
    )
    model = tiny(discriminator=discriminator)
    model.compile(adam(), adam())
    state = [numpy(v) for v in discriminator.non_trainable_variables]
    assert len(state) > 1
    x = ops.convert_to_tensor(points(4))
    judge = model.unrolled_discriminator(x, 1.0 + x)
    first, second = numpy(judge(x)), numpy(judge(x))
    np.testing.assert_array_equal(first, second)
    now = [numpy(v) for v in discriminator.non_trainable_variables]
    assert_equal(now, state)


@pytest.mark.slow
@pytest.mark.neutral
def test_a_gradient_of_zero_in_all_steps_gives_no_nan():
    # A unit of ReLU that no example reaches: Adam's root is of 0.
    model = tiny(discriminator=dead_discriminator())
    model.compile(adam(), adam())
    history = fit(model, points(16))
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(w).all() for w in weights_of(model))


def dead_discriminator():
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dense(
                3,
                activation="relu",
                bias_initializer=keras.initializers.Constant(-100.0),
            ),
            keras.layers.Dense(1),
        ]
    )


@pytest.mark.slow
def test_xla_compiles_it(tf):
    # XLA draws other numbers.
    z = np.random.default_rng(0).normal(size=(8, LATENT_DIM)).astype("float32")
    logs = []
    for jit_compile in (True, False):
        keras.utils.set_random_seed(0)
        model = tiny()
        model.draw_inputs = lambda n: ops.convert_to_tensor(z)
        model.compile(adam(), adam(), jit_compile=jit_compile)
        logs.append(fit(model, points(8)))
    for name, values in logs[0].items():
        np.testing.assert_allclose(values, logs[1][name], rtol=1e-5)


# ---- arguments ------------------------------------------------------------


@pytest.mark.neutral
def test_losses_of_logits_by_hand():
    real, fake = (ops.convert_to_tensor(x) for x in ([0.0, 1.0], [2.0]))
    # log s(0), log s(1); log(1 - s(2)).
    expected = (-0.693147 - 0.313262) / 2 - 2.126928
    loss = unrolled_gan.unrolled_gan_generator_loss(real, fake)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.neutral
def test_losses_of_ones_own_are_kept():
    functions = {
        "generator_loss": losses.hinge_generator_loss,
        "discriminator_loss": losses.hinge_discriminator_loss,
    }
    model = tiny(**functions, unrolled_steps=3)
    again = keras_gans.UnrolledGAN.from_config(model.get_config())
    assert again.generator_loss is functions["generator_loss"]
    assert again.discriminator_loss is functions["discriminator_loss"]
    assert again.unrolled_steps == 3
    model.compile(adam(), adam(), run_eagerly=True)
    logs = fit(model, points(8))
    assert np.isfinite(list(logs.values())).all()
    assert np.isfinite(model.evaluate(points(8), verbose=0)).all()


@pytest.mark.neutral
def test_default_networks():
    model = keras_gans.UnrolledGAN()
    assert model.generator.input_shape == (None, 256)
    assert model.generator.count_params() == 257 * 128 + 129 * 128 + 129 * 2
    assert model.discriminator.count_params() == 3 * 128 + 129 * 128 + 129
    kernel = numpy(model.generator.layers[2].kernel)
    np.testing.assert_allclose(
        kernel.T @ kernel, 1.4**2 * np.eye(128), atol=1e-4
    )
    assert model.example_kind == "points" and model.unrolled_steps == 5
    # Images end in tanh, points do not.
    image = UnrolledGANGenerator((4, 4, 1), LATENT_DIM, units=(4,))
    assert image.layers[-2].activation is keras.activations.tanh
    last = model.generator.layers[-2]
    assert last.activation is keras.activations.linear
    rates = [float(o.learning_rate) for o in model.default_optimizers()]
    assert rates == pytest.approx([1e-3, 1e-4])


@pytest.mark.neutral
@pytest.mark.parametrize("steps", [-1, 11, 2.0, True])
def test_refused_numbers_of_steps(steps):
    with pytest.raises(ValueError, match="unrolled_steps must.*Received:"):
        tiny(unrolled_steps=steps)


@pytest.mark.neutral
@pytest.mark.parametrize("name", ["generator_loss", "discriminator_loss"])
def test_losses_are_functions(name):
    with pytest.raises(ValueError, match=f"{name} must.*{name}='hinge'"):
        tiny(**{name: "hinge"})


@pytest.mark.neutral
def test_batch_normalization_is_refused_where_it_is_unrolled():
    judge = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.BatchNormalization(name="mixes"),
            keras.layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="BatchNormalization.*'mixes'"):
        tiny(discriminator=judge)
    tiny(discriminator=judge, unrolled_steps=0)


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "optimizer, received",
    [
        (keras.optimizers.RMSprop, "RMSprop"),
        (keras.optimizers.Nadam, "Nadam"),
        (lambda: keras.optimizers.Adam(amsgrad=True), "Adam.*amsgrad': True"),
        (
            lambda: keras.optimizers.Adam(gradient_accumulation_steps=2),
            "Adam with .*gradient_accumulation_steps': 2",
        ),
    ],
)
def test_other_optimizers_are_refused_where_they_are_unrolled(
    optimizer, received
):
    wanted = f"keras.optimizers.Adam.*Received: discriminator_op.*={received}"
    with pytest.raises(ValueError, match=wanted):
        tiny().compile(adam(), optimizer())
    tiny().compile(optimizer(), adam())
    tiny(unrolled_steps=0).compile(adam(), optimizer())


@pytest.mark.neutral
def test_half_precision_is_refused_in_training(dtype_policy):
    dtype_policy("mixed_float16")
    model = tiny()
    assert np.isfinite(model.generate(2)).all()
    with pytest.raises(Unsupported, match="float16.*Received: the policy"):
        model.compile()
    tiny(unrolled_steps=0).compile()
