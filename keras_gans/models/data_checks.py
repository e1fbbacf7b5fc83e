"""What `fit` looks at before training starts: one batch, and its size."""

import keras
import numpy as np

from keras_gans import example_kinds


def check_examples(name, examples, expected, kind="image"):
    """Raises a `ValueError` unless these are floats of a shape and range.

    Args:
        name: String, what the user calls them.
        examples: NumPy array, a batch.
        expected: The shape of one example, `None` for a side of any size.
        kind: String, the name of an `ExampleKind`, of which bounded ones are
            to be in [-1, 1].
    """
    matches = examples.ndim == len(expected) + 1 and all(
        e is None or e == s for e, s in zip(expected, examples.shape[1:])
    )
    if not matches:
        raise ValueError(
            f"{name} must have the shape of the model's, (batch, "
            f"{', '.join(map(str, expected))}). Received: {name} with "
            f"shape {examples.shape}"
        )
    if (
        not np.issubdtype(examples.dtype, np.floating)
        and str(examples.dtype) != "bfloat16"
    ):
        how = ""
        if kind == "image":
            how = f", images in [-1, 1] (for uint8: {name} / 127.5 - 1)"
        raise ValueError(
            f"{name} must be float{how}. Received: {name} with dtype "
            f"{examples.dtype}"
        )
    low, high = float(examples.min()), float(examples.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(
            f"{name} must be finite. Received: {name} with values in "
            f"[{low}, {high}]"
        )
    # Rounding of scaled or resized images may go a little beyond.
    if example_kinds.get(kind).bounded and (low < -1.01 or high > 1.01):
        raise ValueError(
            f"{name} must be {kind}s in [-1, 1]. Received: {name} with "
            f"values in [{low:g}, {high:g}]"
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
    if hasattr(x, "shape"):
        sizes = _batch_sizes(x, batch_size)
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
    peek = getattr(dataset, "_keras_gans_peek", dataset)
    batch = next(iter(peek.take(1)), None)
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
    yield from iterator


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
    if size % (replicas * parts):
        raise ValueError(
            "batch_size must divide by the number of replicas times "
            f"discriminator_steps, {replicas} x {parts}, and the last batch "
            f"of an array too. Received: a batch of {size}; what works is "
            f"fit(x[:n], batch_size=b) with b, and n, multiples of "
            f"{replicas * parts}, as b={32 * replicas * parts} (Keras's "
            "default is 32)"
        )


def _empty(x):
    return ValueError(
        f"x must not be empty. Received: x={type(x).__name__} without a batch"
    )
