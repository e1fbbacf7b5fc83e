"""Crops of images, and of super-resolution what is left of them when shrunk."""

import numpy as np

from keras_gans import resizing
from keras_gans.datasets.batches import make_batches
from keras_gans.datasets.checks import integer
from keras_gans.datasets.degradations import DEGRADATIONS, jpeg
from keras_gans.datasets.high_res_pairs import crop, open_crop_pairs
from keras_gans.datasets.images import Fit, check_channels, check_image_size
from keras_gans.datasets.loading import open_source
from keras_gans.datasets.pairs import are_two_folders
from keras_gans.datasets.sources import Order
from keras_gans.pixels import from_uint8, to_uint8

# What is drawn independently within a pass, see `Order`.
ORDER, CROP, DEGRADE = range(3)


def load_crops(
    source,
    batch_size=16,
    *,
    crop_size=64,
    augment=False,
    split="train",
    channels=3,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
):
    """Makes a dataset of crops: small images of large ones, not shrunk.

    Of each image a pass takes one crop, at a random place, the same that
    `load_high_res` takes of the same seed.

    Args:
        source: See `load_high_res`; not two folders.
        batch_size: int, the number of crops in a batch.
        crop_size: int or (height, width).
        augment: bool, whether crops are mirrored and turned, in all eight
            ways.
        split: str, see `load`, as all that follow.
        channels: 1 or 3.
        shuffle: bool.
        seed: int, 0 or more.
        repeat: bool.
        skip: int.
        drop_remainder: bool.
        data_dir: str.
        download: bool.
        strict: bool.

    Returns:
        A dataset as of `load`, of float32 `(batch_size, height, width,
        channels)` in [-1, 1].

    Raises:
        ValueError, FileNotFoundError, RuntimeError, ImportError: as `load`.
    """
    batch_size = integer("batch_size", batch_size, 1)
    skip = integer("skip", skip, 0)
    seed = integer("seed", seed, 0)
    crop_size = check_image_size(crop_size)
    if crop_size is None:
        raise ValueError(
            f"`crop_size` must be a size of images. Received: {crop_size=}"
        )
    _check_channels(channels)
    places = (data_dir, download)
    fit = crop_size, channels, augment
    data = _open_crops(source, fit, split, shuffle, seed, strict, places)
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def load_high_res(
    source,
    batch_size=16,
    *,
    scale=4,
    crop_size=96,
    augment=False,
    sides=None,
    degradation=None,
    blur=0.0,
    noise=0.0,
    jpeg_quality=None,
    split="train",
    channels=3,
    shuffle=True,
    seed=0,
    repeat=False,
    skip=0,
    drop_remainder=True,
    data_dir=None,
    download=True,
    strict=False,
):
    """Makes a dataset of low- and high-resolution crops.

    ```python
    data = datasets.load_high_res("photos", 16, scale=4, repeat=True)
    ```

    Of each image a pass takes one crop, at a random place. It is shrunk as
    MATLAB's `imresize` does it (bicubic, antialiased, see `resizing`) and
    rounded to 8 bits: what the published figures of super-resolution start
    from. Passes can be resumed as those of `load`: pass `e`, crops included,
    is a function of `(seed, e)` alone.

    Photographs that people have were not only shrunk. With
    `degradation="real_esrgan"` a crop becomes what the paper of that name
    learns from: blurred, resized, noisy and compressed, all of it twice, each
    at random (see `degradations`). And where both are there, small and large
    ones of a camera or a renderer, `sides` names their folders:

    ```python
    data = datasets.load_high_res("game", 16, sides=("small", "large"))
    ```

    Args:
        source: Whatever images `load` takes, of any sizes: a folder, an
            array, an `.npz` file, or the name of a TFDS set. Of `div2k/...`
            the high-resolution images are taken. Images smaller than a crop
            are named and left out (of a TFDS set they are an error). Or a
            tuple of two folders, of which the second has the same images as
            the first, under the same names, and `scale` times as large.
        batch_size: int, the number of crops in a batch.
        scale: int, how much smaller the low-resolution crops are.
        crop_size: int or (height, width) of the high-resolution crops,
            multiples of `scale`.
        augment: bool, whether crops are mirrored and turned, in all eight
            ways.
        sides: tuple of two str, the sub-folders of `source` with the low- and
            the high-resolution images; nothing is shrunk or damaged then.
        degradation: str, `"real_esrgan"`, which stands for all of shrinking,
            blur, noise and JPEG; `None` for bicubic shrinking, and the three
            arguments that follow.
        blur: float, the most that a crop is blurred before it is shrunk: the
            standard deviation of a Gaussian, in pixels, is drawn from
            [0, blur], at most 3.
        noise: float, the most noise that a low-resolution crop gets: the
            standard deviation, in steps of 1/255, is drawn from [0, noise].
        jpeg_quality: (least, greatest) ints from 1 to 100; low-resolution
            crops go through JPEG of a quality between them. `None` for none.
        split: str, see `load`.
        channels: 1 or 3.
        shuffle: bool, whether each pass has an order of its own.
        seed: int, 0 or more.
        repeat: bool, whether to go on for ever, see `load`.
        skip: int, the number of batches to leave out, see `load`.
        drop_remainder: bool, whether to drop a last, smaller batch.
        data_dir: str, where TFDS sets lie, see `load`.
        download: bool, whether a TFDS set that is not there may be fetched.
        strict: bool, whether unreadable files are an error, see `load`.

    Returns:
        A dataset as of `load`, of `(low_res_images, high_res_images)`, float32
        and `(batch_size, height / scale, width / scale, channels)` and
        `(batch_size, height, width, channels)` in [-1, 1].

    Raises:
        ValueError, FileNotFoundError, RuntimeError, ImportError: as `load`.

    Reference:
        Ledig et al., 2017, arXiv:1609.04802, section 3.2 (crops of 96x96).
        Wang et al., 2021, arXiv:2107.10833 (`"real_esrgan"`).
    """
    batch_size = integer("batch_size", batch_size, 1)
    scale = integer("scale", scale, 1)
    skip = integer("skip", skip, 0)
    seed = integer("seed", seed, 0)
    crop_size = check_image_size(crop_size)
    if crop_size is None or any(side % scale for side in crop_size):
        raise ValueError(
            f"`crop_size` must be a multiple of the scale, {scale}. "
            f"Received: {crop_size=}"
        )
    if blur and min(crop_size) < 9:  # As far as the Gaussian reaches.
        raise ValueError(
            "`crop_size` must be 9 or more where crops are blurred. "
            f"Received: {crop_size=}"
        )
    _check_channels(channels)
    for name, value in (("blur", blur), ("noise", noise)):
        most = 3 if name == "blur" else 255
        if not 0 <= value <= most:
            raise ValueError(
                f"`{name}` must be a standard deviation from 0 to {most}. "
                f"Received: {name}={value!r}"
            )
    if jpeg_quality is not None:
        low, high = jpeg_quality
        if not 1 <= low <= high <= 100:
            raise ValueError(
                "`jpeg_quality` must be (least, greatest), from 1 to 100. "
                f"Received: {jpeg_quality=}"
            )
    plain = blur, noise, jpeg_quality
    if degradation is not None and degradation not in DEGRADATIONS:
        raise ValueError(
            f"`degradation` must be None or one of {', '.join(DEGRADATIONS)}. "
            f"Received: {degradation=}"
        )
    if degradation is not None and any(plain):
        raise ValueError(
            "`degradation` must be None where blur, noise or jpeg_quality say "
            f"what becomes of crops. Received: {degradation=}"
        )
    places = (data_dir, download)
    fit = crop_size, channels, augment
    if sides is not None or are_two_folders(source):
        if degradation is not None or any(plain):
            raise ValueError(
                "`degradation`, `blur`, `noise` and `jpeg_quality` make "
                "low-resolution images, which are there where there are two "
                f"folders: leave them out. Received: {degradation=}, {blur=}, "
                f"{noise=}, {jpeg_quality=}"
            )
        orders = Order(shuffle, seed, ORDER), Order(True, seed, CROP)
        data = open_crop_pairs(source, sides, fit, scale, split, strict, orders)
        return make_batches(data, batch_size, repeat, skip, drop_remainder)
    data = _open_crops(source, fit, split, shuffle, seed, strict, places)
    if degradation is not None:
        data = _degraded_by(DEGRADATIONS[degradation], data, scale, seed)
    else:
        data = _with_low_res(data, crop_size, scale, plain, seed)
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def _check_channels(channels):
    if channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 or 3. Received: {channels=}")


