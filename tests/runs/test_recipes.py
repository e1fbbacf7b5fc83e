"""Recipes are checked, and say optimizers and nothing else."""

import types

import pytest

from keras_gans import runs, tasks
from keras_gans.runs.recipe import match_schedules

pytestmark = pytest.mark.neutral


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
        ({"high_res": {"sizes": []}}, "high_res of a recipe may have augment"),
        ({"labels": True}, "labels is of .* that draws samples, and this one"),
    ],
)
def test_recipes_of_models_that_enlarge(change, words):
    recipe = {"dataset": "photos", "batch_size": 8, "steps": 10, **change}
    with pytest.raises(ValueError, match=words):
        runs.check_recipe(recipe, tasks.get("upscaling"))
    recipe = {key: recipe[key] for key in ("dataset", "batch_size", "steps")}
    recipe["high_res"] = {"sides": ["small", "large"]}
    assert runs.check_recipe(recipe, tasks.get("upscaling"))["seed"] == 0


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


# ---- the length of a run --------------------------------------------------


def adam(name, **config):
    config = {"initial_learning_rate": 1e-3, **config}
    rate = {"class_name": name, "config": config}
    return {"class_name": "Adam", "config": {"learning_rate": rate}}


def piecewise(boundaries, values):
    config = {"boundaries": boundaries, "values": values}
    rate = {"class_name": "PiecewiseConstantDecay", "config": config}
    return {"class_name": "Adam", "config": {"learning_rate": rate}}


def recipe_of(generator, discriminator="auto", **length):
    return {
        **{"dataset": "photos", "batch_size": 8, **length},
        "generator_optimizer": generator,
        "discriminator_optimizer": discriminator,
    }


def config_of(recipe, player="generator"):
    optimizer = recipe[f"{player}_optimizer"]
    return optimizer["config"]["learning_rate"]["config"]


def count(recipe):
    """800 examples, of other data 80."""
    size = 800 if recipe["dataset"] == "photos" else 80
    passes = size // recipe["batch_size"]
    return recipe.get("steps") or recipe["epochs"] * passes


@pytest.mark.parametrize(
    "schedule, wanted",
    [
        (
            adam("PolynomialDecay", decay_steps=900, end_learning_rate=0.0),
            {"decay_steps": 90},
        ),
        (
            adam("LinearDecay", decay_steps=1000, start=250),
            {"decay_steps": 100, "start": 25},
        ),
        (
            adam("CosineDecay", decay_steps=900, warmup_steps=100),
            {"decay_steps": 90, "warmup_steps": 10},
        ),
        (
            adam("CosineDecayRestarts", first_decay_steps=300),
            {"first_decay_steps": 30},
        ),
        (
            adam("ExponentialDecay", decay_steps=4, decay_rate=0.9),
            {"decay_steps": 1},
        ),
        (
            piecewise([500], [1, 0]),
            {"boundaries": [50]},
        ),
    ],
    ids=lambda value: list(value.values())[0] if "class_name" in value else "",
)
def test_schedules_follow_the_length(schedule, wanted):
    before = recipe_of(schedule, steps=1000)
    recipe = {**before, "steps": 100}
    matched, sentences = match_schedules(recipe, before, count, 5)
    assert config_of(matched) == {**config_of(before), **wanted}
    assert matched["discriminator_optimizer"] == "auto"
    (sentence,) = sentences
    name = next(iter(wanted))
    assert sentence.startswith("The generator's learning rate follows")
    assert f"{name} {wanted[name]} instead of" in sentence
    # And nothing was changed that is the preset's.
    assert config_of(before) == config_of(recipe_of(schedule))
    # A run that is resumed has it already.
    assert match_schedules(matched, matched, count, 5) == (matched, [])


