"""Activations that learn."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class PReLU(layers.PReLU):
    """Keras's, in three operations of the inputs' size instead of five.

    `max(x, 0) + alpha * min(x, 0)`, alpha being learned.

    Reference:
        He et al., "Delving Deep into Rectifiers: Surpassing Human-Level
        Performance on ImageNet Classification", 2015.
    """

    def call(self, inputs):
        alpha = ops.convert_to_tensor(self.alpha)
        return inputs * ops.where(inputs > 0, 1.0, alpha)


def prelu():
    """One slope per channel of images, which begins at 0.25 (He et al.).

    `nn.PReLU()` of PyTorch has one per layer.
    """
    return PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2],
    )
