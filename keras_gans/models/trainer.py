"""`fit` and `evaluate` with a look at the data."""

import keras

from keras_gans import backend
from keras_gans.callbacks import StopOnNonFinite


def with_guard(model, callbacks):
    """The callbacks of `fit`, and before them what stops at a NaN."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    if not isinstance(callbacks, (list, tuple)):
        callbacks = [] if callbacks is None else [callbacks]
    # First, so that it restores the weights before others save them.
    return [StopOnNonFinite(backend.is_multi_worker(model)), *callbacks]
