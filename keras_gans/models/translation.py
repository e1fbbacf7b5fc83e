"""The mechanics of models whose generators turn images into images."""

import contextlib
import warnings

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.layers import BatchStatisticsNormalization
from keras_gans.layers.normalization import keep_statistics
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.data_checks import Part
from keras_gans.models.exporting import export_images
from keras_gans.models.inference import compiled
from keras_gans.models.tiling import in_tiles, sample_windows
from keras_gans.pixels import from_uint8_tensor, read_uint8, to_uint8_tensor

# Pixels of an image that is translated whole, and the side of a tile of a
# larger one.
WHOLE = 2**20
TILE = 384
# Pixels that give a larger image's statistics, in windows of this side: many
# small ones were nearer to the whole image than few large ones.
SAMPLE, SAMPLE_SIDE = 2**19, 64


class ImageTranslationModel(AdversarialModel):
    """Base class of Pix2Pix and CycleGAN: images in, images out.

    A generator may have the attributes `divisor` and `min_size`, integers:
    what the sides of its images must be multiples of, and at least.
    `translate` pads to them. Its class should set them: what is set on an
    instance is not saved. With an attribute `reach`, how far from a pixel lies
    what it is made of, but for the statistics of this package's normalization
    layers, `translate` takes large images in tiles.

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

    def translate(
        self, images, direction="ab", seed=None, batch_size=None, tile=None
    ):
        """Turns images into images, as NumPy arrays.

        Images of any size: they are padded by reflection to what the network
        can halve, and the result is cut to the size of the input.

        Images of more than 1024x1024 pixels are translated tile by tile by
        networks that allow it, as a `CycleGANGenerator`. The statistics of its
        instance normalization, which are of the whole image, are then those of
        half a million pixels from all over it, and the same for all tiles:
        there are no seams, but results differ a little from those of the whole
        image (by 1.7 grey levels in the mean where photographs of 1200x800
        were translated both ways). A `UNetGenerator`, whose smallest features
        see all of an image, is given it whole, about 1 GB per million pixels.

        Args:
            images: uint8, `(n, height, width, channels)` or one image
                `(height, width, channels)`; others are rounded to it (see
                `keras_gans.pixels`).
            direction: `"ab"`; for a CycleGAN also `"ba"`.
            seed: Integer or `None`. With `dropout_at_test` every call draws
                other masks, and an integer always the same, for every image.
            batch_size: Integer, how many images pass at once. By default 16,
                or 1 where the statistics of a batch are part of the network
                (batch normalization, as in Isola et al., 2017), and with
                dropout: a result then does not depend on what else was
                translated.
            tile: Integer, the side of a tile, for images of any size; more
                takes more memory, and less computes more twice. By default
                384, of large images.

        Returns:
            `numpy.uint8` of the inputs' height and width.

        Raises:
            ValueError: For what is no image, or has other channels, and for a
                `tile` of a network that does not allow it.
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
            batch_size = 1 if mixes or self._draws(network) else 16
        check_integer("batch_size", batch_size, minimum=1)
        height, width = batch.shape[1:3]
        batch = self._pad(network, batch)
        tile = self._check_tile(network, tile, height * width)
        if tile:
            backend.sync(self)
            outputs = [self._in_tiles(network, x, tile)[None] for x in batch]
        else:
            outputs = self._in_batches(network, batch, batch_size, seed)
        outputs = np.concatenate(outputs)[:, :height, :width]
        return outputs[0] if single else outputs

    def _draws(self, network):
        return self.dropout_at_test and bool(_seed_states(network))

    def _pad(self, network, images):
        divisor = getattr(network, "divisor", 1)
        smallest = getattr(network, "min_size", 1)
        margins = [
            (0, max(side + -side % divisor, smallest) - side)
            for side in images.shape[1:3]
        ]
        return np.pad(images, [(0, 0), *margins, (0, 0)], "symmetric")

    def _in_batches(self, network, images, batch_size, seed):
        training = self.dropout_at_test
        function = compiled(
            self,
            ("translate", id(network), training),
            network,
            lambda x: _translated(network, x, training),
        )

        def batches():
            for i in range(0, len(images), batch_size):
                if seed is not None:  # The same masks for all.
                    _set_seeds(_seed_states(network), seed)
                yield images[i : i + batch_size]

        with self._dropout_seed(network, seed):
            return list(backend.map_batches(function, batches()))

    # ---- large images -----------------------------------------------------

    def _check_tile(self, network, tile, pixels):
        """The side of a tile, or `None` for the whole image."""
        if tile is None and pixels <= WHOLE:
            return None
        name = type(network).__name__
        why = None
        if getattr(network, "reach", None) is None:
            why = f"what a {name} makes of a pixel depends on all of an image"
        elif self._draws(network):
            why = "dropout would draw other masks for every tile"
        elif not hasattr(network, "outputs"):
            why = f"a {name} is no functional model, as keras.Model(x, y)"
        if why is None:
            check_integer("tile", TILE if tile is None else tile, minimum=1)
            divisor = getattr(network, "divisor", 1)
            return -(-(tile or TILE) // divisor) * divisor
        if tile is not None:
            raise ValueError(
                f"tile must be None, because {why}. Received: tile={tile!r}"
            )
        if pixels > 4 * WHOLE:
            warnings.warn(
                f"An image of {pixels / 1e6:.1f} million pixels is translated "
                f"whole, because {why}: this may take as many GB of memory. A "
                "smaller image takes less.",
                stacklevel=3,
            )
        return None

    def _in_tiles(self, network, image, tile):
        """uint8 `(height, width, channels)`, padded, to such an image."""
        known = self.__dict__.setdefault("_tile_functions", {})
        if network not in known:
            with backend.strategy_scope(self):
                twin, kept = keep_statistics(network)
            # Past Keras, which would save what an attribute holds.
            known[network] = (
                kept,
                *(
                    backend.compile_function(
                        lambda x: _translated(twin, x), twin
                    )
                    for _ in range(2)
                ),
            )
        kept, look, apply = known[network]
        divisor = getattr(network, "divisor", 1)
        if kept:
            side = min(SAMPLE_SIDE, *image.shape[:2]) // divisor * divisor
            pixels = min(SAMPLE, image.shape[0] * image.shape[1])
            windows = sample_windows(image, side, pixels // side**2)
            for layer in kept:
                layer.looks = True
            look(windows)
            for layer in kept:
                layer.looks = False
        made = in_tiles(
            lambda windows: backend.map_batches(apply, windows),
            image[None],
            tile,
            -(-network.reach // divisor) * divisor,
        )
        return made.result[0]

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


def _translated(network, images, training=False):
    """uint8 tensors to such tensors, in a graph."""
    outputs = network(from_uint8_tensor(images), training=training)
    return to_uint8_tensor(outputs)


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
