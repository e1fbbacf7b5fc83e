"""Half of the images mirrored, as a function of the seed and the pass."""

import numpy as np
import pytest
from data_files import take

from keras_gans import datasets

SIZE = 40
# The left half of each image is its number, the right half is black.
IMAGES = np.zeros((SIZE, 4, 6, 1), "uint8")
IMAGES[:, :, :3, 0] = np.arange(1, SIZE + 1)[:, None, None]


def turned(images):
    """The number of each image, and whether it is mirrored."""
    images = np.round((np.asarray(images) + 1) * 127.5).astype(int)[..., 0]
    left, right = images[:, 0, 0], images[:, 0, -1]
    assert ((left == 0) != (right == 0)).all()
    return left + right, left == 0


def passes(count, **kwargs):
    batches = take(
        datasets.load(IMAGES, 10, mirror=True, repeat=True, **kwargs),
        4 * count,
    )
    return [turned(batch) for batch in batches]


def test_half_are_mirrored_and_each_pass_draws_anew():
    both = passes(2, seed=1)
    numbers = np.concatenate([n for n, _ in both[:4]])
    assert sorted(numbers) == list(range(1, SIZE + 1))
    first, second = (
        np.concatenate([t for _, t in both[i : i + 4]]) for i in (0, 4)
    )
    assert SIZE / 4 < first.sum() < 3 * SIZE / 4
    assert (first != second).any()
    other = np.concatenate([t for _, t in passes(1, seed=2)])
    assert (first != other).any()


def test_the_order_is_that_without():
    plain = take(datasets.load(IMAGES, 10, seed=3), 4)
    for (numbers, _), batch in zip(passes(1, seed=3), plain, strict=True):
        np.testing.assert_array_equal(numbers, turned(batch)[0])


def test_what_is_skipped_is_as_if_it_had_been_there():
    whole, rest = passes(2), passes(1, skip=3)
    for (a, b), (c, d) in zip(whole[3:7], rest, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_labels_stay():
    labels = np.arange(1, SIZE + 1)
    data = datasets.load((IMAGES, labels), 10, labels=True, mirror=True)
    for images, given in take(data, 4):
        np.testing.assert_array_equal(turned(images)[0], given)


def test_points_have_no_left():
    with pytest.raises(ValueError, match="`mirror` must be False"):
        datasets.load("ring", 10, mirror=True)


def test_pairs_are_turned_together_and_two_sides_apart():
    pairs = datasets.load_pairs((IMAGES, IMAGES), 10, mirror=True)
    for a, b in take(pairs, 4):
        np.testing.assert_array_equal(turned(a)[1], turned(b)[1])
    sides = datasets.load_unpaired(IMAGES, IMAGES, 10, mirror=True)
    apart = [turned(a)[1] != turned(b)[1] for a, b in take(sides, 4)]
    assert 5 < np.sum(apart) < SIZE - 5
    # Crops are mirrored, and in the same way with it.
    two = [
        take(datasets.load_pairs((IMAGES, IMAGES), 10, augment=True, mirror=m))
        for m in (False, True)
    ]
    for batch, same in zip(*two, strict=True):
        np.testing.assert_array_equal(batch[0], same[0])
