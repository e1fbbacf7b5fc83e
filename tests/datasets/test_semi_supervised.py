"""`datasets.load_semi_supervised`, on tiny images."""

import numpy as np
import pytest
from data_files import same, take

from keras_gans import datasets


@pytest.fixture
def five(numbered):
    """50 images of one value each, their number, of five classes."""
    x, number = numbered
    return x, number % 5


def read(batches):
    """`(numbers, labels)` of batches, as rows of arrays."""
    numbers = [np.rint((x[:, 0, 0, 0] + 1) * 127.5) for x, _ in batches]
    return np.stack(numbers).astype(int), np.stack([y for _, y in batches])


def load(source, batch_size=8, **kwargs):
    arguments = {"labels_per_class": 2, "labelled_per_batch": 3, "seed": 4}
    return datasets.load_semi_supervised(
        source, batch_size, **{**arguments, **kwargs}
    )


def test_a_pass_is_all_examples_and_labelled_ones_between(five):
    data = load(five)
    assert int(data.cardinality()) == 10
    numbers, labels = read(take(data))
    known = labels >= 0
    # At the same places of every batch, spread over it.
    np.testing.assert_array_equal(known.sum(axis=1), 3)
    assert [list(np.flatnonzero(row)) for row in known] == 10 * [[2, 5, 7]]
    assert sorted(numbers[~known]) == list(range(50))
    assert labels.dtype == np.int32 and set(labels[~known]) == {-1}
    # The labels are true, of two examples of each class, in rounds.
    np.testing.assert_array_equal(labels[known], numbers[known] % 5)
    rounds = numbers[known].reshape(3, 10)
    for one in rounds:
        assert sorted(one) == sorted(rounds[0])
        np.testing.assert_array_equal(np.bincount(one % 5), 5 * [2])
    assert len({tuple(one) for one in rounds}) == 3


def test_the_order_is_that_of_every_backend(five):
    (numbers,), (labels,) = read(take(load(five), 1))
    assert numbers.tolist() == [16, 28, 29, 48, 49, 5, 11, 36]
    assert labels.tolist() == [-1, -1, 4, -1, -1, 0, -1, 1]


NUMBERS = LABELS = None


def test_which_labels_are_known_depends_on_the_seed_alone(five):
    def known(**kwargs):
        numbers, labels = read(take(load(five, **kwargs)))
        return set(numbers[labels >= 0])

    first = known()
    assert len(first) == 10
    assert known(batch_size=15, labelled_per_batch=7, shuffle=False) == first
    assert known(num_classes=5) == first
    assert known(seed=5) != first


def test_passes_differ_and_resume(five):
    endless = take(load(five, repeat=True), 24)
    passes = load(five)
    assert same(take(passes) + take(passes), endless[:20])
    assert not same(endless[:10], endless[10:20])
    for skip in (3, 17):
        data = load(five, repeat=True, skip=skip)
        assert same(take(data, 6), endless[skip : skip + 6])
    # Labelled ones go around from pass to pass.
    numbers, labels = read(endless[:20])
    rounds = numbers[labels >= 0].reshape(6, 10)
    assert all(sorted(one) == sorted(rounds[0]) for one in rounds)
    in_order = load(five, shuffle=False)
    one, other = (read(take(in_order))[0] for _ in range(2))
    assert (one[:, [0, 1, 3, 4, 6]] == np.arange(50).reshape(10, 5)).all()
    np.testing.assert_array_equal(one, other)


def test_half_of_a_batch_by_default(five):
    ((_, labels),) = take(load(five, 10, labelled_per_batch=None), 1)
    # Of two replicas each has half, but for one.
    assert [(h >= 0).sum() for h in np.split(labels, 2)] == [2, 3]
    ((_, labels),) = take(load(five, 12, labelled_per_batch=4), 1)
    assert [(h >= 0).sum() for h in np.split(labels, 4)] == [1, 1, 1, 1]


def test_points_and_folders_have_classes(folder, five):
    points = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    ((x, labels),) = take(load(points, 6), 1)
    assert x.shape == (6, 2)
    known = labels >= 0
    np.testing.assert_array_equal(labels[known], x[known, 0] // 2 % 2)
    data = load(folder, 6, image_size=4)
    assert data._keras_gans_classes == ["a", "b"]
    ((x, labels),) = take(data, 1)
    assert x.shape == (6, 4, 4, 3)
    assert sorted(set(labels)) == [-1, 0, 1] or (labels >= 0).sum() == 3


@pytest.mark.parametrize(
    "kwargs, words",
    [
        ({"labels_per_class": 11}, "class . has 10. Received: labels_per"),
        ({"labels_per_class": 0}, "Received: labels_per_class=0"),
        ({"labelled_per_batch": 8}, "Received: labelled_per_batch=8"),
        ({"labelled_per_batch": 0}, "Received: labelled_per_batch=0"),
        ({"num_classes": 4}, "num_classes=4, and the label 4"),
        ({"num_classes": 6}, "the class 5 has 0"),
        ({"batch_size": 60}, "`batch_size` must be at most.*53. Received"),
        ({"batch_size": 1}, "Received: batch_size=1"),
    ],
)
def test_refused_arguments(five, kwargs, words):
    with pytest.raises(ValueError, match=words):
        load(five, **kwargs)


def test_sources_without_labels_are_refused(five):
    with pytest.raises(ValueError, match="labels.*Received"):
        load(five[0])
    with pytest.raises(ValueError, match="labels.*Received"):
        load("ring")
