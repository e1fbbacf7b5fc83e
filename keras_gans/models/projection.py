"""The latents, or styles, whose samples are nearest to given examples."""

import dataclasses
import math

import keras
import numpy as np
from keras import ops

from keras_gans import backend, example_kinds, pixels
from keras_gans.checks import check_integer, check_positive, check_weight
from keras_gans.models.data_checks import Part
from keras_gans.models.inference import batch_size_for


@dataclasses.dataclass(frozen=True, eq=False)
class Projection:
    """What `project` found.

    Attributes:
        latents: float32 array `(n, latent_dim)`, which `generate`, `edit` and
            `interpolate` take; of a model with styles those, see its
            `project`.
        images: What the model makes of them, as `generate` does.
        distances: float32 array `(n,)`, the mean squared error of the values
            in [-1, 1], plus that of the features with its weight.
        labels: Integer array `(n,)`, or `None`.
    """

    latents: np.ndarray
    images: np.ndarray
    distances: np.ndarray
    labels: np.ndarray | None


def project(
    model,
    draw_starts,
    images,
    labels,
    n_steps,
    n_restarts,
    features,
    feature_weight,
    norm_weight,
    learning_rate,
    seed,
):
    """See `SamplingModel.project`; `draw_starts` as `Latents._starts`."""
    check_integer("n_steps", n_steps, minimum=1)
    check_integer("n_restarts", n_restarts, minimum=1)
    check_weight("feature_weight", feature_weight)
    check_weight("norm_weight", norm_weight)
    check_positive("learning_rate", learning_rate)
    targets = _read(model, images)
    n = len(targets)
    labels = _labels_of_starts(model, labels, n, n_restarts)
    network = None if features is None else _feature_network(features)
    backend.sync(model)
    of_targets = None
    if network is not None:
        of_targets = np.concatenate(
            [ops.convert_to_numpy(_features(network, x[None])) for x in targets]
        )
    step = _step(model, network, feature_weight)
    rng = np.random.default_rng(seed)
    # As many examples at once as fit, and all batches of one shape.
    size = batch_size_for(model, model.example_shape)
    size = min(max(size // n_restarts, 1), n)
    found = []
    for first in range(0, n, size):
        rows = np.arange(first, first + size) % n
        rows = np.repeat(rows, n_restarts)
        starts = np.arange(first * n_restarts, (first + size) * n_restarts)
        inputs = {"targets": targets[rows]}
        if of_targets is not None:
            inputs["features"] = of_targets[rows]
        if labels is not None:
            inputs["labels"] = labels[starts % len(labels)]
        positions, distances, totals = _descend(
            step,
            inputs,
            draw_starts(rng, len(rows), inputs.get("labels")),
            n_steps,
            norm_weight,
            learning_rate,
        )
        best = totals.reshape(size, n_restarts).argmin(axis=1)
        best += np.arange(size) * n_restarts
        found.append([positions[best], distances[best], starts[best]])
    positions, distances, starts = (np.concatenate(x)[:n] for x in zip(*found))
    if labels is not None:
        labels = labels[starts]
    return Projection(
        positions, model._samples_at(positions, labels), distances, labels
    )


def _read(model, images):
    """Examples as float32 arrays, or an error."""
    images = np.asarray(images)
    part = Part("images", tuple(model.example_shape), model.example_kind)
    part.check_shape(images.shape)
    if not len(images):
        raise ValueError("images must be one or more. Received: none")
    if example_kinds.get(model.example_kind).eight_bits:
        return pixels.read_floats("images", images)
    part.check(images)
    return images.astype("float32")


def _labels_of_starts(model, labels, n, n_restarts):
    """Labels `(n * n_restarts,)`, or `None` for a model without."""
    if labels is not None or not model.num_labels:
        labels = model.check_labels(labels, n)
        return None if labels is None else np.repeat(labels, n_restarts)
    if n_restarts < model.num_labels:
        raise ValueError(
            f"n_restarts must be the number of labels, {model.num_labels}, or "
            "more, to try each one; or give labels. Received: "
            f"n_restarts={n_restarts}"
        )
    return np.tile(np.arange(n_restarts) % model.num_labels, n)


def _step(model, network, feature_weight):
    """A compiled function of what a step knows, of arrays.

    It returns, for each row, the distance and then its slope.
    """

    def distances(positions, inputs):
        made = model._outputs_at(positions, inputs.get("labels"))
        made = ops.cast(made, "float32")
        axes = tuple(range(1, len(made.shape)))
        total = ops.mean(ops.square(made - inputs["targets"]), axes)
        if network is not None:
            wanted = inputs["features"]
            squares = ops.square(_features(network, made) - wanted)
            size = ops.sum(ops.square(wanted), axis=1) + 1e-12
            total += feature_weight * ops.sum(squares, axis=1) / size
        return total

    def step(inputs):
        found, slopes = backend.input_gradients(
            lambda positions: distances(positions, inputs),
            inputs["positions"],
        )
        n = inputs["positions"].shape[0]
        slopes = ops.reshape(slopes, (n, -1))
        return ops.concatenate([found[:, None], slopes], axis=1)

    # Of one of them alone the other's variables would not be seen.
    both = keras.Model()
    both.networks = [model.inference_network] + [network] * bool(network)
    return backend.compile_function(step, both)


def _descend(step, inputs, starts, n_steps, norm_weight, learning_rate):
    """Adam, on the host: positions are small, and what they make is not.

    Returns:
        The best positions of all steps, their distances, and these with the
        prior.
    """
    z, center, scale = starts
    z = ((z - center) / scale).astype("float32")
    axes = tuple(range(1, z.ndim))
    size = math.prod(z.shape[1:])
    one = (slice(None), *(None,) * len(axes))
    m, v = np.zeros_like(z), np.zeros_like(z)
    best, distances = z.copy(), np.full(len(z), np.inf, "float32")
    totals = distances.copy()
    for i in range(n_steps + 1):
        positions = (center + scale * z).astype("float32")
        found = step({**inputs, "positions": positions})
        found = np.asarray(ops.convert_to_numpy(found), "float32")
        excess = np.square(z).mean(axis=axes) - 1
        total = found[:, 0] + norm_weight * excess**2
        better = total < totals
        best[better] = z[better]
        totals[better] = total[better]
        distances[better] = found[better, 0]
        slope = scale * found[:, 1:].reshape(z.shape)
        slope += norm_weight * 4 / size * excess[one] * z
        m += 0.1 * (slope - m)
        v += 0.001 * (slope**2 - v)
        rate = learning_rate * 0.5 * (1 + math.cos(math.pi * i / n_steps))
        scaled = m / (1 - 0.9 ** (i + 1))
        z -= rate * scaled / (np.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
    return (center + scale * best).astype("float32"), distances, totals


# ---- features -------------------------------------------------------------


def _feature_network(features):
    from keras_gans.metrics import extractors

    if isinstance(features, keras.Model):
        return features
    extractor = extractors.get(features)
    if extractor.network is None:
        raise ValueError(
            "features must be a keras.Model, or an extractor that has one. "
            f"Received: {extractor.name!r}"
        )
    return extractor.network


def _features(network, images):
    from keras_gans.metrics.extractors import fit_channels

    images = fit_channels(images, network)
    outputs = keras.tree.flatten(network(images, training=False))
    outputs = [ops.reshape(x, (images.shape[0], -1)) for x in outputs]
    return ops.cast(ops.concatenate(outputs, axis=1), "float32")
