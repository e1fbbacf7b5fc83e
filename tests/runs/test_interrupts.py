"""Trainings that are told to end: what they say, and what they leave."""

import json
import os
import signal
import subprocess
import sys

import keras
import pytest

from keras_gans import cli, writing
from keras_gans.runs import folder as files

pytestmark = pytest.mark.neutral

HEX = "0123456789abcdef" * 2
VERSIONS = {"backend": keras.backend.backend()}
RESUME, LOG = ["--resume"], ["run.json", "log.csv"]
CHECKPOINT = ["log.csv", "checkpoints/step_00001206/state.json"]


@pytest.mark.parametrize(
    "options, there, clause",
    [
        (
            [],
            [],
            "; the same command starts it again, there is no checkpoint yet",
        ),
        ([], ["run.json"], "; the same command starts it again, there is no"),
        (RESUME, LOG, "; --resume starts it again, there is no checkpoint"),
        (RESUME, CHECKPOINT, "; --resume goes on from step 1,206"),
        # Of a run that this command would have refused it says nothing.
        ([], LOG, "\n"),
        ([], CHECKPOINT, "\n"),
    ],
)
def test_an_interrupt_says_how_to_go_on(
    options, there, clause, tmp_path, monkeypatch, capsys
):
    """In a process that is not the command's alone."""

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_gans.cli.start.find", interrupt)
    run = {"preset": "gan_ring", "recipe": {}, "versions": VERSIONS}
    for name in there:
        writing.write(tmp_path / name, json.dumps(run))
    command = ["train", "gan_ring", "--out", str(tmp_path), *options]
    assert cli.main(command) == 130
    message = capsys.readouterr().err
    assert message.startswith(f"keras-gans: interrupted{clause}")
    assert message.count("\n") == 1


def test_other_commands_have_nothing_to_go_on_with(monkeypatch, capsys):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_gans.cli.list_info.print_table", interrupt)
    assert cli.main(["list"]) == 130
    assert capsys.readouterr().err == "keras-gans: interrupted\n"


def test_debris_is_removed_and_the_last_checkpoint_stays(tmp_path):
    for step in (3, 12, 7):
        writing.write(tmp_path / f"checkpoints/step_{step:08d}/state.json", "")
    for name in (
        "checkpoints/step_00000020/gan.weights.h5",  # Half removed.
        f".best-{HEX}/task.json",
        f"checkpoints/.step_00000020-{HEX}/state",
        f"samples/.step_00000020-{HEX}.png",
        f".run-{HEX}.json",
        "best/task.json",
    ):
        writing.write(tmp_path / name, "")
    files.clean(tmp_path)
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    assert left == {
        "best",
        "best/task.json",
        "checkpoints",
        "checkpoints/step_00000012",
        "checkpoints/step_00000012/state.json",
        "samples",
    }


def test_what_the_user_puts_beside_checkpoints_stays(tmp_path):
    others = [
        "step_notes.txt",
        "step_00000600.bak/state.json",
        "step_00000700",
        "step_best/state.json",
        "step_00000500/notes.txt",
        "tmp_plots/1.png",
    ]
    real = ["step_00000600/state.json", "step_00000600/gan.weights.h5"]
    for name in [*others, *real, "step_00000500/state.json"]:
        writing.write(tmp_path / "checkpoints" / name, name)
    found = tmp_path / "checkpoints" / "step_00000600"
    assert files.find_checkpoint(tmp_path) == found
    assert files.how_to_go_on(tmp_path) == "--resume goes on from step 600"
    files.clean(tmp_path)

    def left():
        paths = (tmp_path / "checkpoints").rglob("*")
        return {p.relative_to(found.parent).as_posix(): p for p in paths}

    assert {*others, *real} <= set(left())
    assert "step_00000500/state.json" not in left()
    files.write_checkpoint(
        tmp_path, 100_000_800, lambda file: file.write(b"x"), {"step": 1}
    )
    assert set(others) <= set(left()) and not found.exists()
    # By the number: the name is the smaller one.
    writing.write(tmp_path / "checkpoints/step_99999999/state.json", "")
    assert files.find_checkpoint(tmp_path).name == "step_100000800"


def test_a_signal_ends_a_process_whatever_fails():
    code = (
        "import os, signal\n"
        "from keras_gans import writing\n"
        "from keras_gans.cli import ending\n"
        "def fail(): raise ValueError('notes.txt')\n"
        "writing.discard = fail\n"
        "ending.take_over()\n"
        "ending.say_then(fail)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == "keras-gans: interrupted\n"
    assert done.returncode == 128 + signal.SIGTERM
