"""Poisson's equation, against a dense solve."""

import numpy as np
import pytest

from keras_gans.blending import poisson_blend

pytestmark = pytest.mark.neutral


def dense(image, made, mask):
    """The same by a matrix: one row for each pixel of the hole."""
    height, width = mask.shape
    number = {tuple(p): i for i, p in enumerate(np.argwhere(mask))}
    matrix, right = np.zeros((len(number),) * 2), np.zeros(len(number))
    for (y, x), i in number.items():
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            p = y + dy, x + dx
            if not (0 <= p[0] < height and 0 <= p[1] < width):
                continue
            matrix[i, i] += 1
            right[i] += made[y, x] - made[p]
            if p in number:
                matrix[i, number[p]] -= 1
            else:
                right[i] += image[p]
    result = image.copy()
    for p, value in zip(number, np.linalg.solve(matrix, right)):
        result[p] = value
    return result


def masks(n, size):
    rng = np.random.default_rng(1)
    masks = rng.random((n, *size)) < 0.4
    masks[0] = False
    masks[0, 2:6, 1:4] = True  # A hole amid the image,
    masks[1] = False
    masks[1, :, 4:] = True  # one to its border,
    masks[2] = True
    masks[2, 0, 0] = False  # and one with a single pixel beside it.
    return masks


def test_it_is_the_dense_solution():
    rng = np.random.default_rng(0)
    images, made = rng.uniform(0, 255, (2, 5, 9, 8, 2))
    where = masks(5, (9, 8))
    blended = poisson_blend(images, made, where)
    np.testing.assert_array_equal(blended[~where], images[~where])
    for i, c in np.ndindex(5, 2):
        expected = dense(images[i, ..., c], made[i, ..., c], where[i])
        np.testing.assert_allclose(blended[i, ..., c], expected, atol=1e-3)


def test_a_level_does_not_matter_and_differences_do():
    images = np.random.default_rng(0).uniform(0, 255, (3, 9, 8, 1))
    where = masks(3, (9, 8))
    # Of what has the same differences the image comes out.
    blended = poisson_blend(images, images + 40, where)
    np.testing.assert_allclose(blended, images, atol=1e-3)
    # Of what has none, a smooth filling between the known values.
    flat = poisson_blend(images, np.zeros_like(images), where)
    assert flat.min() >= images.min() - 1e-6
    assert flat.max() <= images.max() + 1e-6


def test_all_hole_and_no_hole():
    images, made = np.random.default_rng(0).uniform(0, 255, (2, 1, 4, 4, 3))
    every = np.ones((1, 4, 4), bool)
    np.testing.assert_array_equal(poisson_blend(images, made, every), made)
    np.testing.assert_array_equal(poisson_blend(images, made, ~every), images)
