"""Trainings that are told to end: what they say, and what they leave."""

import pytest

from keras_gans import cli, writing
from keras_gans.runs import folder as files

pytestmark = pytest.mark.neutral

HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "there, clause",
    [
        ([], "the same command starts it again, there is no checkpoint yet"),
        (["run.json"], "the same command starts it again, there is no ch"),
        (["run.json", "log.csv"], "--resume starts it again, there is no ch"),
        (
            ["log.csv", "checkpoints/step_00001206/state.json"],
            "--resume goes on from step 1,206",
        ),
    ],
)
def test_an_interrupt_says_how_to_go_on(
    there, clause, tmp_path, monkeypatch, capsys
):
    """In a process that is not the command's alone."""

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_gans.cli.train.locate", interrupt)
    for name in there:
        writing.write(tmp_path / name, "")
    assert cli.main(["train", "gan_ring", "--out", str(tmp_path)]) == 130
    message = capsys.readouterr().err
    assert message.startswith(f"keras-gans: interrupted; {clause}")
    assert message.count("\n") == 1


def test_other_commands_have_nothing_to_go_on_with(monkeypatch, capsys):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_gans.presets.names", interrupt)
    assert cli.main(["list"]) == 130
    assert capsys.readouterr().err == "keras-gans: interrupted\n"


def test_debris_is_removed_and_the_last_checkpoint_stays(tmp_path):
    for step in (3, 12, 7):
        writing.write(tmp_path / f"checkpoints/step_{step:08d}/state", "")
    for name in (
        f".best-{HEX}/task.json",
        f"checkpoints/.step_00000020-{HEX}/state",
        f"samples/.step_00000020-{HEX}.png",
        f".run-{HEX}.json",
        "checkpoints/tmp_1/state",
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
        "checkpoints/step_00000012/state",
        "samples",
    }
