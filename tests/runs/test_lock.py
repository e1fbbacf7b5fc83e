"""One training at a time in a folder."""

import errno
import os
import signal
import subprocess
import sys
import types

import pytest

from keras_gans import cli
from keras_gans.runs import lock as locks
from keras_gans.runs.lock import lock

pytestmark = pytest.mark.neutral


def test_one_at_a_time(tmp_path):
    with lock(tmp_path / "run"):
        with pytest.raises(BlockingIOError, match=rf"process {os.getpid()}\)"):
            with lock(tmp_path / "run"):
                pass
        with lock(tmp_path / "other"):
            pass
    with lock(tmp_path / "run"):  # The file that stays means nothing.
        pass


def test_a_process_that_is_killed_leaves_no_lock(tmp_path):
    code = (
        "import sys, time\n"
        "from keras_gans.runs.lock import lock\n"
        "with lock(sys.argv[1]):\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"locked\n"
    with pytest.raises(BlockingIOError, match=rf"process {process.pid}\)"):
        with lock(tmp_path):
            pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with lock(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_does_not_keep_the_lock(tmp_path):
    code = (
        "import os, sys, time\n"
        "from keras_gans.runs.lock import lock\n"
        "with lock(sys.argv[1]):\n"
        "    read, write = os.pipe()\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        os.write(write, b'1')\n"
        "        time.sleep(60)\n"
        "    os.read(read, 1)\n"
        "    print(child, flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    )
    child = int(process.stdout.readline())
    try:
        with pytest.raises(BlockingIOError):  # The parent keeps it.
            with lock(tmp_path):
                pass
        process.kill()
        process.wait()
        with lock(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "fcntl", types.SimpleNamespace(**FLAGS))
    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with lock(tmp_path), lock(tmp_path):
        pass


FLAGS = {"LOCK_EX": 2, "LOCK_NB": 4, "flock": None}


def test_windows(tmp_path, monkeypatch):
    held = set()

    def locking(descriptor, mode, size):
        # There a lock is of bytes, which nobody else can read.
        assert os.lseek(descriptor, 0, os.SEEK_CUR) > 1000 and size == 1
        file = os.fstat(descriptor).st_ino
        if file in held:
            raise PermissionError(errno.EACCES, "Permission denied")
        held.add(file)

    msvcrt = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(locks, "fcntl", None)
    with lock(tmp_path):
        assert (tmp_path / locks.LOCK).read_text() == str(os.getpid())
        with pytest.raises(BlockingIOError, match=rf"process {os.getpid()}\)"):
            with lock(tmp_path):
                pass


@pytest.mark.parametrize("options", [[], ["--resume"]])
def test_a_second_training_changes_nothing(options, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["train", "gan_ring", "--steps", "2", "--out", str(out)]
    with lock(out):
        (out / "samples").mkdir()
        (out / f".best-{'0' * 32}").mkdir()  # Of the first, at work.
        before = sorted(out.rglob("*"))
        assert cli.main([*command, "--quiet", *options]) == 1
        assert sorted(out.rglob("*")) == before
    message = capsys.readouterr().err.splitlines()
    assert message[-1].startswith(
        f"keras-gans: another training is at work in {out} (process "
    )
    assert "Traceback" not in "".join(message)
