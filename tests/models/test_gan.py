import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    Case,
    adam,
    fit,
    points_gan,
    tiny_conditional_gan,
    tiny_dcgan,
    tiny_gan,
    weights_of,
)
from keras import ops

import keras_gans
from keras_gans import losses
from keras_gans.models.gan import GANDiscriminator, GANGenerator

CASE = Case(keras_gans.GAN, tiny_gan)

EAGER = {"run_eagerly": True}


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def step_seen_by(model, x, monkeypatch):
    """Runs one step; what the loss functions and the discriminator saw."""
    model.compile(adam(), adam(), **EAGER)
    seen = {"generator": [], "discriminator": []}
    minimize = model.minimize

    def spy(loss_fn, optimizer, network):
        # Evaluated once more, on the seeds that it has, to look inside.
        call = type(model.discriminator).call
        inputs = []

        def record(self, x, *args, **kwargs):
            if self is model.discriminator:
                inputs.append(numpy(x))
            return call(self, x, *args, **kwargs)

        seed = numpy(model.seed_generator.state)
        monkeypatch.setattr(type(model.discriminator), "call", record)
        loss = numpy(loss_fn())
        monkeypatch.undo()
        model.seed_generator.state.assign(seed)
        player = "generator" if network is model.generator else "discriminator"
        seen[player].append((inputs, loss))
        monkeypatch.setattr(model, "minimize", spy)
        return minimize(loss_fn, optimizer, network)

    monkeypatch.setattr(model, "minimize", spy)
    model.train_step((ops.convert_to_tensor(x),))
    return seen["discriminator"], seen["generator"]


