"""What a preset's `training.json` may say, whoever wrote it."""

import pathlib
import re

from keras_gans.presets import files

# What is a number or else, `runs.check_recipe` says.
_TYPES = {
    **dict.fromkeys(
        ("dataset", "dataset_b", "best_by", "extractor", "generator", "loss"),
        str,
    ),
    **dict.fromkeys(("pairs", "unpaired", "high_res", "semi_supervised"), dict),
    "labels": bool,
    "mirror": bool,
}
# A name of TFDS, or words of a path below this folder. Neither of a community
# (`huggingface:...`), whose code TFDS would run, nor with arguments of TFDS.
_WORDS = re.compile(r"\w[\w.+-]*(/\w[\w.+-]*)*(:\d+\.\d+\.\d+)?/?", re.ASCII)


def check(recipe, folder, given):
    """Raises a `ValueError` for a recipe of wrong types or strange sources.

    Args:
        recipe: Dict, what `training.json` holds.
        folder: The `Folder` of the preset.
        given: Set of keys that the user gives instead.
    """
    source = folder.path / files.TRAINING
    for key, value in recipe.items():
        wanted = _TYPES.get(key)
        if key.endswith("_optimizer") and value != "auto":
            wanted = dict
        if wanted and not isinstance(value, wanted):
            raise ValueError(
                f"{source} must have a {wanted.__name__} as {key}. "
                f"Received: {key}={files.short(value)}"
            )
        splits = value.get("splits", {}) if wanted is dict else {}
        if not isinstance(splits, dict):
            raise ValueError(
                f"{source} must have a dict as splits of {key}. "
                f"Received: splits={files.short(splits)}"
            )
    for key in {"dataset", "dataset_b"} & set(recipe) - set(given):
        if not _is_data(recipe[key], folder):
            option = key.replace("dataset", "data").replace("_", "-")
            raise ValueError(
                f"{source} must name data that this package knows: ring, "
                "grid, a TFDS data set, or a folder. To train on others, "
                f"name them yourself (--{option}). "
                f"Received: {key}={files.short(recipe[key])!r}"
            )
    start = recipe.get("generator")
    if start and "generator" not in given and "://" in start:
        raise ValueError(
            f"{source} must name a built-in preset or a folder as generator. "
            "To start from another one, name it yourself (--generator). "
            f"Received: generator={files.short(start)!r}"
        )


def _is_data(name, folder):
    if _WORDS.fullmatch(name):
        return True
    if not name or "://" in folder.name:
        return False  # Not of this machine, so what is on it is no business.
    try:
        return pathlib.Path(name).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False
