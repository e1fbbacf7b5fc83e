"""Run folders: what a run leaves behind, and that it resumes exactly."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from cases import points_gan
from PIL import Image

import keras_gans
from keras_gans import cli, metrics, presets, runs

pytest.importorskip(
    "tensorflow", reason="`train` reads data through tf.data: tensorflow"
)

ROOT = pathlib.Path(__file__).resolve().parent.parent
EPOCHS = 4


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny preset, and the data that trains it."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    gan = keras_gans.DCGAN(
        image_shape=(8, 8, 1), latent_dim=4, filters=4, ema_momentum=0.9
    )
    # 201 steps in a pass: an epoch of the run is one pass.
    images = np.random.default_rng(0).integers(0, 256, (1610, 8, 8, 1))
    np.savez(folder / "data.npz", x=images.astype("uint8"))
    recipe = {
        "dataset": str(folder / "data.npz"),
        "batch_size": 8,
        "seed": 0,
        "epochs": EPOCHS,
        "generator_optimizer": {
            "class_name": "Adam",
            "config": {
                "learning_rate": {
                    "class_name": "PolynomialDecay",
                    "config": {
                        "initial_learning_rate": 1e-3,
                        "decay_steps": 600,
                    },
                },
                "beta_1": 0.5,
            },
        },
    }
    gan.save_to_preset(folder / "preset", recipe=recipe, weights=False)
    return folder


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


def test_run_folder(uninterrupted):
    out = uninterrupted
    log = (out / "log.csv").read_text().splitlines()
    assert log[0] == "step,seconds,d_loss,g_loss,swd"
    steps = [int(line.split(",")[0]) for line in log[1:]]
    assert steps == [201 * (i + 1) for i in range(EPOCHS)]
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


def test_killed_and_resumed_is_the_run_that_was_never_killed(
    uninterrupted, tiny, tmp_path
):
    out = tmp_path / "killed"
    process = subprocess.Popen(command(tiny, out), env=environment())
    deadline = time.monotonic() + 240
    while not list(out.glob("checkpoints/step_*")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.1)  # Into the next epoch.
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    killed_at = json.loads(
        (next(out.glob("checkpoints/step_*")) / "state.json").read_text()
    )["step"]
    assert killed_at < 201 * EPOCHS
    # What a death in the middle of writing leaves, beside the good one.
    (out / "checkpoints" / "tmp_1").mkdir()
    (out / "checkpoints" / "tmp_1" / "gan.weights.h5").write_bytes(b"half")

    subprocess.run(
        command(tiny, out, "--resume"),
        env=environment(),
        check=True,
        timeout=300,
    )
    for resumed, whole in zip(
        final_weights(out), final_weights(uninterrupted), strict=True
    ):
        np.testing.assert_array_equal(resumed, whole)

    def rows(folder):  # All but the seconds.
        lines = (folder / "log.csv").read_text().splitlines()
        return [line.split(",")[:1] + line.split(",")[2:] for line in lines]

    assert rows(out) == rows(uninterrupted)


# ---- the best checkpoint, and training health -----------------------------


@pytest.fixture
def run(tiny, tmp_path):
    """A run of which nothing but epochs' ends will happen."""

    def make(resume=False, **recipe):
        stored = json.loads((tiny / "preset" / "training.json").read_text())
        gan = keras_gans.DCGAN.from_preset(
            str(tiny / "preset"), load_weights=False, seed=0
        )
        gan.compile()
        recipe = runs.check_recipe({**stored, **recipe})
        return runs.Run(gan, recipe, tmp_path / "run", None, resume, print)

    return make


def end_epochs(run, scores):
    """Ends of epochs with these scores; what `best` is after each."""
    best = []
    for kid, swd in scores:
        run.scores = lambda kid=kid, swd=swd: {"kid": kid, "swd": swd}
        run.gan.generator_optimizer.iterations.assign(10 * (len(best) + 1))
        run.on_epoch_begin(0)
        run.on_epoch_end(0, {"d_loss": 1.0, "g_loss": 1.0})
        metadata = (run.folder / "best" / "metadata.json").read_text()
        best.append(json.loads(metadata))
    return best


SCORES = [(0.3, 0.1), (-0.1, 0.3), (0.2, 0.05)]


