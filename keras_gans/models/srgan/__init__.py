"""SRGAN: "Photo-Realistic Single Image Super-Resolution Using a Generative
Adversarial Network" (Ledig et al., 2017).

https://arxiv.org/abs/1609.04802

Of all images that could have been shrunk to a given one, the mean squared
error asks for their mean, which is blurred. SRGAN asks for one that looks
real: what the generator makes of a low-resolution image x is to have the
features that the truth y has, and to pass for real:

    min_G  0.006 E||phi(y) - phi(G(x))||^2 - 0.001 E[log D(G(x))],
    max_D  E[log D(y)] + E[log(1 - D(G(x)))],

phi being the last convolution of a VGG19 that was trained on ImageNet.
Training has two phases, and each has a model of its own: `SRResNet` descends
the error of the pixels, and `SRGAN` goes on from its generator.

Deviations from the paper: low-resolution images are in [-1, 1], as all images
here, and not in [0, 1]. The generator goes first in a step, so that one pass of
it serves both players: the discriminator that it meets has learned from fakes
of the generator a step earlier. PReLU has a slope per channel (He et al.,
2015), where many implementations have one per layer. Adam's epsilon is Keras's
1e-7.
"""

from keras_gans.models.srgan.blocks import SpaceToDepthConv2D
from keras_gans.models.srgan.content import content_network
from keras_gans.models.srgan.networks import (
    SRGANDiscriminator,
    SRResNetGenerator,
)
from keras_gans.models.srgan.srgan import SRGAN
from keras_gans.models.srgan.srresnet import SRResNet

__all__ = [
    "SRGAN",
    "SRGANDiscriminator",
    "SRResNet",
    "SRResNetGenerator",
    "SpaceToDepthConv2D",
    "content_network",
]
