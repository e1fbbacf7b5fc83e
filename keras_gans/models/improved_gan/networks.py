"""Improved GAN's networks for MNIST, and the layers that they are made of."""

import math

import keras
from keras import layers, ops

from keras_gans import backend, example_kinds
from keras_gans.checks import check_example_shape, check_integer, check_weight
from keras_gans.layers import MinibatchDiscrimination, output_dtype

# ---- layers ---------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class GaussianNoise(layers.Layer):
    """`keras.layers.GaussianNoise` with noise that N replicas agree on.

    It is drawn for the global batch and sliced by replica. (Keras's gives all
    replicas the same noise.)

    Args:
        stddev: Float, the standard deviation.
        seed: Integer or `None`.
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_weight("stddev", stddev)
        self.stddev = stddev
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or not self.stddev:
            return inputs
        n, *rest = ops.shape(inputs)
        noise = keras.random.normal(
            (n * backend.num_replicas(), *rest),
            stddev=self.stddev,
            seed=self.seed_generator,
        )
        noise = backend.replica_slice(noise, n)
        return inputs + ops.cast(noise, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"stddev": self.stddev, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("keras_gans")
class WeightNormalizedDense(layers.Layer):
    """A dense layer whose kernel has columns of one length.

    `gain * x v / ||v|| + bias`: against columns that cannot grow, noise on the
    inputs keeps its share. And as updates lengthen v, steps become shorter by
    themselves.

    Args:
        units: Integer.
        gain: Float, the length of a column.
        train_gain: Boolean, whether each column's length is trained, from
            `gain` on.
        activation: As of `keras.layers.Dense`.

    Reference:
        Salimans and Kingma, "Weight Normalization", 2016.
    """

    def __init__(
        self, units, gain=1.0, train_gain=False, activation=None, **kwargs
    ):
        super().__init__(**kwargs)
        check_integer("units", units, minimum=1)
        self.units = units
        self.gain = gain
        self.train_gain = train_gain
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            keras.initializers.RandomNormal(stddev=0.1),
            name="kernel",
        )
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        self.lengths = None
        if self.train_gain:
            self.lengths = self.add_weight(
                (self.units,),
                keras.initializers.Constant(self.gain),
                name="lengths",
            )

    def call(self, inputs):
        squares = ops.square(ops.cast(self.kernel, "float32"))
        gain = self.gain
        if self.lengths is not None:
            gain = ops.cast(self.lengths, "float32")
        scale = gain * ops.rsqrt(ops.sum(squares, axis=0) + 1e-12)
        outputs = ops.matmul(inputs, self.kernel)
        outputs = outputs * ops.cast(scale, outputs.dtype) + self.bias
        return self.activation(outputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "gain": self.gain,
            "train_gain": self.train_gain,
            "activation": keras.activations.serialize(self.activation),
        }


# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ImprovedGANGenerator(keras.Model):
    """The authors' perceptron for MNIST, latents to examples.

    Args:
        example_shape: Shape of one example without the batch.
        latent_dim: Integer, the size of a latent vector.
        units: Integers, the widths of the hidden layers.
        batch_normalization: Boolean, after every hidden layer.
        example_kind: See `GANGenerator`.
    """

    def __init__(
        self,
        example_shape=(28, 28, 1),
        latent_dim=100,
        units=(500, 500),
        batch_normalization=True,
        example_kind=None,
        name="generator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        example_kind = example_kinds.resolve(example_shape, example_kind)
        check_integer("latent_dim", latent_dim, minimum=1)
        inputs = keras.Input((latent_dim,), name="latents")
        x = inputs
        for width in units:
            x = layers.Dense(width, use_bias=not batch_normalization)(x)
            if batch_normalization:
                x = layers.BatchNormalization(
                    momentum=0.9, epsilon=1e-6, scale=False
                )(x)
            x = layers.Activation("softplus")(x)
        x = WeightNormalizedDense(
            math.prod(example_shape),
            train_gain=True,
            activation=example_kinds.get(example_kind).activation,
            dtype=output_dtype(),
        )(x)
        outputs = layers.Reshape(example_shape, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "latent_dim": latent_dim,
            "units": list(units),
            "batch_normalization": batch_normalization,
            "example_kind": example_kind,
        }
        self.example_kind = example_kind

    def get_config(self):
        return {**self._arguments, "name": self.name}


# The length of columns that gives units a variance of one: MNIST's pixels in
# [0, 1] have 0.067, half of a normal variable has 0.34, and noise comes to it.
_FIRST_GAIN, _GAIN = 2.5, 1.3


@keras.saving.register_keras_serializable("keras_gans")
class ImprovedGANDiscriminator(keras.Model):
    """The authors' noisy perceptron for MNIST, examples to logits.

    Args:
        example_shape: Shape of one example without the batch.
        num_classes: Integer, the number of logits, or `None` for one.
        units: Integers, the widths of the hidden layers.
        input_noise: Float, the standard deviation of the noise on examples,
            where pixels are in [0, 1].
        noise: Float, that of the noise before every other layer.
        kernels: Integer, of a `MinibatchDiscrimination` before the logits; 0
            for none.
        example_kind: See `GANGenerator`.
    """

    def __init__(
        self,
        example_shape=(28, 28, 1),
        num_classes=None,
        units=(1000, 500, 250, 250, 250),
        input_noise=0.3,
        noise=0.5,
        kernels=0,
        example_kind=None,
        name="discriminator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        example_kind = example_kinds.resolve(example_shape, example_kind)
        inputs = keras.Input(example_shape, name="examples")
        x = layers.Flatten()(inputs)
        if example_kinds.get(example_kind).bounded:
            x = layers.Rescaling(0.5, offset=0.5)(x)
        gain, stddev = _FIRST_GAIN, input_noise
        for width in units:
            x = GaussianNoise(stddev)(x)
            x = WeightNormalizedDense(width, gain, activation="relu")(x)
            gain, stddev = _GAIN, noise
        if kernels:
            x = MinibatchDiscrimination(kernels)(x)
        x = GaussianNoise(stddev)(x)
        outputs = WeightNormalizedDense(
            num_classes or 1, gain, train_gain=True, dtype=output_dtype()
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "units": list(units),
            "input_noise": input_noise,
            "noise": noise,
            "kernels": kernels,
            "example_kind": example_kind,
        }
        if num_classes is not None:
            self._arguments["num_classes"] = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}
