"""The penalties, and the known mistakes that they must not make."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import backend, penalties
from keras_gans.layers import BatchStatisticsNormalization

WEIGHTS = np.array([[3.0], [4.0]], "float32")


def tensor(x):
    return ops.convert_to_tensor(np.asarray(x, "float32"))


def number(x):
    assert ops.shape(x) == ()
    return float(ops.convert_to_numpy(x))


def linear(x):
    """Its gradient is (3, 4) everywhere, of norm 5."""
    return ops.matmul(x, tensor(WEIGHTS))


def quadratic(x):
    """Its gradient at x is x."""
    return 0.5 * ops.sum(ops.square(x), axis=-1, keepdims=True)


def points(n=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


def test_gradient_penalty_by_hand():
    real, fake = points(seed=0), points(seed=1)
    alpha = np.linspace(0, 1, 6, dtype="float32")[:, None]
    value = penalties.gradient_penalty(
        linear, tensor(real), tensor(fake), tensor(alpha)
    )
    assert number(value) == pytest.approx((5 - 1) ** 2)
    value = penalties.gradient_penalty(
        linear, tensor(real), tensor(fake), tensor(alpha), target=5.0
    )
    assert number(value) == pytest.approx(0, abs=1e-10)
    # Of the quadratic: the norms of the points themselves, each on its line,
    # at alpha = 1 the real one.
    value = penalties.gradient_penalty(
        quadratic, tensor(real), tensor(fake), tensor(alpha)
    )
    line = alpha * real + (1 - alpha) * fake
    expected = (np.linalg.norm(line, axis=1) - 1) ** 2
    assert number(value) == pytest.approx(expected.mean(), rel=1e-5)


def test_norms_are_of_examples_and_not_of_pixels_or_batches():
    images = tensor(np.ones((3, 2, 2, 1)))
    zeros = ops.zeros_like(images)
    alpha = tensor(np.ones((3, 1, 1, 1)))

    def mean(x):  # Gradient 1 / 4 for every pixel: the norm is 1 / 2.
        return ops.mean(x, axis=(1, 2, 3))

    value = penalties.gradient_penalty(mean, images, zeros, alpha)
    assert number(value) == pytest.approx(0.25)
    value, _ = penalties.r1_penalty(mean, images)
    assert number(value) == pytest.approx(0.25)


@pytest.mark.parametrize(
    "shape", [(3, 2, 2, 1), (3,), (3, 1), (3, 1, 1, 1, 1), (3, 1, 1, 2)]
)
def test_alpha_is_one_number_per_example(shape):
    images = tensor(np.ones((3, 2, 2, 1)))
    with pytest.raises(ValueError, match="alpha must be one number.*Received"):
        penalties.gradient_penalty(
            lambda x: x, images, images, tensor(np.ones(shape))
        )


def gradient_of_penalty(penalty, kernel):
    """The penalty's gradient in the weights of a dense layer."""
    layer = layers.Dense(1, use_bias=False)
    layer.build((None, 2))
    layer.kernel.assign(kernel)
    (value, _), gradients = backend.value_and_gradients(
        lambda: (penalty(layer), None), [layer.kernel], [layer.kernel]
    )
    return number(value), ops.convert_to_numpy(gradients[0])


def test_second_order_by_hand():
    x, alpha = tensor(points()), tensor(np.ones((6, 1)))
    value, gradient = gradient_of_penalty(
        lambda layer: penalties.gradient_penalty(layer, x, x, alpha), WEIGHTS
    )
    # d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|
    assert value == pytest.approx(16)
    np.testing.assert_allclose(gradient, 2 * 4 * WEIGHTS / 5, rtol=1e-5)
    value, gradient = gradient_of_penalty(
        lambda layer: penalties.r1_penalty(layer, x)[0], WEIGHTS
    )
    assert value == pytest.approx(25)
    np.testing.assert_allclose(gradient, 2 * WEIGHTS, rtol=1e-5)


