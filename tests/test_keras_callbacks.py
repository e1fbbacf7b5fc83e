"""Every callback of Keras acts on all players, or is refused at once.

A callback that a later Keras adds fails here, until someone has tried it.
"""

import types

import keras
import numpy as np
import pytest
from cases import adam, assert_equal, changed, fit, points_gan, weights_of
from keras import callbacks, ops
from three_players import three_players

TRIALS = {}
RATES = {"generator": 1e-3, "discriminator": 2e-3, "encoder": 3e-3}
POINTS = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")


def trial(name):
    def register(function):
        TRIALS[name] = function
        return function

    return register


def compiled(**kwargs):
    keras.utils.set_random_seed(0)
    model = three_players(seed=0)
    g, d, e = (adam(rate, **kwargs) for rate in RATES.values())
    model.compile(g, d, encoder_optimizer=e)
    return model


@pytest.fixture(scope="module")
def model():
    """Trained by all tests here: one compilation."""
    return compiled(use_ema=True, ema_momentum=0.5)


@pytest.fixture(autouse=True)
def same_rates(model):
    yield
    for player, optimizer in model.optimizers.items():
        optimizer.learning_rate = RATES[player]


def rates(model):
    return {
        player: float(ops.convert_to_numpy(optimizer.learning_rate))
        for player, optimizer in model.optimizers.items()
    }


def train(model, callback, epochs=2):
    return fit(model, POINTS, epochs=epochs, callbacks=[callback])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [n for n, value in vars(callbacks).items() if isinstance(value, type)],
)
def test_every_callback_of_keras(name, model, tmp_path):
    assert name in TRIALS, f"keras.callbacks.{name} is new: try it here"
    TRIALS[name](model, tmp_path)


@trial("Callback")
@trial("CallbackList")
@trial("History")
@trial("ProgbarLogger")
def without_an_optimizer(model, tmp_path):
    """Keras's machinery: `fit` makes them itself."""
    logs = fit(model, POINTS, callbacks=callbacks.CallbackList(model=model))
    # A list of the user's own is taken as it is, without a History.
    assert logs is not None


@trial("BackupAndRestore")
def backup(model, tmp_path):
    class Stop(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            POINTS,
            epochs=2,
            callbacks=[callbacks.BackupAndRestore(tmp_path), Stop()],
        )
    other = compiled(use_ema=True, ema_momentum=0.5)
    other.load_weights(next(tmp_path.rglob("*.weights.h5")))
    assert_equal(weights_of(other), weights_of(model))
    assert_equal(state_of(other), state_of(model))


def state_of(model):
    return [ops.convert_to_numpy(v) for v in model.optimizer.variables]


@trial("CSVLogger")
def csv_logger(model, tmp_path):
    train(model, callbacks.CSVLogger(tmp_path / "log.csv"))
    head, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert {"epoch", "d_loss", "e_loss"} <= set(head.split(","))
    assert len(rows) == 2


@trial("EarlyStopping")
def early_stopping(model, tmp_path):
    seen = []
    look = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(weights_of(model))
    )
    stop = callbacks.EarlyStopping(
        "e_loss", min_delta=100, mode="min", restore_best_weights=True
    )
    end = callbacks.LambdaCallback(
        on_train_end=lambda logs: seen.append(weights_of(model))
    )
    fit(model, POINTS, epochs=5, callbacks=[look, stop, end])
    # Nothing falls by 100: the first of two epochs is the best.
    first, last, restored = seen
    assert_equal(restored, first)
    assert changed(last, first)
    for monitor, mode, words in (
        ("val_loss", "min", "no single loss"),
        ("g_loss", "auto", '"min" or "max"'),
    ):
        stop = callbacks.EarlyStopping(monitor, mode=mode)
        refused(model, stop, words)


@trial("LambdaCallback")
def lambda_callback(model, tmp_path):
    seen = []
    train(
        model,
        callbacks.LambdaCallback(on_epoch_end=lambda *args: seen.append(args)),
    )
    assert [epoch for epoch, _ in seen] == [0, 1]


@trial("LearningRateScheduler")
def scheduler(model, tmp_path):
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    logs = train(model, halve)
    for player, rate in rates(model).items():
        assert rate == pytest.approx(RATES[player] / 4)
        assert logs[f"learning_rate_{player}"][-1] == pytest.approx(rate)
    refused(with_a_schedule(), halve, "Received: encoder_optimizer with")


def with_a_schedule():
    model = three_players()
    decay = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    model.compile(encoder_optimizer=adam(decay))
    return model


