"""What a recipe may say, and what it means for a run."""

from keras_gans import tasks
from keras_gans.checks import check_integer

# What all recipes may have, but for `steps` or `epochs` and optimizers.
KEYS = frozenset({"dataset", "batch_size", "seed", "best_by"})
OPTIMIZER = "_optimizer"  # The end of the key of a player's.


def check_recipe(recipe, task):
    """Raises a `ValueError` for a recipe that cannot be followed.

    Args:
        recipe: Dict with `dataset` (see `datasets.load`), `batch_size`, and
            either `steps` (generator updates) or `epochs` (passes over the
            data). Optional: `seed` (0), `best_by` (one of the task's, which
            knows a default), and for each player, as the generator,
            `generator_optimizer` (see `optimizer`). The rest is the task's.
            Of models that draw samples: `labels` (`True` for conditional
            models). Of these and those that translate images: `extractor`
            (the name of one, for `"kid"` and for `keras-gans evaluate`). Of
            those that translate `pairs` or `unpaired`: a dict of arguments of
            `datasets.load_pairs` (`sides`, `direction`, `augment`) or
            `load_unpaired` (`augment`), and of `splits`, what `"train"` and
            `"test"` stand for; unpaired data may have `dataset_b` as the
            other domain. Of models that make images larger `high_res`, a dict
            of arguments of `datasets.load_high_res` and of `splits`, for an
            `SRResNet` `loss`, and for an `SRGAN` `generator`, the preset
            whose generator training starts from.
        task: The `Task` of the model.

    Returns:
        The recipe with its `seed`.
    """
    length = [key for key in ("steps", "epochs") if key in recipe]
    known = {*KEYS, *length, *task.recipe_keys}
    unknown = {
        key
        for key in recipe
        if key not in known and not key.endswith(OPTIMIZER)
    }
    for other in map(tasks.get, tasks.names()):
        for key in sorted(unknown & other.recipe_keys):
            raise ValueError(
                f"{key} is of recipes for a model that {other.does}, and this "
                f"one {task.does}. Received: {key}={recipe[key]!r}"
            )
    if len(length) != 1 or unknown or {"dataset", "batch_size"} - set(recipe):
        optional = sorted({*known, f"PLAYER{OPTIMIZER}"} - set(length))
        raise ValueError(
            "A recipe must have a dataset, a batch_size, and either steps or "
            f"epochs; it may have {', '.join(optional)}. Received: {recipe}"
        )
    recipe = {"seed": 0, **recipe}
    for key in ("batch_size", *length):
        check_integer(key, recipe[key], minimum=1)
    check_integer("seed", recipe["seed"], minimum=0)
    if "best_by" in recipe and recipe["best_by"] not in task.best_by:
        raise ValueError(
            f"best_by must be one of {', '.join(task.best_by)} for a model "
            f"that {task.does}. Received: best_by={recipe['best_by']!r}"
        )
    task.check(recipe)
    return recipe


def other_decays(recipe, total, discriminator_steps):
    """Sentences about learning rates that end before or after the run.

    A recipe's schedule counts steps; `--epochs` and `--batch-size` change
    their number.

    Args:
        recipe: Dict, see `check_recipe`.
        total: Integer, the steps of the run, updates of the generator.
        discriminator_steps: Integer, the discriminator's in each of them.
    """
    for key, value in recipe.items():
        if not key.endswith(OPTIMIZER):
            continue
        player = key.removesuffix(OPTIMIZER)
        updates = total
        if player == "discriminator":
            updates *= discriminator_steps
        rate = value != "auto" and value.get("config", {}).get("learning_rate")
        # Those that have an end.
        if not isinstance(rate, dict) or rate["class_name"] not in (
            "PolynomialDecay",
            "CosineDecay",
            "LinearDecay",
        ):
            continue
        end = rate["config"].get("decay_steps")
        if end != updates:
            yield (
                f"The {player}'s learning rate decays over {end:,} updates, "
                f"but this run makes {updates:,}: change decay_steps in the "
                "preset's training.json to match."
            )
