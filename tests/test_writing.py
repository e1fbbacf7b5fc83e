"""Files that appear whole or not at all."""

import errno
import io
import os
import pathlib
import stat
import threading

import pytest
from PIL import Image

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


@pytest.mark.parametrize("name", ["ü" * 125 + ".txt", "a." + "b" * 253])
def test_a_name_as_long_as_names_are(name, tmp_path):
    path = tmp_path / name
    writing.write(path, "long")
    assert path.read_text() == "long"


def test_a_pipe_is_written_to(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(
        target=lambda: read.append(path.read_bytes()), daemon=True
    )
    reader.start()
    writing.write(path, "through it")
    assert stat.S_ISFIFO(path.lstat().st_mode)
    reader.join(10)
    assert read == [b"through it"]
    with pytest.raises(PermissionError), writing.temporary(path):
        raise PermissionError("not yours")
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(there, tmp_path):
    (tmp_path / "other").mkdir()
    file, link = tmp_path / "other" / "file", tmp_path / "link"
    link.symlink_to(file)
    if there:
        file.write_text("old")
    writing.write(link, "new")
    assert link.is_symlink() and file.read_text() == "new"
    assert [p.name for p in file.parent.iterdir()] == ["file"]


def test_a_linked_folder_is_followed(folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    replace(link)
    assert link.is_symlink()
    assert contents(folder) == {"own": "new", "notes": "mine"}


def test_modes(folder):
    file = folder / "own"
    file.chmod(0o600)
    writing.write(file, "new")
    assert file.stat().st_mode & 0o777 == 0o600
    folder.chmod(0o700)
    replace(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    umask = os.umask(0o027)
    try:
        writing.write(folder / "fresh", "")
    finally:
        os.umask(umask)
    assert (folder / "fresh").stat().st_mode & 0o777 == 0o640


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


@pytest.mark.parametrize("name", ["best", "run.v-1", "x" * 60, "a.b-old"])
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("end", [writing.discard, writing.clean])
def test_a_process_that_ends_between_two_names(
    at, end, name, folder, monkeypatch
):
    """Two renames replace a folder: there is one at any moment."""
    folder = folder.rename(folder.with_name(name))
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
        suffix = folder.suffix
        part = next(
            pathlib.Path(str(path).replace(f"-old{suffix}", suffix))
            for path in folder.parent.iterdir()
            if path.name.startswith(f".{folder.stem}-")
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


def test_clean_of_one_name(tmp_path):
    for name in (f".best-{HEX}", f".last-{HEX}", f".best-{HEX}.json"):
        (tmp_path / name).write_text("")
    writing.clean(tmp_path, "best")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f".last-{HEX}", f".best-{HEX}.json"}


def test_what_this_process_has_begun_stays(tmp_path):
    with writing.temporary(tmp_path / "file") as part:
        part.write_text("half")
        writing.clean(tmp_path)
        assert part.read_text() == "half"


def test_discard_goes_on_behind_one_that_fails(tmp_path, monkeypatch):
    second = tmp_path / f".second-{HEX}"
    second.write_text("half")
    first = tmp_path / f".first-{HEX}"
    begun = {first: tmp_path / "first", second: tmp_path / "second"}
    monkeypatch.setattr(writing, "_begun", begun)
    undo = writing._undo

    def fail_first(part, path):
        if path.name == "first":
            raise PermissionError("not yours")
        undo(part, path)

    monkeypatch.setattr(writing, "_undo", fail_first)
    writing.discard()
    assert not second.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="of Linux")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF"])
def test_a_picture_says_that_the_disk_is_full(kind):
    noise = Image.effect_noise((300, 300), 90)
    with writing.PillowFile("/dev/full") as file:
        with pytest.raises(OSError) as caught:
            noise.save(file, kind)
    assert writing.is_full(caught.value)


def test_a_picture_goes_into_a_pipe(tmp_path):
    """A TIFF is written forth and back, a pipe is not."""
    path = tmp_path / "pipe.tif"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(
        target=lambda: read.append(path.read_bytes()), daemon=True
    )
    reader.start()
    writing.write_image(path, Image.new("L", (5, 4), 99))
    reader.join(10)
    with Image.open(io.BytesIO(read[0])) as image:
        assert image.size == (5, 4) and image.getpixel((2, 2)) == 99