def points(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


@pytest.mark.neutral
def test_discriminator_steps_see_fresh_disjoint_slices(monkeypatch):
    x = points(12)
    model = points_gan(discriminator_steps=3, seed=0)
    d_steps, g_steps = step_seen_by(model, x, monkeypatch)
    assert len(d_steps) == 3 and len(g_steps) == 1
    real = [inputs[0] for inputs, _ in d_steps]
    assert [len(r) for r in real] == [4, 4, 4]
    assert {tuple(p) for r in real for p in r} == {tuple(p) for p in x}
    # Fresh fakes as well, and the generator's are not the discriminator's.
    fakes = [inputs[1] for inputs, _ in d_steps] + [g_steps[0][0][0]]
    assert len({f.tobytes() for f in fakes}) == 4
    assert all(len(f) == 4 for f in fakes)


@pytest.mark.neutral
def test_a_batch_that_does_not_divide_loses_its_rest():
    model = points_gan(discriminator_steps=2)
    parts = model.split_batch((np.arange(7), np.arange(7)), 2)
    assert [tuple(map(list, part)) for part in parts] == [
        ([0, 2, 4], [0, 2, 4]),
        ([1, 3, 5], [1, 3, 5]),
    ]


@pytest.mark.neutral
def test_fit_refuses_a_batch_that_does_not_divide():
    model = points_gan(discriminator_steps=2)
    model.compile()
    for n, batch_size in ((7, 7), (12, 8 - 1), (13, 4)):
        with pytest.raises(
            ValueError, match="batch_size.*discriminator_steps.*Received:"
        ):
            model.fit(points(n), batch_size=batch_size, verbose=0)
    with pytest.raises(ValueError, match="discriminator_steps.*Received:"):
        model.fit((b for b in [(points(5),)]), verbose=0)
    # evaluate() takes no discriminator steps.
    assert np.isfinite(model.evaluate(points(7), verbose=0)).all()


@pytest.mark.neutral
def test_losses_of_a_step(monkeypatch):
    calls = []

    def generator_loss(fake_logits):
        calls.append(("generator", fake_logits))
        return losses.hinge_generator_loss(fake_logits)

    def discriminator_loss(real_logits, fake_logits):
        calls.append(("discriminator", real_logits, fake_logits))
        return losses.hinge_discriminator_loss(real_logits, fake_logits)

    model = points_gan(
        generator_loss=generator_loss,
        discriminator_loss=discriminator_loss,
        seed=0,
    )
    weights = weights_of(model)
    d_steps, g_steps = step_seen_by(model, points(4), monkeypatch)
    assert [c[0] for c in calls] == 2 * ["discriminator"] + 2 * ["generator"]
    # By hand, with the networks as they were before the step.
    fresh = points_gan()
    fresh.set_weights(weights)
    (real, fake), loss = d_steps[0]
    np.testing.assert_array_equal(real, points(4))
    logits = [
        numpy(fresh.discriminator(ops.convert_to_tensor(x)))
        for x in (real, fake)
    ]
    expected = (
        np.maximum(0, 1 - logits[0]).mean()
        + np.maximum(0, 1 + logits[1]).mean()
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    (fake,), loss = g_steps[0]
    logits = numpy(model.discriminator(ops.convert_to_tensor(fake)))
    np.testing.assert_allclose(loss, -logits.mean(), rtol=1e-5)


def test_no_gradient_of_the_discriminators_step_reaches_the_generator():
    # Through stop_gradient the loss of the discriminator is flat in the
    # generator's weights, whatever is minimized over.
    model = points_gan(seed=0)
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    captured = []
    model.minimize = lambda loss_fn, *_: captured.append(loss_fn) or 0.0
    model.train_step((ops.convert_to_tensor(points(4)),))
    del model.minimize
    before = weights_of(model.generator)
    model.minimize(captured[0], model.generator_optimizer, model.generator)
    for b, a in zip(before, weights_of(model.generator)):
        np.testing.assert_array_equal(b, a)


@pytest.mark.slow
@pytest.mark.neutral
def test_label_smoothing_reaches_the_real_targets_only(monkeypatch):
    # With this seed and no noise both models see the same fakes.
    plain, smooth = (
        step_seen_by(
            points_gan(label_smoothing=s, seed=0), points(8), monkeypatch
        )
        for s in (0.0, 0.2)
        if keras.utils.set_random_seed(0) is None
    )
    (inputs, loss), (inputs_smooth, loss_smooth) = plain[0][0], smooth[0][0]
    for a, b in zip(inputs, inputs_smooth):
        np.testing.assert_array_equal(a, b)
    keras.utils.set_random_seed(0)
    model = points_gan(seed=0)
    real_logits = numpy(model.discriminator(ops.convert_to_tensor(inputs[0])))
    np.testing.assert_allclose(
        loss_smooth - loss, 0.2 * real_logits.mean(), rtol=1e-3, atol=1e-6
    )


@pytest.mark.neutral
def test_instance_noise_has_its_deviation_on_real_and_fake(monkeypatch):
    n = 4000
    seen = {}
    for noise in (0.0, 0.3):
        keras.utils.set_random_seed(0)
        # A generator that makes zeros: what is seen of fakes is the noise.
        model = keras_gans.GAN(
            keras.Sequential(
                [
                    keras.Input((2,)),
                    keras.layers.Dense(2, kernel_initializer="zeros"),
                ]
            ),
            GANDiscriminator((2,), units=(4,)),
            latent_dim=2,
            instance_noise=noise,
            seed=0,
        )
        seen[noise] = step_seen_by(model, 0 * points(n) + 5, monkeypatch)
    (real, fake), _ = seen[0.0][0][0]
    assert (real == 5).all() and (fake == 0).all()
    (real, fake), _ = seen[0.3][0][0]
    (fake_of_generator,), _ = seen[0.3][1][0]
    for x in (real - 5, fake, fake_of_generator):
        assert x.std() == pytest.approx(0.3, rel=0.05)
        assert abs(x.mean()) < 0.02
    assert len({x.tobytes() for x in (real - 5, fake, fake_of_generator)}) == 3


@pytest.mark.slow
@pytest.mark.neutral
def test_instance_noise_is_not_in_evaluate():
    # The same networks: only the noise differs, and must not count.
    results = []
    for noise in (0.0, 5.0):
        keras.utils.set_random_seed(0)
        model = points_gan(instance_noise=noise)
        model.compile()
        results.append(model.evaluate(points(8), verbose=0))
    assert results[0] == results[1]


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "family", ["minimax", "non_saturating", "least_squares", "hinge"]
)
def test_every_family_of_losses_trains_and_is_kept(family):
    functions = {
        f"{player}_loss": getattr(losses, f"{family}_{player}_loss")
        for player in ("generator", "discriminator")
    }
    model = points_gan(**functions, instance_noise=0.1, discriminator_steps=2)
    again = keras_gans.GAN.from_config(model.get_config())
    assert again.generator_loss is functions["generator_loss"]
    assert again.discriminator_loss is functions["discriminator_loss"]
    assert (again.instance_noise, again.discriminator_steps) == (0.1, 2)
    if keras.backend.backend() == "jax" and family != "hinge":
        return  # One compilation is enough.
    model.compile(adam(), adam(), run_eagerly=keras.backend.backend() != "jax")
    assert np.isfinite(list(fit(model, points(8)).values())).all()


@pytest.mark.neutral
def test_default_networks():
    model = keras_gans.GAN()
    assert model.generator.output_shape == (None, 28, 28, 1)
    assert model.discriminator.output_shape == (None, 1)
    assert model.latent_dim == 100
    assert model.generator.layers[-2].activation is keras.activations.tanh
    # Points are not bounded.
    last = GANGenerator((2,), LATENT_DIM, units=(4,)).layers[-2]
    assert last.activation is keras.activations.linear


@pytest.mark.neutral
@pytest.mark.parametrize("example_shape", [(8, 8, 3), (4, 6, 5), (3,), (5, 1)])
def test_any_example_shape(example_shape):
    model = tiny_gan(example_shape)
    assert model.example_shape == example_shape
    samples = model.generate(2)
    is_image = len(example_shape) == 3
    assert samples.shape == (2, *example_shape)
    assert samples.dtype == ("uint8" if is_image else "float32")


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"discriminator_steps": 0}, "discriminator_steps=0"),
        ({"discriminator_steps": 1.5}, "discriminator_steps=1.5"),
        ({"label_smoothing": 0.6}, "label_smoothing=0.6"),
        ({"label_smoothing": -0.1}, "label_smoothing=-0.1"),
        (
            {
                "label_smoothing": 0.1,
                "discriminator_loss": losses.hinge_discriminator_loss,
            },
            "label_smoothing=0.1, discriminator_loss=hinge_discriminator_loss",
        ),
        ({"instance_noise": -1.0}, "instance_noise=-1.0"),
        ({"generator_loss": "hinge"}, "generator_loss='hinge'"),
        ({"discriminator_loss": None}, "discriminator_loss=None"),
        ({"example_shape": (28, 0)}, r"example_shape=\(28, 0\)"),
        ({"example_shape": 28}, "example_shape=28"),
        ({"latent_dim": -1}, "latent_dim=-1"),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"Received: {words}"):
        keras_gans.GAN(**arguments)


