"""One training at a time in a folder.

The lock is the operating system's, on an open file: it ends with its process,
however that ends, for a child that is forked closes it. The file stays, and
means nothing.
"""

import contextlib
import os
import pathlib

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None

LOCK = ".lock"
_FAR = 2**30  # Windows locks bytes: none that somebody reads.

_held = set()  # Files that this process has locked.


def _close_in_child():
    # The lock ends when all who have the open file have closed it.
    while _held:
        _held.pop().close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


@contextlib.contextmanager
def lock(folder):
    """Keeps other trainings out of a folder, which is made.

    On a file system that has no locks it keeps nobody out.

    Raises:
        BlockingIOError: If another training has it.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    with open(descriptor, "rb+", 0) as file:
        if not _take(file):
            other = file.read(20).decode("ascii", "replace").strip()
            process = f" (process {other})" if other.isdigit() else ""
            raise BlockingIOError(
                f"another training is at work in {folder}{process}: wait for "
                "its end, or choose another folder (--out)."
            )
        with contextlib.suppress(OSError):  # A full disk: it is for a word.
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        _held.add(file)
        try:
            yield
        finally:
            _held.discard(file)


def _take(file):
    """Whether the lock is had, or there are none."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        return False
    except OSError:  # Network and FUSE file systems may have none.
        pass
    return True
