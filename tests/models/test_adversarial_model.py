import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    adam,
    assert_equal,
    changed,
    fit,
    points_gan,
    tiny_gan,
    weights_of,
)
from keras import layers, ops

import keras_gans
from keras_gans.models.sampling import SamplingModel
from keras_gans.pixels import to_uint8

BACKEND = keras.backend.backend()


def points(n=32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype("float32")


def compiled(model, **kwargs):
    model.compile(adam(), adam(), **kwargs)
    return model


def numpy(x):
    return ops.convert_to_numpy(x)


# ---- minimize -------------------------------------------------------------


def linear_discriminator(**kwargs):
    return keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(1, kernel_initializer="ones", **kwargs),
        ]
    )


def with_discriminator(discriminator, optimizer=None):
    model = keras_gans.GAN(
        keras.Sequential([keras.Input((LATENT_DIM,)), layers.Dense(2)]),
        discriminator,
        latent_dim=LATENT_DIM,
    )
    model.compile(adam(), optimizer or keras.optimizers.SGD(0.1))
    return model


def test_minimize_adds_weight_regularizers_and_returns_the_bare_loss():
    network = linear_discriminator(
        kernel_regularizer=keras.regularizers.L2(0.5)
    )
    model = with_discriminator(network)
    ones = ops.ones((4, 2))
    loss = model.minimize(
        lambda: ops.mean(network(ones)), model.discriminator_optimizer, network
    )
    assert float(numpy(loss)) == 2.0
    # w - 0.1 * (d mean / dw + 2 * 0.5 * w) = 1 - 0.1 * (1 + 1)
    np.testing.assert_allclose(numpy(network.weights[0]), 0.8, rtol=1e-6)
    np.testing.assert_allclose(numpy(network.weights[1]), -0.1, rtol=1e-6)


def test_minimize_adds_what_layers_add_in_their_last_call():
    network = linear_discriminator(
        activity_regularizer=lambda outputs: ops.sum(outputs)
    )
    model = with_discriminator(network)
    ones = ops.ones((1, 2))
    model.minimize(
        lambda: 0.0 * ops.mean(network(ones)),
        model.discriminator_optimizer,
        network,
    )
    np.testing.assert_allclose(numpy(network.weights[0]), 0.9, rtol=1e-6)


def test_minimize_passes_on_more_than_a_loss():
    network = linear_discriminator()
    model = with_discriminator(network)

    def loss_fn():
        outputs = network(ops.ones((3, 2)))
        return ops.mean(outputs), {"outputs": outputs}

    loss, aux = model.minimize(
        loss_fn, model.discriminator_optimizer, [network]
    )
    assert float(numpy(loss)) == 2.0
    np.testing.assert_array_equal(numpy(aux["outputs"]), 2 * np.ones((3, 1)))


def test_minimize_leaves_alone_what_the_loss_does_not_reach():
    network = linear_discriminator()
    model = with_discriminator(network)
    model.minimize(
        lambda: ops.sum(network.weights[0].value),
        model.discriminator_optimizer,
        network,
    )
    np.testing.assert_allclose(numpy(network.weights[0]), 0.9, rtol=1e-6)
    np.testing.assert_array_equal(numpy(network.weights[1]), 0.0)


def test_minimize_trains_frozen_layers_no_further():
    network = keras.Sequential(
        [keras.Input((2,)), layers.Dense(2, name="frozen"), layers.Dense(1)]
    )
    network.get_layer("frozen").trainable = False
    model = with_discriminator(network)
    before = weights_of(network)
    fit(model, points(8))
    after = weights_of(network)
    assert_equal(before[:2], after[:2])
    assert changed(before[2:], after[2:])


def test_loss_scaling_skips_a_step_that_overflows():
    network = linear_discriminator()
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=2.0**10
    )
    model = with_discriminator(network, optimizer)

    def step(factor):
        model.minimize(
            lambda: factor * ops.mean(network(ops.ones((1, 2)))),
            model.discriminator_optimizer,
            network,
        )
        return float(numpy(optimizer.dynamic_scale))

    assert step(float("inf")) == 2.0**9
    np.testing.assert_array_equal(numpy(network.weights[0]), 1.0)
    assert step(1.0) == 2.0**9
    np.testing.assert_allclose(numpy(network.weights[0]), 0.9, rtol=1e-6)


