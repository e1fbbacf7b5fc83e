"""What every model promises. A new model joins by its entry in cases.py."""

import json

import keras
import numpy as np
import pytest
from cases import (
    CASES,
    SAMPLING,
    adam,
    assert_equal,
    changed,
    fit,
    weights_of,
)

import keras_gans
from keras_gans import backend

BACKEND = keras.backend.backend()


def build(case, **compile_arguments):
    """The same model every time, with the average generator."""
    keras.utils.set_random_seed(7)
    ema = {} if case.translates else {"ema_momentum": 0.9}
    model = case.build(seed=1, **ema)
    model.compile(
        adam(2e-3, clipnorm=1.0),
        keras.optimizers.AdamW(1e-3, weight_decay=1e-3),
        **compile_arguments,
    )
    return model


class Trained:
    """A model after one epoch, for the tests that only look at it."""

    def __init__(self, case):
        self.case = case
        self.model = build(case)
        self.start = weights_of(self.model)
        self.history = fit(self.model, *case.data())
        self.weights = weights_of(self.model)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def trained(request):
    return Trained(request.param)


@pytest.fixture(scope="module", params=SAMPLING, ids=lambda case: case.name)
def sampling(request):
    return Trained(request.param)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


# ---- training -------------------------------------------------------------


def test_fit_logs_the_losses_and_nothing_else(trained):
    assert set(trained.history) == set(trained.case.logs)
    assert np.isfinite(list(trained.history.values())).all()


def test_fit_moves_every_weight_of_every_network(trained):
    pairs = zip(trained.start, trained.weights)
    still = [before for before, after in pairs if (before == after).all()]
    assert len(still) == trained.case.unseen


def test_same_seed_trains_alike_from_arrays_and_from_batches(trained):
    x, *y = trained.case.data()
    slices = [slice(i, i + 8) for i in range(0, len(x), 8)]
    batches = [(x[s], *(a[s] for a in y)) for s in slices]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((x, *y))
        data = data.batch(8, drop_remainder=True)
        if not y:
            data = data.map(lambda x: x)
    else:
        data = (batch for batch in batches)
    model = build(trained.case)
    history = fit(model, data, batch_size=None, steps_per_epoch=4)
    assert_same_training(
        trained.case,
        (history, weights_of(model)),
        (trained.history, trained.weights),
    )


def assert_same_training(case, one, other):
    """Of two pairs of what `fit` logged and the weights after it."""
    (logs, weights), (other_logs, other_weights) = one, other
    if not case.rounds:
        assert logs == other_logs
        assert_equal(weights, other_weights)
        return
    for name, values in logs.items():
        np.testing.assert_allclose(values, other_logs[name], rtol=2e-4)
    distances = [np.abs(a - b).mean() for a, b in zip(weights, other_weights)]
    assert max(distances) < 1e-4


def test_run_eagerly_is_the_same_step(trained):
    if BACKEND == "jax" and trained.case.name != "gan":
        pytest.skip("one model is enough where every operation compiles")
    model = build(trained.case, run_eagerly=True)
    history = fit(model, *trained.case.data())
    for name, values in history.items():
        np.testing.assert_allclose(values, trained.history[name], rtol=2e-4)
    # Adam turns rounding of a gradient near 0 into a step of full size, and
    # the statistics of a few pixels amplify it from step to step.
    pairs = zip(weights_of(model), trained.weights)
    distances = [np.abs(a - b).mean() for a, b in pairs]
    assert max(distances) < (1e-3 if trained.case.translates else 1e-4)


def test_minimize_changes_one_networks_variables(case, monkeypatch):
    if BACKEND == "jax" and case.name == "dcgan":
        pytest.skip("time: the step of gan, operation by operation")
    model = build(case, run_eagerly=True)
    minimize = model.minimize
    seen = []

    def values(variables):
        return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]

    def spy(loss_fn, optimizer, network):
        players = [model.generator_variables, model.discriminator_variables]
        before = [values(p) for p in players]
        result = minimize(loss_fn, optimizer, network)
        after = [values(p) for p in players]
        seen.append([changed(b, a) for b, a in zip(before, after)])
        assert optimizer is (
            model.generator_optimizer
            if seen[-1][0]
            else model.discriminator_optimizer
        )
        return result

    monkeypatch.setattr(model, "minimize", spy)
    if BACKEND == "jax":  # Without a trace around it, as the step is written.
        model.train_step(tuple(map(keras.ops.convert_to_tensor, case.data(8))))
    else:
        model.train_on_batch(*case.data(8))
    generator, discriminator = [True, False], [False, True]
    if case.translates:
        assert seen == [generator, discriminator]
    else:
        assert seen == [*model.batch_divisor * [discriminator], generator]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(case, policy, dtype_policy):
    if BACKEND == "jax" and (policy, case.name) == ("mixed_bfloat16", "gan"):
        pytest.skip("time: float16 is there")
    dtype_policy(policy)
    model = build(case)
    is_wrapped = [
        isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        for optimizer in (
            model.generator_optimizer,
            model.discriminator_optimizer,
        )
    ]
    assert is_wrapped == 2 * [policy == "mixed_float16"]
    assert model.generator.layers[1].compute_dtype == policy[len("mixed_") :]
    before = weights_of(model)
    # Weighted losses overflow until the loss scale has come down.
    history = fit(model, *case.data(80 if case.translates else 16))
    assert np.isfinite(list(history.values())).all()
    after = weights_of(model)
    assert all(np.isfinite(w).all() for w in after)
    still = [b for b, a in zip(before, after) if (b == a).all()]
    assert len(still) == case.unseen
    # What leaves a network is float32: losses are computed from it.
    inputs = keras.tree.map_structure(
        keras.ops.convert_to_tensor, case.inputs(2)
    )
    assert keras.backend.standardize_dtype(model(inputs).dtype) == "float32"


