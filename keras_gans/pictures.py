"""Pictures for run folders and the command line, drawn with Pillow alone."""

import math

import numpy as np
from PIL import Image, ImageDraw

from keras_gans import writing

_COLORS = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40))


def image_grid(images, columns=None, padding=2, min_size=32):
    """Joins images to one picture, row by row.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        columns: Integer; by default the grid is as square as it can be.
        padding: Integer, pixels between images.
        min_size: Integer; smaller images are enlarged by a whole factor.

    Returns:
        `PIL.Image.Image`.
    """
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    factor = max(1, math.ceil(min_size / min(height, width)))
    height, width = height * factor, width * factor
    rows = math.ceil(n / columns)
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    grid = Image.new(
        "RGBA" if mode == "RGBA" else "RGB",
        (
            columns * (width + padding) + padding,
            rows * (height + padding) + padding,
        ),
        "white",
    )
    for i, image in enumerate(images):
        tile = Image.fromarray(image[..., 0] if mode == "L" else image, mode)
        tile = tile.resize((width, height), Image.Resampling.NEAREST)
        row, column = divmod(i, columns)
        grid.paste(
            tile,
            (
                padding + column * (width + padding),
                padding + row * (height + padding),
            ),
        )
    return grid


def scatter(points, reference=None, size=480):
    """Points of the plane, over the reference points in grey.

    Args:
        points: Float array `(n, 2)`.
        reference: Float array `(m, 2)`: the real data.
        size: Integer, the width and height of the picture in pixels.

    Returns:
        `PIL.Image.Image`.
    """
    frame = points if reference is None else reference
    center = (frame.max(axis=0) + frame.min(axis=0)) / 2
    half = max(np.ptp(frame, axis=0).max() * 0.65, 1e-6)
    picture = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(picture)
    for cloud, color, radius in (
        (reference, (200, 200, 200), 3),
        (points, _COLORS[0], 1.5),
    ):
        if cloud is None:
            continue
        pixels = (cloud - center) / half * [0.5, -0.5] * size + size / 2
        for x, y in pixels[np.isfinite(pixels).all(axis=1)]:
            draw.ellipse(
                (x - radius, y - radius, x + radius, y + radius), fill=color
            )
    return picture


def line_plot(x, lines, size=(720, 400)):
    """Lines over a common x axis, as the losses over the steps.

    Args:
        x: Sequence of numbers.
        lines: Dict of name to sequence of numbers.
        size: `(width, height)` in pixels.

    Returns:
        `PIL.Image.Image`.
    """
    width, height = size
    left, top, right, bottom = 60, 30, width - 15, height - 30
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left, top, right, bottom), outline=(120, 120, 120))
    x = np.asarray(x, "float64")
    values = np.concatenate([np.asarray(v, "float64") for v in lines.values()])
    values = values[np.isfinite(values)]
    if not len(x) or not len(values):
        return picture
    low, high = values.min(), values.max()
    high = high if high > low else low + 1
    span = max(x.max() - x.min(), 1e-9)

    def place(a, b):
        return (
            left + (a - x.min()) / span * (right - left),
            bottom - (b - low) / (high - low) * (bottom - top),
        )

    for fraction in (0, 0.25, 0.5, 0.75, 1):
        value = low + fraction * (high - low)
        _, y = place(x.min(), value)
        draw.line((left, y, right, y), fill=(230, 230, 230))
        draw.text((left - 6, y), f"{value:.3g}", fill="black", anchor="rm")
        step = x.min() + fraction * span
        px, _ = place(step, low)
        draw.text((px, bottom + 6), f"{step:,.0f}", fill="black", anchor="mt")
    offset = left
    for (name, line), color in zip(lines.items(), _COLORS * len(lines)):
        pairs = [place(a, b) for a, b in zip(x, line) if math.isfinite(b)]
        if len(pairs) == 1:
            px, py = pairs[0]
            draw.ellipse((px - 2, py - 2, px + 2, py + 2), fill=color)
        draw.line(pairs, fill=color, width=2)
        draw.line((offset, 15, offset + 20, 15), fill=color, width=3)
        draw.text((offset + 26, 15), name, fill="black", anchor="lm")
        offset += 46 + int(draw.textlength(name))
    return picture


def save_gif(paths, path, milliseconds=150, max_frames=100):
    """Joins pictures of one size to an animated GIF; the last one stays.

    Args:
        paths: Paths of the pictures, in order.
        path: Path of the GIF.
        milliseconds: Integer, the time per frame.
        max_frames: Integer; of more pictures an even selection is taken.
    """
    count = min(len(paths), max_frames)
    chosen = np.unique(np.linspace(0, len(paths) - 1, count).round())
    frames = []
    for i in chosen.astype(int):
        with Image.open(paths[i]) as frame:
            frames.append(frame.convert("RGB").quantize(64))
    writing.write_image(
        path,
        frames[0],
        save_all=True,
        append_images=frames[1:],
        duration=[milliseconds] * (len(frames) - 1) + [2000],
        loop=0,
    )
