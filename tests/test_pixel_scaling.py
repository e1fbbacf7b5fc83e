"""uint8 and [-1, 1]: the same bits wherever pixels are scaled."""

import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from keras_gans import pixels

EVERY = np.arange(256, dtype="uint8")


def test_there_and_back():
    floats = pixels.from_uint8(EVERY)
    assert floats.dtype == np.float32
    assert floats[0] == -1 and floats[-1] == 1
    np.testing.assert_array_equal(pixels.to_uint8(floats), EVERY)
    np.testing.assert_array_equal(
        floats, EVERY.astype("float32") / np.float32(127.5) - np.float32(1)
    )


def test_what_lies_beyond_is_clipped():
    found = pixels.to_uint8([-1.5, -1.001, 1.001, 7.0, 0.0, 0.2 / 127.5])
    assert found.tolist() == [0, 0, 255, 255, 128, 128]


def test_tensors_have_the_same_bits():
    floats = pixels.from_uint8_tensor(ops.convert_to_tensor(EVERY))
    floats = ops.convert_to_numpy(floats)
    np.testing.assert_array_equal(floats, pixels.from_uint8(EVERY))
    wide = np.linspace(-1.2, 1.2, 1001).astype("float32")
    found = pixels.to_uint8_tensor(ops.convert_to_tensor(wide))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found), pixels.to_uint8(wide)
    )


@pytest.mark.neutral
def test_data_sets_have_the_same_bits():
    tf = pytest.importorskip("tensorflow", reason="tensors of tf.data")
    from keras_gans.datasets import images

    floats = images.from_integers(tf.constant(EVERY)).numpy()
    np.testing.assert_array_equal(floats, pixels.from_uint8(EVERY))
    wide = np.linspace(-1.2, 1.2, 1001).astype("float32")
    np.testing.assert_array_equal(
        images.to_uint8(wide).numpy(), pixels.to_uint8(wide)
    )


@pytest.mark.neutral
def test_arrays_are_scaled_without_keras():
    code = (
        "import sys\n"
        "from keras_gans import pixels\n"
        "pixels.to_uint8(pixels.from_uint8([3]))\n"
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
