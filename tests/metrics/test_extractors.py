"""Extractors by name, the zoo's classifiers, and Inception without network."""

import os
import pathlib
import shutil

import keras
import numpy as np
import pytest

from keras_gans import datasets, metrics, presets
from keras_gans.metrics import extractors

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLASSIFIERS = [
    ("mnist_classifier", (28, 28, 1), 64),
    ("cifar10_classifier", (32, 32, 3), 128),
    ("emoji_classifier", (64, 64, 3), 64),
]
CLASSES = {"emoji_classifier": 9}


def images(shape, n=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *shape)).astype("uint8")


@pytest.mark.slow
@pytest.mark.parametrize("name, shape, d", CLASSIFIERS)
def test_classifier(name, shape, d):
    extractor = metrics.get_extractor(name)
    x = images(shape, n=extractors.BATCH_SIZE + 3)
    features = extractor(x)
    assert features.shape == (len(x), d)
    # Of whole and of smaller batches alike.
    np.testing.assert_allclose(extractor(x[-3:]), features[-3:], atol=1e-4)
    p = extractor.probabilities(features)
    assert p.shape == (len(x), CLASSES.get(name, 10))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    # The features and their head are the classifier.
    network, metadata = presets.load_network(name)
    whole = network.predict_on_batch(x[:3] / np.float32(127.5) - 1)
    np.testing.assert_allclose(p[:3], whole, atol=1e-5)
    assert (extractor.name, extractor.version) == (name, metadata["version"])
    assert not extractor.network.trainable_variables
    means = extractor(images(shape, n=4)).mean(axis=1)
    np.testing.assert_allclose(means, metadata["golden"], rtol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name, shape, d", CLASSIFIERS[:2])
def test_classifier_reads_its_digits(name, shape, d):
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    dataset = name.removesuffix("_classifier")
    data_dir = os.environ.get("TFDS_DATA_DIR", ROOT.parent / "shared" / "tfds")
    if not (pathlib.Path(data_dir) / dataset).exists():
        pytest.skip(f"needs the real {dataset}: set TFDS_DATA_DIR")
    extractor = metrics.get_extractor(name)
    (x, y) = next(
        iter(
            datasets.load(
                dataset,
                2000,
                split="test",
                labels=True,
                data_dir=data_dir,
                download=False,
            )
        )
    )
    x = np.rint(np.asarray(x) * 127.5 + 127.5).astype("uint8")
    found = extractor.probabilities(extractor(x)).argmax(axis=-1)
    claimed = presets.load_network(name)[1]["test_accuracy"]
    assert (found == np.asarray(y)).mean() > claimed - 0.03


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize("name, shape, d", CLASSIFIERS)
def test_classifiers_folder(name, shape, d):
    folder = presets.zoo_path() / name
    _, metadata = presets.load_network(name)
    assert name not in presets.names()
    card = " ".join((folder / "README.md").read_text().split())
    assert metadata["dataset"]["license"] in card
    assert f"{metadata['test_accuracy']:.2%}" in card
    assert f"version {metadata['version']}" in card
    assert sum(f.stat().st_size for f in folder.iterdir()) < 1e6
    # Plain Keras opens it.
    assert keras.saving.load_model(folder).output_shape == (
        None,
        CLASSES.get(name, 10),
    )


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A copy of the zoo, for a test to break."""
    zoo = tmp_path / "zoo"
    folder = zoo / "mnist_classifier"
    shutil.copytree(presets.zoo_path() / "mnist_classifier", folder)
    shutil.copy(presets.zoo_path() / "index.json", zoo)
    monkeypatch.setenv("KERAS_GANS_ZOO", str(zoo))
    return folder


@pytest.mark.neutral
def test_damaged_weights_are_refused(damaged):
    metrics.get_extractor("mnist_classifier")
    path = damaged / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="SHA-256 .* Received: "):
        metrics.get_extractor("mnist_classifier")


@pytest.mark.neutral
def test_missing_weights_are_named(damaged):
    (damaged / "model.weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match="model.weights.h5 must be"):
        metrics.get_extractor("mnist_classifier")


@pytest.mark.neutral
def test_other_config_is_refused(damaged):
    path = damaged / "config.json"
    path.write_text(path.read_text().replace('"units": 64', '"units": 65'))
    with pytest.raises(ValueError, match="config.json .*SHA-256"):
        metrics.get_extractor("mnist_classifier")


def test_classifier_refuses_other_images():
    extractor = metrics.get_extractor("mnist_classifier")
    with pytest.raises(ValueError, match=r"\(n, 28, 28, 1\). Received: shape"):
        extractor(images((32, 32, 1)))
    with pytest.raises(ValueError, match=r"\(n, 28, 28, 1\). Received: shape"):
        extractor(images((28, 28, 3)))
    with pytest.raises(ValueError, match=r"must be images in \[-1, 1\]"):
        extractor(images((28, 28, 1)).astype("float32"))


@pytest.mark.slow
def test_classifier_does_not_follow_the_dtype_policy(dtype_policy):
    x = images((28, 28, 1))
    expected = metrics.get_extractor("mnist_classifier")(x)
    dtype_policy("mixed_bfloat16")
    features = metrics.get_extractor("mnist_classifier")(x)
    assert features.dtype == "float32"
    np.testing.assert_allclose(features, expected, atol=1e-5)


@pytest.mark.neutral
def test_any_function_is_an_extractor():
    def mean_color(images):
        return images.mean(axis=(1, 2))

    extractor = metrics.get_extractor(mean_color)
    x = images((4, 4, 3))
    np.testing.assert_array_equal(extractor(x), x.mean(axis=(1, 2)))
    assert extractor.name == "mean_color"
    assert extractor.network is None and extractor.probabilities is None
    assert metrics.get_extractor(extractor) is extractor


@pytest.mark.neutral
def test_what_is_no_extractor():
    with pytest.raises(ValueError, match="Received: extractor='inception'"):
        metrics.get_extractor("inception")
    with pytest.raises(ValueError, match="name=.* Received: extractor=<func"):
        metrics.get_extractor(lambda images: images.mean((1, 2)))
    with pytest.raises(ValueError, match="Received: features=3"):
        metrics.Extractor(3, "three")
    with pytest.raises(ValueError, match=r"\(3, d\). Received: shape \(3,\)"):
        metrics.Extractor(lambda x: x.mean((1, 2, 3)), "a")(images((4, 4, 1)))


# ---- Inception ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.neutral
def test_inception_without_a_network(monkeypatch, tmp_path):
    from keras.src.applications import inception_v3
    from keras.src.utils import file_utils

    # Nobody listens there, and nothing was downloaded before.
    monkeypatch.setattr(inception_v3, "WEIGHTS_PATH", "http://127.0.0.1:1/x.h5")
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    with pytest.raises(
        ConnectionError, match="be downloaded .* Received: "
    ) as e:
        metrics.get_extractor("inception_v3")
    assert "\n" not in str(e.value)


@pytest.mark.neutral
@pytest.mark.slow
def test_inception(monkeypatch, dtype_policy):
    """Its shapes and its name, with weights of no meaning."""
    build = keras.applications.InceptionV3
    monkeypatch.setattr(
        keras.applications, "InceptionV3", lambda weights: build(weights=None)
    )
    dtype_policy("mixed_bfloat16")
    extractor = metrics.get_extractor("inception_v3")
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert extractor.name == "inception_v3 (keras.applications)"
    assert extractor.resize == "299x299 bilinear"
    x = images((20, 12, 1), n=2)
    features = extractor(x)
    assert features.shape == (2, 2048) and features.dtype == "float32"
    # Grey images are RGB ones with three equal channels.
    np.testing.assert_allclose(
        features, extractor(np.repeat(x, 3, axis=-1)), rtol=1e-3, atol=1e-6
    )
    p = extractor.probabilities(features)
    assert p.shape == (2, 1000)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)


def test_grey_images_and_colour_after_one_another():
    extractor = extractors.get("cifar10_classifier")
    grey = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1))
    grey = grey.astype("uint8")
    features = extractor(grey)
    np.testing.assert_array_equal(extractor(grey.repeat(3, axis=-1)), features)
