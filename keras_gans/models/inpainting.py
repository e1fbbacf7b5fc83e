"""The mechanics of models that fill holes in images."""

import functools

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_ema_momentum, check_integer
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.data_checks import Part
from keras_gans.models.exporting import export
from keras_gans.models.inference import compiled
from keras_gans.models.masks import check_masks, free_form_masks
from keras_gans.models.sampling import copy_of, move_average
from keras_gans.pixels import from_uint8_tensor, read_uint8, to_uint8_tensor

# Pixels that pass at once, and images at most.
PIXELS, IMAGES = 2**20, 16


class InpaintingModel(AdversarialModel):
    """Base class of the models that fill holes: an image and a mask in.

    A generator takes `[images, masks]`: images `(batch, height, width,
    channels)` in [-1, 1] whose holes are 0, and masks `(batch, height, width,
    1)`, 1 in the hole and 0 elsewhere. It makes whole images, of which the
    model takes what is in the hole. It may have an attribute `divisor`, an
    integer that the sides of its images must be multiples of: `inpaint` pads
    to it.

    Args:
        image_shape: `(height, width, channels)` of the images in training.
        hole_ratio: `(least, greatest)`, the share of an image that is hole in
            training; see `masks.free_form_masks`.
        num_strokes: Integer, the strokes of a mask at most.
        num_boxes: Integer, its boxes at most.
        ema_momentum: Float in (0, 1) or `None`. With a float, `ema_generator`
            is an average of the generator's weights and what `inpaint`,
            `predict` and presets use, see `SamplingModel`.
        seed: Integer or `None`, of the masks and the noise of training.
        **kwargs: The networks, as of `AdversarialModel`, and `name`.
    """

    task_name = "inpainting"

    def __init__(
        self,
        image_shape,
        hole_ratio=(0.1, 0.5),
        num_strokes=4,
        num_boxes=1,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        check_masks(hole_ratio, num_strokes, num_boxes)
        check_ema_momentum(ema_momentum)
        self.image_shape = tuple(image_shape)
        self.hole_ratio = tuple(hole_ratio)
        self.num_strokes = num_strokes
        self.num_boxes = num_boxes
        super().__init__(seed=seed, **kwargs)
        self.ema_momentum = ema_momentum
        self.ema_generator = None
        if ema_momentum is not None:
            self.ema_generator = copy_of(self.generator, self.symbolic_inputs())

    def symbolic_inputs(self):
        mask_shape = (None, *self.image_shape[:2], 1)
        return [
            keras.KerasTensor((None, *self.image_shape), name="images"),
            keras.KerasTensor(mask_shape, name="masks"),
        ]

    def wanted_inputs(self):
        return "[images, masks] of image_shape", ""

    @property
    def inference_network(self):
        """The network behind `gan(x)`: the EMA generator if there is one."""
        return self.ema_generator or self.generator

    def call(self, inputs, training=False):
        return filled(self.inference_network, *inputs, training=training)

    def generate(self, *args, **kwargs):
        """Not for this model: it fills holes in images, see `inpaint`."""
        raise TypeError(
            f"{type(self).__name__} fills holes in images: use inpaint()."
        )

    def batch_parts(self):
        return Part("x", self.image_shape), None

    # ---- the pieces of a train_step ---------------------------------------

    def draw_masks(self, n, seed=None):
        """Fresh masks `(n, height, width, 1)`, 1 in the hole.

        Args:
            n: This replica's number of images.
            seed: A `SeedGenerator`; the model's own by default.
        """
        return free_form_masks(
            functools.partial(self.draw, seed=seed),
            n,
            self.image_shape[:2],
            self.hole_ratio,
            self.num_strokes,
            self.num_boxes,
        )

    def update_ema_generator(self):
        """Moves `ema_generator` towards the generator, if there is one."""
        if self.ema_generator is not None:
            move_average(
                self.ema_generator,
                self.generator,
                self.ema_momentum,
                self.iterations,
            )

    # ---- use --------------------------------------------------------------

    def inpaint(self, images, masks, batch_size=None):
        """Fills the holes of images, as NumPy arrays.

        Images of any size: they are padded by reflection to what the network
        can halve, and the result is cut to the size of the input. Each is
        given to the network whole, about 1 GB per million pixels. What is not
        in a hole stays as it is, bit by bit.

        Args:
            images: uint8, `(n, height, width, channels)` or one image
                `(height, width, channels)`; others are rounded to it (see
                `keras_gans.pixels`). What is in their holes does not matter.
            masks: bool or uint8, all but 0 is the hole: `(height, width)` of
                one image or for all, or `(n, height, width)`.
            batch_size: Integer, how many images pass at once. By default 16
                of up to 256x256, and fewer of larger ones.

        Returns:
            `numpy.uint8` of the inputs' shape.

        Raises:
            ValueError: For what is no image, has other channels, or is no
                mask of these images.
        """
        images, masks, single = checked(images, masks, self.image_shape[-1])
        height, width = images.shape[1:3]
        if batch_size is None:
            batch_size = min(max(PIXELS // (height * width), 1), IMAGES)
        check_integer("batch_size", batch_size, minimum=1)
        network = self.inference_network
        padded = [_pad(network, x) for x in (images, masks.astype("uint8"))]
        backend.sync(self)
        apply = compiled(
            self, "inpaint", network, lambda x: _inpainted(network, *x)
        )
        outputs = backend.map_batches(
            apply,
            (
                [x[i : i + batch_size] for x in padded]
                for i in range(0, len(images), batch_size)
            ),
        )
        outputs = np.concatenate(list(outputs))[:, :height, :width]
        return outputs[0] if single else outputs

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports the inference network for serving: uint8 in, uint8 out.

        The artifact takes images `(batch, *image_shape)` and masks `(batch,
        height, width)`, both uint8, and keeps what is not in a hole.

        Args:
            filepath: Path of the artifact.
            format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
            **kwargs: More arguments of `keras.Model.export`.
        """
        inputs = [
            keras.Input(self.image_shape, dtype="uint8", name="images"),
            keras.Input(self.image_shape[:2], dtype="uint8", name="masks"),
        ]
        outputs = _inpainted(self.inference_network, *inputs)
        export(keras.Model(inputs, outputs), filepath, format, **kwargs)

    # ---- saving -----------------------------------------------------------

    def get_config(self):
        return {
            **super().get_config(),
            "image_shape": list(self.image_shape),
            "hole_ratio": list(self.hole_ratio),
            "num_strokes": self.num_strokes,
            "num_boxes": self.num_boxes,
            "ema_momentum": self.ema_momentum,
        }


def made_of(network, images, masks, training=False):
    """What a generator makes of images without their holes.

    Args:
        network: A generator, see `InpaintingModel`.
        images: Tensor `(batch, height, width, channels)` in [-1, 1].
        masks: Tensor `(batch, height, width, 1)`, 1 in the hole.
        training: Boolean.
    """
    return network([images * (1.0 - masks), masks], training=training)


def composed(images, made, masks):
    """`made` in the holes, and `images` elsewhere, as they are."""
    return ops.where(masks > 0, made, images)


def filled(network, images, masks, training=False):
    """Images whose holes a generator has filled, see `made_of`."""
    made = made_of(network, images, masks, training)
    return composed(images, made, masks)


def _inpainted(network, images, masks):
    """uint8 tensors `(n, h, w, c)` and `(n, h, w)` to uint8 images."""
    masks = ops.expand_dims(ops.cast(ops.not_equal(masks, 0), "float32"), -1)
    made = made_of(network, from_uint8_tensor(images), masks)
    return composed(images, to_uint8_tensor(made), masks)


def _pad(network, x):
    divisor = getattr(network, "divisor", 1)
    margins = [(0, -side % divisor) for side in x.shape[1:3]]
    margins = [(0, 0), *margins, (0, 0)]
    return np.pad(x, margins[: x.ndim], "symmetric")


def checked(images, masks, channels):
    """Images and masks as `inpaint` takes them, or a `ValueError`.

    Args:
        images: `(n, height, width, channels)` or one image.
        masks: `(n, height, width)`, or one mask.
        channels: Integer, how many the model's images have.

    Returns:
        `(images, masks, single)`: uint8 `(n, height, width, channels)`, bool
        `(n, height, width)`, and whether one image was given.
    """
    images, masks = np.asarray(images), np.asarray(masks)
    single = images.ndim == 3
    if (
        images.ndim not in (3, 4)
        or images.shape[-1] != channels
        or 0 in images.shape
    ):
        raise ValueError(
            f"images must be (n, height, width, {channels}) or (height, "
            f"width, {channels}). Received: images with shape {images.shape} "
            f"and dtype {images.dtype}"
        )
    if masks.dtype not in (bool, np.uint8):
        raise ValueError(
            "masks must be bool or uint8, all but 0 is the hole. Received: "
            f"masks with dtype {masks.dtype}"
        )
    shape = images.shape[:-1]
    if masks.shape not in (shape, shape[-2:]):
        raise ValueError(
            "masks must be (height, width) of the images, or (n, height, "
            f"width). Received: masks with shape {masks.shape} and images "
            f"with shape {images.shape}"
        )
    images = read_uint8("images", images)
    images = images[None] if single else images
    return images, np.broadcast_to(masks != 0, images.shape[:-1]), single
