"""Folders of images, read with Pillow."""

import functools
import hashlib
import itertools
import os
import re
import warnings

import numpy as np
from PIL import Image, ImageOps

from keras_gans import image_files
from keras_gans.datasets.checks import split_error, unlabelled
from keras_gans.datasets.images import resize
from keras_gans.datasets.sources import Source
from keras_gans.image_files import IMAGE_SUFFIXES, find_images
from keras_gans.pixels import from_uint8, from_uint16

# A folder's headers are looked at before training, but not all of a million.
HEADERS_READ = 1000
# More of them where it is not only colour and size that can be wrong.
PAIRS_READ = 10_000
# Decoded images are kept when all of a folder's need no more than this.
CACHE_BYTES = 2**29
# So many names are in one message.
NAMES_SHOWN = 50
# Larger ones are shrunk in steps of whole pixels, to no less than four times
# the size that they get, before they become floats.
LARGE = 2**24
# And these are left out where they keep their size.
HUGE = 2**26


def open_folder(path, order, labels, split, fit, strict):
    name = repr(str(path))
    root, part = find_split(path, split, name)
    found = find_images(root)
    keys = sorted(found)
    keys = [keys[i] for i in take_part(keys, part, split, name)]
    folder = Folder(
        [(found[key],) for key in keys],
        (fit.channels,),
        fit.image_size,
        strict,
        name,
        min_size=fit.image_size if fit.crop else None,
    )
    if not labels:
        return folder_source(folder, order, fit)
    files = [file for (file,) in folder.examples]
    tails = [os.path.relpath(file, root).split(os.sep) for file in files]
    if min(map(len, tails)) < 2:
        raise unlabelled(name)
    names, classes = np.unique([t[0] for t in tails], return_inverse=True)
    source = folder_source(folder, order, fit, classes)
    return source._replace(classes=names.tolist())


def find_split(path, split, name):
    """Returns the folder of a split, and the part of it, such as `"[:9]"`."""
    whole, bracket, part = split.partition("[")
    if (path / whole).is_dir():
        path = path / whole
    elif whole not in ("train", "all"):
        names = sorted(p.name for p in path.iterdir() if p.is_dir())
        raise split_error(split, names or ["train"], name)
    return path, bracket + part


def take_part(names, part, split, name):
    """Returns the sorted numbers of the `names` that are in a part."""
    if not part:
        return range(len(names))
    bounds = re.fullmatch(r"\[(-?\d+%?)?:(-?\d+%?)?\]", part)
    if not bounds:
        raise ValueError(
            "`split` must be like 'train', 'train[:90%]', 'train[90%:]' or "
            f"'train[100:200]' for a folder. Received: {split=}, source={name}"
        )
    start, stop = [
        round(len(names) * int(bound[:-1]) / 100)
        if bound and bound.endswith("%")
        else bound and int(bound)
        for bound in bounds.groups()
    ]
    # Neighbours in the alphabet are often of one kind.
    order = sorted(
        range(len(names)),
        key=lambda i: hashlib.sha256(os.fsencode(names[i])).digest(),
    )
    chosen = sorted(order[start:stop])
    if names and not chosen:
        raise ValueError(
            f"`split` must leave some of the {len(names)} files. "
            f"Received: {split=}, source={name}"
        )
    return chosen


def folder_source(folder, order, fit, labels=None):
    """The `Source` of a `Folder`; `labels` has an integer per example."""
    size = len(folder.examples)
    scale, in_folder = None, _scale
    if fit.crop:  # All images of an example have the same channels.
        in_folder = _as_it_is
        scale = functools.partial(_scale, channels=folder.channels[0])

    def read(number, places):
        examples = [
            folder.read(int(i), in_folder)
            for i in order.indices(number, size)[places]
        ]
        *views, used = zip(*examples)
        arrays = [_fitted(images, fit) for images in views]
        if labels is not None:
            arrays.append(labels[list(used)])
        return tuple(arrays)

    # Images to be cropped are of any size.
    goal = (None, None) if fit.crop else fit.goal(folder.size or ())
    specs = [((*goal, channels), "float32") for channels in folder.channels]
    if labels is not None:
        labels = np.asarray(labels, "int32")
        specs.append(((), "int32"))
    return Source(
        size,
        read,
        tuple(specs),
        fit.image_size or folder.size,
        scale,
        seen=folder.seen,
    )


