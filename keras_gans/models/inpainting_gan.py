"""Free-form inpainting: "Free-Form Image Inpainting with Gated Convolution"
(Yu et al., 2019).

https://arxiv.org/abs/1806.03589

A network that fills a hole sees an image with the hole, which is set to 0, and
the mask that says where it is. A plain convolution treats known and unknown
pixels alike; a gated one learns for each channel and position how much of a
feature passes,

    output = ELU(features) x sigmoid(gate),

both convolutions of the same input. SN-PatchGAN judges the image whose hole
was filled, beside its mask: a convolutional network with spectral
normalization, all of whose last features are logits, by the hinge loss. The
generator's loss is

    6 mean |M (G - x)| + mean |(1 - M) (G - x)| - a mean D,

M being 1 in the hole. Masks are drawn anew in every step, strokes and boxes.

Deviations from the paper: one network in place of two (coarse, and then a
refinement with contextual attention), a U-Net, whose decoder sees what its
encoder has seen at each resolution. In the paper all pixels have one weight in
the L1 loss; 6 and 1 are those of partial convolutions (Liu et al., 2018). The
generator goes first in a step, so that one pass of it serves both players, as
in `Pix2Pix`. Users' sketches as another input are left out. In a mask about
half of the shapes, and how much of the image is hole, are drawn as
`masks.free_form_masks` says, not by the paper's algorithm 1.
"""

import keras
from keras import layers, ops

from keras_gans import losses
from keras_gans.checks import check_integer, check_weight
from keras_gans.layers import (
    SpectralNormalization,
    check_image_size,
    output_dtype,
)
from keras_gans.models.inpainting import InpaintingModel, composed, made_of
from keras_gans.models.starting import falling, for_both

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class Gate(layers.Layer):
    """`ELU(features) * sigmoid(gate)` of the two halves of the channels.

    After a convolution with twice as many filters it is the gated convolution
    of Yu et al., 2019.
    """

    def call(self, inputs):
        features, gate = ops.split(inputs, 2, axis=-1)
        return ops.elu(features) * ops.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)


