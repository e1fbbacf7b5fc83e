"""Blocks that at least two papers use."""

from keras_gans.layers.activations import PReLU, prelu
from keras_gans.layers.attention import SelfAttention
from keras_gans.layers.batch import (
    MinibatchDiscrimination,
    ReferenceBatch,
    VirtualBatchNormalization,
    WithoutReference,
)
from keras_gans.layers.conditional import conditional_batch_normalization
from keras_gans.layers.dcgan import (
    dcgan_base_shape,
    dcgan_discriminator_stack,
    dcgan_generator_stack,
    global_pooling,
    listed,
    logits_layer,
    resolution_widths,
)
from keras_gans.layers.equalized import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    PixelNormalization,
)
from keras_gans.layers.images import (
    Dropout,
    PixelShuffle,
    ReflectionPadding2D,
    check_image_size,
    plain_conv,
)
from keras_gans.layers.modulated import ModulatedConv2D, Smoothing2D
from keras_gans.layers.normalization import (
    BatchStatisticsNormalization,
    InstanceNormalization,
    SpectralNormalization,
    check_normalization,
    discriminator_normalization,
    image_normalization,
)
from keras_gans.layers.precision import float32_policy, output_dtype
from keras_gans.layers.residual import (
    batch_normalization,
    first_residual_block,
    halving_residual_block,
    residual_block,
    upsampling_residual_block,
)

__all__ = [
    "BatchStatisticsNormalization",
    "Dropout",
    "EqualizedConv2D",
    "EqualizedDense",
    "InstanceNormalization",
    "MinibatchDiscrimination",
    "MinibatchStandardDeviation",
    "ModulatedConv2D",
    "PReLU",
    "PixelNormalization",
    "PixelShuffle",
    "ReferenceBatch",
    "ReflectionPadding2D",
    "SelfAttention",
    "Smoothing2D",
    "SpectralNormalization",
    "VirtualBatchNormalization",
    "WithoutReference",
    "batch_normalization",
    "check_image_size",
    "check_normalization",
    "conditional_batch_normalization",
    "dcgan_base_shape",
    "dcgan_discriminator_stack",
    "dcgan_generator_stack",
    "discriminator_normalization",
    "first_residual_block",
    "float32_policy",
    "global_pooling",
    "halving_residual_block",
    "image_normalization",
    "listed",
    "logits_layer",
    "output_dtype",
    "plain_conv",
    "prelu",
    "residual_block",
    "resolution_widths",
    "upsampling_residual_block",
]
