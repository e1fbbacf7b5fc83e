"""The latents of given examples."""

import keras
import numpy as np
import pytest
from cases import IMAGE_SHAPE, NUM_CLASSES, tiny_conditional_gan, tiny_dcgan
from keras import layers
from linear_gan import linear_gan, normal

from keras_gans.models import projection


def test_project_recovers_latents():
    kernel = normal(4, 6)
    gan = linear_gan(kernel)
    latents = normal(3, 4, seed=7)
    found = gan.project(
        latents @ kernel, n_steps=400, n_restarts=2, norm_weight=0.0, seed=0
    )
    np.testing.assert_allclose(found.latents, latents, atol=1e-2)
    np.testing.assert_allclose(found.images, latents @ kernel, atol=2e-2)
    assert found.distances.shape == (3,) and found.distances.max() < 1e-4
    assert found.labels is None
    np.testing.assert_allclose(
        gan.generate(3, latents=found.latents), found.images, atol=1e-5
    )


@pytest.mark.slow
def test_project_finds_the_label():
    kernel, table = normal(3, 5), 3 * normal(NUM_CLASSES, 5, seed=1)
    gan = linear_gan(kernel, table)
    latents = normal(4, 3, seed=2)
    labels = np.array([2, 0, 1, 1])
    points = latents @ kernel + table[labels]
    arguments = {"n_steps": 200, "norm_weight": 0.0, "seed": 0}
    found = gan.project(points, n_restarts=3, **arguments)
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_allclose(found.latents, latents, atol=0.05)
    given = gan.project(points, labels, n_restarts=1, **arguments)
    np.testing.assert_array_equal(given.labels, labels)
    np.testing.assert_allclose(given.latents, latents, atol=0.05)
    wrong = gan.project(points, 0, n_restarts=1, **arguments)
    assert (wrong.distances[[0, 2, 3]] > found.distances[[0, 2, 3]]).all()


@pytest.mark.slow
def test_project_in_batches(monkeypatch):
    """Of one shape: the last one is filled up, and what fills it left out."""
    kernel = normal(4, 6)
    gan = linear_gan(kernel)
    latents = normal(5, 4, seed=7)
    shapes, descend = [], projection._descend

    def counted(step, inputs, *args):
        shapes.append(inputs["targets"].shape)
        return descend(step, inputs, *args)

    monkeypatch.setattr(projection, "_descend", counted)
    monkeypatch.setattr(projection, "batch_size_for", lambda *_: 4)
    found = gan.project(
        latents @ kernel, n_steps=300, n_restarts=2, norm_weight=0.0, seed=0
    )
    assert shapes == [(4, 6)] * 3
    np.testing.assert_allclose(found.latents, latents, atol=2e-2)


@pytest.mark.slow
@pytest.mark.neutral
def test_the_prior_keeps_latents_at_their_length():
    kernel = np.eye(4, dtype="float32")
    gan = linear_gan(kernel)
    far = np.full((1, 4), 5.0, "float32")
    arguments = {"n_steps": 300, "n_restarts": 2, "seed": 0}
    free = gan.project(far, norm_weight=0.0, **arguments)
    np.testing.assert_allclose(free.latents, far, atol=0.1)
    # Of (5 - c)^2 + (c^2 - 1)^2 the least is where 4 c^3 - 2 c = 10.
    c = 1.4798
    held = gan.project(far, norm_weight=1.0, **arguments)
    np.testing.assert_allclose(held.latents, c, atol=0.01)
    # What is told is the distance alone.
    assert held.distances[0] == pytest.approx((5 - c) ** 2, rel=0.01)


@pytest.mark.neutral
def test_the_best_of_all_steps_and_starts_is_kept():
    gan = linear_gan(normal(4, 6))
    image = gan.generate(1, seed=9)
    starts = {}
    for n in (1, 8):
        found = gan.project(image, n_steps=4, n_restarts=n, seed=1)
        starts[n] = found.distances[0]
    assert starts[8] < starts[1]
    # A wild search has nothing better than its starts.
    arguments = {"n_restarts": 4, "seed": 1, "norm_weight": 0.0}
    wild = gan.project(image, n_steps=5, learning_rate=1e4, **arguments)
    latents = np.random.default_rng(1).standard_normal((4, 4))
    made = gan.generate(4, latents=latents)
    expected = np.square(made - image).mean(axis=1)
    np.testing.assert_allclose(
        wild.latents[0], latents[expected.argmin()], rtol=1e-5
    )
    assert wild.distances[0] == pytest.approx(expected.min(), rel=1e-4)
    one = gan.project(image, n_steps=1, n_restarts=4, seed=1)
    again = gan.project(image, n_steps=1, n_restarts=4, seed=1)
    np.testing.assert_array_equal(one.latents, again.latents)


def test_project_sees_features():
    """Two pixels, of which the feature is the second one."""
    gan = tiny_dcgan()
    images = gan.generate(2, seed=4)
    x = keras.Input(IMAGE_SHAPE)
    network = keras.Model(x, layers.Flatten()(x))
    plain = gan.project(images, n_steps=20, n_restarts=3, seed=0)
    seen = gan.project(
        images,
        n_steps=20,
        n_restarts=3,
        seed=0,
        features=network,
        feature_weight=0.5,
    )
    assert plain.images.dtype == "uint8" and plain.images.shape == images.shape
    floats = images / 127.5 - 1
    made = gan(seen.latents)
    made = keras.ops.convert_to_numpy(made)
    squares = np.square(made - floats)
    axes = (1, 2, 3)
    expected = squares.mean(axis=axes) + 0.5 * (
        squares.sum(axis=axes) / np.square(floats).sum(axis=axes)
    )
    np.testing.assert_allclose(seen.distances, expected, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"images": np.zeros((1, 8, 8, 3))}, r"Received: images with shape"),
        ({"images": np.zeros((0, 8, 8, 1))}, "one or more. Received: none"),
        ({"images": np.full((1, 8, 8, 1), 7.0)}, r"images in \[-1, 1\]"),
        ({"n_steps": 0}, "Received: n_steps=0"),
        ({"n_restarts": 0}, "Received: n_restarts=0"),
        ({"n_restarts": 2}, "labels, 3, or more.*Received: n_restarts=2"),
        ({"learning_rate": 0}, "Received: learning_rate=0"),
        ({"norm_weight": -1}, "Received: norm_weight=-1"),
        ({"feature_weight": -1}, "Received: feature_weight=-1"),
        ({"features": "points"}, "that has one. Received: 'points'"),
        ({"labels": 3}, "between 0 and 2"),
    ],
)
def test_projections_that_are_refused(arguments, words):
    images = np.linspace(-1, 1, 64, dtype="float32").reshape(1, 8, 8, 1)
    with pytest.raises(ValueError, match=words):
        tiny_conditional_gan().project(**{"images": images, **arguments})
