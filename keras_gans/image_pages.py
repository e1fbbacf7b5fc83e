"""Files of several pictures: animations, and TIFFs of several pages.

A GIF's, a WebP's and an APNG's pictures are read as they are shown, each on top
of those before it, and are written with the times that they were shown for. Of
other files (the two views of a JPEG from a stereo camera, say) only the first
picture is meant.
"""

import itertools
import pathlib

from PIL import Image, TiffImagePlugin

from keras_gans import image_files, writing

_FORMATS = ("GIF", "WEBP", "PNG", "TIFF")
_TIFF = (".tif", ".tiff")
SUFFIXES = (".gif", ".webp", ".png", *_TIFF)
# Of a picture without a time, as of a TIFF.
_MILLISECONDS = 100


def count(path):
    """How many pictures a file has that belong together."""
    with Image.open(path) as image:
        if image.format not in _FORMATS:
            return 1
        return getattr(image, "n_frames", 1)


def change(source, path, function):
    """Writes what a function makes of each picture of a file.

    A TIFF is written page by page, which may be of several sizes; of an
    animation all pictures are held until it is written.

    Args:
        source: Path of a file of several pictures.
        path: Path of the file, whose suffix is one of `SUFFIXES`.
        function: Of an iterator of `PIL.Image.Image`, upright (see
            `image_files.upright`): it yields one for each.

    Raises:
        ValueError: For pictures of several sizes in an animation.
    """
    suffix = pathlib.Path(path).suffix.lower()
    times, about = [], {}
    made = function(_read(source, times, about))
    if suffix in _TIFF:
        _write_pages(path, made)
        return
    made, options = zip(*(image_files.fitted(x, suffix) for x in made))
    if len({image.mode for image in made}) > 1:  # Pillow goes by the first.
        clear = any("A" in image.mode for image in made)
        made = [image.convert("RGBA" if clear else "RGB") for image in made]
    sizes = {image.size for image in made}
    if len(sizes) > 1:
        raise ValueError(
            "The pictures of an animation must have one size; a TIFF's may "
            f"have several. Received: pictures of {len(sizes)} sizes"
        )
    writing.write_image(
        path,
        made[0],
        save_all=True,
        append_images=made[1:],
        duration=times,
        **options[0],
        **_how_it_is_played(suffix, about, made),
    )


def _read(path, times, about):
    """Yields the pictures, and collects what is known of them.

    Args:
        path: Path.
        times: List, which gets the milliseconds of each.
        about: Dict, which gets what is known of the whole file.
    """
    with Image.open(path) as image:
        # A picture for those who show no animation is none of it.
        first = int(image.info.get("default_image", False))
        for i in range(first, image.n_frames):
            image.seek(i)
            picture = image_files.upright(image)
            times.append(image.info.get("duration", _MILLISECONDS))
            if "loop" in image.info:
                about["loop"] = image.info["loop"]
            yield picture


def _how_it_is_played(suffix, about, pictures):
    """Arguments of Pillow's: how often, and what a picture is laid on."""
    if suffix == ".gif":
        # Without a number it is played once.
        options = {"loop": about["loop"]} if "loop" in about else {}
        if any(picture.has_transparency_data for picture in pictures):
            # On nothing, not on the one before. What Pillow optimizes is that a
            # picture's clear parts are those of the first, which may have none.
            options.update(disposal=2, optimize=False)
        return options
    options = {"loop": about.get("loop", 1)}
    if suffix == ".png":
        # Each in place of the one before.
        options.update(disposal=0, blend=0, default_image=False)
    return options


def _write_pages(path, pictures):
    """A TIFF, whose pages are not held."""
    pictures = iter(pictures)
    first = next(pictures)
    with writing.temporary(path) as part:
        with writing.PillowFile(part) as file:
            with TiffImagePlugin.AppendingTiffWriter(file) as pages:
                for picture in itertools.chain([first], pictures):
                    picture, options = image_files.fitted(picture, ".tif")
                    picture.save(pages, "TIFF", **options)
                    pages.newFrame()
        writing.move(part, path)