@pytest.mark.slow
def test_loss_scale_optimizer_and_custom_optimizers_survive_a_file(tmp_path):
    model = points_gan()
    model.compile(
        keras.optimizers.LossScaleOptimizer(
            keras.optimizers.RMSprop(1e-4, rho=0.8), initial_scale=8.0
        ),
        keras.optimizers.SGD(0.1, momentum=0.5),
        auto_scale_loss=False,
        run_eagerly=BACKEND != "jax",
    )
    fit(model, points(8))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.get_compile_config()["auto_scale_loss"] is False
    assert loaded.generator_optimizer.inner_optimizer.rho == 0.8
    for name in ("generator_optimizer", "discriminator_optimizer"):
        for a, b in zip(
            getattr(model, name).variables, getattr(loaded, name).variables
        ):
            np.testing.assert_array_equal(numpy(a), numpy(b))


def test_mixed_float16_leaves_optimizers_alone_if_told_to(dtype_policy):
    dtype_policy("mixed_float16")
    optimizer = adam()
    model = points_gan()
    model.compile(optimizer, adam(), auto_scale_loss=False)
    assert model.generator_optimizer is optimizer


# ---- the average generator ------------------------------------------------


@pytest.mark.slow
def test_ema_generator_by_hand():
    model = compiled(tiny_gan(ema_momentum=0.3, seed=0))
    rng = np.random.default_rng(0)
    images = np.tanh(rng.normal(size=(8, 8, 8, 1))).astype("float32")
    expected = weights_of(model.generator)
    assert_equal(weights_of(model.ema_generator), expected)
    is_trained = [v.trainable for v in model.generator.weights]
    assert not all(is_trained)
    for step in range(1, 6):
        model.train_on_batch(images)
        raw = weights_of(model.generator)
        momentum = min(0.3, (1 + step) / (10 + step))
        expected = [
            momentum * e + (1 - momentum) * r if trained else r
            for e, r, trained in zip(expected, raw, is_trained)
        ]
    assert_equal(
        weights_of(model.ema_generator), expected, rtol=1e-5, atol=1e-6
    )
    averages = weights_of(model.ema_generator)
    for average, value, trained in zip(averages, raw, is_trained):
        assert trained or (average == value).all()
    assert not model.ema_generator.trainable_variables
    z = np.random.default_rng(1).normal(size=(3, LATENT_DIM))
    z = z.astype("float32")
    images = model.predict_on_batch(z)
    np.testing.assert_allclose(
        images, numpy(model.ema_generator(ops.convert_to_tensor(z))), atol=1e-6
    )
    # generate() draws from the average, too.
    latents = np.random.default_rng(5).standard_normal((2, LATENT_DIM))
    outputs = model.ema_generator(ops.convert_to_tensor(latents, "float32"))
    difference = model.generate(2, seed=5) - to_uint8(numpy(outputs)).astype(
        int
    )
    assert np.abs(difference).max() <= 1


# ---- how Keras runs the step ----------------------------------------------


def trained_points(steps=6, **kwargs):
    keras.utils.set_random_seed(3)
    model = compiled(points_gan(seed=1), **kwargs)
    history = fit(model, points(8 * steps))
    return history, weights_of(model)


@pytest.mark.slow
def test_same_seed_is_bit_identical_and_another_is_not():
    history, weights = trained_points()
    again, weights_again = trained_points()
    assert history == again
    assert_equal(weights, weights_again)
    keras.utils.set_random_seed(3)
    model = compiled(points_gan(seed=2))
    fit(model, points(48))
    assert changed(weights, weights_of(model))


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses it")
def test_steps_per_execution_is_the_same_training():
    history, weights = trained_points()
    packed, weights_packed = trained_points(steps_per_execution=3)
    for name, values in history.items():
        np.testing.assert_allclose(packed[name], values, rtol=1e-6)
    assert_equal(weights, weights_packed, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "torch", reason="needs a C++ compiler")
