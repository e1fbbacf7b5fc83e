"""What every model promises. A model joins by the `CASE` of its test file."""

import functools
import json
import operator

import keras
import numpy as np
import pytest
from cases import (
    adam,
    assert_equal,
    cases,
    changed,
    fit,
    weights_of,
)

import keras_gans
from keras_gans import backend, example_kinds, registry
from keras_gans.checks import Unsupported
from keras_gans.models.players import ends_in

BACKEND = keras.backend.backend()
CASES = cases()
SAMPLING = [case for case in CASES if case.task == "sampling"]
NAME = operator.attrgetter("name")
# Each model in one half precision, and in the other on another backend.
POLICIES = ("mixed_float16", "mixed_bfloat16")


def build(case, **compile_arguments):
    """The same model every time, with the average generator."""
    keras.utils.set_random_seed(7)
    ema = {"ema_momentum": 0.9} if case.task == "sampling" else {}
    model = case.build(seed=1, **ema)
    optimizers = {
        f"{player}_optimizer": adam(2e-3, clipnorm=1.0)
        if player == "generator"
        else keras.optimizers.AdamW(1e-3, weight_decay=1e-3)
        for player in model.players
    }
    model.compile(**optimizers, **compile_arguments)
    return model


class Trained:
    """A model after one epoch, for the tests that only look at it."""

    def __init__(self, case):
        self.case = case
        self.model = build(case)
        self.start = weights_of(self.model)
        self.history = fit(self.model, *self.data())
        self.weights = weights_of(self.model)

    def data(self, n=32, seed=0):
        """`(x,)` or `(x, y)` as NumPy arrays."""
        return self.model.task.batch(self.model, n, seed)


train_once = functools.cache(Trained)


@pytest.fixture(params=CASES, ids=NAME)
def trained(request):
    return train_once(request.param)


@pytest.fixture(params=SAMPLING, ids=NAME)
def sampling(request):
    return train_once(request.param)


@pytest.fixture(params=CASES, ids=NAME)
def case(request):
    return request.param


@pytest.mark.neutral
def test_every_public_model_has_a_case():
    public = {name for name, (_, task) in registry.CLASSES.items() if task}
    # Generators that train alone: tests/models/test_srgan.py and _rrdbnet.py.
    alone = {"SRResNet", "RRDBNet", "SRVGGNetCompact"}
    assert public - {case.model.__name__ for case in CASES} == alone


# ---- training -------------------------------------------------------------


def test_fit_logs_the_losses_and_nothing_else(trained):
    assert set(trained.history) == set(trained.case.logs)
    assert np.isfinite(list(trained.history.values())).all()


def test_fit_moves_every_weight_of_every_network(trained):
    pairs = zip(trained.start, trained.weights)
    still = [before for before, after in pairs if (before == after).all()]
    assert len(still) == trained.case.unseen


def test_same_seed_trains_alike_from_arrays_and_from_batches(trained):
    x, *y = trained.data()
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
    history = fit(model, *trained.data())
    for name, values in history.items():
        np.testing.assert_allclose(values, trained.history[name], rtol=2e-4)
    # Adam turns rounding of a gradient near 0 into a step of full size.
    pairs = zip(weights_of(model), trained.weights)
    distances = [np.abs(a - b).mean() for a, b in pairs]
    assert max(distances) < trained.case.drift


def test_minimize_changes_one_networks_variables(case, monkeypatch):
    model = build(case, run_eagerly=True)
    data = model.task.batch(model, 8)
    variables = {p: model.variables_of(p) for p in model.players}
    optimizers = model.optimizers
    seen = []

    def player_of(optimizer):
        (player,) = [p for p, o in optimizers.items() if o is optimizer]
        return player

    def values():
        return {
            player: [np.array(keras.ops.convert_to_numpy(v)) for v in own]
            for player, own in variables.items()
        }

    minimize, apply_gradients = model.minimize, backend.apply_gradients

    def spy(loss_fn, optimizer, network):
        before = values()
        result = minimize(loss_fn, optimizer, network)
        after = values()
        moved = [p for p in variables if changed(before[p], after[p])]
        assert moved == [player_of(optimizer)]
        seen.extend(moved)
        return result

    def spy_on_gradients(optimizer, gradients, own):
        player = player_of(optimizer)
        assert len(own) == len(variables[player])
        assert {id(v) for v in own} == {id(v) for v in variables[player]}
        seen.append(player)
        apply_gradients(optimizer, gradients, own)

    if BACKEND == "jax":
        # Every operation would be compiled: a trace without values is enough
        # to see which variables an optimizer is given.
        monkeypatch.setattr(backend, "apply_gradients", spy_on_gradients)
        trace_step(model, data)
    else:
        monkeypatch.setattr(model, "minimize", spy)
        model.train_on_batch(*data)
    steps = getattr(model, "discriminator_steps", 1)
    assert seen == [
        player
        for player in case.turns
        for _ in range(steps if player != "generator" else 1)
    ]
    assert set(seen) == set(model.players)


