"""The data of super-resolution: crops, and what is left of them when shrunk."""

from keras_gans import resizing
from keras_gans.datasets.checks import import_tensorflow, integer
from keras_gans.datasets.images import (
    Fit,
    check_channels,
    check_image_size,
    from_integers,
    to_uint8,
)
from keras_gans.datasets.loading import make_batches, open_source
from keras_gans.datasets.sources import Order

# What is drawn independently within a pass, see `Order`.
ORDER, CROP, DEGRADE = range(3)


def load_high_res(
    source,
    batch_size=16,
    *,
    scale=4,
    crop_size=96,
    augment=False,
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
    """Makes a `tf.data.Dataset` of low- and high-resolution crops.

    ```python
    data = datasets.load_high_res("photos", 16, scale=4, repeat=True)
    ```

    Of each image a pass takes one crop, at a random place. It is shrunk as
    MATLAB's `imresize` does it (bicubic, antialiased, see `resizing`) and
    rounded to 8 bits: what the published figures of super-resolution start
    from. Passes can be resumed as those of `load`: pass `e`, crops included,
    is a function of `(seed, e)` alone.

    Args:
        source: Whatever images `load` takes, of any sizes: a folder, an
            array, an `.npz` file, or the name of a TFDS set. Of `div2k/...`
            the high-resolution images are taken. Images smaller than a crop
            are named and left out (of a TFDS set they are an error).
        batch_size: int, the number of crops in a batch.
        scale: int, how much smaller the low-resolution crops are.
        crop_size: int or (height, width) of the high-resolution crops,
            multiples of `scale`.
        augment: bool, whether crops are mirrored and turned, in all eight
            ways.
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
        A `tf.data.Dataset` of `(low_res_images, high_res_images)`, float32
        tensors `(batch_size, height / scale, width / scale, channels)` and
        `(batch_size, height, width, channels)` in [-1, 1].

    Raises:
        ValueError, FileNotFoundError, RuntimeError, ImportError: as `load`.

    Reference:
        Ledig et al., 2017, arXiv:1609.04802, section 3.2 (crops of 96x96).
    """
    import_tensorflow()
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
    if channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 or 3. Received: {channels=}")
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
    data = open_source(
        source,
        Order(shuffle, seed, ORDER),
        False,
        split,
        Fit(crop_size, check_channels(channels), crop=True),
        strict,
        (data_dir, download),
    )
    data = _cropped(data, crop_size, augment, Order(True, seed, CROP))
    data = _with_low_res(
        data, crop_size, scale, (blur, noise, jpeg_quality), seed
    )
    return make_batches(data, batch_size, repeat, skip, drop_remainder)


def _cropped(data, size, augment, order):
    """Takes a crop of each image, at a place that depends on the pass."""
    tf = import_tensorflow()

    def records(number):
        draws = tf.random.stateless_uniform((data.size, 5), order.key(number))
        draws = tf.data.Dataset.from_tensor_slices(draws)
        return tf.data.Dataset.zip((data.records(number), draws))

    def crop(image, draws):
        sides = tf.shape(image)[:2]
        fits = tf.debugging.Assert(
            tf.reduce_all(sides >= size),
            ["An image is smaller than `crop_size`", size, ":", sides],
        )
        with tf.control_dependencies([fits]):
            places = tf.cast(sides - size + 1, tf.float32)
        corner = tf.cast(draws[:2] * places, tf.int32)
        image = tf.slice(image, [*tf.unstack(corner), 0], [*size, -1])
        if augment:
            image = tf.cond(
                draws[2] < 0.5, lambda: image, lambda: image[:, ::-1]
            )
            image = tf.cond(draws[3] < 0.5, lambda: image, lambda: image[::-1])
            if size[0] == size[1]:
                image = tf.cond(
                    draws[4] < 0.5,
                    lambda: image,
                    lambda: tf.transpose(image, (1, 0, 2)),
                )
        return tf.ensure_shape(image, (*size, image.shape[-1]))

    def decode(record, draws):
        if data.decode is None:  # Arrays are looked up batch by batch.
            return record, draws
        return crop(data.decode(record), draws), draws

    def finish(batch, draws):
        images = data.finish(batch)
        if data.decode is None:
            images = tf.map_fn(
                lambda pair: crop(*pair),
                (images, draws),
                fn_output_signature=tf.TensorSpec(
                    (*size, images.shape[-1]), images.dtype
                ),
            )
        return images

    return data._replace(records=records, decode=decode, finish=finish)


def _with_low_res(data, size, scale, degradation, seed):
    """Batches of crops, and before them what they are shrunk to."""
    tf = import_tensorflow()
    blur, noise, jpeg_quality = degradation
    rows, columns = (
        tf.constant(resizing.bicubic_matrix(side, side // scale), tf.float32)
        for side in size
    )
    is_random = bool(blur or noise or jpeg_quality)
    order = Order(True, seed, DEGRADE)

    def records(number):
        keys = tf.random.stateless_uniform(
            (data.size, 2), order.key(number), None, None, tf.int64
        )
        keys = tf.data.Dataset.from_tensor_slices(keys)
        return tf.data.Dataset.zip((data.records(number), keys))

    def decode(record, keys):
        return data.decode(*record), keys

    def shrink(x):
        x = tf.einsum("ih,nhwc->niwc", rows, x)
        return tf.einsum("jw,niwc->nijc", columns, x)

    def degrade(pair):
        """A low-resolution image from a high-resolution one and its key."""
        image, key = pair
        draws = tf.random.stateless_uniform((2,), key)
        if blur:
            image = _blurred(image, draws[0] * blur)
        low = shrink(image[None])[0]
        if noise:
            low += (
                tf.random.stateless_normal(tf.shape(low), key + 1)
                * draws[1]
                * (noise / 127.5)
            )
        if jpeg_quality:
            least, greatest = jpeg_quality
            quality = tf.random.stateless_uniform(
                (), key + 2, least, greatest + 1, tf.int32
            )
            low = tf.image.adjust_jpeg_quality(to_uint8(low), quality)
            low = from_integers(low)
        return low

    def finish(batch, keys):
        high = data.finish(*batch)
        if is_random:
            low = tf.map_fn(
                degrade,
                (high, keys),
                fn_output_signature=tf.TensorSpec(
                    (len(rows), len(columns), high.shape[-1]), tf.float32
                ),
            )
        else:
            low = shrink(high)
        return from_integers(to_uint8(low)), high

    return data._replace(
        records=records, decode=decode, finish=finish, image_size=size
    )


def _blurred(image, sigma):
    """Convolves with a Gaussian of 19x19; nothing for sigma = 0."""
    tf = import_tensorflow()
    taps = tf.range(-9.0, 10.0)
    kernel = tf.exp(-tf.square(taps / tf.maximum(sigma, 1e-3)) / 2)
    kernel /= tf.reduce_sum(kernel)
    x = tf.transpose(image, (2, 0, 1))[..., None]
    x = tf.pad(x, [[0, 0], [9, 9], [9, 9], [0, 0]], "SYMMETRIC")
    x = tf.nn.conv2d(x, kernel[:, None, None, None], 1, "VALID")
    x = tf.nn.conv2d(x, kernel[None, :, None, None], 1, "VALID")
    return tf.transpose(x[..., 0], (1, 2, 0))