# ---- relativistic losses and R1 -------------------------------------------


@pytest.mark.neutral
def test_a_relativistic_generator_is_shown_real_examples(monkeypatch):
    model = points_gan(
        generator_loss=losses.relativistic_average_generator_loss,
        discriminator_loss=losses.relativistic_average_discriminator_loss,
        seed=0,
    )
    x = points(4)
    _, g_steps = step_seen_by(model, x, monkeypatch)
    (fake, real), loss = g_steps[0]
    np.testing.assert_array_equal(real, x)
    logits = [
        model.discriminator(ops.convert_to_tensor(a)) for a in (real, fake)
    ]
    expected = losses.relativistic_average_generator_loss(*logits)
    np.testing.assert_allclose(loss, numpy(expected), rtol=1e-5)
    assert np.isfinite(model.evaluate(x, verbose=0)).all()


def discriminators_loss(model, *data):
    """What the first minimize of a step minimizes, before the step."""
    model.compile(adam(), adam())
    found = []
    model.minimize = lambda loss_fn, *_: found.append(loss_fn)
    model.track = lambda **_: {}
    model.train_step(tuple(map(ops.convert_to_tensor, data)))
    return float(numpy(found[0]()))


def slopes(function, x):
    """Gradients of a smooth function's outputs in `x`, as differences."""
    h = 1e-2
    steps = h * np.eye(x[0].size).reshape(-1, *x.shape[1:])
    return np.stack(
        [(function(x + step) - function(x - step)) / (2 * h) for step in steps]
    )


def smooth_discriminator(*others):
    """Twice differentiable, so that differences are exact enough."""
    x = keras.Input((2,))
    y = keras.layers.Concatenate()([x, *(o for _, o in others)])
    y = keras.layers.Dense(8, activation="tanh")(y)
    y = keras.layers.Dense(1)(y)
    return keras.Model([x, *(i for i, _ in others)] if others else x, y)


