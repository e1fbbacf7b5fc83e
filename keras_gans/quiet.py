"""TensorFlow without the messages that it greets with.

Its C++ libraries write them to the file descriptor of stderr, some while they
are loaded, before anybody can tell them not to.
"""

import contextlib
import faulthandler
import importlib.machinery
import logging
import os
import pathlib
import sys
import tempfile

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# What a driver of NVIDIA's puts there.
DRIVER = pathlib.Path("/proc/driver/nvidia")

# Where stderr is, also while TensorFlow is imported.
stderr = 2


def start():
    """Leaves out what TensorFlow, imported later, says without being wrong.

    Call it before Keras is imported. Errors are raised as ever, and what was
    written while TensorFlow was imported is shown if that fails. A user who has
    set `TF_CPP_MIN_LOG_LEVEL` keeps it; 0 shows all.
    """
    # Its errors are no failures (those are exceptions): that there is no GPU,
    # that a graph was not made faster.
    if os.environ.setdefault(LEVEL, "3") == "0":
        return
    _leave_out_warnings()
    if "tensorflow" not in sys.modules and not any(
        isinstance(finder, _Finder) for finder in sys.meta_path
    ):
        sys.meta_path.insert(0, _Finder())


def _leave_out_warnings():
    """Those of functions that are traced anew, and the like."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


class _Finder:
    """Finds TensorFlow as others would, to be imported without a word."""

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            with _kept():
                execute(module)
            _leave_out_warnings()  # Again: in notebooks it lets more through.
            if DRIVER.exists():
                _say_if_idle(module)

        spec.loader.exec_module = exec_module
        return spec


def _say_if_idle(tensorflow):
    """A sentence about a GPU that is there and not used: that is wrong."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return  # It is meant.
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return  # Others compute, and Keras asks it for a trifle.
    if not tensorflow.config.list_physical_devices("GPU"):
        print(
            "keras-gans: TensorFlow does not use this machine's GPU, which "
            "pip install 'tensorflow[and-cuda]' may change "
            f"({LEVEL}=0 shows what it says)",
            file=sys.stderr,
        )


@contextlib.contextmanager
def _kept():
    """Keeps what is written to stderr, and shows it if this fails."""
    global stderr
    try:
        real = os.dup(2)
    except OSError:  # There is none.
        yield
        return
    with tempfile.TemporaryFile() as kept:
        # An abort is not an exception: then its place is shown.
        faults = faulthandler.is_enabled()
        if not faults:
            faulthandler.enable(real)
        os.dup2(kept.fileno(), 2)
        stderr = real
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(real, kept.read())
            raise
        finally:
            os.dup2(real, 2)
            stderr = 2
            if not faults:
                faulthandler.disable()
            os.close(real)
