"""Users' image files: found, and read and written with Pillow alone.

`standard` says what a Pillow image means, for every door: folders of data,
`translate`, `upscale`, the command line.

    1, L, LA, La                   | grey, the last two with alpha
    RGB, RGBX, YCbCr, HSV, CMYK    | RGB
    LAB, P                         | RGB
    RGBA, RGBa, PA, transparent P  | RGBA
    I;16, I;16B, I;16L, I          | grey of 16 bits; I beyond 65535 is refused
    F                              | refused: no file says the range of floats

`read` and `write` are for networks that change the colours: orientation is
applied and transparency taken off before they see them, and put back on the
result; colour profiles and other metadata are not kept. `open_image` and `save`
are for those that do not: they keep both, and 16 bits.
"""

import os
import pathlib
import warnings

import numpy as np
from PIL import Image, ImageOps

from keras_gans import writing
from keras_gans.pixels import to_eight_bits

IMAGE_SUFFIXES = tuple(".png .jpg .jpeg .bmp .gif .webp .tif .tiff".split())
# Images too, of which a folder's are left out.
_OTHER_SUFFIXES = tuple(
    ".avif .heic .heif .jfif .jp2 .jxl .ppm .pgm .tga .exr .dng .svg".split()
)
_JPEG = (".jpg", ".jpeg")
# Of how a TIFF's own pixels are stored, which is not how another file's are,
# and (274) turned.
_TIFF_TAGS = {254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284}
_TIFF_TAGS |= {317, 320, 322, 323, 324, 325, 338, 339, 34675}
# What `keep_about` keeps, of `PIL.Image.Image.info`.
ABOUT = ("exif", "icc_profile", "dpi")
QUALITY = 95  # of JPEG
# So many names are in one message.
_NAMES_SHOWN = 10


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
    """Returns a dict from name below `root`, with `/`, to path.

    Links to folders are followed, but to no folder that they are in. Other
    files than images are passed over, and images of other formats named.
    """
    found, others = {}, []

    def look_into(where, prefix, parents):
        try:
            status = os.stat(where)
            entries = sorted(os.scandir(where), key=lambda entry: entry.name)
        except OSError:  # It may not be read.
            return
        own = (status.st_dev, status.st_ino)
        if own in parents:
            return
        for entry in entries:
            key, suffix = prefix + entry.name, pathlib.Path(entry.name).suffix
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                look_into(entry.path, f"{key}/", {*parents, own})
            elif entry.is_file():  # Neither a pipe nor a device.
                if suffix.lower() in IMAGE_SUFFIXES:
                    found[key] = entry.path
                elif suffix.lower() in _OTHER_SUFFIXES:
                    others.append(entry.path)

    look_into(os.fspath(root), "", set())
    if others:
        warnings.warn(
            f"Left out: {listed(others)}. Only {', '.join(IMAGE_SUFFIXES)} "
            "files are read: convert the others.",
            stacklevel=3,
        )
    return found


def listed(names):
    """The first of some names, in a message."""
    more = len(names) - _NAMES_SHOWN
    text = ", ".join(map(str, names[:_NAMES_SHOWN]))
    return text + (f" and {more} more" if more > 0 else "")


# ---- what an image means --------------------------------------------------


def standard(image):
    """What a Pillow image means, in one of five modes.

    Args:
        image: `PIL.Image.Image` of any mode.

    Returns:
        One of mode L, LA, RGB, RGBA or I;16.

    Raises:
        ValueError: For floats, and for integers beyond 16 bits.
    """
    mode = image.mode
    if mode == "F":
        raise ValueError(
            "An image must have 8 or 16 bits: of floats no file says the "
            "range. Received: an image of mode F"
        )
    if mode[0] == "I":
        if mode == "I;16":
            return image
        pixels = np.asarray(image)
        if pixels.size and not 0 <= pixels.min() <= pixels.max() <= 65535:
            raise ValueError(
                "An image must have 8 or 16 bits. Received: an image of mode "
                f"{mode} with values from {pixels.min()} to {pixels.max()}"
            )
        return Image.fromarray(pixels.astype("uint16"))
    alpha = "A" if image.has_transparency_data or mode == "La" else ""
    wanted = ("L" if is_grey(image) else "RGB") + alpha
    return image if mode == wanted else image.convert(wanted)


def is_grey(image):
    """Whether a Pillow image has no colours, by its mode."""
    return image.mode in ("1", "L", "LA", "La", "F") or image.mode[0] == "I"


def to_pixels(image, channels=None):
    """The pixels of a Pillow image.

    Args:
        image: `PIL.Image.Image` of any mode.
        channels: 1, 3 or 4, what they are converted to: transparent images
            lie on white but for 4. `None` for the image's own, 2 for grey with
            alpha.

    Returns:
        `numpy.uint8` or, of 16 bits, `numpy.uint16`, `(height, width,
        channels)`.
    """
    image = standard(image)
    if image.mode == "I;16":
        pixels = np.asarray(image)[..., None]
        if channels in (3, 4):
            pixels = np.repeat(pixels, channels, axis=-1)
        if channels == 4:
            pixels[..., 3] = 65535
        return pixels
    if channels == 4:
        image = image.convert("RGBA")
    elif channels:
        image = _on_white(image) if "A" in image.mode else image
        image = image.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)


