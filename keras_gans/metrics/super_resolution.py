"""PSNR and SSIM as the field of super-resolution reports them.

The same two images have figures that differ by decibels with what is compared
(the luma, or all colours) and with how wide a border is left out. Here both
are arguments, the defaults are the field's, and a score carries them.
"""

import dataclasses

import numpy as np

from keras_gans.checks import check_integer
from keras_gans.metrics import extractors
from keras_gans.metrics.pixels import structural_similarity
from keras_gans.metrics.score import Protocol, Score, Scores
from keras_gans.pixels import read_uint8
from keras_gans.resizing import bicubic

CHANNELS = ("y", "rgb")


def luma(images):
    """The Y channel of ITU-R BT.601, as MATLAB's `rgb2ycbcr` has it.

    Args:
        images: `(..., height, width, 3)` of uint8 (see `keras_gans.pixels`),
            or grey ones, whose only channel is taken for three equal ones.

    Returns:
        float64 `(..., height, width, 1)`, from 16 (black) to 235 (white), not
        rounded.
    """
    weights = np.array([65.481, 128.553, 24.966]) / 255
    images = read_uint8("images", images).astype("float64")
    if images.shape[-1] == 1:
        return 16 + images * weights.sum()
    return 16 + (images @ weights)[..., None]


def psnr(real, fake, crop=0, channels="y"):
    """The peak signal-to-noise ratio of one image, in decibels.

        10 log10(255^2 / mean squared difference)

    Args:
        real: Image, `(height, width, 1 or 3)`, of uint8; others are rounded
            to it (see `keras_gans.pixels`).
        fake: The same of what a model made.
        crop: Integer, the width of the border that is left out; the field's
            is the scale.
        channels: `"y"`, of the luma alone, or `"rgb"`, of all values.

    Returns:
        Float; infinite for equal images.
    """
    real, fake = _prepare(real, fake, crop, channels)
    error = np.mean((real - fake) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def cropped_ssim(real, fake, crop=0, channels="y"):
    """The structural similarity of one image, see `ssim`.

    Args:
        real: As for `psnr`.
        fake: As for `psnr`.
        crop: As for `psnr`.
        channels: As for `psnr`; of `"rgb"` it is the mean of the channels.

    Returns:
        Float, at most 1.
    """
    real, fake = _prepare(real, fake, crop, channels)
    return float(structural_similarity(real[None], fake[None])[0])


def sharpness(image):
    """How much fine detail one image has, without a reference.

    The mean absolute response of the luma to a Laplacian of 3x3. Blurred
    images have little, textures and noise have much: it tells whether a
    result is sharp, not whether it is right.

    Args:
        image: As for `psnr`, 3x3 or larger.

    Returns:
        Float, 0 for a flat image.
    """
    y = luma(image)[..., 0]
    center = y[1:-1, 1:-1]
    around = y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:]
    return float(np.abs(4 * center - around).mean())


def _prepare(real, fake, crop, channels):
    check_integer("crop", crop, minimum=0)
    if channels not in CHANNELS:
        raise ValueError(
            f"channels must be 'y' or 'rgb'. Received: channels={channels!r}"
        )
    for name, image in (("real", real), ("fake", fake)):
        shape = np.shape(image)
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise ValueError(
                f"{name} must be an image (height, width, 1 or 3). Received: "
                f"{name} with shape {shape}"
            )
    real, fake = read_uint8("real", real), read_uint8("fake", fake)
    if real.shape != fake.shape:
        raise ValueError(
            "real and fake must have one shape. Received: "
            f"{real.shape} and {fake.shape}"
        )
    if 2 * crop >= min(real.shape[:2]):
        raise ValueError(
            f"crop must leave something of an image of {real.shape[0]}x"
            f"{real.shape[1]}. Received: crop={crop}"
        )
    images = [
        image[crop : image.shape[0] - crop, crop : image.shape[1] - crop]
        for image in (real, fake)
    ]
    if channels == "y":
        return [luma(image) for image in images]
    return [image.astype("float64") for image in images]


def evaluate_upscaling(
    upscale,
    high_res,
    scale,
    *,
    low_res=None,
    channels="y",
    crop=None,
    extractor=None,
    dataset="",
    split="",
):
    """Scores what a model makes of shrunk images, image by image.

    Args:
        upscale: A model with `upscale`, a function from a uint8 image
            `(height, width, channels)` to one `scale` times as large, or
            `"bicubic"`, the baseline.
        high_res: Iterable of images `(height, width, 1 or 3)` as `psnr` takes
            them, of any sizes: what is beyond a multiple of `scale` is cut off.
        scale: Integer, how much larger images become.
        low_res: Iterable of the inputs; `None` for `resizing.bicubic` of the
            images, the field's.
        channels: See `psnr`.
        crop: See `psnr`; `None` for `scale`, the field's.
        extractor: See `get_extractor`, for `"perceptual"`: the mean over the
            images of the distance between the features of what is real and
            of what was made. `None` for none.
        dataset: String, for the protocol.
        split: String, for the protocol.

    Returns:
        `(scores, rows)`: `Scores`, of `"PSNR"`, `"SSIM"`,
        `"sharpness"`, `"sharpness of truth"` and with an extractor
        `"perceptual"`, each the mean over the images; and for each image a
        dict of the same names to floats.

    Raises:
        ValueError: If there are no images, or the inputs do not fit them.
    """
    check_integer("scale", scale, minimum=1)
    crop = scale if crop is None else crop
    if extractor is not None:
        extractor = extractors.get(extractor)
    resample = "bicubic" if low_res is None else "given inputs"
    pairs = ((real, None) for real in high_res)
    if low_res is not None:
        pairs = zip(high_res, low_res, strict=True)
    rows = []
    for real, low in pairs:
        real = read_uint8("high_res", real)
        height, width = (side // scale for side in real.shape[:2])
        real = real[: height * scale, : width * scale]
        if low is None:
            low = bicubic(real, (height, width))
        elif np.shape(low) != (height, width, real.shape[-1]):
            raise ValueError(
                f"low_res must have an image of {height}x{width} for one of "
                f"{real.shape[0]}x{real.shape[1]}. Received: shape "
                f"{np.shape(low)}"
            )
        low = read_uint8("low_res", low)
        if isinstance(upscale, str) and upscale == "bicubic":
            fake = bicubic(low, real.shape[:2])
        else:
            fake = getattr(upscale, "upscale", upscale)(low)
            fake = read_uint8("what upscale made", fake)
        row = {
            "PSNR": psnr(real, fake, crop, channels),
            "SSIM": cropped_ssim(real, fake, crop, channels),
            "sharpness": sharpness(fake),
            "sharpness of truth": sharpness(real),
        }
        if extractor is not None:
            features = [extractor(x[None]) for x in (real, fake)]
            row["perceptual"] = float(np.linalg.norm(features[0] - features[1]))
        rows.append(row)
    if not rows:
        raise ValueError("high_res must have images. Received: none")
    protocol = Protocol(
        extractor="luma" if channels == "y" else "rgb",
        version="1",
        n_real=len(rows),
        n_fake=len(rows),
        dataset=dataset,
        split=split,
        resize=f"x{scale} {resample}, border of {crop} left out",
    )
    scores = Scores(
        (
            name,
            Score(name, float(np.mean([row[name] for row in rows])), protocol),
        )
        for name in rows[0]
    )
    if extractor is not None:
        scores["perceptual"] = dataclasses.replace(
            scores["perceptual"],
            protocol=dataclasses.replace(
                protocol, extractor=extractor.name, version=extractor.version
            ),
        )
    return scores, rows