# ---- evaluation -----------------------------------------------------------


def test_evaluate_repeats_itself_and_changes_nothing(trained):
    model, data = trained.model, trained.case.data(16, seed=1)
    before = weights_of(model)
    seed = keras.ops.convert_to_numpy(model.seed_generator.state).copy()
    first = model.evaluate(*data, batch_size=8, verbose=0)
    second = model.evaluate(*data, batch_size=8, verbose=0, return_dict=True)
    assert set(second) == set(trained.case.evaluated)
    assert sorted(first) == sorted(second.values())
    assert np.isfinite(first).all()
    assert_equal(weights_of(model), before)
    after = keras.ops.convert_to_numpy(model.seed_generator.state)
    np.testing.assert_array_equal(after, seed)


def test_predict_is_the_inference_network(sampling):
    model, inputs = sampling.model, sampling.case.inputs(5)
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)

    def outputs(network):
        return keras.ops.convert_to_numpy(network(tensors, training=False))

    assert model.inference_network is model.ema_generator
    np.testing.assert_array_equal(outputs(model), outputs(model.ema_generator))
    predicted = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(predicted, outputs(model), atol=1e-6)
    assert np.abs(predicted - outputs(model.generator)).max() > 1e-4
    assert predicted.dtype == "float32"
    assert np.abs(predicted).max() <= 1


# ---- generate -------------------------------------------------------------


def assert_same_images(a, b):
    """Equal, but for a rounding that another batch size may turn over."""
    assert a.dtype == b.dtype == "uint8" and a.shape == b.shape
    assert np.abs(a.astype(int) - b).max() <= 1
    assert (a != b).mean() < 0.01


def test_generate(sampling):
    model, shape = sampling.model, sampling.case.example_shape
    images = model.generate(11, seed=3)
    assert images.shape == (11, *shape) and images.dtype == "uint8"
    assert images.std() > 0
    np.testing.assert_array_equal(images, model.generate(11, seed=3))
    assert_same_images(images, model.generate(11, seed=3, batch_size=4))
    for m in (1, 8):
        assert_same_images(images[:m], model.generate(m, seed=3))
    assert changed([images], [model.generate(11, seed=4)])
    assert changed([model.generate(11)], [model.generate(11)])


def test_generate_makes_one_batch_at_a_time(sampling, monkeypatch):
    model = sampling.model
    sizes = []

    def spy(x):
        sizes.append(len(keras.tree.flatten(x)[0]))
        return np.zeros((sizes[-1], *sampling.case.example_shape), "float32")

    monkeypatch.setattr(model, "predict_on_batch", spy)
    assert len(model.generate(np.int64(21), batch_size=8)) == 21
    assert sizes == [8, 8, 8]


# ---- saving ---------------------------------------------------------------


def test_keras_file_trains_on_as_if_nothing_had_happened(trained, tmp_path):
    model = trained.model
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert_equal(weights_of(loaded), weights_of(model))
    for optimizer in ("generator_optimizer", "discriminator_optimizer"):
        a, b = getattr(model, optimizer), getattr(loaded, optimizer)
        assert a.get_config() == b.get_config()
        for v, w in zip(a.variables, b.variables):
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(v), keras.ops.convert_to_numpy(w)
            )
    data = trained.case.data(16, seed=2)
    assert_same_training(
        trained.case,
        (fit(loaded, *data), weights_of(loaded)),
        (fit(model, *data), weights_of(model)),
    )
    samples = [
        trained.case.samples(m).astype("float64") for m in (loaded, model)
    ]
    difference = np.abs(samples[0] - samples[1]).max()
    assert difference <= (1 if trained.case.rounds else 0)


def test_config_round_trip(trained):
    config = json.loads(json.dumps(trained.model.get_config()))
    model = type(trained.model).from_config(config)
    assert json.loads(json.dumps(model.get_config())) == config
    model.compile_from_config(trained.model.get_compile_config())
    assert model.generator_optimizer.clipnorm == 1.0
    assert model.discriminator_optimizer.weight_decay == 1e-3
    assert model.get_compile_config() == trained.model.get_compile_config()


def test_is_public(case):
    model = case.build()
    assert type(model).__name__ in keras_gans.__all__
    assert model.default_optimizers()
    assert backend.num_replicas() == 1
