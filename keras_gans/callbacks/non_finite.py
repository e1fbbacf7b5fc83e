"""Training that ends where a loss is no number any more."""

import threading
import time

import keras
import numpy as np

from keras_gans import backend


class StopOnNonFinite(keras.callbacks.Callback):
    """Stops training when a loss becomes NaN or infinite.

    `fit` adds it by itself. It keeps a copy of the networks' weights in host
    memory, renewed as often as costs less than about 1% of the time, and
    raises a `FloatingPointError` that says what happened, after it has given
    the networks the last good copy; a `ValueError` where a batch was not what
    the model takes.

    Args:
        wait: Boolean, read every step's losses before the next one starts.
    """

    def __init__(self, wait=False):
        super().__init__()
        # Logs are read in Keras's callback threads, so that a device that
        # runs ahead of Python is not stopped at every step. Several workers
        # have to stop at the same step: they wait for it.
        self.async_safe = not wait
        self._lock = threading.Lock()

    def on_train_begin(self, logs=None):
        self.bad = None
        self.steps_before_epoch = 0
        self.steps_of_epoch = 0
        self.snapshot = None
        self._take_snapshot(0)

    def _take_snapshot(self, step):
        start = time.perf_counter()
        backend.sync(self.model)
        # Of several workers none may ask alone, and each has waited.
        if self.async_safe and self._refusal():
            return
        values = [keras.ops.convert_to_numpy(v) for v in self.model.weights]
        if all(np.isfinite(v).all() for v in values):
            # A copy: on CPU the array may be the variable's own memory.
            self.snapshot = [np.array(v) for v in values]
            self.snapshot_step = step
        cost = time.perf_counter() - start
        self.next_snapshot = time.perf_counter() + 100 * cost

    def _refusal(self):
        """The sentence about the data, if they are to blame."""
        return getattr(self.model, "data_refusal", lambda: None)()

    def on_train_batch_begin(self, batch, logs=None):
        if self.bad is not None:
            self.model.stop_training = True
        elif time.perf_counter() > self.next_snapshot:
            self._take_snapshot(self.steps_before_epoch + batch)

    def on_train_batch_end(self, batch, logs=None):
        # Several threads may be here at once, in any order, beside a step
        # that runs: `self.model` is taboo, on JAX it attaches the state that
        # the step has consumed. `batch` is the last one of an execution.
        with self._lock:
            self.steps_of_epoch = max(self.steps_of_epoch, batch + 1)
            step = self.steps_before_epoch + batch + 1
            for name, value in (logs or {}).items():
                if np.isfinite(value):
                    continue
                if self.bad is None or step < self.bad[0]:
                    self.bad = (step, name, value)

    def on_epoch_end(self, epoch, logs=None):
        self.steps_before_epoch += self.steps_of_epoch
        self.steps_of_epoch = 0
        if self.bad is None:
            return
        step, name, value = self.bad
        refusal = self._refusal()
        kept = "not finite since fit began."
        if self.snapshot is not None:
            for variable, value_then in zip(self.model.weights, self.snapshot):
                variable.assign(value_then)
            kept = (
                f"those of step {self.snapshot_step}, the last good copy; "
                "compile() again before you train on, because the optimizers' "
                "state is lost."
            )
        if refusal:
            raise ValueError(
                f"{refusal}, at step {step} of this call of fit. The "
                f"networks' weights: {kept}"
            )
        raise FloatingPointError(
            f"Training stopped: {name} became {value} at step {step} of this "
            f"call of fit. The networks' weights: {kept} What usually helps: "
            "a lower learning rate, clipnorm=1.0 in the optimizers, and a "
            "look at the data for NaN."
        )
