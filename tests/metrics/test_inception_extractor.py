"""What the Inception network of 2015 is given and asked, on a tiny one."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import backend, metrics
from keras_gans.metrics import extractors, inception_weights


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """A convolution in the network's place, with the same ends."""
    images = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 128, -1.0)(images)
    x = layers.Conv2D(8, 7, 4, activation="relu")(x)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    head = layers.Dense(5, bias_initializer="normal", name="logits")
    network = keras.Model(images, head(x))
    head.kernel.assign(3 * ops.convert_to_numpy(head.kernel))
    monkeypatch.setattr(
        inception_weights, "load", lambda path: (network, "2015-12-05")
    )
    monkeypatch.setattr(extractors, "INCEPTION_BATCH_SIZE", 3)
    return network


def images(n, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 30, 41, channels)).astype("uint8")


def enlarged(x):
    """TensorFlow 1's rule, a pixel at a time."""
    x = np.asarray(x, "float64")
    for axis in (1, 2):
        size = x.shape[axis]
        where = np.arange(299) * size / 299
        below = where.astype(int)
        above = np.minimum(below + 1, size - 1)
        part = (where - below).reshape(-1, *[1] * (3 - axis))
        low, high = x.take(below, axis), x.take(above, axis)
        x = low * (1 - part) + high * part
    return x


def expected(network, x):
    """Features of images of 299x299, and logits without biases."""
    kernel, bias, head, _ = map(ops.convert_to_numpy, network.weights)
    windows = np.lib.stride_tricks.sliding_window_view(
        (x - 128) / 128, (7, 7), axis=(1, 2)
    )[:, ::4, ::4]
    x = np.einsum("nxychw,hwco->nxyo", windows, kernel, optimize=True) + bias
    features = np.maximum(x, 0).mean(axis=(1, 2))
    return features, features @ head


def test_legacy(network, dtype_policy):
    dtype_policy("mixed_bfloat16")
    extractor = metrics.get_extractor("inception_2015")
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert (extractor.name, extractor.version, extractor.resize) == (
        "inception_2015",
        "2015-12-05",
        "299x299 bilinear of TensorFlow 1",
    )
    x = images(5)
    wanted, logits = expected(network, enlarged(x))
    features = extractor(x)
    assert features.shape == (5, 8) and features.dtype == "float32"
    np.testing.assert_allclose(features, wanted, rtol=1e-3, atol=1e-4)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = extractor.probabilities(features)
    assert found.shape == (5, 5)
    np.testing.assert_allclose(found, p, rtol=1e-3)
    # Keras metrics run the network on floats.
    assert not extractor.network.trainable_variables
    apply = backend.compile_function(extractor.network, extractor.network)
    floats = (x / np.float32(127.5) - 1).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(apply(floats)), features, rtol=1e-3, atol=1e-4
    )


@pytest.mark.slow
def test_clean(network):
    from PIL import Image

    extractor = metrics.get_extractor("inception_2015_clean")
    assert (extractor.name, extractor.resize) == (
        "inception_2015_clean",
        "299x299 bicubic, antialiased",
    )
    # Grey images are RGB ones with three equal channels.
    x = images(3, channels=1)
    large = [
        Image.fromarray(image[:, :, 0].astype("float32")).resize(
            (299, 299), Image.Resampling.BICUBIC
        )
        for image in x
    ]
    large = np.stack(large)[..., None].repeat(3, axis=-1)
    wanted, _ = expected(network, large)
    np.testing.assert_allclose(extractor(x), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.neutral
def test_scores_say_how_images_were_resized():
    real, fake = images(20), images(15, seed=1)
    metric = ("fid", "kid", "is")
    scores = metrics.evaluate(
        fake, real, "inception_2015", metric, dataset="noise"
    )
    assert str(scores["FID"]).startswith(
        "FID (inception_2015 v2015-12-05, 20/15, noise, 299x299 bilinear of "
        "TensorFlow 1): "
    )
    other = metrics.evaluate(
        fake, real, "inception_2015_clean", metric, dataset="noise"
    )
    assert str(other["IS"]).startswith(
        "IS (inception_2015_clean v2015-12-05, 20/15, noise, 299x299 bicubic, "
        "antialiased): "
    )
    with pytest.raises(ValueError, match="cannot be compared"):
        assert other["FID"] > scores["FID"]
    with pytest.raises(ValueError, match="Received: resize='bicubic'"):
        metrics.InceptionExtractor("bicubic")
