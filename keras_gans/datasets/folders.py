"""Folders of images, read with Pillow."""

import atexit
import itertools
import os
import re
import threading
import time
import warnings

import numpy as np

from keras_gans.datasets.checks import (
    import_tensorflow,
    split_error,
    unlabelled,
)
from keras_gans.datasets.images import resize
from keras_gans.datasets.sources import Source, index_passes

IMAGE_SUFFIXES = tuple(".png .jpg .jpeg .bmp .gif .webp .tif .tiff".split())
# A folder's headers are looked at before training, but not all of a million.
HEADERS_READ = 1000


def open_folder(path, order, labels, split, fit, strict):
    tf = import_tensorflow()
    folder = _Folder(path, labels, split, fit, strict)
    types = [tf.float32, tf.int32, tf.string]

    calls, ending = itertools.count(), threading.Event()

    def read(index):
        next(calls)
        # An exception in here would arrive with two tracebacks around it.
        try:
            if ending.is_set():
                raise ValueError("The program has ended.")
            return (*folder.read(index), "")
        except (ValueError, Warning) as error:
            return np.zeros((1, 1, 1), "float32"), np.int32(0), str(error)

    def drain():
        # A prefetching thread that waits for Python while Python shuts down
        # waits for ever. With `ending` set, it soon has nothing left to ask.
        ending.set()
        before = -1
        for _ in range(50):
            now = next(calls)
            if now == before + 1:
                break
            before = now
            time.sleep(0.1)

    atexit.register(drain)

    def decode(index):
        image, label, error = tf.numpy_function(
            read, [index], types, stateful=False
        )
        fine = tf.debugging.Assert(error == "", [error])
        with tf.control_dependencies([fine]):
            image = tf.identity(image)
        image = tf.ensure_shape(image, (None, None, folder.channels))
        if fit[0] is not None:
            image = resize(image, fit[0])
        else:
            image = tf.ensure_shape(image, (*folder.size, folder.channels))
        return (image, tf.ensure_shape(label, ())) if labels else image

    def finish(*batch):
        return batch if labels else batch[0]

    size = len(folder.files)
    return Source(size, index_passes(size, order), decode, finish)


class _Folder:
    """The image files of a folder, read by number."""

    def __init__(self, path, labels, split, fit, strict):
        try:
            from PIL import Image, ImageOps
        except ImportError:
            raise ImportError(
                "datasets.load reads folders of images with Pillow: "
                "`pip install pillow`."
            ) from None
        self.pil, self.ops, self.strict = Image, ImageOps, strict
        self.name, self.reported = repr(str(path)), set()
        if (path / split).is_dir():
            path = path / split
        elif split != "train":
            names = sorted(p.name for p in path.iterdir() if p.is_dir())
            raise split_error(split, names or ["train"], self.name)
        start = len(os.path.join(path, ""))
        self.files = sorted(
            os.path.join(where, name)
            for where, _, names in os.walk(path, followlinks=True)
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES)
            and not re.search(r"(^|/)\.", os.path.join(where, name)[start:])
        )
        greys, self.size = self._scan(fit)
        if not self.files:
            raise ValueError(
                f"`source` must hold at least one readable image "
                f"({' '.join(IMAGE_SUFFIXES)}). Received: source={self.name}"
            )
        self.keep_grey = fit[1] is None and greys
        self.channels = fit[1] or (1 if greys else 3)
        self.labels = np.zeros(len(self.files), "int32")
        if labels:
            tails = [os.path.relpath(f, path).split(os.sep) for f in self.files]
            if min(map(len, tails)) < 2:
                raise unlabelled(self.name)
            classes = [tail[0] for tail in tails]
            self.labels = np.unique(classes, return_inverse=True)[1]
            self.labels = self.labels.astype("int32")

    def _scan(self, fit):
        """Reads headers: drops unreadable files, finds colour and size."""
        every = -(-len(self.files) // HEADERS_READ) or 1
        greys, size, unreadable = True, None, set()
        for file in self.files[::every]:
            try:
                with self.pil.open(file) as image:
                    greys = greys and _is_grey(image)
                    found = image.size[::-1]
                    # A PNG would be decoded in search of its orientation.
                    if image.format != "PNG" or "exif" in image.info:
                        turned = image.getexif().get(0x0112, 1) >= 5
                        found = found[::-1] if turned else found
            except Exception as error:
                self._report(file, error)
                unreadable.add(file)
                continue
            if fit[0] is None and size not in (None, found):
                raise ValueError(
                    "`image_size` must be given, because the images differ in "
                    f"size: {size} and, in {file}, {found}. "
                    f"Received: image_size=None, source={self.name}"
                )
            size = found if fit[0] is None else None
        self.files = [file for file in self.files if file not in unreadable]
        return greys, size

    def _report(self, file, error):
        message = f"{file} is not a readable image ({error})"
        if self.strict:
            raise ValueError(
                f"{message}, and strict=True. Received: source={self.name}"
            ) from None
        if file not in self.reported:
            self.reported.add(file)
            warnings.warn(f"{message} and is left out.", stacklevel=2)

    def read(self, index):
        """Returns a float32 image in [-1, 1] and its label."""
        for i in itertools.chain(range(index, len(self.files)), range(index)):
            try:
                with self.pil.open(self.files[i]) as file:
                    image = self.ops.exif_transpose(file)
                    image.load()
            except Exception as error:
                self._report(self.files[i], error)
            else:
                return self._to_array(image, self.files[i]), self.labels[i]
        raise ValueError(f"No readable image. Received: source={self.name}")

    def _to_array(self, image, file):
        if self.keep_grey and not _is_grey(image):
            raise ValueError(
                "`channels` must be given, because most images are grey and "
                f"{file} is not. Received: channels=None, source={self.name}"
            )
        channels = self.channels
        if image.mode[0] in "IF":  # 16 bits, in one of Pillow's two guises
            x = np.asarray(image, "float32")[..., None] / 32767.5 - 1.0
            if channels > 1:
                x = np.repeat(x, 3, axis=-1)
            if channels == 4:
                x = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)
        else:
            if image.has_transparency_data and channels != 4:
                image = image.convert("RGBA")
                white = self.pil.new("RGBA", image.size, "white")
                image = self.pil.alpha_composite(white, image)
                image = image.convert("RGB")
            image = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
            x = np.asarray(image, "float32") / 127.5 - 1.0
            x = x.reshape(*x.shape[:2], channels)
        if self.size is not None and self.size != x.shape[:2]:
            raise ValueError(
                "`image_size` must be given, because the images differ in "
                f"size: {self.size} and, in {file}, {x.shape[:2]}. "
                f"Received: image_size=None, source={self.name}"
            )
        return x


def _is_grey(image):
    return image.mode in ("1", "L", "LA", "F") or image.mode[0] == "I"
