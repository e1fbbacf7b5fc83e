"""The image sets of tensorflow-datasets."""

import bisect
import difflib
import importlib.util
import io
import itertools
import math
import mmap
import os
import socket
import struct
import urllib.parse
import urllib.request

import numpy as np
from PIL import Image

from keras_gans import image_files
from keras_gans.datasets.checks import (
    UnknownData,
    split_error,
    unlabelled,
)
from keras_gans.datasets.images import converter
from keras_gans.datasets.sources import Source

# Decoded images are kept when all of a split's need no more than this.
CACHE_BYTES = 2**29


def find_builder(name, data_dir, download):
    """Returns the builder of a TFDS set that is on disk, or explains."""
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR")
    received = f"Received: source={name!r}, data_dir={data_dir!r}"
    try:
        import tensorflow_datasets as tfds

        if data_dir is not None:
            data_dir = os.path.expanduser(data_dir)
        builder = tfds.builder(name, data_dir=data_dir)
    except ImportError as error:
        raise ImportError(
            f"datasets.load finds {name!r} with tensorflow-datasets: "
            "`pip install tensorflow-datasets importlib_resources` "
            f"({error}); it reads a folder or an .npz file without."
        ) from None
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        # To list them it needs TensorFlow, and says so in a banner.
        known = importlib.util.find_spec("tensorflow") and tfds.list_builders()
        close = difflib.get_close_matches(name, known or [])
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else ""
        if not isinstance(error, tfds.core.DatasetNotFoundError):
            # Its grammar of names takes a dozen lines more.
            reason = str(error).strip().splitlines()[0]
            hint = f"TFDS says: {reason[:200].rstrip('.')}."
        raise UnknownData(
            "`source` must be the name of a TFDS data set, an existing folder "
            f"or an .npz file; {hint or 'no TFDS name is like it.'} {received}"
        ) from None
    if builder.is_prepared():
        return builder
    place = builder.data_path.parent
    if not download:
        raise FileNotFoundError(
            f"The data set {name!r} is not in {place}, and download=False: "
            f"point data_dir to where it lies. {received}"
        )
    try:
        _reach_any(builder.url_infos)
        builder.download_and_prepare()
    except ModuleNotFoundError as error:
        raise ImportError(
            f"The data set {name!r} is not in {place}, and TFDS needs "
            f"{error.name} to prepare it: do it once where that is installed, "
            "and point data_dir or $TFDS_DATA_DIR to it; or give a folder or "
            f"an .npz file. {received}"
        ) from None
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RuntimeError(
            f"The data set {name!r} is not in {place} and could not be "
            f"downloaded ({reason}): download it where there is a network, "
            f"and point data_dir or $TFDS_DATA_DIR to it. {received}"
        ) from None
    return builder


def _reach_any(urls):
    """Raises OSError if no host answers: TFDS would retry for minutes."""
    proxies = urllib.request.getproxies()
    doors = {}
    for url in urls:
        parts = urllib.parse.urlsplit(url)
        bypass = parts.hostname and urllib.request.proxy_bypass(parts.hostname)
        if proxies.get(parts.scheme) and not bypass:
            proxy = proxies[parts.scheme]
            parts = urllib.parse.urlsplit(
                proxy if "//" in proxy else f"//{proxy}"
            )
        if parts.hostname:
            port = parts.port or {"http": 80, "ftp": 21}.get(parts.scheme, 443)
            doors[parts.hostname, port] = True
    for door in list(doors)[:4]:
        try:
            socket.create_connection(door, timeout=3).close()
            return
        except OSError as error:
            failure = f"cannot reach {door[0]}: {error}"
    if doors:
        raise OSError(failure)


