import pathlib
import shutil

import pytest
from preset_files import tiny, write_index


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """`(model, folder)`, not to be changed."""
    folder = tmp_path_factory.mktemp("saved") / "tiny"
    model = tiny(ema_momentum=0.9, seed=7, label_smoothing=0.1)
    model.save_to_preset(
        folder, recipe={"epochs": 3}, metadata={"licence": "CC0"}
    )
    return model, folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of the saved preset, to be damaged."""
    return pathlib.Path(shutil.copytree(saved[1], tmp_path / "preset"))


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    path = tmp_path / "zoo"
    path.mkdir()
    monkeypatch.setenv("KERAS_GANS_ZOO", str(path))
    write_index(path)
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    path = tmp_path / "cache"
    monkeypatch.setenv("KERAS_HOME", str(path))
    return path
