"""What tools/zoo.py does for presets that make images larger."""

import pathlib

import numpy as np
from PIL import Image

from keras_gans import metrics, pictures, presets, resizing
from keras_gans.models import srgan

# Where distances between features are measured: a layer that no loss uses.
FEATURES = ("cifar10_classifier", "re_lu_2")
BICUBIC, TRUTH, OURS = "bicubic", "truth", "this preset"
# What each row of a card's picture shows: an image of Set5, and the top left
# corner of a part of it, where there is something to see.
PARTS = ((0, (150, 180)), (1, (60, 90)), (2, (60, 60)), (4, (100, 60)))
SIDE = 120


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
    scores, extractor = {}, perceptual()
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


def perceptual():
    """The root mean square of the features' differences, as a distance."""
    network = srgan.content_network(*FEATURES)

    def features(images):
        x = network.predict_on_batch(images.astype("float32") / 127.5 - 1)
        return x.reshape(len(x), -1) / np.sqrt(x[0].size)

    return metrics.Extractor(features, " ".join(FEATURES))


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
        f"is that of features of `{FEATURES[0]}` (`{FEATURES[1]}`; less is "
        "better)."
    )
    return "\n".join(lines)


def facts(folder, recipe, test_data):
    """What `publish` measures: metadata, and the picture of the card."""
    models = {BICUBIC: BICUBIC}
    if "generator" in recipe:
        start = recipe["generator"]
        models[start] = presets.load(folder.parent / start)
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
        "golden": golden(models[OURS]),
    }
    return metadata, picture


def golden(model):
    """Means of what the model makes of four images of noise."""
    images = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3))
    made = [model.upscale(image) for image in images.astype("uint8")]
    return [round(float(image.mean(dtype="float64")), 4) for image in made]
