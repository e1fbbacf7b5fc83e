"""TensorFlow says nothing on stderr, unless something is wrong."""

import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

from keras_gans import quiet

pytestmark = pytest.mark.neutral
ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(arguments, folder, first=None, **environment):
    """Runs Python as a user does who has set nothing.

    Args:
        arguments: Of Python.
        folder: Where.
        first: Path of what is imported before all else, or `None`.
        **environment: More variables.
    """
    kept = {k: v for k, v in os.environ.items() if k != quiet.LEVEL}
    places = [str(first)] * bool(first) + [str(ROOT)]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**kept, "PYTHONPATH": os.pathsep.join(places), **environment},
    )


# ---- with another in TensorFlow's place -----------------------------------

NOISE = "import os, sys\nos.write(2, b'a greeting\\n')\n"
CODE = (
    "import os, sys, types\nfrom keras_gans import quiet\nquiet.start()\n"
    "import tensorflow\n"
    "assert quiet.stderr == 2\n"
    "os.write(2, b'later\\n')"
)


def with_tensorflow(folder, source, **environment):
    """Runs `CODE` where TensorFlow is a module of this source."""
    (folder / "tensorflow.py").write_text(NOISE + source)
    return run(["-c", CODE], folder, first=folder, **environment)


def test_the_import_says_nothing(tmp_path):
    done = with_tensorflow(tmp_path, "")
    assert done.returncode == 0
    assert done.stderr == "later\n"


def test_who_asks_for_all_gets_it(tmp_path):
    done = with_tensorflow(tmp_path, "", **{quiet.LEVEL: "0"})
    assert done.stderr == "a greeting\nlater\n"


def test_its_warnings_are_left_out_in_notebooks_too(tmp_path):
    """There TensorFlow sets its logger's level itself."""
    source = "import logging\nlog = logging.getLogger('tensorflow')\n"
    source += "log.setLevel(logging.INFO)\n"
    (tmp_path / "tensorflow.py").write_text(NOISE + source)
    code = CODE + "\ntensorflow.log.warning('traced anew')"
    code += "\ntensorflow.log.error('wrong')"
    done = run(["-c", code], tmp_path, first=tmp_path)
    assert done.stderr == "later\nwrong\n"


def test_who_only_asks_where_it_is_is_spared_it_later_too(tmp_path):
    """As many packages do, to see what is installed."""
    ask = "import importlib.util\nimportlib.util.find_spec('tensorflow')\n"
    code = CODE.replace("import tensorflow\n", ask + "import tensorflow\n")
    (tmp_path / "tensorflow.py").write_text(NOISE)
    assert run(["-c", code], tmp_path, first=tmp_path).stderr == "later\n"


def test_a_level_of_the_users_own_is_kept(tmp_path):
    source = f"print(os.environ[{quiet.LEVEL!r}])"
    assert with_tensorflow(tmp_path, source).stdout == "3\n"
    done = with_tensorflow(tmp_path, source, **{quiet.LEVEL: "1"})
    assert done.stdout == "1\n" and done.stderr == "later\n"


def test_an_import_that_fails_shows_what_it_said(tmp_path):
    done = with_tensorflow(tmp_path, "raise ImportError('no such library')")
    assert done.returncode == 1
    assert done.stderr.startswith("a greeting\n")
    assert "no such library" in done.stderr


def test_an_import_that_dies_shows_where(tmp_path):
    done = with_tensorflow(tmp_path, "os.abort()")
    assert done.returncode < 0
    assert "Aborted" in done.stderr and "tensorflow.py" in done.stderr


def test_a_request_to_end_is_answered_in_the_midst_of_it(tmp_path):
    source = "import signal\nos.kill(os.getpid(), signal.SIGTERM)\n"
    code = "from keras_gans.cli import ending\nending.take_over()\n"
    (tmp_path / "tensorflow.py").write_text(NOISE + source)
    done = run(["-c", code + CODE], tmp_path, first=tmp_path)
    assert done.returncode == 143
    assert done.stderr == "keras-gans: interrupted\n"


@pytest.mark.parametrize(
    "gpus, visible, backend, is_told",
    [
        (0, "0", "tensorflow", True),
        (1, "0", "tensorflow", False),
        (0, "-1", "tensorflow", False),
        (0, "0", "jax", False),
    ],
)
def test_a_gpu_that_is_not_used_is_told(
    gpus, visible, backend, is_told, tmp_path
):
    source = (
        "from keras_gans import quiet\nimport pathlib\n"
        "quiet.DRIVER = pathlib.Path('.')\n"
        f"config = type('', (), dict(list_physical_devices=lambda x: {gpus}))"
    )
    done = with_tensorflow(
        tmp_path, source, CUDA_VISIBLE_DEVICES=visible, KERAS_BACKEND=backend
    )
    assert ("does not use this machine's GPU" in done.stderr) == is_told


# ---- with TensorFlow itself -----------------------------------------------

COMMANDS = (
    "list",
    "generate dcgan_mnist -n 4 -o digits.png",
    "walk dcgan_mnist --points 2 --steps 1 -o walk.gif",
    "upscale photo.png -o large.png --preset srresnet_x4_bsds500",
    "export gan_ring --format saved_model -o ring",
    "train gan_ring --steps 4 --out run --quiet",
    "evaluate run -n 100",
)


@pytest.mark.slow
def test_commands_say_nothing_on_stderr(tmp_path):
    Image.new("RGB", (12, 9), "teal").save(tmp_path / "photo.png")
    done = run(
        [
            "-c",
            f"from keras_gans import cli\nfor command in {COMMANDS}:\n"
            "    assert cli.main(command.split()) == 0, command",
        ],
        tmp_path,
        KERAS_BACKEND="tensorflow",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.slow
def test_debug_shows_what_tensorflow_says(tmp_path):
    command = "generate gan_ring -n 4 -o ring.png --debug"
    done = run(
        ["-m", "keras_gans.cli", *command.split()],
        tmp_path,
        KERAS_BACKEND="tensorflow",
    )
    assert done.returncode == 0 and (tmp_path / "ring.png").is_file()
    assert "oneDNN" in done.stderr