def _fitted(images, fit):
    """Images in the size that they are to have."""
    if fit.crop:
        return images
    if len({image.shape for image in images}) == 1:
        images = np.stack(images)  # It is faster at once.
        return resize(images, fit.goal(images.shape[1:3]))
    return np.stack([resize(x, fit.goal(x.shape[:2])) for x in images])


class Unusable(ValueError):
    """Says what is wrong with an example, by the names of its files."""


class Folder:
    """Examples of one image, or of two that belong together, by number.

    Args:
        examples: list of tuples of paths: of an image, of two images (of one
            size, or see `ratio`), or with `halves` of one that is two side by
            side.
        channels: tuple of 1, 3, 4 or `None`, for each image of an example.
        image_size: (height, width), or `None` where all must be of one size.
        strict: bool, see `load`.
        name: str, what messages call the source.
        halves: bool, whether to cut each file into a left and a right image.
        problems: list of str, what is left out already.
        min_size: (height, width), what smaller images are left out for; of two
            images, the first.
        ratio: int, how many times as large as the first the second image is.

    Attributes:
        seen: (height, width, channels) of the first image as its file has it.
    """

    def __init__(
        self,
        examples,
        channels,
        image_size,
        strict,
        name,
        halves=False,
        problems=(),
        min_size=None,
        ratio=1,
    ):
        self.strict, self.name, self.halves = strict, name, halves
        self.ratio = ratio
        self.reported = set()
        self.min_size = min_size or (1, 1)
        # What images are resized to, not cropped.
        self.goal = None if min_size else image_size
        self.seen, several = None, []
        self.examples, problems = list(examples), list(problems)
        views = len(channels)
        headers = HEADERS_READ if views == 1 else PAIRS_READ
        every = -(-len(self.examples) // headers) or 1
        greys, self.size, pixels, unusable = [True] * views, None, 0, set()
        for example in self.examples[::every]:
            try:
                heads = [head(file, several) for file in example]
                found = self._size(example, [size for size, _ in heads])
                large = [ratio * side for side in found]
                if self.goal is None and large[0] * large[1] > HUGE:
                    raise Unusable(
                        f"{example[-1]} is of {large[0]}x{large[1]}, too large "
                        "to keep its size"
                    )
            except Unusable as error:
                problems.append(str(error))
                unusable.add(example)
                continue
            if image_size is None and self.size not in (None, found):
                raise self._mixed_sizes(example, found)
            self.size = found if image_size is None else None
            self.seen = self.seen or (*found, 1 if heads[0][1] else 3)
            area = 1 + (views - 1) * ratio**2  # of all, in the first's
            pixels += found[0] * found[1] * area * every
            grey = [grey for _, grey in heads]
            grey = grey * views if halves else grey
            greys = [a and b for a, b in zip(greys, grey)]
        self.examples = [e for e in self.examples if e not in unusable]
        if not self._any_readable(problems):
            raise ValueError(
                "`source` must hold at least one readable "
                f"{'image' if views == 1 else 'pair of images'} "
                f"({' '.join(IMAGE_SUFFIXES)}). "
                f"{_listed(problems)}Received: source={self.name}"
            )
        self._report(problems)
        if several:
            warnings.warn(
                f"Of {image_files.listed(several)}, which have several "
                "pictures, the first one is read.",
                stacklevel=2,
            )
        self.keep_grey = [c is None and g for c, g in zip(channels, greys)]
        self.channels = [c or (1 if g else 3) for c, g in zip(channels, greys)]
        small = pixels * max(self.channels) <= CACHE_BYTES
        self.cache = {} if small else None

    def read(self, index, scale):
        """Returns the images of an example, and its number.

        That is another one than `index` if its files are damaged.

        Args:
            index: int.
            scale: Function of pixels and channels.
        """
        size, problems = len(self.examples), []
        for i in itertools.chain(range(index, size), range(index)):
            images = self.cache.get(i) if self.cache is not None else None
            if images is None:
                try:
                    images = [
                        self._pixels(image, view, self.examples[i])
                        for view, image in enumerate(
                            self._open(self.examples[i])
                        )
                    ]
                except Unusable as error:
                    problems.append(str(error))
                    continue
                if self.cache is not None:
                    self.cache[i] = images
            self._report(problems)
            scaled = map(scale, images, self.channels)
            return (*scaled, np.int64(i))
        raise ValueError(
            f"No readable image. {_listed(problems)}"
            f"Received: source={self.name}"
        )

    def _any_readable(self, problems):
        """Whether there is an example whose pixels are not damaged."""
        found = []
        for example in self.examples:
            try:
                self._open(example)
                return True
            except Unusable as error:
                found.append(str(error))
        problems.extend(found)
        return False

    def _open(self, example):
        """Returns the images of an example, as Pillow has them."""
        images = []
        for file in example:
            try:
                with Image.open(file) as image:
                    image = ImageOps.exif_transpose(image)
                    image.load()
                image = image_files.standard(image)
            except Exception as error:
                raise _unreadable(file, error) from None
            images.append(image)
        sizes = [image.size[::-1] for image in images]
        height, width = self._size(example, sizes)
        if not self.halves:
            return images
        edges = (0, width), (width, 2 * width)
        return [images[0].crop((a, 0, b, height)) for a, b in edges]

    def _size(self, example, sizes):
        """The one size of an example's images; `sizes` are the files'."""
        height, width = sizes[0]
        if self.halves:
            if width % 2:
                raise Unusable(f"{example[0]} has an odd width, {width}")
            return height, width // 2
        wanted = tuple(self.ratio * side for side in sizes[0])
        if len(sizes) > 1 and tuple(sizes[1]) != wanted:
            raise Unusable(
                f"{example[0]}, {sizes[0]}, and {example[1]}, {sizes[1]}, "
                + (
                    "differ in size"
                    if self.ratio == 1
                    else f"which is not {self.ratio} times as large"
                )
            )
        if height < self.min_size[0] or width < self.min_size[1]:
            raise Unusable(
                f"{example[0]} is of {height}x{width}, smaller than a crop of "
                f"{self.min_size[0]}x{self.min_size[1]}"
            )
        return sizes[0]

    def _pixels(self, image, view, example):
        """Returns (height, width, channels), or if 16-bit (h, w, 1)."""
        file = example[-1 if self.halves else view]
        if self.keep_grey[view] and not image_files.is_grey(image):
            raise ValueError(
                "`channels` must be given, because most images are grey and "
                f"{file} is not. Received: channels=None, source={self.name}"
            )
        if self.size not in (None, image.size[::-1]):
            raise self._mixed_sizes(example, image.size[::-1])
        if self.goal and image.width * image.height > LARGE:
            by = min(np.divide(image.size[::-1], self.goal)) / 4
            image = image.reduce(max(int(by), 1))
        # 16 bits take no more than they must in the cache.
        channels = 1 if image.mode == "I;16" else self.channels[view]
        return image_files.to_pixels(image, channels)

    def _mixed_sizes(self, example, found):
        return ValueError(
            "`image_size` must be given, because the images differ in "
            f"size: {self.size} and, in {example[0]}, {found}. "
            f"Received: image_size=None, source={self.name}"
        )

    def _report(self, problems):
        problems = [p for p in problems if p not in self.reported]
        if problems and self.strict:
            raise ValueError(
                f"{_listed(problems)}Received: strict=True, source={self.name}"
            )
        if problems:
            self.reported.update(problems)
            warnings.warn(f"Left out: {_listed(problems)}", stacklevel=2)


def head(file, several):
    """Returns the size of an image and whether it is grey.

    Adds to `several` the name of a file of which one picture is read.
    """
    try:
        with Image.open(file) as image:
            if image.mode == "F":
                image_files.standard(image)
            if image_files.has_more(image):
                several.append(file)
            size = image.size[::-1]
            # A PNG would be decoded in search of its orientation.
            if image.format != "PNG" or "exif" in image.info:
                turned = image.getexif().get(0x0112, 1) >= 5
                size = size[::-1] if turned else size
            return size, image_files.is_grey(image)
    except Exception as error:
        raise _unreadable(file, error) from None


def _scale(x, channels):
    if x.dtype == np.uint8:
        return from_uint8(x)
    x = from_uint16(x)
    if channels > 1:
        x = np.repeat(x, 3, axis=-1)
    if channels == 4:
        x = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)
    return x


def _as_it_is(pixels, channels):
    return pixels


def _unreadable(file, error):
    return Unusable(f"{file} is not a readable image ({error})")


def _listed(problems):
    more = len(problems) - NAMES_SHOWN
    text = "; ".join(problems[:NAMES_SHOWN])
    text += f"; and {more} more" if more > 0 else ""
    return f"{text}. " if text else ""
