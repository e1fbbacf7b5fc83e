"""ESRGAN: its losses by hand, where it starts, and what lies between."""

import keras
import numpy as np
import pytest
from cases import Case, adam, fit, tiny_esrgan
from keras import ops

import keras_gans
from keras_gans import presets
from keras_gans.models import content
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator

CASE = Case(
    keras_gans.ESRGAN,
    tiny_esrgan,
    logs=("d_loss", "g_loss", "content_loss", "l1_loss"),
    turns=("generator", "discriminator"),
    unseen=2,  # The content network's.
    rounds=True,
    drift=1e-3,
)


def to_numpy(x):
    return ops.convert_to_numpy(x)


def pairs(n=4, size=16):
    rng = np.random.default_rng(0)
    high = rng.uniform(-1, 1, (n, size, size, 1)).astype("float32")
    return high[:, ::2, ::2], high


@pytest.mark.slow
def test_the_losses_by_hand():
    model = tiny_esrgan(
        content_weight=1.0, adversarial_weight=5e-3, l1_weight=1e-2, seed=0
    )
    model.compile(adam(1e-12), adam(1e-12))
    low, high = pairs()
    logs = model.test_on_batch(low, high, return_dict=True)
    fake = to_numpy(model.generator(low, training=False))
    network = model.content_network
    content_loss = np.abs(to_numpy(network(high)) - to_numpy(network(fake)))
    # Of images in [0, 1].
    l1_loss = np.abs(high - fake).mean() / 2
    real, made = (
        to_numpy(model.discriminator(x, training=False)) for x in (high, fake)
    )

    def compared(a, b):
        """`-E[log s(a - E b)] - E[log(1 - s(b - E a))]`"""
        first = np.log1p(np.exp(-(a - b.mean()))).mean()
        return first + np.log1p(np.exp(b - a.mean())).mean()

    assert logs["content_loss"] == pytest.approx(content_loss.mean(), rel=1e-4)
    assert logs["l1_loss"] == pytest.approx(l1_loss, rel=1e-4)
    assert logs["d_loss"] == pytest.approx(compared(real, made), rel=1e-4)
    assert logs["g_loss"] == pytest.approx(
        content_loss.mean() + 5e-3 * compared(made, real) + 1e-2 * l1_loss,
        rel=1e-4,
    )


@pytest.mark.slow
@pytest.mark.neutral
def test_each_term_alone_reaches_the_generator():
    for weights in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        names = ("content_weight", "adversarial_weight", "l1_weight")
        keras.utils.set_random_seed(0)
        model = tiny_esrgan(**dict(zip(names, weights)))
        model.compile(adam(1e-2), adam(1e-9))
        start = [to_numpy(v).copy() for v in model.variables_of("generator")]
        fit(model, *pairs(8))
        for a, v in zip(start, model.variables_of("generator")):
            assert (a != to_numpy(v)).any()


@pytest.mark.neutral
def test_the_papers_settings():
    model = keras_gans.ESRGAN(
        RRDBNetGenerator(num_blocks=1, filters=2, growth=2),
        SRGANDiscriminator((32, 32, 3), 2),
        (32, 32, 3),
    )
    assert model.content_network == "vgg19" and model.before_activation
    assert model.paper_layers == {"block5_conv4": 1.0}
    weights = model.content_weight, model.adversarial_weight, model.l1_weight
    assert weights == (1.0, 5e-3, 1e-2)
    for optimizer in model.default_optimizers():
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)


@pytest.mark.neutral
def test_features_of_vgg19_before_their_activation(monkeypatch):
    """A chain of two, with their ReLU within, as VGG19 has them."""
    inputs = keras.Input((None, None, 3))
    conv = {"filters": 4, "kernel_size": 3, "activation": "relu"}
    x = keras.layers.Conv2D(**conv, name="block1_conv1")(inputs)
    x = keras.layers.Conv2D(**conv, name="block5_conv4")(x)
    chain = keras.Model(inputs, x)
    monkeypatch.setattr(keras.applications, "VGG19", lambda **_: chain)
    image = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3))
    image = image.astype("float32")

    def features(**kwargs):
        made = content.content_network(**kwargs)(image)
        return [to_numpy(x) for x in keras.tree.flatten(made)]

    (after,) = features()
    names = ("block1_conv1", "block5_conv4")
    first, last = features(layer=names, before_activation=True)
    assert last.min() < 0 and first.min() < 0
    np.testing.assert_allclose(np.maximum(last, 0), after, rtol=1e-4, atol=1e-3)
    with pytest.raises(ValueError, match="content_layer must be one of block1"):
        content.content_network(layer="block1_conv1_relu")


