"""Run folders: what a run leaves behind, and that it resumes exactly."""

import importlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import cli, runs
from keras_gans.runs import folder as files

# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEX = "0123456789abcdef" * 2


def command(tiny, out, *arguments):
    return [
        sys.executable,
        *("-m", "keras_gans.cli", "train", str(tiny / "preset")),
        *("--out", str(out), "--quiet", *arguments),
    ]


def environment():
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "-1",  # Exactness is promised on one CPU.
    }


def final_weights(out):
    gan = keras_gans.DCGAN.from_preset(
        str(out / "last"), load_weights=False, seed=0
    )
    recipe = json.loads((out / "run.json").read_text())["recipe"]
    gan.compile(runs.optimizer(recipe["generator_optimizer"]))
    (checkpoint,) = (out / "checkpoints").iterdir()
    gan.load_weights(checkpoint / "gan.weights.h5")
    variables = [
        *gan.weights,
        *gan.generator_optimizer.variables,
        *gan.discriminator_optimizer.variables,
        gan.seed_generator.state,
    ]
    return [keras.ops.convert_to_numpy(v) for v in variables]


@pytest.fixture(scope="module")
def uninterrupted(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    subprocess.run(
        command(tiny, out), env=environment(), check=True, timeout=300
    )
    return out


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("interrupt_runs")


@pytest.mark.slow
def test_run_folder(uninterrupted):
    out = uninterrupted
    log = (out / "log.csv").read_text().splitlines()
    assert log[0] == "step,seconds,d_loss,g_loss,swd"
    steps = [int(line.split(",")[0]) for line in log[1:]]
    assert steps == [201, 402, 603]
    samples = sorted(p.name for p in (out / "samples").iterdir())
    assert samples == [f"step_{s:08d}.png" for s in steps]
    config = json.loads((out / "run.json").read_text())
    assert config["recipe"]["batch_size"] == 8
    # The zoo has no classifier of these images.
    assert config["recipe"]["best_by"] == "swd"
    assert config["versions"]["keras"] == keras.__version__
    with Image.open(out / "samples.gif") as animation:
        assert animation.n_frames > 1
    with Image.open(out / "losses.png") as plot:
        assert plot.size == (720, 400)
    for name in ("best", "last"):
        gan = keras_gans.AdversarialModel.from_preset(str(out / name))
        assert gan.generate(2, seed=0).shape == (2, 8, 8, 1)


@pytest.mark.slow
def test_ends_and_goes_on(tool, tiny, uninterrupted, tmp_path, monkeypatch):
    """tools/interrupt_runs.py makes forty such ends, at random moments."""
    # Its last lines name the folder, which is no reason to fail.
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    command = tool.Command([str(tiny / "preset")], uninterrupted)
    out, said = tmp_path / "läuft", []

    def at_step(step):
        def is_now(*_):
            checkpoint = files.find_checkpoint(out)
            if checkpoint is None or int(checkpoint.name[5:]) < step:
                return False
            # What a death in the middle of writing leaves.
            (out / f".best-{HEX}").mkdir(exist_ok=True)
            (out / "checkpoints" / "step_00000001").mkdir(exist_ok=True)
            return True

        return tool.Moment(f"at step {step}", is_now)

    ends = [
        (signal.SIGTERM, tool.after(0)),
        (signal.SIGKILL, at_step(201)),
        (signal.SIGINT, at_step(402)),
    ]
    assert tool.chain(command, out, ends, said.append) == 3
    first, second, third = said
    assert first.endswith(
        "the same command starts it again, there is no checkpoint yet"
    )
    assert "--resume goes on from step" in second
    assert "--resume goes on from step" in third


@pytest.mark.slow
def test_training_health_is_in_the_checkpoint(uninterrupted):
    (checkpoint,) = (uninterrupted / "checkpoints").iterdir()
    state = json.loads((checkpoint / "state.json").read_text())
    steps = [look["step"] for look in state["health"]["history"]]
    # How often it looks is a matter of time; at the first epochs it does.
    assert steps[:2] == [201, 402]
    assert state["health"]["findings"] == {}


@pytest.mark.slow
def test_a_finding_is_reported(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "keras_gans.callbacks.training_health._diagnose",
        lambda history: {"won": "Oh no."},
    )
    arguments = ["train", str(tiny / "preset"), "--out", str(tmp_path / "run")]
    assert cli.main([*arguments, "--steps", "2", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "Training health, step 2: Oh no.\n" in printed
    # And nothing of what it is about, and how it gets on.
    assert "parameters:" not in printed and "step 2 of 2" not in printed
    assert "Oh no." in (tmp_path / "run" / "report.html").read_text()
    # The recipe's 450 are of 603 steps: what is said is what is written.
    assert "decay_steps 1 instead of 450" in printed
    recipe = json.loads((tmp_path / "run" / "run.json").read_text())["recipe"]
    rate = recipe["generator_optimizer"]["config"]["learning_rate"]
    assert rate["config"]["decay_steps"] == 1
    for name in ("best", "last"):
        stored = (tmp_path / "run" / name / "training.json").read_text()
        assert json.loads(stored) == recipe
    # The checkpoint after this look knows that it was said.
    (checkpoint,) = (tmp_path / "run" / "checkpoints").iterdir()
    state = json.loads((checkpoint / "state.json").read_text())
    assert state["health"]["findings"] == {"won": "Oh no."}


def test_resume_keeps_the_score(uninterrupted, tiny, capsys):
    arguments = ["train", str(tiny / "preset"), "--out", str(uninterrupted)]
    assert cli.main([*arguments, "--resume", "--best-by", "kid"]) == 2
    assert "best_by swd" in capsys.readouterr().err


def test_a_run_is_not_overwritten(uninterrupted, tiny, capsys):
    arguments = ["train", str(tiny / "preset"), "--out", str(uninterrupted)]
    assert cli.main(arguments) == 1
    assert "--resume" in capsys.readouterr().err


def test_resume_keeps_the_runs_arguments(uninterrupted, tiny, capsys):
    arguments = ["train", str(tiny / "preset"), "--out", str(uninterrupted)]
    assert cli.main([*arguments, "--resume", "--batch-size", "16"]) == 2
    assert "batch_size 8" in capsys.readouterr().err


def test_resume_keeps_the_preset(uninterrupted, capsys):
    arguments = ["train", "gan_ring", "--out", str(uninterrupted)]
    assert cli.main([*arguments, "--resume"]) == 2
    assert "keeps it. Received: gan_ring" in capsys.readouterr().err


def test_a_run_is_no_preset(uninterrupted, capsys):
    assert cli.main(["generate", str(uninterrupted)]) == 1
    assert "best" in capsys.readouterr().err


@pytest.mark.slow
def test_resume_of_a_complete_run_does_nothing(uninterrupted, tiny, capsys):
    before = final_weights(uninterrupted)
    assert cli.main(command(tiny, uninterrupted, "--resume")[3:]) == 0
    assert "The run is complete" in capsys.readouterr().out
    for a, b in zip(before, final_weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(a, b)


def test_data_that_is_not_there(tiny, tmp_path, capsys):
    code = cli.main(
        [
            *("train", str(tiny / "preset"), "--out", str(tmp_path / "run")),
            *("--data", str(tmp_path / "nowhere.npz")),
        ]
    )
    assert code == 1
    message = capsys.readouterr().err
    assert "nowhere.npz" in message and message.count("\n") == 1
    assert not (tmp_path / "run" / "log.csv").exists()


@pytest.mark.slow
def test_two_workers_train_together(tiny, tmp_path):
    """Two processes on loopback; one of them writes, both end well."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hosts = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    workers = []
    for index in range(2):
        config = {
            "cluster": {"worker": hosts},
            "task": {"type": "worker", "index": index},
        }
        workers.append(
            subprocess.Popen(
                command(
                    *(tiny, tmp_path / "run", "--strategy", "multiworker"),
                    *("--steps", "20"),
                ),
                env={**environment(), "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    outputs = [worker.communicate(timeout=240)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert "20 steps" in outputs[0]
    assert outputs[1] == ""
    single = tmp_path / "single"
    assert cli.main(command(tiny, single, "--steps", "20")[3:]) == 0
    # The network has batch normalization, which is per replica: close only.
    losses = [
        (folder / "log.csv").read_text().splitlines()[1].split(",")[2:4]
        for folder in (tmp_path / "run", single)
    ]
    np.testing.assert_allclose(*np.array(losses, "float64"), rtol=0.2)
