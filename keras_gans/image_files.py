"""Users' image files: found, and read and written with Pillow alone.

`read` and `write` are for networks that change the colours: orientation is
applied and transparency taken off before they see them, and put back on the
result; colour profiles and other metadata are not kept. `open_image` and `save`
are for those that do not: they keep both, and 16 bits.
"""

import os
import pathlib
import re

import numpy as np
from PIL import Image, ImageOps

from keras_gans import writing

IMAGE_SUFFIXES = tuple(".png .jpg .jpeg .bmp .gif .webp .tif .tiff".split())
_JPEG = (".jpg", ".jpeg")
# Of how a TIFF's own pixels are stored, which is not how another file's are,
# and (274) turned.
_TIFF_TAGS = {254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284}
_TIFF_TAGS |= {317, 320, 322, 323, 324, 325, 338, 339, 34675}
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


def find_images(root):
    """Returns a dict from name below `root`, with `/`, to path."""
    start = len(os.path.join(root, ""))
    files = (
        os.path.join(where, name)
        for where, _, names in os.walk(root, followlinks=True)
        for name in names
        if name.lower().endswith(IMAGE_SUFFIXES)
    )
    found = {file[start:].replace(os.sep, "/"): file for file in files}
    return {
        key: file
        for key, file in found.items()
        if not re.search(r"(^|/)\.", key)
    }


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
        image = _eight_bits(image)
    alpha = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image)[..., 3]
        image = _on_white(image)
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels), alpha


def open_image(path):
    """A `PIL.Image.Image`, turned as its EXIF data says."""
    with Image.open(path) as image:
        image.load()
        turned = ImageOps.exif_transpose(image)
        if image.format == "TIFF":  # Its own tags and EXIF's are in one list.
            exif = image.getexif()
            for tag in _TIFF_TAGS.intersection(exif):
                del exif[tag]
            turned.info["exif"] = exif.tobytes()
        return turned


def save(path, image):
    """Writes a PIL image with its EXIF data and colour profile, or nothing.

    What the format cannot hold is given up: 16 bits become 8 in all but PNG
    and TIFF, and transparent parts white in JPEG and BMP.

    Args:
        path: Path, whose suffix says the format. Its folder is made.
        image: `PIL.Image.Image`.
    """
    options = {
        key: image.info[key]
        for key in ("exif", "icc_profile")
        if image.info.get(key)
    }
    suffix = pathlib.Path(path).suffix.lower()
    if image.mode in _DEEP and suffix not in (".png", ".tif", ".tiff"):
        image = _eight_bits(image)
    elif "A" in image.mode and suffix in (*_JPEG, ".bmp"):
        image = _on_white(image)
    elif image.mode == "LA" and suffix == ".gif":  # Pillow drops its A.
        image = image.convert("RGBA")
    _save(path, image, **options)


def write(path, pixels, alpha=None):
    """Writes uint8 `pixels`, all of the file or nothing.

    Args:
        path: Path, whose suffix says the format. Its folder is made.
        pixels: `numpy.uint8`, `(height, width, 1 or 3)`.
        alpha: `numpy.uint8` `(height, width)` or `None`; left out where the
            format (JPEG, BMP) has no transparency.
    """
    path = pathlib.Path(path)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if alpha is not None and path.suffix.lower() not in (*_JPEG, ".bmp"):
        image = image.convert("RGB")
        image.putalpha(Image.fromarray(alpha))
    _save(path, image)


def _save(path, image, **options):
    if pathlib.Path(path).suffix.lower() in _JPEG:
        options["quality"] = 95
    writing.write_image(path, image, **options)


def _eight_bits(image):
    # Rounded, and in place: an upscaled photograph has 200 million pixels.
    pixels = np.clip(np.asarray(image), 0, 65535).astype("uint32")
    pixels += 128
    pixels //= 257
    return Image.fromarray(pixels.astype("uint8"))


def _on_white(image):
    mode = "L" if image.mode == "LA" else "RGB"
    if mode == "RGB":
        image = image.convert("RGBA")
    white = Image.new(mode, image.size, "white")
    white.paste(image.convert(mode), mask=image.getchannel("A"))
    return white
