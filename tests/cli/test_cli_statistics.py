"""`keras-gans evaluate` with statistics in the place of real examples."""

import json

import numpy as np
import pytest

from keras_gans import cli, metrics

pytestmark = pytest.mark.neutral


def evaluate(preset, out, *arguments):
    command = ["evaluate", preset, "-n", "400", "--quiet", "-o", out]
    assert cli.main([str(a) for a in (*command, *arguments)]) == 0
    report = json.loads(out.read_text())
    return [metrics.Score.from_json(score) for score in report["scores"]]


@pytest.mark.slow
def test_written_and_read(tmp_path, capsys):
    path, out = tmp_path / "ring.npz", tmp_path / "scores.json"
    (wanted,) = evaluate(
        "gan_ring", out, "--metrics", "fid", "--save-statistics", path
    )
    (found,) = evaluate("gan_ring", out, "--statistics", path)
    assert found == wanted and found.protocol.dataset == "ring"
    assert "points v1, 400/400, ring train" in capsys.readouterr().out
    # A published file does not say what its features are.
    with np.load(path) as file:
        np.savez(tmp_path / "other.npz", mu=file["mu"], sigma=file["sigma"])
    arguments = ("--statistics", tmp_path / "other.npz")
    (found,) = evaluate("gan_ring", out, *arguments, "--extractor", "points")
    assert found.value == wanted.value
    assert "points v1, ?/400, other.npz" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--statistics", "OTHER"], "choose an --extractor"),
        (["--statistics", "OTHER", "--data", "grid"], "--data is of real"),
        (["--statistics", "OTHER", "--split", "test"], "--split is of real"),
        (["--statistics", "OTHER", "--metrics", "fid,kid"], "fid and is"),
        (
            ["--statistics", "OTHER", "--save-statistics", "a.npz"],
            "--save-statistics is of real",
        ),
        (["--save-statistics", "a.pkl"], "ends in .npz, not a.pkl"),
    ],
)
def test_refuses(arguments, words, tmp_path, capsys):
    other = tmp_path / "other.npz"
    np.savez(other, mu=np.zeros(2), sigma=np.eye(2))
    arguments = [str(other) if a == "OTHER" else a for a in arguments]
    assert cli.main(["evaluate", "gan_ring", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_are_of_models_that_draw_samples(tmp_path, capsys):
    arguments = ["evaluate", "pix2pix_emoji", "--statistics", "a.npz"]
    assert cli.main(arguments) == 2
    assert "models that draw samples, not of a Pix2Pix" in (
        capsys.readouterr().err
    )
