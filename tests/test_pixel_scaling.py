"""uint8 and [-1, 1]: the same values wherever pixels are scaled."""

import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from keras_gans import datasets, pixels

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


def test_tensors():
    floats = pixels.from_uint8_tensor(ops.convert_to_tensor(EVERY))
    back = pixels.to_uint8_tensor(floats)
    np.testing.assert_array_equal(ops.convert_to_numpy(back), EVERY)
    # A compiler may round in another order.
    floats = ops.convert_to_numpy(floats)
    np.testing.assert_allclose(floats, pixels.from_uint8(EVERY), atol=2e-7)
    found = pixels.to_uint8_tensor(ops.convert_to_tensor([-1.2, 0.5, 1.2]))
    assert ops.convert_to_numpy(found).tolist() == [0, 191, 255]


def test_data_sets_have_the_same_bits():
    data = datasets.load(EVERY.reshape(1, 16, 16, 1), 1)
    (floats,) = np.asarray(next(iter(data)))
    np.testing.assert_array_equal(floats.ravel(), pixels.from_uint8(EVERY))


@pytest.mark.neutral
def test_arrays_are_scaled_without_keras():
    code = (
        "import sys\n"
        "from keras_gans import pixels\n"
        "pixels.to_uint8(pixels.from_uint8([3]))\n"
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
