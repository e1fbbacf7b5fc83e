"""GAN losses as pairs of pure functions on logits.

Every pair is named `<family>_generator_loss` / `<family>_discriminator_loss`.
A generator loss takes the discriminator's logits for fake examples, a
discriminator loss takes the logits for real and for fake examples. Logits may
have any shape that starts with the batch, so `(batch, 1)` and a PatchGAN's
`(batch, height, width, 1)` both work, and every function returns one scalar:
the mean over all logits. Networks end linear: real is a high logit. The
relativistic generator loss compares with real examples, and takes both.
"""

import keras
from keras import ops


def _loss(function):
    # Registered, so that a model's config can name its loss, and a preset can
    # be limited to functions that this package vouches for.
    return keras.saving.register_keras_serializable("keras_gans")(function)


@_loss
def minimax_generator_loss(fake_logits):
    """`E[log(1 - D(G(z)))]`, to be minimised (Goodfellow et al., 2014, eq. 1).

    The gradient vanishes where the discriminator wins, which is why the same
    paper trains with `non_saturating_generator_loss`.

    Args:
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return -ops.mean(ops.softplus(fake_logits))


@_loss
def minimax_discriminator_loss(real_logits, fake_logits, label_smoothing=0.0):
    """`-E[log D(x)] - E[log(1 - D(G(z)))]` (Goodfellow et al., 2014, eq. 1).

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.
        label_smoothing: Float in [0, 0.5]. The target of real examples is
            `1 - label_smoothing`; that of fake ones stays 0 (one-sided label
            smoothing, Salimans et al., 2016, section 3.4).

    Returns:
        Scalar tensor.
    """
    # With a target of 1 - s, cross-entropy is softplus(-l) + s * l.
    real_loss = ops.softplus(-real_logits) + label_smoothing * real_logits
    return ops.mean(real_loss) + ops.mean(ops.softplus(fake_logits))


@_loss
def non_saturating_generator_loss(fake_logits):
    """`-E[log D(G(z))]` (Goodfellow et al., 2014, section 3).

    Args:
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return ops.mean(ops.softplus(-fake_logits))


@_loss
def non_saturating_discriminator_loss(
    real_logits, fake_logits, label_smoothing=0.0
):
    """The same as `minimax_discriminator_loss`: only the generators differ.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.
        label_smoothing: Float in [0, 0.5], see `minimax_discriminator_loss`.

    Returns:
        Scalar tensor.
    """
    return minimax_discriminator_loss(real_logits, fake_logits, label_smoothing)


@_loss
def least_squares_generator_loss(fake_logits):
    """`E[(D(G(z)) - 1)^2] / 2` (LSGAN, Mao et al., 2017, eq. 9).

    Args:
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return 0.5 * ops.mean(ops.square(fake_logits - 1.0))


@_loss
def least_squares_discriminator_loss(
    real_logits, fake_logits, label_smoothing=0.0
):
    """`E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2` (Mao et al., 2017, eq. 9).

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.
        label_smoothing: Float in [0, 0.5]. The target of real examples is
            `1 - label_smoothing`.

    Returns:
        Scalar tensor.
    """
    real_loss = ops.mean(ops.square(real_logits - (1.0 - label_smoothing)))
    return 0.5 * (real_loss + ops.mean(ops.square(fake_logits)))


@_loss
def squared_error_generator_loss(fake_logits):
    """`E[(D(G(z)) - 1)^2]` (Zhu et al., 2017, section 3).

    The least squares loss without its half, which weights of other terms, as
    CycleGAN's, are relative to.

    Args:
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return 2.0 * least_squares_generator_loss(fake_logits)


@_loss
def squared_error_discriminator_loss(
    real_logits, fake_logits, label_smoothing=0.0
):
    """`E[(D(x) - 1)^2] + E[D(G(z))^2]` (Zhu et al., 2017, section 3).

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.
        label_smoothing: Float in [0, 0.5]. The target of real examples is
            `1 - label_smoothing`.

    Returns:
        Scalar tensor.
    """
    return 2.0 * least_squares_discriminator_loss(
        real_logits, fake_logits, label_smoothing
    )


@_loss
def hinge_generator_loss(fake_logits):
    """`-E[D(G(z))]` (Lim and Ye, 2017; Miyato et al., 2018, eq. 17).

    Args:
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return -ops.mean(fake_logits)


@_loss
def hinge_discriminator_loss(real_logits, fake_logits):
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]` (Miyato 2018, eq. 16).

    There is no target to smooth, so this takes no `label_smoothing`.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    real_loss = ops.mean(ops.relu(1.0 - real_logits))
    return real_loss + ops.mean(ops.relu(1.0 + fake_logits))


@_loss
def wasserstein_generator_loss(fake_logits):
    """`-E[D(G(z))]` (Arjovsky et al., 2017, equation 2).

    Args:
        fake_logits: Discriminator logits (scores without a bound, here) for
            generated examples.

    Returns:
        Scalar tensor.
    """
    return -ops.mean(fake_logits)


@_loss
def wasserstein_discriminator_loss(real_logits, fake_logits):
    """`E[D(G(z))] - E[D(x)]` (Arjovsky et al., 2017, equation 2).

    Its negative estimates the Wasserstein-1 distance, up to a factor, only
    for a discriminator whose slope is bounded: by clipped weights (`WGAN`) or
    a gradient penalty (`WGANGP`).

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return ops.mean(fake_logits) - ops.mean(real_logits)


@_loss
def relativistic_average_generator_loss(real_logits, fake_logits):
    """Fake examples are to look more real than real ones do on average.

    `-E[log s(D(G(z)) - E[D(x)])] - E[log(1 - s(D(x) - E[D(G(z))]))]` with the
    sigmoid s (RaSGAN, Jolicoeur-Martineau, 2018). The averages are over the
    batch; on several replicas, over the replica's part of it.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return relativistic_average_discriminator_loss(fake_logits, real_logits)


@_loss
def relativistic_average_discriminator_loss(real_logits, fake_logits):
    """Real examples are to look more real than fake ones do on average.

    `-E[log s(D(x) - E[D(G(z))])] - E[log(1 - s(D(G(z)) - E[D(x)]))]`, see
    `relativistic_average_generator_loss`.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    real = real_logits - ops.mean(fake_logits)
    fake = fake_logits - ops.mean(real_logits)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


@_loss
def relativistic_pairing_generator_loss(real_logits, fake_logits):
    """Each fake example is to look more real than a real one does.

    `-E[log s(D(G(z)) - D(x))]` with the sigmoid s, of pairs (RpGAN,
    Jolicoeur-Martineau, 2018; Huang et al., 2024, equation 2). One real and
    one fake example make a pair: no average over the batch comes in between,
    and a generator that leaves out a mode pays for it.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return ops.mean(ops.softplus(real_logits - fake_logits))


@_loss
def relativistic_pairing_discriminator_loss(real_logits, fake_logits):
    """Each real example is to look more real than a fake one does.

    `-E[log s(D(x) - D(G(z)))]`, see `relativistic_pairing_generator_loss`.

    Args:
        real_logits: Discriminator logits for real examples.
        fake_logits: Discriminator logits for generated examples.

    Returns:
        Scalar tensor.
    """
    return ops.mean(ops.softplus(fake_logits - real_logits))
