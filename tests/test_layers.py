import re

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import backend, layers


@pytest.mark.neutral
@pytest.mark.parametrize(
    "image_shape, expected",
    [
        ((64, 64, 3), ((4, 4), 4)),
        ((28, 28, 1), ((7, 7), 2)),
        ((32, 32, 3), ((4, 4), 3)),
        ((8, 8, 1), ((4, 4), 1)),
        ((16, 8, 2), ((8, 4), 1)),
        ((8, 20, 1), ((4, 10), 1)),
        ([96, 96, 3], ((6, 6), 4)),
    ],
)
def test_dcgan_base_shape(image_shape, expected):
    assert layers.dcgan_base_shape(image_shape) == expected


@pytest.mark.neutral
@pytest.mark.parametrize(
    "shape",
    [
        (30, 30, 3),
        (30, 100, 3),
        (29, 28, 1),
        (4, 4, 1),
        (1, 1, 1),
        (3, 64, 1),
        (100, 75, 3),
        (255, 257, 3),
        (9, 1000, 1),
    ],
)
def test_dcgan_base_shape_names_shapes_that_work(shape):
    with pytest.raises(ValueError, match="image_shape must have") as error:
        layers.dcgan_base_shape(shape)
    message = str(error.value)
    assert f"Received: image_shape={shape}" in message
    nearest = re.findall(r"\((\d+), (\d+)\)", message.split("that work")[1])
    assert len(nearest) == 2
    distances = []
    for height, width in nearest:
        height, width = int(height), int(width)
        layers.dcgan_base_shape((height, width, shape[-1]))
        distances.append(abs(height - shape[0]) + abs(width - shape[1]))

    # No other is nearer, by trying all.
    def works(height, width):
        try:
            layers.dcgan_base_shape((height, width, 1))
        except ValueError:
            return False
        return True

    best, away = None, 0
    while best is None:
        rows = range(max(1, shape[0] - away), shape[0] + away + 1)
        for height in rows:
            rest = away - abs(height - shape[0])
            for width in {shape[1] - rest, shape[1] + rest}:
                if width > 0 and works(height, width):
                    best = away
        away += 1
    assert min(distances) == best


@pytest.mark.neutral
@pytest.mark.parametrize(
    "image_shape",
    [(28, 28), (28, 28, 1, 1), None, 28, (28.0, 28, 1), (0, 8, 1)],
)
def test_dcgan_base_shape_refuses_what_is_no_shape(image_shape):
    with pytest.raises(ValueError, match="image_shape must be .*Received:"):
        layers.dcgan_base_shape(image_shape)


