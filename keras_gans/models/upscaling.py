"""Upscaling for people: images of any size and kind, tile by tile."""

import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.models.exporting import export_images
from keras_gans.models.inference import compiled
from keras_gans.models.tiling import in_tiles
from keras_gans.names import TILE
from keras_gans.pixels import (
    check_images,
    from_uint8_tensor,
    read_uint8,
    to_uint8_tensor,
)
from keras_gans.resizing import bicubic


class Upscaling:
    """What `SRResNet` and `SRGAN` share: `upscale`.

    The inference network has the attributes `scale` and `reach`, integers:
    how much larger it makes images, and how far from a pixel, in pixels of
    its input, what it makes there depends on.
    """

    task_name = "upscaling"
    example_kind = "image"

    @property
    def scale(self):
        return self.inference_network.scale

    def facts(self):
        return {**super().facts(), "scale": self.scale}

    def upscale(self, image, tile=TILE, self_ensemble=False, verbose=0):
        """Makes an image `scale` times as large.

        A large image is cut into tiles, with as much around each as its
        pixels depend on: the result is that of the whole image. A grey image
        gives a grey one. Transparency is resized (bicubic).

        Args:
            image: Array `(height, width)` or `(height, width, channels)` of
                uint8, uint16 or floats in [-1, 1] (see `keras_gans.pixels`),
                grey, RGB, or either with alpha as the last channel; or a
                `PIL.Image.Image`. Those of 16 bits (`"I;16"`, and `"I"`, taken
                for such) stay so; palettes, CMYK and the like become RGB (see
                `keras_gans.image_files`).
            tile: Integer, the side of a tile in pixels of the input. More
                takes more memory, and less computes more twice.
            self_ensemble: Boolean, whether to take the mean of what is made
                of the image turned and mirrored in all eight ways: eight
                times as long, a tenth of a decibel better.
            verbose: 1 for a progress bar.

        Returns:
            What was given: an array of its dtype, `(height * scale, width *
            scale, ...)`, uint8 for floats, or an image.

        Raises:
            ValueError: For an array of another shape, dtype or range, and for
                an image of floats.
        """
        check_integer("tile", tile, minimum=1)
        if hasattr(image, "convert"):
            from keras_gans.image_files import to_pixels

            pixels = to_pixels(image)
        else:
            pixels = _check_pixels(image)
        backend.sync(self)
        result = in_tiles(
            lambda windows: self._upscale_windows(windows, self_ensemble),
            pixels,
            tile,
            self.inference_network.reach,
            self.scale,
            verbose,
        )
        if hasattr(image, "convert"):
            return _to_pil(result, image)
        return result.reshape(*result.shape[:2], *np.shape(image)[2:])

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

    def _upscale_windows(self, windows, self_ensemble):
        """uint8 or uint16 `(height, width, channels)` to larger ones."""
        windows = list(windows)
        channels = windows[0].shape[-1]
        count = channels - (channels % 2 == 0)  # No alpha.
        colors = (window[..., :count] for window in windows)
        eight_bits = windows[0].dtype == np.uint8 and not self_ensemble
        network = self.inference_network
        apply = compiled(
            self,
            ("upscale", count, eight_bits),
            network,
            lambda x: _enlarged(network, x, eight_bits),
        )
        if eight_bits:
            made = backend.map_batches(apply, colors)
        else:
            made = (_in_ways(apply, x, self_ensemble) for x in colors)
        for window, larger in zip(windows, made):
            if channels > count:
                alpha = window[..., count:].astype("float64")
                alpha = bicubic(alpha, larger.shape[:2])
                alpha = _rounded(alpha, window.dtype)
                larger = np.concatenate([larger, alpha], axis=-1)
            yield larger


def _enlarged(network, x, eight_bits):
    """`(height, width, 1 or 3)` tensors to larger ones, in a graph.

    Args:
        network: The inference network.
        x: uint8, or floats in [-1, 1].
        eight_bits: Boolean, whether `x` is uint8; the result is of its dtype.
    """
    colors, channels = x.shape[-1], network.input_shape[-1]
    if eight_bits:
        x = from_uint8_tensor(x)
    if channels == 1:  # Each colour is an image.
        made = network(ops.transpose(x, (2, 0, 1))[..., None], training=False)
        made = ops.transpose(made[..., 0], (1, 2, 0))
    else:
        x = ops.repeat(x, channels // colors, axis=-1)
        made = network(x[None], training=False)[0]
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
            np.rot90(colors[:, ::-1] if flip else colors, turns)
        )
        for turns, flip in ways
    )
    total = 0
    for (turns, flip), x in zip(ways, backend.map_batches(apply, turned)):
        x = np.rot90(x, -turns)
        total = total + (x[:, ::-1] if flip else x)
    total = (total / len(ways) + 1) * (top / 2)
    return _rounded(total, pixels.dtype)


def _rounded(values, dtype):
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


def _check_pixels(image):
    """`(height, width, 1 to 4)` of uint8 or uint16."""
    pixels = np.asarray(image)
    shape = pixels.shape
    if (
        len(shape) not in (2, 3)
        or shape[2:] not in ((), (1,), (2,), (3,), (4,))
        or 0 in shape
    ):
        raise ValueError(
            "image must be (height, width) or (height, width, 1 to 4), or a "
            f"PIL image. Received: image with shape {shape} and dtype "
            f"{pixels.dtype}"
        )
    if pixels.dtype == np.uint16:
        check_images("image", pixels)
    else:
        pixels = read_uint8("image", pixels)
    return pixels.reshape(*shape[:2], -1)


def _to_pil(pixels, original):
    from PIL import Image

    if pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    image = Image.fromarray(pixels)
    if "exif" in original.info:
        image.info["exif"] = original.info["exif"]
    # A profile is of the colours that it was made for.
    if "icc_profile" in original.info and original.mode not in ("CMYK", "LAB"):
        image.info["icc_profile"] = original.info["icc_profile"]
    return image
