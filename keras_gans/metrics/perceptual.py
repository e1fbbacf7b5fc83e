"""How differently a network sees two images."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.metrics import extractors
from keras_gans.pixels import from_uint8_tensor, read_uint8


def perceptual_distance(a, b, network, layers, weights=None, batch_size=64):
    """The distance of each pair of images, in features of any network.

    It has the form of LPIPS: at every position of a layer the features are
    scaled to length 1, and of their differences the squares are summed over
    channels, averaged over positions and summed over layers,

        d(a, b) = sum over l of mean over h, w of
                  sum over c of weights[l][c] (a[l, h, w, c] - b[l, h, w, c])^2

    With features of one's own it is no LPIPS, and its numbers are comparable
    with each other alone: LPIPS is that of AlexNet, SqueezeNet or VGG with the
    weights that its authors fitted to people's judgements. Without weights it
    is what they call the baseline, twice one minus the cosine, which is at
    most 2 a layer where features are not negative.

    Args:
        a: Images, `(n, height, width, channels)`, of uint8; others are rounded
            to it (see `keras_gans.pixels`).
        b: The same, as many of the same shape.
        network: A `keras.Model` of float images in [-1, 1]; an `Extractor`
            that has one, or its name (see `get_extractor`).
        layers: Sequence of names of layers of it, whose outputs are
            `(batch, height, width, channels)`; after their activations, as
            LPIPS takes them.
        weights: Sequence of arrays `(channels,)`, one a layer, that are not
            negative: what LPIPS calls `lin`. `None` for ones.
        batch_size: Integer, the number of pairs compared at once.

    Returns:
        Float array `(n,)`, 0 for equal images.

    Raises:
        ValueError: If an argument does not fit.

    Reference:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a
        Perceptual Metric", 2018.
    """
    check_integer("batch_size", batch_size, minimum=1)
    body = _body(network, layers)
    a, b = read_uint8("a", a), read_uint8("b", b)
    if a.shape != b.shape:
        raise ValueError(
            "a and b must have the same shape. Received: a with shape "
            f"{a.shape}, b with shape {b.shape}"
        )
    a, b = (extractors.fit_channels(x, body) for x in (a, b))
    weights = _check_weights(weights, layers, body)

    def call(pair):
        a, b = (
            keras.tree.flatten(body(from_uint8_tensor(x), training=False))
            for x in pair
        )
        total = 0.0
        for x, y, w in zip(a, b, weights):
            squares = ops.square(_unit(x) - _unit(y))
            sums = ops.sum(squares * ops.convert_to_tensor(w), axis=-1)
            total += ops.mean(sums, axis=(1, 2))
        return total

    apply = backend.compile_function(call, body)
    n = len(a)
    pairs = (
        tuple(_padded(x[i : i + batch_size], batch_size, i) for x in (a, b))
        for i in range(0, n, batch_size)
    )
    distances = list(backend.map_batches(apply, pairs))
    return np.concatenate([np.zeros(0, "float32"), *distances])[:n]


def _padded(batch, size, start):
    """Of one shape, so that a smaller last one is not compiled for anew."""
    missing = size - len(batch) if start else 0
    return np.pad(batch, [(0, missing)] + [(0, 0)] * 3)


def _unit(x):
    x = ops.cast(x, "float32")
    length = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True))
    return x / (length + 1e-10)


def _body(network, names):
    """The network up to the layers."""
    if not isinstance(network, keras.Model):
        extractor = extractors.get(network)
        network = extractor.network
        if network is None:
            raise ValueError(
                "network must be a keras.Model, or an extractor that has one. "
                f"Received: {extractor.name!r}"
            )
    known = [layer.name for layer in network.layers]
    if (
        isinstance(names, str)
        or not len(names)
        or not all(name in known for name in names)
    ):
        raise ValueError(
            f"layers must be names of layers of {network.name}, of "
            f"{', '.join(known)}. Received: layers={names!r}"
        )
    outputs = [network.get_layer(name).output for name in names]
    for name, output in zip(names, outputs):
        if len(output.shape) != 4:
            raise ValueError(
                "layers must have outputs (batch, height, width, channels). "
                f"Received: {name} with shape {tuple(output.shape)}"
            )
    return keras.Model(network.input, outputs)


def _check_weights(weights, names, body):
    channels = [output.shape[-1] for output in body.outputs]
    if weights is None:
        return [np.ones(c, "float32") for c in channels]
    weights = [np.asarray(w, "float32") for w in weights]
    if [w.shape for w in weights] != [(c,) for c in channels]:
        raise ValueError(
            f"weights must have shapes {[(c,) for c in channels]}, those of "
            f"the channels of {', '.join(names)}. Received: shapes "
            f"{[w.shape for w in weights]}"
        )
    if any((w < 0).any() or not np.isfinite(w).all() for w in weights):
        raise ValueError(
            "weights must not be negative. Received: "
            f"{min(float(w.min()) for w in weights)} as the least"
        )
    return weights
