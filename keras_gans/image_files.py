"""Users' image files, read and written with Pillow alone.

Orientation is applied and transparency taken off before a network sees the
colours, and transparency is put back on its result. Colour profiles and other
metadata are not kept.
"""

import os
import pathlib
import uuid

import numpy as np
from PIL import Image, ImageOps

from keras_gans.datasets.folders import IMAGE_SUFFIXES, find_images

_JPEG = (".jpg", ".jpeg")
# Of 16 bits and more: Pillow's own conversion to 8 bits clips them.
_DEEP = ("I;16", "I;16B", "I;16L", "I")


def find(path):
    """The image files at `path`: itself, or those below a folder, sorted.

    Hidden files and folders are left out.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        ValueError: If a folder holds no images.
    """
    path = pathlib.Path(path)
    if not path.is_dir():
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}.")
        return [path]
    files = sorted(map(pathlib.Path, find_images(path).values()))
    if not files:
        raise ValueError(
            f"{path} must hold images ({', '.join(IMAGE_SUFFIXES)}). "
            "Received: none"
        )
    return files


def read(path, channels):
    """Reads an image as a person sees it: turned as its EXIF data says.

    Args:
        path: Path of the file. Of an animation the first picture is read.
        channels: 1 or 3, what the pixels are converted to.

    Returns:
        `(pixels, alpha)`: `numpy.uint8` arrays `(height, width, channels)`
        and `(height, width)`; `alpha` is `None` for an opaque image. What is
        transparent lies on white in `pixels`.
    """
    with Image.open(path) as image:
        image.load()
        image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP:
        pixels = np.asarray(image, "float64") / 257
        image = Image.fromarray(
            np.clip(np.rint(pixels), 0, 255).astype("uint8")
        )
    alpha = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image)[..., 3]
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels), alpha


def write(path, pixels, alpha=None):
    """Writes uint8 `pixels`, all of the file or nothing.

    Args:
        path: Path, whose suffix says the format. Its folder is made.
        pixels: `numpy.uint8`, `(height, width, 1 or 3)`.
        alpha: `numpy.uint8` `(height, width)` or `None`; left out where the
            format (JPEG, BMP) has no transparency.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if alpha is not None and path.suffix.lower() not in (*_JPEG, ".bmp"):
        image = image.convert("RGB")
        image.putalpha(Image.fromarray(alpha))
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        options = {"quality": 95} if path.suffix.lower() in _JPEG else {}
        image.save(temporary, **options)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
