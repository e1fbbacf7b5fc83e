"""`FrechetDistance` and `KernelDistance` in `compile` and `evaluate`."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import IMAGE_SHAPE, adam, tiny_dcgan
from keras import ops

import keras_gans
from keras_gans import metrics

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def extractor():
    """Five features of tiny images, with means that are not zero."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input(IMAGE_SHAPE)
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(5, activation="softplus", name="features")(x)
    outputs = keras.layers.Dense(3, activation="softmax")(x)
    return metrics.Extractor.from_classifier(
        keras.Model(inputs, outputs), "tiny"
    )


def batches(n=6, size=16):
    rng = np.random.default_rng(0)
    for i in range(n):
        real, fake = np.tanh(rng.normal(size=(2, size, *IMAGE_SHAPE)))
        yield real.astype("float32"), (0.7 * fake + 0.1 * i).clip(-1, 1)


def all_features(extractor):
    pairs = [
        [np.asarray(extractor.network.predict_on_batch(x)) for x in pair]
        for pair in batches()
    ]
    return [np.concatenate(side) for side in zip(*pairs)]


def test_frechet_distance_is_that_of_all_batches(extractor):
    metric = metrics.FrechetDistance(extractor)
    assert float(metric.result()) == 0
    for _ in range(2):  # The second time after a reset.
        for real, fake in batches():
            metric.update_state(real, fake)
        expected = metrics.frechet_distance(*all_features(extractor))
        assert expected > 0.1
        result = float(ops.convert_to_numpy(metric.result()))
        assert result == pytest.approx(expected, rel=1e-3)
        metric.reset_state()
    assert len(metric.variables) == 6  # And no weights of the extractor's.


def test_kernel_distance_is_the_mean_over_batches(extractor):
    metric = metrics.KernelDistance(extractor)
    real, fake = all_features(extractor)
    estimates = []
    for i, pair in enumerate(batches()):
        metric.update_state(*pair)
        part = slice(16 * i, 16 * i + 16)
        estimates.append(
            metrics.kernel_distance(
                real[part], fake[part], subsets=1, subset_size=16
            )[0]
        )
    result = float(ops.convert_to_numpy(metric.result()))
    assert result == pytest.approx(np.mean(estimates), rel=1e-3)


@pytest.mark.slow
def test_evaluate(extractor):
    """Within the compiled step, and as if it were eager."""
    rng = np.random.default_rng(0)
    data = (np.tanh(rng.normal(size=(40, *IMAGE_SHAPE))).astype("float32"),)
    logs = []
    for eager in (False, True):
        keras.utils.set_random_seed(0)
        gan = tiny_dcgan(seed=0)
        both = [
            metrics.FrechetDistance(extractor),
            metrics.KernelDistance(extractor, name="kernel"),
        ]
        gan.compile(adam(), adam(), metrics=both, run_eagerly=eager)
        logs.append(
            gan.evaluate(*data, batch_size=8, return_dict=True, verbose=0)
        )
        assert float(both[0].variables[0]) == 40
    assert logs[0]["fid"] > 0
    for name in ("fid", "kernel"):
        assert logs[0][name] == pytest.approx(logs[1][name], rel=1e-3)


@pytest.mark.slow
def test_rounding_is_as_documented():
    """10,000 examples of 64 features like those of the classifier."""
    rng = np.random.default_rng(0)
    network = keras.Sequential(
        [keras.Input((1, 64, 1)), keras.layers.Reshape((64,))]
    )
    extractor = metrics.Extractor(lambda x: x, "values", network=network)
    mix = rng.normal(size=(64, 64)) * np.geomspace(1e-3, 1, 64)
    real, fake = np.maximum(rng.normal(size=(2, 10_000, 64)) @ mix + 2, 0)
    fake *= 1.02
    metric = metrics.FrechetDistance(extractor)
    for i in range(0, 10_000, 100):
        # Tensors: no range of images is asked of them.
        metric.update_state(
            *(
                ops.convert_to_tensor(x[i : i + 100, None, :, None])
                for x in (real, fake)
            )
        )
    expected = metrics.frechet_distance(real, fake)
    result = float(ops.convert_to_numpy(metric.result()))
    assert abs(result - expected) < max(0.01, 0.01 * expected)


@pytest.mark.slow
def test_config_by_name():
    for cls in (metrics.FrechetDistance, metrics.KernelDistance):
        metric = cls("mnist_classifier", name="distance")
        config = keras.saving.serialize_keras_object(metric)
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is cls
        assert copy.name == "distance"
        assert copy.extractor.name == "mnist_classifier"


LOAD = """
import sys
import keras
import keras_gans
import numpy as np

gan = keras.saving.load_model(sys.argv[1])
x = np.zeros((4, 28, 28, 1), "float32")
print(gan.evaluate(x, return_dict=True, verbose=0))
"""


@pytest.mark.neutral
@pytest.mark.slow
def test_saved_with_its_model(tmp_path):
    """A process that never named the metric loads it."""
    gan = keras_gans.DCGAN(image_shape=(28, 28, 1), latent_dim=4, filters=4)
    gan.compile(metrics=[metrics.KernelDistance()])
    gan.save(tmp_path / "gan.keras")
    done = subprocess.run(
        [sys.executable, "-c", LOAD, tmp_path / "gan.keras"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "'kid': " in done.stdout


def test_what_cannot_be(extractor):
    with pytest.raises(ValueError, match="given by name. Received: .*'tiny'"):
        metrics.KernelDistance(extractor).get_config()
    with pytest.raises(ValueError, match="have a network.* Received: "):
        metrics.FrechetDistance("points")
    metric = metrics.KernelDistance(extractor)
    with pytest.raises(ValueError, match=r"\(n, 8, 8, 1\). Received: shape"):
        metric.update_state(np.zeros((2, 9, 8, 1)), np.zeros((2, 9, 8, 1)))


def test_a_batch_of_one_is_left_out(extractor):
    """As the last of 193 in batches of 64 is, and a replica's part may be."""
    metric = metrics.KernelDistance(extractor)
    real, fake = next(batches())
    metric.update_state(real, fake)
    before = float(ops.convert_to_numpy(metric.result()))
    metric.update_state(real[:1], fake[:1])
    assert float(ops.convert_to_numpy(metric.result())) == before != 0
    alone = metrics.KernelDistance(extractor)
    alone.update_state(real[:1], fake[:1])
    assert np.isnan(ops.convert_to_numpy(alone.result()))


@pytest.mark.neutral
def test_early_distances_have_a_bound():
    """Flat grey and noise were 4e4 and 1e4; what has learned is untouched."""
    rng = np.random.default_rng(0)
    network = keras.Sequential(
        [keras.Input((1, 64, 1)), keras.layers.Reshape((64,))]
    )
    extractor = metrics.Extractor(lambda x: x, "values", network=network)

    def distance(scale):
        metric = metrics.KernelDistance(extractor)
        real, fake = rng.normal(size=(2, 256, 1, 64, 1)).astype("float32")
        fake = 0.1 + scale * fake
        metric.update_state(*map(ops.convert_to_tensor, (real, fake)))
        x, y = real.reshape(256, 64), fake.reshape(256, 64)
        plain, _ = metrics.kernel_distance(x, y, 1, 256)
        return float(ops.convert_to_numpy(metric.result())), plain

    near, plain = distance(1.0)
    assert near == pytest.approx(plain, rel=1e-3)
    for scale in (10, 100):
        far, plain = distance(scale)
        assert plain > 1 and far < 1 and far < plain
