"""What publishing measures of models that draw samples.

By a judge where there is one for the data, by the modes where they are known,
and by the distance of the values.
"""

import math
import pathlib

import judge
import numpy as np
import pixel_avatars
from data_sets import FLOORS
from PIL import Image

from keras_gans import datasets, metrics, presets
from keras_gans.datasets import toys
from keras_gans.pixels import from_uint8
from keras_gans.tasks.shared import format_score
from keras_gans.tasks.task import Reference

SIDE = 400  # Pixels of a picture's longer side, at least.
# What `keras-gans train` chose the best checkpoint by.
BEST_BY = {
    "kid": "Kernel distance (KID) of the features that the scores are of, "
    "between 2,000 samples and 2,000 training images",
    "swd": "Sliced Wasserstein distance of the examples' values",
    "high_quality": "Share of 2,500 samples of high quality, of checkpoints "
    "that cover the most modes",
}


def metrics_of(recipe):
    """What `zoo.py score` asks `keras-gans evaluate` for."""
    modes = "modes," if toys.find(recipe["dataset"]) else ""
    return f"{modes}fid,kid,prdc"


def facts(folder, entry, recipe, *, ablations=(), test_data=None):
    """What `publish` measures: metadata, and the card's picture."""
    model = presets.load(folder)
    toy = toys.find(recipe["dataset"])
    real = toys.draw(toy, 2500) if toy else None
    picture = model.task.picture(model, Reference(recipe, real), 0)
    # Of images of 32 pixels, each would be a stamp on a page.
    factor = math.ceil(SIDE / max(picture.size))
    size = (factor * picture.width, factor * picture.height)
    picture = picture.resize(size, Image.Resampling.NEAREST)
    drawn = {name: draw(model) for name, draw in entry.get("drawn", {}).items()}
    more = entry["scores"](model) if "scores" in entry else {}
    found = {"scores": {**scores(model, recipe), **more}}
    if ablations:
        found["ablations"] = {
            label: scores(presets.load(pathlib.Path(run) / "last"), recipe)
            for label, run in ablations
        }
    return found, {"samples": picture, **drawn}


def beside(facts):
    """As many training images, where that has been measured."""
    floor = FLOORS.get(facts.get("evaluation", {}).get("protocol"))
    return {"training images": floor} if floor else {}


def scores(model, recipe):
    """A dict of scores, each with its protocol."""
    dataset = recipe["dataset"]
    if toys.find(dataset):
        modes = toys.modes(dataset)
        covered, good = metrics.mode_coverage(
            model.generate(2500, seed=0), *modes
        )
        return {
            f"modes covered of {len(modes[0])} (2,500 samples, seed 0)": (
                covered
            ),
            "share of high quality (2,500 samples, seed 0)": round(good, 4),
        }
    found = {}
    if dataset == judge.DATASET:
        found = judge.judgement(model, recipe.get("labels", False))
    of_avatars = pathlib.PurePath(dataset).name == pixel_avatars.DATASET
    if of_avatars and recipe.get("labels"):
        found = pixel_avatars.judgement(model)
    test = datasets.load(
        dataset, 2000, split="test", shuffle=False, drop_remainder=False
    )
    real = np.asarray(next(iter(test)))
    n = len(real)
    fake = model.generate(n, seed=0)
    if model.example_kind == "image":
        fake = from_uint8(fake)
    found[f"sliced Wasserstein distance ({n:,} samples, {n:,} test images)"] = (
        round(metrics.sliced_wasserstein(real, fake), 4)
    )
    return found


def table(facts):
    """The scores, as Markdown, beside those of the preset's ablations."""
    columns = {"value": facts.get("scores", {}), **facts.get("ablations", {})}
    lines = [
        f"| score | {' | '.join(columns)} |",
        f"| --- |{' --- |' * len(columns)}",
    ]
    for key in columns["value"]:
        cells = [
            format_score(found[key]) if key in found else ""
            for found in columns.values()
        ]
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return "\n".join(lines)
