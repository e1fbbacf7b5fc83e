import keras
import numpy as np
import pytest
from cases import adam, assert_equal, changed, fit, points_gan, weights_of

from keras_gans.callbacks import StopOnNonFinite

BACKEND = keras.backend.backend()


def points(n=32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype("float32")


def compiled(**kwargs):
    keras.utils.set_random_seed(0)
    model = points_gan(seed=1, ema_momentum=0.9)
    model.compile(adam(), adam(), **kwargs)
    return model


def batches_with_nan(bad, n=8):
    for i in range(n):
        x = points(8, seed=i)
        if i == bad:
            x[3, 1] = np.nan
        yield (x,)


# ---- the guard against NaN ------------------------------------------------


@pytest.mark.slow
def test_nan_stops_training_and_gives_the_weights_back():
    model = compiled()
    before = weights_of(model)
    with pytest.raises(ValueError) as error:
        fit(
            model,
            batches_with_nan(bad=4),
            batch_size=None,
            steps_per_epoch=8,
        )
    message = str(error.value)
    # Of NaN in the data, and not of a learning rate that was too high.
    assert "x must be finite in every batch" in message
    assert "at step 5 of" in message and "compile()" in message
    weights = weights_of(model)
    assert all(np.isfinite(w).all() for w in weights)
    # The copy of some step before the bad one; after compile() training goes
    # on from there.
    step = int(message.split("those of step ")[1].split(",")[0])
    assert 0 <= step <= 4
    assert changed(weights, before) == (step > 0)
    model.compile(adam(), adam())
    assert np.isfinite(list(fit(model, points()).values())).all()


@pytest.mark.skipif(BACKEND != "jax", reason="the state is in the model")
def test_threads_leave_the_state_alone(monkeypatch):
    model = compiled()
    guard = StopOnNonFinite()
    guard.set_model(model)
    guard.on_train_begin()

    def sync():
        raise AssertionError("attached beside a running step")

    monkeypatch.setattr(model, "jax_state_sync", sync)
    guard.on_train_batch_end(0, {"d_loss": np.nan})
    assert guard.bad


@pytest.mark.slow
def test_the_copy_is_exact(monkeypatch):
    # A clock that stands still between steps: every step is copied.
    monkeypatch.setattr(
        "keras_gans.callbacks.non_finite.time.perf_counter",
        iter(range(10**6)).__next__,
    )
    good = compiled()
    fit(
        good,
        (b for b in batches_with_nan(None, 4)),
        batch_size=None,
        steps_per_epoch=4,
    )
    copies = []
    monkeypatch.setattr(
        "keras_gans.callbacks.StopOnNonFinite.on_train_batch_begin",
        lambda self, batch, logs=None: (
            copies.append(self)
            or self._take_snapshot(self.steps_before_epoch + batch)
        ),
    )
    model = compiled()
    with pytest.raises(ValueError, match="those of step 4,"):
        fit(
            model,
            batches_with_nan(bad=4),
            batch_size=None,
            steps_per_epoch=8,
        )
    assert_equal(weights_of(model), weights_of(good))


@pytest.mark.slow
def test_a_learning_rate_that_explodes():
    model = points_gan(seed=1)
    model.compile(keras.optimizers.SGD(1e30), keras.optimizers.SGD(1e30))
    with pytest.raises(FloatingPointError, match="_loss became"):
        fit(model, points(80), epochs=3)
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.slow
def test_steps_are_counted_over_epochs():
    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                variable = self.model.discriminator.trainable_variables[0]
                variable.assign(variable.value * np.nan)

    model = compiled()
    with pytest.raises(FloatingPointError, match="at step 9 of"):
        fit(model, points(32), epochs=4, callbacks=[Poison()])
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="one loop on the device")
def test_nan_within_an_execution_of_several_steps():
    model = compiled(steps_per_execution=4)
    with pytest.raises(ValueError, match="not, at step 8 of"):
        fit(
            model,
            batches_with_nan(bad=5, n=12),
            batch_size=None,
            steps_per_epoch=12,
        )
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.slow
def test_weights_that_are_not_finite_to_begin_with():
    model = compiled()
    variable = model.generator.trainable_variables[-1]
    variable.assign(variable.value * np.nan)
    with pytest.raises(FloatingPointError, match="not finite since fit began"):
        fit(model, points())


# ---- Keras's own ----------------------------------------------------------


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("power failure")


@pytest.mark.slow
def test_backup_and_restore_is_as_if_nothing_had_happened(tmp_path):
    whole = compiled()
    fit(whole, points(), epochs=4)
    folder = str(tmp_path / "backup")
    interrupted = compiled()
    with pytest.raises(RuntimeError, match="power failure"):
        fit(
            interrupted,
            points(),
            epochs=4,
            callbacks=[keras.callbacks.BackupAndRestore(folder), Interrupt()],
        )
    # Another process, with other random numbers until it has read the backup.
    keras.utils.set_random_seed(99)
    resumed = points_gan(seed=5, ema_momentum=0.9)
    resumed.compile(adam(), adam())
    history = fit(
        resumed,
        points(),
        epochs=4,
        callbacks=[keras.callbacks.BackupAndRestore(folder)],
    )
    assert len(history["d_loss"]) == 2
    assert_equal(weights_of(resumed), weights_of(whole))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(resumed.seed_generator.state),
        keras.ops.convert_to_numpy(whole.seed_generator.state),
    )


@pytest.mark.slow
def test_checkpoint_early_stopping_and_csv_in_one_fit(tmp_path):
    model = compiled()
    history = fit(
        model,
        points(),
        epochs=5,
        validation_data=(points(8, seed=1),),
        callbacks=[
            keras.callbacks.ModelCheckpoint(tmp_path / "last.keras"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "{epoch}.weights.h5", save_weights_only=True
            ),
            keras.callbacks.EarlyStopping(
                "g_loss", min_delta=100.0, patience=1, mode="min"
            ),
            keras.callbacks.EarlyStopping(
                "d_loss", min_delta=100.0, patience=3, mode="min"
            ),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    )
    assert len(history["d_loss"]) == 2  # Nothing falls by 100.
    loaded = keras.saving.load_model(tmp_path / "last.keras")
    assert_equal(weights_of(loaded), weights_of(model))
    other = compiled()
    other.load_weights(tmp_path / "2.weights.h5")
    assert_equal(weights_of(other), weights_of(model))
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert set(rows[0].split(",")) == {
        "epoch",
        "d_loss",
        "g_loss",
        "val_d_loss",
        "val_g_loss",
    }
    assert len(rows) == 3


@pytest.mark.slow
def test_one_callback_without_a_list_and_generate_in_the_middle():
    sizes = []

    class Sample(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            sizes.append(self.model.generate(2, seed=0))

    with_callback, without = compiled(), compiled()
    fit(with_callback, points(16), callbacks=Sample())
    fit(without, points(16))
    assert len(sizes) == 2 and changed(sizes[:1], sizes[1:])
    assert_equal(weights_of(with_callback), weights_of(without))


@pytest.mark.slow
def test_tensorboard(tf, tmp_path):
    pytest.importorskip("tensorboard")
    fit(
        compiled(),
        points(),
        callbacks=[keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)],
    )
    events = list(tmp_path.glob("train/events*"))
    assert events
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(events[0]))
        for value in event.summary.value
    }
    assert {"epoch_d_loss", "epoch_g_loss"} <= tags
