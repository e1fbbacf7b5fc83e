"""Networks of both worlds beside each other."""

import keras
import numpy as np

from keras_gans import backend


def images(n, height, width, channels=3):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (n, height, width, channels)).astype("float32")


def run(network, x):
    apply = backend.compile_function(
        lambda x: network(x, training=False), network
    )
    return keras.ops.convert_to_numpy(apply(x))


def assert_agree(ours, theirs):
    assert ours.shape == theirs.shape
    assert theirs.std() > 0.1  # Neither dead nor all saturated.
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
