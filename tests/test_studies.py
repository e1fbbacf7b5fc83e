"""The studies beside the speed benchmark: landscape and mode coverage."""

import argparse
import importlib
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"


neutral = pytest.mark.neutral


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    """Where they are run, the studies find each other beside them."""
    monkeypatch.syspath_prepend(BENCHMARKS)


def load(name):
    return importlib.import_module(name)


# ---- landscape ------------------------------------------------------------


@neutral
def test_distances_by_hand():
    study = load("landscape")
    p = study.mixture(-3, 3)
    assert p.sum() * study.DX == pytest.approx(1)
    assert study.jensen_shannon(p, p) == study.wasserstein(p, p) == 0
    # Where nothing overlaps: log 2, and the way that the mass has to go.
    q = study.mixture(0, 0)
    assert study.jensen_shannon(p, q) == pytest.approx(np.log(2), rel=1e-2)
    q = study.mixture(-1.5, 1.5)
    assert study.wasserstein(p, q) == pytest.approx(1.5, rel=1e-3)
    # Both on one peak: half of the mass of p is missing. JS of (1/2, 1/2)
    # and (1, 0), in nats.
    q = study.mixture(3, 3)
    expected = 0.5 * (
        0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(2) + np.log(1 / 0.75)
    )
    assert study.jensen_shannon(p, q) == pytest.approx(expected, rel=1e-3)
    assert study.wasserstein(p, q) == pytest.approx(3, rel=1e-3)


@neutral
def test_the_divergence_has_collapsed_minima_and_the_distance_has_not():
    study = load("landscape")
    data = {(-3.0, 3.0), (3.0, -3.0)}
    for distance, expected in (
        (study.jensen_shannon, data | {(3.0, 3.0), (-3.0, -3.0)}),
        (study.wasserstein, data),
    ):
        minima = study.local_minima(*study.landscape(distance, points=33))
        assert {(a, b) for a, b, _ in minima} == expected
        for a, b, value in minima:
            assert (value < 1e-6) == ((a, b) in data)


@neutral
@pytest.mark.slow
def test_the_landscapes_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    command = [sys.executable, BENCHMARKS / "landscape.py", "--points", "13"]
    subprocess.run([*command, "--output", tmp_path], check=True)
    assert (tmp_path / "landscape.png").stat().st_size > 10_000
    found = json.loads((tmp_path / "landscape.json").read_text())
    assert [len(v) for v in found.values()] == [4, 2]


# ---- collapse -------------------------------------------------------------


@neutral
@pytest.mark.slow
def test_the_collapse_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    study = load("collapse")
    monkeypatch.setattr(study, "STEPS_PER_EPOCH", 2)
    monkeypatch.setattr(study, "DISCRIMINATOR_STEPS", 2)
    command = ["collapse.py", "--epochs", "1", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    study.main()
    assert (tmp_path / "collapse.png").stat().st_size > 10_000
    report = json.loads((tmp_path / "collapse.json").read_text())
    assert [len(r["history"]) for r in report.values()] == [1, 1, 1]


@neutral
def test_the_failures_that_are_stored_were_reported():
    stored = BENCHMARKS / "results" / "collapse.json"
    minimax, other, wgan_gp = json.loads(stored.read_text()).values()
    assert "won" in minimax["findings"]
    assert set(other["findings"]) == {"collapse"} and other["modes"] == 1
    assert wgan_gp["findings"] == {}
    assert wgan_gp["modes"] == 8


# ---- mode coverage --------------------------------------------------------


LOSSES = (
    "minimax",
    "non-saturating",
    "least squares",
    "hinge",
    "WGAN (clipping)",
    "WGAN-GP",
)


@neutral
@pytest.mark.slow
def test_every_loss_has_the_same_networks_on_a_toy():
    study = load("mode_coverage")
    sizes = set()
    for name in LOSSES:
        model = study.make_model("ring", name, 10, 0)
        sizes.add(
            (model.generator.count_params(), model.discriminator.count_params())
        )
    assert len(sizes) == 1


@neutral
@pytest.mark.slow
def test_a_smoke_run_is_reported_and_not_made_again(tf, tmp_path):
    command = [sys.executable, BENCHMARKS / "mode_coverage.py"]
    unrolled = "unrolled GAN, k = 5"
    command += ["--toys", "ring", "--rows", "minimax", unrolled]
    command += ["--seeds", "1", "--steps", "50"]
    command += ["--samples", "50", "--output", tmp_path, "--jobs", "2"]

    def run():
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True
        )

    first = run()
    assert first.returncode == 0, first.stderr
    for name, key in (("minimax", "minimax"), (unrolled, "unrolled_5")):
        result = json.loads((tmp_path / f"ring_{key}_0.json").read_text())
        assert 0 <= result["modes"] <= 8 and result["steps"] == 50
        assert result["backend"] == "tensorflow"
        assert (tmp_path / f"ring_{key}_0.png").exists()
        assert f"| {name} | 50 | 1 | {result['modes']:.1f} |" in first.stdout
    assert "8 modes, 50 samples" in first.stdout
    times = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert run().stdout == first.stdout
    assert times == {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}


