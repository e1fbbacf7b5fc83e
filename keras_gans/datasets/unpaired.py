"""The data of CycleGAN: images of two kinds, a and b, each on its own."""

import re

import numpy as np

from keras_gans.datasets.batches import make_batches
from keras_gans.datasets.checks import SplitError, UnknownData, integer
from keras_gans.datasets.images import (
    Fit,
    check_both_channels,
    check_image_size,
)
from keras_gans.datasets.jitter import jittered, mirrored
from keras_gans.datasets.loading import open_source
from keras_gans.datasets.sources import (
    JITTER_A,
    JITTER_B,
    MIRROR_A,
    MIRROR_B,
    ORDER_A,
    ORDER_B,
    Order,
    Source,
)


def load_unpaired(
    source_a,
    source_b=None,
    batch_size=1,
    *,
    augment=False,
    mirror=False,
    split="train",
    image_size=None,
    channels=None,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
):
    """Makes a dataset of images of two kinds, as for CycleGAN.

    ```python
    data = datasets.load_unpaired(
        "cycle_gan/horse2zebra", image_size=256, augment=True, repeat=True
    )
    emoji = datasets.load_unpaired(
        "emojitwo/train/color",
        "noto_emoji/images",
        batch_size=16,
        split=("train", "train[:90%]"),
        image_size=64,
    )
    ```

    Each side has its own order and its own random crops, independent of the
    other's. A pass is as long as the longer side; the shorter one goes
    around, in a new order every time, and starts afresh with each pass.
    Everything else is as in `load`, resuming included: pass `e` is a function
    of `(seed, e)` alone.

    Args:
        source_a: Whatever images `load` takes: a folder, an `.npz` file, an
            array or the name of a TFDS set. Without `source_b`, a TFDS set or
            a folder that has the splits trainA and trainB (and testA and
            testB), such as `"cycle_gan/horse2zebra"`.
        source_b: The same, of the other side.
        batch_size: int, the number of images of each side in a batch.
        augment: bool, whether to jitter as the papers do: each image is
            scaled to 286/256 of its size, cut back to it at a random place,
            and mirrored half of the time, anew in each pass.
        mirror: bool, whether images are mirrored half of the time, and not
            cut. With `augment` they are, whatever this says.
        split: str, the split of both sides, or a tuple of two. As in `load`
            a folder without splits is all `"train"`, and `"train[:90%]"` with
            `"train[90%:]"` holds out a tenth of it. With `source_b=None`,
            `"train"` stands for `("trainA", "trainB")`.
        image_size: int or (height, width). `None` keeps each side's own.
        channels: 1, 3, 4 or `None`, or a tuple of two of them. `None` keeps
            each side's own.
        shuffle: bool, whether each pass has an order of its own.
        seed: int, 0 or more.
        repeat: bool, whether to go on for ever, see `load`.
        skip: int, the number of batches to leave out, see `load`.
        drop_remainder: bool, whether to drop a last, smaller batch.
        data_dir: str, where TFDS sets lie, see `load`.
        download: bool, whether a TFDS set that is not there may be fetched.
        strict: bool, whether unreadable files are an error, see `load`.

    Returns:
        A dataset as of `load`, of `(images_a, images_b)`, float32 and
        `(batch_size, height, width, channels)` in [-1, 1].

    Raises:
        ValueError, FileNotFoundError, RuntimeError, ImportError: as `load`.

    Reference:
        Zhu et al., 2017, Unpaired Image-to-Image Translation using
        Cycle-Consistent Adversarial Networks, arXiv:1703.10593.
    """
    batch_size = integer("batch_size", batch_size, 1)
    skip = integer("skip", skip, 0)
    seed = integer("seed", seed, 0)
    image_size = check_image_size(image_size)
    fits = [Fit(image_size, c, augment) for c in check_both_channels(channels)]
    splits = tuple(split) if isinstance(split, (tuple, list)) else (split,) * 2
    if len(splits) != 2 or not all(isinstance(s, str) for s in splits):
        raise ValueError(
            f"`split` must be a str or a tuple of two. Received: {split=}"
        )
    sources = [source_a, source_b]
    if source_b is None:
        sources[1] = source_a
        if isinstance(split, str):
            # "train[:9]+test" is "trainA[:9]+testA" and "trainB[:9]+testB".
            splits = [
                re.sub(r"[A-Za-z]\w*", rf"\g<0>{side}", split) for side in "AB"
            ]

    opened = []
    for i, side in enumerate("ab"):
        order = Order(shuffle, seed, (ORDER_A, ORDER_B)[i])
        try:
            data = open_source(
                sources[i],
                order,
                False,
                splits[i],
                fits[i],
                strict,
                (data_dir, download),
            )
        except SplitError as error:
            if source_b is not None:
                raise _renamed(error, side) from None
            raise SplitError(
                f"`source_b` must be given, or `split` be what `source_a` has "
                f"of both sides, as trainA and trainB ({error}) "
                f"Received: {split=}, source_b=None"
            ) from None
        except (ValueError, FileNotFoundError, RuntimeError) as error:
            raise _renamed(error, side) from None
        if data.image_size is None:
            raise ValueError(
                f"`source_{side}` must hold images. "
                f"Received: source_{side}={_short(sources[i])}"
            )
        opened.append(data)
    size = max(data.size for data in opened)
    sides = [_going_around(data, size) for data in opened]
    if augment:
        sides = [
            jittered(data, Order(True, seed, stream))
            for data, stream in zip(sides, (JITTER_A, JITTER_B))
        ]
    elif mirror:
        sides = [
            mirrored(data, Order(True, seed, stream))
            for data, stream in zip(sides, (MIRROR_A, MIRROR_B))
        ]
    data = _side_by_side(*sides)
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def _going_around(data, size):
    """A source that begins again until a pass has `size` examples."""
    rounds = -(-size // data.size)
    if rounds == 1:
        return data

    def read(number, places):
        parts = [
            data.read(
                number * rounds + i,
                places[places // data.size == i] - i * data.size,
            )
            for i in np.unique(places // data.size)
        ]
        return tuple(map(np.concatenate, zip(*parts)))

    return data._replace(size=size, read=read)


def _side_by_side(a, b):
    """Examples of `a`, and beside them such of `b`."""

    def read(number, places):
        return (*a.read(number, places), *b.read(number, places))

    return Source(a.size, read, (*a.specs, *b.specs))


def _renamed(error, side):
    """`load` says `source`, which the user has given by another name."""
    text = re.sub(r"(`|\b)source(`|=)", rf"\1source_{side}\2", str(error))
    kinds = (SplitError, UnknownData, FileNotFoundError, RuntimeError)
    kinds += (ValueError,)
    return next(kind for kind in kinds if isinstance(error, kind))(text)


def _short(source):
    return repr(source) if isinstance(source, str) else str(type(source))
