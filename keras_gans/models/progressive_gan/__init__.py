"""Progressive GAN: "Progressive Growing of GANs for Improved Quality,
Stability, and Variation" (Karras et al., 2017).

https://arxiv.org/abs/1710.10196

Both networks start at the smallest resolution and grow: what is learned first
is the layout, and most steps are cheap. A new resolution is faded in: the
generator's image is

    (1 - alpha) up(image before) + alpha image,

the discriminator joins its features in the same way, and real images are
blurred likewise, while alpha goes from 0 to 1; then all is trained for as long
as it took. The game is that of WGAN-GP with one discriminator step, and
`0.001 E[D(x)^2]` keeps scores near 0. Weights are scaled at run time, the
generator's features are normalized at each pixel, and the discriminator sees
how much a group of examples varies.

Deviations from the paper: images have their full size at every stage, and
pixels that are blocks before the last (as in the authors' code, whose penalty
is taken there as well). Groups of the standard deviation are of neighbours.
Biases are scaled as the activations are, by the root of 2, and the first layer
has none.
The moving average of the generator warms up. Images may have other sides than
powers of two.
"""

from keras_gans.models.progressive_gan.networks import (
    ProgressiveGANDiscriminator,
    ProgressiveGANGenerator,
)
from keras_gans.models.progressive_gan.progressive_gan import ProgressiveGAN

__all__ = [
    "ProgressiveGAN",
    "ProgressiveGANDiscriminator",
    "ProgressiveGANGenerator",
]