@pytest.mark.parametrize("image_shape", [(8, 8, 1), (8, 16, 3), (28, 28, 2)])
def test_stacks_meet(image_shape):
    latents = keras.Input((5,))
    images = layers.dcgan_generator_stack(latents, image_shape, 2)
    assert images.shape == (None, *image_shape)
    features = layers.dcgan_discriminator_stack(images, image_shape, 2)
    # Halved until a side is at most 4, and the filters doubled.
    depth = {8: 1, 28: 3}[image_shape[0]]
    sides = [-(-side // 2**depth) for side in image_shape[:2]]
    assert features.shape == (None, *sides, 2 * 2 ** (depth - 1))
    outputs = keras.Model(latents, images)(np.ones((2, 5), "float32"))
    assert np.abs(keras.ops.convert_to_numpy(outputs)).max() <= 1


@pytest.mark.neutral
def test_paper_architecture():
    # Radford et al., 2015, figure 1: 4x4x1024, 512, 256, 128, then the image;
    # a sixteenth of it.
    latents = keras.Input((100,))
    images = layers.dcgan_generator_stack(latents, (64, 64, 3), 4)
    network = keras.Model(latents, images)
    maps = [
        layer.output.shape[1:]
        for layer in network.layers
        if isinstance(layer, (keras.layers.Reshape, keras.layers.ReLU))
    ]
    assert maps == [
        (4, 4, 64),
        (4, 4, 64),
        (8, 8, 32),
        (16, 16, 16),
        (32, 32, 8),
    ]
    assert network.layers[-1].activation is keras.activations.tanh


@pytest.mark.parametrize(
    "policy, expected",
    [
        ("float32", "float32"),
        ("mixed_float16", "float32"),
        ("mixed_bfloat16", "float32"),
        ("float64", "float64"),
    ],
)
def test_last_layers_are_never_half_precision(policy, expected, dtype_policy):
    dtype_policy(policy)
    assert layers.logits_layer().compute_dtype == expected


# ---- spectral normalization -----------------------------------------------


def spectral_dense(units=3, inputs=5, **kwargs):
    layer = layers.SpectralNormalization(
        keras.layers.Dense(units, bias_initializer="ones"), **kwargs
    )
    layer.build((None, inputs))
    return layer


def numpy(x):
    return ops.convert_to_numpy(x)


def test_spectral_normalization_divides_by_the_largest_singular_value():
    layer = spectral_dense()
    x = ops.eye(5)
    for _ in range(50):
        layer(x, training=True)
    kernel = numpy(layer.layer.kernel)
    expected = kernel / np.linalg.svd(kernel)[1][0] + 1  # The bias is whole.
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-4)
    np.testing.assert_allclose(numpy(layer(x, training=True)), expected, 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrapped, inputs",
    [
        (keras.layers.Conv2D(6, 3, strides=2), np.ones((2, 8, 8, 2))),
        (keras.layers.Conv2D(6, 3, use_bias=False), np.ones((2, 8, 8, 2))),
        (keras.layers.Embedding(7, 4), np.arange(7)),
    ],
)
def test_spectral_normalization_of_other_kernels(wrapped, inputs):
    layer = layers.SpectralNormalization(wrapped, power_iterations=200)
    x = ops.convert_to_tensor(inputs)
    for _ in range(3):
        outputs = numpy(layer(x, training=True))
    kernel = numpy(layer._kernel())
    matrix = kernel.reshape(-1, kernel.shape[-1])
    expected = numpy(wrapped(x)) / np.linalg.svd(matrix)[1][0]
    np.testing.assert_allclose(outputs, expected, rtol=1e-4)


def test_spectral_normalization_before_any_training():
    # Of one unit the largest singular value is the length of the kernel,
    # whatever the estimate starts from.
    layer = spectral_dense(units=1)
    kernel = numpy(layer.layer.kernel)
    expected = kernel / np.linalg.norm(kernel) + 1
    np.testing.assert_allclose(numpy(layer(ops.eye(5))), expected, rtol=1e-5)


def test_inference_moves_no_estimate_and_training_no_kernel():
    layer = spectral_dense()
    u, kernel = numpy(layer.vector_u).copy(), numpy(layer.layer.kernel).copy()
    layer(ops.eye(5))
    np.testing.assert_array_equal(numpy(layer.vector_u), u)
    layer(ops.eye(5), training=True)
    assert (numpy(layer.vector_u) != u).any()
    np.testing.assert_array_equal(numpy(layer.layer.kernel), kernel)


def test_gradients_flow_through_the_division():
    layer = spectral_dense(units=2, inputs=2)
    layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
    layer.vector_u.assign([[1.0], [0.0]])
    (loss, _), (gradient,) = backend.value_and_gradients(
        lambda: (ops.sum(layer(ops.ones((1, 2)), training=True)), None),
        [layer.layer.kernel],
        [layer.layer.kernel, layer.vector_u],
    )
    # sum(W) / s + 2 with s = W[0, 0]: d / dW[0, 0] = (s - sum(W)) / s^2.
    assert float(numpy(loss)) == pytest.approx(4 / 3 + 2)
    expected = [[-1 / 9, 1 / 3], [1 / 3, 1 / 3]]
    np.testing.assert_allclose(numpy(gradient), expected, rtol=1e-5)


def test_spectral_normalization_estimates_in_mixed_precision(dtype_policy):
    dtype_policy("mixed_float16")
    layer = spectral_dense()
    layer(ops.eye(5), training=True)
    # A random start is no unit vector.
    assert np.linalg.norm(numpy(layer.vector_u)) == pytest.approx(1, rel=1e-3)


@pytest.mark.neutral
def test_spectral_normalization_refuses_what_is_not_linear():
    with pytest.raises(ValueError, match="no activation.*activation=relu"):
        layers.SpectralNormalization(keras.layers.Dense(2, activation="relu"))
    for wrapped in (
        keras.layers.Flatten(),
        keras.layers.Conv2DTranspose(2, 3),  # Its kernel ends in the inputs.
        keras.layers.DepthwiseConv2D(3),
    ):
        with pytest.raises(ValueError, match="must be a Dense.*Received"):
            layers.SpectralNormalization(wrapped)
    for power_iterations in (0, 1.5):
        with pytest.raises(ValueError, match="power_iterations.*Received"):
            layers.SpectralNormalization(
                keras.layers.Dense(2), power_iterations
            )


def test_spectral_normalization_is_saved(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.SpectralNormalization(keras.layers.Dense(2), 3),
        ]
    )
    model(ops.eye(3), training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        numpy(loaded(ops.eye(3))), numpy(model(ops.eye(3)))
    )
    assert loaded.layers[0].power_iterations == 3


# ---- a cropped generator --------------------------------------------------


def test_crop_is_the_middle_of_a_larger_image():
    x = keras.Input((6,))
    whole = keras.Model(x, layers.dcgan_generator_stack(x, (16, 16, 1), 4))
    y = layers.dcgan_generator_stack(x, (12, 12, 1), 4, crop=2)
    cropped = keras.Model(x, y)
    cropped.set_weights(whole.get_weights())
    z = np.random.default_rng(0).normal(size=(2, 6))
    np.testing.assert_array_equal(
        numpy(cropped(z)), numpy(whole(z))[:, 2:-2, 2:-2]
    )