@keras.saving.register_keras_serializable("keras_gans")
class InpaintingGenerator(keras.Model):
    """`[images, masks]` to whole images in [-1, 1]: a gated U-Net.

    It takes images whose sides are multiples of its attribute `divisor`, 2 to
    the power of its depth. Their holes are 0; masks are 1 there, 0 elsewhere.

    Args:
        channels: Integer, those of the images.
        filters: Integer, those of the first layer; they double from
            resolution to resolution, up to four times as many.
        depth: Integer, how often it halves the image.
        dilations: Sequence of integers, the dilation of each convolution at
            the smallest resolution. They carry what is known into large holes.
    """

    def __init__(
        self,
        channels=3,
        filters=16,
        depth=3,
        dilations=(2, 4),
        name="generator",
        **kwargs,
    ):
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("depth", depth, minimum=1)
        images = keras.Input((None, None, channels), name="images")
        masks = keras.Input((None, None, 1), name="masks")
        widths = [filters * min(2**i, 4) for i in range(depth + 1)]

        # Encoder.
        x = layers.Concatenate()([images, masks])
        features = [_gated(x, widths[0])]
        for width in widths[1:]:
            features.append(_gated(features[-1], width, strides=2))
        x = features.pop()
        for dilation in dilations:
            check_integer("dilations", dilation, minimum=1)
            x = _gated(x, widths[-1], dilation_rate=dilation)

        # Decoder.
        for width, seen in zip(widths[-2::-1], features[::-1]):
            x = layers.UpSampling2D()(x)
            x = _gated(layers.Concatenate()([x, seen]), width)
        outputs = layers.Conv2D(
            channels,
            3,
            padding="same",
            activation="tanh",
            dtype=output_dtype(),
        )(x)
        super().__init__([images, masks], outputs, name=name, **kwargs)
        self.divisor = 2**depth
        self._arguments = {
            "channels": channels,
            "filters": filters,
            "depth": depth,
            "dilations": list(dilations),
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _gated(x, filters, **kwargs):
    x = layers.Conv2D(
        2 * filters,
        3,
        padding="same",
        kernel_initializer="he_normal",
        **kwargs,
    )(x)
    return Gate()(x)


@keras.saving.register_keras_serializable("keras_gans")
class SNPatchGANDiscriminator(keras.Model):
    """Images with their masks to logits of patches, `(batch, h, w, filters)`.

    Args:
        channels: Integer, the channels of its inputs: those of the images,
            and one of the mask.
        filters: Integer, those of the first layer; they double from layer to
            layer, up to four times as many.
        depth: Integer, how many convolutions of 5x5 with strides of 2; the
            paper's is 6, for images of 256x256.
    """

    def __init__(
        self, channels=4, filters=32, depth=4, name="discriminator", **kwargs
    ):
        check_integer("channels", channels, minimum=2)
        check_integer("filters", filters, minimum=1)
        check_integer("depth", depth, minimum=1)
        inputs = x = keras.Input((None, None, channels), name="images")
        for i in range(depth):
            # The last features are the logits, each of them.
            last = {"dtype": output_dtype()} if i == depth - 1 else {}
            convolution = layers.Conv2D(
                filters * min(2**i, 4),
                5,
                strides=2,
                padding="same",
                kernel_initializer="he_normal",
                **last,
            )
            x = SpectralNormalization(convolution, **last)(x)
            if not last:
                x = layers.LeakyReLU(0.2)(x)
        super().__init__(inputs, x, name=name, **kwargs)
        self._arguments = {
            "channels": channels,
            "filters": filters,
            "depth": depth,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class InpaintingGAN(InpaintingModel):
    """Fills holes of any form in images; it learns from whole images.

    Example:

    ```python
    photos = keras_gans.datasets.load("photos", batch_size=16, image_size=64)
    gan = keras_gans.InpaintingGAN(image_shape=(64, 64, 3))
    gan.compile()
    gan.fit(photos, epochs=100)
    whole = gan.inpaint(photo, mask)  # uint8 of any size; mask: 0 is known
    ```

    The logs have `l1_loss` beside the losses, with its weights. `g_loss`
    contains it.

    Args:
        generator: `keras.Model`, `[images, masks]` to images; `None` for an
            `InpaintingGenerator`.
        discriminator: `keras.Model`, images and masks, joined along their
            channels, to logits; `None` for an `SNPatchGANDiscriminator`.
        image_shape: `(height, width, channels)` of the images in training.
            The default networks want sides that are multiples of 16.
        filters: Integer, the width of the default generator; the
            discriminator's is twice as much. The paper's generator has 48.
        hole_weight: Float, of the mean absolute difference in the holes.
        valid_weight: Float, of that elsewhere.
        adversarial_weight: Float, of the generator's hinge loss; 0 gives
            smooth fillings, and the least error.
        hole_ratio: `(least, greatest)`, the share of an image that is hole in
            training.
        num_strokes: Integer, the strokes of a mask at most.
        num_boxes: Integer, its boxes at most.
        ema_momentum: Float or `None`, see `InpaintingModel`.
        seed: Integer or `None`, of the masks.
        name: String, the name of the model.

    Reference:
        Yu et al., "Free-Form Image Inpainting with Gated Convolution", 2019.
    """

    loss_names = ("d_loss", "g_loss", "l1_loss")
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(64, 64, 3),
        filters=16,
        hole_weight=6.0,
        valid_weight=1.0,
        adversarial_weight=0.3,
        hole_ratio=(0.1, 0.5),
        num_strokes=4,
        num_boxes=1,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        check_weight("hole_weight", hole_weight)
        check_weight("valid_weight", valid_weight)
        check_weight("adversarial_weight", adversarial_weight)
        if generator is None or discriminator is None:
            check_image_size(image_shape, 16)
        super().__init__(
            image_shape,
            hole_ratio,
            num_strokes,
            num_boxes,
            ema_momentum,
            seed=seed,
            generator=generator
            or InpaintingGenerator(image_shape[-1], filters),
            discriminator=discriminator
            or SNPatchGANDiscriminator(image_shape[-1] + 1, 2 * filters),
            **kwargs,
        )
        self.hole_weight = hole_weight
        self.valid_weight = valid_weight
        self.adversarial_weight = adversarial_weight

    @classmethod
    def starting_point(cls, image_shape):
        adam = falling(5e-4)
        recipe = {
            "crops": {},
            "batch_size": 16,
            **for_both(adam),
        }
        return {"ema_momentum": 0.999}, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
        )

    def train_step(self, data):
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Draw a mask for each image.
        masks = self.draw_masks(ops.shape(images)[0])

        # 2. Fill the holes, once, and update the generator: what it makes is
        #    to be close to the truth, and filled images are to pass for real.
        def generator_loss():
            made = made_of(self.generator, images, masks, training=True)
            fake = composed(images, made, masks)
            l1_loss = self.l1_loss(images, made, masks)
            logits = self.judge(fake, masks, training=True)
            g_loss = l1_loss + self.adversarial_weight * (
                losses.hinge_generator_loss(logits)
            )
            return g_loss, (fake, l1_loss)

        g_loss, (fake, l1_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 3. Update the discriminator on the real images and on those.
        def discriminator_loss():
            both = ops.concatenate([images, ops.stop_gradient(fake)])
            logits = self.judge(both, ops.tile(masks, (2, 1, 1, 1)), True)
            return losses.hinge_discriminator_loss(*ops.split(logits, 2))

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)

    def test_step(self, data):
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        masks = self.draw_masks(
            ops.shape(images)[0], seed=self.test_seed_generator
        )
        made = made_of(self.inference_network, images, masks)
        fake = composed(images, made, masks)
        real_logits, fake_logits = (
            self.judge(x, masks) for x in (images, fake)
        )
        l1_loss = self.l1_loss(images, made, masks)
        g_loss = l1_loss + self.adversarial_weight * (
            losses.hinge_generator_loss(fake_logits)
        )
        d_loss = losses.hinge_discriminator_loss(real_logits, fake_logits)
        logs = self.track(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)
        return {**logs, **self.track_metrics(images, fake)}

    def l1_loss(self, images, made, masks):
        """`inpainting_l1_loss` with the model's weights."""
        return inpainting_l1_loss(
            images, made, masks, self.hole_weight, self.valid_weight
        )

    def judge(self, images, masks, training=False):
        """Logits of images beside their masks."""
        pairs = ops.concatenate([images, masks], axis=-1)
        return self.discriminator(pairs, training=training)

    def discriminator_inputs(self, examples, inputs):
        *size, channels = self.image_shape
        return keras.KerasTensor((None, *size, channels + 1))

    def get_config(self):
        return {
            **super().get_config(),
            "hole_weight": self.hole_weight,
            "valid_weight": self.valid_weight,
            "adversarial_weight": self.adversarial_weight,
        }


# ---- losses ---------------------------------------------------------------


def inpainting_l1_loss(images, made, masks, hole_weight=6.0, valid_weight=1.0):
    """`hole_weight E|M (G - x)| + valid_weight E|(1 - M) (G - x)|`.

    Both means are over all pixels (Liu et al., 2018, eq. 1 and 7), in float32.

    Args:
        images: Tensor `(batch, height, width, channels)`, the truth.
        made: The same of what the generator made.
        masks: Tensor `(batch, height, width, 1)`, 1 in the hole.
        hole_weight: Float.
        valid_weight: Float.

    Returns:
        Scalar tensor.
    """
    images, made = (ops.cast(x, "float32") for x in (images, made))
    weights = valid_weight + (hole_weight - valid_weight) * masks
    return ops.mean(weights * ops.abs(made - images))
