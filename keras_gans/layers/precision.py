"""What stays float32 under every dtype policy."""

import contextlib

import keras


@contextlib.contextmanager
def float32_policy():
    """Layers that are made within have no other precision."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def output_dtype():
    """The dtype of a network's last layer: float32 under mixed precision.

    Losses are computed from it, and a float16 loss overflows when scaled.
    """
    policy = keras.config.dtype_policy()
    return policy if policy.compute_dtype == "float64" else "float32"
