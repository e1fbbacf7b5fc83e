"""What a user gets: the wheel, elsewhere than the checkout, offline."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import presets
from keras_gans.metrics import extractors

setuptools = pytest.importorskip(
    "setuptools", "77", reason="building the wheel needs setuptools >= 77"
)

pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parent.parent
# No connection leaves the process: as on a machine without a network.
OFFLINE = """
import socket
def refuse(*args, **kwargs):
    raise OSError("the network is unreachable")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A copy: a `build` folder in the checkout leaks into the next wheel.
    for name in ("keras_gans", "zoo"):
        shutil.copytree(
            ROOT / name,
            source / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"),
            *("--no-build-isolation", "-w", folder / "dist", source),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (path,) = (folder / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs the installed command, offline and outside of the checkout."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # All that installing a pure wheel does.
    (site / "sitecustomize.py").write_text(OFFLINE)
    work = tmp_path_factory.mktemp("work")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("KERAS_GANS_ZOO", None)
    environment["KERAS_BACKEND"] = keras.backend.backend()

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run.work, run.site = work, site
    return run


@pytest.mark.slow
def test_contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = next(n for n in names if n.endswith("entry_points.txt"))
        scripts = archive.read(entry_points).decode()
    assert "keras-gans = keras_gans.cli:main" in scripts
    for name in (*presets.names(), *extractors.CLASSIFIERS):
        assert f"keras_gans/_zoo_data/{name}/config.json" in names
    for name in ("py.typed", "__init__.pyi", "presets/__init__.pyi"):
        assert f"keras_gans/{name}" in names
    assert not [n for n in names if n.startswith(("tests/", "zoo/", "tools/"))]
    # The package index takes 100 MB.
    assert wheel.stat().st_size < 99e6


@pytest.mark.slow
def test_is_not_the_checkout(installed):
    where = installed("-c", "import keras_gans; print(keras_gans.__file__)")
    assert pathlib.Path(where).is_relative_to(installed.site)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["dcgan_mnist", "-n", "4", "--seed", "0"],
        ["conditional_gan_mnist", "-n", "4", "--labels", "7", "--seed", "0"],
    ],
)
def test_generates_offline(arguments, installed):
    name = arguments[0]
    out = installed("-m", "keras_gans.cli", "generate", *arguments)
    assert out == f"{name}.png"
    with Image.open(installed.work / out) as picture:
        tile = np.asarray(picture)[2:58, 2:58, 0]
    gan = keras_gans.AdversarialModel.from_preset(name)
    labels = 7 if "--labels" in arguments else None
    expected = gan.generate(4, labels=labels, seed=0)[0, ..., 0]
    difference = np.abs(tile[::2, ::2].astype(int) - expected)
    assert difference.max() <= 1
