"""Pictures for run folders and the command line, drawn with Pillow alone."""

import fractions
import io
import math

import numpy as np
from PIL import Image, ImageDraw

from keras_gans import optional, writing

_COLORS = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40))


def image_grid(images, columns=None, padding=2, min_size=32):
    """Joins images to one picture, row by row.

    Args:
        images: uint8 array `(n, height, width, channels)`; or `(rows, columns,
            height, width, channels)`, as of `edit`.
        columns: Integer; by default the grid is as square as it can be.
        padding: Integer, pixels between images.
        min_size: Integer; smaller images are enlarged by a whole factor.

    Returns:
        `PIL.Image.Image`.
    """
    if images.ndim == 5:
        columns = images.shape[1]
        images = images.reshape(-1, *images.shape[2:])
    images = enlarged(images, min_size)
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
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
        draw.text((left - 6, y), f"{value:.4g}", fill="black", anchor="rm")
        step = x.min() + fraction * span
        if step % 1 and span < 4:  # Of few epochs: their numbers alone.
            continue
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


def plot_history(history, size=(720, 240)):
    """The logs of a training: the losses, and below them each score.

        pictures.plot_history(gan.fit(images, epochs=20)).save("history.png")

    Args:
        history: What `fit` returned, or its attribute `history`.
        size: `(width, height)` in pixels, of the losses and of each score.

    Returns:
        `PIL.Image.Image`, over the epochs from 1 on.

    Raises:
        ValueError: If there are no logs.
    """
    logs = getattr(history, "history", history)
    losses = {name: line for name, line in logs.items() if "loss" in name}
    panels = [losses] if losses else []
    panels += [{k: line} for k, line in logs.items() if k not in losses]
    if not panels:
        raise ValueError(f"history must have logs. Received: {history!r}")
    width, height = size
    picture = Image.new("RGB", (width, height * len(panels)), "white")
    for i, lines in enumerate(panels):
        epochs = range(1, len(next(iter(lines.values()))) + 1)
        picture.paste(line_plot(epochs, lines, size), (0, i * height))
    return picture


def enlarged(images, min_size):
    """Images whose smaller side is `min_size` or more, by a whole factor.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        min_size: Integer.
    """
    factor = max(1, math.ceil(min_size / min(images.shape[1:3])))
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def save_gif(
    pictures, path, milliseconds=150, max_frames=100, last=2000, colors=64
):
    """Joins pictures of one size to an animated GIF.

    Args:
        pictures: Paths of the pictures, in order; or uint8 arrays `(height,
            width, channels)`.
        path: Path of the GIF.
        milliseconds: Integer, the time per frame.
        max_frames: Integer; of more pictures an even selection is taken.
            `None` for all.
        last: Integer, the milliseconds that the last picture stays.
        colors: Integer, up to 256, of each frame.
    """
    count = min(len(pictures), max_frames or len(pictures))
    chosen = np.unique(np.linspace(0, len(pictures) - 1, count).round())
    frames = []
    for i in chosen.astype(int):
        with _opened(pictures[i]) as frame:
            frames.append(frame.convert("RGB").quantize(colors))
    writing.write_image(
        path,
        frames[0],
        save_all=True,
        append_images=frames[1:],
        duration=[milliseconds] * (len(frames) - 1) + [last],
        loop=0,
    )


def _opened(picture):
    """A `PIL.Image.Image` of an array or a file."""
    if not isinstance(picture, np.ndarray):
        return Image.open(picture)
    if picture.shape[-1] == 1:
        picture = picture[..., 0]
    return Image.fromarray(picture)


def save_video(frames, path, milliseconds=40):
    """Writes a film without sound: H.264 in an MP4 file.

    Args:
        frames: uint8 array `(n, height, width, channels)`, or a sequence of
            such images. An odd side loses its last row or column: the format
            has even ones.
        path: Path of the film.
        milliseconds: Number, the time per frame.

    Raises:
        ImportError: Without PyAV, with what brings it.
    """
    av = optional.load(
        "av",
        "video",
        "A film as mp4 needs PyAV",
        "; a .gif needs nothing more.",
    )
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as film:
        rate = fractions.Fraction(1000, milliseconds)
        stream = film.add_stream("libx264", rate=rate, options={"crf": "18"})
        stream.pix_fmt = "yuv420p"  # What all players know.
        stream.height, stream.width = (
            side - side % 2 for side in np.shape(frames[0])[:2]
        )
        for image in frames:
            with _opened(image) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            pixels = pixels[: stream.height, : stream.width]
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(pixels), format="rgb24"
            )
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    writing.write(path, memory.getbuffer())
