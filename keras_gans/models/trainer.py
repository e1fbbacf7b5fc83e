"""`fit` and `evaluate` with a look at the data, for every model here."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.callbacks.non_finite import StopOnNonFinite
from keras_gans.models.data_checks import check_data, check_weights
from keras_gans.models.data_watch import DataWatch


class CheckedTrainer:
    """What stands before `keras.Model` in a model's bases.

    A model says what it can be trained on by `batch_parts`.
    """

    # A batch is split into this many slices (see `split_batch`).
    batch_divisor = 1
    # What a batch is, for the error where half of it is missing.
    trains_on = "(x, y)"
    # Whether the loss takes weights of examples.
    weighs_examples = False
    # Whether the steps are the model's own, of the data alone, on JAX too.
    imperative = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._data_watch = DataWatch()

    def __setattr__(self, name, value):
        # On JAX Keras's `fit` sets it at every step, and would look for layers
        # and variables in each of the hundreds of arrays of the state.
        if name == "_jax_state":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def batch_parts(self):
        """What `x` and `y` of a batch must be.

        Returns:
            Two `data_checks.Part`, or `None` in the place of what is not
            looked at.
        """
        return None, None

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """`keras.Model.fit`, after a check of the data.

        The first batch of a dataset, or all of an array, is checked before
        training starts, and what is likely to be in another unit is warned
        of (see `keras_gans.pixels`). Training stops with a `ValueError` when
        a later batch is not what the first was, and with a
        `FloatingPointError` when a loss becomes NaN or infinite; the networks
        then hold the last good weights.

        Args:
            x: Examples: an array, a `tf.data.Dataset`, a dataset of grain, a
                `PyDataset`, a PyTorch `DataLoader`, or a generator of
                batches. Images are uint8, or floats in [-1, 1].
            y: What belongs to them, where `x` is an array: labels or images.
            batch_size: Integer, the global batch size of arrays.
            epochs: Integer, the number of passes over the data.
            **kwargs: Everything else that `keras.Model.fit` takes, but for
                weights of examples and classes where the losses have none.

        Raises:
            ValueError: For data that the model cannot be trained on.
        """
        self._assert_compile_called("fit")
        self._check_weights(kwargs)
        x = self._check_data(x, y, batch_size, self.batch_divisor)
        self.keep_class_names(getattr(x, "_keras_gans_classes", None))
        if kwargs.get("validation_data") is not None:
            data = self._check_validation_data(
                kwargs["validation_data"],
                kwargs.get("validation_batch_size") or batch_size,
            )
            kwargs["validation_data"], kwargs["validation_steps"] = in_steps(
                data,
                kwargs.get("validation_steps"),
                together=self.steps_per_execution,
            )
        x, kwargs["steps_per_epoch"] = in_steps(
            x,
            kwargs.get("steps_per_epoch"),
            max(epochs - kwargs.get("initial_epoch", 0), 0),
        )
        callbacks = with_guard(self, kwargs.pop("callbacks", None))
        # Keras's default is True, and warns that it means arrays alone.
        kwargs.setdefault("shuffle", hasattr(x, "shape"))
        self._data_watch.reset("train")
        history = super().fit(
            x, y, batch_size, epochs, callbacks=callbacks, **kwargs
        )
        # Of a `CallbackList`, in which there is no guard.
        self._raise_refusal("train")
        return history

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """`keras.Model.evaluate`: losses on held-out data, and the metrics."""
        in_fit = kwargs.get("_use_cached_eval_dataset", False)
        if not in_fit:
            self._check_weights(kwargs)
            x = self._check_data(x, y, batch_size, parts=1)
            x, kwargs["steps"] = in_steps(
                x, kwargs.get("steps"), together=self.steps_per_execution
            )
        backend.sync(self)
        self._data_watch.reset("test")
        logs = super().evaluate(x, y, batch_size, **kwargs)
        self._raise_refusal("test", "validation_data: " if in_fit else "")
        return logs

    def check_batch(self, examples, labels, warn=True):
        """Raises a `ValueError` for a batch that cannot be trained on.

        Args:
            examples: NumPy array, a batch of `x`.
            labels: NumPy array, of `y`, or `None`.
            warn: Boolean, whether to warn of a unit that is likely to be
                another one.
        """
        for part, values in zip(self.batch_parts(), (examples, labels)):
            if part is None:
                continue
            if values is None:
                raise self.missing()
            part.check(values, warn)
            if len(values) != len(examples):
                raise ValueError(
                    "x and y must be equally many. Received: "
                    f"{len(examples)} and {len(values)}"
                )

    def missing(self):
        """The error of a batch without `y`."""
        return ValueError(
            f"{type(self).__name__} trains on {self.trains_on}. "
            "Received: y=None"
        )

    def data_refusal(self):
        """The sentence about what training was given in a later batch.

        `None` if all batches were what `batch_parts` says.
        """
        backend.sync(self)
        return self._data_watch.refusal(self, "train")

    # ---- what Keras compiles ----------------------------------------------

    def make_train_function(self, force=False):
        make = super().make_train_function
        return self._make_step_function("train", make, force)

    def make_test_function(self, force=False):
        make = super().make_test_function
        return self._make_step_function("test", make, force)

    def read_batch(self, data, step):
        """The data of a step, `"train"` or `"test"`, as it takes them."""
        return self._data_watch.read(self, data, step)

    def mark_logs(self, logs, step):
        """The logs of a step, NaN in training on what cannot be."""
        return self._data_watch.mark(logs, step) if step == "train" else logs

    def _make_step_function(self, name, make, force):
        attribute, function = f"{name}_step", f"{name}_function"
        if getattr(self, function) is not None and not force:
            return getattr(self, function)
        # Keras compiles the attribute `train_step`: show it the backend's
        # form of the step for that moment.
        step = backend.wrap_step(self, name)
        setattr(self, attribute, step)
        try:
            made = make(force)
        finally:
            delattr(self, attribute)
        setattr(
            self,
            function,
            backend.bind_step(self, attribute, step, getattr(self, function)),
        )
        return made

    @property
    def metrics_variables(self):
        # Steps write them, and nothing shows or saves them.
        return [*super().metrics_variables, *self._data_watch.variables]

    def train_on_batch(self, x, y=None, **kwargs):
        """`keras.Model.train_on_batch`: one step, checked as later batches."""
        return self._on_batch("train", super().train_on_batch, x, y, kwargs)

    def test_on_batch(self, x, y=None, **kwargs):
        """`keras.Model.test_on_batch`: the losses of one batch."""
        return self._on_batch("test", super().test_on_batch, x, y, kwargs)

    def _on_batch(self, step, function, x, y, kwargs):
        self._check_weights(kwargs)
        if isinstance(x, np.ndarray):
            self.check_batch(x, _to_numpy(y), warn=False)
        self._data_watch.reset(step)
        # Keras hands the arrays on as they are, and without a graph around
        # the step a network of several inputs refuses NumPy beside tensors.
        logs = function(*_to_tensors((x, y)), **kwargs)
        self._raise_refusal(step)
        return logs

    # ---- checks -----------------------------------------------------------

    def _check_weights(self, kwargs):
        if self.weighs_examples:
            return
        check_weights(kwargs.get("sample_weight"))
        if kwargs.get("class_weight") is not None:
            raise ValueError(
                "class_weight must be None: no loss here is weighted. Received:"
                f" class_weight of type {type(kwargs['class_weight']).__name__}"
            )

    def _raise_refusal(self, step, prefix=""):
        backend.sync(self)
        refusal = self._data_watch.refusal(self, step)
        if refusal:
            raise ValueError(prefix + refusal)

    def _check_data(self, x, y, batch_size, parts):
        x, batch = check_data(
            x, y, batch_size, replicas=self.num_devices(), parts=parts
        )
        self.check_classes(getattr(x, "_keras_gans_classes", None))
        if batch is not None:
            *batch, weights = keras.utils.unpack_x_y_sample_weight(batch)
            if not self.weighs_examples:
                check_weights(weights)
            self.check_batch(*map(_to_numpy, batch))
        return x

    def check_classes(self, names):
        """Raises a `ValueError` for a dataset of other classes.

        Args:
            names: The names of a folder's classes, or `None`.
        """

    def _check_validation_data(self, data, batch_size):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        try:
            if not self.weighs_examples:
                check_weights(weights)
            checked = self._check_data(x, y, batch_size, parts=1)
        except ValueError as error:
            raise ValueError(f"validation_data: {error}") from None
        # A generator was looked into, and comes back as a new one.
        return data if checked is x else checked

    def num_devices(self):
        """How many devices share a batch."""
        distribution = keras.distribution.distribution()
        if distribution is not None:
            mesh = distribution.device_mesh
            axis = mesh.axis_names.index(distribution.batch_dim_name)
            return mesh.shape[axis]
        strategy = getattr(self, "distribute_strategy", None)
        return getattr(strategy, "num_replicas_in_sync", 1)


def in_steps(data, steps, epochs=1, together=1):
    """What Keras takes of a dataset whose length it does not know.

    Args:
        data: What is trained on. Of what `datasets` makes of grain, passes
            are taken one after another, an epoch each; all else stays.
        steps: Integer, as the user gave them, or `None`: a pass.
        epochs: Integer, of how many steps each.
        together: Integer, `steps_per_execution` where an epoch must not go on
            into the next pass, as it does in Keras if this does not divide it.

    Returns:
        `data, steps`.
    """
    if not hasattr(data, "_keras_gans_endless"):
        return data, steps
    data, steps = data._keras_gans_endless(steps, epochs, backend.process())
    if steps and steps % together:
        raise ValueError(
            "steps_per_execution must divide the number of batches that are "
            f"evaluated, {steps}. Received: steps_per_execution={together}"
        )
    return data, steps


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


def _to_tensors(data):
    return keras.tree.map_structure(
        lambda x: None if x is None else ops.convert_to_tensor(x), data
    )