@pytest.mark.slow
@pytest.mark.neutral
def test_a_classifier_is_compared_at_its_first_stage():
    model = keras_gans.ESRGAN(
        RRDBNetGenerator(num_blocks=1, filters=2, growth=2),
        SRGANDiscriminator((32, 32, 3), 2),
        (32, 32, 3),
        content_network="cifar10_classifier",
    )
    model.compile(adam(1e-12), adam(1e-12))
    high = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3))
    high = high.astype("float32")
    logs = model.test_on_batch(high[:, ::4, ::4], high, return_dict=True)
    names = ("batch_normalization", "batch_normalization_1")
    network = content.content_network("cifar10_classifier", names)
    fake = model.generator(high[:, ::4, ::4], training=False)
    differences = [
        np.abs(to_numpy(a) - to_numpy(b)).mean()
        for a, b in zip(network(high), network(fake))
    ]
    expected = 0.5 * differences[0] + differences[1]
    assert logs["content_loss"] == pytest.approx(expected, rel=1e-4)


# ---- starts, ends and what lies between -----------------------------------


def tiny_rrdbnet():
    return keras_gans.RRDBNet(
        RRDBNetGenerator(scale=2, channels=1, num_blocks=1, filters=4, growth=2)
    )


@pytest.mark.slow
@pytest.mark.neutral
def test_between_two_networks(tmp_path):
    keras.utils.set_random_seed(0)
    pixel, gan = tiny_rrdbnet(), tiny_esrgan()
    pixel.keep_notices(["of pixels"])
    gan.keep_notices(["of a gan"])
    between = gan.interpolate(pixel, 0.25)
    assert type(between) is keras_gans.RRDBNet
    assert between.notices == ("of pixels", "of a gan")
    networks = (between.generator, pixel.generator, gan.generator)
    for c, a, b in zip(*(network.weights for network in networks)):
        np.testing.assert_allclose(
            to_numpy(c), 0.75 * to_numpy(a) + 0.25 * to_numpy(b), atol=1e-6
        )
    image = np.random.default_rng(0).integers(0, 256, (8, 9, 1), "uint8")
    for alpha, end in ((0.0, pixel), (1.0, gan)):
        made = gan.interpolate(pixel, alpha).upscale(image)
        np.testing.assert_array_equal(made, end.upscale(image))
    for alpha, other, words in (
        (1.5, pixel, "alpha must be from 0 to 1"),
        (-1.0, pixel, "alpha must be"),
        (0.5, keras_gans.SRResNet(filters=2), "of the same layers"),
    ):
        with pytest.raises(ValueError, match=words):
            gan.interpolate(other, alpha)


@pytest.mark.slow
@pytest.mark.neutral
def test_it_starts_from_what_was_trained_on_pixels(tmp_path):
    start = tiny_rrdbnet()
    start.keep_notices(["Copyright (c) somebody"])
    start.save_to_preset(tmp_path / "start")
    image = np.random.default_rng(0).integers(0, 256, (8, 9, 1), "uint8")
    gan = tiny_esrgan(generator=str(tmp_path / "start"), ema_momentum=0.9)
    np.testing.assert_array_equal(gan.upscale(image), start.upscale(image))
    # What must go with the weights goes with what is made of them.
    gan.save_to_preset(tmp_path / "gan")
    metadata = presets.info(str(tmp_path / "gan"))["metadata"]
    assert metadata["notices"] == ["Copyright (c) somebody"]
    again = keras_gans.ESRGAN.from_preset(tmp_path / "gan")
    assert again.notices == ("Copyright (c) somebody",)
    np.testing.assert_array_equal(again.upscale(image), start.upscale(image))
    fresh = keras_gans.ESRGAN.from_preset(tmp_path / "gan", load_weights=False)
    assert fresh.notices == ()


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: tiny_esrgan(content_weight=-1.0), "content_weight"),
        (lambda: tiny_esrgan(adversarial_weight="1"), "adversarial_weight"),
        (lambda: tiny_esrgan(l1_weight=-1), "l1_weight"),
        (lambda: tiny_esrgan(ema_momentum=1.0), "ema_momentum"),
        (lambda: tiny_esrgan(content_layers=["a"]), "must be a dict of layers"),
        (lambda: tiny_esrgan(content_layers={"a": -1}), "content_layers.'a'"),
        (
            lambda: tiny_esrgan(content_layers={"a": 1, "b": 1}).compile(),
            "a weight for each output of content_network, 1",
        ),
        (
            lambda: tiny_esrgan(generator=keras.Sequential()),
            "must have the attributes scale and reach",
        ),
    ],
)
def test_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()
