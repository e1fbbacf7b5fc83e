"""`tf.data` and grain give the same batches, and `fit` takes them alike."""

import sys

import keras
import numpy as np
import pytest
from cases import points_gan
from data_files import same, take
from two_sides import NOISE, flat, values

from keras_gans import datasets
from keras_gans.models.trainer import in_steps
from keras_gans.pixels import to_uint8
from keras_gans.tasks import translation, upscaling

ON_GRAIN = keras.backend.backend() != "tensorflow"
grain_alone = pytest.mark.skipif(not ON_GRAIN, reason="of grain")


def test_the_order_is_that_of_every_backend(numbered):
    data = datasets.load(numbered, 5, labels=True, seed=3, repeat=True)
    batches = [y.tolist() for _, y in take(data, 11)]
    assert batches[0] == [2, 11, 17, 28, 32]
    assert batches[10] == [47, 15, 41, 36, 12]


def test_crops_and_sides_are_those_of_every_backend():
    kwargs = {"batch_size": 4, "seed": 3}
    data = datasets.load_unpaired(flat(0, 7), flat(100, 3), **kwargs)
    a, b = take(data, 1)[0]
    assert (values(a), values(b)) == (
        [5, 6, 2, 1],
        [100, 101, 102, 100],
    )
    # Pixels that tell where they are.
    x = np.arange(32 * 32, dtype="uint16").reshape(1, 32, 32, 1)
    _, high = take(
        datasets.load_high_res(
            np.repeat(x, 4, axis=0),
            scale=2,
            crop_size=8,
            channels=1,
            **kwargs,
        )
    )[0]
    corners = np.rint((high[:, 0, 0, 0] + 1) * 32767.5).astype(int)
    assert corners.tolist() == [774, 259, 470, 437]


def test_points_are_those_that_are_documented():
    data = datasets.load("ring", 50_000, seed=5, repeat=True)
    second = np.concatenate(take(data, 4)[2:])
    np.testing.assert_array_equal(second, datasets.ring(100_000, (5, 1)))


def test_a_run_reads_what_it_compares_with():
    def load_pairs(split, **kwargs):
        return datasets.load_pairs((NOISE, NOISE), 5, **kwargs)

    def load_high_res(split, **kwargs):
        options = {"scale": 2, "crop_size": 8, **kwargs}
        return datasets.load_high_res(NOISE, 5, repeat=True, **options)

    pairs = translation.reference(None, {"pairs": {}}, None, load_pairs)
    assert same(to_uint8(pairs.real), pairs.inputs)
    assert pairs.real.shape == NOISE.shape
    crops = upscaling.reference(None, {}, None, load_high_res)
    assert crops.real.shape == (20, 8, 8, 3)
    assert crops.inputs.shape == (20, 4, 4, 3)


@grain_alone
def test_epochs_are_the_next_passes():
    points = np.random.default_rng(0).normal(size=(50, 2))
    data = datasets.load(points, 8)
    endless = take(datasets.load(points, 8, repeat=True), 24)
    assert len(data) == data.cardinality() == 6 and data
    gan = points_gan()
    gan.compile()
    # Without a warning, for that is an error here.
    history = gan.fit(
        data, epochs=2, verbose=0, validation_data=datasets.load(points, 8)
    )
    assert history.params["steps"] == 6
    assert len(history.history["val_d_loss"]) == 2
    assert same(take(data), endless[12:18])


@grain_alone
def test_passes_follow_each_other(numbered):
    kwargs = {"labels": True, "skip": 2}
    single = datasets.load(numbered, 8, **kwargs)
    take(single)
    batches, steps = single._keras_gans_endless(epochs=3)
    assert steps == 4
    endless = take(datasets.load(numbered, 8, labels=True, repeat=True), 30)
    assert same(take(batches, 8), endless[8:12] + endless[14:18])
    assert same(take(single), endless[26:30])
    data = datasets.load(numbered, 8, repeat=True)
    again, steps = data._keras_gans_endless(None, 3)
    assert steps is None and data
    assert same(take(again, 8), take(data, 8))


@grain_alone
def test_parts_of_every_batch(numbered):
    """Of two processes, in the pass in which one alone would be."""
    whole = take(datasets.load(numbered, 8, labels=True, repeat=True), 12)
    for repeat in (True, False):
        halves = []
        for index in range(2):
            data = datasets.load(numbered, 8, labels=True, repeat=repeat)
            first, _ = data._keras_gans_endless(1, 1, (index, 2))
            second, _ = data._keras_gans_endless(1, 1, (index, 2))
            halves.append([*take(first, 1), *take(second, 1)])
        for k, (a, b) in enumerate(zip(*halves)):
            expected = whole[0 if repeat else 6 * k]
            for one, other, both in zip(a, b, expected):
                assert len(one) == len(other) == 4
                np.testing.assert_array_equal([*one, *other], both)


@grain_alone
def test_steps_of_single_passes(numbered):
    """Two epochs of six batches, of passes of four: three of them."""
    single = datasets.load(numbered, 8, labels=True, skip=2)
    batches, steps = single._keras_gans_endless(6, 2)
    endless = take(datasets.load(numbered, 8, labels=True, repeat=True), 30)
    assert steps == 6
    assert same(take(batches, 6), endless[2:6] + endless[8:10])
    assert same(take(single), endless[20:24])
    with pytest.raises(ValueError, match="steps_per_execution must divide"):
        in_steps(single, None, together=3)


@grain_alone
def test_a_last_batch_that_does_not_divide_is_refused_before_training():
    data = datasets.load(np.zeros((50, 2)), 8, drop_remainder=False)
    gan = points_gan(discriminator_steps=4)
    gan.compile()
    with pytest.raises(ValueError, match="divide.*Received: a batch of 2"):
        gan.fit(data, verbose=0)


@grain_alone
def test_without_grain_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.delitem(
        sys.modules, "keras_gans.datasets.on_grain", raising=False
    )
    monkeypatch.delattr(datasets, "on_grain", raising=False)
    monkeypatch.setitem(sys.modules, "grain", None)
    with pytest.raises(ImportError, match="`pip install grain`"):
        datasets.load("ring")
