"""The mechanics of models whose generators turn images into images."""

import contextlib

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.layers import BatchStatisticsNormalization
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.data_checks import Part
from keras_gans.models.exporting import export_images
from keras_gans.pixels import from_uint8, read_uint8, to_uint8


class ImageTranslationModel(AdversarialModel):
    """Base class of Pix2Pix and CycleGAN: images in, images out.

    A generator may have the attributes `divisor` and `min_size`, integers:
    what the sides of its images must be multiples of, and at least.
    `translate` pads to them. Its class should set them: what is set on an
    instance is not saved.

    Args:
        image_shape: `(height, width, channels)` of the generator's inputs in
            training.
        dropout_at_test: Boolean, whether the generator's dropout stays on
            after training: it is then called as in training.
        seed: Integer or `None`, of the noise of training.
        **kwargs: The networks, as of `AdversarialModel`: generators take
            images `(batch, height, width, channels)` in [-1, 1] and make such
            images of the same height and width. And `name`.
    """

    task_name = "translation"
    # What `translate` takes.
    directions = ("ab",)

    def __init__(
        self,
        image_shape,
        dropout_at_test=False,
        seed=None,
        **kwargs,
    ):
        self.image_shape = tuple(image_shape)
        self.dropout_at_test = dropout_at_test
        super().__init__(seed=seed, **kwargs)
        if seed is not None:
            _set_seeds(_seed_states(self.inference_network), seed)

    def symbolic_inputs(self):
        return keras.KerasTensor((None, *self.image_shape), name="images")

    def call(self, inputs, training=False):
        training = training or self.dropout_at_test
        return self.inference_network(inputs, training=training)

    def generate(self, *args, **kwargs):
        """Not for this model: it makes images of images, see `translate`."""
        raise TypeError(
            f"{type(self).__name__} makes images of images: use translate()."
        )

    def evaluate(self, *args, **kwargs):
        """`keras.Model.evaluate`, with the same dropout in every call."""
        with self._dropout_seed(self.inference_network, 0):
            return super().evaluate(*args, **kwargs)

    trains_on = "pairs of images, (x, y)"

    def batch_parts(self):
        return Part("x", self.image_shape), Part("y", self.example_shape)

    # ---- use --------------------------------------------------------------

    def network_for(self, direction):
        """The generator of one of `directions`."""
        if direction not in self.directions:
            raise ValueError(
                f"direction must be one of {', '.join(self.directions)}. "
                f"Received: direction={direction!r}"
            )
        return self.inference_network

    def translate(self, images, direction="ab", seed=None, batch_size=None):
        """Turns images into images, as NumPy arrays.

        Images of any size: they are padded by reflection to what the network
        can halve, and the result is cut to the size of the input.

        Args:
            images: uint8, `(n, height, width, channels)` or one image
                `(height, width, channels)`; others are rounded to it (see
                `keras_gans.pixels`).
            direction: `"ab"`; for a CycleGAN also `"ba"`.
            seed: Integer or `None`. With `dropout_at_test` every call draws
                other masks, and an integer always the same.
            batch_size: Integer, how many images pass at once. By default 16,
                or 1 where the statistics of a batch are part of the network
                (batch normalization, as in Isola et al., 2017): a result then
                does not depend on what else was translated.

        Returns:
            `numpy.uint8` of the inputs' height and width.

        Raises:
            ValueError: For what is no image, or has other channels.
        """
        network = self.network_for(direction)
        images = np.asarray(images)
        single = images.ndim == 3
        batch = images[None] if single else images
        channels = self.image_shape[-1]
        if batch.ndim != 4 or batch.shape[-1] != channels or 0 in batch.shape:
            raise ValueError(
                f"images must be (n, height, width, {channels}) or (height, "
                f"width, {channels}). Received: images with shape "
                f"{images.shape} and dtype {images.dtype}"
            )
        images = read_uint8("images", images)
        batch = images[None] if single else images
        if batch_size is None:
            mixes = any(
                isinstance(layer, BatchStatisticsNormalization)
                for layer in network._flatten_layers()
            )
            batch_size = 1 if mixes else 16
        check_integer("batch_size", batch_size, minimum=1)
        size = batch.shape[1:3]
        with self._dropout_seed(network, seed):
            outputs = [
                self._translate_batch(network, batch[i : i + batch_size])
                for i in range(0, len(batch), batch_size)
            ]
        outputs = np.concatenate(outputs)[:, : size[0], : size[1]]
        return outputs[0] if single else outputs

    def _translate_batch(self, network, images):
        divisor = getattr(network, "divisor", 1)
        smallest = getattr(network, "min_size", 1)
        margins = [
            (0, max(side + -side % divisor, smallest) - side)
            for side in images.shape[1:3]
        ]
        images = np.pad(images, [(0, 0), *margins, (0, 0)], "symmetric")
        x = ops.convert_to_tensor(from_uint8(images))
        return to_uint8(backend.apply_network(network, x, self.dropout_at_test))

    @contextlib.contextmanager
    def _dropout_seed(self, network, seed):
        """Sets the network's seeds; training goes on from its own."""
        backend.sync(self)
        if seed is None:
            seed = np.random.randint(2**31)
        check_integer("seed", seed, minimum=0)
        states = _seed_states(network)
        before = [np.array(ops.convert_to_numpy(state)) for state in states]
        _set_seeds(states, seed)
        try:
            yield
        finally:
            for state, value in zip(states, before):
                state.assign(value)

    def export(
        self, filepath, format="tf_saved_model", direction="ab", **kwargs
    ):
        """Exports a generator for serving: uint8 images in, uint8 images out.

        The artifact takes `(batch, *image_shape)`. Dropout is off in it.

        Args:
            filepath: Path of the artifact.
            format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
            direction: See `translate`.
            **kwargs: More arguments of `keras.Model.export`.
        """
        network = self.network_for(direction)
        export_images(network, self.image_shape, filepath, format, **kwargs)

    def get_config(self):
        return {
            **super().get_config(),
            "image_shape": list(self.image_shape),
        }


def l1_distance(x, y):
    """The mean absolute difference of two batches of images, in float32."""
    return ops.mean(ops.abs(ops.cast(x, "float32") - ops.cast(y, "float32")))


def _seed_states(network):
    return [
        generator.state
        for layer in network._flatten_layers()
        for generator in layer._seed_generators
    ]


def _set_seeds(states, seed):
    for i, state in enumerate(states):
        state.assign(np.array([seed % 2**32, i], "uint32"))