def test_jit_compile():
    history, weights = trained_points(steps=2, jit_compile=False)
    jitted, weights_jitted = trained_points(steps=2, jit_compile=True)
    # XLA on TensorFlow has random numbers of its own: other latents.
    rtol = 1e-5 if BACKEND == "jax" else 0.2
    for name, values in history.items():
        np.testing.assert_allclose(jitted[name], values, rtol=rtol)
    if BACKEND == "jax":
        assert_equal(weights, weights_jitted, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_train_and_test_on_batch():
    model = compiled(points_gan(seed=0))
    before = weights_of(model)
    logs = model.test_on_batch(points(8), return_dict=True)
    assert set(logs) == {"d_loss", "g_loss"}
    assert_equal(weights_of(model), before)
    logs = model.train_on_batch(points(8), return_dict=True)
    assert set(logs) == {"d_loss", "g_loss"}
    assert changed(weights_of(model), before)


@pytest.mark.slow
def test_metrics_of_evaluate_see_real_and_fake_examples():
    @keras.saving.register_keras_serializable("tests")
    class Distance(keras.metrics.Mean):
        def update_state(self, real, fake):
            super().update_state(ops.abs(ops.mean(real) - ops.mean(fake)))

    model = compiled(points_gan(), metrics=[Distance(name="distance")])
    logs = model.evaluate(points() + 100, verbose=0, return_dict=True)
    assert set(logs) == {"d_loss", "g_loss", "distance"}
    assert 90 < logs["distance"] < 110
    history = fit(
        model, points(8), validation_data=points(8), validation_batch_size=8
    )
    assert set(history) == {
        "d_loss",
        "g_loss",
        "val_d_loss",
        "val_g_loss",
        "val_distance",
    }


@pytest.mark.slow
def test_validation_does_not_change_training():
    history, weights = trained_points(steps=2)
    keras.utils.set_random_seed(3)
    model = compiled(points_gan(seed=1))
    with_validation = fit(
        model, points(16), validation_data=(points(8, seed=9),)
    )
    assert with_validation["d_loss"] == history["d_loss"]
    assert_equal(weights_of(model), weights)
    losses = model.evaluate(points(8, seed=9), batch_size=8, verbose=0)
    assert losses == [
        with_validation["val_d_loss"][0],
        with_validation["val_g_loss"][0],
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: adam(clipnorm=0.1),
        lambda: adam(global_clipnorm=0.1),
        lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.1),
        lambda: keras.optimizers.SGD(0.1, momentum=0.9, clipvalue=0.1),
        lambda: adam(keras.optimizers.schedules.CosineDecay(1e-3, 10)),
        lambda: adam(gradient_accumulation_steps=2),
    ],
    ids=["clipnorm", "global", "decay", "clipvalue", "schedule", "accumulate"],
)
def test_optimizers_of_keras(optimizer):
    model = points_gan()
    model.compile(optimizer(), optimizer())
    before = weights_of(model)
    for _ in range(2):
        logs = model.train_on_batch(points(8), return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    assert changed(weights_of(model), before)


# ---- networks of one's own ------------------------------------------------


class Lazy(keras.Model):
    """Subclassed, and without a shape until it is called."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(8, activation="relu")
        self.final = layers.Dense(units)

    def call(self, inputs, training=False):
        return self.final(self.hidden(inputs))


def unbuilt_sequential(units):
    # On PyTorch Keras's Dropout draws from PyTorch's global generator, which
    # no file keeps.
    rate = 0.0 if BACKEND == "torch" else 0.1
    return keras.Sequential(
        [layers.Dense(8), layers.Dropout(rate), layers.Dense(units)]
    )


@pytest.mark.slow
@pytest.mark.parametrize("network", [unbuilt_sequential, Lazy])
def test_networks_of_ones_own(network, tmp_path):
    model = keras_gans.GAN(
        network(units=2), network(units=1), latent_dim=3, ema_momentum=0.5
    )
    assert model.example_shape == (2,)
    before = weights_of(model)
    compiled(model)
    fit(model, points(8))
    assert changed(weights_of(model), before)
    assert_equal(
        weights_of(model.ema_generator),
        [
            # The first step's momentum is 2 / 11.
            2 / 11 * b + 9 / 11 * a
            for b, a in zip(before, weights_of(model.generator))
        ],
        rtol=1e-4,
        atol=1e-6,
    )
    samples = model.generate(5, seed=0)
    assert samples.shape == (5, 2) and samples.dtype == "float32"
    if network is Lazy:
        return  # What plain Keras can read again of such a class varies.
    # Weights, optimizers and seeds, those of Dropout too.
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert fit(loaded, points(8)) == fit(model, points(8))
    assert_equal(weights_of(loaded), weights_of(model))


def waves(n, rng, length=6):
    """Sines of every phase, one period long: `(n, length, 1)`."""
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    t = np.linspace(0, 2 * np.pi, length, endpoint=False)[None, :, None]
    return np.sin(t + phase).astype("float32")


@pytest.mark.slow
def test_recurrent_networks_learn_sine_waves():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.RepeatVector(6),
            layers.GRU(16, return_sequences=True),
            layers.Dense(1),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input((6, 1)), layers.GRU(16), layers.Dense(1)]
    )
    model = keras_gans.GAN(
        generator, discriminator, latent_dim=LATENT_DIM, seed=0
    )
    model.compile(adam(1e-2), adam(1e-2))
    real = waves(2000, rng)[..., 0]

    def distance():
        # Between the covariances over time: neighbours are alike, and half a
        # period later a wave has the other sign.
        fake = model.generate(500, seed=1)
        assert fake.shape == (500, 6, 1) and fake.dtype == "float32"
        covariances = [x.T @ x / len(x) for x in (real, fake[..., 0])]
        return np.abs(covariances[0] - covariances[1]).mean()

    before = distance()
    if BACKEND == "torch":  # Too slow to learn there, step by step in Python.
        history = fit(model, waves(64, rng), batch_size=32)
        assert np.isfinite(list(history.values())).all()
        return
    fit(model, waves(1024, rng), epochs=8, batch_size=32)
    assert distance() < 0.5 * before


# ---- what is refused ------------------------------------------------------


def sequential(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs)])


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"generator": None}, "generator must be a keras.Model.*None"),
        (
            {"discriminator": layers.Dense(1)},
            "discriminator must be a keras.Model.*Dense",
        ),
        ({"latent_dim": 0}, "latent_dim.*Received: latent_dim=0"),
        ({"latent_dim": 3.0}, "latent_dim.*Received: latent_dim=3.0"),
        (
            {"latent_dim": 5},
            r"latents of shape \(batch, latent_dim\).*Received: latent_dim=5",
        ),
        (
            {"discriminator": sequential(7, 1)},
            r"discriminator must take.*Received: .* shape \(None, 2\)",
        ),
        ({"ema_momentum": 1.0}, "ema_momentum.*Received: ema_momentum=1.0"),
        ({"ema_momentum": 0}, "ema_momentum.*Received: ema_momentum=0"),
    ],
)
def test_refused_networks(arguments, words):
    good = {
        "generator": sequential(3, 2),
        "discriminator": sequential(2, 1),
        "latent_dim": 3,
    }
    with pytest.raises(ValueError, match=f"(?s){words}"):
        SamplingModel(**{**good, **arguments})


@pytest.mark.neutral
@pytest.mark.parametrize(
    "name, value",
    [
        ("optimizer", "adam"),
        ("loss", "mse"),
        ("weighted_metrics", []),
        ("generator_optimiser", "adam"),
    ],
)
def test_compile_names_what_it_does_not_take(name, value):
    with pytest.raises(ValueError, match=f"Received: {name}="):
        points_gan().compile(**{name: value})


@pytest.mark.neutral
def test_compile_refuses_one_optimizer_for_two_networks():
    one = adam()
    with pytest.raises(ValueError, match="two objects.*Received: the same"):
        points_gan().compile(one, one)


@pytest.mark.neutral
def test_names_of_optimizers_are_taken():
    model = points_gan()
    model.compile("adam", "adam")
    assert model.generator_optimizer is not model.discriminator_optimizer


@pytest.mark.neutral
def test_auto_needs_a_paper():
    model = SamplingModel(sequential(3, 2), sequential(2, 1), 3)
    with pytest.raises(ValueError, match="generator_optimizer.*Received:"):
        model.compile()


@pytest.mark.neutral
def test_fit_before_compile():
    with pytest.raises(ValueError, match="compile"):
        points_gan().fit(points())


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"n": 0}, "n must be.*Received: n=0"),
        ({"n": 2.0}, "n must be.*Received: n=2.0"),
        ({"n": True}, "n must be.*Received: n=True"),
        ({"n": 1, "batch_size": 0}, "batch_size must.*Received: batch_size=0"),
        ({"n": 1, "labels": 3}, "labels must be None.*Received: labels=3"),
    ],
)
def test_generate_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        points_gan().generate(**arguments)


def refuses(words, x, y=None, model=None, **kwargs):
    model = model or compiled(tiny_gan())
    before = weights_of(model)
    with pytest.raises(ValueError, match=f"(?s){words}.*Received:"):
        model.fit(x, y, verbose=0, **kwargs)
    assert_equal(weights_of(model), before)


def images(n=8, shape=(8, 8, 1), dtype="float32"):
    return np.zeros((n, *shape), dtype)


def poisoned(value):
    x = images()
    x[5, 1, 2, 0] = value
    return x


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "x, words",
    [
        (None, "x must be data"),
        (images(shape=(8, 8)), "x must have the shape"),
        (images(shape=(8, 8, 3)), "x must have the shape"),
        (images(shape=(16, 8, 1)), "x must have the shape"),
        (np.float32(1.0), "x must not be empty"),
        (images(dtype="uint16"), "x must be images of uint8.*32767.5"),
        (images(dtype="int64"), "x must be images of uint8"),
        (images() + 255, r"x must be images in \[-1, 1\]"),
        (poisoned(-1.5), r"x must be images in \[-1, 1\]"),
        (poisoned(np.nan), "x must be finite"),
        (poisoned(np.inf), "x must be finite"),
        (images(0), "x must not be empty"),
        ((b for b in ()), "x must not be empty"),
        (((b,) for b in [images(dtype="bool")]), "x must be images of uint8"),
    ],
)
def test_fit_refuses(x, words):
    refuses(words, x)


@pytest.mark.slow
@pytest.mark.neutral
def test_points_have_no_range():
    model = compiled(points_gan())
    assert np.isfinite(fit(model, 50 * points(8))["d_loss"]).all()
    refuses("x must be finite", points() * np.nan, model=model)


@pytest.mark.slow
@pytest.mark.neutral
def test_a_little_rounding_is_no_error():
    fit(compiled(tiny_gan()), images() + 1.005)


@pytest.mark.slow
def test_float64_trains():
    fit(compiled(tiny_gan()), images(dtype="float64"))


@pytest.mark.neutral
def test_evaluate_and_validation_data_are_checked_too():
    model = compiled(tiny_gan())
    with pytest.raises(ValueError, match="x must be images of.*Received:"):
        model.evaluate(images(dtype="int32"), verbose=0)
    for data in (images() + 3, (images() + 3,)):
        refuses(
            "validation_data: x must be images",
            images(),
            model=model,
            validation_data=data,
        )


@pytest.mark.slow
def test_generators_lose_no_batch():
    model = compiled(points_gan())
    seen = []

    def batches():
        for i in range(3):
            seen.append(i)
            yield (points(8),)

    class Count(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1

    count = Count()
    fit(
        model,
        batches(),
        batch_size=None,
        steps_per_epoch=3,
        callbacks=[count],
    )
    assert seen == [0, 1, 2] and count.steps == 3


@pytest.mark.slow
def test_py_datasets():
    class Batches(keras.utils.PyDataset):
        def __init__(self, n):
            super().__init__()
            self.n = n

        def __len__(self):
            return self.n

        def __getitem__(self, index):
            return (points(8, seed=index),)

    model = compiled(points_gan())
    assert fit(model, Batches(2), batch_size=None)["g_loss"]
    refuses("x must not be empty", Batches(0), model=model)


@pytest.mark.slow
def test_tf_data_is_checked(tf):
    def dataset(x):
        return tf.data.Dataset.from_tensor_slices(x).batch(4)

    refuses("x must be images of uint8", dataset(images(dtype="int32")))
    refuses("x must be images", dataset(images() + 2))
    refuses("x must not be empty", dataset(images(0)))
    unbatched = tf.data.Dataset.from_tensor_slices(images())
    refuses("x must have the shape", unbatched)
    scalars = tf.data.Dataset.from_tensor_slices(np.ones(3, "float32"))
    refuses("x must have the shape", scalars)


def test_to_uint8():
    x = np.array([[-1.0, 0.0, 1.0, -1.01, 1.2, 1 / 127.5]])
    np.testing.assert_array_equal(to_uint8(x), [[0, 128, 255, 0, 255, 128]])
    back = np.arange(256) / 127.5 - 1
    np.testing.assert_array_equal(to_uint8(back), np.arange(256))
