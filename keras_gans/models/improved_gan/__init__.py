"""Improved GAN: "Improved Techniques for Training GANs" (Salimans et al.,
2016).

https://arxiv.org/abs/1606.03498

Few labels, and many images without: the discriminator is a classifier of K
classes that also tells real from generated images. Its logits l_1 .. l_K say
both, with "generated" as one more class whose logit is 0. With
Z = log sum_k exp(l_k), an image is real with probability exp(Z) / (exp(Z) + 1),
and the discriminator descends

    E[Z - l_y]  over images x whose class y is known,
    1/2 E[softplus(-Z)] over other real images,
    1/2 E[softplus(Z)] over generated ones.

The generator is to match features: with f the layer before the logits, it
descends the distance of E[f(x)] and E[f(G(z))]. Without labels there is one
logit. Historical averaging adds the squared distance of a player's weights
from their mean over all steps so far; one-sided label smoothing lowers the
target of real images. Minibatch discrimination and virtual batch normalization
are layers, `keras_gans.layers`.

Deviations from the paper, which says little of its networks, and from the
authors' code for MNIST, which the defaults follow: images are in [-1, 1] (the
discriminator scales them to [0, 1], for which the noise is meant); latents are
normal instead of uniform; the layers' columns of fixed length are not scaled
by a first batch, but by what gives hidden units of MNIST a variance of about
one; the generator's step matches the features of the real images that the
discriminator has just seen, where the code draws others. The distance of
features is the mean of squared differences, as in that code; the paper has
their sum, and the code for CIFAR-10 the mean of absolute ones (`"l1"`). The
authors' average of the classifier's weights starts from zero; ours, of the
whole discriminator, from its first weights, and warms up. Minibatch
discrimination is trained with the non-saturating loss, where the code descends
E[log(1 - D(G(z)))].
"""

from keras_gans.models.improved_gan.improved_gan import ImprovedGAN
from keras_gans.models.improved_gan.losses import (
    feature_matching_generator_loss,
    semi_supervised_discriminator_loss,
)
from keras_gans.models.improved_gan.networks import (
    GaussianNoise,
    ImprovedGANDiscriminator,
    ImprovedGANGenerator,
    WeightNormalizedDense,
)

__all__ = [
    "GaussianNoise",
    "ImprovedGAN",
    "ImprovedGANDiscriminator",
    "ImprovedGANGenerator",
    "WeightNormalizedDense",
    "feature_matching_generator_loss",
    "semi_supervised_discriminator_loss",
]
