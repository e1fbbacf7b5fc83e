"""`fit` and `evaluate` with a look at the data, for every model here."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.callbacks import StopOnNonFinite
from keras_gans.models.data_checks import check_data


class CheckedTrainer:
    """What stands before `keras.Model` in a model's bases.

    A model says what it can be trained on by `check_batch`.
    """

    # A batch is split into this many slices (see `split_batch`).
    batch_divisor = 1

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """`keras.Model.fit`, after a check of the data.

        The first batch of a dataset, or all of an array, is checked before
        training starts. Training stops with a `FloatingPointError` when a
        loss becomes NaN or infinite; the networks then hold the last good
        weights.

        Args:
            x: Examples: an array, a `tf.data.Dataset`, a `PyDataset`, a
                PyTorch `DataLoader`, or a generator of batches.
            y: What belongs to them, where `x` is an array: labels or images.
            batch_size: Integer, the global batch size of arrays.
            epochs: Integer, the number of passes over the data.
            **kwargs: Everything else that `keras.Model.fit` takes, but for
                weights of examples and classes where the losses have none.

        Raises:
            ValueError: For data that the model cannot be trained on.
        """
        self._assert_compile_called("fit")
        x = self._check_data(x, y, batch_size, self.batch_divisor)
        if kwargs.get("validation_data") is not None:
            kwargs["validation_data"] = self._check_validation_data(
                kwargs["validation_data"],
                kwargs.get("validation_batch_size") or batch_size,
            )
        callbacks = with_guard(self, kwargs.pop("callbacks", None))
        # Keras's default is True, and warns that it means arrays alone.
        kwargs.setdefault("shuffle", hasattr(x, "shape"))
        return super().fit(
            x, y, batch_size, epochs, callbacks=callbacks, **kwargs
        )

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """`keras.Model.evaluate`: losses on held-out data, and the metrics."""
        if not kwargs.get("_use_cached_eval_dataset"):
            x = self._check_data(x, y, batch_size, parts=1)
        backend.sync(self)
        return super().evaluate(x, y, batch_size, **kwargs)

    def check_batch(self, examples, labels):
        """Raises a `ValueError` for a batch that cannot be trained on.

        Args:
            examples: NumPy array, a batch of `x`.
            labels: NumPy array, of `y`, or `None`.
        """

    def _check_data(self, x, y, batch_size, parts):
        x, batch = check_data(
            x, y, batch_size, replicas=self._num_devices(), parts=parts
        )
        if batch is not None:
            examples, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
            self.check_batch(_to_numpy(examples), _to_numpy(labels))
        return x

    def _check_validation_data(self, data, batch_size):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        try:
            checked = self._check_data(x, y, batch_size, parts=1)
        except ValueError as error:
            raise ValueError(f"validation_data: {error}") from None
        # A generator was looked into, and comes back as a new one.
        return data if checked is x else checked

    def _num_devices(self):
        distribution = keras.distribution.distribution()
        if distribution is not None:
            mesh = distribution.device_mesh
            axis = mesh.axis_names.index(distribution.batch_dim_name)
            return mesh.shape[axis]
        strategy = getattr(self, "distribute_strategy", None)
        return getattr(strategy, "num_replicas_in_sync", 1)


def with_guard(model, callbacks):
    """The callbacks of `fit`, and before them what stops at a NaN."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    if not isinstance(callbacks, (list, tuple)):
        callbacks = [] if callbacks is None else [callbacks]
    # First, so that it restores the weights before others save them.
    return [StopOnNonFinite(backend.is_multi_worker(model)), *callbacks]


def _to_numpy(x):
    if x is None or isinstance(x, np.ndarray):
        return x
    return ops.convert_to_numpy(x)
