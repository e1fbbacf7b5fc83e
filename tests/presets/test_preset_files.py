"""Broken, huge, missing and linked files; what metadata.json must say."""

import json
import os

import memory
import pytest
from preset_files import edit, refuse, write

from keras_gans import presets
from keras_gans.presets import files

pytestmark = pytest.mark.neutral


@pytest.mark.parametrize("name", ["config.json", "task.json", "metadata.json"])
@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "[" * 100_000, '{"a": ' * 5_000, "\0\1"],
    ids=["empty", "cut", "list", "null", "deep", "deep objects", "binary"],
)
def test_broken_json(folder, name, content):
    write(folder / name, content)
    refuse(folder, f"{name} must be a JSON object")


def test_json_must_not_be_huge(zoo, folder, monkeypatch):
    monkeypatch.setattr(files, "MAX_JSON", 5000)
    write(folder / "config.json", " " * 5001)
    refuse(folder, "config.json must have at most 5000 bytes. Received: 5001")


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "task.json"])
def test_a_file_of_nothing_is_not_read(folder, name):
    os.truncate(folder / name, 3 * 2**30)
    memory.forget_peak()
    before = memory.peak()
    refuse(folder, f"{name} must have at most .*Received: 3221225472")
    grown = memory.peak() - before
    assert grown < 100 * 2**20


@pytest.mark.parametrize(
    "content, match",
    [
        ('{"seed": [' + "[]," * 2_000_000 + "[]]}", "more than 262144 values"),
        ('{"a": ' * 200 + "1" + "}" * 200, "at a depth of more than 100"),
        ('{"a": NaN}', "NaN, which is no JSON"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
    ],
    ids=["many lists", "deep", "NaN", "half a letter"],
)
@pytest.mark.parametrize("name", ["config.json", "task.json", "metadata.json"])
def test_values_are_bounded(folder, name, content, match):
    write(folder / name, content)
    refuse(folder, f"{name} must be a JSON object. Received: .*{match}")


@pytest.mark.parametrize("size", [-1, True, 1.5, "1", 2**40])
def test_sizes(folder, size):
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["files"]["model.weights.h5"]["size"] = size
    write(folder / "metadata.json", metadata)
    refuse(folder, "metadata.json must give the sha256 and size of files")


@pytest.mark.parametrize("version", [2, 0, "1", None, True])
def test_format_version(folder, version):
    edit(folder / "metadata.json", format_version=version)
    refuse(folder, "metadata.json must have a format_version from 1 to 1")


@pytest.mark.parametrize(
    "name", ["../../evil.h5", "/etc/passwd", "sub/config.json", "evil.py", ""]
)
def test_metadata_names_only_known_files(folder, name):
    edit(
        folder / "metadata.json",
        "files",
        **{name: {"sha256": "0" * 64, "size": 1}},
    )
    refuse(folder, "metadata.json must give the sha256 and size of files among")


@pytest.mark.parametrize(
    "files", [None, [], {"config.json": 1}, {"config.json": {"sha256": "x"}}]
)
def test_metadata_files_must_be_complete(folder, files):
    edit(folder / "metadata.json", files=files)
    refuse(folder, "metadata.json must give the sha256")


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
def test_weights_must_be_in_metadata(folder, name):
    metadata = json.loads((folder / "metadata.json").read_text())
    del metadata["files"][name]
    write(folder / "metadata.json", metadata)
    refuse(folder, f"metadata.json must state the SHA-256 of {name}")


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "task.json",
        "metadata.json",
        "model.weights.h5",
        "task.weights.h5",
    ],
)
def test_missing_files(folder, name):
    (folder / name).unlink()
    refuse(folder, f"{name} must be a file", error=FileNotFoundError)


@pytest.mark.parametrize(
    "name", ["config.json", "task.json", "metadata.json", "model.weights.h5"]
)
def test_links_must_stay_inside(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "outside")
    (folder / name).symlink_to(tmp_path / "outside")
    refuse(folder, f"{name} must not link to a file outside")
    (tmp_path / "outside").rename(folder / "inside")
    (folder / name).unlink()
    (folder / name).symlink_to("inside")
    presets.load(folder)
