"""Gradient penalties of a discriminator, as pure functions.

A penalty asks for the gradient of the logits with respect to the examples, and
is then differentiated once more with respect to the weights. It belongs in
the loss function that `AdversarialModel.minimize` takes.

Every example has its own gradient, which is why the discriminator must not
mix the examples of a batch: see `check_no_batch_normalization`. Sums of
squares overflow in float16, so discriminators are passed through `float32`.
"""

import contextlib

import keras
from keras import ops

from keras_gans import backend
from keras_gans.layers import BatchStatisticsNormalization

# Inside the root: its derivative at a gradient of zero is 0, not NaN.
_EPSILON = 1e-12


def gradient_penalty(discriminator, real, fake, alpha, target=1.0):
    """`E[(||grad D(x)|| - 1)^2]` between real and fake examples.

    Every example has one point of its own on the straight line:
    `x = alpha * real + (1 - alpha) * fake`.

    Args:
        discriminator: Function of examples that returns logits.
        real: Real examples, `(batch, ...)`.
        fake: Generated examples of the same shape.
        alpha: Uniform in [0, 1), one number per example: `(batch, 1, ..., 1)`
            with the rank of `real`.
        target: Float, the norm that costs nothing.

    Returns:
        Scalar tensor, not weighted (the paper's weight is 10).

    Raises:
        ValueError: If `alpha` is not one number per example.

    Reference:
        Gulrajani et al., "Improved Training of Wasserstein GANs", 2017,
        equation 3.
    """
    _check_alpha(alpha, real)
    real, fake, alpha = (ops.cast(x, "float32") for x in (real, fake, alpha))
    points = fake + alpha * (real - fake)
    _, gradients = backend.input_gradients(discriminator, points)
    norms = ops.sqrt(squared_norms(gradients) + _EPSILON)
    return ops.mean(ops.square(norms - target))


def r1_penalty(discriminator, real):
    """`E[||grad D(x)||^2]` at real examples.

    Where an example has several logits, as of patches, D(x) is their sum: the
    penalty of p equal logits is p^2 times that of one. Take the mean of them
    in `discriminator` for one that does not depend on the number of patches.

    Args:
        discriminator: Function of examples that returns logits.
        real: Real examples, `(batch, ...)`.

    Returns:
        `(penalty, logits)`: a scalar without the paper's factor gamma / 2,
        and the logits for `real` of the same pass, so that the loss needs no
        second one.

    Reference:
        Mescheder et al., "Which Training Methods for GANs do actually
        Converge?", 2018, equation 9.
    """
    real = ops.cast(real, "float32")
    logits, gradients = backend.input_gradients(discriminator, real)
    return ops.mean(squared_norms(gradients)), logits


def r2_penalty(discriminator, fake):
    """`E[||grad D(x)||^2]` at generated examples.

    Args:
        discriminator: Function of examples that returns logits.
        fake: Generated examples, `(batch, ...)`.

    Returns:
        `(penalty, logits)`, see `r1_penalty`.

    Reference:
        Mescheder et al., 2018, equation 10.
    """
    return r1_penalty(discriminator, fake)


def dragan_penalty(discriminator, real, noise, alpha, target=1.0):
    """`E[(||grad D(x)|| - 1)^2]` in the neighbourhood of real examples.

    `x = real + alpha * noise * std(real) / 2`, with the standard deviation
    of all values of the batch (on several replicas, of the replica's).

    Args:
        discriminator: Function of examples that returns logits.
        real: Real examples, `(batch, ...)`.
        noise: Uniform in [0, 1), the shape of `real`.
        alpha: Uniform in [0, 1), one number per example, see
            `gradient_penalty`.
        target: Float, the norm that costs nothing.

    Returns:
        Scalar tensor, not weighted (the paper's weight is 10).

    Reference:
        Kodali et al., "On Convergence and Stability of GANs", 2017.
    """
    perturbed = real + 0.5 * ops.std(real) * noise
    return gradient_penalty(discriminator, perturbed, real, alpha, target)


def consistency_penalty(logits, other_logits):
    """`E[(D(x) - D(T(x)))^2]`: what is done to an example changes no logit.

    Args:
        logits: Discriminator logits for examples.
        other_logits: Those for the same examples, augmented (bCR), or made
            from latents nearby (zCR); of the same shape.

    Returns:
        Scalar tensor in float32, not weighted (the papers' weights are 10 and
        5).

    Reference:
        Zhao et al., "Improved Consistency Regularization for GANs", 2020.
    """
    logits, other_logits = (
        ops.cast(x, "float32") for x in (logits, other_logits)
    )
    return ops.mean(ops.square(logits - other_logits))


