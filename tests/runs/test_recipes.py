"""Recipes are checked, and say optimizers and nothing else."""

import types

import pytest

from keras_gans import runs, tasks
from keras_gans.runs.recipe import other_decays


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
        ({"best_by": "psnr"}, "best_by must be .* that draws samples"),
        ({"extractor": "vgg"}, "extractor must be one of mnist_classifier"),
        # What belongs to another kind of model is refused with a sentence.
        ({"pairs": {}}, "pairs is of .* that translates images, and this one"),
        ({"dataset_b": "x"}, "dataset_b is of .* that translates images"),
        ({"loss": "mse"}, "loss is of recipes .* that makes images larger"),
    ],
)
def test_recipes_are_checked(change, words):
    recipe = {"dataset": "ring", "batch_size": 8, "steps": 10}
    task = tasks.get("sampling")
    assert runs.check_recipe(recipe, task)["seed"] == 0
    with pytest.raises(ValueError, match=words):
        runs.check_recipe({**recipe, **change}, task)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"loss": "mse"}, "loss must be one of mean_squared_error, mean_abs"),
        ({"high_res": {"sides": []}}, "high_res of a recipe may have augment"),
        ({"labels": True}, "labels is of .* that draws samples, and this one"),
    ],
)
def test_recipes_of_models_that_enlarge(change, words):
    recipe = {"dataset": "photos", "batch_size": 8, "steps": 10, **change}
    with pytest.raises(ValueError, match=words):
        runs.check_recipe(recipe, tasks.get("upscaling"))


def test_each_player_has_an_optimizer():
    adam = {"class_name": "Adam", "config": {"learning_rate": 0.5}}
    recipe = {"dataset": "ring", "batch_size": 8, "steps": 10}
    recipe["encoder_optimizer"] = adam
    task = tasks.get("sampling")
    assert runs.check_recipe(recipe, task) == {"seed": 0, **recipe}
    model = types.SimpleNamespace(players={"generator": (), "encoder": ()})
    arguments = task.compile_arguments(model, recipe)
    assert list(arguments) == ["generator_optimizer", "encoder_optimizer"]
    assert arguments["generator_optimizer"] == "auto"
    assert arguments["encoder_optimizer"].get_config()["learning_rate"] == 0.5
    model.players = {"generator": (), "discriminator": ()}
    with pytest.raises(ValueError, match="Received: encoder_optimizer"):
        task.compile_arguments(model, recipe)


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
    assert list(other_decays(recipe, 100, 5)) == []
    lines = list(other_decays(recipe, 100, 4))
    assert len(lines) == 1
    assert "discriminator's" in lines[0] and "500" in lines[0]
    lines = list(other_decays(recipe, 200, 5))
    assert len(lines) == 2 and "makes 200:" in lines[0]
    plain = {"class_name": "Adam", "config": {"learning_rate": 1e-3}}
    for other in ("auto", plain, {"class_name": "SGD", "config": {}}):
        assert not list(other_decays({"generator_optimizer": other}, 9, 1))
