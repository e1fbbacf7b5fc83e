"""The distance of LPIPS' form, with other networks."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans import metrics


def network(kernel):
    """Two layers: what `kernel` makes of RGB, and that of 2x2 averages."""
    images = keras.Input((None, None, 3))
    conv = layers.Conv2D(2, 1, use_bias=False, name="one")
    x = conv(images)
    x = layers.AveragePooling2D(2, name="two")(x)
    model = keras.Model(images, layers.Flatten(name="flat")(x))
    conv.set_weights([np.reshape(np.asarray(kernel, "float32"), (1, 1, 3, 2))])
    return model


# Of white and black pixels, 1 and -1: red and green, as they are.
RED_GREEN = [[1, 0], [0, 1], [0, 0]]


def image(*pixels):
    """A row of pixels, of which each is the red and the green."""
    rows = np.zeros((1, 1, len(pixels), 3), "uint8")
    rows[0, 0, :, :2] = pixels
    return rows


def test_by_hand():
    # (1, 1), (1, -1) and of lengths of their own: directions alone count.
    a, b = image((255, 255), (255, 0)), image((255, 0), (255, 0))
    model = network(RED_GREEN)
    # Of the first pixel (0, 2 / sqrt 2) is squared: 2; of the second nothing.
    found = metrics.perceptual_distance(a, b, model, ["one"])
    np.testing.assert_allclose(found, [2 / 2], rtol=1e-5)
    # Green alone differs.
    for weights, wanted in (([1, 3], 3), ([5, 0], 0), ([2, 0.5], 0.5)):
        found = metrics.perceptual_distance(a, b, model, ["one"], [weights])
        np.testing.assert_allclose(found, [wanted], atol=1e-5)
    longer = network(np.multiply(RED_GREEN, 7))
    found = metrics.perceptual_distance(a, b, longer, ["one"])
    np.testing.assert_allclose(found, [1], rtol=1e-5)


def test_layers_are_summed():
    a = np.concatenate([image((255, 255), (255, 255))] * 2, axis=1)
    b = np.concatenate([image((255, 0), (255, 255))] * 2, axis=1)
    model = network(RED_GREEN)
    one = metrics.perceptual_distance(a, b, model, ["one"])
    two = metrics.perceptual_distance(a, b, model, ["two"])
    np.testing.assert_allclose(one, [1], rtol=1e-5)
    # (1, 1) and (1, 0), of length 1: 2 - sqrt 2.
    np.testing.assert_allclose(two, [2 - np.sqrt(2)], rtol=1e-4)
    both = metrics.perceptual_distance(a, b, model, ["one", "two"])
    np.testing.assert_allclose(both, one + two, rtol=1e-5)
    weights = [np.ones(2), np.full(2, 10.0)]
    both = metrics.perceptual_distance(a, b, model, ["one", "two"], weights)
    np.testing.assert_allclose(both, one + 10 * two, rtol=1e-5)


def test_of_pairs_in_batches():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 7, 4, 4, 3)).astype("uint8")
    model = network(rng.normal(size=(3, 2)))
    whole = metrics.perceptual_distance(a, b, model, ["one"])
    assert whole.shape == (7,) and (whole > 0).all()
    parts = metrics.perceptual_distance(a, b, model, ["one"], batch_size=3)
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    again = metrics.perceptual_distance(b, a, model, ["one"])
    np.testing.assert_allclose(again, whole, rtol=1e-5)
    same = metrics.perceptual_distance(a, a, model, ["one"])
    np.testing.assert_array_equal(same, 0)
    # Where all features are 0 there is no direction, and no NaN.
    nothing = metrics.perceptual_distance(
        a, b, network(np.zeros((3, 2))), ["one"]
    )
    np.testing.assert_array_equal(nothing, 0)


@pytest.mark.neutral
def test_of_an_extractors_network():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (3, 28, 28, 1)).astype("uint8")
    extractor = metrics.get_extractor("mnist_classifier")
    name = next(
        layer.name
        for layer in extractor.network.layers[1:]
        if len(layer.output.shape) == 4
    )
    found = metrics.perceptual_distance(a, 255 - a, extractor, [name])
    assert (found > 0.01).all()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "changes, words",
    [
        ({"layers": "one"}, "Received: layers='one'"),
        ({"layers": []}, r"Received: layers=\[\]"),
        ({"layers": ["three"]}, "of .*one, two.* Received: layers="),
        ({"layers": ["flat"]}, "Received: flat with shape"),
        ({"weights": [[1, 2, 3]]}, r"Received: shapes \[\(3,\)\]"),
        ({"weights": []}, r"Received: shapes \[\]"),
        ({"weights": [[1, -2]]}, "Received: -2.0 as the least"),
        ({"b": np.zeros((2, 4, 4, 3), "uint8")}, "Received: a with shape"),
        ({"batch_size": 0}, "Received: batch_size=0"),
        ({"network": "points"}, "Received: 'points'"),
    ],
)
def test_refuses(changes, words):
    arguments = {
        "a": np.zeros((1, 4, 4, 3), "uint8"),
        "b": np.zeros((1, 4, 4, 3), "uint8"),
        "network": network(RED_GREEN),
        "layers": ["one"],
        **changes,
    }
    with pytest.raises(ValueError, match=words):
        metrics.perceptual_distance(**arguments)
