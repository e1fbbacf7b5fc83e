"""Layers that see more of a batch than one example (Salimans et al., 2016).

"Improved Techniques for Training GANs", https://arxiv.org/abs/1606.03498,
sections 3.2 and 3.5.
"""

import keras
import numpy as np
from keras import layers, ops

from keras_gans import backend
from keras_gans.checks import check_integer


@keras.saving.register_keras_serializable("keras_gans")
class MinibatchDiscrimination(layers.Layer):
    """Tells a discriminator how close an example is to others of its batch.

    A generator that has collapsed makes examples which are alike, and one
    example alone does not show it. Features `(batch, features)` become, with
    a kernel T, a matrix M of `kernels` rows of `dims` numbers for each
    example, and the layer adds to the features of the i-th

        o_b = sum over j != i of exp(-||M_ib - M_jb||_1),  b = 1 .. kernels.

    The pair of an example with itself, which is always 1, is left out.

    Call a discriminator that has it on real and on generated examples in two
    batches, as the models of this package do. The others are those of the
    whole batch: on N replicas those of all replicas, so that N replicas and
    one device agree. It compares every two of them in `kernels * dims`
    numbers, and so costs the square of the batch: a batch of 64 is cheap, one
    of 1,024 with 100 kernels takes 2 GB. In `evaluate` the output is that of
    the batch at hand, too. A gradient penalty, which is of each example's own
    gradient, does not go with it.

    Deviations from the authors' code: its kernel is normalized and scaled by
    a first batch, and a bias is added to o.

    Args:
        kernels: Integer, the paper's B.
        dims: Integer, the paper's C.
        kernel_initializer: Of T, `(features, kernels * dims)`.
    """

    def __init__(
        self,
        kernels=100,
        dims=5,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_integer("kernels", kernels, minimum=1)
        check_integer("dims", dims, minimum=1)
        self.kernels = kernels
        self.dims = dims
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError(
                "MinibatchDiscrimination must be given (batch, features). "
                f"Received: inputs of shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            (input_shape[-1], self.kernels * self.dims),
            self.kernel_initializer,
            name="kernel",
        )

    def call(self, inputs):
        # Float16 would round the difference between many and one more.
        x = ops.cast(ops.matmul(inputs, self.kernel), "float32")
        own = ops.reshape(x, (-1, 1, self.kernels, self.dims))
        all_ = ops.reshape(
            backend.all_gather(x), (1, -1, self.kernels, self.dims)
        )
        distances = ops.sum(ops.abs(own - all_), axis=-1)
        # Less exp(0), the pair with itself.
        closeness = ops.sum(ops.exp(-distances), axis=1) - 1.0
        return ops.concatenate(
            [inputs, ops.cast(closeness, inputs.dtype)], axis=-1
        )

    def compute_output_shape(self, input_shape):
        n, features = input_shape
        return (n, features + self.kernels)

    def get_config(self):
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "dims": self.dims,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }


