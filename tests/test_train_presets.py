import csv
import pathlib
import time

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import datasets, runs
from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.pixels import from_uint8
from keras_gans.runs import folder as files

ROOT = pathlib.Path(__file__).resolve().parents[1]


def adam(updates):
    rate = {"initial_learning_rate": 1e-3, "end_learning_rate": 0.0}
    rate["decay_steps"] = updates
    schedule = {"class_name": "PolynomialDecay", "config": rate}
    return {"class_name": "Adam", "config": {"learning_rate": schedule}}


RECIPE = {
    "dataset": "sets/squares",
    "batch_size": 8,
    "steps": 1000,
    "seed": 0,
    "best_by": "swd",
    "generator_optimizer": adam(1000),
    "discriminator_optimizer": adam(2 * 1000),
}


@pytest.fixture(autouse=True)
def same_backend(monkeypatch):
    """`main` sets one where there is none, for all that comes later."""
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())


@pytest.fixture(autouse=True)
def tools(monkeypatch):
    """Of a checkout, and loaders that are what they were."""
    if not (ROOT / "tools").is_dir():
        pytest.skip("tools/ is not part of the package")
    monkeypatch.syspath_prepend(ROOT / "tools")
    import packed_data

    for name in packed_data.LOADERS:
        monkeypatch.setattr(datasets, name, getattr(datasets, name))


@pytest.fixture
def packed(tmp_path):
    """A folder with a set of images."""
    folder = tmp_path / "packed"
    folder.mkdir()
    x = np.random.default_rng(0).integers(0, 256, (100, 4, 4, 1), "uint8")
    np.savez(
        folder / "sets_squares.npz", x_train=x, y_train=np.arange(100) % 10
    )
    return folder


def make_model():
    return keras_gans.GAN(
        GANGenerator((4, 4, 1), 4, units=(8,)),
        GANDiscriminator((4, 4, 1), units=(8,)),
        latent_dim=4,
        discriminator_steps=2,
    )


def timed_run(folder, seconds, monkeypatch, recipe=RECIPE, **constants):
    import timed_run

    for name, value in constants.items():
        monkeypatch.setattr(timed_run, name, value)
    keras.utils.set_random_seed(0)
    model = make_model()
    recipe = runs.check_recipe(recipe, model.task)
    deadline = time.time() + seconds
    return timed_run.TimedRun(
        "squares", model, recipe, folder, seconds, deadline
    )


def rows(folder):
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def steps(folder):
    return [int(row["step"]) for row in rows(folder)]


def decay_steps(recipe, player):
    config = recipe[f"{player}_optimizer"]["config"]
    return config["learning_rate"]["config"]["decay_steps"]


def test_a_run_is_planned_by_its_pace(tmp_path, packed, monkeypatch):
    import packed_data

    packed_data.serve(packed)
    run = timed_run(tmp_path / "run", 100, monkeypatch, SHORTEST=2.0)
    assert run.every == 5.0  # A twentieth.
    run.step = 20
    assert run.plan(20, pace=9.0, rest=9.0) == 100  # It was compiled.
    run.step, run.deadline = 120, time.time() + 60
    # 10 epochs of 5 seconds and a second's end each, 0.01 seconds a step.
    assert run.plan(100, pace=0.01, rest=1.0) == pytest.approx(500, abs=2)
    total = run.recipe["steps"]
    assert total == pytest.approx(120 + 5000, abs=20)
    assert decay_steps(run.recipe, "generator") == total
    assert decay_steps(run.recipe, "discriminator") == 2 * total
    assert run.rates(0) == {
        "generator": pytest.approx(1e-3),
        "discriminator": pytest.approx(1e-3),
    }
    assert set(run.rates(total).values()) == {0.0}
    # A short epoch is not trusted far.
    assert run.plan(2, pace=0.01, rest=1.0) == 40
    run.deadline = time.time() - 1
    assert run.plan(100, pace=0.01, rest=1.0) == 0
    assert run.recipe["steps"] == 120


@pytest.mark.slow
def test_a_killed_run_keeps_its_plan(tmp_path, packed, monkeypatch):
    import packed_data

    packed_data.serve(packed)
    folder = tmp_path / "run"
    constants = {"FIRST": 2, "STAIRS": 3}
    run = timed_run(folder, 100, monkeypatch, **constants)

    def plan(size, pace, rest):
        if run.step == 8:
            raise KeyboardInterrupt
        run.stretch(12)
        return 6

    run.plan = plan
    with pytest.raises(KeyboardInterrupt):
        run.go()
    assert steps(folder) == [2, 8]
    recipe = files.read_run(folder)["recipe"]
    assert recipe["steps"] == decay_steps(recipe, "generator") == 12

    again = timed_run(folder, 0, monkeypatch, recipe=recipe, **constants)
    seen = []
    rates = again.rates
    monkeypatch.setattr(
        again, "rates", lambda step: seen.append(step) or rates(step)
    )
    again.go()
    assert steps(folder) == [2, 8, 12]
    assert seen == [0, 8]  # As it is compiled, and for steps 8 to 11.
    rate = again.gan.optimizers["generator"].learning_rate
    assert float(keras.ops.convert_to_numpy(rate)) == pytest.approx(1e-3 / 3)
    assert files.read_run(folder)["recipe"] == recipe
    loaded = keras_gans.GAN.from_preset(folder / "last")
    assert loaded.generate(2, seed=0).shape == (2, 4, 4, 1)


