"""Normalization of weights and of features."""

import keras
from keras import layers, ops


def discriminator_normalization(
    spectral_normalization, r1_weight=0.0, r2_weight=0.0, **kwargs
):
    """The normalization of a default discriminator, see the stack.

    Args:
        spectral_normalization: Boolean.
        **kwargs: The model's arguments, of which the penalties matter.
    """
    if spectral_normalization:
        return "spectral"
    return None if r1_weight or r2_weight else "batch"


def check_normalization(normalization):
    """Raises a `ValueError` for what discriminators do not have."""
    if normalization not in ("batch", "spectral", None):
        raise ValueError(
            'normalization must be "batch", "spectral" or None. '
            f"Received: normalization={normalization!r}"
        )


def image_normalization(normalization):
    """The normalization layer of an image-to-image network.

    Args:
        normalization: `"batch"` or `"instance"`.
    """
    if normalization == "batch":
        return BatchStatisticsNormalization()
    if normalization == "instance":
        return InstanceNormalization()
    raise ValueError(
        'normalization must be "batch" or "instance". '
        f"Received: normalization={normalization!r}"
    )


_LINEAR = (
    layers.Dense,
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Embedding,
)


@keras.saving.register_keras_serializable("keras_gans")
class SpectralNormalization(layers.Wrapper):
    """A layer whose kernel is divided by its largest singular value.

    Miyato et al., 2018, algorithm 1: one power iteration per call in training
    estimates the singular value of the kernel as a matrix `(inputs, units)`,
    and gradients flow through the division. (`keras.layers.
    SpectralNormalization` overwrites the kernel with the divided one instead:
    on TensorFlow and PyTorch no gradient flows through the division, on JAX
    it does, and so backends train differently.)

    Deviation from the algorithm: the singular value is `|W u|`, of the vector u
    that the iteration ends with, where the algorithm takes u and the v before
    it: half an iteration further. Of a random kernel of 3x3 from 128 to 128
    channels that is 4% more at the first call, 1% at the fourth and 0.2% at the
    tenth, and nearer to the truth, which the algorithm has to 20%, 8% and 3%.

    What the kernel does is linear, so the wrapped layer's output is divided,
    and not its kernel: which kernel a layer computes with is its own matter.

    Args:
        layer: A `Dense`, `Conv1D`, `Conv2D`, `Conv3D` or `Embedding` layer
            without activation. A bias is not divided.
        power_iterations: Integer, per call in training.

    Reference:
        Miyato et al., "Spectral Normalization for Generative Adversarial
        Networks", 2018.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if not isinstance(layer, _LINEAR):
            # Others have kernels of another order than (inputs, units).
            raise ValueError(
                "layer must be a Dense, Conv1D, Conv2D, Conv3D or Embedding "
                f"layer. Received: layer={layer.name!r}, a "
                f"{type(layer).__name__}"
            )
        activation = getattr(layer, "activation", None)
        if activation not in (None, keras.activations.linear):
            raise ValueError(
                "layer must have no activation, which is not linear in the "
                f"kernel. Received: layer={layer.name!r} with "
                f"activation={activation.__name__}"
            )
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(
                "power_iterations must be an integer of at least 1. "
                f"Received: power_iterations={power_iterations!r}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        units = self._kernel().shape[-1]
        # Not autocast: under mixed precision PyTorch would assign to a copy.
        self.vector_u = self.add_weight(
            (units, 1),
            "random_normal",
            name="vector_u",
            trainable=False,
            autocast=False,
        )

    def _kernel(self):
        if isinstance(self.layer, layers.Embedding):
            return self.layer.embeddings
        return self.layer.kernel

    def call(self, inputs, training=False):
        kernel = ops.cast(self._kernel(), "float32")
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        constant = ops.stop_gradient(matrix)
        # Of length 1 already, but for its random start and stored float16.
        u = _unit(ops.cast(self.vector_u, "float32"))
        v = _unit(ops.matmul(constant, u))
        if training:
            for _ in range(self.power_iterations):
                u = _unit(ops.matmul(ops.transpose(constant), v))
                v = _unit(ops.matmul(constant, u))
            self.vector_u.assign(u)
        sigma = ops.sum(v * ops.matmul(matrix, u))
        outputs = self.layer(inputs)
        sigma = ops.cast(sigma, outputs.dtype)
        bias = getattr(self.layer, "bias", None)
        if bias is None:
            return outputs / sigma
        bias = ops.cast(bias, outputs.dtype)
        return (outputs - bias) / sigma + bias

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        config = {"power_iterations": self.power_iterations}
        return {**super().get_config(), **config}


def _unit(x):
    return x / (ops.norm(x) + 1e-12)


class _StatisticsNormalization(layers.Layer):
    """Zero mean and unit variance of each channel, in training and after it.

    Statistics are always those of the input at hand: there are no moving
    averages, and `training` changes nothing.
    """

    axes = None

    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        return ops.cast(self.scale(self.normalize(inputs)), inputs.dtype)

    def normalize(self, inputs):
        # Float16 overflows in a sum over the positions of an image.
        x = ops.cast(inputs, "float32")
        _, x, variance = self.center(x, self.axes)
        return x * ops.rsqrt(variance + self.epsilon)

    def center(self, x, axes):
        """The mean, what is left without it, and that one's variance."""
        mean = ops.mean(x, axes, keepdims=True)
        x = x - mean
        # Not `ops.moments`, which on PyTorch is E[x^2] - E[x]^2: less than 0
        # where an image is flat.
        return mean, x, ops.mean(ops.square(x), axes, keepdims=True)

    def scale(self, x):
        """What becomes of normalized values."""
        return x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("keras_gans")
