"""Each backend works where the other two are not installed."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

BACKEND = keras.backend.backend()
ROOT = pathlib.Path(__file__).resolve().parents[2]

# All modules of the package, and one that is used: an import that hides in a
# function counts as well.
SCRIPT = '''
import importlib, pkgutil, sys

mine, *others = sys.argv[1:]
finders = list(sys.meta_path)

class Installed:
    """Finds all but the other backends, as if they were not there."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in others:
            return None
        for finder in finders:
            if spec := finder.find_spec(name, path, target):
                return spec

sys.meta_path[:] = [Installed()]
import keras_gans

for module in pkgutil.walk_packages(keras_gans.__path__, "keras_gans."):
    package, _, name = module.name.rpartition(".")
    if name == "__main__":  # Runs the command.
        continue
    # Of the two that make data sets, each is another backend's.
    if name == ("on_grain" if mine == "tensorflow" else "on_tf_data"):
        continue
    if package != "keras_gans.backend" or name == mine:
        importlib.import_module(module.name)

gan = keras_gans.DCGAN(image_shape=(8, 8, 1), latent_dim=4, filters=4)
assert gan.generate(2).shape == (2, 8, 8, 1)
found = {name.partition(".")[0] for name in sys.modules}
assert not found.intersection(others), found.intersection(others)
'''


@pytest.mark.slow
def test_no_other_backend_is_needed():
    others = {"tensorflow", "jax", "torch"} - {BACKEND}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, BACKEND, *sorted(others)],
        env={
            **os.environ,
            "KERAS_BACKEND": BACKEND,
            "PYTHONPATH": os.pathsep.join(paths),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
