"""What every step looks at: each batch, on the device, and at no cost.

`fit` and `evaluate` look into the first batch before they begin, and name its
values. Later ones are where steps have them: a step counts what cannot be in
its batch and goes on, so that no device has to wait for Python. In training
the logs of such a step are NaN, at which `StopOnNonFinite` ends it; `evaluate`
asks at its end.
"""

import keras
from keras import ops

from keras_gans import pixels
from keras_gans.models.data_checks import check_weights


class DataWatch:
    """What the steps of a model have seen.

    A plain object: what a step counts is no state of a model, and Keras, which
    saves what hangs on one, does not look into it.
    """

    def __init__(self):
        self._counts = {
            step: _Counts(name=f"data_of_{step}") for step in ("train", "test")
        }

    @property
    def variables(self):
        return [v for c in self._counts.values() for v in c.variables]

    def reset(self, step):
        """Forgets what the steps `"train"` or `"test"` have seen."""
        self._counts[step].reset_state()

    def read(self, model, data, step):
        """A batch as a step takes it; what is wrong with it is counted.

        Images of uint8 become floats, and labels that are none the nearest
        class: a step must end for its count to be read.

        Args:
            model: The model, which has `batch_parts()`.
            data: What Keras gives a step.
            step: `"train"` or `"test"`.

        Returns:
            `data`, whose values are what `batch_parts` says.
        """
        *values, weights = keras.utils.unpack_x_y_sample_weight(data)
        if not model.weighs_examples:
            check_weights(weights)
        counts = []
        for i, (part, value) in enumerate(zip(model.batch_parts(), values)):
            count = 0.0
            if part is not None:
                if value is None:
                    raise model.missing()
                values[i], count = _read(part, value)
            counts.append(count)
        self._counts[step].add(ops.stack(counts))
        return keras.utils.pack_x_y_sample_weight(*values, weights)

    def mark(self, logs, step):
        """The logs of a step, NaN if it or one before was given what is wrong.

        Of several steps in one execution Keras hands on the last one's logs.
        """
        wrong = ops.sum(self._counts[step].count) > 0

        def marked(value):
            value = ops.convert_to_tensor(value)
            if not pixels.is_float(
                keras.backend.standardize_dtype(value.dtype)
            ):
                return value
            return ops.where(wrong, ops.cast(float("nan"), value.dtype), value)

        return keras.tree.map_structure(marked, logs)

    def refusal(self, model, step):
        """The sentence about what the steps were given, or `None`."""
        counts = ops.convert_to_numpy(self._counts[step].count)
        for part, count in zip(model.batch_parts(), counts):
            if count > 0:
                return part.refusal(int(count))
        return None


class _Counts(keras.metrics.Metric):
    """How many values of `x` and of `y` were not what they must be."""

    def __init__(self, name):
        super().__init__(name=name, dtype="float32")
        self.count = self.add_variable((2,), "zeros", name="count")

    def add(self, counts):
        self.count.assign_add(ops.cast(counts, "float32"))

    def result(self):
        return {}


def _read(part, values):
    """The values of a step, and how many of them cannot be."""
    dtype = keras.backend.standardize_dtype(values.dtype)
    part.check_shape(tuple(values.shape))
    part.check_dtype(dtype)
    if part.kind == "label":
        known = ops.clip(values, part.lowest, part.num_classes - 1)
        return ops.cast(known, "int32"), _count(known == values)
    if dtype == "uint8":
        return pixels.read_tensor(part.name, values), 0.0
    if part.bounded:
        return values, _count(ops.abs(values) <= pixels.LIMIT)
    return values, _count(ops.isfinite(values))


def _count(fine):
    # Not by `logical_not`: TensorFlow makes `>` of `not <=`, and so forgets
    # NaN, of which both are false.
    return ops.sum(ops.where(fine, 0.0, 1.0))
