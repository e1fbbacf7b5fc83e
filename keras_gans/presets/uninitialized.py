"""Networks whose weights follow, made without initial values.

Initializers take time, orthogonal ones minutes, for values that nobody sees.
"""

import contextlib
import contextvars
import threading

import keras

# In `loading.load`, until the weights are read: a list of the weights that
# were made as zeros, each with its initializer.
_waiting = contextvars.ContextVar("waiting", default=None)
_lock = threading.RLock()


@contextlib.contextmanager
def uninitialized():
    """Weights that this thread makes inside are zeros.

    The layers keep their initializers, and configs name them. Seeds are drawn
    when initializers are made, not when they run, so that all that is random
    afterwards is as it would have been.

    Yields:
        List of pairs of a variable and its initializer, as they are made.
    """
    base, thread, made = keras.layers.Layer, threading.get_ident(), []
    with _lock:
        before = base.add_weight
        # What is made inside of another one, it does not initialize as well.
        add_weight = getattr(before, "original", before)

        def add_zeros(layer, *args, **kwargs):
            initializer = args[1] if args[1:] else kwargs.get("initializer")
            if threading.get_ident() != thread or initializer is None:
                return add_weight(layer, *args, **kwargs)
            kwargs = {**kwargs, "initializer": "zeros"}
            if args[1:]:
                args = (args[0], kwargs.pop("initializer"), *args[2:])
            variable = add_weight(layer, *args, **kwargs)
            made.append((variable, keras.initializers.get(initializer)))
            return variable

        add_zeros.original = add_weight
        # Keras has no hook for it. Only as long as networks are made.
        base.add_weight = add_zeros
        try:
            yield made
        finally:
            base.add_weight = before


@contextlib.contextmanager
def weights_follow():
    """Inside, `networks` makes zeros.

    Yields:
        Function of a collection of variables, those that have got values by
        then. It initializes all others.
    """
    waiting = []

    def finish(variables):
        set_already = {id(variable) for variable in variables}
        for variable, initializer in waiting:
            if id(variable) not in set_already:
                value = initializer(variable.shape, dtype=variable.dtype)
                variable.assign(value)

    token = _waiting.set(waiting)
    try:
        yield finish
    finally:
        _waiting.reset(token)


@contextlib.contextmanager
def networks():
    """Around what makes a model's networks from their configs."""
    waiting = _waiting.get()
    if waiting is None:
        yield
        return
    with uninitialized() as made:
        yield
    waiting.extend(made)
