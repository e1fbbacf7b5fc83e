"""Blocks that at least two papers use."""

import contextlib
import itertools
import math

import keras
from keras import layers, ops

from keras_gans import backend


@contextlib.contextmanager
def float32_policy():
    """Layers that are made within have no other precision."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def dcgan_base_shape(image_shape):
    """The spatial shape that a DCGAN starts from, and its doublings.

    Args:
        image_shape: `(height, width, channels)`.

    Returns:
        `(height, width), doublings`: the smallest shape with both sides at
        least 4 from which doubling reaches the image.

    Raises:
        ValueError: If the image can not be halved down to a side of 4 to 7.
    """
    shape = tuple(image_shape) if isinstance(image_shape, (list, tuple)) else ()
    if len(shape) != 3 or not all(isinstance(s, int) and s > 0 for s in shape):
        raise ValueError(
            "image_shape must be (height, width, channels), three positive "
            f"integers. Received: image_shape={image_shape}"
        )
    height, width, _ = shape
    doublings = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8:
        height, width, doublings = height // 2, width // 2, doublings + 1
    if not 4 <= min(height, width) <= 7 or doublings == 0:
        works = _nearest_dcgan_shapes(*shape[:2])
        raise ValueError(
            "image_shape must have a height and a width that halve, together, "
            f"until the smaller is 4 to 7. Received: image_shape={shape}. The "
            f"nearest (height, width) that work: {works[0]} and {works[1]}"
        )
    return (height, width), doublings


def _nearest_dcgan_shapes(height, width):
    # After k halvings both sides are whole and the smaller one is 4 to 7.
    candidates = set()
    for k in range(1, max(height, width).bit_length() + 1):
        step = 2**k
        sides = [
            {max(4, n) for n in (s // step, -(-s // step))} | {7}
            for s in (height, width)
        ]
        candidates |= {
            (h * step, w * step)
            for h, w in itertools.product(*sides)
            if min(h, w) <= 7
        }
    return sorted(
        candidates, key=lambda c: (abs(c[0] - height) + abs(c[1] - width), c)
    )[:2]


def dcgan_generator_stack(x, image_shape, filters, crop=0):
    """Dense projection, then transposed convolutions up to the image.

    Radford et al., 2015, figure 1: filters halve as resolution doubles, batch
    normalization and ReLU in all but the last layer, which is tanh.

    Args:
        x: Symbolic tensor, `(batch, features)`.
        image_shape: `(height, width, channels)` to reach.
        filters: Integer, half the filters of the last hidden layer.
        crop: Integer, pixels to cut from every side of a larger image.

    Returns:
        Symbolic images in [-1, 1], float32 under every dtype policy.
    """
    (height, width), doublings = dcgan_base_shape(
        (image_shape[0] + 2 * crop, image_shape[1] + 2 * crop, image_shape[2])
        if crop
        else image_shape
    )
    weights = keras.initializers.RandomNormal(stddev=0.02)
    depth = filters * 2**doublings
    # The normalization that follows makes a bias superfluous.
    x = layers.Dense(
        height * width * depth,
        use_bias=False,
        kernel_initializer=weights,
    )(x)
    x = layers.Reshape((height, width, depth))(x)
    x = _batch_norm()(x)
    x = layers.ReLU()(x)
    for i in reversed(range(1, doublings)):
        x = layers.Conv2DTranspose(
            filters * 2**i,
            4,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=weights,
        )(x)
        x = _batch_norm()(x)
        x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(
        image_shape[-1],
        4,
        strides=2,
        padding="same",
        activation="tanh",
        kernel_initializer=weights,
        dtype=output_dtype(),
    )(x)
    return layers.Cropping2D(crop, dtype=output_dtype())(x) if crop else x


def dcgan_discriminator_stack(x, image_shape, filters, normalization="batch"):
    """Strided convolutions down to a side of at most 4.

    Radford et al., 2015: no pooling, LeakyReLU 0.2, batch normalization in all
    layers but the first. The paper's 64x64 ends at 4x4, and so does 28x28,
    with one layer more than the generator has: what is only 7x7 deep sees
    strokes, but no digits.

    Args:
        x: Symbolic images, `(batch, height, width, any number of channels)`.
        image_shape: `(height, width, channels)` of the data.
        filters: Integer, the filters of the first layer; they double.
        normalization: `"batch"`, `"spectral"` for all layers, or `None`.

    Returns:
        Symbolic features `(batch, height', width', filters')`.
    """
    dcgan_base_shape(image_shape)  # An error for what no generator makes.
    check_normalization(normalization)
    depth = 0
    while depth == 0 or min(x.shape[1:3]) > 4:
        batch_normalization = normalization == "batch" and depth > 0
        convolution = layers.Conv2D(
            filters * 2**depth,
            4,
            strides=2,
            padding="same",
            use_bias=not batch_normalization,
            kernel_initializer=_discriminator_initializer(normalization),
        )
        if normalization == "spectral":
            convolution = SpectralNormalization(convolution)
        x = convolution(x)
        if batch_normalization:
            x = _batch_norm()(x)
        x = layers.LeakyReLU(0.2)(x)
        depth += 1
    return x


def discriminator_normalization(spectral_normalization, r1_weight):
    """The normalization of a default discriminator, see the stack."""
    if spectral_normalization:
        return "spectral"
    return None if r1_weight else "batch"


def check_normalization(normalization):
    """Raises a `ValueError` for what discriminators do not have."""
    if normalization not in ("batch", "spectral", None):
        raise ValueError(
            'normalization must be "batch", "spectral" or None. '
            f"Received: normalization={normalization!r}"
        )


def _discriminator_initializer(normalization):
    # What is normalized starts from the paper's N(0, 0.02), which would
    # vanish from layer to layer if it were not.
    if normalization is None:
        return keras.initializers.HeNormal()
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
    )


def global_pooling(x, spectral_normalization=False):
    """Mean over positions, or their sum, in float32: `(batch, filters)`.

    The mean is the sum with smaller weights in the layer that follows, unless
    spectral normalization fixes their size: there it is the sum, as in SNGAN.

    Args:
        x: Symbolic features `(batch, height, width, filters)`.
        spectral_normalization: Boolean.
    """
    pooled = layers.GlobalAveragePooling2D(dtype=output_dtype())(x)
    if spectral_normalization:
        positions = x.shape[1] * x.shape[2]
        pooled = layers.Rescaling(positions, dtype=output_dtype())(pooled)
    return pooled


def output_dtype():
    """The dtype of a network's last layer: float32 under mixed precision.

    Losses are computed from it, and a float16 loss overflows when scaled.
    """
    policy = keras.config.dtype_policy()
    return policy if policy.compute_dtype == "float64" else "float32"


def logits_layer(spectral_normalization=False):
    """The dense layer that ends a discriminator: one float32 logit."""
    layer = layers.Dense(
        1,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        dtype=output_dtype(),
    )
    if spectral_normalization:
        return SpectralNormalization(layer, dtype=output_dtype())
    return layer


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
        self.vector_u = self.add_weight(
            (units, 1), "random_normal", name="vector_u", trainable=False
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


# ---- image to image -------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ReflectionPadding2D(layers.Layer):
    """Pads `(batch, height, width, channels)` with its own reflection.

    The border itself is not repeated: `(a, b, c)` padded by 2 is
    `(c, b, a, b, c, b, a)`.

    Args:
        padding: Integer, the pixels to add on every side. The image's sides
            must be longer.
    """

    def __init__(self, padding=1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs):
        p = self.padding
        return ops.pad(inputs, [[0, 0], [p, p], [p, p], [0, 0]], "reflect")

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        sides = [
            None if s is None else s + 2 * self.padding for s in (height, width)
        ]
        return (n, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class _StatisticsNormalization(layers.Layer):
    """Zero mean and unit variance of each channel, in training and after it.

    Statistics are always those of the input at hand: there are no moving
    averages, and `training` changes nothing.
    """

    axes = None

    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def normalize(self, inputs):
        # Float16 overflows in a sum over the positions of an image.
        x = ops.cast(inputs, "float32")
        x = x - ops.mean(x, self.axes, keepdims=True)
        # Not `ops.moments`, which on PyTorch is E[x^2] - E[x]^2: less than 0
        # where an image is flat.
        variance = ops.mean(ops.square(x), self.axes, keepdims=True)
        return x * ops.rsqrt(variance + self.epsilon)

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

    def call(self, inputs):
        return ops.cast(self.normalize(inputs), inputs.dtype)


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

    def call(self, inputs):
        x = self.normalize(inputs)
        gamma, beta = (ops.cast(w, "float32") for w in (self.gamma, self.beta))
        return ops.cast(x * gamma + beta, inputs.dtype)


@keras.saving.register_keras_serializable("keras_gans")
class Dropout(layers.Layer):
    """`keras.layers.Dropout` with masks that N replicas agree on.

    Masks are drawn for the global batch and sliced by replica, from a seed
    that weights files keep, on every backend. (Keras's gives all replicas the
    same masks, and on PyTorch does not follow its seed.)

    Args:
        rate: Float in [0, 1), the share of values that become 0.
        seed: Integer or `None`.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(
                f"rate must be at least 0 and below 1. Received: rate={rate}"
            )
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        n, *rest = ops.shape(inputs)
        draws = keras.random.uniform(
            (n * backend.num_replicas(), *rest), seed=self.seed_generator
        )
        keep = backend.replica_slice(draws, n) >= self.rate
        return ops.where(keep, inputs / (1 - self.rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("keras_gans")
class PixelShuffle(layers.Layer):
    """Channels become pixels: an image `factor` times as large.

    `(batch, height, width, factor**2 * channels)` in, `(batch, factor *
    height, factor * width, channels)` out. The channels of one new pixel lie
    together, row by row of the block. (PyTorch's has the blocks of one
    channel together; `convert` permutes the weights before it.)

    Args:
        factor: Integer.

    Reference:
        Shi et al., "Real-Time Single Image and Video Super-Resolution Using
        an Efficient Sub-Pixel Convolutional Neural Network", 2016.
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return ops.depth_to_space(inputs, self.factor, "channels_last")

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        sides = [
            None if s is None else s * self.factor for s in (height, width)
        ]
        return (n, *sides, channels // self.factor**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


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


def check_image_size(shape, divisor, name="image_shape"):
    """Raises a `ValueError` unless the sides are multiples of `divisor`.

    Args:
        shape: `(height, width, channels)`.
        divisor: Integer, what the network shrinks the sides by.
        name: String, what to call the shape.
    """
    if (
        not isinstance(shape, (list, tuple))
        or len(shape) != 3
        or not all(isinstance(s, int) and s > 0 for s in shape)
    ):
        raise ValueError(
            f"{name} must be (height, width, channels), three positive "
            f"integers. Received: {name}={shape!r}"
        )
    if any(side % divisor for side in shape[:2]):
        below, above = (
            tuple(max(f(s / divisor), 1) * divisor for s in shape[:2])
            for f in (math.floor, math.ceil)
        )
        raise ValueError(
            f"{name} must have a height and a width that are multiples of "
            f"{divisor}. Received: {name}={tuple(shape)}. The nearest "
            f"(height, width) that work: {below} and {above}"
        )
