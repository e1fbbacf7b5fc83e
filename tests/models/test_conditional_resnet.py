import keras
import numpy as np
import pytest
from cases import adam, fit
from keras import ops

import keras_gans
from keras_gans.layers import SelfAttention, conditional_batch_normalization
from keras_gans.models.conditional_resnet import (
    ConditionalResNetGenerator,
    ProjectionResNetDiscriminator,
)

SHAPE, CLASSES, LATENTS = (16, 16, 3), 3, 6


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


# ---- self-attention -------------------------------------------------------


def test_self_attention_by_hand():
    layer = SelfAttention()
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 8)).astype("float32")
    np.testing.assert_array_equal(numpy(layer(x)), x)  # It starts as nothing.
    layer.gain.assign(0.5)
    query, key, value, out = (
        numpy(convolution.kernel)[0, 0]
        for convolution in (
            layer.query,
            layer.key,
            layer.value,
            layer.output_map,
        )
    )

    def pooled(y):
        y = y.reshape(2, 2, 2, 2, 2, -1).max(axis=(2, 4))
        return y.reshape(2, 4, -1)

    likeness = (x @ query).reshape(2, 16, -1) @ pooled(x @ key).transpose(
        0, 2, 1
    )
    weights = np.exp(likeness)
    weights /= weights.sum(axis=-1, keepdims=True)
    found = (weights @ pooled(x @ value)).reshape(2, 4, 4, 4) @ out
    np.testing.assert_allclose(
        numpy(layer(x)), x + 0.5 * found, rtol=1e-4, atol=1e-5
    )


@pytest.mark.neutral
@pytest.mark.parametrize("shape", [(4, 4, 4), (5, 4, 8)])
def test_self_attention_of_what_it_cannot_take(shape):
    with pytest.raises(ValueError, match="even sides.*Received"):
        SelfAttention()(np.zeros((1, *shape), "float32"))


# ---- conditional batch normalization --------------------------------------


@pytest.mark.neutral
def test_each_label_has_a_scale_and_an_offset():
    x, y = keras.Input((2, 2, 3)), keras.Input((), dtype="int32")
    model = keras.Model(
        [x, y], conditional_batch_normalization(x, y, num_classes=2)
    )
    images = np.random.default_rng(0).normal(size=(2, 2, 2, 3))
    labels = np.array([0, 1], "int32")
    plain = numpy(model([images, labels]))
    np.testing.assert_allclose(plain, images, atol=1e-4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Embedding):
            # Scales, which started at 1, and offsets.
            is_scale = numpy(layer.embeddings).mean() == 1
            layer.embeddings.assign(
                [[2.0] * 3, [3.0] * 3] if is_scale else [[0.0] * 3, [1.0] * 3]
            )
    made = numpy(model([images, labels]))
    np.testing.assert_allclose(made[0], 2 * plain[0], rtol=1e-5)
    np.testing.assert_allclose(made[1], 3 * plain[1] + 1, rtol=1e-5)


# ---- networks -------------------------------------------------------------


def generator(**kwargs):
    return ConditionalResNetGenerator(
        SHAPE, CLASSES, LATENTS, filters=8, **kwargs
    )


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


@pytest.mark.slow
@pytest.mark.neutral
def test_options_of_the_generator():
    assert "SelfAttention" not in kinds(generator())
    assert kinds(generator(attention=8)).count("SelfAttention") == 1
    # Scale and offset in each of four normalizations, or one of all.
    assert kinds(generator()).count("Embedding") == 8
    shared = generator(shared_embedding=4)
    assert kinds(shared).count("Embedding") == 1
    # 16x16 grows from 4x4 in two blocks: three parts of two latents.
    parted = generator(shared_embedding=4, hierarchical=True)
    first = next(x for x in parted.layers if isinstance(x, keras.layers.Dense))
    widths = {
        x.kernel.shape[0]
        for x in parted.layers
        if isinstance(x, keras.layers.Dense)
    }
    assert widths == {2, 6} and first.kernel.shape[0] in widths
    z = np.zeros((1, LATENTS), "float32")
    y = np.zeros(1, "int32")
    base = numpy(parted([z, y]))
    for i in range(LATENTS):
        moved = z.copy()
        moved[0, i] = 3.0
        assert np.abs(numpy(parted([moved, y])) - base).max() > 1e-5


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"attention": 16}, "attention must be a height within.*\\[8\\],"),
        ({"attention": 4}, "attention must be"),
        ({"hierarchical": True}, "go with a shared_embedding"),
        (
            {"hierarchical": True, "shared_embedding": 4, "latent_dim": 7},
            "must divide by 3",
        ),
        ({"shared_embedding": 0}, "shared_embedding must be"),
    ],
)
def test_wrong_options(arguments, words):
    arguments = {"latent_dim": LATENTS, "filters": 8, **arguments}
    with pytest.raises(ValueError, match=f"{words}.*Received"):
        ConditionalResNetGenerator(SHAPE, CLASSES, **arguments)


@pytest.mark.neutral
@pytest.mark.slow
def test_a_gan_of_them_trains_and_is_a_preset(tmp_path):
    model = keras_gans.ConditionalGAN(
        generator(attention=8, shared_embedding=4, hierarchical=True),
        ProjectionResNetDiscriminator(SHAPE, CLASSES, 8, attention=8),
        num_classes=CLASSES,
        latent_dim=LATENTS,
        generator_loss=keras_gans.losses.hinge_generator_loss,
        discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
        seed=0,
    )
    model.compile(adam(), adam())
    x = np.random.default_rng(0).uniform(-1, 1, (16, *SHAPE))
    before = [numpy(v) for v in model.trainable_variables]
    history = fit(model, x.astype("float32"), np.arange(16) % 3)
    assert np.isfinite(list(history.values())).all()
    still = [
        v.path
        for v, old in zip(model.trainable_variables, before)
        if (numpy(v) == old).all()
    ]
    assert still == []
    model.save_to_preset(tmp_path / "preset")
    again = keras_gans.from_preset(tmp_path / "preset")
    np.testing.assert_array_equal(
        again.generate(4, seed=0), model.generate(4, seed=0)
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "cls",
    [
        keras_gans.WGAN,
        keras_gans.EBGAN,
        keras_gans.InfoGAN,
        keras_gans.UnrolledGAN,
    ],
)
def test_steps_without_labels_refuse_classes(cls):
    with pytest.raises(ValueError, match="takes no labels. Received: num_c"):
        cls(num_classes=CLASSES)


@pytest.mark.neutral
@pytest.mark.slow
@pytest.mark.parametrize("cls", [keras_gans.WGANGP, keras_gans.R3GAN])
def test_other_steps_take_labels(cls):
    model = cls(
        generator(),
        ProjectionResNetDiscriminator(SHAPE, CLASSES, 8, normalization=None),
        num_classes=CLASSES,
        latent_dim=LATENTS,
        seed=0,
    )
    model.compile(adam(), adam())
    x = np.random.default_rng(0).uniform(-1, 1, (20, *SHAPE))
    history = fit(model, x.astype("float32"), np.arange(20) % 3, batch_size=10)
    assert np.isfinite(list(history.values())).all()
    assert model.generate(3, labels=2).shape == (3, *SHAPE)
    assert type(model).from_config(model.get_config()).num_classes == CLASSES
    with pytest.raises(ValueError, match="labels"):
        fit(model, x.astype("float32"), batch_size=10)
