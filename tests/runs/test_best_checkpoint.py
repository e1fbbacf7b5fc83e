"""What the best checkpoint of a run is, and what watches the run."""

import json
import types

import numpy as np
import pytest
from cases import points_gan

import keras_gans
from keras_gans import metrics, presets, runs, tasks
from keras_gans.tasks import shared

# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral


@pytest.fixture
def run(tiny, tmp_path):
    """A run of which nothing but epochs' ends will happen."""

    def make(**recipe):
        stored = json.loads((tiny / "preset" / "training.json").read_text())
        gan = keras_gans.DCGAN.from_preset(
            str(tiny / "preset"), load_weights=False, seed=0
        )
        gan.compile()
        recipe = runs.check_recipe({**stored, **recipe}, gan.task)
        return runs.Run(gan, recipe, tmp_path / "run", None, print)

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
    monkeypatch.setattr(shared, "CLASSIFIERS", (name,))
    extractor = metrics.Extractor(
        lambda x: x.reshape(len(x), -1) / np.float32(255), "pixels", "7"
    )
    monkeypatch.setattr(metrics, "get_extractor", {name: extractor}.get)
    return extractor


@pytest.mark.slow
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


@pytest.mark.slow
def test_best_by_swd(run):
    by_swd = run(best_by="swd")
    best = end_epochs(by_swd, SCORES)
    assert [b["step"] for b in best] == [10, 10, 30]
    (score,) = map(metrics.Score.from_json, best[-1]["best_by"])
    assert str(score) == "SWD (values v1, 1,610/1,610, data.npz train): 0.05"


@pytest.mark.slow
def test_kid_is_that_of_the_metrics(run, pixels):
    assert set(run(best_by="swd").scores()) == {"swd"}
    by_kid = run(best_by="kid")
    real = np.round(by_kid.reference.real * 127.5 + 127.5).astype("uint8")
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


@pytest.mark.slow
def test_a_toy_is_judged_by_its_modes(tmp_path):
    gan = points_gan()
    gan.compile()
    recipe = {"dataset": "ring", "batch_size": 256, "seed": 0, "steps": 9}
    ring = runs.Run(gan, recipe, tmp_path, None, print)
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


@pytest.mark.neutral
def test_default_score():
    name = "mnist_classifier"
    if not (presets.zoo_path() / name).is_dir():
        pytest.skip("the zoo has no classifier yet")

    def best_by(dataset, shape, task="sampling", players=(), **recipe):
        model = types.SimpleNamespace(example_shape=shape, players=players)
        recipe = {"dataset": dataset, **recipe}
        return tasks.get(task).default_best_by(model, recipe)

    assert best_by("mnist", (28, 28, 1)) == "kid"
    assert best_by("mnist", (32, 32, 1)) == "swd"
    assert best_by("ring", (2,)) == "modes"
    assert best_by("my_photos", (28, 28, 1)) == "swd"
    assert best_by("my_photos", (28, 28, 1), extractor=name) == "kid"
    assert best_by("my_photos", (28, 28, 1), "translation") == "swd"
    assert best_by("photos", (8, 8, 1), "translation", extractor=name) == "kid"
    assert best_by("photos", (8, 8, 1), "upscaling") == "psnr"
    both = {"players": ("generator", "discriminator")}
    assert best_by("photos", (8, 8, 1), "upscaling", **both) == "content"


@pytest.mark.slow
def test_training_health_is_watched_and_survives_a_resume(run):
    first = run()
    health = first.watchers["health"]
    assert len(health.examples) == 256
    health.history = [{"step": 3, "variety": 0.5}]
    health.findings = {"won": "said already"}
    end_epochs(first, SCORES[:1])
    resumed = run()
    again = resumed.watchers["health"]
    assert again.history == []
    assert resumed.restore() == 10
    assert again.history == health.history
    assert again.findings == health.findings