def open_tfds(builder, order, labels, split, fit, name):
    import tensorflow_datasets as tfds

    features, splits = dict(builder.info.features), builder.info.splits
    name = repr(name)
    # Sets for super-resolution have `lr` and `hr`.
    key = "hr" if fit.crop and "hr" in features else "image"
    image = features.get(key)
    if not isinstance(image, tfds.features.Image):
        raise ValueError(
            "`source` must be a TFDS set with a feature `image`, got "
            f"{sorted(features)}. Received: source={name}"
        )
    if image.np_dtype not in (np.uint8, np.uint16):
        raise ValueError(
            "`source` must be a TFDS set of images of 8 or 16 bits, got a "
            f"feature `{key}` of {np.dtype(image.np_dtype)}, whose range no "
            f"set says. Received: source={name}"
        )
    if labels and not isinstance(features.get("label"), tfds.features.Tensor):
        raise unlabelled(name)
    try:
        size = splits[split].num_examples
    except (KeyError, ValueError, AssertionError):
        raise split_error(split, sorted(splits), name) from None
    fixed = None not in image.shape
    if not fixed and fit.image_size is None:
        raise ValueError(
            "`image_size` must be given, because the images differ in size. "
            f"Received: image_size=None, source={name}"
        )
    if image.np_dtype == np.uint16 and image.shape[-1] != 1:
        raise ValueError(
            "`source` must be a TFDS set of images of 8 bits, or of grey ones "
            f"of 16, got a feature `{key}` of uint16 with {image.shape[-1]} "
            f"channels. Received: source={name}"
        )
    convert, shape = converter(image.shape, fit, name)
    example = _examples(builder, split, key, image, labels)
    size = splits[split].num_examples

    def read(number, places):
        indices = order.indices(number, size)[places]
        pixels, numbers = zip(*[example(int(i)) for i in indices])
        if fit.crop:
            return (pixels,)
        if fixed:  # They are faster to convert at once.
            images = convert(np.stack(pixels))
        else:
            images = np.stack([convert(x) for x in pixels])
        return (images, np.array(numbers, "int32")) if labels else (images,)

    specs = ((shape, "float32"), ((), "int32"))
    image_size = fit.image_size or image.shape[:2]
    scale = convert if fit.crop else None
    return Source(size, read, specs[: 1 + labels], image_size, scale)


def _examples(builder, split, key, image, labels):
    """Returns a function from a number to (pixels, label), without TensorFlow.

    A record is of an `Example`, in files of TFRecord or of what TFDS reads by
    number, such as ArrayRecord.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.proto import tf_example_pb2

    if builder.info.file_format == tfds.core.FileFormat.TFRECORD:
        records = TFRecords(builder.info.splits[split].file_instructions)
    else:
        records = builder.as_data_source(
            split, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
        )
    size = builder.info.splits[split].num_examples
    known = None not in image.shape
    small = known and size * math.prod(image.shape) <= CACHE_BYTES
    cache = {}

    def example(number):
        if number in cache:
            return cache[number]
        record = tf_example_pb2.Example.FromString(records[number])
        features = record.features.feature
        file = io.BytesIO(features[key].bytes_list.value[0])
        with Image.open(file) as picture:
            pixels = image_files.to_pixels(
                image_files.standard(picture), image.shape[-1]
            )
        label = features["label"].int64_list.value[0] if labels else 0
        if small:
            cache[number] = pixels, label
        return pixels, label

    return example


class TFRecords:
    """The records of TFRecord files, by number.

    Args:
        shards: list of what a split of TFDS has of files: each with its
            `filename` and, of its records, how many to `skip` and to `take`.
    """

    def __init__(self, shards):
        self.shards = list(shards)
        self.ends = list(itertools.accumulate(s.take for s in self.shards))
        self.opened = {}

    def __getitem__(self, number):
        i = bisect.bisect_right(self.ends, number)
        shard = self.shards[i]
        if i not in self.opened:  # Of two threads at once either may do it.
            self.opened[i] = self._open(str(shard.filename))
        memory, starts = self.opened[i]
        start = starts[shard.skip + number - (self.ends[i] - shard.take)]
        (length,) = struct.unpack_from("<Q", memory, start)
        return memory[start + 12 : start + 12 + length]

    def _open(self, path):
        """The file's memory, and where its records start."""
        with open(path, "rb") as file:
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # A record is its length, of 8 bytes, and itself, each with a checksum
        # of 4 bytes.
        starts, place = [], 0
        while place < len(memory):
            starts.append(place)
            place += struct.unpack_from("<Q", memory, place)[0] + 16
        return memory, np.array(starts)