@pytest.mark.neutral
def test_packed_sets_are_what_recipes_load(tmp_path, packed):
    import packed_data

    rng = np.random.default_rng(1)
    photos, a, b = (
        rng.integers(0, 256, (n, 16, 16, 3), "uint8") for n in (3, 5, 7)
    )
    np.savez(packed / "photos.npz", x_train=photos)
    np.savez(packed / "styles.npz", a=a, b=b)
    np.savez(packed / "couples.npz", a=a, b=a[..., ::-1])
    packed_data.serve(packed, flip=True)
    images, labels = map(
        np.asarray,
        next(iter(datasets.load("sets/squares", 200, labels=True))),
    )
    # Each is there as it is and mirrored.
    np.testing.assert_array_equal(np.bincount(labels), [20] * 10)
    rounded = {x.round(3).tobytes() for x in images}
    assert {x[:, ::-1].round(3).tobytes() for x in images} == rounded
    low, high = next(
        iter(datasets.load_high_res("photos", 3, crop_size=8, split="all"))
    )
    assert low.shape == (3, 2, 2, 3) and high.shape == (3, 8, 8, 3)
    left, right = next(
        iter(datasets.load_pairs("couples", 5, sides=["x", "y"]))
    )
    np.testing.assert_allclose(np.asarray(left)[..., ::-1], right)
    left, right = next(
        iter(
            datasets.load_unpaired(
                "styles", "others", 5, split=("train", "train[:90%]")
            )
        )
    )
    known = from_uint8(b)
    for image in np.asarray(right):
        assert np.isclose(known, image).all((1, 2, 3)).any()
    with pytest.raises(datasets.checks.SplitError, match="training alone"):
        datasets.load("sets/squares", 8, split="test")


@pytest.mark.neutral
def test_a_set_is_packed_from_where_it_lies(tmp_path):
    import packed_data
    from PIL import Image

    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in "ab":
            folder = tmp_path / "faces" / split / name
            folder.mkdir(parents=True)
            for i in range(3):
                pixels = rng.integers(0, 256, (6, 8, 3), "uint8")
                Image.fromarray(pixels).save(folder / f"{i}.png")
    recipe = {"dataset": str(tmp_path / "faces"), "labels": True}
    path = packed_data.pack(tmp_path / "out", recipe)
    with np.load(path) as file:
        x, y = file["x_train"], file["y_train"]
    assert x.shape == (6, 6, 8, 3) and x.dtype == "uint8"
    assert sorted(y) == [0, 0, 0, 1, 1, 1]
    first = np.asarray(Image.open(tmp_path / "faces/train/a/0.png"))
    assert (x == first).all((1, 2, 3)).any()


@pytest.mark.slow
@pytest.mark.neutral
def test_a_worker_trains_a_recipe(tmp_path, packed, monkeypatch):
    import timed_run
    import train_presets

    monkeypatch.setattr(timed_run, "FIRST", 2)
    monkeypatch.setattr(timed_run, "SECOND", 2)
    recipes = tmp_path / "recipes.py"
    recipes.write_text(
        "import test_train_presets as t\n"
        "RECIPES = {'one': {'model': t.make_model, 'recipe': t.RECIPE}}\n"
    )
    arguments = ["--recipes", str(recipes), "--data", str(packed)]
    arguments += ["--minutes", "1", "--out", str(tmp_path / "runs")]
    # Its time is over when it has begun: it does what is needed for a plan.
    arguments += ["--deadline", str(time.time())]
    for _ in range(2):  # And then it is done.
        train_presets.main(["one", *arguments])
        run = tmp_path / "runs" / "one"
        assert steps(run) == [2, 4]
        assert files.read_run(run)["recipe"]["steps"] == 4
    assert (run / "last" / "model.weights.h5").exists()
    assert list((run / "samples").glob("*.png"))
    with pytest.raises(SystemExit, match="two is none of one"):
        train_presets.main(["two", *arguments])


@pytest.mark.neutral
def test_all_train_at_once_and_one_that_fails_is_named(
    tmp_path, monkeypatch, capsys
):
    import train_presets

    script = tmp_path / "worker.py"
    script.write_text(
        "import sys\nprint(sys.argv)\nsys.exit('two' in sys.argv)"
    )
    monkeypatch.setattr(train_presets, "__file__", str(script))
    arguments = ["--minutes", "1", "--out", str(tmp_path / "runs")]
    assert train_presets.main(["one", "two", *arguments]) == 1
    log = tmp_path / "runs" / "two.log"
    one = tmp_path / "runs" / "one"
    assert capsys.readouterr().out == f"one: {one}\ntwo: failed, see {log}\n"
    assert "--minutes', '1.0'" in log.read_text()
    assert train_presets.main(["one", *arguments]) == 0