class Canvas:
    """A Pillow image that is made part by part, with no array of it beside.

    Args:
        shape: `(1, height, width, channels)`.
        dtype: uint8, or uint16 for one channel.
    """

    MODES = ("L", "LA", "RGB", "RGBA")

    def __init__(self, shape, dtype):
        _, height, width, channels = shape
        deep = dtype == np.uint16
        mode = "I;16" if deep else self.MODES[channels - 1]
        self.result = Image.new(mode, (width, height))

    def put(self, part, first=0, top=0, left=0):
        """Puts pixels `(1, height, width, channels)` where they belong."""
        self.result.paste(from_pixels(part[0]), (left, top))


def from_pixels(pixels):
    """A Pillow image of what `to_pixels` gave, `(height, width, channels)`."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def keep_about(image, original):
    """Gives an image what is known about the one that it was made of.

    That is its EXIF data, its colour profile and the dots per inch that it is
    printed with.
    """
    for key in ABOUT:
        # A profile is of the colours that it was made for.
        if key == "icc_profile" and original.mode in ("CMYK", "LAB"):
            continue
        if key in original.info:
            image.info[key] = original.info[key]
    return image


def has_more(image):
    """Whether only the first of a file's pictures is read."""
    return bool(getattr(image, "is_animated", False))


# ---- reading and writing --------------------------------------------------


def read(path, channels):
    """Reads an image as a person sees it: turned as its EXIF data says.

    Args:
        path: Path of the file. Of an animation the first picture is read,
            which is warned of.
        channels: 1 or 3, what the pixels are converted to.

    Returns:
        `(pixels, alpha)`: `numpy.uint8` arrays `(height, width, channels)`
        and `(height, width)`; `alpha` is `None` for an opaque image. What is
        transparent lies on white in `pixels`.

    Raises:
        ValueError: See `standard`.
    """
    with Image.open(path) as image:
        _warn_of_more(path, image)
        image.load()
        image = standard(ImageOps.exif_transpose(image))
    alpha = None
    if "A" in image.mode:
        alpha = np.asarray(image.getchannel("A"))
    pixels = to_pixels(image, channels)
    if pixels.dtype == np.uint16:
        pixels = to_eight_bits(pixels)
    return pixels, alpha


def _warn_of_more(path, image):
    if has_more(image):
        warnings.warn(
            f"Of {path}, which has several pictures, the first one is read.",
            stacklevel=3,
        )


def open_image(path):
    """A `PIL.Image.Image`, turned as its EXIF data says."""
    with Image.open(path) as image:
        _warn_of_more(path, image)
        return upright(image)


def upright(image):
    """The picture that an open file is at, turned as its EXIF data says."""
    image.load()
    turned = ImageOps.exif_transpose(image)
    if image.format == "TIFF":  # Its own tags and EXIF's are in one list.
        exif = image.getexif()
        for tag in _TIFF_TAGS.intersection(exif):
            del exif[tag]
        turned.info["exif"] = exif.tobytes()
    return turned


def save(path, image):
    """Writes a PIL image with what `keep_about` keeps, all of it or nothing.

    Args:
        path: Path, whose suffix says the format. Its folder is made.
        image: `PIL.Image.Image`. See `fitted`.
    """
    suffix = pathlib.Path(path).suffix.lower()
    image, options = fitted(image, suffix)
    writing.write_image(path, image, **options)


def fitted(image, suffix):
    """An image as a format can hold it, and how it is saved.

    What the format cannot hold is given up: 16 bits become 8 in all but PNG
    and TIFF, and transparent parts white in JPEG and BMP.

    Args:
        image: `PIL.Image.Image`.
        suffix: String, the format's, as `".png"`.

    Returns:
        `(image, options)`, the latter for `PIL.Image.Image.save`.
    """
    options = {key: image.info[key] for key in ABOUT if image.info.get(key)}
    if suffix in _JPEG:
        options["quality"] = QUALITY
    if image.mode[0] == "I" and suffix not in (".png", ".tif", ".tiff"):
        # Pillow's own conversion to 8 bits clips them.
        deep = np.asarray(standard(image))
        image = Image.fromarray(to_eight_bits(deep))
    elif "A" in image.mode and suffix in (*_JPEG, ".bmp"):
        image = _on_white(image)
    elif image.mode == "LA" and suffix == ".gif":  # Pillow drops its A.
        image = image.convert("RGBA")
    return image, options


def write(path, pixels, alpha=None):
    """Writes uint8 `pixels`, all of the file or nothing.

    Args:
        path: Path, whose suffix says the format. Its folder is made.
        pixels: `numpy.uint8`, `(height, width, 1 or 3)`.
        alpha: `numpy.uint8` `(height, width)` or `None`; left out where the
            format (JPEG, BMP) has no transparency.
    """
    path = pathlib.Path(path)
    image = from_pixels(pixels)
    if alpha is not None and path.suffix.lower() not in (*_JPEG, ".bmp"):
        image = image.convert("RGB")
        image.putalpha(Image.fromarray(alpha))
    save(path, image)


def opaque(image):
    """A `PIL.Image.Image` in RGB, what is transparent in it laid on white."""
    return _on_white(image).convert("RGB")


def _on_white(image):
    colors = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, colors).convert("RGB")
    return flat.convert("L") if image.mode == "LA" else flat
