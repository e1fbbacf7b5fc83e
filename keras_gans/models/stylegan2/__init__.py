"""StyleGAN2: "Analyzing and Improving the Image Quality of StyleGAN" (Karras et
al., 2019), with the settings of "Training Generative Adversarial Networks with
Limited Data" (StyleGAN2-ADA, Karras et al., 2020).

https://arxiv.org/abs/1912.04958 and https://arxiv.org/abs/2006.06676

A mapping network turns latents into a style w. A synthesis network starts from
a learned constant; the style scales the input channels of each of its
convolutions, whose outputs are divided by what that does to their size, and
noise is added to every one. The image is a sum over resolutions of what each
adds to the one before, doubled. The discriminator is residual, and sees the
standard deviation of small groups. Both play the non-saturating game,

    E[softplus(-D(x))] + E[softplus(D(G(z)))] + gamma / 2 E[||grad D(x)||^2],

and a part of the generator's images have two styles, one up to some resolution
and another from there on, so that neighbouring styles learn to go together.
Path length regularization asks that a step of fixed length in w changes the
image by a fixed length.

Deviations from the paper: R1 and the path length are taken at each step for a
part of the batch, where the authors take them at each 16th and 4th step for
all of it, or half: the same expectation, and no branch. The cut between two
styles is one for each example, where the authors' code has one for the batch,
and the path length is that of images of one style.
The mapping network has two layers, as in the later paper's "auto" settings,
where the first paper has eight; a label is embedded, in the generator beside
the latents and in the discriminator by its projection on the features. Images
may have other sides than powers of two, as 28x28, which grows from 7x7.
"""

from keras_gans.models.stylegan2.networks import (
    StyleGAN2Discriminator,
    StyleGAN2Generator,
)
from keras_gans.models.stylegan2.style_layers import StyleMixing
from keras_gans.models.stylegan2.stylegan2 import PathLength, StyleGAN2

__all__ = [
    "PathLength",
    "StyleGAN2",
    "StyleGAN2Discriminator",
    "StyleGAN2Generator",
    "StyleMixing",
]
