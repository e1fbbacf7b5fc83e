"""Layers that see more of a batch than one example, by hand."""

import keras
import numpy as np
import pytest
from cases import adam, assert_equal, fit, weights_of
from keras import ops

import keras_gans
from keras_gans import layers

BACKEND = keras.backend.backend()


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def call(layer, x, **kwargs):
    return numpy(layer(ops.convert_to_tensor(x), **kwargs))


# ---- minibatch discrimination ---------------------------------------------


def test_minibatch_discrimination_by_hand():
    layer = layers.MinibatchDiscrimination(kernels=2, dims=2)
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], "float32")
    layer.build((None, 2))
    # Rows of M: (x0, x1) of the first kernel, (x0 + x1, 0) of the second.
    layer.kernel.assign([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    e = np.exp
    closeness = [
        [e(-1) + e(-2), e(-1) + e(-2)],
        [e(-1) + e(-3), e(-1) + e(-1)],
        [e(-2) + e(-3), e(-2) + e(-1)],
    ]
    found = call(layer, x)
    np.testing.assert_allclose(found, np.hstack([x, closeness]), rtol=1e-5)
    # Alone it is close to none, and to one that is alike it is close by 1.
    np.testing.assert_allclose(call(layer, x[:1]), [[0, 0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(
        call(layer, x[[2, 2]])[:, 2:], np.ones((2, 2)), rtol=1e-6
    )
    assert layer.compute_output_shape((None, 2)) == (None, 4)


def test_minibatch_discrimination_in_half_precision(dtype_policy):
    dtype_policy("mixed_float16")
    layer = layers.MinibatchDiscrimination(kernels=3, dims=2)
    x = np.zeros((4, 2), "float32")
    found = layer(ops.convert_to_tensor(x))
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    np.testing.assert_array_equal(numpy(found)[:, 2:], 3)


@pytest.mark.neutral
def test_minibatch_discrimination_takes_vectors():
    with pytest.raises(ValueError, match=r"features\). Received.*\(None, 4, 4"):
        layers.MinibatchDiscrimination().build((None, 4, 4, 1))
    for name in ("kernels", "dims"):
        with pytest.raises(ValueError, match=f"Received: {name}=0"):
            layers.MinibatchDiscrimination(**{name: 0})


# ---- virtual batch normalization ------------------------------------------


def normalized(x, reference, epsilon=1e-5):
    """By the statistics of a reference batch and the example, in NumPy."""
    axes = tuple(range(x.ndim - 1))
    rows = []
    for example in x:
        both = np.concatenate([reference, example[None]])
        mean, variance = both.mean(axes), both.var(axes)
        rows.append((example - mean) / np.sqrt(variance + epsilon))
    own = reference - reference.mean(axes)
    own = own / np.sqrt(reference.var(axes) + epsilon)
    return np.concatenate([own, rows])


@pytest.mark.parametrize("shape", [(3,), (4, 5, 3)])
def test_virtual_batch_normalization_by_hand(shape):
    layer = layers.VirtualBatchNormalization(6)
    both = 2.0 + 3.0 * draw(11, *shape)
    layer.build((None, *shape))
    layer.gamma.assign([1.0, 2.0, 3.0])
    layer.beta.assign([0.0, 0.5, 0.0])
    expected = normalized(both[6:].astype("float64"), both[:6])
    expected = expected * [1, 2, 3] + [0, 0.5, 0]
    np.testing.assert_allclose(
        call(layer, both), expected, rtol=1e-3, atol=1e-4
    )
    # What flat examples have no variance of, they do not divide by.
    flat = np.full((7, *shape), 5.0, "float32")
    np.testing.assert_allclose(
        call(layer, flat), np.broadcast_to([0, 0.5, 0], flat.shape), atol=5e-3
    )


def virtual(examples=2, **kwargs):
    """A generator of points with two virtual batch normalizations."""
    latents = keras.Input((examples,))
    x = layers.ReferenceBatch(5, **kwargs)(latents)
    for _ in range(2):
        x = keras.layers.Dense(4)(x)
        x = layers.VirtualBatchNormalization(5)(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(2)(x)
    return keras.Model(latents, layers.WithoutReference(5)(x))


@pytest.mark.neutral
def test_the_reference_passes_through_the_layers_that_it_is_for():
    network = virtual()
    x = draw(7, 2)
    h = np.concatenate([numpy(network.layers[1].reference), x])
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            h = h @ numpy(layer.kernel) + numpy(layer.bias)
        elif isinstance(layer, layers.VirtualBatchNormalization):
            h = normalized(h[5:], h[:5])
        elif isinstance(layer, keras.layers.ReLU):
            h = np.maximum(h, 0)
    found = call(network, x)
    assert found.shape == (7, 2)
    np.testing.assert_allclose(found, h[5:], rtol=1e-3, atol=1e-5)
    # In any batch, and in training, an example is made the same.
    np.testing.assert_allclose(call(network, x[2:3])[0], found[2], atol=1e-5)
    np.testing.assert_allclose(call(network, x, training=True), found)


def test_adapt_takes_the_first_examples():
    network = virtual(examples=3)
    layer = network.layers[1]
    before = numpy(layer.reference)
    assert before.std() > 0.3
    examples = draw(9, 3, seed=1)
    x = draw(4, 3)
    first = call(network, x)
    layer.adapt(examples)
    np.testing.assert_array_equal(numpy(layer.reference), examples[:5])
    assert np.abs(call(network, x) - first).max() > 1e-4
    fresh = layers.ReferenceBatch(5)
    fresh.adapt(examples)
    np.testing.assert_array_equal(call(fresh, x), [*examples[:5], *x])
    for wrong in (examples[:4], examples[:, :2]):
        with pytest.raises(ValueError, match="5 or more.*Received: examples"):
            layer.adapt(wrong)


# ---- in models ------------------------------------------------------------


def both_in_a_gan(seed=0):
    keras.utils.set_random_seed(seed)
    x = keras.Input((2,))
    h = keras.layers.Dense(6, activation="leaky_relu")(x)
    h = layers.MinibatchDiscrimination(kernels=4, dims=3)(h)
    judge = keras.Model(x, keras.layers.Dense(1)(h))
    gan = keras_gans.GAN(virtual(), judge, latent_dim=2, seed=seed)
    gan.compile(adam(), adam(), run_eagerly=True)
    return gan


@pytest.mark.slow
def test_they_train_and_are_saved(tmp_path):
    gan = both_in_a_gan()
    if BACKEND != "jax":  # There two replicas train it: test_distributed.py.
        reference = numpy(gan.generator.layers[1].reference)
        before = weights_of(gan)
        fit(gan, draw(16, 2))
        moved = [(a != b).any() for a, b in zip(before, weights_of(gan))]
        assert sum(moved) == len(moved) - 1  # All but the reference batch.
        np.testing.assert_array_equal(
            numpy(gan.generator.layers[1].reference), reference
        )
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    gan.save_to_preset(tmp_path / "preset")
    preset = keras_gans.GAN.from_preset(str(tmp_path / "preset"))
    x = draw(8, 2, seed=2)
    for other in (loaded, preset):
        assert_equal(weights_of(other), weights_of(gan))
        np.testing.assert_array_equal(
            other.generate(4, seed=0), gan.generate(4, seed=0)
        )
        np.testing.assert_array_equal(
            call(other.discriminator, x), call(gan.discriminator, x)
        )
    layer = loaded.discriminator.layers[2]
    assert (layer.kernels, layer.dims) == (4, 3)
