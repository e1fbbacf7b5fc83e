"""Upscaling for people: images of any size and kind, tile by tile."""

import itertools

import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer, check_positive
from keras_gans.models.exporting import export_images
from keras_gans.models.inference import compiled
from keras_gans.models.tiling import Canvas, in_tiles
from keras_gans.names import ALPHAS, TILE
from keras_gans.pixels import (
    check_images,
    from_uint8_tensor,
    read_uint8,
    to_uint8_tensor,
)
from keras_gans.resizing import lanczos

# Beyond the network's own scale images are stretched by so much, and above
# that made twice; not above this scale.
STRETCH, LARGEST = 1.25, 16
# How far from a pixel its transparency depends on others.
ALPHA_REACH = 4


class Upscaling:
    """What `SRResNet` and `SRGAN` share: `upscale`.

    The inference network has the attributes `scale` and `reach`, integers:
    how much larger it makes images, and how far from a pixel, in pixels of
    its input, what it makes there depends on. One that takes blocks of pixels
    together has `divisor` as well, their side.
    """

    task_name = "upscaling"
    example_kind = "image"

    @property
    def scale(self):
        return self.inference_network.scale

    def facts(self):
        return {**super().facts(), "scale": self.scale}

    def upscale(
        self,
        image,
        tile=None,
        self_ensemble=False,
        verbose=0,
        scale=None,
        size=None,
        wrap=False,
        alpha="lanczos",
    ):
        """Makes images larger, by default `scale` of the network times.

        A large image is cut into tiles, with as much around each as its
        pixels depend on: the result is that of the whole image. (Of networks
        that see hundreds of pixels far, as `RRDBNetGenerator`, nearly that.)
        A grey image gives a grey one.

        Args:
            image: Array `(height, width)`, `(height, width, channels)` or,
                several of one size, `(n, height, width, channels)`, of uint8,
                uint16 or floats in [-1, 1] (see `keras_gans.pixels`), grey,
                RGB, or either with alpha as the last channel; or a
                `PIL.Image.Image`. Those of 16 bits (`"I;16"`, and `"I"`, taken
                for such) stay so; palettes, CMYK and the like become RGB (see
                `keras_gans.image_files`).
            tile: Integer, the side of a tile in pixels of the input, at most.
                More takes more memory, and less computes more twice. `None`
                for the network's own (`tile`, if it has that attribute), or
                192.
            self_ensemble: Boolean, whether to take the mean of what is made
                of the image turned and mirrored in all eight ways: eight
                times as long, a tenth of a decibel better.
            verbose: 1 for a progress bar.
            scale: Number from 1 on, how many times as large; `None` for the
                network's. Above its own (by more than a quarter) it is applied
                again to what it made, up to 16 times; what that gives is
                resized (Lanczos).
            size: `(height, width)` of the result, in place of `scale`. Of a
                smaller one than the image's, the image is only resized.
            wrap: Boolean, whether the image goes on with its other side beyond
                its border, as a texture does that is laid in tiles: what is
                made of it can be laid so, too.
            alpha: How transparency becomes larger, `"lanczos"` or, as a grey
                image, by the `"network"`.

        Returns:
            What was given: an array of its dtype, `(height * scale, width *
            scale, ...)`, uint8 for floats, or an image.

        Raises:
            ValueError: For an array of another shape, dtype or range, for an
                image of floats, and for other arguments than these.
        """
        tile = self._tile(tile)
        if alpha not in ALPHAS:
            raise ValueError(
                f"alpha must be one of {', '.join(ALPHAS)}. Received: "
                f"alpha={alpha!r:.200}"
            )
        is_pil = hasattr(image, "convert")
        if is_pil:
            from keras_gans import image_files

            pixels, canvas = image_files.to_pixels(image), image_files.Canvas
            pixels = pixels[None]
        else:
            pixels, canvas = _check_pixels(image), Canvas
        times, size = _goal(self.scale, pixels.shape[1:3], scale, size)
        backend.sync(self)

        def larger(windows):
            return self._upscale_windows(windows, self_ensemble, alpha)

        reach = self.inference_network.reach
        if pixels.shape[-1] % 2 == 0:
            reach = max(reach, ALPHA_REACH)
        for left in reversed(range(times)):
            sides = [side * self.scale for side in pixels.shape[1:3]]
            is_last = left == 0 and sides == size
            made = in_tiles(
                larger,
                pixels,
                tile,
                reach,
                self.scale,
                verbose,
                wrap,
                getattr(self.inference_network, "divisor", 1),
                canvas if is_last else Canvas,
            )
            pixels = made.result
        if not times or not is_last:
            shape = (len(pixels), *size, pixels.shape[-1])
            made = canvas(shape, pixels.dtype)
            for top, band in lanczos(pixels, size, wrap):
                made.put(band, top=top)
        if is_pil:
            return image_files.keep_about(made.result, image)
        shape = np.shape(image)
        if len(shape) == 4:
            return made.result
        return made.result.reshape(*size, *shape[2:])

    def _tile(self, tile):
        if tile is None:
            return getattr(self.inference_network, "tile", TILE)
        check_integer("tile", tile, minimum=1)
        return tile

    def images_at_once(self, height, width, tile=None):
        """How many images of a size take no more memory than a tile does.

        So many go into the network together, of those that `upscale` is given.
        """
        pixels = (self._tile(tile) + 2 * self.inference_network.reach) ** 2
        return max(1, pixels // (height * width))

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports the generator for serving: uint8 images in, uint8 out.

        The artifact takes `(batch, height, width, channels)` of any size and
        does not cut it into tiles.

        Args:
            filepath: Path of the artifact.
            format: `"tf_saved_model"` or `"onnx"`.
            **kwargs: More arguments of `keras.Model.export`.
        """
        network = self.inference_network
        shape = (None, None, network.input_shape[-1])
        export_images(network, shape, filepath, format, **kwargs)

    def _upscale_windows(self, windows, self_ensemble, alpha):
        """uint8 or uint16 `(n, height, width, channels)` to larger ones."""
        first, windows = _peek(windows)
        if first.shape[-1] % 2:
            yield from self._upscale_colors(windows, self_ensemble)
            return
        colors, layers = itertools.tee(windows)
        colors = (window[..., :-1] for window in colors)
        layers = (window[..., -1:] for window in layers)
        if alpha == "network":
            layers = self._upscale_colors(layers, self_ensemble)
        else:
            layers = (_resized(layer, self.scale) for layer in layers)
        for pair in zip(self._upscale_colors(colors, self_ensemble), layers):
            yield np.concatenate(pair, axis=-1)

    def _upscale_colors(self, windows, self_ensemble):
        """Of one channel, or three."""
        first, windows = _peek(windows)
        eight_bits = first.dtype == np.uint8 and not self_ensemble
        network = self.inference_network
        apply = compiled(
            self,
            ("upscale", first.shape[-1], eight_bits),
            network,
            lambda x: _enlarged(network, x, eight_bits),
        )
        if eight_bits:
            return backend.map_batches(apply, windows)
        return (_in_ways(apply, x, self_ensemble) for x in windows)


def _peek(windows):
    """The first of an iterator, and all of it."""
    windows = iter(windows)
    first = next(windows)
    return first, itertools.chain([first], windows)


def _goal(own, old, scale, size):
    """How often a network is applied, and what is resized to if need be.

    Args:
        own: Integer, the scale of the network.
        old: `(height, width)` of the image.
        scale: What the user asked for, or `None`.
        size: `(height, width)`, in place of it, or `None`.

    Returns:
        `(times, [height, width])`.
    """
    if size is not None:
        if scale is not None:
            raise ValueError(
                "scale and size are two ways to say one thing. Received: "
                f"scale={scale!r:.200} and size={size!r:.200}"
            )
        if len(np.atleast_1d(size)) != 2:
            raise ValueError(
                f"size must be (height, width). Received: size={size!r:.200}"
            )
        for side in size:
            check_integer("size", side, minimum=1)
        size = [int(side) for side in size]
    else:
        scale = own if scale is None else scale
        check_positive("scale", scale)
        if scale < 1:
            raise ValueError(
                f"scale must be 1 or more. Received: scale={scale!r:.200}"
            )
        size = [round(side * scale) for side in old]
    factor = max(new / side for new, side in zip(size, old))
    if factor < 1:
        return 0, size
    times = 1
    while own > 1 and own**times * STRETCH < factor:
        if own ** (times + 1) > LARGEST:
            break
        times += 1
    return times, size


def _enlarged(network, x, eight_bits):
    """`(n, height, width, 1 or 3)` tensors to larger ones, in a graph.

    Args:
        network: The inference network.
        x: uint8, or floats in [-1, 1].
        eight_bits: Boolean, whether `x` is uint8; the result is of its dtype.
    """
    colors, channels = x.shape[-1], network.input_shape[-1]
    if eight_bits:
        x = from_uint8_tensor(x)
    if channels == 1:  # Each colour is an image.
        x = ops.concatenate(ops.split(x, colors, axis=-1), axis=0)
        made = network(x, training=False)
        made = ops.concatenate(ops.split(made, colors, axis=0), axis=-1)
    else:
        x = ops.repeat(x, channels // colors, axis=-1)
        made = network(x, training=False)
    made = ops.cast(made, "float32")
    if colors < channels:
        made = ops.mean(made, axis=-1, keepdims=True)
    return to_uint8_tensor(made) if eight_bits else made


def _in_ways(apply, pixels, self_ensemble):
    """What a network of floats makes of integers, which way they lie or all."""
    top = np.iinfo(pixels.dtype).max
    colors = pixels.astype("float32") * (2 / top) - 1
    ways = [(k, flip) for flip in (False, True) for k in range(4)]
    ways = ways if self_ensemble else ways[:1]
    turned = (
        np.ascontiguousarray(
            np.rot90(colors[:, :, ::-1] if flip else colors, turns, (1, 2))
        )
        for turns, flip in ways
    )
    total = 0
    for (turns, flip), x in zip(ways, backend.map_batches(apply, turned)):
        x = np.rot90(x, -turns, (1, 2))
        total = total + (x[:, :, ::-1] if flip else x)
    total = (total / len(ways) + 1) * (top / 2)
    return _rounded(total, pixels.dtype)


def _resized(pixels, scale):
    size = [side * scale for side in pixels.shape[1:3]]
    return np.concatenate([band for _, band in lanczos(pixels, size)], axis=1)


def _rounded(values, dtype):
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


def _check_pixels(image):
    """`(n, height, width, 1 to 4)` of uint8 or uint16."""
    pixels = np.asarray(image)
    shape = pixels.shape
    if (
        len(shape) not in (2, 3, 4)
        or (len(shape) > 2 and not 1 <= shape[-1] <= 4)
        or 0 in shape
    ):
        raise ValueError(
            "image must be (height, width), (height, width, 1 to 4) or (n, "
            "height, width, 1 to 4), or a PIL image. Received: image with "
            f"shape {shape} and dtype {pixels.dtype}"
        )
    if pixels.dtype == np.uint16:
        check_images("image", pixels)
    else:
        pixels = read_uint8("image", pixels)
    if len(shape) == 4:
        return pixels
    return pixels.reshape(1, *shape[:2], -1)
