"""What is done to styles, and what they start from."""

import keras
from keras import layers, ops

from keras_gans import backend


@keras.saving.register_keras_serializable("keras_gans")
class LearnedConstant(layers.Layer):
    """A learned image, the same for every example of a batch.

    Args:
        shape: `(height, width, channels)`.
    """

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape):
        self.constant = self.add_weight(
            self.shape,
            keras.initializers.RandomNormal(stddev=1.0),
            name="constant",
        )

    def call(self, inputs):
        n = ops.shape(inputs)[0]
        return ops.broadcast_to(
            ops.expand_dims(self.constant, 0), (n, *self.shape)
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {**super().get_config(), "shape": list(self.shape)}


@keras.saving.register_keras_serializable("keras_gans")
class Style(layers.Layer):
    """One of several styles `(batch, num_styles, size)`.

    Args:
        number: Integer, which.
    """

    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, inputs):
        return inputs[:, self.number]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])

    def get_config(self):
        return {**super().get_config(), "number": self.number}


@keras.saving.register_keras_serializable("keras_gans")
class StyleAverage(layers.Layer):
    """Styles as they are, and the moving average of them in training.

    Args:
        momentum: Float, of the average.
    """

    def __init__(self, momentum=0.998, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape):
        self.average = self.add_weight(
            input_shape[1:], "zeros", name="average", trainable=False
        )

    def call(self, inputs, training=False):
        if training:
            mean = ops.mean(
                backend.all_gather(ops.stop_gradient(inputs)), axis=0
            )
            self.average.assign(
                mean + self.momentum * (self.average.value - mean)
            )
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable("keras_gans")
class OtherLatents(layers.Layer):
    """Other latents in training, of as many examples; the same ones after it.

    Args:
        seed: Integer or `None`.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        n, size = ops.shape(inputs)
        draws = keras.random.normal(
            (n * backend.num_replicas(), size), seed=self.seed_generator
        )
        return backend.replica_slice(draws, n)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("keras_gans")
class StyleMixing(layers.Layer):
    """Two styles of each example to all styles of an image.

    Some images have the second one from a layer on that is drawn for each; in
    training alone.

    Args:
        num_styles: Integer, how many styles an image has.
        rate: Float in [0, 1], the share of images with two.
        seed: Integer or `None`.
    """

    def __init__(self, num_styles, rate=0.9, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(
                f"style_mixing must be between 0 and 1. Received: {rate}"
            )
        self.num_styles = num_styles
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        one, other = (ops.expand_dims(x, 1) for x in inputs)
        n = ops.shape(one)[0]
        number = ops.arange(self.num_styles, dtype="float32")[None, :, None]
        # From the second one on: every image keeps some of its first style.
        cut = ops.full((1, 1, 1), float(self.num_styles))
        if training and self.rate:
            draws = keras.random.uniform(
                (n * backend.num_replicas(), 2, 1, 1), seed=self.seed_generator
            )
            draws = backend.replica_slice(draws, n)
            layer = 1.0 + ops.floor(draws[:, 0] * (self.num_styles - 1))
            cut = ops.where(draws[:, 1] < self.rate, layer, cut)
        return ops.where(number < cut, one, other)

    def compute_output_shape(self, input_shape):
        n, size = input_shape[0]
        return (n, self.num_styles, size)

    def get_config(self):
        return {
            **super().get_config(),
            "num_styles": self.num_styles,
            "rate": self.rate,
            "seed": self.seed,
        }