@keras.saving.register_keras_serializable("keras_gans")
class LeCam(keras.layers.Layer):
    """Keeps logits near the averages of those of the other side.

    `E[relu(D(x) - a_F)^2] + E[relu(a_R - D(G(z)))^2]`, with a_R and a_F the
    exponential moving averages of the logits for real and for fake examples,
    without the bias of their start. The paper's equation has no relu; the
    authors' code does, and so has this. It is a layer for the sake of its
    variables, and is not called.

    Args:
        decay: Float in (0, 1), of the averages.
        start: Integer, from which call on the penalty counts. The averages
            say little before.

    Reference:
        Tseng et al., "Regularizing Generative Adversarial Networks under
        Limited Data", 2021, equation 4.
    """

    def __init__(self, decay=0.99, start=1000, **kwargs):
        super().__init__(**kwargs)
        self.decay = decay
        self.start = start
        self._averages = [
            self.add_weight(
                (), "zeros", dtype="float32", trainable=False, name=name
            )
            for name in ("real", "fake", "calls")
        ]
        self.built = True

    def penalty(self, real_logits, fake_logits):
        """Moves the averages, and returns the penalty, in float32.

        Args:
            real_logits: Discriminator logits for real examples.
            fake_logits: Discriminator logits for generated examples.

        Returns:
            Scalar tensor, not weighted (the paper's weight on CIFAR-10 is
            0.3).
        """
        real, fake = (
            ops.cast(x, "float32") for x in (real_logits, fake_logits)
        )
        *averages, calls = self._averages
        count = calls.value + 1.0
        calls.assign(count)
        anchors = []
        for average, logits in zip(averages, (real, fake)):
            mean = ops.reshape(ops.mean(ops.stop_gradient(logits)), (1,))
            mean = ops.mean(backend.all_gather(mean))  # Of all replicas.
            value = self.decay * average.value + (1.0 - self.decay) * mean
            average.assign(value)
            anchors.append(value / (1.0 - ops.power(self.decay, count)))
        real = ops.mean(ops.square(ops.relu(real - anchors[1])))
        fake = ops.mean(ops.square(ops.relu(anchors[0] - fake)))
        return ops.cast(count > self.start, "float32") * (real + fake)

    def get_config(self):
        return {"decay": self.decay, "start": self.start, "name": self.name}


def squared_norms(gradients):
    """The squared norm of every example's gradient, `(batch,)`, in float32."""
    gradients = ops.cast(gradients, "float32")  # 256^2 overflows in float16.
    axes = tuple(range(1, len(gradients.shape)))
    return ops.sum(ops.square(gradients), axis=axes)


def float32(network):
    """A network as a function that computes in float32.

    The weights are float32 under every mixed policy; only the layers' compute
    dtype is changed, and only during the call.

    Args:
        network: `keras.Model`.

    Returns:
        Function with the arguments of `network`.
    """

    def call(inputs, **kwargs):
        with _float32_layers(network):
            return network(inputs, **kwargs)

    return call


@contextlib.contextmanager
def _float32_layers(network):
    changed = [
        (layer, layer.dtype_policy)
        for layer in network._flatten_layers()
        if layer.compute_dtype in ("float16", "bfloat16")
    ]
    for layer, _ in changed:
        layer.dtype_policy = "float32"
    try:
        yield
    finally:
        for layer, policy in changed:
            layer.dtype_policy = policy


def check_no_batch_normalization(discriminator, why):
    """Raises a `ValueError` that names a layer which mixes the examples.

    Args:
        discriminator: `keras.Model`.
        why: String, the argument or model that rules it out.
    """
    for layer in discriminator._flatten_layers():
        # A frozen one of Keras's computes with stored statistics and mixes
        # nothing.
        mixes = isinstance(layer, BatchStatisticsNormalization) or (
            isinstance(layer, keras.layers.BatchNormalization)
            and layer.trainable
        )
        if mixes:
            raise ValueError(
                f"discriminator must not have {type(layer).__name__} with "
                f"{why}: "
                "the penalty is of every example's own gradient, and batch "
                "normalization mixes the examples. LayerNormalization is the "
                "paper's replacement. Received: discriminator with the layer "
                f"{layer.name!r}"
            )


def _check_alpha(alpha, examples):
    rest = tuple(alpha.shape[1:])
    if rest != (1,) * (len(examples.shape) - 1):
        raise ValueError(
            "alpha must be one number per example, (batch, 1, ..., 1) with "
            f"the rank of the examples, {len(examples.shape)}. Received: "
            f"alpha with shape {tuple(alpha.shape)}"
        )
