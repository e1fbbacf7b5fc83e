"""Callbacks for `fit`: sample grids and the guard against NaN."""

import time

import keras
import numpy as np

from keras_gans import backend


class StopOnNonFinite(keras.callbacks.Callback):
    """Stops training when a loss becomes NaN or infinite.

    `fit` adds it by itself. It keeps a copy of the networks' weights in host
    memory, renewed as often as costs less than about 1% of the time, and
    raises a `FloatingPointError` that says what happened, after it has given
    the networks the last good copy.
    """

    # Logs are read in Keras's callback thread, so that a device that runs
    # ahead of Python is not stopped at every step.
    async_safe = True

    def on_train_begin(self, logs=None):
        self.bad = None
        self.step = 0
        self._take_snapshot()

    def _variables(self):
        return [
            v
            for v in self.model.weights
            if not v.path.startswith("seed_generator")
        ]

    def _take_snapshot(self):
        start = time.perf_counter()
        backend.sync(self.model)
        values = [keras.ops.convert_to_numpy(v) for v in self._variables()]
        if all(np.isfinite(v).all() for v in values):
            # A copy: on CPU the array may be the variable's own memory.
            self.snapshot = [np.array(v) for v in values]
            self.snapshot_step = self.step
        cost = time.perf_counter() - start
        self.next_snapshot = time.perf_counter() + 100 * cost

    def on_train_batch_begin(self, batch, logs=None):
        if time.perf_counter() > self.next_snapshot and self.bad is None:
            self._take_snapshot()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.bad is None:
            for name, value in (logs or {}).items():
                if not np.isfinite(value):
                    self.bad = (self.step, name, value)
                    self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        if self.bad is None:
            return
        for variable, value in zip(self._variables(), self.snapshot):
            variable.assign(value)
        step, name, value = self.bad
        raise FloatingPointError(
            f"Training stopped: {name} became {value} at step {step} of this "
            "call of fit. The networks hold their weights of step "
            f"{self.snapshot_step}, the last good copy; compile() again "
            "before you train on, because the optimizers' state is lost. What "
            "usually helps: a lower learning rate, clipnorm=1.0 in the "
            "optimizers, and a look at the data for NaN."
        )
