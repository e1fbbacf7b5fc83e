"""Improved GAN's losses, and whose they are: with a label or without one."""

from keras import ops

from keras_gans import backend


def realness(logits):
    """Z, the logit of being real: log-sum-exp of the classes' logits."""
    return ops.logsumexp(logits, axis=-1)


def semi_supervised_discriminator_loss(
    real_logits, fake_logits, labels, label_smoothing=0.0
):
    """`E[Z - l_y] + E[softplus(-Z)] / 2 + E[softplus(Z)] / 2`.

    Z is `realness`; the means are over labelled, unlabelled and generated
    examples.

    Args:
        real_logits: Logits `(batch, num_classes)` for real examples.
        fake_logits: The same for generated ones.
        labels: Integers `(batch,)`, the classes of the real ones; -1 where
            they are not known.
        label_smoothing: Float in [0, 0.5]. The target of real examples is
            `1 - label_smoothing`.

    Returns:
        Scalar tensor. The mean of it over replicas is the loss of the global
        batch.
    """
    labelled, unlabelled = example_weights(labels)
    real, fake = realness(real_logits), realness(fake_logits)
    classes = ops.one_hot(
        ops.maximum(labels, 0), real_logits.shape[-1], dtype=real_logits.dtype
    )
    class_loss = real - ops.sum(classes * real_logits, axis=-1)
    # With a target of 1 - s, cross-entropy is softplus(-Z) + s * Z.
    real_loss = ops.softplus(-real) + label_smoothing * real
    return ops.mean(labelled * class_loss) + 0.5 * (
        ops.mean(unlabelled * real_loss) + ops.mean(ops.softplus(fake))
    )


def feature_matching_generator_loss(
    real_features, fake_features, labels=None, norm="l2"
):
    """Distance of the mean features of real and of generated examples.

    Args:
        real_features: Features `(batch, ...)` of real examples.
        fake_features: The same of generated ones.
        labels: Integers `(batch,)`: as in the discriminator's loss, examples
            with a label are left out. `None` for all.
        norm: `"l2"` or `"l1"`, the mean of squared or absolute differences.

    Returns:
        Scalar tensor, the same on all replicas: that of the global batch.
    """
    if labels is not None:
        _, weights = example_weights(labels)
        rest = (1,) * (len(real_features.shape) - 1)
        real_features = real_features * ops.reshape(weights, (-1, *rest))
    real, fake = (
        ops.mean(backend.all_gather(ops.mean(x, axis=0, keepdims=True)), axis=0)
        for x in (real_features, fake_features)
    )
    return ops.mean((ops.square if norm == "l2" else ops.abs)(real - fake))


def example_weights(labels):
    """Weights of labelled, and of unlabelled examples.

    Means with them are over the labelled (or unlabelled) examples of the
    global batch, once they are averaged over replicas. In a batch without
    unlabelled examples all stand for real ones.

    Args:
        labels: This replica's integers `(batch,)`.

    Returns:
        Two float tensors `(batch,)`.
    """
    labelled = ops.cast(labels >= 0, "float32")
    everywhere = backend.all_gather(labelled)
    count, total = ops.sum(everywhere), ops.sum(ops.ones_like(everywhere))
    rest = total - count
    unlabelled = ops.where(rest > 0, 1.0 - labelled, 1.0)
    rest = ops.where(rest > 0, rest, total)
    return labelled * total / ops.maximum(count, 1.0), unlabelled * total / rest
