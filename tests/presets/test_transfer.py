"""Weights of one model for another: layer by layer, on numbers."""

import keras
import numpy as np
import pytest
from cases import tiny_conditional_gan, tiny_dcgan, tiny_gan
from keras import layers

from keras_gans.presets.transfer import _parts, sentences, transfer


def numbered(model):
    """Every weight has a number of its own, so that none is another's."""
    for i, weight in enumerate(model.weights):
        weight.assign(np.full(weight.shape, i + 1.0))
    return model


def kept_and_fresh(source, target):
    """Checks that what is kept is the source's, and what is fresh is not."""
    before = {
        id(weight): keras.ops.convert_to_numpy(weight)
        for weight in target.weights
    }
    done = transfer(source, target)
    for name, result in done.items():
        parts = {part.name: part for part in _parts(getattr(target, name))}
        assert {*result.kept, *result.fresh} == set(parts)
        for part in result.fresh:
            for weight in parts[part].weights:
                np.testing.assert_array_equal(weight, before[id(weight)])
    return done


def test_models_alike_become_equal():
    source, target = numbered(tiny_dcgan()), tiny_dcgan()
    done = transfer(source, target)
    assert not any(result.fresh for result in done.values())
    assert sentences(done) == []
    for a, b in zip(source.get_weights(), target.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_channels_leave_the_ends():
    source = numbered(tiny_dcgan())
    target = tiny_dcgan(image_shape=(8, 8, 3))
    done = kept_and_fresh(source, target)
    assert done["generator"].fresh == ["conv2d_transpose"]
    assert done["discriminator"].fresh == ["conv2d"]
    assert sentences(done) == [
        "generator: 2 of 3 layers go on from the weights; anew start "
        "conv2d_transpose.",
        "discriminator: 1 of 2 layers go on from the weights; anew start "
        "conv2d.",
    ]
    np.testing.assert_array_equal(
        target.generator.get_weights()[0], source.generator.get_weights()[0]
    )


def test_other_classes_leave_the_embeddings():
    source = numbered(tiny_conditional_gan())
    target = tiny_conditional_gan(num_classes=5)
    done = kept_and_fresh(source, target)
    assert done["generator"].fresh == ["embedding"]
    assert done["discriminator"].fresh == ["embedding"]
    (dense,) = [x for x in _parts(target.generator) if x.kind == "Dense"]
    # The first weight is the embedding, the second of the dense layer.
    np.testing.assert_array_equal(dense.weights[0], 2.0)


def test_deeper_generators_keep_what_is_nearest_to_the_image():
    """8x8 grows from 4x4 in one step, 16x16 in two, of twice the filters."""
    source = numbered(tiny_dcgan())
    target = tiny_dcgan(image_shape=(16, 16, 1))
    done = kept_and_fresh(source, target)
    assert done["generator"].kept == [
        "batch_normalization_1",
        "conv2d_transpose_1",
    ]
    last = target.generator.get_weights()[-2:]
    for a, b in zip(source.generator.get_weights()[-2:], last, strict=True):
        np.testing.assert_array_equal(a, b)
    # And discriminators, where they begin.
    assert done["discriminator"].kept[0] == "conv2d"


@pytest.mark.slow
@pytest.mark.parametrize("averages", [(0.9, 0.9), (0.9, None), (None, 0.9)])
def test_averages(averages):
    """With one alone to go on from, the average is taken."""
    source, target = (tiny_gan(ema_momentum=m) for m in averages)
    numbered(source)
    if averages[0]:
        for weight in source.ema_generator.weights:
            weight.assign(np.full(weight.shape, 100.0))
    transfer(source, target)
    raw = target.generator.get_weights()[0].min()
    if averages[1] is None:
        assert raw == 100
    else:
        assert raw == 1
        average = target.ema_generator.get_weights()[0].min()
        assert average == (100 if averages[0] else 1)


def test_layers_inside_of_networks_inside():
    def network(units):
        inside = keras.Sequential(
            [keras.Input((3,)), layers.Dense(4), layers.Dense(units)],
            name="mapping",
        )
        x = keras.Input((3,))
        return keras.Model(x, layers.Dense(2)(inside(x)))

    names = [part.name for part in _parts(network(5))]
    assert names == ["mapping/dense", "mapping/dense_1", "dense"]
