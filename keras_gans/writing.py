"""Files and folders that appear under their names when they are complete.

A process may be killed at any moment, and a disk may be full: what was there
before stays, whole. Links are followed, a file that is replaced leaves its
mode, and what is neither a file nor a folder, as a pipe, is written to.
Nothing here imports Keras, NumPy or Pillow.
"""

import contextlib
import errno
import io
import os
import pathlib
import re
import shutil
import stat
import uuid

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PART = re.compile(r"\.(.*)-([0-9a-f]{32})(-old)?(\.[^.]*)?", re.DOTALL)
_LONGEST = 255  # bytes of a name

# What this process has begun: where it is written -> where it belongs.
_begun = {}


@contextlib.contextmanager
def temporary(path):
    """A path beside another one, to write there and to `move`.

    Args:
        path: Where the file or folder belongs. Its folder is made.

    Yields:
        A `pathlib.Path` with the same suffix, where nothing is yet. What is
        there at the end is removed. Of a pipe or a device, itself.

    Raises:
        OSError: With `path` as its `filename`, if the disk is full, whichever
            library says so.
    """
    given, path = path, _real(path)
    part = path if _is_special(path) else _beside(path)
    if part != path:
        _begun[part] = path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
    except Exception as error:
        if is_full(error):
            raise OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC), str(given)
            ) from error
        raise
    finally:
        if part != path:
            _undo(part, path)
            del _begun[part]


def move(part, path, own=()):
    """Gives a complete file or folder its name, in place of what has it.

    Args:
        part: What `temporary` yielded.
        path: Where it belongs.
        own: The names of the files of such a folder. Others, which are in the
            folder that is replaced, stay.
    """
    path = _real(path)
    if part == path:
        return
    if path.exists() and _mode(path) != _mode(part):
        part.chmod(_mode(path))
    if not part.is_dir() or not path.is_dir() or not any(path.iterdir()):
        os.replace(part, path)
        return
    old = _old(part)
    os.rename(path, old)
    os.rename(part, path)
    for item in old.iterdir():
        if item.name not in own:
            os.rename(item, path / item.name)
    shutil.rmtree(old)


def write(path, content):
    """Writes bytes, or text as UTF-8."""
    if isinstance(content, str):
        content = content.encode()
    with temporary(path) as part:
        part.write_bytes(content)
        move(part, path)


def _real(path):
    return pathlib.Path(os.path.realpath(path))


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _is_special(path):
    return path.exists() and not (path.is_file() or path.is_dir())


def _beside(path):
    """A name that nothing has, and that `clean` knows."""
    stem, suffix = path.stem, path.suffix
    if len(os.fsencode(suffix)) > 40:  # No format's.
        stem, suffix = path.name, ""
    # The dot, the number and an `_old` one's word.
    left = _LONGEST - len(os.fsencode(suffix)) - len(f".-{'0' * 32}-old")
    while len(os.fsencode(stem)) > left:
        stem = stem[:-1]
    return path.with_name(f".{stem}-{uuid.uuid4().hex}{suffix}")


def write_image(path, image, **options):
    """Writes a `PIL.Image.Image`, in the format of the path's suffix."""
    from PIL import Image

    suffix = pathlib.Path(path).suffix.lower()
    options["format"] = Image.registered_extensions()[suffix]
    with temporary(path) as part:
        if part == _real(path):  # A pipe, in which nothing goes back.
            memory = io.BytesIO()
            image.save(memory, **options)
            part.write_bytes(memory.getbuffer())
            return
        with PillowFile(part) as file:
            image.save(file, **options)
        move(part, path)


class PillowFile(io.FileIO):
    """A new file that Pillow writes by its methods alone.

    Into a file descriptor it writes by itself, and does not say why it could
    not; in memory a large picture would lie twice.
    """

    def __init__(self, path):
        super().__init__(path, "w+")

    def fileno(self):
        raise io.UnsupportedOperation("fileno")

    def write(self, data):
        # A disk that is almost full takes a part of it.
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            written += super().write(view[written:])
        return written


class _Memory(io.BytesIO):
    def __str__(self):  # Keras looks at the name's end alone.
        return "memory.weights.h5"


def weights(save):
    """The bytes of a file of weights.

    HDF5 crashes the process when a disk is full: it writes to memory alone.

    Args:
        save: Function that is given the file, as `model.save_weights`.
    """
    memory = _Memory()
    save(memory)
    return memory.getbuffer()


def is_full(error):
    """Whether an exception says that a disk, or a quota, is full."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    # TensorFlow and others have exceptions of their own, with these words.
    return any(os.strerror(number) in str(error) for number in _FULL)


# ---- what was not completed -----------------------------------------------


def discard():
    """Removes what this process has begun, for one that ends at once."""
    for part, path in list(_begun.items()):
        with contextlib.suppress(OSError):  # The others are tried.
            _undo(part, path)


def clean(folder, name=None):
    """Removes what a process that was killed has begun in a folder.

    Args:
        folder: Path.
        name: String, of the one file or folder it is about; `None` for all.
    """
    for found in _real(folder).glob(".*"):
        match = _PART.fullmatch(found.name)
        if match:
            stem, number, _, suffix = match.groups(default="")
            path = found.with_name(stem + suffix)
            part = found.with_name(f".{stem}-{number}{suffix}")
            if name in (None, path.name) and part not in _begun:
                _undo(part, path)


def _old(part):
    stem, number, _, suffix = _PART.fullmatch(part.name).groups(default="")
    return part.with_name(f".{stem}-{number}-old{suffix}")


def _undo(part, path):
    """Ends a `move` that has not ended, forth or back."""
    old = _old(part)
    if old.is_dir():
        if not path.exists():
            os.rename(old, path)
        else:
            for item in old.iterdir():
                if not (path / item.name).exists():
                    os.rename(item, path / item.name)
            shutil.rmtree(old, ignore_errors=True)
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
