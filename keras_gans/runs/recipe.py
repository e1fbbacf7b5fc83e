"""What a recipe may say, and what it means for a run."""

from keras_gans import tasks
from keras_gans.checks import check_integer
from keras_gans.tasks import shared

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
            models), or `semi_supervised`, a dict of arguments of
            `datasets.load_semi_supervised`. Of these and those that translate
            images: `mirror` (`True` shows half of the images in training
            mirrored), `extractor` (the name of one, for `"kid"` and for
            `keras-gans evaluate`). Of those that translate `pairs` or
            `unpaired`: a dict of arguments of `datasets.load_pairs` (`sides`,
            `direction`, `augment`) or `load_unpaired` (`augment`), and of
            `splits`, what `"train"` and `"test"` stand for; unpaired data may
            have `dataset_b` as the other domain. Of models that make images
            larger `high_res`, a dict of arguments of `datasets.load_high_res`
            and of `splits`, for an `SRResNet` `loss`, and for an `SRGAN`
            `generator`, the preset whose generator training starts from. Of
            models that fill holes `extractor`, and `crops`, a dict of
            arguments of `datasets.load_crops` (`augment`) and of `splits`, if
            they are to learn from parts of images.
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


# ---- the length of a run --------------------------------------------------

# Those that end.
ENDING = ("PolynomialDecay", "CosineDecay", "LinearDecay")


def count_steps(recipe, load):
    """The steps of a run, updates of the generator.

    Args:
        recipe: Dict, see `check_recipe`.
        load: Function of a split, which returns its batches.
    """
    if "steps" in recipe:
        return recipe["steps"]
    return recipe["epochs"] * int(load("train").cardinality())


def match_schedules(recipe, before, count, discriminator_steps):
    """A recipe whose learning rates change when they did, in shares of a run.

    Where the length of the recipe's own run is not known, as it was of passes
    over other data, schedules that end do so with the run.

    Args:
        recipe: Dict, see `check_recipe`, of a length that was changed.
        before: Dict, the same as it was.
        count: Function of a recipe, the steps of its run.
        discriminator_steps: Integer, the discriminator's updates in each.

    Returns:
        `(recipe, sentences)`: a copy, and what there is to say about it.

    Raises:
        ValueError: If an optimizer is none that a recipe may have.
    """
    for key, value in recipe.items():
        if key.endswith(OPTIMIZER):
            shared.optimizer(value)  # It may be a stranger's.
    rates = {
        key: value["config"]["learning_rate"]
        for key, value in recipe.items()
        if key.endswith(OPTIMIZER)
        and isinstance(value, dict)
        and isinstance(value.get("config", {}).get("learning_rate"), dict)
    }
    same = {
        key
        for key in ("steps", "epochs", "batch_size", "dataset", "dataset_b")
        if recipe.get(key) == before.get(key)
    }
    of_steps = "steps" in recipe and "steps" in same
    if not rates or of_steps or len(same) == 5:
        return recipe, []
    for key in ("steps", "epochs", "batch_size"):  # They may be replaced.
        check_integer(key, before.get(key, 1), minimum=1)
    old, new = None, count(recipe)
    if "steps" in before or (
        {"epochs", "batch_size"} <= set(before)
        and same >= {"dataset", "dataset_b"}
    ):
        old = count(before)
    recipe, sentences = dict(recipe), []
    for key, rate in rates.items():
        player = key.removesuffix(OPTIMIZER)
        config = rate.get("config", {})
        if old is not None:
            share = new / old
        elif rate.get("class_name") in ENDING:
            updates = new * (
                discriminator_steps if player == "discriminator" else 1
            )
            share = updates / (
                config["decay_steps"] + config.get("warmup_steps", 0)
            )
        else:
            sentences.append(
                f"The {player}'s learning rate stays as it is in the recipe, "
                "whose data may have been of another number."
            )
            continue
        changed = _stretch(config, share)
        if changed == config:
            continue
        recipe[key] = {
            **recipe[key],
            "config": {
                **recipe[key]["config"],
                "learning_rate": {**rate, "config": changed},
            },
        }
        words = ", ".join(
            f"{name} {changed[name]} instead of {config[name]}"
            if isinstance(config[name], list)
            else f"{name} {changed[name]:,} instead of {config[name]:,}"
            for name in config
            if changed[name] != config[name]
        )
        sentences.append(
            f"The {player}'s learning rate follows the run's length: {words}."
        )
    return recipe, sentences


def _stretch(config, share):
    """A schedule's config for a run that is longer or shorter."""
    changed = dict(config)
    for name in shared.UPDATES:
        if isinstance(config.get(name), (int, float)):
            changed[name] = round(config[name] * share)
    for name in ("decay_steps", "first_decay_steps"):
        if name in changed:
            changed[name] = max(1, changed[name])
    if "start" in changed:  # `LinearDecay`'s.
        changed["start"] = min(changed["start"], changed["decay_steps"] - 1)
    if shared.BOUNDARIES in config:
        *values, last = config["values"]
        parts = {}  # Of those that end with the same update the first is.
        for end, value in zip(config[shared.BOUNDARIES], values, strict=True):
            parts.setdefault(max(1, round(end * share)), value)
        changed[shared.BOUNDARIES] = list(parts)
        changed["values"] = [*parts.values(), last]
    return changed