# ---- virtual batch normalization ------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ReferenceBatch(layers.Layer):
    """Puts a fixed batch before the batch at hand, on its way into a network.

    The first layer of a network with `VirtualBatchNormalization`, which needs
    to see the reference batch with the weights of the moment: it passes
    through all layers with every batch, and `WithoutReference` takes it away
    at the end.

    ```python
    latents = keras.Input((100,))
    x = ReferenceBatch(64)(latents)
    for _ in range(2):
        x = keras.layers.Dense(256, use_bias=False)(x)
        x = VirtualBatchNormalization(64)(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(2)(x)
    generator = keras.Model(latents, WithoutReference(64)(x))
    ```

    It is drawn when the layer is built, as latents are, and kept with the
    weights. Where the inputs are images, give some of them: `adapt(images)`.

    Args:
        size: Integer, the examples of the reference batch.
        seed: Integer or `None`, of what is drawn.
    """

    def __init__(self, size=64, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_integer("size", size, minimum=2)
        self.size = size
        self.seed = seed

    def build(self, input_shape):
        self.reference = self.add_weight(
            (self.size, *input_shape[1:]),
            keras.initializers.RandomNormal(stddev=1.0, seed=self.seed),
            name="reference",
            dtype="float32",
            trainable=False,
        )

    def adapt(self, examples):
        """Takes the first `size` of some examples as the reference batch.

        Args:
            examples: Array of `size` or more, as the network gets them:
                images are floats in [-1, 1].

        Raises:
            ValueError: If there are too few, or of another shape.
        """
        examples = np.asarray(examples)
        if not self.built:
            self.build((None, *examples.shape[1:]))
        wanted = tuple(self.reference.shape)
        if len(examples) < self.size or examples.shape[1:] != wanted[1:]:
            raise ValueError(
                f"examples must be {self.size} or more of shape {wanted[1:]}. "
                f"Received: examples with shape {examples.shape}"
            )
        self.reference.assign(examples[: self.size].astype("float32"))

    def call(self, inputs):
        reference = ops.cast(self.reference, inputs.dtype)
        return ops.concatenate([reference, inputs], axis=0)

    def compute_output_shape(self, input_shape):
        n, *rest = input_shape
        return (None if n is None else n + self.size, *rest)

    def get_config(self):
        config = {"size": self.size, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("keras_gans")
class WithoutReference(layers.Layer):
    """Takes away what `ReferenceBatch` has put before a batch.

    Args:
        size: Integer, that of the `ReferenceBatch`.
    """

    def __init__(self, size=64, **kwargs):
        super().__init__(**kwargs)
        check_integer("size", size, minimum=2)
        self.size = size

    def call(self, inputs):
        return inputs[self.size :]

    def compute_output_shape(self, input_shape):
        n, *rest = input_shape
        return (None if n is None else n - self.size, *rest)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("keras_gans")
class VirtualBatchNormalization(layers.Layer):
    """Batch normalization in which no example depends on others of its batch.

    The first `size` examples are a reference batch, see `ReferenceBatch`. It
    is normalized by its own statistics; every other example by those of the
    reference batch and the example itself, each of these `size + 1` with the
    same weight. So one image is made the same in any batch, in training and
    after it, and on N replicas as on one device.

    Channels are last. Examples may be `(channels,)`, or have positions before
    them, over which statistics are taken as well.

    Args:
        size: Integer, that of the `ReferenceBatch`.
        epsilon: Float, added to the variance.
    """

    def __init__(self, size=64, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        check_integer("size", size, minimum=2)
        self.size = size
        self.epsilon = epsilon

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape, "ones", name="gamma")
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        positions = tuple(range(1, len(x.shape) - 1))
        reference, x = x[: self.size], x[self.size :]
        mean, variance = _moments(reference, (0, *positions))
        own_mean, own_variance = _moments(x, positions)
        # Of both together: variances are about their common mean.
        share = 1.0 / (self.size + 1)
        both = (1 - share) * mean + share * own_mean
        spread = (1 - share) * (variance + ops.square(mean - both))
        spread = spread + share * (own_variance + ops.square(own_mean - both))
        x = ops.concatenate(
            [
                (reference - mean) * ops.rsqrt(variance + self.epsilon),
                (x - both) * ops.rsqrt(spread + self.epsilon),
            ],
            axis=0,
        )
        gamma, beta = (ops.cast(w, "float32") for w in (self.gamma, self.beta))
        return ops.cast(x * gamma + beta, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"size": self.size, "epsilon": self.epsilon}
        return {**super().get_config(), **config}


def _moments(x, axes):
    """Mean and variance; of no axes, the values themselves and 0."""
    if not axes:
        return x, ops.zeros_like(x)
    mean = ops.mean(x, axes, keepdims=True)
    return mean, ops.mean(ops.square(x - mean), axes, keepdims=True)
