import re

import keras
import numpy as np
import pytest

from keras_gans import layers


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
