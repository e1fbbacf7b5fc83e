"""What `fit` looks at before training starts: one batch, and its size."""

import dataclasses

import keras
import numpy as np

from keras_gans import example_kinds, pixels


@dataclasses.dataclass(frozen=True)
class Part:
    """What `x` or `y` of a batch must be.

    The first batch is held against it before training (`check`), every batch
    by the step (`data_watch`).

    Attributes:
        name: String, `"x"` or `"y"`.
        shape: The shape of one example, `None` for a side of any size; `()`
            for labels.
        kind: String, the name of an `ExampleKind`, or `"label"`.
        num_classes: Integer, of labels.
        may_be_unknown: Boolean, whether -1 is a label, one that is not known.
    """

    name: str
    shape: tuple = ()
    kind: str = "image"
    num_classes: int = 0
    may_be_unknown: bool = False

    @property
    def lowest(self):
        """The least of what labels may be."""
        return -1 if self.may_be_unknown else 0

    @property
    def bounded(self):
        """Whether these are floats in [-1, 1]."""
        return self.kind != "label" and example_kinds.get(self.kind).bounded

    def check(self, values, warn=True):
        """Raises a `ValueError` for a NumPy array that is not so.

        Args:
            values: NumPy array.
            warn: See `pixels.check_images`.
        """
        self.check_shape(values.shape)
        self.check_dtype(values.dtype, values)
        if not values.size:
            return
        if self.kind == "label":
            check_label_values(self.name, values, self.num_classes, self.lowest)
        elif self.bounded:
            pixels.check_images(self.name, values, warn)
        else:
            low, high = float(values.min()), float(values.max())
            if not np.isfinite([low, high]).all():
                pixels.check_range(self.name, low, high)

    def check_shape(self, shape):
        """Raises a `ValueError`; `None` is a size that is not known yet."""
        if len(shape) == len(self.shape) + 1 and all(
            None in (e, s) or e == s for e, s in zip(self.shape, shape[1:])
        ):
            return
        if self.kind == "label":
            remedy = ""
            if len(shape) == 2 and shape[1] == 1:
                remedy = f" ({self.name}[:, 0] of such as keras.datasets has)"
            raise ValueError(
                f"{self.name} must be one integer per example, (batch,)"
                f"{remedy}. Received: {self.name} with shape {tuple(shape)}"
            )
        raise ValueError(
            f"{self.name} must have the shape of the model's, (batch, "
            f"{', '.join(map(str, self.shape))}). Received: {self.name} with "
            f"shape {tuple(shape)}"
        )

    def check_dtype(self, dtype, values=None):
        """Raises a `ValueError`; `values` are for its message."""
        if self.kind == "label":
            if not str(dtype).startswith(("int", "uint")):
                raise ValueError(
                    f"{self.name} must be integers. Received: {self.name} "
                    f"with dtype {dtype}"
                )
        elif self.bounded:
            # Of other integers Keras makes int32 on PyTorch.
            pixels.check_dtype(self.name, dtype, values, ("uint8",))
        elif not pixels.is_float(dtype):
            raise ValueError(
                f"{self.name} must be float. Received: {self.name} with dtype "
                f"{dtype}"
            )

    def refusal(self, count):
        """The sentence about a batch of which `count` values are not so."""
        if self.kind == "label":
            wanted = f"between {self.lowest} and {self.num_classes - 1}"
        else:
            wanted = "finite" + (" and in [-1, 1]" if self.bounded else "")
        return (
            f"{self.name} must be {wanted} in every batch. Received: "
            f"{self.name} with {count:,} values that are not"
        )


def check_label_values(name, labels, num_classes, lowest=0):
    """Raises a `ValueError` for integers that are no classes."""
    if labels.min() < lowest or labels.max() >= num_classes:
        raise ValueError(
            f"{name} must lie between {lowest} and {num_classes - 1} "
            f"(num_classes={num_classes}). Received: {name} from "
            f"{labels.min()} to {labels.max()}"
        )


def check_labels_of(labels, n, num_classes):
    """The labels of `generate` as an array `(n,)`, or a `ValueError`.

    Args:
        labels: One integer, or `n` of them.
        n: Integer, the number of samples.
        num_classes: Integer, labels are less.
    """
    labels = np.asarray(labels)
    Part("labels", kind="label").check_dtype(labels.dtype)
    check_label_values("labels", labels, num_classes)
    if labels.shape not in ((), (n,)):
        raise ValueError(
            f"labels must be one integer or n of them. Received: n={n}, "
            f"labels with shape {labels.shape}"
        )
    return np.broadcast_to(labels, (n,)).astype("int32")


