"""The network behind the content loss."""

import keras
from keras import layers, ops

from keras_gans import presets
from keras_gans.layers import float32_policy

VGG_MEANS = (123.68, 116.779, 103.939)  # of ImageNet's red, green and blue


def content_network(name="vgg19", layer="block5_conv4"):
    """A trained network whose features tell what is in an image.

    Args:
        name: `"vgg19"`, keras.applications' with its ImageNet weights, which
            are downloaded once; or the name of one of the zoo's classifiers,
            such as `"cifar10_classifier"`, which sees images twice as large.
        layer: String, the name of the layer whose output is compared, for
            `"vgg19"` after its ReLU.

    Returns:
        A `keras.Model` of RGB images in [-1, 1], of any size, that is not
        trained.

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
                "The content loss of SRGAN needs the ImageNet weights of "
                "VGG19, which could not be downloaded "
                f"({' '.join(str(error).split())[:200]}): pass "
                "content_network, a keras.Model of images in [-1, 1] or the "
                "name of one of the zoo's classifiers."
            ) from error
    else:
        network, _ = presets.load_network(name)
    names = [other.name for other in network.layers[1:]]
    if layer not in names:
        raise ValueError(
            f"content_layer must be one of {', '.join(names)}. "
            f"Received: content_layer={layer!r}"
        )
    part = keras.Model(network.input, network.get_layer(layer).output)
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
