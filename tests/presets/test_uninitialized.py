"""Networks whose weights follow are made without initial values."""

import threading

import keras
import numpy as np
import pytest
from preset_files import assert_same, tiny

import keras_gans
from keras_gans import presets
from keras_gans.presets.uninitialized import (
    networks,
    uninitialized,
    weights_follow,
)


@pytest.fixture
def ran(monkeypatch):
    """Names of the random initializers that ran."""
    names = []
    for name in ("GlorotUniform", "RandomNormal", "Orthogonal"):
        cls = getattr(keras.initializers, name)

        def counting(self, *args, _call=cls.__call__, **kwargs):
            names.append(type(self).__name__)
            return _call(self, *args, **kwargs)

        monkeypatch.setattr(cls, "__call__", counting)
    return names


@pytest.mark.slow
def test_no_initializer_runs_when_weights_follow(saved, ran):
    model, folder = saved
    loaded = presets.load(folder)
    assert not ran
    assert_same(model, loaded)  # EMA as well.
    presets.load(folder, load_weights=False)
    assert ran


def test_layers_keep_their_initializers(saved, tmp_path):
    model, folder = saved
    loaded = presets.load(folder)
    for ours, theirs in zip(
        model.generator.layers, loaded.generator.layers, strict=True
    ):
        config = ours.get_config()
        assert theirs.get_config().get("kernel_initializer") == config.get(
            "kernel_initializer"
        )


@pytest.mark.slow
def test_randomness_is_as_with_initial_values(saved, monkeypatch):
    _, folder = saved

    def drawn():
        keras.utils.set_random_seed(3)
        presets.load(folder, seed=None)
        seeds = keras.random.normal((2,)), keras.layers.Dense(2)
        seeds[1].build((None, 2))
        drawn = keras.ops.convert_to_numpy(seeds[0])
        return [drawn, seeds[1].get_weights()[0]]

    without = drawn()
    monkeypatch.setattr(
        presets.preset_model.uninitialized, "networks", threading.Lock
    )
    for a, b in zip(without, drawn()):
        np.testing.assert_array_equal(a, b)


def test_only_inside_and_in_this_thread():
    def weights():
        dense = keras.layers.Dense(3)
        dense.build((None, 4))
        return dense.get_weights()[0]

    add_weight = keras.layers.Layer.add_weight
    others = []
    with uninitialized() as made:
        assert not weights().any()
        thread = threading.Thread(target=lambda: others.append(weights()))
        thread.start()
        thread.join()
    assert others[0].all() and weights().all()
    assert [type(i).__name__ for _, i in made] == ["GlorotUniform", "Zeros"]
    assert keras.layers.Layer.add_weight is add_weight


@keras.saving.register_keras_serializable("test_uninitialized")
class Scorer(keras_gans.GAN):
    """With a layer that is in the config, and not a network of a preset."""

    def __init__(self, *args, scorer=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.scorer = scorer

    def get_config(self):
        scorer = keras.saving.serialize_keras_object(self.scorer)
        return {**super().get_config(), "scorer": scorer}


@pytest.mark.slow
def test_what_no_file_holds_is_initialized(tmp_path):
    initializer = keras.initializers.RandomNormal(seed=5)
    scorer = keras.layers.Dense(3, kernel_initializer=initializer)
    scorer.build((None, 4))
    before = scorer.get_weights()[0]
    model = Scorer(example_shape=(2,), latent_dim=4, scorer=scorer)
    model.save_to_preset(tmp_path / "a")
    loaded = Scorer.from_preset(tmp_path / "a")
    assert_same(model, loaded)
    np.testing.assert_array_equal(loaded.scorer.get_weights()[0], before)


def test_weights_that_follow_are_not_initialized_again():
    with weights_follow() as finish:
        model = keras_gans.DCGAN.from_config(tiny().get_config())
        assert not model.generator.get_weights()[0].any()
        finish([])
    assert model.generator.get_weights()[0].any()


def test_one_inside_of_another():
    with weights_follow() as finish:
        with networks(), networks():
            inner = keras.layers.Dense(3, kernel_initializer="ones")
            inner.build((None, 2))
        with networks(), uninitialized() as made:
            read = keras.layers.Dense(3)  # As a network of the zoo's.
            read.build((None, 2))
        read.set_weights([np.full((2, 3), 7.0), np.full(3, 7.0)])
        assert not inner.get_weights()[0].any()
        finish([])
    assert (inner.get_weights()[0] == 1).all()
    assert (read.get_weights()[0] == 7).all() and len(made) == 2


def test_a_layer_that_names_its_shape_by_place():
    class Old(keras.layers.Layer):
        def build(self, shape):
            self.a = self.add_weight((2,), "ones", "float32")
            self.b = self.add_weight((2,), name="b")

    with uninitialized():
        old = Old()
        old.build((None, 3))
    assert not keras.ops.convert_to_numpy(old.a).any()
    assert keras.ops.convert_to_numpy(old.b).any()  # Keras's own choice.