@pytest.mark.parametrize(
    "before, changes, ends",
    [
        # Passes of 100 steps, and of 50 where the batch is of 16.
        ({"epochs": 10}, {"epochs": 5}, [500, 2500]),
        ({"epochs": 10}, {"batch_size": 16}, [500, 2500]),
        ({"epochs": 10}, {"epochs": None, "steps": 40}, [40, 200]),
        ({"steps": 1000}, {"steps": None, "epochs": 2}, [200, 1000]),
        # Of 10 steps: how many the others were is not known.
        ({"epochs": 10}, {"dataset": "others"}, [100, 500]),
        ({"epochs": 10}, {"dataset": "others", "epochs": 2}, [20, 100]),
        # These do not change how many steps there are.
        ({"steps": 1000}, {"dataset": "others"}, [1000, 5000]),
        ({"steps": 1000}, {"batch_size": 16}, [1000, 5000]),
        ({"steps": 1000}, {"seed": 1}, [1000, 5000]),
    ],
)
def test_schedules_end_with_the_run(before, changes, ends):
    before = recipe_of(
        adam("LinearDecay", decay_steps=1000),
        adam("LinearDecay", decay_steps=5000),
        **before,
    )
    recipe = {**before, **changes}
    recipe = {k: v for k, v in recipe.items() if v is not None}
    matched, sentences = match_schedules(recipe, before, count, 5)
    assert [
        config_of(matched, player)["decay_steps"]
        for player in ("generator", "discriminator")
    ] == ends
    assert len(sentences) == (0 if ends == [1000, 5000] else 2)


def test_a_schedule_that_cannot_follow_is_named():
    before = recipe_of(piecewise([5], [1, 0]), epochs=10)
    recipe = {**before, "dataset": "others"}
    matched, (sentence,) = match_schedules(recipe, before, count, 1)
    assert matched == recipe
    assert sentence.startswith("The generator's learning rate stays")


def test_constant_rates_need_no_data():
    plain = {"class_name": "Adam", "config": {"learning_rate": 1e-3}}
    for optimizer in ("auto", plain, {"class_name": "SGD"}):
        before = recipe_of(optimizer, epochs=10)
        recipe = {**before, "epochs": 5}
        assert match_schedules(recipe, before, None, 1) == (recipe, [])


@pytest.mark.parametrize(
    "optimizer",
    [
        {"class_name": "Adam", "config": [1]},
        adam("PolynomialDecay"),
        adam("PolynomialDecay", decay_steps="a"),
        adam("PolynomialDecay", decay_steps=0),
        adam("PolynomialDecay", decay_steps=[10]),
        adam("PolynomialDecay", decay_steps=float("nan")),
        adam("ExponentialDecay", decay_steps=10**400, decay_rate=0.9),
        adam("CosineDecay", decay_steps=10, warmup_steps=-10),
        adam("CosineDecayRestarts", first_decay_steps=0),
        adam("LinearDecay", decay_steps=10, start=-1),
        piecewise(["a"], [1, 0]),
        piecewise([[1]], [1, 0]),
        piecewise([1, 2], [1, 0]),
    ],
)
@pytest.mark.parametrize("change", [{"dataset": "others"}, {"epochs": 1}])
def test_the_schedules_of_strangers(optimizer, change):
    before = recipe_of(optimizer, epochs=10)
    with pytest.raises(ValueError, match="An optimizer of a recipe must"):
        match_schedules({**before, **change}, before, count, 5)


@pytest.mark.parametrize("steps", [0, "a"])
def test_the_length_of_strangers(steps):
    before = recipe_of(adam("LinearDecay", decay_steps=10), steps=steps)
    with pytest.raises(ValueError, match="steps must be an integer"):
        match_schedules({**before, "steps": 1}, before, count, 5)


def test_boundaries_that_fall_together():
    before = recipe_of(piecewise([10, 11, 900], [4, 3, 2, 1]), steps=1000)
    recipe = {**before, "steps": 10}
    matched, (sentence,) = match_schedules(recipe, before, count, 1)
    config = config_of(matched)
    # The second part had an update of 1000.
    assert config == {"boundaries": [1, 9], "values": [4, 2, 1]}
    assert "values [4, 2, 1] instead of [4, 3, 2, 1]" in sentence
    runs.optimizer(matched["generator_optimizer"])


def test_updates_may_be_written_as_floats():
    before = recipe_of(adam("LinearDecay", decay_steps=1000.0), steps=1000)
    matched, _ = match_schedules({**before, "steps": 10}, before, count, 1)
    assert config_of(matched)["decay_steps"] == 10
