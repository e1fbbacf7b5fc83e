"""Layers of growing and style-based GANs, beside plain NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import layers

numpy = ops.convert_to_numpy
RNG = np.random.default_rng


def values(*shape, seed=0):
    return RNG(seed).normal(size=shape).astype("float32")


# ---- equalized learning rate ----------------------------------------------


@pytest.mark.parametrize("activation", [None, "leaky_relu"])
def test_dense(activation):
    layer = layers.EqualizedDense(5, activation=activation, bias=1.0, rate=0.01)
    x = values(4, 9)
    made = numpy(layer(x))
    kernel = numpy(layer.kernel.value)
    assert kernel.std() == pytest.approx(100.0, rel=0.4)  # 1 / rate.
    np.testing.assert_allclose(numpy(layer.bias.value), 100.0)
    expected = x @ kernel * 0.01 / 3 + 1.0
    if activation:
        expected = np.where(expected > 0, expected, 0.2 * expected)
        expected = expected * np.sqrt(2)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding, strides", [("same", 1), ("valid", 2)])
def test_convolution(padding, strides):
    layer = layers.EqualizedConv2D(
        3, strides=strides, padding=padding, activation="leaky_relu"
    )
    x = values(2, 8, 8, 4)
    made = numpy(layer(x))
    assert made.shape == layer.compute_output_shape(x.shape)
    layer.bias.assign([0.5, -0.5, 0.0])
    plain = ops.conv(x, numpy(layer.kernel.value) / 6, strides, padding)
    expected = numpy(plain) + np.array([0.5, -0.5, 0.0])
    expected = np.where(expected > 0, expected, 0.2 * expected) * np.sqrt(2)
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-4, atol=1e-5)


def test_all_layers_learn_at_one_rate():
    # Adam moves each stored weight by its rate, whatever the fan-in: what is
    # computed with moves by a part of its own size that is the same.
    for units in (4, 400):
        layer = layers.EqualizedDense(1, use_bias=False)
        layer.build((None, units))
        assert layer.scale == pytest.approx(units**-0.5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(policy):
    layer = layers.EqualizedDense(300, rate=0.01, dtype=policy)
    x = values(2, 100)
    made = layer(x)
    assert keras.backend.standardize_dtype(made.dtype) == policy[6:]
    expected = x @ numpy(layer.kernel.value) * 0.001
    np.testing.assert_allclose(
        numpy(ops.cast(made, "float32")), expected, atol=0.05
    )


def test_pixels_have_the_size_of_one():
    x = 7 * values(2, 3, 3, 16)
    made = numpy(layers.PixelNormalization()(x))
    np.testing.assert_allclose((made**2).mean(-1), 1.0, rtol=1e-4)
    np.testing.assert_allclose(
        made * np.sqrt((x**2).mean(-1, keepdims=True)), x, rtol=1e-4
    )


# ---- the variety of a batch -----------------------------------------------


def deviation(group):
    return np.sqrt(group.var(axis=0) + 1e-8).mean()


@pytest.mark.parametrize(
    "n, groups",
    [
        (8, [(0, 1, 2, 3), (4, 5, 6, 7)]),
        # Filled up with the first ones.
        (6, [(0, 1, 2, 3), (4, 5, 0, 1)]),
        (3, [(0, 1, 2)]),
        (1, [(0,)]),
    ],
)
def test_minibatch_standard_deviation(n, groups):
    x = values(n, 2, 3, 5)
    layer = layers.MinibatchStandardDeviation(4)
    made = numpy(layer(x))
    assert made.shape == (n, 2, 3, 6) == layer.compute_output_shape(x.shape)
    np.testing.assert_array_equal(made[..., :5], x)
    assert (made[..., 5] == made[:, :1, :1, 5]).all()
    for group in groups:
        expected = deviation(x[list(group)])
        mine = [i for i in group if i >= group[0]]
        np.testing.assert_allclose(
            made[mine, 0, 0, 5], expected, rtol=1e-4, atol=1e-6
        )


def test_its_batch_may_be_unknown():
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, layers.MinibatchStandardDeviation(4)(inputs))
    for n in (5, 8):
        assert model.predict(values(n, 4, 4, 3), verbose=0).shape[0] == n


# ---- smoothing ------------------------------------------------------------


def filtered(x, before, after, gain):
    """[1, 3, 3, 1] along both sides, by its definition."""
    taps = np.array([1, 3, 3, 1]) / 8
    x = np.pad(x, [(0, 0), (before, after), (before, after), (0, 0)])
    n, height, width, c = x.shape
    made = np.zeros((n, height - 3, width - 3, c))
    for i in range(4):
        for j in range(4):
            part = x[:, i : i + height - 3, j : j + width - 3]
            made += gain * taps[i] * taps[j] * part
    return made


def with_zeros(x):
    n, height, width, c = x.shape
    made = np.zeros((n, 2 * height, 2 * width, c))
    made[:, ::2, ::2] = x
    return made


@pytest.mark.parametrize(
    "factor, padding, expected",
    [
        (1, (2, 2), lambda x: filtered(x, 2, 2, 1)),
        (1, None, lambda x: filtered(x, 2, 1, 1)),
        (0.5, None, lambda x: filtered(x, 1, 1, 1)[:, ::2, ::2]),
        # Zeros between the pixels, of which there is then a fourth.
        (2, None, lambda x: filtered(with_zeros(x), 2, 1, 4)),
    ],
)
def test_smoothing(factor, padding, expected):
    x = values(2, 6, 8, 3)
    layer = layers.Smoothing2D(factor, padding)
    made = numpy(layer(x))
    assert made.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(made, expected(x), rtol=1e-4, atol=1e-5)


# ---- modulation -----------------------------------------------------------


def by_its_definition(layer, x, styles, noise):
    """A kernel for each image, as the paper writes it."""
    affine = layer.affine
    scale = numpy(affine.kernel.value) / np.sqrt(styles.shape[1])
    s = styles @ scale + numpy(affine.bias.value)
    kernel = numpy(layer.kernel.value) * layer.scale
    made = []
    for i in range(len(x)):
        w = kernel * s[i][None, None, :, None]
        if layer.demodulate:
            w = w / np.sqrt((w**2).sum((0, 1, 2), keepdims=True) + 1e-8)
        image = x[i : i + 1]
        if layer.upsample:
            y = ops.conv_transpose(
                image, np.transpose(w, (0, 1, 3, 2)).astype("float32"), 2
            )
            y = filtered(numpy(y), 1, 1, 4)
        else:
            y = numpy(ops.conv(image, w.astype("float32"), padding="same"))
        made.append(y)
    made = np.concatenate(made)
    if layer.noise:
        made = made + numpy(layer.strength.value) * noise
    made = made + numpy(layer.bias.value)
    if layer.activation:
        made = np.sqrt(2) * np.where(made > 0, made, 0.2 * made)
    return made


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"upsample": True},
        {
            "kernel_size": 1,
            "demodulate": False,
            "noise": False,
            "activation": None,
        },
        {"demodulate": False},
    ],
)
def test_modulated_convolution(options):
    layer = layers.ModulatedConv2D(3, **options)
    x, styles = values(2, 4, 4, 5), 1 + values(2, 6, seed=1)
    made = numpy(layer([x, styles]))
    assert made.shape == layer.compute_output_shape([x.shape, styles.shape])
    layer.bias.assign(values(3, seed=2))
    noise = 0.0
    if layer.noise:
        layer.strength.assign(0.7)
        noise = numpy(layer.fixed_noise.value)
    np.testing.assert_allclose(
        numpy(layer([x, styles])),
        by_its_definition(layer, x, styles, noise),
        rtol=1e-4,
        atol=1e-4,
    )


def test_noise_is_new_in_training_and_fixed_after_it():
    layer = layers.ModulatedConv2D(3, activation=None, seed=0)
    x, styles = values(2, 4, 4, 5), values(2, 6, seed=1)
    quiet = numpy(layer([x, styles], training=True))
    layer.strength.assign(2.0)
    one, two = (numpy(layer([x, styles], training=True)) for _ in range(2))
    assert (one != two).any()
    # One number for all features of a position, another for each image.
    noise = (one - quiet) / 2
    np.testing.assert_allclose(noise, noise[..., :1] * np.ones(3), atol=1e-5)
    assert not np.allclose(noise[0], noise[1])
    one, two = (numpy(layer([x, styles])) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_large_styles_fit_into_half_precision(policy):
    layer = layers.ModulatedConv2D(8, noise=False, dtype=policy)
    x = 30 * values(2, 4, 4, 64)
    styles = 3000 * (1 + values(2, 6, seed=1))
    made = numpy(ops.cast(layer([x, styles]), "float32"))
    expected = by_its_definition(layer, x, styles, 0.0)
    np.testing.assert_allclose(
        made, np.clip(expected, -256, 256), rtol=0.05, atol=2.0
    )
