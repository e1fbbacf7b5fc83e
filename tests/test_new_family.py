"""A family is four files and a line, and nothing else knows it.

These are the files, as CONTRIBUTING.md tells: a copy of the tree gets them,
and then the harness, the zoo's tools and the benchmark have the family.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.neutral, pytest.mark.slow]
ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("keras_gans", "tests", "tools", "benchmarks")

LINE = '    "LSGAN": ("models.lsgan", "sampling"),\n'
FILES = {
    "keras_gans/models/lsgan.py": '''
"""LSGAN: "Least Squares Generative Adversarial Networks" (Mao et al., 2017).

https://arxiv.org/abs/1611.04076

The discriminator regresses 1 for real and 0 for generated examples.
"""

import keras

from keras_gans import losses
from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class LSGAN(GAN):
    """A GAN with the squared error; the step is `GAN`'s."""

    def __init__(
        self,
        generator=None,
        discriminator=None,
        generator_loss=losses.least_squares_generator_loss,
        discriminator_loss=losses.least_squares_discriminator_loss,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )
''',
    "tests/models/test_lsgan.py": """
import keras_gans
from cases import LATENT_DIM, Case
from keras_gans.models.gan import GANDiscriminator, GANGenerator


def tiny(**kwargs):
    return keras_gans.LSGAN(
        GANGenerator((2,), LATENT_DIM, units=(8,)),
        GANDiscriminator((2,), units=(8,)),
        latent_dim=LATENT_DIM,
        **kwargs,
    )


CASE = Case(keras_gans.LSGAN, tiny)
""",
    "tools/presets/lsgan.py": '''
"""The presets of LSGAN."""

from data_sets import RING
from recipes import toy_networks

import keras_gans

PRESETS = {
    "lsgan_ring": {
        "model": lambda: keras_gans.LSGAN(**toy_networks()),
        "recipe": {"dataset": "ring", "batch_size": 256, "steps": 2},
        "description": "LSGAN on the ring",
        "data": RING,
    },
}
''',
    "benchmarks/families/lsgan.py": '''
"""LSGAN, which differs from GAN by its loss."""

import dataclasses

from family import Row

from families import gan


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.LSGAN(example_shape=settings["image_shape"], **kwargs)


FAMILIES = (
    dataclasses.replace(
        gan.FAMILIES[0],
        name="LSGAN",
        rows={"LSGAN": Row(image_shape=(28, 28, 1), filters=0)},
        ours=ours,
    ),
)
''',
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project with the family in it."""
    tree = tmp_path_factory.mktemp("tree")
    if not (ROOT / "tools").is_dir():
        pytest.skip("the package is installed elsewhere")
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder,
            tree / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copytree(
        ROOT / "zoo", tree / "zoo", ignore=shutil.ignore_patterns("*.h5")
    )
    for name in ("setup.cfg", "README.md"):
        shutil.copy(ROOT / name, tree / name)
    registry = tree / "keras_gans" / "registry.py"
    before, after = registry.read_text().split("CLASSES = {\n")
    registry.write_text(f"{before}CLASSES = {{\n{LINE}{after}")
    for name, text in FILES.items():
        assert not (tree / name).exists()
        (tree / name).write_text(text.lstrip())
    return tree


def run(tree, *command):
    paths = [tree, tree / "tools", tree / "benchmarks"]
    outer = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
    result = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **outer,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        },
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"[-3000:]
    return result.stdout


def test_harness_runs_on_it(tree):
    out = run(
        tree, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", "-m", "",
        "tests/models/test_harness.py", "-k", "lsgan",
    )  # fmt: skip
    assert int(re.search(r"(\d+) passed", out)[1]) >= 10


def test_it_trains_from_the_command_line_with_the_tools_recipe(tree):
    run(
        tree,
        "-c",
        "import presets, publishing\n"
        "from keras_gans import presets as zoo\n"
        "entry = presets.PRESETS['lsgan_ring']\n"
        "zoo.save(entry['model'](), 'zoo/lsgan_ring', weights=False,\n"
        "         recipe=entry['recipe'])",
    )
    out = run(
        tree, "-m", "keras_gans.cli", "train", "zoo/lsgan_ring", "--out", "run",
        "--quiet",
    )  # fmt: skip
    assert 'keras_gans.LSGAN.from_preset("run/best")' in out
    assert (tree / "run" / "samples.gif").is_file()
    info = run(tree, "-m", "keras_gans.cli", "info", "run/best", "--json")
    assert '"task": "sampling"' in info


def test_the_benchmark_has_both_sides(tree):
    out = run(tree, "benchmarks/train_step.py", "--help")
    assert "LSGAN" in out
    run(
        tree,
        "-c",
        "import math, rows\n"
        "family = rows.FAMILIES['LSGAN']\n"
        "settings = {'image_shape': (28, 28, 1), 'filters': 0}\n"
        "ours = family.ours(settings).trainable_variables\n"
        "networks = family.theirs(settings).values()\n"
        "theirs = [p.numel() for n in networks for p in n.parameters()]\n"
        "assert sum(theirs) == sum(math.prod(v.shape) for v in ours)",
    )
