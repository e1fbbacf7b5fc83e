"""Draws the picture of the cards of Real-ESRGAN's presets.

    python tools/draw_upscaled.py real_esrgan_x4plus --set5 set5_x4/HR \
        --drawings noto_emoji/images

Parts of three photographs of Set5, shrunk; of three that JPEG has damaged as
well, and of a drawing; and of three more drawings. Of each bicubic resizing,
what `keras-gans upscale` takes without the package (at its scale), the preset,
and the truth. Then `python tools/zoo.py recipes` writes the cards. With
`--before-and-after FILE` it draws what README shows.
"""

import argparse
import io
import pathlib

import numpy as np
import publishing
from measuring.upscaling import SIDE, read
from PIL import Image

from keras_gans import names, pictures, presets, resizing

# Of Set5: an image by its place, and the top left corner of what is shown.
PHOTOGRAPHS = ((1, (60, 100)), (4, (20, 60)), (3, (110, 140)))
DAMAGED = ((0, (120, 130)), (2, (60, 60)), (4, (10, 10)))
QUALITY = 30
DRAWINGS = (
    ("emoji_u1f680.png", QUALITY),
    ("emoji_u1f431.png", None),
    ("emoji_u1f3e0.png", None),
    ("emoji_u1f98b.png", None),
)
# README's: an image of Set5, what JPEG does to it, and the corner.
SHOWN = ((2, QUALITY, (40, 40)), (1, None, (16, 88)))
SHOWN_SIDE = 200


def examples(photographs, drawings, scale):
    """Pairs of a low-resolution image and its truth, with a corner.

    Args:
        photographs: `pathlib.Path` of Set5's images.
        drawings: `pathlib.Path` of a folder with `DRAWINGS`.
        scale: Integer.
    """
    files = sorted(photographs.iterdir())
    for places, quality in ((PHOTOGRAPHS, None), (DAMAGED, QUALITY)):
        for number, corner in places:
            yield *pair(read(files[number]), scale, quality), corner
    for name, quality in DRAWINGS:
        yield *pair(read(drawings / name), scale, quality), (4, 4)


def pair(truth, scale, quality=None):
    """`(low_res, truth)`: shrunk, and perhaps damaged by JPEG."""
    height, width = (side // scale * scale for side in truth.shape[:2])
    truth = truth[:height, :width]
    size = (width // scale, height // scale)
    low = Image.fromarray(truth).resize(size, Image.Resampling.BICUBIC)
    if quality is not None:
        file = io.BytesIO()
        low.save(file, "jpeg", quality=quality)
        low = Image.open(file)
    return np.asarray(low.convert("RGB")), truth


def draw(name, photographs, drawings):
    """The picture, a row each."""
    model = presets.load(name)
    columns = [None, model]
    if model.scale == 4:
        columns.insert(1, presets.load(names.UPSCALER))
    tiles = []
    for low, truth, (top, left) in examples(photographs, drawings, model.scale):
        made = [
            resizing.bicubic(low, truth.shape[:2])
            if column is None
            else column.upscale(low)
            for column in columns
        ]
        tiles += [
            image[top : top + SIDE, left : left + SIDE]
            for image in (*made, truth)
        ]
    return pictures.image_grid(
        np.stack(tiles), len(columns) + 1, min_size=2 * SIDE
    )


def before_and_after(photographs):
    """Bicubic resizing and `real_esrgan_x4plus`, side by side, twice."""
    model = presets.load("real_esrgan_x4plus")
    files, tiles = sorted(photographs.iterdir()), []
    for number, quality, (top, left) in SHOWN:
        low, truth = pair(read(files[number]), model.scale, quality)
        tiles += [
            image[top : top + SHOWN_SIDE, left : left + SHOWN_SIDE]
            for image in (
                resizing.bicubic(low, truth.shape[:2]),
                model.upscale(low),
            )
        ]
    return pictures.image_grid(np.stack(tiles), 4)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", nargs="*")
    parser.add_argument("--before-and-after", type=pathlib.Path)
    parser.add_argument("--set5", type=pathlib.Path, required=True)
    parser.add_argument("--drawings", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=publishing.ZOO)
    args = parser.parse_args()
    if not (args.name or args.before_and_after):
        parser.error("name a preset, or --before-and-after")
    if args.name and args.drawings is None:
        parser.error("--drawings is needed")
    if args.before_and_after:
        before_and_after(args.set5).save(args.before_and_after)
    for name in args.name:
        picture = draw(name, args.set5, args.drawings)
        (args.out / name).mkdir(parents=True, exist_ok=True)
        picture.save(args.out / name / "samples.png")


if __name__ == "__main__":
    main()
