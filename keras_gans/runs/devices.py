"""Where a run trains: on which devices, with which of the workers."""

import contextlib
import json
import os
import re

import keras

from keras_gans import backend, writing
from keras_gans.checks import UsageError


def make_deterministic():
    """Equal seeds give equal bits, which exact resuming stands on."""
    # cuBLAS asks for it before PyTorch's first matrix product.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def strategy_scope(name):
    """The scope that a model is made and compiled in.

    Args:
        name: String, `"none"`, `"mirrored"`, `"multiworker"` or `"tpu"` of
            TensorFlow; `"auto"` for all local devices, on JAX as well.

    Returns:
        A context manager.

    Raises:
        UsageError: If this backend, or this machine, has no such strategy.
    """
    if keras.backend.backend() != "tensorflow":
        if name not in ("auto", "none"):
            raise UsageError(
                f"--strategy {name} is TensorFlow's; on "
                f"{keras.backend.backend()} it must be auto or none"
            )
        if name == "auto" and keras.backend.backend() == "jax":
            import jax

            if jax.device_count() > 1:
                keras.distribution.set_distribution(
                    keras.distribution.DataParallel()
                )
        return contextlib.nullcontext()
    import tensorflow as tf

    if name == "auto":
        several = len(tf.config.list_physical_devices("GPU")) > 1
        name = "mirrored" if several else "none"
    if name == "mirrored":
        return tf.distribute.MirroredStrategy().scope()
    if name == "multiworker":
        if "TF_CONFIG" not in os.environ:
            raise UsageError(
                "--strategy multiworker needs the environment variable "
                "TF_CONFIG on every worker"
            )
        return tf.distribute.MultiWorkerMirroredStrategy().scope()
    if name == "tpu":  # Untested: the same path as the others, on no TPU.
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver).scope()
    return contextlib.nullcontext()


def is_chief(model):
    """Whether this process is the one of several workers that writes."""
    if not backend.is_multi_worker(model):
        return True
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_index() == 0
    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    task = config.get("task", {"type": "worker", "index": 0})
    return task["type"] == "chief" or (
        task["type"] == "worker"
        and task["index"] == 0
        and "chief" not in config.get("cluster", {})
    )


# What TensorFlow calls its exceptions, and JAX writes into the one it has.
_LOST = ("Unavailable", "Aborted", "Cancelled", "DeadlineExceeded")
_LOST_WORDS = re.compile(
    "UNAVAILABLE|ABORTED|CANCELLED|DEADLINE_EXCEEDED"
    # Gloo's, which has other codes for it.
    "|Connection (closed|reset) by peer"
)


@contextlib.contextmanager
def together(model):
    """Says what to do when one of several workers has ended.

    Raises:
        ConnectionError: In place of the backend's error, where it is one of
            the connection: others, as that memory is exhausted, stay.
    """
    try:
        yield
    except Exception as error:
        if (
            not _is_lost(error)
            or writing.is_full(error)
            or not backend.is_multi_worker(model)
        ):
            raise
        words = " ".join(str(error).split())[:120]
        raise ConnectionError(
            "another worker has ended, or could not be reached: start all of "
            "them again with --resume, which goes on from the last checkpoint "
            f"where there is one. Received: {type(error).__name__}: {words}"
        ) from error


def _is_lost(error):
    kind = type(error).__module__.partition(".")[0]
    if kind == "tensorflow":
        return type(error).__name__.removesuffix("Error") in _LOST
    return kind in ("jax", "jaxlib") and bool(_LOST_WORDS.search(str(error)))
