"""The names that stand once."""

import subprocess
import sys

import pytest

from keras_gans import convert, metrics, names, presets
from keras_gans.datasets import toys
from keras_gans.metrics import scores
from keras_gans.models import upscaling

pytestmark = pytest.mark.neutral


def test_names_need_no_other_package():
    code = (
        "import sys\n"
        "from keras_gans import names\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rooms_go_by_them():
    assert scores.METRICS is names.METRICS
    assert convert.TARGETS is names.CONVERT_TARGETS
    assert upscaling.TILE is names.TILE
    assert toys.NAMES is names.TOYS


@pytest.mark.slow
def test_each_is_the_name_of_something():
    for name in names.CLASSIFIERS:
        assert (presets.zoo_path() / name).is_dir()
    for name in (*names.CLASSIFIERS, "points"):
        assert metrics.get_extractor(name).name == name
    assert set(names.DEFAULT_EXTRACTORS.values()) < set(names.EXTRACTORS)
    assert names.UPSCALER in presets.names()
    assert names.EXPORT_FORMATS.keys() == names.EXPORT_SUFFIXES.keys()
