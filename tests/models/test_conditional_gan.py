import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    NUM_CLASSES,
    Case,
    adam,
    fit,
    tiny_conditional_gan,
)
from keras import layers, ops

import keras_gans
from keras_gans.models.conditional_gan import ConditionalGANDiscriminator

pytestmark = pytest.mark.neutral

CASE = Case(keras_gans.ConditionalGAN, tiny_conditional_gan)


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def images(n=8):
    x = np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1))
    return x.astype("float32")


LABELS = np.array([0, 1, 2, 1, 0, 2, 1, 0], "int32")


def obedient(latent_dim=1):
    """A generator whose pixels say the label, and nothing else."""
    latents = keras.Input((latent_dim,))
    labels = keras.Input((), dtype="int32")
    levels = layers.Embedding(
        NUM_CLASSES,
        1,
        weights=[np.array([[-1.0], [0.0], [1.0]])],
    )(labels)
    outputs = layers.Reshape((1, 1, 1))(levels)
    return keras.Model([latents, labels], outputs)


def obedient_gan():
    x = keras.Input((1, 1, 1))
    labels = keras.Input((), dtype="int32")
    logits = layers.Dense(1)(layers.Flatten()(x))
    return keras_gans.ConditionalGAN(
        obedient(),
        keras.Model([x, labels], logits),
        num_classes=NUM_CLASSES,
        latent_dim=1,
    )


def test_generate_obeys_labels():
    gan = obedient_gan()
    levels = np.array([0, 128, 255])

    def pixels(*args, **kwargs):
        return gan.generate(*args, **kwargs)[:, 0, 0, 0]

    np.testing.assert_array_equal(pixels(4, labels=2), 4 * [255])
    labels = [2, 0, 1, 1, 0]
    np.testing.assert_array_equal(pixels(5, labels=labels), levels[labels])
    np.testing.assert_array_equal(
        pixels(5, labels=np.array(labels), batch_size=2), levels[labels]
    )
    # By default the classes in turn.
    np.testing.assert_array_equal(pixels(7), levels[np.arange(7) % 3])
    np.testing.assert_array_equal(
        pixels(7, batch_size=4), levels[np.arange(7) % 3]
    )


def test_the_step_shows_every_image_with_its_label(monkeypatch):
    gan = obedient_gan()
    gan.discriminator_steps = 2
    gan.compile(adam(), adam(), run_eagerly=True)
    pairs = []

    def spy(inputs, training=False):
        pairs.append([numpy(x) for x in inputs])
        return ops.zeros((len(pairs[-1][0]), 1)) + 0.0 * ops.sum(inputs[0])

    class Watched(keras.Model):
        def call(self, inputs, training=False):
            return spy(inputs)

    monkeypatch.setattr(gan, "discriminator", Watched())
    monkeypatch.setattr(gan, "minimize", lambda loss_fn, *_: loss_fn())
    x = (LABELS - 1.0).astype("float32").reshape(-1, 1, 1, 1)
    gan.train_step((ops.convert_to_tensor(x), ops.convert_to_tensor(LABELS)))
    assert len(pairs) == 5  # Twice real and fake, then the generator's fake.
    for images, labels in pairs:
        assert images.shape == (4, 1, 1, 1) and labels.shape == (4,)
        # Real or fake, these images say their label.
        np.testing.assert_array_equal(images.ravel(), labels - 1.0)
    np.testing.assert_array_equal(pairs[0][1], LABELS[::2])
    np.testing.assert_array_equal(pairs[2][1], LABELS[1::2])


def test_both_networks_listen_to_the_label():
    gan = tiny_conditional_gan()
    z = ops.ones((2, LATENT_DIM))
    labels = ops.convert_to_tensor([0, 1], "int32")
    fake = numpy(gan.generator([z, labels]))
    assert np.abs(fake[0] - fake[1]).max() > 1e-4
    same = ops.zeros((2, 8, 8, 1))
    for projection in (False, True):
        discriminator = ConditionalGANDiscriminator(
            (8, 8, 1), NUM_CLASSES, filters=4, projection=projection
        )
        logits = numpy(discriminator([same + 1, labels]))
        assert abs(logits[0] - logits[1]) > 1e-7


def test_projection_is_linear_plus_inner_product():
    network = ConditionalGANDiscriminator(
        (8, 8, 1), NUM_CLASSES, filters=4, projection=True
    )

    def layer(kind):
        return next(x for x in network.layers if isinstance(x, kind))

    features_of = keras.Model(
        network.inputs[0], layer(layers.GlobalAveragePooling2D).output
    )
    x = ops.convert_to_tensor(images(3))
    labels = np.array([2, 0, 1], "int32")
    features = numpy(features_of(x))
    kernel, bias = map(numpy, layer(layers.Dense).weights)
    embedding = numpy(layer(layers.Embedding).weights[0])[labels]
    expected = features @ kernel + bias
    expected += (features * embedding).sum(axis=1, keepdims=True)
    logits = numpy(network([x, ops.convert_to_tensor(labels)]))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_projection_trains_and_is_kept():
    gan = tiny_conditional_gan(projection=True)
    gan.compile(adam(), adam())
    assert np.isfinite(list(fit(gan, images(), LABELS).values())).all()
    again = keras_gans.ConditionalGAN.from_config(gan.get_config())
    assert again.discriminator.get_config()["projection"] is True
    assert again.num_classes == NUM_CLASSES


@pytest.mark.parametrize(
    "labels, words",
    [
        (None, "Received: y=None"),
        (LABELS + 1, r"between 0 and 2.*Received: y from 1 to 3"),
        (LABELS - 1, "Received: y from -1 to 1"),
        (LABELS.astype("float32"), "Received: y with dtype float32"),
        (np.eye(3, dtype="int32")[LABELS], r"Received: y with shape \(8, 3\)"),
        (LABELS[:, None], r"Received: y with shape \(8, 1\)"),
    ],
)
def test_fit_refuses_labels(labels, words):
    gan = tiny_conditional_gan()
    gan.compile(adam(), adam())
    with pytest.raises(ValueError, match=words):
        gan.fit(images(), labels, verbose=0)


@pytest.mark.parametrize(
    "labels, words",
    [
        (3, "labels from 3 to 3"),
        (-1, "labels from -1 to -1"),
        ([0, 1], r"n=4, labels with shape \(2,\)"),
        (1.0, "labels with dtype float64"),
        ([[0, 1, 2, 0]], r"n=4, labels with shape \(1, 4\)"),
    ],
)
def test_generate_refuses_labels(labels, words):
    with pytest.raises(ValueError, match=f"Received: {words}"):
        obedient_gan().generate(4, labels=labels)


def test_refused_arguments():
    with pytest.raises(ValueError, match="num_classes.*Received: num_classes"):
        keras_gans.ConditionalGAN(num_classes=0)
    with pytest.raises(ValueError, match="image_shape"):
        keras_gans.ConditionalGAN(image_shape=(30, 30, 1))


@pytest.mark.parametrize("projection", [False, True])
def test_spectral_normalization_is_of_all_layers(projection):
    network = ConditionalGANDiscriminator(
        (8, 8, 1), 3, 2, projection=projection, normalization="spectral"
    )
    kinds = (layers.Dense, layers.Conv2D, layers.Embedding)
    wrapped = [x.layer for x in network.layers if hasattr(x, "vector_u")]
    assert not any(isinstance(layer, kinds) for layer in network.layers)
    assert sum(isinstance(x, layers.Embedding) for x in wrapped) == 1
    assert len(wrapped) == (3 if projection else 4)
