"""The features that a generator is to match: those before the logits."""

import keras
from keras import layers

from keras_gans.layers import Dropout
from keras_gans.models.improved_gan.networks import GaussianNoise

_NOISE = (
    Dropout,
    GaussianNoise,
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.GaussianDropout,
    layers.GaussianNoise,
)


def with_features(discriminator):
    """A network of the same layers, which returns features and logits.

    Features are what the last layer with weights is given, before noise and
    dropout.

    Args:
        discriminator: `keras.Model`, functional or `Sequential`.

    Raises:
        ValueError: If its last layers cannot be seen, or are no chain.
    """
    outputs = getattr(discriminator, "outputs", None)
    if not outputs:
        raise _no_features(f"a {type(discriminator).__name__} that is not")
    logits = outputs[0]
    # Back to the layer of the logits, and to what it is given.
    layer, tensor = _made_by(logits)
    while not layer.weights:
        layer, tensor = _made_by(tensor)
    layer, before = _made_by(tensor)
    while isinstance(layer, _NOISE):
        tensor = before
        layer, before = _made_by(tensor)
    return keras.Model(discriminator.inputs, [tensor, logits], name="judge")


def _made_by(tensor):
    """The layer that a symbolic tensor comes from, and what it was given."""
    layer, node, _ = tensor._keras_history
    given = layer._inbound_nodes[node].input_tensors
    if len(given) != 1 or isinstance(layer, keras.Model):
        raise _no_features(f"one whose layer {layer.name!r} is not so")
    return layer, given[0]


def _no_features(received):
    return ValueError(
        "discriminator must be functional or Sequential, and end in a chain "
        "of layers of one input, the last with weights of which makes the "
        "logits: what that one is given are the features to match "
        f"(feature_matching=None matches none). Received: {received}"
    )
