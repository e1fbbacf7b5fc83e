"""Self-attention of images."""

import keras
from keras import layers, ops

from keras_gans.layers.normalization import SpectralNormalization


@keras.saving.register_keras_serializable("keras_gans")
class SelfAttention(layers.Layer):
    """Each place of an image also sees what is like it elsewhere.

    Queries, keys and values are 1x1 convolutions to an eighth, an eighth and a
    half of the channels; keys and values are halved in resolution, as in the
    authors' code. What is found is added, times a number that starts at 0.

    Args:
        spectral_normalization: Boolean, of all four convolutions.

    Input and output: `(batch, height, width, channels)`; both sides even, at
    least 8 channels.

    Reference:
        Zhang et al., "Self-Attention Generative Adversarial Networks", 2019.
    """

    def __init__(self, spectral_normalization=False, **kwargs):
        super().__init__(**kwargs)
        self.spectral_normalization = spectral_normalization

    def build(self, input_shape):
        *_, height, width, channels = input_shape
        if channels < 8 or (height or 2) % 2 or (width or 2) % 2:
            raise ValueError(
                "SelfAttention takes (height, width, channels) with even sides "
                f"and at least 8 channels. Received: {tuple(input_shape[1:])}"
            )

        def convolution(filters, name):
            layer = layers.Conv2D(filters, 1, use_bias=False, name=name)
            if not self.spectral_normalization:
                return layer
            return SpectralNormalization(layer, name=f"spectral_{name}")

        self.query = convolution(channels // 8, "query")
        self.key = convolution(channels // 8, "key")
        self.value = convolution(channels // 2, "value")
        self.output_map = convolution(channels, "output")
        for layer in (self.query, self.key, self.value):
            layer.build(input_shape)
        self.output_map.build((*input_shape[:-1], channels // 2))
        self.gain = self.add_weight((), "zeros", name="gain")
        self.pool = layers.MaxPooling2D(2)

    def call(self, inputs, training=False):
        def run(layer, x):
            if self.spectral_normalization:
                return layer(x, training=training)
            return layer(x)

        def flat(x):
            return ops.reshape(x, (ops.shape(x)[0], -1, x.shape[-1]))

        query = flat(run(self.query, inputs))
        key = flat(self.pool(run(self.key, inputs)))
        value = flat(self.pool(run(self.value, inputs)))
        likeness = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        # A sum of exponentials is no matter of float16.
        weights = ops.softmax(ops.cast(likeness, "float32"), axis=-1)
        found = ops.matmul(ops.cast(weights, value.dtype), value)
        shape = (*ops.shape(inputs)[:-1], value.shape[-1])
        found = run(self.output_map, ops.reshape(found, shape))
        return inputs + ops.cast(self.gain, inputs.dtype) * found

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "spectral_normalization": self.spectral_normalization,
        }