@neutral
def test_what_is_stored_is_of_a_row_and_as_long_as_it_is_to_be():
    study, stored = load("mode_coverage"), BENCHMARKS / "results"
    stored = stored / "mode_coverage"
    options = argparse.Namespace(output=stored, steps=None, samples=None)
    found = [json.loads(path.read_text()) for path in stored.glob("*.json")]
    for result in found:
        cell = result["toy"], result["loss"], result["seed"]
        assert study.is_done(cell, options), cell
    report = study.report(options)
    for name in LOSSES:
        for toy in ("ring", "grid", "stacked_mnist"):
            assert (toy, name, 0) in {
                (r["toy"], r["loss"], r["seed"]) for r in found
            }
        # A row with its number of steps; the pictures' heads have none.
        rows = re.findall(rf"\n\| {re.escape(name)} \| [\d,]+ \|", report)
        assert len(rows) == 3
    readme = (BENCHMARKS / "README.md").read_text()
    assert report in readme


@neutral
def test_rows_have_files_and_toys_of_their_own():
    study = load("mode_coverage")
    assert len({row.key for row in study.ROWS.values()}) == len(study.ROWS)
    for name, row in study.ROWS.items():
        assert set(row.toys) <= set(study.TOYS), name


@neutral
def test_rows_are_mean_and_deviation():
    study = load("mode_coverage")
    runs = [
        {"steps": 100, "modes": m, "high_quality": q, "reverse_kl": 0.0}
        for m, q in ((8, 0.9), (6, 0.8))
    ]
    assert study.line("hinge", runs) == (
        "| hinge | 100 | 2 | 7.0 ± 1.4 | 85.0% ± 7.1% | 0.00 ± 0.00 |"
    )


def test_stacked_mnist_stacks_three_digits():
    study = load("mode_coverage")
    digits = np.arange(12, dtype="uint8")[:, None, None, None]
    digits = np.broadcast_to(digits, (12, 28, 28, 1))
    data = study.load_data("stacked_mnist", 4, 0, source=digits)
    batches = [np.asarray(batch) for _, batch in zip(range(6), data)]
    for batch in batches:
        assert batch.shape == (4, 28, 28, 3) and batch.dtype == "float32"
    channels = np.concatenate(batches)[:, 0, 0].T
    # Two passes over all digits in each channel, in orders of their own.
    for channel in channels:
        for one in (channel[:12], channel[12:]):
            values = np.sort(one) * 127.5 + 127.5
            np.testing.assert_allclose(values, np.arange(12), atol=1e-4)
    assert len({c.tobytes() for c in channels}) == 3


@neutral
@pytest.mark.slow
def test_an_interrupted_run_goes_on(tf, tmp_path, monkeypatch):
    """To the same weights, and it leaves nothing but its result."""
    study, runs = load("mode_coverage"), load("many_runs")
    monkeypatch.setattr(runs, "PART_STEPS", 10)
    path = tmp_path / "run.json"

    def train(stop=None):
        def data(skip):
            if skip == stop:
                raise KeyboardInterrupt
            rng = np.random.default_rng(skip)
            while True:
                yield (rng.normal(size=(16, 2)).astype("float32"),)

        keras.utils.set_random_seed(0)
        model = study.make_model("ring", "non-saturating", 30, 0)
        logs, seconds = runs.train(model, data, 30, path)
        assert np.isfinite(logs["g_loss"]) and seconds > 0
        return [*model.get_weights(), np.array(sorted(logs.values()))]

    import keras

    whole = train()
    with pytest.raises(KeyboardInterrupt):
        train(stop=20)
    assert len(list(tmp_path.iterdir())) == 2
    for a, b in zip(whole, train(stop=10), strict=True):  # Has that behind it.
        np.testing.assert_array_equal(a, b)
    assert not list(tmp_path.iterdir())


