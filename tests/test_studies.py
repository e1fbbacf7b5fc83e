"""The studies beside the speed benchmark: landscape and mode coverage."""

import importlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"


pytestmark = pytest.mark.neutral


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    """Where they are run, the studies find each other beside them."""
    monkeypatch.syspath_prepend(BENCHMARKS)


def load(name):
    return importlib.import_module(name)


# ---- landscape ------------------------------------------------------------


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


@pytest.mark.slow
def test_the_landscapes_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    command = [sys.executable, BENCHMARKS / "landscape.py", "--points", "13"]
    subprocess.run([*command, "--output", tmp_path], check=True)
    assert (tmp_path / "landscape.png").stat().st_size > 10_000
    found = json.loads((tmp_path / "landscape.json").read_text())
    assert [len(v) for v in found.values()] == [4, 2]


# ---- collapse -------------------------------------------------------------


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


def test_the_failures_that_are_stored_were_reported():
    stored = BENCHMARKS / "results" / "collapse.json"
    minimax, other, wgan_gp = json.loads(stored.read_text()).values()
    assert "won" in minimax["findings"]
    assert set(other["findings"]) == {"collapse"} and other["modes"] == 1
    assert wgan_gp["findings"] == {}
    assert wgan_gp["modes"] == 8


# ---- mode coverage --------------------------------------------------------


@pytest.mark.slow
def test_every_loss_has_the_same_networks_on_a_toy():
    study = load("mode_coverage")
    sizes = set()
    for family in study.LOSSES.values():
        model = study.make_model("ring", family, 10, 0)
        sizes.add(
            (model.generator.count_params(), model.discriminator.count_params())
        )
    assert len(sizes) == 1


@pytest.mark.slow
def test_a_smoke_run_is_reported_and_not_made_again(tf, tmp_path):
    command = [sys.executable, BENCHMARKS / "mode_coverage.py"]
    command += ["--toys", "ring", "--losses", "minimax", "WGAN-GP"]
    command += ["--seeds", "1", "--steps", "50"]
    command += ["--samples", "50", "--output", tmp_path, "--jobs", "2"]

    def run():
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True
        )

    first = run()
    assert first.returncode == 0, first.stderr
    for loss, family in (("minimax", "minimax"), ("WGAN-GP", "wgan_gp")):
        result = json.loads((tmp_path / f"ring_{family}_0.json").read_text())
        assert 0 <= result["modes"] <= 8 and result["steps"] == 50
        assert (tmp_path / f"ring_{family}_0.png").exists()
        assert f"| {loss} | 1 | {result['modes']:.1f} |" in first.stdout
    assert "50 generator steps, 50 samples" in first.stdout
    times = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert run().stdout == first.stdout
    assert times == {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}


def test_rows_are_mean_and_deviation():
    study = load("mode_coverage")
    runs = [
        {"modes": m, "high_quality": q, "reverse_kl": 0.0}
        for m, q in ((8, 0.9), (6, 0.8))
    ]
    assert study.row("hinge", runs) == (
        "| hinge | 2 | 7.0 ± 1.4 | 85.0% ± 7.1% | 0.00 ± 0.00 |"
    )


def test_stacked_mnist_stacks_three_digits(tf):
    from data_files import tfds_dir

    study = load("mode_coverage")
    data = study.load_data("stacked_mnist", 4, 0, tfds_dir("mnist"))
    batch = next(iter(data))
    assert batch.shape == (4, 28, 28, 3)
    red, green, blue = np.moveaxis(batch.numpy(), -1, 0)
    assert (red != green).any() and (green != blue).any()
