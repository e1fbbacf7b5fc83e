"""What publishing measures of models that fill holes in images.

On test images, with masks as in training and with larger and smaller holes,
beside the mean of what is known.
"""

import itertools
import pathlib

import numpy as np

from keras_gans import metrics, presets
from keras_gans.models.masks import random_masks
from keras_gans.pixels import to_uint8
from keras_gans.tasks.inpainting import HEADLINE, draw_fillings
from keras_gans.tasks.shared import first_split

# What `keras-gans train` chose the best checkpoint by.
BEST_BY = {
    "l1": "Mean absolute difference in the holes of 500 images of the training "
    "set, of 255 grey levels",
    "kid": "Kernel distance (KID) of the features of the preset's extractor "
    "between 500 filled images and the same ones, whole",
}
OURS = "this preset"
MEAN = "mean of what is known"
# Shares of an image that are hole.
RATIOS = ((0.05, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5))
IMAGES = 500
ROWS = 8


def metrics_of(recipe):
    """Nothing for `zoo.py score`: `facts` measures all."""


def evaluate(models, recipe, dataset):
    """Scores of the test images by the share of the hole, and a picture.

    Args:
        models: Dict of label to model, the first of which is the preset's.
        recipe: Its recipe, with the data to score on.
        dataset: String, what the protocol calls those.

    Returns:
        `(scores, protocol, picture)`: dict of label to dict of row to float,
        string, and a `PIL.Image.Image`.
    """
    model = models[OURS]
    data, split = first_split(
        None,
        lambda split: model.task.load(
            model, recipe, split, augment=False, seed=1, drop_remainder=False
        ),
    )
    images = [to_uint8(batch) for batch in itertools.islice(data, IMAGES)]
    images = np.concatenate(images)[:IMAGES]
    ways = {MEAN: "mean", **models}
    scores, protocol = {label: {} for label in ways}, None
    for seed, ratio in enumerate((model.hole_ratio, *RATIOS)):
        masks = random_masks(len(images), images.shape[1:3], ratio, seed)
        where = f"{ratio[0]:.0%} to {ratio[1]:.0%}"
        for label, way in ways.items():
            found = metrics.evaluate_inpainting(
                way,
                images,
                masks,
                recipe.get("extractor"),
                dataset=dataset,
                split=split,
            )
            protocol = protocol or str(found["PSNR"].protocol)
            for name in HEADLINE:
                if name in found:
                    row = f"{name}, holes of {where}" if seed else name
                    scores[label][row] = float(found[name].value)
    masks = random_masks(2 * ROWS, images.shape[1:3], model.hole_ratio, 1)
    return scores, protocol, draw_fillings(model, images[: 2 * ROWS], masks)


def table(facts):
    """The scores of the preset and of others, as Markdown."""
    found = facts["inpainting"]
    scores = found["scores"]
    lines = [
        f"| {found['protocol']} | {' | '.join(scores)} |",
        f"| --- |{' --: |' * len(scores)}",
    ]
    for row in scores[OURS]:
        cells = [f"{column[row]:.4g}" for column in scores.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def beside(facts):
    """The mean of what is known around the hole in the place of a model."""
    found = facts["inpainting"]["scores"][MEAN]
    return {MEAN: {name: found[name] for name in HEADLINE if name in found}}


def facts(folder, entry, recipe, *, ablations=(), test_data=None):
    """What `publish` measures: metadata, and the card's picture."""
    models = {OURS: presets.load(folder)}
    for label, run in ablations:
        models[label] = presets.load(pathlib.Path(run) / "last")
    if test_data is not None:
        recipe = {**recipe, "dataset": str(test_data)}
    scores, protocol, picture = evaluate(models, recipe, entry["scored_on"])
    ours = scores[OURS]
    metadata = {
        "scores": {
            f"{name} ({protocol})": round(ours[name], 4)
            for name in HEADLINE
            if name in ours
        },
        "inpainting": {"protocol": protocol, "scores": scores},
    }
    return metadata, {"samples": picture}
