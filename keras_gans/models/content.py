"""The network behind a content loss."""

import keras
from keras import layers, ops

from keras_gans import presets
from keras_gans.layers import float32_policy

VGG_MEANS = (123.68, 116.779, 103.939)  # of ImageNet's red, green and blue
# Of one of the zoo's classifiers, where nobody says which: what comes before
# the activations of its first stage. Further on are strides of 2 with kernels
# of 3, whose gradients are a grid.
FIRST_STAGE = {"batch_normalization": 0.5, "batch_normalization_1": 1.0}


def content_network(
    name="vgg19", layer="block5_conv4", before_activation=False
):
    """A trained network whose features tell what is in an image.

    Args:
        name: `"vgg19"`, keras.applications' with its ImageNet weights, which
            are downloaded once; or the name of one of the zoo's classifiers,
            such as `"cifar10_classifier"`, which sees images twice as large.
        layer: String, the name of the layer whose output is compared, or a
            sequence of several.
        before_activation: Boolean, of `"vgg19"`, whose convolutions have
            their ReLU within: whether it is what comes before it. In other
            networks that is a layer of its own.

    Returns:
        A `keras.Model` of RGB images in [-1, 1], of any size, that is not
        trained. It makes a tensor, or for a sequence of layers a list of them.

    Raises:
        ConnectionError: If the weights of VGG19 cannot be downloaded.
        ValueError: If there is no such network, or no such layer.
    """
    if name == "vgg19":
        try:
            with (
                float32_policy()
            ):  # Its features go beyond what float16 can hold.
                network = keras.applications.VGG19(
                    include_top=False, weights="imagenet"
                )
        except Exception as error:
            raise ConnectionError(
                "The content loss needs the ImageNet weights of VGG19, which "
                "could not be downloaded "
                f"({' '.join(str(error).split())[:200]}): pass "
                "content_network, a keras.Model of images in [-1, 1] or the "
                "name of one of the zoo's classifiers."
            ) from error
        if before_activation:
            network = _with_activations_apart(network)
    else:
        network, _ = presets.load_network(name)
    several = not isinstance(layer, str)
    wanted = list(layer) if several else [layer]
    names = [other.name for other in network.layers[1:]]
    for one in wanted:
        if one not in names:
            raise ValueError(
                f"content_layer must be one of {', '.join(names)}. "
                f"Received: content_layer={one!r}"
            )
    outputs = [network.get_layer(one).output for one in wanted]
    part = keras.Model(network.input, outputs if several else outputs[0])
    inputs = x = keras.Input((None, None, network.input_shape[-1]))
    if name == "vgg19":
        # As its weights want it: BGR, from 0 to 255, less the means.
        x = ops.flip(127.5 * (x + 1) - ops.array(VGG_MEANS), axis=-1)
    else:
        # Those for RGB begin with a stride of 2: dots and stripes of a pixel,
        # which a discriminator takes for texture at first, would be lost.
        x = layers.UpSampling2D(2)(x)
    # Of the same layers, for images of any size.
    copied = keras.models.clone_model(
        part, input_tensors=keras.Input(inputs.shape[1:])
    )
    copied.set_weights(part.get_weights())
    copied.trainable = False
    return keras.Model(inputs, copied(x, training=False))


def _with_activations_apart(network):
    """A chain of layers, as VGG19, whose activations are layers as well."""
    inputs = x = keras.Input(network.input_shape[1:])
    with float32_policy():
        for layer in network.layers[1:]:
            config = layer.get_config()
            activation = config.get("activation", "linear")
            if activation != "linear":
                config["activation"] = "linear"
            x = type(layer).from_config(config)(x)
            if activation != "linear":
                x = layers.Activation(activation)(x)
    apart = keras.Model(inputs, x)
    apart.set_weights(network.get_weights())
    return apart
