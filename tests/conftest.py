import os
import pathlib
import sys
import tempfile

# Before TensorFlow, JAX, PyTorch and Keras are imported: no GPU memory is
# taken for good, and no banner of the C++ libraries is in the way of a
# failure's output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
# What a GPU leaves out of float32 by default, all three backends ask for:
# tests compare to the rounding of float32. On a CPU this changes nothing.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
# And others want equal bits of two processes.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
flags = os.environ.get("XLA_FLAGS", "")
if "gpu_deterministic" not in flags:
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true"
# On JAX the tests' time is that of its compiler: little is optimized, and what
# one test has compiled is there for all others of this run, those in other
# processes too.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # Held here: it goes with this process.
    compiled = tempfile.TemporaryDirectory(
        prefix="keras-gans-tests-", ignore_cleanup_errors=True
    )
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled.name
# The networks are tiny: more threads take time, and save none. A worker of
# pytest-xdist has one core.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in THREADS:
        os.environ.setdefault(name, "1")
    flags = os.environ.get("XLA_FLAGS", "")
    if "multi_thread_eigen" not in flags:
        flags += " --xla_cpu_multi_thread_eigen=false"
        os.environ["XLA_FLAGS"] = flags.strip()
# Each model's case is in its test file.
sys.path.append(str(pathlib.Path(__file__).with_name("models")))

import keras  # noqa: E402
import pytest  # noqa: E402

if keras.backend.backend() == "tensorflow":
    import tensorflow

    # As on JAX: making tiny graphs fast takes a third of the tests' time.
    tensorflow.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )

# ---- which tests run ------------------------------------------------------

# What was left out by its mark, in this process and in workers.
left_out = {"neutral": 0, "slow": 0}


def pytest_collection_modifyitems(config, items):
    """Leaves `neutral` tests to TensorFlow; long ones come first in workers."""
    backend = keras.backend.backend()
    if backend != "tensorflow" and "neutral" not in config.option.markexpr:
        neutral = [x for x in items if x.get_closest_marker("neutral")]
        items[:] = [x for x in items if not x.get_closest_marker("neutral")]
        config.hook.pytest_deselected(items=neutral)
        left_out["neutral"] = len(neutral)
    if hasattr(config, "workerinput"):
        # So that at the end no core waits for the other one.
        long = {x.path for x in items if x.get_closest_marker("slow")}
        items.sort(key=lambda x: x.path not in long)


# Files whose tests share what is made for a parameter, and nothing else.
BY_PARAMETER = ("test_harness.py", "test_tutorials.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """`--dist loadfile`, and finer: the harness is work for all workers."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.partition("::")[0]
            if path.endswith(BY_PARAMETER) and nodeid.endswith("]"):
                return f"{path}[{nodeid.rpartition('[')[2]}"
            return path

    if config.getvalue("dist") == "loadfile":
        return Scheduling(config, log)


def pytest_deselected(items):
    # What -k or a path leaves out is not of one kind.
    if items and all(item.get_closest_marker("slow") for item in items):
        left_out["slow"] += len(items)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # The last line of all.
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # Of a worker.
        session.config.workeroutput["left_out"] = left_out
    yield
    report = session.config.pluginmanager.get_plugin("terminalreporter")
    if report is None:
        return
    if left_out["neutral"]:
        report.write_line(
            f"{left_out['neutral']} tests that depend on no backend were left "
            "to TensorFlow's lane"
        )
    if left_out["slow"]:
        report.write_line(
            f"{left_out['slow']} slow tests were left out, run them with: "
            "pytest -m slow"
        )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    # Every worker of pytest-xdist leaves out the same tests.
    left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


# ---- fixtures -------------------------------------------------------------


@pytest.fixture(autouse=True)
def same_start():
    """The same seeds and the same settings for every test."""
    keras.utils.set_random_seed(0)
    policy = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(policy)
    # `keras-gans train` makes the rest of its process deterministic.
    if keras.backend.backend() == "tensorflow":
        from tensorflow.python.framework import config

        config.disable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(False)


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