def trace_step(model, data):
    """One step on JAX, without values."""
    import jax

    state = [
        [v.value for v in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
    ]
    jax.eval_shape(backend.wrap_step(model, "train"), state, data)


def test_mixed_precision(case, dtype_policy):
    if BACKEND == "jax" and case.name not in ("gan", "wgan_gp", "pix2pix"):
        pytest.skip("compiles for long; what differs there is `minimize`")
    offset = ("tensorflow", "jax", "torch").index(BACKEND)
    policy = POLICIES[(CASES.index(case) + offset) % 2]
    dtype_policy(policy)
    try:
        model = build(case)
    except Unsupported as error:
        pytest.skip(str(error))
    for optimizer in model.optimizers.values():
        is_wrapped = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert is_wrapped == (policy == "mixed_float16")
    assert model.generator.layers[1].compute_dtype == policy[len("mixed_") :]
    before = weights_of(model)
    # Weighted losses overflow until the loss scale has come down.
    steps = 10 if policy == "mixed_float16" else 2
    task = model.task
    history = fit(model, *task.batch(model, 8 * steps))
    assert np.isfinite(list(history.values())).all()
    after = weights_of(model)
    assert all(np.isfinite(w).all() for w in after)
    still = [b for b, a in zip(before, after) if (b == a).all()]
    assert len(still) == case.unseen
    # What leaves a network is float32: losses are computed from it.
    inputs = keras.tree.map_structure(
        keras.ops.convert_to_tensor, task.inputs(model, 2)
    )
    assert keras.backend.standardize_dtype(model(inputs).dtype) == "float32"


# ---- evaluation -----------------------------------------------------------


def test_evaluate_repeats_itself_and_changes_nothing(trained):
    model, data = trained.model, trained.data(16, seed=1)
    before = weights_of(model)
    seed = keras.ops.convert_to_numpy(model.seed_generator.state).copy()
    first = model.evaluate(*data, batch_size=8, verbose=0)
    second = model.evaluate(*data, batch_size=8, verbose=0, return_dict=True)
    expected = set(trained.case.logs) - set(trained.case.only_in_training)
    assert set(second) == expected
    assert sorted(first) == sorted(second.values())
    assert np.isfinite(first).all()
    assert_equal(weights_of(model), before)
    after = keras.ops.convert_to_numpy(model.seed_generator.state)
    np.testing.assert_array_equal(after, seed)


def test_predict_is_the_inference_network(sampling):
    model = sampling.model
    inputs = model.task.inputs(model, 5)
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)

    def outputs(network):
        return keras.ops.convert_to_numpy(network(tensors, training=False))

    assert model.inference_network is model.ema_generator
    np.testing.assert_array_equal(outputs(model), outputs(model.ema_generator))
    predicted = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(predicted, outputs(model), atol=1e-6)
    assert np.abs(predicted - outputs(model.generator)).max() > 1e-4
    assert predicted.dtype == "float32"
    # Some papers' networks end linear, whose images `generate` clips.
    bounded = ends_in(model.generator) == "tanh"
    assert np.abs(predicted).max() <= 1 or not bounded


# ---- generate -------------------------------------------------------------


def assert_same_samples(a, b):
    """Equal, but for a rounding that another batch size may turn over."""
    assert a.dtype == b.dtype and a.shape == b.shape
    if a.dtype != "uint8":
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        return
    assert np.abs(a.astype(int) - b).max() <= 1
    assert (a != b).mean() < 0.01


def test_generate(sampling):
    model = sampling.model
    samples = model.generate(11, seed=3)
    assert samples.shape == (11, *model.example_shape)
    eight_bits = example_kinds.get(model.example_kind).eight_bits
    assert samples.dtype == ("uint8" if eight_bits else "float32")
    assert samples.std() > 0
    np.testing.assert_array_equal(samples, model.generate(11, seed=3))
    assert_same_samples(samples, model.generate(11, seed=3, batch_size=4))
    for m in (1, 8):
        assert_same_samples(samples[:m], model.generate(m, seed=3))
    assert changed([samples], [model.generate(11, seed=4)])
    assert changed([model.generate(11)], [model.generate(11)])


def test_generate_makes_one_batch_at_a_time(sampling, monkeypatch):
    model = sampling.model
    sizes = []

    def spy(function, batches):
        for x in batches:
            sizes.append(len(keras.tree.flatten(x)[0]))
            yield np.zeros((sizes[-1], *model.example_shape), "float32")

    monkeypatch.setattr(backend, "map_batches", spy)
    assert len(model.generate(np.int64(21), batch_size=8)) == 21
    assert sizes == [8, 8, 8]


# ---- saving ---------------------------------------------------------------


def test_config_round_trip(trained):
    config = json.loads(json.dumps(trained.model.get_config()))
    model = type(trained.model).from_config(config)
    assert json.loads(json.dumps(model.get_config())) == config
    model.compile_from_config(trained.model.get_compile_config())
    for player, optimizer in model.optimizers.items():
        if player == "generator":
            assert optimizer.clipnorm == 1.0
        else:
            assert optimizer.weight_decay == 1e-3
    assert model.get_compile_config() == trained.model.get_compile_config()


# The last one of the trained model: it trains on.
def test_keras_file_trains_on_as_if_nothing_had_happened(trained, tmp_path):
    model = trained.model
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    before = weights_of(model)
    assert_equal(weights_of(loaded), before)
    optimizers = zip(*(m.optimizers.values() for m in (model, loaded)))
    for a, b in optimizers:
        assert a.get_config() == b.get_config()
        for v, w in zip(a.variables, b.variables):
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(v), keras.ops.convert_to_numpy(w)
            )
    data = trained.data(16, seed=2)
    assert_same_training(
        trained.case,
        (fit(loaded, *data), weights_of(loaded)),
        (fit(model, *data), weights_of(model)),
    )
    samples = [
        np.asarray(m.task.samples(m)).astype("float64") for m in (loaded, model)
    ]
    difference = np.abs(samples[0] - samples[1]).max()
    assert difference <= (1 if trained.case.rounds else 0)


def test_is_public(case):
    assert type(case.build()) is case.model
    assert case.model.__name__ in keras_gans.__all__
    assert case.build().default_optimizers()
    assert backend.num_replicas() == 1