@pytest.fixture
def pixels(tiny, monkeypatch):
    """An extractor of the tiny data, as if the zoo had it."""
    name = f"{tiny / 'data.npz'}_classifier"
    monkeypatch.setattr(runs, "CLASSIFIERS", (name,))
    extractor = metrics.Extractor(
        lambda x: x.reshape(len(x), -1) / np.float32(255), "pixels", "7"
    )
    monkeypatch.setattr(runs.metrics, "get_extractor", {name: extractor}.get)
    return extractor


def test_best_is_the_lowest_of_the_chosen_score(run, pixels):
    by_kid = run(best_by="kid")
    best = end_epochs(by_kid, SCORES)
    assert [b["step"] for b in best] == [10, 20, 20]
    (score,) = map(metrics.Score.from_json, best[-1]["best_by"])
    assert str(score) == "KID (pixels v7, 1,610/1,610, data.npz train): -0.1"
    log = (by_kid.folder / "log.csv").read_text().splitlines()
    assert log[0] == "step,seconds,d_loss,g_loss,kid,swd"
    assert [line.split(",")[4] for line in log[1:]] == ["0.3", "-0.1", "0.2"]
    by_kid.finish()
    last = json.loads((by_kid.folder / "last/metadata.json").read_text())
    assert (last["step"], last["best_by"][0]["value"]) == (30, 0.2)


def test_best_by_swd(run):
    by_swd = run(best_by="swd")
    best = end_epochs(by_swd, SCORES)
    assert [b["step"] for b in best] == [10, 10, 30]
    (score,) = map(metrics.Score.from_json, best[-1]["best_by"])
    assert str(score) == "SWD (values v1, 1,610/1,610, data.npz train): 0.05"


def test_kid_is_that_of_the_metrics(run, pixels):
    assert set(run(best_by="swd").scores()) == {"swd"}
    by_kid = run(best_by="kid")
    real = np.round(by_kid.reference * 127.5 + 127.5).astype("uint8")
    fake = by_kid.gan.generate(len(real), seed=by_kid.sample_seed)
    expected = metrics.evaluate(fake, real, pixels, ("kid",), len(real))
    scores = by_kid.scores()
    assert list(scores) == ["kid", "swd"]
    # There the mean over subsets of 1,000.
    assert scores["kid"] == pytest.approx(expected["KID"].value, rel=0.05)


@pytest.mark.parametrize("score", ["kid", "modes"])
def test_scores_that_do_not_suit_the_data(run, score):
    with pytest.raises(ValueError, match="best_by must be 'swd', .* Received"):
        run(best_by=score)


def test_a_toy_is_judged_by_its_modes(tmp_path):
    gan = points_gan()
    gan.compile()
    recipe = {"dataset": "ring", "batch_size": 256, "seed": 0, "steps": 9}
    ring = runs.Run(gan, recipe, tmp_path, None, False, print)
    assert list(ring.scores()) == ["swd", "modes", "high_quality"]
    best = []
    for step, modes, good in [(1, 4, 0.9), (2, 8, 0.1), (3, 8, 0.5), (4, 7, 1)]:
        ring.scores = lambda modes=modes, good=good: {
            "swd": good,
            "modes": modes,
            "high_quality": good,
        }
        gan.generator_optimizer.iterations.assign(step)
        ring.on_epoch_begin(0)
        ring.on_epoch_end(0, {"d_loss": 1.0, "g_loss": 1.0})
        metadata = json.loads((tmp_path / "best/metadata.json").read_text())
        best.append(metadata["step"])
    assert best == [1, 2, 3, 3]
    scores = map(metrics.Score.from_json, metadata["best_by"])
    assert [str(score) for score in scores] == [
        "modes (points v1, 2,500/2,500, ring train): 8",
        "high_quality (points v1, 2,500/2,500, ring train): 0.5",
    ]


def test_default_score():
    name = "mnist_classifier"
    if not (presets.zoo_path() / name).is_dir():
        pytest.skip("the zoo has no classifier yet")

    def best_by(dataset, shape, **recipe):
        return runs.default_best_by({"dataset": dataset, **recipe}, shape)

    assert best_by("mnist", (28, 28, 1)) == "kid"
    assert best_by("mnist", (32, 32, 1)) == "swd"
    assert best_by("ring", (2,)) == "modes"
    assert best_by("my_photos", (28, 28, 1)) == "swd"
    assert best_by("my_photos", (28, 28, 1), extractor=name) == "kid"


def test_training_health_is_watched_and_survives_a_resume(run):
    first = run()
    assert len(first.health.examples) == 256
    first.health.history = [{"step": 3, "variety": 0.5}]
    first.health.findings = {"won": "said already"}
    end_epochs(first, SCORES[:1])
    resumed = run(resume=True)
    assert resumed.health.history == []
    assert resumed.restore() == 10
    assert resumed.health.history == first.health.history
    assert resumed.health.findings == first.health.findings


