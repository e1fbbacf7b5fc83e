"""What `generate`, `translate`, `upscale` and extractors share."""

import statistics

import keras
import numpy as np
import pytest
from keras import ops

import keras_gans
from keras_gans import backend
from keras_gans.models import inference
from keras_gans.models.sampling import truncated

to_numpy = ops.convert_to_numpy


@pytest.fixture(scope="module")
def gan():
    return keras_gans.DCGAN(image_shape=(8, 8, 1), filters=2, seed=0)


@pytest.mark.neutral
def test_the_next_batch_is_made_before_the_last_one_is_copied(monkeypatch):
    events = []
    monkeypatch.setattr(
        ops,
        "convert_to_numpy",
        lambda x: events.append(f"copy {x}") or x,
    )
    made = backend.map_batches(
        lambda x: events.append(f"make {x}") or x, range(3)
    )
    assert not events
    assert list(made) == [0, 1, 2]
    expected = "make 0, make 1, copy 0, make 2, copy 1, copy 2"
    assert ", ".join(events) == expected
    assert list(backend.map_batches(None, [])) == []


def test_images_leave_the_device_as_eight_bits(gan):
    function = inference.compiled(
        gan, "generate", gan.inference_network, gan._generate
    )
    latents = np.random.default_rng(0).standard_normal((4, gan.latent_dim))
    made = function(latents.astype("float32"))
    assert keras.backend.standardize_dtype(made.dtype) == "uint8"
    np.testing.assert_array_equal(to_numpy(made), gan.generate(4, seed=0))


def test_a_function_is_compiled_once_for_a_network(monkeypatch):
    gan = keras_gans.DCGAN(image_shape=(8, 8, 1), filters=2, seed=0)
    before = [v.path for v in gan.variables]
    samples = gan.generate(4, seed=0)
    made = []
    compile_function = backend.compile_function

    def counted(*args):
        made.append(args)
        return compile_function(*args)

    monkeypatch.setattr(backend, "compile_function", counted)
    gan.generate(4, seed=0)
    assert not made
    assert [v.path for v in gan.variables] == before
    # Another network is another function, and the weights are those of now.
    other = keras_gans.DCGAN(image_shape=(8, 8, 1), filters=3, seed=1)
    generator, gan.generator = gan.generator, other.generator
    assert (gan.generate(4, seed=0) != samples).any()
    assert len(made) == 1
    gan.generator = generator
    np.testing.assert_array_equal(gan.generate(4, seed=0), samples)


def test_functions_write_variables():
    dropout = keras.layers.Dropout(0.5, seed=1)
    network = keras.Sequential([keras.Input((64,)), dropout])
    apply = backend.compile_function(
        lambda x: network(x, training=True), network
    )
    x = np.ones((2, 64), "float32")
    first, second = to_numpy(apply(x)), to_numpy(apply(x))
    assert (first != second).any()
    again = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dropout(0.5, seed=1)]
    )
    for expected in (first, second):
        found = to_numpy(again(x, training=True))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.neutral
def test_batches_follow_the_bytes_and_the_device(gan, monkeypatch):
    def sizes(*shapes):
        return [inference.batch_size_for(gan, shape) for shape in shapes]

    shapes = (2,), (28, 28, 1), (64, 64, 3), (256, 256, 3), (4096, 4096, 3)
    monkeypatch.setattr(backend, "is_accelerated", lambda model: False)
    assert sizes(*shapes) == [128, 128, 128, 8, 1]
    monkeypatch.setattr(backend, "is_accelerated", lambda model: True)
    assert sizes(*shapes) == [1024, 1024, 512, 32, 1]


@pytest.mark.neutral
def test_more_at_once_on_a_cpu_where_all_layers_are_small(gan, monkeypatch):
    monkeypatch.setattr(backend, "is_accelerated", lambda model: False)

    def size(width, shape=(28, 28, 1)):
        x = keras.Input((2,))
        inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width)])
        y = keras.layers.Dense(2)(inner(x))
        network = keras.Model(x, y)
        assert inference.largest_output(network) == width
        return inference.batch_size_for(gan, shape, network)

    assert [size(n) for n in (1024, 2**13, 2**15, 2**20)] == [
        1024,
        512,
        128,
        128,
    ]
    # The examples' own bytes stay a bound.
    assert size(1024, (256, 256, 3)) == 8
    assert inference.largest_output(keras.Sequential()) is None


def test_a_network_that_is_changed_in_place_is_compiled_again():
    gan = keras_gans.DCGAN(image_shape=(8, 8, 1), filters=2, seed=0)
    before = gan.generate(4, seed=0)
    layer = next(
        layer
        for layer in gan.generator.layers
        if isinstance(layer, keras.layers.Dense)
    )
    layer.enable_lora(1)
    layer.lora_kernel_b.assign(ops.ones(layer.lora_kernel_b.shape))
    assert (gan.generate(4, seed=0) != before).any()


# ---- truncated latents ----------------------------------------------------


@pytest.mark.parametrize("threshold", [0.02, 0.7, 2.0])
def test_truncated_numbers_are_of_a_normal_that_is_cut_off(threshold):
    z = np.random.default_rng(0).standard_normal(500)
    z = np.append(z, [-30.0, 30.0])
    normal = statistics.NormalDist()
    below = normal.cdf(-threshold)
    expected = [
        normal.inv_cdf(below + normal.cdf(x) * (1 - 2 * below)) for x in z
    ]
    found = truncated(z, threshold)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(found).max() <= threshold


@pytest.mark.neutral
def test_generate_with_truncation(gan, monkeypatch):
    seen = []
    make = gan.generator_inputs

    def spy(latents, labels):
        seen.append(latents)
        return make(latents, labels)

    monkeypatch.setattr(gan, "generator_inputs", spy)
    whole = gan.generate(8, seed=0)
    cut = gan.generate(8, seed=0, truncation=0.5)
    free, bound = seen
    assert np.abs(free).max() > 2 and np.abs(bound).max() <= 0.5
    assert (np.sign(free) == np.sign(bound)).all()
    assert (cut != whole).any()
    np.testing.assert_array_equal(
        cut[:4], gan.generate(4, seed=0, truncation=0.5)
    )
    for wrong in (0, -1.0, float("nan"), True, "0.5"):
        with pytest.raises(ValueError, match="truncation must be.*Received"):
            gan.generate(2, truncation=wrong)