@trial("ModelCheckpoint")
def checkpoint(model, tmp_path):
    train(model, callbacks.ModelCheckpoint(tmp_path / "a.keras"))
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert_equal(state_of(loaded), state_of(model))
    for path, kwargs, words in (
        ("a.h5", {}, "save to a .keras file"),
        ("a.keras", {"save_best_only": True}, "no single loss"),
    ):
        path = tmp_path / path
        refused(model, callbacks.ModelCheckpoint(path, **kwargs), words)


@trial("OrbaxCheckpoint")
def orbax(model, tmp_path):
    # Without its package, which is looked for by __init__.
    callback = object.__new__(callbacks.OrbaxCheckpoint)
    refused(model, callback, "use keras.callbacks.BackupAndRestore")


@trial("ReduceLROnPlateau")
def plateau(model, tmp_path):
    callback = callbacks.ReduceLROnPlateau(
        "g_loss", factor=0.1, patience=1, min_delta=100, mode="min"
    )
    train(model, callback, epochs=3)
    for player, rate in rates(model).items():
        assert rate == pytest.approx(RATES[player] / 100)
    refused(with_a_schedule(), callback, "Received: encoder_optimizer with")
    refused(model, callbacks.ReduceLROnPlateau(), "no single loss")


@trial("RemoteMonitor")
def remote(model, tmp_path):
    sent = []
    monitor = callbacks.RemoteMonitor()
    module = __import__(type(monitor).__module__, fromlist=["requests"])
    with pytest.MonkeyPatch.context() as patch:
        post = lambda *args, **kwargs: sent.append((args, kwargs))  # noqa: E731
        patch.setattr(
            module,
            "requests",
            types.SimpleNamespace(
                post=post,
                exceptions=types.SimpleNamespace(RequestException=OSError),
            ),
        )
        train(model, monitor)
    assert len(sent) == 2 and "d_loss" in str(sent[0])


@trial("SwapEMAWeights")
def swap(model, tmp_path):
    inside, after = [], []
    look = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: after.append(weights_of(model))
    )

    class Look(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inside.append(weights_of(model))

    swapped = callbacks.SwapEMAWeights(swap_on_epoch=True)
    fit(model, POINTS, epochs=2, callbacks=[swapped, look, Look()])
    for player in model.players:  # Each has its own average in the end.
        optimizer = model.optimizers[player]
        assert_equal(
            [ops.convert_to_numpy(v) for v in model.variables_of(player)],
            [
                ops.convert_to_numpy(v)
                for v in optimizer._model_variables_moving_average
            ],
        )
    assert changed(inside[0], after[1])  # And trains on from the others.
    plain = three_players()
    plain.compile()
    refused(plain, swapped, "use_ema=True")


@trial("TensorBoard")
def tensorboard(model, tmp_path):
    if keras.backend.backend() != "tensorflow":
        return
    pytest.importorskip("tensorboard")
    callback = callbacks.TensorBoard(tmp_path, write_steps_per_second=True)
    train(model, callback)
    import tensorflow as tf

    (events,) = tmp_path.glob("train/events*")
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    }
    wanted = {f"epoch_learning_rate_{player}" for player in RATES}
    assert {*wanted, "epoch_e_loss", "epoch_steps_per_second"} <= tags


@trial("TerminateOnNaN")
def nan(model, tmp_path):
    # It knows "loss" alone; ours, which `fit` has by itself, knows all.
    weight = model.discriminators[1].trainable_variables[0]
    spoil = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: weight.assign(weight * np.nan)
    )
    with pytest.raises(FloatingPointError, match="_loss became nan"):
        fit(model, POINTS, callbacks=[callbacks.TerminateOnNaN(), spoil])
    assert all(np.isfinite(w).all() for w in weights_of(model))


def refused(model, callback, words):
    before = weights_of(model)
    with pytest.raises(ValueError, match=words):
        fit(model, POINTS, callbacks=[callback])
    assert_equal(weights_of(model), before)


@pytest.mark.slow
def test_two_players_and_scaled_losses(dtype_policy):
    dtype_policy("mixed_float16")
    model = points_gan()
    model.compile(adam(use_ema=True), adam(2e-3, use_ema=True))
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(model, POINTS, callbacks=[halve, callbacks.SwapEMAWeights()])
    assert list(rates(model).values()) == pytest.approx([5e-4, 1e-3])


def test_files(model, tmp_path):
    path = tmp_path / "a.keras"
    model.save(path)
    for bad in ("a.h5", "a.hdf5"):
        with pytest.raises(ValueError, match="save to a .keras file.*Received"):
            model.save(tmp_path / bad)
    with pytest.raises(ValueError, match="Invalid filepath extension"):
        model.save(tmp_path / "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["a.keras"]
    with pytest.raises(ValueError, match="holds one optimizer"):
        keras.saving.save_model(model, tmp_path / "a.h5")
