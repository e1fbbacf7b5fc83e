"""What publishing measures of models that turn images into images.

Beside what the same budget gives without a part of the loss, and how far
images of the training set are from those of the test set.
"""

import pathlib

import numpy as np

from keras_gans import metrics, pictures, presets
from keras_gans.pixels import to_uint8

# What `keras-gans train` chose the best checkpoint by.
BEST_BY = {
    "kid": "Kernel distance (KID) of the features of the preset's extractor "
    "between 500 translations and as many images of the training set",
    "swd": "Sliced Wasserstein distance of the pixels' values",
}
OURS = "this preset"
ROWS = 8  # of each half of a picture


def metrics_of(recipe):
    """Nothing for `zoo.py score`: `facts` measures all."""


def evaluate(models, recipe, dataset):
    """Scores of the test images, and pictures of some of them.

    Args:
        models: Dict of label to model, the first of which is the preset's.
        recipe: Its recipe, with the data to score on.
        dataset: String, what the protocol calls those.

    Returns:
        `(scores, protocol, pictures)`: dict of label to dict of row to
        `[value, std]`, string, dict of name to `PIL.Image.Image`.
    """
    model = models[OURS]

    def load(split, **kwargs):
        return model.task.load(
            model, recipe, split, augment=False, drop_remainder=False, **kwargs
        )

    scores, protocols = {}, []
    for label, each in models.items():
        scores[label] = {}
        for direction in each.directions:
            found = metrics.evaluate_translation(
                each,
                load("test", shuffle=False),
                recipe["extractor"],
                paired="pairs" in recipe,
                direction=direction,
                dataset=dataset,
                split="test",
            )
            protocols.append(str(found["FID"].protocol))
            way = f"{direction} " if len(each.directions) > 1 else ""
            for score in found.values():
                scores[label][way + score.name] = [score.value, score.std]
    protocol = protocols[0]

    some = load("test", seed=1).unbatch().batch(2 * ROWS)
    inputs, targets = (to_uint8(x) for x in next(iter(some)))
    if "pairs" in recipe:
        made = [m.translate(inputs, seed=0) for m in models.values()]
        shown = {"samples": [inputs, made[0], targets]}
        if len(made) > 1:
            shown["ablations"] = [inputs, targets, *made]
        # Two images in a row.
        return (
            scores,
            protocol,
            {name: _rows(columns, 2) for name, columns in shown.items()},
        )
    # The left half shows the way from a to b and back, the right half that
    # from b.
    halves = []
    for images, there, back in (
        (inputs[:ROWS], "ab", "ba"),
        (targets[:ROWS], "ba", "ab"),
    ):
        halves.append(images)
        for each in models.values():
            halves.append(each.translate(images, there))
            halves.append(each.translate(halves[-1], back))
    return scores, protocol, {"samples": _rows(halves)}


def _rows(columns, in_a_row=1):
    """A picture with an array of images in each column."""
    tiles = np.stack(columns, axis=1)
    tiles = tiles.reshape(-1, *tiles.shape[2:])
    return pictures.image_grid(tiles, in_a_row * len(columns))


def distance_of_the_data(recipe, model):
    """FID and KID of as many training images as there are test images."""
    sides = {}
    for split in ("test", "train"):
        data = model.task.load(
            model, recipe, split, augment=False, drop_remainder=False
        )
        batches = [np.asarray(batch[1]) for batch in data]
        sides[split] = metrics.translation.distinct(np.concatenate(batches))
    n = len(sides["test"])
    extractor = metrics.get_extractor(recipe["extractor"])
    real, other = (extractor(to_uint8(x[:n])) for x in sides.values())
    fid = metrics.frechet_distance(real, other)
    return fid, metrics.kernel_distance(real, other, subset_size=n)[0]


def table(facts):
    """The scores of the preset and of its ablations, as Markdown."""
    scores = facts["translation"]["scores"]
    rows = list(scores[OURS])
    head = f"| {facts['translation']['protocol']} | {' | '.join(scores)} |"
    lines = [head, f"| --- |{' --: |' * len(scores)}"]
    for row in rows:
        cells = []
        for found in scores.values():
            value, std = found[row]
            # Of few images all subsets are the same one.
            spread = f" ± {std:.2g}" if std and std > 1e-9 else ""
            cells.append(f"{value:.4g}{spread}")
        lines.append(f"| {row} | {' | '.join(cells)} |")
    if any(row.startswith("ba ") for row in rows):
        lines.append("\nOf ba the two numbers change places.")
    floor = facts["translation"]["training_images"]
    lines.append(
        "\nBy the same measure as many training images have a FID of "
        f"{floor['FID']:.4g} and a KID of {floor['KID']:.4g}."
    )
    return "\n".join(lines)


def beside(facts):
    """Training images of the target, in the place of translations."""
    floor = facts["translation"]["training_images"]
    ways = {row.split()[0] for row in facts["translation"]["scores"][OURS]}
    if "ba" not in ways:
        return {"training images": floor}
    return {"training images": {f"ab {k}": v for k, v in floor.items()}}


def facts(folder, entry, recipe, *, ablations=(), test_data=None):
    """What `publish` measures: metadata, and the card's pictures."""
    models = {OURS: presets.load(folder)}
    for label, run in ablations:
        models[label] = presets.load(pathlib.Path(run) / "last")
    scores, protocol, shown = evaluate(models, recipe, entry["scored_on"])
    fid, kid = distance_of_the_data(recipe, models[OURS])
    metadata = {
        "scores": {
            f"{row} ({protocol})": round(value, 4)
            for row, (value, _) in scores[OURS].items()
        },
        "translation": {
            "protocol": protocol,
            "scores": scores,
            "training_images": {"FID": fid, "KID": kid},
        },
    }
    return metadata, shown
