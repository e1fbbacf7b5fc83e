"""Blocks that at least two papers use."""

from keras_gans.layers.dcgan import (
    dcgan_base_shape,
    dcgan_discriminator_stack,
    dcgan_generator_stack,
    global_pooling,
    logits_layer,
)
from keras_gans.layers.images import (
    Dropout,
    PixelShuffle,
    ReflectionPadding2D,
    check_image_size,
)
from keras_gans.layers.normalization import (
    BatchStatisticsNormalization,
    InstanceNormalization,
    SpectralNormalization,
    check_normalization,
    discriminator_normalization,
    image_normalization,
)
from keras_gans.layers.precision import float32_policy, output_dtype

__all__ = [
    "BatchStatisticsNormalization",
    "Dropout",
    "InstanceNormalization",
    "PixelShuffle",
    "ReflectionPadding2D",
    "SpectralNormalization",
    "check_image_size",
    "check_normalization",
    "dcgan_base_shape",
    "dcgan_discriminator_stack",
    "dcgan_generator_stack",
    "discriminator_normalization",
    "float32_policy",
    "global_pooling",
    "image_normalization",
    "logits_layer",
    "output_dtype",
]
