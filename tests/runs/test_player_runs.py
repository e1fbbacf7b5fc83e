"""A run of a model of three players, with networks in lists and dicts."""

import csv

import keras
import numpy as np
import pytest
from cases import weights_of
from three_players import ThreePlayers, three_players

from keras_gans import presets, runs

# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral

ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.01, "beta_1": 0.5}}


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(tmp_path, monkeypatch, keep_killed):
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)
    points = np.random.default_rng(0).normal(size=(24, 2)).astype("float32")
    np.savez(tmp_path / "points.npz", x=points)
    recipe = {
        "dataset": str(tmp_path / "points.npz"),
        "batch_size": 8,
        "steps": 9,
        "encoder_optimizer": ADAM,
    }

    def build():
        keras.utils.set_random_seed(0)
        model = three_players(ema_momentum=0.9, seed=0)
        model.compile(**model.task.compile_arguments(model, recipe))
        assert model.encoder_optimizer.get_config()["learning_rate"] == (
            pytest.approx(0.01)
        )
        return model

    keep_killed(tmp_path / "parts")
    whole = build()
    row = runs.train(whole, recipe, tmp_path / "whole", verbose=0)
    assert row["step"] == 9 and row["e_loss"] > 0
    model = build()
    runs.train(model, recipe, tmp_path / "parts", resume=True, verbose=0)
    for a, b in zip(weights_of(model), weights_of(whole), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    for name, optimizer in whole.optimizers.items():
        for a, b in zip(
            model.optimizers[name].variables, optimizer.variables, strict=True
        ):
            np.testing.assert_allclose(
                *map(keras.ops.convert_to_numpy, (a, b)), atol=1e-6
            )
    with (tmp_path / "parts" / "log.csv").open() as file:
        steps = [row["step"] for row in csv.DictReader(file)]
    assert steps == ["3", "6", "9"]
    last = presets.load(tmp_path / "parts" / "last", cls=ThreePlayers)
    np.testing.assert_array_equal(
        last.generate(4, seed=1), model.generate(4, seed=1)
    )