@neutral
@pytest.mark.slow
def test_the_unrolled_row_of_metz_learns_from_it():
    study = load("mode_coverage")
    name = "D a quarter of G, k = 1"
    model = study.make_model("stacked_mnist_metz", name, 2, 0)
    # 2, 4 and 8 filters beside 32, 16 and 8.
    kernels = [w.shape[-1] for w in model.discriminator.weights[::2]]
    assert kernels == [2, 4, 8, 1]
    assert model.generator.output_shape == (None, 28, 28, 3)
    digits = np.zeros((32, 28, 28, 1), "uint8")
    data = study.load_data("stacked_mnist_metz", 16, 0, source=digits)
    history = model.fit(data, steps_per_epoch=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert model.generate(2).shape == (2, 28, 28, 3)


# ---- few labels -----------------------------------------------------------


def test_errors_are_of_ten_thousand():
    study = load("semi_supervised")
    runs = [
        {"seed": s, "errors": e, "test_images": 2000, "steps": 1000}
        for s, e in ((1, 40), (0, 20))
    ]
    assert study.row("a network", runs) == (
        "| a network | 2 | 150 ± 70.7 | 100, 200 | 1,000 |"
    )
    assert study.row("a network", []) == "| a network | 0 | | | |"


@pytest.mark.slow
def test_few_labels_are_reported_and_not_trained_on_again(tf, tmp_path):
    from data_files import tfds_dir

    command = [sys.executable, BENCHMARKS / "semi_supervised.py"]
    command += ["--seeds", "1", "--steps", "3", "--output", tmp_path]
    command += ["--data-dir", tfds_dir("mnist"), "--jobs", "2"]
    command += ["--runs", tmp_path / "runs"]

    def run():
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True
        )

    first = run()
    assert first.returncode == 0, first.stderr
    for name in ("improved_gan", "supervised"):
        result = json.loads((tmp_path / f"{name}_0.json").read_text())
        assert result["steps"] == 3 and result["test_images"] == 10_000
        assert 0 < result["errors"] <= 10_000
    assert "| the paper " in first.stdout and "93 ± 6.5" in first.stdout
    trained = tmp_path / "runs/improved_gan_mnist_0"
    about = json.loads((trained / "run.json").read_text())
    assert about["recipe"]["seed"] == 0 and about["steps"] == 3
    files = [*tmp_path.glob("*.json"), *trained.iterdir()]
    times = {p: p.stat().st_mtime_ns for p in files}
    assert run().stdout == first.stdout
    assert times == {p: p.stat().st_mtime_ns for p in files}
    # Of a finished training the errors are counted, and nothing is trained.
    found = json.loads((tmp_path / "improved_gan_0.json").read_text())
    (tmp_path / "improved_gan_0.json").unlink()
    log = (trained / "log.csv").read_text()
    assert run().returncode == 0
    assert (trained / "log.csv").read_text() == log
    again = json.loads((tmp_path / "improved_gan_0.json").read_text())
    assert again["errors"] == found["errors"]
    # And not of another length.
    command[command.index("--steps") + 1] = 4
    (tmp_path / "improved_gan_0.json").unlink()
    assert "holds another run, of (seed, steps, rate) (0, 3," in run().stderr


# ---- holes ----------------------------------------------------------------


@neutral
@pytest.mark.slow
def test_holes_are_filled_in_all_ways(tf, tmp_path):
    command = [sys.executable, BENCHMARKS / "inpainting.py", "--smoke"]
    done = subprocess.run(
        [*map(str, command), "--output", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "inpainting.json").read_text())["rows"]
    ways = {row["way"] for row in rows} - {"biharmonic"}
    assert ways == {"mean of the rest", "search of latents", "untrained"}
    assert len({tuple(row["ratio"]) for row in rows}) == 5
    for row in rows:
        assert row["PSNR"] > 5 and 0 < row["L1"] < 255
    assert "| 40% to 50% | search of latents | " in done.stdout
    assert (tmp_path / "inpainting.png").stat().st_size > 1000


# ---- few images -----------------------------------------------------------


@pytest.mark.slow
@neutral
@pytest.mark.parametrize("method", ["none", "diff_augment", "ada"])
def test_few_images_are_scored_against_others(method, tmp_path):
    from PIL import Image

    study = load("few_images")
    rng = np.random.default_rng(0)
    for split, count in (("train", 70), ("test", 5)):
        folder = tmp_path / "emoji" / split / "color"
        folder.mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 256, (32, 32, 3), "uint8")
            Image.fromarray(pixels).save(folder / f"{i}.png")
    options = argparse.Namespace(
        emoji=tmp_path / "emoji", steps=1, data_dir=None, output=tmp_path
    )
    cell = "emoji", method, 0
    assert not study.is_done(cell, options)
    study.run(*cell, options)
    assert study.is_done(cell, options)
    result = json.loads((tmp_path / f"emoji_{method}_0.json").read_text())
    assert result["images"] == 70 and "5/5, emoji test" in result["protocol"]
    # Noise is nearer to noise than to what an untrained generator draws.
    assert abs(result["floor"]) < result["kid"]
    assert (tmp_path / f"emoji_{method}_0.png").exists()
    model = study.make_model("emoji", method, 0, 1)
    assert (model.augment is None) == (method == "none")


@neutral
def test_few_images_are_reported(tmp_path):
    study = load("few_images")
    for seed, kid in enumerate((0.02, 0.04)):
        result = {"data": "mnist", "method": "ada", "seed": seed, "steps": 9}
        result |= {"kid": kid, "floor": 0.001, "protocol": "p", "seconds": 60}
        path = tmp_path / f"mnist_ada_{seed}.json"
        path.write_text(json.dumps(result))
    text = study.report(argparse.Namespace(output=tmp_path))
    assert (
        "| a tenth of MNIST | ADA | 2 | 0.0300 ± 0.0141 | 0.0200, 0.0400 | p |"
        in text
    )
    assert "| a tenth of MNIST | the real ones | | 0.0010 | | |" in text
    assert "9 steps, 2 minutes" in text
