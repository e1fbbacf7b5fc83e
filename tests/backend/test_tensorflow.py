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


@pytest.mark.slow
def test_adam_of_one_kernel_is_keras_adam():
    rng = np.random.default_rng(0)
    start = [rng.normal(size=s).astype("float32") for s in ((3, 4), (5,))]
    # Of an embedding TensorFlow makes slices.
    table = rng.normal(size=(6, 2)).astype("float32")

    def train(apply):
        variables = [keras.Variable(x) for x in (*start, table)]
        adam = keras.optimizers.Adam(1e-2, beta_1=0.5, clipnorm=1.0)
        optimizer = keras.optimizers.LossScaleOptimizer(adam)
        optimizer.build(variables)

        @tf.function
        def step(gradients):
            slices = tf.IndexedSlices(gradients[-1], [1, 4], (6, 2))
            apply(optimizer, [*gradients[:-1], slices], variables)

        draws = np.random.default_rng(1)
        shapes = *(x.shape for x in start), (2, 2)
        for _ in range(5):
            step([draws.normal(size=s).astype("float32") for s in shapes])
        assert "update_step" not in vars(adam)
        return [v.numpy() for v in (*variables, *adam.variables)]

    results = [
        train(backend.apply_gradients),
        train(lambda optimizer, *args: optimizer.apply(*args)),
    ]
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    moved = np.abs(results[0][0] - start[0])
    assert moved.min() > 1e-3


def test_adam_of_one_kernel_is_used_where_it_can_be(monkeypatch):
    calls = []
    kernel = tf.raw_ops.ResourceApplyAdam

    def counted(**kwargs):
        calls.append(kwargs)
        return kernel(**kwargs)

    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", counted)

    def count(optimizer):
        calls.clear()
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer.build([variable])
        backend.apply_gradients(optimizer, [tf.ones(3)], [variable])
        assert (variable.numpy() < 1).all()
        return len(calls)

    class Own(keras.optimizers.Adam):
        def update_step(self, *args):
            super().update_step(*args)

    assert count(keras.optimizers.Adam(0.1)) == 1
    assert count(keras.optimizers.AdamW(0.1)) == 1
    assert count(keras.optimizers.Adam(0.1, amsgrad=True)) == 0
    assert count(keras.optimizers.SGD(0.1)) == 0
    assert count(Own(0.1)) == 0
