"""Whether a model repeats what it learned from."""

import numpy as np
import pytest

from keras_gans import metrics, pictures
from keras_gans.metrics import copies, distances

pytestmark = pytest.mark.neutral


def faces(n, seed):
    """Images of few directions of variation, and some noise."""
    rng = np.random.default_rng(seed)
    basis = np.random.default_rng(99).normal(size=(6, 8 * 8 * 3))
    x = rng.normal(size=(n, 6)) @ basis * 20 + rng.normal(size=(n, 192)) + 128
    return np.clip(np.rint(x), 0, 255).astype("uint8").reshape(n, 8, 8, 3)


def flat(images):
    return images.reshape(len(images), -1).astype("float32") / 25


TRAIN, HELD_OUT = faces(400, 1), faces(300, 2)


def test_fresh_images_are_none():
    found = metrics.memorisation(faces(300, 3), TRAIN, HELD_OUT, flat)
    assert found.share < 0.05 and abs(found.z) < 3
    assert found.distances.shape == (300,)
    assert found.held_out_distances.shape == (300,)
    assert (found.held_out_distances < found.threshold).sum() == 3


def test_copies_are_found():
    rng = np.random.default_rng(0)
    which = rng.integers(0, 400, 300)
    noise = rng.integers(-1, 2, (300, 8, 8, 3))
    copied = np.clip(TRAIN[which] + noise, 0, 255).astype("uint8")
    found = metrics.memorisation(copied, TRAIN, HELD_OUT, flat)
    assert found.share == 1 and found.z < -10
    np.testing.assert_array_equal(found.neighbours, which)
    # Some among fresh ones are few for the ranks, and are named all the same.
    mixed = np.concatenate([faces(290, 3), TRAIN[5:15]])
    found = metrics.memorisation(mixed, TRAIN, HELD_OUT, flat)
    assert found.share == pytest.approx(10 / 300, abs=0.02) and found.z > -3
    assert set(found.nearest(10)) == set(range(290, 300))
    assert list(found.neighbours[290:]) == list(range(5, 15))
    assert found.distances[290:].max() < 1e-3 < found.threshold


def test_images_like_no_training_image():
    noise = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 3))
    found = metrics.memorisation(noise.astype("uint8"), TRAIN, HELD_OUT, flat)
    assert found.share == 0 and found.z > 10


def test_of_a_model_and_of_batches():
    from cases import tiny_gan

    gan = tiny_gan()
    train = gan.generate(50, seed=1)
    batches = (train[i : i + 8] for i in range(0, 50, 8))
    held_out = [gan.generate(20, seed=s) for s in (2, 3)]
    found = metrics.memorisation(
        gan, ((x, "label") for x in batches), held_out, flat, n=30
    )
    assert found.distances.shape == found.held_out_distances.shape == (30,)
    assert found.neighbours.max() < 50
    again = metrics.memorisation(gan, train, held_out, flat, n=30)
    np.testing.assert_array_equal(again.distances, found.distances)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_neighbours_in_blocks(k, monkeypatch):
    rng = np.random.default_rng(0)
    x, reference = rng.normal(size=(23, 4)), rng.normal(size=(37, 4)) + 9
    between = np.linalg.norm(x[:, None] - reference[None], axis=-1)
    monkeypatch.setattr(distances, "BLOCK", 5)
    monkeypatch.setattr(distances, "COLUMNS", 7)
    found, indices = copies.nearest_neighbours(x, reference, k)
    np.testing.assert_array_equal(indices, between.argsort(axis=1)[:, :k])
    np.testing.assert_allclose(found, np.sort(between, axis=1)[:, :k])


def test_nearest_in_pixels_and_in_features():
    train = faces(50, 1)
    samples = train[[7, 3, 40]] + np.uint8(1)
    found, indices = metrics.nearest(samples, train, k=2)
    assert found.shape == indices.shape == (3, 2)
    np.testing.assert_array_equal(indices[:, 0], [7, 3, 40])
    # A value of 1 more in each of 8 x 8 x 3; where 255 became 0, far away.
    between = samples[:, None].astype(float) - train[None]
    expected = np.sqrt(np.square(between).sum(axis=(2, 3, 4)))
    np.testing.assert_allclose(
        found, np.sort(expected, axis=1)[:, :2], rtol=1e-3
    )
    # The mean colour alone: of a mirrored image it is the same.
    batches = (train[i : i + 8, :, ::-1] for i in range(0, 50, 8))

    def colour(images):
        return images.mean(axis=(1, 2))

    _, indices = metrics.nearest(train[[5, 20]], batches, colour)
    np.testing.assert_array_equal(indices, [[5], [20]])
    rows = np.concatenate([samples[:, None], train[indices[[0, 0, 1]]]], axis=1)
    assert pictures.image_grid(rows).size == (2 * 34 + 2, 3 * 34 + 2)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"k": 0}, "Received: k=0"),
        ({"k": 10}, "number of references, 9. Received: k=10"),
        ({"images": []}, "must be image examples. Received: none"),
        ({"references": []}, "must be reference examples. Received: none"),
        ({"extractor": "vgg"}, "Received: extractor='vgg'"),
    ],
)
def test_nearest_refuses(arguments, words):
    arguments = {"images": TRAIN[:4], "references": TRAIN[:9], **arguments}
    with pytest.raises(ValueError, match=words):
        metrics.nearest(**arguments)


def test_ranks_by_hand():
    # 1 and 3 of x are above 0, 1 of 2 values of y: U = 0 + 1 of 4 pairs. The
    # variance of 2 and 2 values is 2 * 2 * 5 / 12.
    z = copies._rank_z(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    assert z == pytest.approx((1 - 2) / np.sqrt(20 / 12))
    # A tie is half of each: U = 0.5 + 1, of ranks 1, 2.5, 2.5 and 4.
    z = copies._rank_z(np.array([2.0, 5.0]), np.array([2.0, 1.0]))
    variance = 4 / 12 * (5 - 6 / 12)
    assert z == pytest.approx((3.5 - 2) / np.sqrt(variance))
    assert copies._rank_z(np.ones(3), np.ones(4)) == 0


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"n": 1}, "Received: n=1"),
        ({"percentile": 0}, "Received: percentile=0"),
        ({"percentile": 100}, "Received: percentile=100"),
        ({"train": iter([])}, "There must be training examples. Received"),
        ({"held_out": iter([])}, "There must be held-out examples. Received"),
    ],
)
def test_refuses(changes, words):
    arguments = {
        "generated": TRAIN[:9],
        "train": TRAIN[:9],
        "held_out": TRAIN[:9],
        "extractor": flat,
        **changes,
    }
    with pytest.raises(ValueError, match=words):
        metrics.memorisation(**arguments)
