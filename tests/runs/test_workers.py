"""A worker that dies: the others say what to do."""

import pytest

from keras_gans import backend
from keras_gans.checks import UsageError
from keras_gans.runs import devices
from keras_gans.runs.devices import together

tf = pytest.importorskip("tensorflow", reason="raises TensorFlow's errors")
pytestmark = pytest.mark.neutral


class JaxError(RuntimeError):
    """As JAX's one, which another backend's lane need not have."""

    __module__ = "jaxlib.xla_extension"


def lost():
    raise tf.errors.UnavailableError(
        None, None, "Collective ops is aborted by:\nConnection reset by peer"
    )


def test_one_of_several_workers(monkeypatch):
    monkeypatch.setattr(backend, "is_multi_worker", lambda model: True)
    words = "start all of them again with --resume.* aborted by: Connection"
    with pytest.raises(ConnectionError, match=words):
        with together(None):
            lost()
    with pytest.raises(FloatingPointError, match="NaN"), together(None):
        raise FloatingPointError("NaN")


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.InvalidArgumentError(None, None, "CANCELLED: shapes"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"),
        tf.errors.AbortedError(None, None, "No space left on device"),
        JaxError("RESOURCE_EXHAUSTED: Out of memory"),
        JaxError("ABORTED: No space left on device"),
    ],
)
def test_errors_of_ones_own(error, monkeypatch):
    monkeypatch.setattr(backend, "is_multi_worker", lambda model: True)
    with pytest.raises(type(error)) as caught, together(None):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.AbortedError(None, None, "x"),
        tf.errors.CancelledError(None, None, "x"),
        tf.errors.DeadlineExceededError(None, None, "x"),
        JaxError("UNAVAILABLE: x"),
        JaxError("DEADLINE_EXCEEDED: x"),
        JaxError("INTERNAL: Gloo all-reduce failed: Connection closed by peer"),
    ],
)
def test_errors_of_a_worker_that_is_lost(error, monkeypatch):
    monkeypatch.setattr(backend, "is_multi_worker", lambda model: True)
    with pytest.raises(ConnectionError, match="another worker has ended"):
        with together(None):
            raise error


def test_one_alone(monkeypatch):
    monkeypatch.setattr(backend, "is_multi_worker", lambda model: False)
    with pytest.raises(tf.errors.UnavailableError), together(None):
        lost()


def test_strategies_by_name(monkeypatch):
    with devices.strategy_scope("mirrored"):
        strategy = tf.distribute.get_strategy()
        assert isinstance(strategy, tf.distribute.MirroredStrategy)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UsageError, match="TF_CONFIG on every worker"):
        devices.strategy_scope("multiworker")