def check_weights(sample_weight):
    """Raises a `ValueError` for weights where no loss has them."""
    if sample_weight is not None:
        raise ValueError(
            "sample_weight must be None, also as the third element of a "
            "dataset's batches: no loss here is weighted. Received: weights of "
            "examples"
        )


def check_data(x, y=None, batch_size=None, replicas=1, parts=1):
    """Raises a `ValueError` for data that cannot be trained on.

    Args:
        x: What `keras.Model.fit` takes as `x`.
        y: What it takes as `y`.
        batch_size: Integer or `None`, of arrays.
        replicas: Integer, the devices that share a batch.
        parts: Integer, the slices of a batch (see `split_batch`).

    Returns:
        `x, batch`. `x` is data to train on, another object than before if it
        was a generator; `batch` is all of an array, the first batch of
        anything else, and `None` for what cannot be looked into.
    """
    if x is None:
        raise ValueError("x must be data to train on. Received: x=None")
    if hasattr(x, "element_spec"):  # tf.data, without importing it
        batch = _first_of_dataset(x, replicas, parts)
    elif hasattr(x, "_keras_gans_peek"):  # grain's, of `datasets`
        batch = x._keras_gans_peek()
    elif hasattr(x, "shape"):
        batch = (x, y)
    elif isinstance(x, keras.utils.PyDataset):
        if x.num_batches == 0:
            raise _empty(x)
        batch = x[0]
    elif hasattr(x, "__iter__"):
        x, batch = _first_of_iterable(x)
    else:
        return x, None  # Keras says what it takes.
    if batch is None:
        return x, None
    if isinstance(batch, dict):
        raise _no_tuple(batch)
    if hasattr(x, "shape"):
        sizes = _batch_sizes(x, batch_size)
    elif hasattr(x, "_keras_gans_sizes"):
        sizes = x._keras_gans_sizes
    else:
        examples, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        sizes = [examples.shape[0] if len(examples.shape) else 1]
    for size in sizes:
        _check_size(size, replicas, parts)
    return x, batch


def _first_of_dataset(dataset, replicas, parts):
    shape = keras.tree.flatten(dataset.element_spec)[0].shape
    if replicas * parts > 1 and (not shape.rank or shape[0] is None):
        raise ValueError(
            "x must have batches of one static size to split them over "
            f"{replicas} replicas and {parts} discriminator steps: use "
            "batch(..., drop_remainder=True). Received: x with "
            f"element_spec={dataset.element_spec}"
        )
    if not hasattr(dataset, "take"):  # One that is distributed already.
        return None
    # An iteration over what `datasets.load` gives counts as a pass, so that
    # brings a batch to look at.
    if hasattr(dataset, "_keras_gans_peek"):
        return dataset._keras_gans_peek()
    batch = next(iter(dataset.take(1)), None)
    if batch is None:
        raise _empty(dataset)
    return batch


def _first_of_iterable(iterable):
    iterator = iter(iterable)
    batch = next(iterator, None)
    if batch is None:
        raise _empty(iterable)
    if iterator is iterable:  # A generator, which gives every batch once.
        return _put_back(batch, iterator), batch
    return iterable, batch


def _put_back(batch, iterator):
    yield batch
    # Not `yield from`, which ends the user's generator with this one.
    for batch in iterator:  # noqa: UP028
        yield batch


def _batch_sizes(array, batch_size):
    """The sizes of the batches that Keras makes of an array."""
    n = array.shape[0] if len(array.shape) else 0
    if n == 0:
        raise ValueError(
            f"x must not be empty. Received: x with shape {tuple(array.shape)}"
        )
    size = min(batch_size or 32, n)
    return [size, n % size] if n % size else [size]


def _check_size(size, replicas, parts):
    if size < replicas:
        raise ValueError(
            "batch_size must be at least the number of replicas, "
            f"{replicas}. Received: a batch of {size}"
        )
    unit = replicas * parts
    if size % unit:
        fits = max(size // unit, 1) * unit
        raise ValueError(
            "batch_size must divide by the number of replicas times "
            f"discriminator_steps, {replicas} x {parts}, and the last batch "
            f"of an array too: batch_size={fits}, and x[:len(x) // {unit} * "
            f"{unit}] of an array. Received: a batch of {size}"
        )


def _no_tuple(batch):
    keys = list(batch)
    return ValueError(
        "x must have batches that are arrays, or tuples of two. Received: "
        f"dicts with the keys {', '.join(map(str, keys))}; of a tf.data "
        f'dataset x.map(lambda batch: batch["{keys[0]}"]) takes one, and '
        'x.map(lambda batch: (batch["image"], batch["label"])) labels too'
    )


def _empty(x):
    return ValueError(
        f"x must not be empty. Received: x={type(x).__name__} without a batch"
    )