def test_no_nan_at_a_gradient_of_zero():
    x, alpha = tensor(points()), tensor(np.ones((6, 1)))
    value, gradient = gradient_of_penalty(
        lambda layer: penalties.gradient_penalty(layer, x, x, alpha),
        np.zeros((2, 1)),
    )
    assert value == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(gradient, 0)
    # And of what does not see its input at all.
    value = penalties.gradient_penalty(lambda x: ops.ones((6, 1)), x, x, alpha)
    assert number(value) == pytest.approx(1, abs=1e-5)


def test_r1_and_r2_return_the_logits_of_the_same_pass():
    x = tensor(points())
    for penalty in (penalties.r1_penalty, penalties.r2_penalty):
        value, logits = penalty(quadratic, x)
        expected = (points() ** 2).sum(axis=1)
        assert number(value) == pytest.approx(expected.mean(), rel=1e-5)
        np.testing.assert_allclose(
            ops.convert_to_numpy(logits)[:, 0], expected / 2, rtol=1e-5
        )


def test_dragan_looks_around_real_examples():
    real, alpha = points(), np.linspace(0, 1, 6, dtype="float32")[:, None]
    noise = np.random.default_rng(1).uniform(size=(6, 2)).astype("float32")
    value = penalties.dragan_penalty(
        quadratic, tensor(real), tensor(noise), tensor(alpha)
    )
    x = real + alpha * noise * real.std() / 2
    expected = (np.linalg.norm(x, axis=1) - 1) ** 2
    assert number(value) == pytest.approx(expected.mean(), rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_precision_policy_changes_nothing(policy, dtype_policy):
    def discriminator():
        keras.utils.set_random_seed(3)
        return keras.Sequential(
            [
                keras.Input((4, 4, 1)),
                layers.Conv2D(8, 3),
                layers.LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )

    rng = np.random.default_rng(0)
    real, fake = (tensor(rng.normal(size=(5, 4, 4, 1))) for _ in range(2))
    alpha = tensor(rng.uniform(size=(5, 1, 1, 1)))
    values = []
    for name in ("float32", policy):
        dtype_policy(name)
        network = discriminator()
        in_float32 = penalties.float32(network)
        penalty = penalties.gradient_penalty(in_float32, real, fake, alpha)
        assert keras.backend.standardize_dtype(penalty.dtype) == "float32"
        values.append(number(penalty))
        # What the layers compute in otherwise is as it was.
        assert {layer.compute_dtype for layer in network.layers} == {
            "float32" if name == "float32" else policy.removeprefix("mixed_")
        }
    assert values[0] == values[1]


def test_float16_gradients_do_not_overflow():
    gradients = ops.cast(ops.full((1, 4), 300.0), "float16")
    assert float(penalties.squared_norms(gradients)[0]) == 4 * 300.0**2


def test_batch_statistics_are_refused_frozen_or_not():
    for frozen in (False, True):
        layer = BatchStatisticsNormalization(name="mixes")
        layer.trainable = not frozen
        inputs = keras.Input((4, 4, 1))
        network = keras.Model(inputs, layer(inputs))
        with pytest.raises(ValueError, match="BatchStatistics.*'mixes'"):
            penalties.check_no_batch_normalization(network, "r1_weight")


@pytest.mark.parametrize("patches", [1, 3])
def test_r1_of_patches_is_of_their_sum(patches):
    # Of x, and of three such logits.
    penalty, _ = penalties.r1_penalty(
        lambda x: ops.tile(x, (1, patches)), ops.ones((2, 1))
    )
    assert number(penalty) == pytest.approx(patches**2)


def test_batch_normalization_is_refused_by_name():
    network = keras.Sequential(
        [
            keras.Input((2,)),
            keras.Sequential([layers.BatchNormalization(name="hidden_norm")]),
            layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="WGANGP.*Received.*hidden_norm"):
        penalties.check_no_batch_normalization(network, "WGANGP")
    network.trainable = False  # On stored statistics, which mix nothing.
    penalties.check_no_batch_normalization(network, "WGANGP")
    penalties.check_no_batch_normalization(
        keras.Sequential([keras.Input((2,)), layers.LayerNormalization()]), ""
    )