def test_training_health_is_in_the_checkpoint(uninterrupted):
    (checkpoint,) = (uninterrupted / "checkpoints").iterdir()
    state = json.loads((checkpoint / "state.json").read_text())
    steps = [look["step"] for look in state["health"]["history"]]
    # How often it looks is a matter of time; at the first epochs it does.
    assert steps[:2] == [201, 402]
    assert state["health"]["findings"] == {}


def test_a_finding_is_reported(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "keras_gans.callbacks._diagnose", lambda history: {"won": "Oh no."}
    )
    arguments = ["train", str(tiny / "preset"), "--out", str(tmp_path / "run")]
    assert cli.main([*arguments, "--steps", "2", "--quiet"]) == 0
    assert "Training health, step 2: Oh no.\n" in capsys.readouterr().out
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


def test_sequences_are_drawn_too(tmp_path):
    gan = keras_gans.GAN(example_shape=(6, 2), latent_dim=4)
    assert runs.draw_samples(gan, seed=0).size == (720, 400)


def test_resume_of_a_complete_run_does_nothing(uninterrupted, tiny):
    before = final_weights(uninterrupted)
    done = subprocess.run(
        command(tiny, uninterrupted, "--resume"),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "The run is complete" in done.stdout
    for a, b in zip(before, final_weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(a, b)


def test_interrupt_says_how_to_go_on(tiny, tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(
        # So long that it cannot end before the interrupt.
        command(tiny, out, "--epochs", "2000"),
        env=environment(),
        # A suite in the background ignores SIGINT, and its children would.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 240
    while not list(out.glob("checkpoints/step_*")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "--resume" in errors
    assert "Traceback" not in errors


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


@pytest.mark.parametrize(
    "value",
    [
        "adam",
        {"class_name": "Optimizer"},
        {"class_name": "serialize"},
        {"class_name": "Adam", "config": {"learning_rate": {"a": 1}}},
        {"class_name": "os.system", "config": {}},
        {
            "class_name": "Adam",
            "config": {"learning_rate": {"class_name": "serialize"}},
        },
    ],
)
def test_recipes_name_keras_optimizers_only(value):
    with pytest.raises(ValueError, match="Received: "):
        runs.optimizer(value)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"batch_size": 0}, "batch_size must be"),
        ({"epochs": 3}, "either steps or epochs"),
        ({"lr": 1e-3}, "Received: "),
        ({"seed": -1}, "seed must be"),
        ({"best_by": "fid"}, "best_by must be one of kid, modes, swd"),
        ({"loss": "mse"}, "loss must be one of mean_squared_error, mean_abs"),
    ],
)
def test_recipes_are_checked(change, words):
    recipe = {"dataset": "ring", "batch_size": 8, "steps": 10}
    assert runs.check_recipe(recipe)["seed"] == 0
    with pytest.raises(ValueError, match=words):
        runs.check_recipe({**recipe, **change})


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
    subprocess.run(
        command(tiny, single, "--steps", "20"),
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    # The network has batch normalization, which is per replica: close only.
    losses = [
        (folder / "log.csv").read_text().splitlines()[1].split(",")[2:4]
        for folder in (tmp_path / "run", single)
    ]
    np.testing.assert_allclose(*np.array(losses, "float64"), rtol=0.2)


def test_a_decay_of_another_length_is_reported():
    def adam(steps):
        rate = {
            "class_name": "CosineDecay",
            "config": {"initial_learning_rate": 1e-3, "decay_steps": steps},
        }
        return {"class_name": "Adam", "config": {"learning_rate": rate}}

    recipe = {
        "generator_optimizer": adam(100),
        "discriminator_optimizer": adam(500),
    }
    assert list(runs._other_decays(recipe, 100, 5)) == []
    lines = list(runs._other_decays(recipe, 100, 4))
    assert len(lines) == 1
    assert "discriminator's" in lines[0] and "500" in lines[0]
    lines = list(runs._other_decays(recipe, 200, 5))
    assert len(lines) == 2 and "makes 200:" in lines[0]
    plain = {"class_name": "Adam", "config": {"learning_rate": 1e-3}}
    for other in ("auto", plain, {"class_name": "SGD", "config": {}}):
        assert not list(
            runs._other_decays({"generator_optimizer": other}, 9, 1)
        )
