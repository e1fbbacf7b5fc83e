"""One bar over a whole run, and lines where there is no terminal."""

import pytest

from keras_gans.runs import progress
from keras_gans.runs.progress import BAR, LINES, SILENT, Progress

pytestmark = pytest.mark.neutral


@pytest.fixture
def clock(monkeypatch):
    """A clock that a step moves on by a tenth of a second."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "80")
    return now


def train(shown, clock, steps, epochs=1, start=0):
    shown.start(start)
    for epoch in range(epochs):
        shown.on_epoch_begin(epoch)
        for batch in range(steps):
            clock[0] += 10 if not (epoch or batch) else 0.1  # It compiles.
            shown.on_train_batch_end(batch, {"d_loss": 0.5, "g_loss": 2.0})
        shown.on_epoch_end(epoch, {"d_loss": 0.5, "g_loss": 2.0})
        clock[0] += 20  # Scores are taken.
        row = {"step": shown.done, "seconds": 1.0, "d_loss": 0.5, "swd": 0.25}
        shown.evaluated(row, is_best=epoch == 0)
    shown.close()


def screen(text):
    """What a terminal shows of it."""
    lines = []
    for line in text.split("\n"):
        cells = {}
        for part in line.split("\r"):
            cells.update(enumerate(part))
        lines.append("".join(cells.values()).rstrip())
    return lines


def test_a_bar_over_all_epochs(clock, capsys):
    shown = Progress(600, 8, "images", BAR)
    train(shown, clock, steps=200, epochs=3)
    text = capsys.readouterr().out
    bars = [line for line in text.split("\r") if "/600 [" in line]
    assert all(len(line) < 80 for line in bars)
    assert "Epoch" not in text
    # Eighty examples in a second; what is left of the run goes by what has
    # been, with the time of scores and without the first step's.
    assert "200/600 [====>       ]  80 images/s  ETA 0:40" in text
    assert "400/600 [========>   ]  80 images/s  ETA 0:30" in text
    assert bars[-1].startswith("600/600 [============]  80 images/s  ETA 0:00")
    assert "d_loss 0.5  g_loss 2" in bars[-1]
    # Drawn now and then, and never left behind.
    assert len(bars) < 150
    assert screen(text) == [
        "600 steps take about 60 seconds (10 a second), and scores and "
        "pictures their own time",
        "step 200 of 600: d_loss 0.5, swd 0.25 (best so far)",
        "step 400 of 600: d_loss 0.5, swd 0.25",
        "step 600 of 600: d_loss 0.5, swd 0.25",
        "",
    ]


def test_a_run_that_goes_on_begins_where_it_is(clock, capsys):
    shown = Progress(900, 8, "images", BAR)
    train(shown, clock, steps=150, start=600)
    text = capsys.readouterr().out
    assert "\r601/900 [========>   ]" in text
    assert "300 steps more take about 30 seconds" in text
    assert "shorter" not in text


def test_a_long_run_says_what_makes_it_shorter(clock, capsys):
    train(Progress(40_000, 8, "images", BAR), clock, steps=150)
    text = capsys.readouterr().out
    assert "take about 67 minutes" in text and "--set filters=32" in text


def test_lines_without_a_terminal(clock, capsys):
    shown = Progress(1000, 8, "points", LINES)
    train(shown, clock, steps=500, epochs=2)
    text = capsys.readouterr().out
    assert "\r" not in text
    lines = text.splitlines()
    assert lines[0].startswith("1,000 steps take about")
    # Every half minute, and for every evaluation.
    assert lines[1] == (
        "step 302/1,000: 80 points/s, ETA 1:10, d_loss 0.5, g_loss 2"
    )
    assert lines[2] == (
        "step 500 of 1,000: d_loss 0.5, swd 0.25, 80 points/s, ETA 0:50 "
        "(best so far)"
    )
    assert len(lines) == 5


def test_silence(clock, capsys):
    shown = Progress(400, 8, "points", SILENT)
    train(shown, clock, steps=200, epochs=2)
    assert capsys.readouterr().out == ""
    assert shown.done == 400


def test_a_line_has_room_beside_the_bar(clock, capsys):
    said = []
    shown = Progress(400, 8, "points", BAR, said.append)
    train(shown, clock, steps=90)
    capsys.readouterr()
    shown.on_epoch_begin(1)
    clock[0] += 1
    shown.on_train_batch_end(0, {})
    shown.say("\nTraining health, step 90: a sentence.")
    text = capsys.readouterr().out
    assert said[-1] == "Training health, step 90: a sentence."
    assert screen(text) == [""]  # The bar has made room.


def test_a_narrow_terminal(clock, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    train(Progress(400, 8, "points", BAR, lambda line: None), clock, steps=90)
    assert max(map(len, capsys.readouterr().out.split("\r"))) <= 29


def test_steps_that_come_late_and_in_threads(clock):
    shown = Progress(400, 8, "points", BAR, lambda line: None)
    shown.start(0)
    shown.on_epoch_begin(0)
    for batch in (3, 0, 2, 5, 4):
        shown.on_train_batch_end(batch, {})
    assert shown.done == 6
    # Keras waits for no step only where all callbacks may be in threads.
    assert shown.async_safe


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59.6, "60 seconds"),
        (150, "2.5 minutes"),
        (1200, "20 minutes"),
        (3600 * 5.25, "5.2 hours"),
        (86400 * 30, "30 days"),
    ],
)
def test_durations(seconds, words):
    assert progress.duration(seconds) == words
