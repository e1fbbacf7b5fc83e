"""What publishing measures of models that make images larger.

On Set5, beside bicubic and the preset that training began with, or others.
"""

import pathlib

import numpy as np
from PIL import Image

from keras_gans import metrics, pictures, presets, resizing
from keras_gans.tasks.upscaling import FEATURES, feature_maps

CLASSIFIER = "cifar10_classifier"
BICUBIC, TRUTH, OURS = "bicubic", "truth", "this preset"
# What each row of a card's picture shows: an image of Set5, and the top left
# corner of a part of it, where networks differ most: wool, leaves, dots.
PARTS = ((0, (0, 87)), (1, (0, 153)), (2, (7, 0)), (4, (0, 3)))
SIDE = 120


# What `keras-gans train` chose the best checkpoint by.
BEST_BY = {
    "psnr": "PSNR (luma) of 32 crops of the training images",
    "content_loss": "Content loss in training",
}


def metrics_of(recipe):
    """Nothing for `zoo.py score`: `facts` measures all."""


def evaluate(models, folder, dataset):
    """Scores of each image of a folder with `HR` and `LR`, and a picture.

    Args:
        models: Dict of label to model; the first is bicubic's.
        folder: `pathlib.Path`; of both folders images of equal names, sorted,
            belong together.
        dataset: String, for the protocol.

    Returns:
        `(scores, protocol, names, picture)`: dict of label to dict of score
        to list of floats, one for each image; string; the images' names; and
        a `PIL.Image.Image`.
    """
    paths = sorted((folder / "HR").iterdir())
    high_res = [read(path) for path in paths]
    low_res = [read(folder / "LR" / path.name) for path in paths]
    scale = len(high_res[0]) // len(low_res[0])
    made = {
        label: [
            resizing.bicubic(low, [scale * side for side in low.shape[:2]])
            if model == BICUBIC
            else model.upscale(low)
            for low in low_res
        ]
        for label, model in models.items()
    }
    scores, extractor = {}, feature_maps(CLASSIFIER)
    for label, images in made.items():
        images = iter(images)
        found, rows = metrics.evaluate_upscaling(
            lambda low, images=images: next(images),
            high_res,
            scale,
            low_res=low_res,
            extractor=extractor,
            dataset=dataset,
            split="test",
        )
        scores[label] = {name: [row[name] for row in rows] for name in rows[0]}
    made[TRUTH] = high_res
    tiles = [
        images[number][top : top + SIDE, left : left + SIDE]
        for number, (top, left) in PARTS
        for images in made.values()
    ]
    picture = pictures.image_grid(np.stack(tiles), len(made), min_size=2 * SIDE)
    names = [path.stem for path in paths]
    return scores, str(found["PSNR"].protocol), names, picture


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def table(facts):
    """The scores of each image and their means, as Markdown."""
    found = facts["upscaling"]
    labels = list(found["scores"])
    lines = [
        f"| {found['protocol']} | {' | '.join(labels)} |",
        f"| --- |{' --: |' * len(labels)}",
    ]

    def add(name, values, digits):
        cells = [f"{value:.{digits}f}" for value in values]
        lines.append(f"| {name} | {' | '.join(cells)} |")

    columns = found["scores"].values()
    for i, image in enumerate(found["images"]):
        add(f"PSNR, {image}", [column["PSNR"][i] for column in columns], 2)
    for name, digits in (
        ("PSNR", 2),
        ("SSIM", 4),
        ("sharpness", 2),
        ("perceptual", 4),
    ):
        means = [np.mean(column[name]) for column in columns]
        add(f"**{name}**", means, digits)
    truth = np.mean(found["scores"][OURS]["sharpness of truth"])
    lines.append(
        f"\nThe sharpness of the truth is {truth:.2f}; the perceptual distance "
        f"is that of features of `{CLASSIFIER}` (`{FEATURES}`; less is "
        "better)."
    )
    return "\n".join(lines)


def beside(facts):
    """Bicubic resizing."""
    found = facts["upscaling"]["scores"][BICUBIC]
    return {
        BICUBIC: {
            name: round(float(np.mean(values)), 4)
            for name, values in found.items()
            if "truth" not in name
        }
    }


def facts(folder, entry, recipe, *, ablations=(), test_data=None):
    """What `publish` measures: metadata, and the card's picture."""
    if test_data is None:
        raise SystemExit("--test-data must name a folder of HR and LR images.")
    models = {BICUBIC: BICUBIC}
    start = [entry["starts_from"]] if "starts_from" in entry else []
    for name in entry.get("beside", start):
        models[name] = presets.load(folder.parent / name)
    models[OURS] = presets.load(folder)
    scores, protocol, names, picture = evaluate(
        models, pathlib.Path(test_data), "set5"
    )
    ours = scores[OURS]
    metadata = {
        "scores": {
            f"{name} ({protocol})": round(float(np.mean(ours[name])), 4)
            for name in ("PSNR", "SSIM", "sharpness", "perceptual")
        },
        "upscaling": {"protocol": protocol, "images": names, "scores": scores},
    }
    return metadata, {"samples": picture}