class InstanceNormalization(_StatisticsNormalization):
    """Each channel of each image on its own, without scale and offset.

    Args:
        epsilon: Float, added to the variance.

    Reference:
        Ulyanov et al., "Instance Normalization: The Missing Ingredient for
        Fast Stylization", 2016.
    """

    axes = (1, 2)


@keras.saving.register_keras_serializable("keras_gans")
class BatchStatisticsNormalization(_StatisticsNormalization):
    """Batch normalization by the batch at hand, at test as in training.

    Isola et al., 2017, appendix 6.1: the generator is run at test as it was
    trained, with the statistics of the test batch. With a batch of one image
    this is instance normalization with a scale and an offset.

    Args:
        epsilon: Float, added to the variance.
    """

    axes = (0, 1, 2)

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(
            shape, keras.initializers.RandomNormal(1.0, 0.02), name="gamma"
        )
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def scale(self, x):
        gamma, beta = (ops.cast(w, "float32") for w in (self.gamma, self.beta))
        return x * gamma + beta


class _KeptStatistics(layers.Layer):
    """A statistics normalization by what it has seen before.

    Args:
        layer: The layer, of which it takes scale, offset and epsilon.
    """

    # Whether the batch at hand is what it is to see.
    looks = False

    def __init__(self, layer):
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def build(self, input_shape):
        shape = (1, 1, 1, input_shape[-1])
        self.mean, self.variance = (
            self.add_weight(
                shape, start, dtype="float32", trainable=False, autocast=False
            )
            for start in ("zeros", "ones")
        )

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        if self.looks:
            mean, x, variance = self.layer.center(x, (0, 1, 2))
            self.mean.assign(mean)
            self.variance.assign(variance)
        else:
            x, variance = x - self.mean, self.variance
        x = x * ops.rsqrt(variance + self.layer.epsilon)
        return ops.cast(self.layer.scale(x), inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


def keep_statistics(network):
    """A network with the same weights, whose normalizations are given.

    Args:
        network: `keras.Model`, functional.

    Returns:
        `(network, layers)`: where `looks` of the layers is true in a call,
        they take the statistics of all its images together, and where it is
        not they normalize by those that they have.
    """
    kept = []

    def replace(layer):
        if not isinstance(layer, _StatisticsNormalization):
            return layer
        kept.append(_KeptStatistics(layer))
        return kept[-1]

    return keras.models.clone_model(network, clone_function=replace), kept
