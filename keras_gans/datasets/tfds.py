"""The image sets of tensorflow-datasets."""

import difflib
import os
import socket
import urllib.parse
import urllib.request

import numpy as np

from keras_gans.datasets.checks import (
    UnknownData,
    import_tensorflow,
    split_error,
    unlabelled,
)
from keras_gans.datasets.images import converter
from keras_gans.datasets.sources import Source

# The shuffle buffer of a TFDS set holds encoded records: all of MNIST or
# CIFAR-10, about 460 MB of CelebA, and never more than about 512 MiB.
SHUFFLE_RECORDS = 2**16
SHUFFLE_BYTES = 2**29


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
            f"({error})."
        ) from None
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        close = difflib.get_close_matches(name, tfds.list_builders())
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

    tf = import_tensorflow()
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
    convert = converter(image.shape, fit, name)
    bytes_each = builder.info.dataset_size // splits.total_num_examples
    buffer = min(SHUFFLE_RECORDS, SHUFFLE_BYTES // max(1, bytes_each), size)

    # The records are read as they lie, in the order of the files, and parsed
    # after the shuffle: `builder.as_dataset` parses first, at a tenth of the
    # speed, and that would be the wait at the start of each pass.
    shards = splits[split].file_instructions
    files = tf.data.Dataset.from_tensor_slices(
        (
            [str(shard.filename) for shard in shards],
            np.array([shard.skip for shard in shards], "int64"),
            np.array([shard.take for shard in shards], "int64"),
        )
    )
    encoded = files.flat_map(
        lambda file, skip, take: (
            tf.data.TFRecordDataset(file).skip(skip).take(take)
        )
    )
    names = (key, "label") if labels else (key,)
    wanted = tfds.features.FeaturesDict({key: features[key] for key in names})

    def records(number):
        if not order.shuffle:
            return encoded
        # `Dataset.shuffle` mixes in the global seed, which must not matter.
        # This function is a graph: what is set here is that graph's seed.
        tf.random.set_seed(1)
        mixed = tf.random.stateless_uniform(
            (), order.key(number), minval=None, maxval=None, dtype=tf.int64
        )
        return encoded.shuffle(
            max(1, buffer), seed=mixed, reshuffle_each_iteration=False
        )

    def decode(record):
        record = wanted.deserialize_example(record)
        pixels = record[key]
        # A batch is faster to convert, but takes images of one size.
        pixels = pixels if fixed else convert(pixels)
        if not labels:
            return pixels
        return pixels, tf.cast(record["label"], tf.int32)

    def finish(pixels, *rest):
        pixels = convert(pixels) if fixed else pixels
        return (pixels, *rest) if rest else pixels

    image_size = fit.image_size or image.shape[:2]
    return Source(size, records, decode, finish, image_size)