def test_r1_is_half_its_weight_times_the_penalty():
    x, values = points(8), {}
    for weight in (0.0, 3.0):
        keras.utils.set_random_seed(0)
        model = keras_gans.GAN(
            points_gan().generator,
            smooth_discriminator(),
            latent_dim=LATENT_DIM,
            r1_weight=weight,
            seed=0,
        )
        values[weight] = discriminators_loss(model, x)

    def score(x):
        x = ops.convert_to_tensor(x.astype("float32"))
        return numpy(model.discriminator(x))[:, 0]

    expected = 1.5 * (slopes(score, x) ** 2).sum(axis=0).mean()
    assert values[3.0] - values[0.0] == pytest.approx(expected, rel=1e-2)


def test_r1_of_a_conditional_discriminator_is_at_its_labels():
    x, labels = points(6), np.array([0, 1, 2, 0, 1, 2], "int32")
    values = {}
    for weight in (0.0, 2.0):
        keras.utils.set_random_seed(0)
        label = keras.Input((), dtype="int32")
        # Large embeddings: every label has slopes of its own.
        embedded = keras.layers.Embedding(
            3, 2, embeddings_initializer=keras.initializers.RandomNormal(0, 2)
        )(label)
        z, y = keras.Input((LATENT_DIM,)), keras.Input((), dtype="int32")
        code = keras.layers.Embedding(3, 2)(y)
        generator = keras.Model(
            [z, y],
            keras.layers.Dense(2)(keras.layers.Concatenate()([z, code])),
        )
        model = keras_gans.ConditionalGAN(
            generator,
            smooth_discriminator((label, embedded)),
            num_classes=3,
            latent_dim=LATENT_DIM,
            r1_weight=weight,
            seed=0,
        )
        values[weight] = discriminators_loss(model, x, labels)

    def score(x):
        x = ops.convert_to_tensor(x.astype("float32"))
        return numpy(model.discriminator([x, ops.convert_to_tensor(labels)]))[
            :, 0
        ]

    expected = (slopes(score, x) ** 2).sum(axis=0).mean()
    assert values[2.0] - values[0.0] == pytest.approx(expected, rel=1e-2)


@pytest.mark.neutral
def test_a_generator_loss_of_two_arguments_is_relativistic():
    def loss(real, fake):
        return ops.mean(real) - ops.mean(fake)

    def smoothed(fake, weight=0.1):
        return -weight * ops.mean(fake)

    assert points_gan(generator_loss=loss).is_relativistic
    assert not points_gan(generator_loss=smoothed).is_relativistic


@pytest.mark.neutral
@pytest.mark.parametrize("weight", [-1.0, "1", float("inf")])
def test_r1_weight_is_a_number(weight):
    with pytest.raises(ValueError, match="r1_weight must be.*Received"):
        points_gan(r1_weight=weight)


@pytest.mark.neutral
def test_r1_refuses_batch_normalization():
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="r1_weight.*Received.*'norm'"):
        keras_gans.GAN(r1_weight=1.0, discriminator=discriminator)


@pytest.mark.neutral
@pytest.mark.parametrize("make", [tiny_dcgan, tiny_conditional_gan])
def test_networks_of_r1_and_of_spectral_normalization(make):
    def kinds(**kwargs):
        network = make(**kwargs).discriminator
        return {type(layer).__name__ for layer in network._flatten_layers()}

    both = {"BatchNormalization", "SpectralNormalization"}
    images = {"image_shape": (16, 16, 1)}  # Its second layer is normalized.
    assert kinds(**images) & both == {"BatchNormalization"}
    assert kinds(**images, r1_weight=1.0) & both == set()
    spectral = {**images, "spectral_normalization": True}
    assert kinds(**spectral) & both == {"SpectralNormalization"}
    assert kinds(**spectral, r1_weight=1.0) & both == {"SpectralNormalization"}


@pytest.mark.slow
def test_sngan_with_r1_trains():
    model = tiny_conditional_gan(
        spectral_normalization=True,
        projection=True,
        r1_weight=1.0,
        generator_loss=losses.hinge_generator_loss,
        discriminator_loss=losses.hinge_discriminator_loss,
    )
    model.compile(adam(), adam())
    x = np.zeros((16, 8, 8, 1), "float32")
    history = fit(model, x, np.arange(16) % 3)
    assert np.isfinite(list(history.values())).all()
