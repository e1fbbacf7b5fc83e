"""`SampleGrid` and `Score`: what they show, and that they change nothing."""

import keras
import numpy as np
import pytest
from cases import (
    adam,
    assert_equal,
    fit,
    points_gan,
    tiny_conditional_gan,
    tiny_inpainting_gan,
    tiny_pix2pix,
    tiny_srgan,
    weights_of,
)
from PIL import Image

from keras_gans import backend, metrics
from keras_gans.callbacks import SampleGrid, Score
from keras_gans.tasks.sampling import draw_samples

POINTS = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")


def compiled():
    keras.utils.set_random_seed(0)
    model = points_gan(seed=1, ema_momentum=0.9)
    model.compile(adam(), adam())
    return model


@pytest.fixture(scope="module")
def plain():
    """The weights of a training without a callback."""
    model = compiled()
    fit(model, POINTS, batch_size=8, epochs=3)
    return weights_of(model)


class Drawing:
    """A task that draws a picture of the step, and is asked for nothing."""

    def __init__(self):
        self.asked = []

    def draw(self, model, *arguments):
        self.asked.append(arguments)
        return Image.new("L", (4, 4), 10 * len(self.asked))


class Untrained(keras.Model):
    """What `fit` would hand to a callback."""

    def __init__(self, command="generate"):
        super().__init__()
        self.task = Drawing()
        self.task.command = command
        self.task.does = "draws nothing"
        self.iterations = np.int64(0)
        self.example_kind = "points"


def run(callback, epochs, steps=10):
    """The calls of a `fit`; the logs of its epochs."""
    callback.set_model(model := Untrained())
    callback.on_train_begin()
    seen = []
    for epoch in range(epochs):
        model.iterations = np.int64((epoch + 1) * steps)
        logs = {"d_loss": 1.0}
        callback.on_epoch_end(epoch, logs)
        seen.append(logs)
    callback.on_train_end()
    return model, seen


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(backend, "sync", lambda model: None)
    monkeypatch.setattr(backend, "is_chief", lambda model: True)


# ---- pictures -------------------------------------------------------------


@pytest.mark.slow
def test_a_grid_changes_nothing_of_training(plain, tmp_path):
    grid = SampleGrid(tmp_path / "grids", n=4, inputs=POINTS)
    model = compiled()
    fit(model, POINTS, batch_size=8, epochs=3, callbacks=[grid])
    assert_equal(weights_of(model), plain)
    names = sorted(path.name for path in (tmp_path / "grids").iterdir())
    assert names == [f"step_{s:08d}.png" for s in (0, 4, 8, 12)]
    # Always of the same latents: what the model draws by the seed.
    drawn = draw_samples(model, 0, POINTS)
    with Image.open(tmp_path / "grids" / names[-1]) as picture:
        np.testing.assert_array_equal(picture, drawn)


@pytest.mark.neutral
def test_every_few_epochs_and_at_the_end(alone, tmp_path):
    grid = SampleGrid(tmp_path, every=2, seed=7, n=9, labels=[1, 0])
    model, _ = run(grid, epochs=5)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"step_{s:08d}.png" for s in (0, 20, 40, 50)]
    assert model.task.asked == [(9, 7, [1, 0], None)] * 4


@pytest.mark.neutral
def test_one_picture_is_replaced(alone, tmp_path):
    run(SampleGrid(tmp_path / "a" / "now.png"), epochs=2)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["now.png"]
    with Image.open(tmp_path / "a" / "now.png") as picture:
        assert picture.getpixel((0, 0)) == 30


@pytest.mark.neutral
def test_a_folder_with_a_point_in_its_name(alone, tmp_path):
    run(SampleGrid(tmp_path / "v1.0"), epochs=1)
    assert len(list((tmp_path / "v1.0").glob("step_*.png"))) == 2


