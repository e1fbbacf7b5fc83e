import numpy as np
import pytest
from keras import ops

from keras_gans.image_pool import ImagePool


def batch(*values):
    """Images of one pixel, which is their number."""
    return ops.reshape(ops.convert_to_tensor(values, "float32"), (-1, 1, 1, 1))


def query(pool, *values):
    return ops.convert_to_numpy(pool(batch(*values))).ravel().tolist()


def stored(pool):
    return ops.convert_to_numpy(pool.images).ravel().tolist()


def test_every_image_is_stored_and_comes_back_until_it_is_full():
    pool = ImagePool(5, (1, 1, 1), seed=0)
    assert query(pool, 1, 2) == [1, 2]
    assert query(pool, 3, 4) == [3, 4]
    assert stored(pool) == [1, 2, 3, 4, 0]
    # One place is left: the other image of the batch only comes back.
    assert query(pool, 5, 6) == [5, 6]
    assert stored(pool) == [1, 2, 3, 4, 5]
    assert int(ops.convert_to_numpy(pool.count)) == 5


@pytest.mark.slow
def test_half_of_the_images_swap_with_a_stored_one():
    pool = ImagePool(4, (1, 1, 1), seed=0)
    query(pool, 0, 1, 2, 3)
    same, places = 0, []
    for i in range(4, 404):
        before = stored(pool)
        (result,) = query(pool, i)
        after = stored(pool)
        if result == i:
            same += 1
            assert after == before
        else:
            place = before.index(result)
            places.append(place)
            assert after == [*before[:place], i, *before[place + 1 :]]
    assert 160 < same < 240
    # All places alike.
    assert min(np.bincount(places, minlength=4)) > 0.15 * len(places)


def test_images_of_a_batch_swap_with_different_places():
    pool = ImagePool(6, (1, 1, 1), seed=0)
    query(pool, *range(6))
    known = set(range(6))
    for start in range(10, 110, 4):
        values = list(range(start, start + 4))
        before = stored(pool)
        result = query(pool, *values)
        swapped = [r for r, v in zip(result, values) if r != v]
        assert len(set(swapped)) == len(swapped)
        assert set(swapped) <= set(before)  # Not this batch's own.
        known |= set(values)
        assert sorted(stored(pool) + result) == sorted(before + values)


def test_a_batch_larger_than_the_pool():
    pool = ImagePool(2, (1, 1, 1), seed=0)
    assert query(pool, 1, 2, 3) == [1, 2, 3]
    result = query(pool, 4, 5, 6)
    assert result[2] == 6
    assert sorted(stored(pool) + result) == [1, 2, 4, 5, 6]


def test_size_zero_is_no_pool():
    pool = ImagePool(0, (1, 1, 1))
    assert query(pool, 1, 2) == [1, 2]
    assert pool.weights == []


def test_images_stay_float32_under_half_precision(dtype_policy):
    dtype_policy("mixed_float16")
    pool = ImagePool(2, (1, 1, 1), seed=0)
    assert query(pool, 0.1, 0.2) == stored(pool)
    assert stored(pool)[0] == np.float32(0.1)


def test_size_is_checked():
    with pytest.raises(ValueError, match="Received: size=-1"):
        ImagePool(-1)
