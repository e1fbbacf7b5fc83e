"""Scores of models that turn images into images."""

import dataclasses
import hashlib

import keras
import numpy as np

from keras_gans.metrics import distances, extractors, pixels
from keras_gans.metrics.score import Protocol, Score, Scores
from keras_gans.metrics.scores import whole
from keras_gans.pixels import read_uint8


def evaluate_translation(
    model,
    data,
    extractor=None,
    *,
    paired,
    direction="ab",
    n=None,
    dataset="",
    split="",
    seed=0,
):
    """Scores what a model makes of images.

    All images are held in memory: three or four times as many as are scored.

    Args:
        model: A model with `translate`.
        data: Iterable of batches `(images_a, images_b)`, as of
            `datasets.load_pairs` or `load_unpaired`, of which all of a pass
            is read: see `keras_gans.pixels`.
        extractor: See `get_extractor`, or `None` for no FID and KID.
        paired: Boolean, whether the images of a pair belong together. Of
            others each counts once, however often the shorter side of two
            went around.
        direction: See `translate`; with `"ba"` images of b are translated.
        n: Integer, how many images; `None` for all of one pass.
        dataset: String, for the protocol.
        split: String, for the protocol.
        seed: Integer, see `translate`.

    Returns:
        `Scores`, a dict of name to `Score`: of pairs `"L1"`,
        `mean_absolute_error`, and `"SSIM"`, both averaged over the images; of
        a model that knows the way back `"cycle"`, the mean absolute error of
        images that went there and back; with an extractor `"FID"` and `"KID"`
        between the results and the images of the other domain, and `"KID of
        inputs"`, what the images have before they are translated.
    """
    sides = [[], []]
    count = 0
    for batch in whole(data):
        for name, side, images in zip("ab", sides, batch):
            images = keras.ops.convert_to_numpy(images)
            name = f"images_{name} of data"
            side.append(read_uint8(name, images, warn=not count))
        count += len(sides[0][-1])
        if n is not None and count >= n:
            break
    if not count:
        raise ValueError("data must have images. Received: none")
    inputs, real = (np.concatenate(side)[:n] for side in sides)
    if not paired:
        inputs, real = distinct(inputs), distinct(real)
    if direction == "ba":
        inputs, real = real, inputs
    fake = model.translate(inputs, direction=direction, seed=seed)
    protocol = Protocol(
        extractor="values",
        version="1",
        n_real=len(real),
        n_fake=len(fake),
        dataset=dataset,
        split=split,
    )
    scores = Scores()

    def add(name, value, std=None, protocol=protocol):
        scores[name] = Score(name, float(value), protocol, std)

    if paired:
        add("L1", pixels.mean_absolute_error(real, fake).mean())
        if min(real.shape[1:3]) >= 11:
            add("SSIM", pixels.ssim(real, fake).mean())
    if len(model.directions) == 2:
        back = model.translate(fake, direction=direction[::-1], seed=seed)
        add("cycle", pixels.mean_absolute_error(inputs, back).mean())
    if extractor is None:
        if not scores:
            raise ValueError(
                "There is nothing to score without an extractor, pairs, or a "
                "model that knows the way back. Received: extractor=None, "
                f"paired=False, a {type(model).__name__}"
            )
        return scores
    extractor = extractors.get(extractor)
    protocol = dataclasses.replace(
        protocol,
        extractor=extractor.name,
        version=extractor.version,
        resize=extractor.resize,
    )
    real_features, features = extractor(real), extractor(fake)
    size = min(1000, len(real), len(fake))
    add(
        "FID",
        distances.frechet_distance(real_features, features),
        protocol=protocol,
    )
    kid = distances.kernel_distance(real_features, features, subset_size=size)
    add("KID", *kid, protocol=protocol)
    if inputs.shape[1:] == real.shape[1:]:
        kid = distances.kernel_distance(
            real_features, extractor(inputs), subset_size=size
        )
        add("KID of inputs", *kid, protocol=protocol)
    return scores


def distinct(images):
    """The images without their repeats, in the order of first appearance."""
    first = {}
    for i, image in enumerate(images):
        first.setdefault(hashlib.sha256(image.tobytes()).digest(), i)
    return images[list(first.values())]