@pytest.mark.neutral
def test_only_the_chief_draws(alone, tmp_path, monkeypatch):
    monkeypatch.setattr(backend, "is_chief", lambda model: False)
    model, _ = run(SampleGrid(tmp_path / "grids", tensorboard=tmp_path), 2)
    assert model.task.asked == [] and not list(tmp_path.iterdir())


@pytest.mark.neutral
def test_a_notebook_renews_one_picture(alone, monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture)

    def display(picture, display_id):
        assert display_id is True
        shown.append(picture)
        return Handle()

    IPython = pytest.importorskip("IPython")
    monkeypatch.setattr(IPython, "get_ipython", lambda: "a shell")
    monkeypatch.setattr(IPython.display, "display", display)
    run(SampleGrid(show=True), epochs=2)
    assert [p.getpixel((0, 0)) for p in shown] == [10, 20, 30]


@pytest.mark.neutral
def test_events_for_tensorboard(alone, tmp_path):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="the extra `tensorboard`",
    )
    run(SampleGrid(tensorboard=tmp_path / "logs"), epochs=2)
    (path,) = (tmp_path / "logs").iterdir()
    events = list(loader.EventFileLoader(str(path)).Load())
    pictures = [
        (event.step, value.tag)
        for event in events
        for value in event.summary.value
    ]
    assert pictures == [(0, "samples"), (10, "samples"), (20, "samples")]


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "make, command",
    [
        (tiny_pix2pix, "translate"),
        (tiny_inpainting_gan, "inpaint"),
        (tiny_srgan, "upscale"),
    ],
    ids=["translate", "inpaint", "upscale"],
)
def test_models_that_take_images(make, command):
    model = make()
    assert model.task.command == command
    images = model.task.batch(model, 5)[0]
    first, again = (model.task.draw(model, 3, 0, None, images) for _ in "ab")
    np.testing.assert_array_equal(first, again)
    for labels, inputs, words in (
        ([1], images, "labels are of models that draw samples"),
        (None, None, "inputs must be images"),
        (None, images[0], r"Received: inputs of shape \("),
    ):
        with pytest.raises(ValueError, match=words):
            model.task.draw(model, 3, 0, labels, inputs)


@pytest.mark.neutral
def test_models_that_draw_samples():
    model = tiny_conditional_gan()
    few, rows = (model.task.draw(model, n, 0, None, None) for n in (3, 6))
    assert (few.width, 2 * few.height - 2) == (rows.width, rows.height)
    ones = model.task.draw(model, 4, 0, [1], None)
    assert ones.size != rows.size
    with pytest.raises(ValueError, match="inputs must be None: a Conditio"):
        model.task.draw(model, 4, 0, None, np.zeros((2, 8, 8, 1), "uint8"))


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "must have a path, show=True or tensorboard"),
        ({"path": "a.docx"}, "end in a picture's suffix"),
        ({"path": "a", "every": 0}, "every must be an integer of at least 1"),
        ({"path": "a", "n": 0}, "n must be an integer of at least 1"),
        ({"show": True}, "show must be False outside of a notebook"),
    ],
)
def test_grids_that_cannot_be(arguments, words):
    if "show" in arguments:
        pytest.importorskip("IPython")
    with pytest.raises(ValueError, match=words):
        SampleGrid(**arguments)


@pytest.mark.neutral
def test_what_does_not_suit_is_said_before_the_first_step(tmp_path):
    model = compiled()
    before = weights_of(model)
    grid = SampleGrid(tmp_path, labels=[0])
    with pytest.raises(ValueError, match="labels"):
        fit(model, POINTS, callbacks=[grid])
    assert_equal(weights_of(model), before)


# ---- scores ---------------------------------------------------------------


