import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("another backend", allow_module_level=True)

import tensorflow as tf

from keras_gans import backend


def test_gradients_of_the_given_variables_and_zeros_for_unused_ones():
    a, b = keras.Variable(2.0), keras.Variable(3.0)
    other = keras.Variable(5.0)
    (loss, aux), gradients = backend.value_and_gradients(
        lambda: (a.value * a.value * other.value, {"a": a.value}), [a, b], []
    )
    assert float(loss) == 20.0 and float(aux["a"]) == 2.0
    assert [float(g) for g in gradients] == [20.0, 0.0]


def test_one_replica_draws_all():
    assert backend.num_replicas() == 1
    x = tf.range(4)
    assert backend.replica_slice(x, 4) is x


def test_keras_distribution_is_refused(monkeypatch):
    distribution = object()
    monkeypatch.setattr(
        keras.distribution, "distribution", lambda: distribution
    )
    with pytest.raises(ValueError, match="Received: distribution=<object"):
        backend.check_distribution(None)


def test_logs_keep_their_rank_with_one_worker():
    from cases import points_gan

    model = points_gan()
    model.compile()
    assert not backend.is_multi_worker(model)
    logs = backend.wrap_step(model, "train")(np.zeros((4, 2), "float32"))
    assert all(value.shape == () for value in logs.values())
