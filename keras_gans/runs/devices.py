"""Where a run trains: on which devices, with which of the workers."""

import contextlib
import os
import re
from typing import NamedTuple

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


class Workers(NamedTuple):
    """Which of several processes of JAX this one is.

    What is `None` is found out by JAX where a cluster's manager started the
    processes: Slurm, Open MPI, a cloud's TPUs.

    Attributes:
        coordinator: String, `host:port` of the process with the number 0.
        num_processes: Integer, how many there are.
        process_id: Integer, the number of this one.
    """

    coordinator: str | None = None
    num_processes: int | None = None
    process_id: int | None = None


def strategy_scope(name, workers=None):
    """The scope that a model is made and compiled in.

    Args:
        name: String, `"none"`, `"mirrored"`, `"multiworker"` or `"tpu"` of
            TensorFlow; on JAX `"auto"` for all local devices, and
            `"multiworker"` for those of several processes.
        workers: `Workers`, of `"multiworker"` on JAX.

    Returns:
        A context manager.

    Raises:
        UsageError: If this backend, or this machine, has no such strategy.
    """
    workers = workers or Workers()
    framework = keras.backend.backend()
    if framework == "jax":
        return _jax_scope(name, workers)
    if any(x is not None for x in workers):
        raise UsageError(
            "--coordinator, --num-processes and --process-id are JAX's; "
            "TensorFlow reads the environment variable TF_CONFIG. Received: "
            f"the backend {framework}"
        )
    if framework == "torch":
        if name not in ("auto", "none"):
            raise UsageError(
                "a training on torch is on one device, and --strategy must be "
                "auto or none; several devices are trained on with --backend "
                f"jax or tensorflow. Received: --strategy {name}"
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


def _jax_scope(name, workers):
    import jax

    if name not in ("auto", "none", "multiworker"):
        raise UsageError(
            f"--strategy {name} is TensorFlow's; on jax it must be auto (all "
            "devices here), multiworker (several processes) or none"
        )
    if name == "multiworker":
        _join(jax, workers)
    elif any(x is not None for x in workers):
        raise UsageError(
            "--coordinator, --num-processes and --process-id are of --strategy "
            f"multiworker. Received: --strategy {name}"
        )
    if name != "none" and jax.device_count() > 1:
        keras.distribution.set_distribution(
            # Every process reads its own part of a batch, see `datasets`.
            keras.distribution.DataParallel(auto_shard_dataset=False)
        )
    return contextlib.nullcontext()


def _join(jax, workers):
    """Waits for the other processes, of which JAX then knows the devices."""
    given = [x for x in workers if x is not None]
    if given and len(given) < 3:
        raise UsageError(
            "--coordinator, --num-processes and --process-id are given "
            "together, or none of them where Slurm or Open MPI started the "
            "processes"
        )
    if given and workers.process_id >= workers.num_processes:
        raise UsageError(
            "--process-id must be less than --num-processes, which is "
            f"{workers.num_processes}. Received: {workers.process_id}"
        )
    try:
        jax.distributed.initialize(*workers)
    except (RuntimeError, ValueError) as error:
        words = " ".join(str(error).split())[:160]
        raise UsageError(
            "--strategy multiworker on jax needs --coordinator HOST:PORT, "
            "--num-processes N and --process-id I on every worker, or Slurm "
            f"or Open MPI to start them. Received: {words}"
        ) from None


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