@pytest.mark.slow
def test_scores_are_in_the_logs_and_change_nothing(plain, tmp_path):
    score = Score(POINTS, "points", ("kid", "prdc"), every=2, n=32)
    model = compiled()
    history = fit(
        model,
        POINTS,
        batch_size=8,
        epochs=3,
        callbacks=[score, keras.callbacks.CSVLogger(tmp_path / "log.csv")],
    )
    assert_equal(weights_of(model), plain)
    names = ["val_kid", "val_precision", "val_recall", "val_density"]
    assert set(names) < set(history)
    before, measured, stands = history["val_kid"]
    assert before != measured == stands
    head, *rows = (tmp_path / "log.csv").read_text().splitlines()
    place = head.split(",").index("val_kid")
    column = [float(row.split(",")[place]) for row in rows]
    np.testing.assert_allclose(column, history["val_kid"], rtol=1e-6)
    assert score.scores["KID"].protocol.n_fake == 32
    # As `evaluate` says it of the same model.
    other = compiled()
    fit(other, POINTS, batch_size=8, epochs=2)
    expected = metrics.evaluate(other, POINTS, "points", ("kid",), 32)
    assert history["val_kid"][1] == float(expected["KID"])


@pytest.mark.slow
@pytest.mark.neutral
def test_keras_stops_by_a_score_and_keeps_the_best(tmp_path):
    numbers = iter([9.0, 5.0, 3.0, 4.0, 6.0, 8.0, 1.0])
    score = Score(metrics=lambda model: {"My score": next(numbers)})
    model = compiled()
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5",
        "val_my_score",
        mode="min",
        save_best_only=True,
        save_weights_only=True,
    )
    stop = keras.callbacks.EarlyStopping("val_my_score", mode="min", patience=2)
    history = fit(model, POINTS, epochs=9, callbacks=[score, best, stop])
    assert history["val_my_score"] == [5.0, 3.0, 4.0, 6.0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["1.weights.h5", "2.weights.h5"]


@pytest.mark.neutral
@pytest.mark.neutral
def test_keras_finds_the_best_of_every_second_epoch(tmp_path):
    """What was not measured is no improvement, and no best one either."""
    numbers = iter([9.0, 5.0, 4.0, 3.0, 3.5, 3.5, 3.5])  # 9 is of before.
    score = Score(metrics=lambda model: {"own": next(numbers)}, every=2)
    saved = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5",
        "val_own",
        mode="min",
        save_best_only=True,
        save_weights_only=True,
    )
    stop = keras.callbacks.EarlyStopping(
        "val_own", mode="min", patience=4, start_from_epoch=2
    )
    history = fit(
        *(compiled(), POINTS),
        batch_size=16,
        epochs=14,
        callbacks=[score, saved, stop],
    )
    assert history["val_own"] == [9, 5, 5, 4, 4, 3, 3, 3.5, 3.5, 3.5]
    assert stop.best == 3
    names = {path.name.partition(".")[0] for path in tmp_path.iterdir()}
    assert names == {"1", "2", "4", "6"}


def test_real_examples_are_read_once(alone, monkeypatch):
    seen = []
    extractor = metrics.Extractor(lambda x: seen.append(len(x)) or x, "counted")
    score = Score(POINTS, extractor, n=32)
    model = compiled()
    score.set_model(model)
    score.on_train_begin()
    for epoch in range(3):
        score.on_epoch_end(epoch, {})
    assert seen == [32] * 5  # Once of the real ones, four of generated ones.


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"real": POINTS}, "real and extractor must be given with metrics"),
        (
            {"real": POINTS, "metrics": lambda model: {}},
            "and only with those",
        ),
        ({"metrics": lambda model: {}, "every": 0}, "every must be an integer"),
    ],
)
def test_scores_that_cannot_be(arguments, words):
    with pytest.raises(ValueError, match=words):
        Score(**arguments)


@pytest.mark.neutral
def test_metrics_by_name_are_of_models_that_draw_samples(alone):
    score = Score(POINTS, "points")
    score.set_model(Untrained(command="translate"))
    with pytest.raises(ValueError, match="must be a function for a Untrained"):
        score.on_train_begin()
