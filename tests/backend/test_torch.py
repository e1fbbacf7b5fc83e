import keras
import pytest

if keras.backend.backend() != "torch":
    pytest.skip("another backend", allow_module_level=True)

import torch

from keras_gans import backend


def test_gradients_and_zeros_for_unused_variables():
    a, b = keras.Variable(2.0), keras.Variable(3.0)
    (loss, aux), gradients = backend.value_and_gradients(
        lambda: (a.value**2, {"a": a.value, "n": 3}), [a, b], []
    )
    assert float(loss) == 4.0 and aux["n"] == 3
    assert [float(g) for g in gradients] == [4.0, 0.0]
    # Nothing keeps the graph alive.
    assert not loss.requires_grad and not aux["a"].requires_grad


def test_keras_distribution_is_refused(monkeypatch):
    monkeypatch.setattr(keras.distribution, "distribution", object)
    with pytest.raises(ValueError, match="Received: distribution=<object"):
        backend.check_distribution(None)


def test_one_replica_draws_all():
    assert backend.num_replicas() == 1
    x = torch.arange(4)
    assert backend.replica_slice(x, 4) is x
