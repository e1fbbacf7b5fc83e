"""Augmentation that gradients flow through, of real and generated images.

A GAN trained on few images ends with a discriminator that knows them by heart.
Flipped or recoloured copies in the data would teach the generator to make
flipped and recoloured images. What helps is to show the discriminator nothing
but augmented images, real and generated ones alike, in its own step and in the
generator's: the generator then learns the data as they were.

    gan = keras_gans.DCGAN(
        image_shape=(64, 64, 3),
        augment=keras_gans.augmentation.DiffAugment("color,translation"),
    )

Nothing is clipped to [-1, 1]: where it is, no gradient flows.
"""

import math

import keras
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.names import AUGMENTATIONS

_PI = math.pi


class Augmentation(keras.layers.Layer):
    """Base class of what a model takes as `augment=`.

    It is a layer for the sake of its variables, which a model keeps in its
    files and its checkpoints; it is not called.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def augment(self, images, draw):
        """Augmented images, each in a way of its own.

        Args:
            images: Tensor `(batch, height, width, channels)`; images in
                [-1, 1].
            draw: `AdversarialModel.draw`: function of a distribution of
                `keras.random` and this replica's shape.

        Returns:
            Tensor of the same shape and dtype, not clipped.
        """
        raise NotImplementedError

    def observe(self, real_logits):
        """Called with the discriminator's logits for real images, once a step.

        Args:
            real_logits: Tensor, batch first, in training.
        """


@keras.saving.register_keras_serializable("keras_gans")
class DiffAugment(Augmentation):
    """Colour, translation and cutout, for every image at every step.

    On images in [-1, 1]: `"color"` adds a number in [-0.5, 0.5), multiplies
    the distance to the mean of the channels by one in [0, 2), and that to the
    image's mean by one in [0.5, 1.5); `"translation"` moves by up to an eighth
    of each side, and `"cutout"` covers a square of half the sides, both with
    zeros, which are grey.

    Args:
        policy: String, of these names, with commas between them. Leave out
            what the data have to be judged by: colour in a set of one colour.

    Reference:
        Zhao et al., "Differentiable Augmentation for Data-Efficient GAN
        Training", 2020.
    """

    policies = AUGMENTATIONS

    def __init__(self, policy="color,translation,cutout", **kwargs):
        names = [name.strip() for name in str(policy).split(",")]
        unknown = [name for name in names if name not in self.policies]
        if unknown or len(set(names)) < len(names):
            raise ValueError(
                f"policy must be of {', '.join(self.policies)}, each once, "
                f"with commas between them. Received: policy={policy!r}"
            )
        super().__init__(**kwargs)
        self.policy = ",".join(names)

    def augment(self, images, draw):
        x = ops.cast(images, "float32")
        if "color" in self.policy:
            x = _color(x, draw)
        if "translation" in self.policy:
            x = _translation(x, draw)
        if "cutout" in self.policy:
            x = _cutout(x, draw)
        return ops.cast(x, images.dtype)

    def get_config(self):
        return {"policy": self.policy, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class ADA(Augmentation):
    """Adaptive augmentation: as often as the discriminator is too sure.

    The discriminator's sign on real images, r = E[sign(D(x))], is 0 where it
    cannot tell and 1 where it knows them all. Every four steps the probability
    p, with which each transformation is applied to each image, moves up if r
    is above `target` and down if it is below, by a step that would take it
    from 0 to 1 within `speed` images.

    Deviations from the paper: images are sampled by bilinear interpolation
    without a low-pass filter before it; there is no noise, no cutout and no
    amplification of frequencies, which the paper found not to help.

    Args:
        pipe: String of the letters b (mirroring, turns by 90 degrees,
            translation by whole pixels), g (scaling, rotation, stretching and
            translation by parts of a pixel) and c (brightness, contrast, and
            for colours luma flip, hue and saturation). Digits that are
            mirrored or turned are other digits, or none: there `"c"`.
        target: Float in (-1, 1), of r.
        speed: Integer, images; the paper's 500,000 is for training from
            scratch, and 100,000 for going on from a model that was trained.
        interval: Integer, how many steps there are between two changes of p.
        initial_probability: Float in [0, 1].

    Attributes:
        probability: The variable p. Above 0.8 augmentations show in samples.

    Reference:
        Karras et al., "Training Generative Adversarial Networks with Limited
        Data", 2020, section 3 and appendix B.
    """

    def __init__(
        self,
        pipe="bgc",
        target=0.6,
        speed=500_000,
        interval=4,
        initial_probability=0.0,
        **kwargs,
    ):
        if not pipe or set(pipe) - set("bgc") or len(set(pipe)) < len(pipe):
            raise ValueError(
                "pipe must be of the letters b, g and c, each once. "
                f"Received: pipe={pipe!r}"
            )
        if not -1.0 < target < 1.0:
            raise ValueError(
                f"target must be between -1 and 1. Received: target={target}"
            )
        if not 0.0 <= initial_probability <= 1.0:
            raise ValueError(
                "initial_probability must be between 0 and 1. "
                f"Received: initial_probability={initial_probability}"
            )
        check_integer("speed", speed, minimum=1)
        check_integer("interval", interval, minimum=1)
        super().__init__(**kwargs)
        self.pipe = pipe
        self.target = target
        self.speed = speed
        self.interval = interval
        self.initial_probability = initial_probability

        def scalar(name, value):
            return self.add_weight(
                (),
                keras.initializers.Constant(value),
                dtype="float32",
                trainable=False,
                name=name,
            )

        self.probability = scalar("probability", initial_probability)
        self._signs = scalar("signs", 0.0)
        self._count = scalar("count", 0.0)

    def augment(self, images, draw):
        x = ops.cast(images, "float32")
        chance = _Chance(ops.shape(x)[0], self.probability.value, draw)
        if "b" in self.pipe or "g" in self.pipe:
            x = _warp(x, self._geometry(x, chance))
        if "c" in self.pipe:
            x = _recolor(x, chance)
        return ops.cast(x, images.dtype)

    def _geometry(self, x, chance):
        """Where in the image each pixel of the result comes from."""
        height, width = x.shape[1:3]
        matrix = _identity(chance.n)
        if "b" in self.pipe:
            mirror = 1.0 - 2.0 * ops.floor(chance.uniform(0.0, 2.0))
            matrix = _scaling(mirror, 1.0) @ matrix
            quarters = ops.floor(chance.uniform(0.0, 4.0))
            matrix = _rotation(quarters * (_PI / 2)) @ matrix
            matrix = (
                _shift(
                    ops.round(chance.uniform(-0.125, 0.125) * width),
                    ops.round(chance.uniform(-0.125, 0.125) * height),
                )
                @ matrix
            )
        if "g" in self.pipe:
            scale = ops.exp2(0.2 * chance.normal())
            matrix = _scaling(scale, scale) @ matrix
            # Twice, around the stretching: p is the chance of either.
            either = 1.0 - ops.sqrt(1.0 - self.probability.value)
            before = chance.uniform(-_PI, _PI, either)
            stretch = ops.exp2(0.2 * chance.normal())
            matrix = _rotation(before) @ matrix
            matrix = _scaling(stretch, 1.0 / stretch) @ matrix
            matrix = _rotation(chance.uniform(-_PI, _PI, either)) @ matrix
            matrix = (
                _shift(
                    0.125 * width * chance.normal(),
                    0.125 * height * chance.normal(),
                )
                @ matrix
            )
        return matrix

    def observe(self, real_logits):
        # Of all replicas, so that p is the same on each. The mean over a
        # replica's own examples first: replicas have equally many.
        logits = ops.cast(ops.stop_gradient(real_logits), "float32")
        sign = ops.mean(ops.sign(logits))
        sign = ops.mean(backend.all_gather(ops.reshape(sign, (1,))))
        count = self._count.value + 1.0
        signs = self._signs.value + sign
        is_due = ops.cast(count >= self.interval, "float32")
        images = ops.cast(ops.shape(real_logits)[0], "float32")
        step = images * backend.num_replicas() * self.interval / self.speed
        direction = ops.sign(signs / count - self.target)
        self.probability.assign(
            ops.clip(
                self.probability.value + is_due * step * direction, 0.0, 1.0
            )
        )
        self._signs.assign((1.0 - is_due) * signs)
        self._count.assign((1.0 - is_due) * count)

    def get_config(self):
        return {
            "pipe": self.pipe,
            "target": self.target,
            "speed": self.speed,
            "interval": self.interval,
            "initial_probability": self.initial_probability,
            "name": self.name,
        }


# ---- DiffAugment ----------------------------------------------------------


def _uniform(x, draw, minimum=0.0, maximum=1.0):
    """One number for each image, `(batch, 1, 1, 1)`."""
    return draw(
        keras.random.uniform,
        (ops.shape(x)[0], 1, 1, 1),
        minval=minimum,
        maxval=maximum,
        dtype="float32",
    )


def _color(x, draw):
    x = x + _uniform(x, draw, -0.5, 0.5)
    grey = ops.mean(x, axis=-1, keepdims=True)
    x = grey + _uniform(x, draw, 0.0, 2.0) * (x - grey)
    mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    return mean + _uniform(x, draw, 0.5, 1.5) * (x - mean)


def _translation(x, draw):
    for axis in (1, 2):
        size = x.shape[axis]
        most = int(size / 8 + 0.5)
        # Whole numbers from -most to most.
        offset = ops.floor(_uniform(x, draw, -most, most + 1))[:, :, :, 0]
        # A matrix that moves: neither a gather, whose gradient is slow on a
        # CPU, nor a padded slice, whose size or place would not be static.
        place = ops.arange(size, dtype="float32")
        matrix = ops.cast(
            ops.equal(place[None, :, None] + offset, place[None, None, :]),
            "float32",
        )
        along = "nij,njwc->niwc" if axis == 1 else "nij,nhjc->nhic"
        x = ops.einsum(along, matrix, x)
    return x


def _cutout(x, draw):
    covered = 1.0
    for axis in (1, 2):
        size = x.shape[axis]
        side = int(size / 2 + 0.5)
        # The middle may be anywhere, so that the square may be cut off.
        middle = ops.floor(_uniform(x, draw, 0, size + 1 - side % 2))
        first = middle - side // 2
        shape = (1, size, 1, 1) if axis == 1 else (1, 1, size, 1)
        place = ops.reshape(ops.arange(size, dtype="float32"), shape)
        inside = (place >= first) & (place < first + side)
        covered = covered * ops.cast(inside, "float32")
    return x * (1.0 - covered)


# ---- ADA ------------------------------------------------------------------


class _Chance:
    """Random numbers for each image, or those that change nothing.

    Args:
        n: How many images this replica has.
        probability: Scalar, of each draw to be used.
        draw: See `Augmentation.augment`.
    """

    def __init__(self, n, probability, draw):
        self.n = n
        self.probability = probability
        self.draw = draw

    def _number(self, distribution, **kwargs):
        return self.draw(distribution, (self.n,), dtype="float32", **kwargs)

    def _used(self, x, probability):
        if probability is None:
            probability = self.probability
        luck = self._number(keras.random.uniform)
        return ops.where(luck < probability, x, 0.0)

    def uniform(self, minimum, maximum, probability=None):
        x = self._number(keras.random.uniform, minval=minimum, maxval=maximum)
        return self._used(x, probability)

    def normal(self, probability=None):
        return self._used(self._number(keras.random.normal), probability)


def _matrix(rows, like):
    """Numbers and tensors `(batch,)` as matrices `(batch, rows, columns)`."""
    one = ops.ones_like(like)
    return ops.stack(
        [ops.stack([value * one for value in row], axis=-1) for row in rows],
        axis=-2,
    )


def _identity(n):
    return ops.broadcast_to(ops.eye(3, dtype="float32"), (n, 3, 3))


def _scaling(x, y):
    return _matrix([[x, 0, 0], [0, y, 0], [0, 0, 1]], x)


def _rotation(angle):
    sine, cosine = ops.sin(angle), ops.cos(angle)
    return _matrix([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], angle)


def _shift(x, y):
    return _matrix([[1, 0, x], [0, 1, y], [0, 0, 1]], x)


def _warp(images, matrix):
    """Images at the places that matrices say, about their middle.

    Bilinear; beyond the border they are mirrored.
    """
    height, width, channels = images.shape[1:]
    y = ops.arange(height, dtype="float32") - (height - 1) / 2
    x = ops.arange(width, dtype="float32") - (width - 1) / 2
    x, y = (ops.reshape(a, (-1,)) for a in ops.meshgrid(x, y))
    places = ops.stack([x, y, ops.ones_like(x)])
    places = ops.matmul(matrix, places)  # (batch, 3, height * width)
    x = _mirrored(places[:, 0] + (width - 1) / 2, width)
    y = _mirrored(places[:, 1] + (height - 1) / 2, height)
    left = ops.clip(ops.floor(x), 0, max(width - 2, 0))
    top = ops.clip(ops.floor(y), 0, max(height - 2, 0))
    pixels = ops.reshape(images, (-1, height * width, channels))

    def corner(down, right):
        row, column = top + down, left + right
        share = (1.0 - ops.abs(y - row)) * (1.0 - ops.abs(x - column))
        row = ops.minimum(row, height - 1)  # Of a side of one pixel.
        column = ops.minimum(column, width - 1)
        index = ops.cast(row * width + column, "int32")[..., None]
        index = ops.broadcast_to(index, (*ops.shape(index)[:2], channels))
        return share[..., None] * ops.take_along_axis(pixels, index, axis=1)

    warped = corner(0, 0) + corner(0, 1) + corner(1, 0) + corner(1, 1)
    return ops.reshape(warped, ops.shape(images))


def _mirrored(place, size):
    """Places beyond the first and the last pixel, back inside."""
    if size == 1:
        return ops.zeros_like(place)
    period = 2.0 * (size - 1)
    place = ops.mod(place, period)
    return ops.minimum(place, period - place)


def _recolor(x, chance):
    def per_image(value):
        return ops.reshape(value, (-1, 1, 1, 1))

    x = x + per_image(0.2 * chance.normal())
    x = x * per_image(ops.exp2(0.5 * chance.normal()))
    flip = ops.floor(chance.uniform(0.0, 2.0))
    if x.shape[-1] != 3:
        # Of one channel luma is all there is.
        return x * per_image(1.0 - 2.0 * flip)
    # Luma is what is along (1, 1, 1); hue turns about it, saturation is the
    # distance from it.
    angle = chance.uniform(-_PI, _PI)
    saturation = ops.exp2(chance.normal())
    luma = ops.full((3, 3), 1.0 / 3.0, dtype="float32")[None]
    rest = ops.eye(3, dtype="float32")[None] - luma
    root = 1.0 / math.sqrt(3.0)
    cross = ops.convert_to_tensor(
        [[[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]]],
        "float32",
    )
    flip, angle, saturation = (
        ops.reshape(value, (-1, 1, 1)) for value in (flip, angle, saturation)
    )
    turned = ops.cos(angle) * rest + ops.sin(angle) * cross
    matrix = (1.0 - 2.0 * flip) * luma + saturation * turned
    return ops.einsum("nij,nhwj->nhwi", matrix, x)
