"""Files that appear whole or not at all."""

import errno
import os
import pathlib

import pytest

from keras_gans import writing

pytestmark = pytest.mark.neutral
HEX = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path):
    """One with a file of its own, and one of the user's."""
    path = tmp_path / "best"
    path.mkdir()
    (path / "own").write_text("old")
    (path / "notes").write_text("mine")
    return path


def replace(folder):
    with writing.temporary(folder) as part:
        part.mkdir()
        (part / "own").write_text("new")
        writing.move(part, folder, own=["own"])


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "new" / "file.txt"
    for content in ("gray, naïve", b"bytes"):
        writing.write(path, content)
    assert path.read_bytes() == b"bytes"
    assert list(path.parent.iterdir()) == [path]


def test_a_name_as_long_as_names_are(tmp_path):
    path = tmp_path / ("ü" * 120 + ".txt")
    writing.write(path, "long")
    assert path.read_text() == "long"


def test_a_folder_is_replaced_and_what_is_not_its_own_stays(folder):
    replace(folder)
    assert contents(folder) == {"own": "new", "notes": "mine"}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("RESOURCE_EXHAUSTED: x; No space left on device"),
    ],
)
def test_a_full_disk_keeps_what_was_there(error, folder):
    with pytest.raises(OSError) as caught:
        with writing.temporary(folder) as part:
            part.mkdir()
            (part / "own").write_text("half")
            raise error
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(folder)
    assert contents(folder) == {"own": "old", "notes": "mine"}
    assert list(folder.parent.iterdir()) == [folder]


def test_other_errors_are_their_own(folder):
    with pytest.raises(PermissionError, match="not yours"):
        with writing.temporary(folder / "own") as part:
            part.write_text("half")
            raise PermissionError("not yours")
    assert contents(folder) == {"own": "old", "notes": "mine"}
    assert not writing.is_full(OSError("[Errno 5] Input/output error"))


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("end", [writing.discard, writing.clean])
def test_a_process_that_ends_between_two_names(at, end, folder, monkeypatch):
    """Two renames replace a folder: there is one at any moment."""
    rename, calls = os.rename, []

    class Killed(BaseException):
        pass

    def killed(*paths):
        calls.append(paths)
        rename(*paths)
        if len(calls) == at:
            raise Killed

    monkeypatch.setattr(writing.os, "rename", killed)
    with monkeypatch.context() as patch:
        # Nothing of this process happens any more.
        patch.setattr(writing, "_undo", lambda *_: None)
        with pytest.raises(Killed):
            replace(folder)
    assert len(list(folder.parent.iterdir())) == 2
    if end is writing.discard:  # From within a signal's handler.
        part = next(
            pathlib.Path(str(path).removesuffix("-old"))
            for path in folder.parent.iterdir()
            if path.name.startswith(".best-")
        )
        monkeypatch.setitem(writing._begun, part, folder)
        end()
    else:
        end(folder.parent)
    own = {1: "old", 2: "new"}[at]
    assert contents(folder) == {"own": own, "notes": "mine"}
    assert list(folder.parent.iterdir()) == [folder]


def test_clean_knows_its_own(tmp_path):
    for name in (f".state-{HEX}.json", f".metadata.json-{HEX}", ".lock"):
        (tmp_path / name).write_text("")
    (tmp_path / f".best-{HEX}").mkdir()
    for name in (f"best-{HEX}", ".hidden-file", f".{HEX}"):
        (tmp_path / name).write_text("")
    writing.clean(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [".lock", f"best-{HEX}", ".hidden-file", f".{HEX}"]
    )
