import keras
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("another backend", allow_module_level=True)

import jax
import numpy as np

import keras_gans
from keras_gans import backend


def test_gradients_and_the_state_that_the_loss_changes():
    a, b = keras.Variable(2.0), keras.Variable(3.0)
    counter = keras.Variable(0.0, trainable=False)

    def loss_fn():
        counter.assign(counter + 1)
        return a.value**2, {"a": a.value}

    (loss, aux), gradients = backend.value_and_gradients(
        loss_fn, [a, b], [a, b, counter]
    )
    assert float(loss) == 4.0 and float(aux["a"]) == 2.0
    assert [float(g) for g in gradients] == [4.0, 0.0]
    assert float(counter.value) == 1.0


def test_loss_scaling_in_a_trace():
    variable = keras.Variable(np.float32(1.0))
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.5), initial_scale=4.0
    )
    optimizer.build([variable])
    state = [variable, *optimizer.variables]

    @jax.jit
    def step(values, gradient):
        mapping = list(zip(state, values))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            backend.apply_gradients(optimizer, [gradient], [variable])
        return [scope.get_current_value(v) for v in state]

    values = [v.value for v in state]
    assert float(step(values, 4.0)[0]) == 0.5
    skipped = step(values, np.float32(np.inf))
    assert float(skipped[0]) == 1.0
    index = [v.name for v in state].index("dynamic_scale")
    assert float(skipped[index]) == 2.0


def test_fit_does_not_search_the_state(monkeypatch):
    model = keras_gans.GAN(example_shape=(2,), latent_dim=2, seed=0)
    model.compile()
    x = np.zeros((8, 2), "float32")
    model.fit(x, batch_size=4, verbose=0)
    searched = []
    setattr_of_keras = keras.Model.__setattr__

    def spy(self, name, value):
        searched.append(name)
        setattr_of_keras(self, name, value)

    monkeypatch.setattr(keras.Model, "__setattr__", spy)
    model.fit(x, batch_size=4, verbose=0)
    assert "_jax_state_synced" in searched and "_jax_state" not in searched
    assert model._jax_state is None
