import os

# Before TensorFlow and Keras are imported: no GPU memory is taken for good,
# and no banner of the C++ libraries is in the way of a failure's output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# On JAX the tests' time is that of its compiler.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import keras  # noqa: E402
import pytest  # noqa: E402


@pytest.fixture(autouse=True)
def same_start():
    """The same seeds and the same dtype policy for every test."""
    keras.utils.set_random_seed(0)
    policy = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture
def dtype_policy():
    """Sets the global dtype policy for one test."""
    return keras.config.set_dtype_policy


@pytest.fixture
def tf():
    """TensorFlow, where it is the backend."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow's own")
    return pytest.importorskip("tensorflow")