def _open_crops(source, fit, split, shuffle, seed, strict, places):
    """The `Source` of crops of whatever `load` takes.

    Args:
        fit: `(crop_size, channels, augment)`.
    """
    size, channels, augment = fit
    data = open_source(
        source,
        Order(shuffle, seed, ORDER),
        False,
        split,
        Fit(size, check_channels(channels), crop=True),
        strict,
        places,
    )
    return _cropped(data, size, augment, Order(True, seed, CROP))


def _cropped(data, size, augment, order):
    """Takes a crop of each image, at a place that depends on the pass."""

    def read(number, places):
        draws = order.draws(number, (data.size, 5))[places]
        (images,) = data.read(number, places)
        crops = [crop(x, size, augment, d) for x, d in zip(images, draws)]
        return (np.stack([data.scale(crop) for crop in crops]),)

    (((*_, channels), dtype),) = data.specs
    return data._replace(
        read=read, specs=(((*size, channels), dtype),), image_size=size
    )


def _degraded_by(degrade, data, scale, seed):
    """Batches of crops, and before them what one of `DEGRADATIONS` left."""
    ((*size, channels), dtype), *_ = data.specs
    low_size = tuple(side // scale for side in size)
    order = Order(True, seed, DEGRADE)

    def read(number, places):
        (high,) = data.read(number, places)
        low = [
            degrade(image, low_size, order.generator(number, int(place)))
            for image, place in zip(high, places)
        ]
        return from_uint8(to_uint8(np.stack(low))), high

    return data._replace(
        read=read, specs=(((*low_size, channels), dtype), *data.specs)
    )


def _with_low_res(data, size, scale, degradation, seed):
    """Batches of crops, and before them what they are shrunk to."""
    rows, columns = (
        resizing.bicubic_matrix(side, side // scale).astype("float32")
        for side in size
    )
    order = Order(True, seed, DEGRADE)

    def shrink(x):
        x = np.einsum("ih,...hwc->...iwc", rows, x, optimize=True)
        return np.einsum("jw,...iwc->...ijc", columns, x, optimize=True)

    def read(number, places):
        (high,) = data.read(number, places)
        if any(degradation):
            low = [
                _degraded(
                    x, shrink, order.generator(number, int(i)), *degradation
                )
                for x, i in zip(high, places)
            ]
            low = np.stack(low)
        else:
            low = shrink(high)
        return from_uint8(to_uint8(low)), high

    (((*_, channels), dtype),) = data.specs
    low = (len(rows), len(columns), channels)
    return data._replace(read=read, specs=((low, dtype), *data.specs))


def _degraded(image, shrink, rng, blur, noise, jpeg_quality):
    """A low-resolution image from a high-resolution one, at random."""
    sigma, strength = rng.random(2, dtype="float32") * (blur, noise / 127.5)
    low = shrink(_blurred(image, sigma) if blur else image)
    if noise:
        low += strength * rng.standard_normal(low.shape, dtype="float32")
    if jpeg_quality:
        least, greatest = jpeg_quality
        quality = int(rng.integers(least, greatest + 1))
        low = from_uint8(jpeg(to_uint8(low), quality))
    return low


def _blurred(image, sigma):
    """Convolves with a Gaussian of 19x19; nothing for sigma = 0."""
    taps = np.arange(-9, 10)
    kernel = np.exp(-np.square(taps / max(sigma, 1e-3)) / 2)
    kernel = (kernel / kernel.sum()).astype("float32")
    for axis in (0, 1):
        edges = [(9, 9) if i == axis else (0, 0) for i in range(3)]
        padded = np.pad(image, edges, "symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 19, axis)
        image = windows @ kernel
    return image
