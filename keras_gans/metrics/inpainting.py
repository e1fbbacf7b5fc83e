"""Scores of images whose holes were filled, against the truth."""

import dataclasses

import numpy as np

from keras_gans.metrics import distances, extractors, pixels
from keras_gans.metrics.score import Protocol, Score, Scores
from keras_gans.metrics.super_resolution import psnr
from keras_gans.pixels import read_uint8

# Of equal images, whose infinity would be the mean of all.
MOST_PSNR = 100.0


def hole_error(real, fake, masks):
    """The mean absolute difference of each pair of images in the hole.

    Args:
        real: Images, `(n, height, width, channels)`, of uint8; others are
            rounded to it (see `keras_gans.pixels`).
        fake: The same of what a model made of them.
        masks: bool `(n, height, width)`, true in the hole.

    Returns:
        Float array `(n,)`, from 0 to 255; 0 for an image without a hole.
    """
    real, fake = (
        read_uint8(name, x) for name, x in (("real", real), ("fake", fake))
    )
    if real.shape != fake.shape or np.shape(masks) != real.shape[:-1]:
        raise ValueError(
            "real and fake must have one shape, and masks that without "
            f"channels. Received: {real.shape}, {fake.shape} and "
            f"{np.shape(masks)}"
        )
    difference = np.abs(real.astype("int16") - fake).mean(axis=-1)
    total = (difference * masks).sum(axis=(1, 2))
    return total / np.maximum(np.sum(masks, axis=(1, 2)), 1)


def mean_fill(images, masks):
    """uint8 images whose holes have the mean colour of the rest of each."""
    known = ~masks[..., None]
    count = np.maximum(known.sum(axis=(1, 2), keepdims=True), 1)
    mean = (images * known).sum(axis=(1, 2), keepdims=True) / count
    return np.where(known, images, np.rint(mean).astype("uint8"))


def evaluate_inpainting(
    inpaint, images, masks, extractor=None, *, dataset="", split=""
):
    """Scores what a model fills holes with.

    Args:
        inpaint: A model with `inpaint`, a function of `(images, masks)`, or
            `"mean"`, the baseline: `mean_fill`.
        images: Whole images, `(n, height, width, channels)`, of uint8; others
            are rounded to it (see `keras_gans.pixels`).
        masks: bool `(n, height, width)`, true in the holes.
        extractor: See `get_extractor`, or `None` for no KID.
        dataset: String, for the protocol.
        split: String, for the protocol.

    Returns:
        `Scores`, a dict of name to `Score`: `"PSNR"` (100 of an image that
        was filled without an error) and `"SSIM"` of the whole images, all
        colours, known pixels included; `"L1"`, `hole_error`; and with an
        extractor `"KID"` between the filled images and the whole ones.

    Raises:
        ValueError: If there are no images.
    """
    images = read_uint8("images", images)
    if not len(images):
        raise ValueError("images must have an image. Received: none")
    if isinstance(inpaint, str) and inpaint == "mean":
        inpaint = mean_fill
    made = getattr(inpaint, "inpaint", inpaint)(images, masks)
    made = read_uint8("what inpaint made", made)
    share = float(np.mean(masks))
    protocol = Protocol(
        extractor="rgb",
        version="1",
        n_real=len(images),
        n_fake=len(made),
        dataset=dataset,
        split=split,
        resize=f"holes of {share:.1%}",
    )
    values = {
        "PSNR": [
            min(psnr(a, b, channels="rgb"), MOST_PSNR)
            for a, b in zip(images, made)
        ],
        "L1": hole_error(images, made, masks),
    }
    if min(images.shape[1:3]) >= 11:
        values["SSIM"] = pixels.ssim(images, made)
    scores = Scores(
        (name, Score(name, float(np.mean(value)), protocol))
        for name, value in values.items()
    )
    if extractor is not None:
        extractor = extractors.get(extractor)
        protocol = dataclasses.replace(
            protocol, extractor=extractor.name, version=extractor.version
        )
        kid, std = distances.kernel_distance(
            extractor(images),
            extractor(made),
            subset_size=min(1000, len(images)),
        )
        scores["KID"] = Score("KID", float(kid), protocol, std)
    return scores
