"""pix2pix: "Image-to-Image Translation with Conditional Adversarial Networks"
(Isola, Zhu, Zhou and Efros, 2017).

https://arxiv.org/abs/1611.07004

A conditional GAN whose condition is an image x, and whose sample is to be the
image y that belongs to it. The discriminator sees pairs, and the generator is
also held to the truth:

    min_G max_D E[log D(x, y)] + E[log(1 - D(x, G(x)))] + w E[||y - G(x)||_1].

The generator is a U-Net: what an encoder has seen at each resolution reaches
the decoder directly. There is no latent vector, its dropout is the noise, at
test as in training. The discriminator judges patches: it is a small
convolutional network, and its logits, one for each patch, are averaged.

Deviations from the paper: the generator goes first in a step, so that one pass
of it serves both players. The authors' code makes the fakes first as well, but
then updates the discriminator before the generator meets it: there a generator
always meets one that has just learned from its own fakes, here one that has
learned from those of the generator a step earlier. The layer before the
bottleneck is not normalized, which would set its only value to zero, as in the
authors' code; so are the convolutions without padding to the input's size that
end the discriminator (30x30 logits for 256x256).

With batch normalization the authors' PyTorch code leaves out the biases of
three convolutions that no normalization follows, and that have one here: the
first and the last of the encoder, and the last of the discriminator of single
pixels. Adam's epsilon is Keras's 1e-7, where PyTorch's is 1e-8.
"""

import math

import keras
from keras import layers, ops

from keras_gans import losses
from keras_gans.checks import check_integer, check_weight
from keras_gans.layers import (
    Dropout,
    check_image_size,
    image_normalization,
    output_dtype,
)
from keras_gans.models.starting import falling, for_both
from keras_gans.models.translation import (
    ImageTranslationModel,
    l1_distance,
)

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class UNetGenerator(keras.Model):
    """Images in [-1, 1] to images in [-1, 1] of the same height and width.

    It is made for images of `image_shape`, and takes all whose sides are
    multiples of its attribute `divisor`, 2 to the power of its depth.

    Args:
        image_shape: `(height, width, channels)` of its inputs.
        output_channels: Integer, the channels of what it makes.
        filters: Integer, those of the first layer; they double from layer to
            layer, up to eight times as many.
        depth: Integer of at least 3, how often it halves the image; `None`
            for as often as both sides can be halved (256: 8, 128: 7, 64: 6).
        normalization: `"batch"`, with the statistics of the batch at hand at
            test as well, or `"instance"`.
        dropout: Float, the rate in some layers of the decoder.
        dropout_layers: Sequence of integers, which layers: 0 is the first.
            The paper's are the first three, those of the authors' PyTorch
            code for images of 256x256 the second to the fourth.
    """

    def __init__(
        self,
        image_shape=(256, 256, 3),
        output_channels=3,
        filters=64,
        depth=None,
        normalization="batch",
        dropout=0.5,
        dropout_layers=(0, 1, 2),
        name="generator",
        **kwargs,
    ):
        check_integer("output_channels", output_channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        if depth is None:
            check_image_size(image_shape, 8)
            depth = _halvings(image_shape)
        check_integer("depth", depth, minimum=3)
        check_image_size(image_shape, 2**depth)
        inputs = keras.Input((None, None, image_shape[-1]), name="images")
        widths = [filters * min(2**i, 8) for i in range(depth)]

        # Encoder: what each layer gives, before its LeakyReLU.
        x, features = inputs, []
        for i, width in enumerate(widths):
            normalized = 0 < i < depth - 1
            if i > 0:
                x = layers.LeakyReLU(0.2)(x)
            x = _conv(width, 4, strides=2, use_bias=not normalized)(x)
            if normalized:
                x = image_normalization(normalization)(x)
            features.append(x)

        # Decoder: each layer but the first also sees the encoder's output of
        # its resolution.
        for i in reversed(range(depth - 1)):
            x = layers.Conv2DTranspose(
                widths[i],
                4,
                strides=2,
                padding="same",
                use_bias=False,
                kernel_initializer=initial_weights(),
            )(layers.ReLU()(x))
            x = image_normalization(normalization)(x)
            if dropout and depth - 2 - i in dropout_layers:
                x = Dropout(dropout)(x)
            x = layers.Concatenate()([features[i], x])
        outputs = layers.Conv2DTranspose(
            output_channels,
            4,
            strides=2,
            padding="same",
            activation="tanh",
            kernel_initializer=initial_weights(),
            dtype=output_dtype(),
        )(layers.ReLU()(x))
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.divisor = 2**depth
        self._arguments = {
            "image_shape": list(image_shape),
            "output_channels": output_channels,
            "filters": filters,
            "depth": depth,
            "normalization": normalization,
            "dropout": dropout,
            "dropout_layers": list(dropout_layers),
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# Size of a patch to the number of layers that halve the image.
PATCH_SIZES = {1: 0, 16: 1, 34: 2, 70: 3, 142: 4, 286: 5}


@keras.saving.register_keras_serializable("keras_gans")
class PatchGANDiscriminator(keras.Model):
    """Images in [-1, 1] to `(batch, height', width', 1)` logits of patches.

    Args:
        channels: Integer, the channels of its inputs: for pix2pix those of
            both images.
        patch_size: Integer, the side of the patch that a logit depends on: 1,
            16, 34, 70, 142 or 286. The paper's is 70.
        filters: Integer, those of the first layer; they double from layer to
            layer, up to eight times as many.
        normalization: `"batch"` or `"instance"`.
    """

    def __init__(
        self,
        channels=6,
        patch_size=70,
        filters=64,
        normalization="batch",
        name="discriminator",
        **kwargs,
    ):
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        if patch_size not in PATCH_SIZES:
            raise ValueError(
                f"patch_size must be one of {', '.join(map(str, PATCH_SIZES))}"
                f". Received: patch_size={patch_size!r}"
            )
        inputs = keras.Input((None, None, channels), name="images")
        x = inputs
        if patch_size == 1:
            # No neighbours: kernels of 1x1, C64-C128.
            x = _conv(filters, 1)(x)
            x = layers.LeakyReLU(0.2)(x)
            x = _conv(2 * filters, 1, use_bias=False)(x)
            x = layers.LeakyReLU(0.2)(image_normalization(normalization)(x))
            outputs = _conv(1, 1, dtype=output_dtype())(x)
        else:
            depth = PATCH_SIZES[patch_size]
            for i in range(depth + 1):
                # The last two layers keep the resolution, less a pixel.
                strides = 2 if i < depth else 1
                if strides == 1:
                    x = layers.ZeroPadding2D(1)(x)
                x = _conv(filters * min(2**i, 8), 4, strides, i == 0)(x)
                if i > 0:
                    x = image_normalization(normalization)(x)
                x = layers.LeakyReLU(0.2)(x)
            x = layers.ZeroPadding2D(1, dtype=output_dtype())(x)
            outputs = _conv(1, 4, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "channels": channels,
            "patch_size": patch_size,
            "filters": filters,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _conv(filters, size, strides=1, use_bias=True, **kwargs):
    # A bias only where no normalization follows, which would take it away.
    return layers.Conv2D(
        filters,
        size,
        strides,
        padding="same" if strides == 2 else "valid",
        use_bias=use_bias,
        kernel_initializer=initial_weights(),
        **kwargs,
    )


def initial_weights():
    return keras.initializers.RandomNormal(stddev=0.02)


def _halvings(image_shape):
    sides = math.gcd(*image_shape[:2])
    # Powers of two in both sides, and no further than to a side of 1.
    return (sides & -sides).bit_length() - 1


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class Pix2Pix(ImageTranslationModel):
    """Image-to-image translation, learned from pairs.

    Example:

    ```python
    pairs = keras_gans.datasets.load_pairs("facades", batch_size=1)
    gan = keras_gans.Pix2Pix(image_shape=(256, 256, 3))
    gan.compile()
    gan.fit(pairs, epochs=200)
    photos = gan.translate(drawings)  # uint8 to uint8
    ```

    The logs have `l1_loss` beside the losses: the mean absolute difference to
    the truth, in [0, 2], before its weight. `g_loss` contains both terms.

    Args:
        generator: `keras.Model`, images to images; `None` for a
            `UNetGenerator`.
        discriminator: `keras.Model`, pairs of images, joined along their
            channels, to logits; `None` for a `PatchGANDiscriminator`.
        image_shape: `(height, width, channels)` of the inputs.
        output_channels: Integer, the channels of the images to make, for the
            default networks.
        filters: Integer, the width of the default networks.
        patch_size: Integer, of the default discriminator.
        normalization: `"batch"`, the paper's, or `"instance"`, of the default
            networks. `"batch"` is for training with one pair at a time, as
            `translate` takes one image at a time and its statistics; with
            larger batches take `"instance"`.
        l1_weight: Float, the paper's lambda.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`; it is
            halved, as in the paper.
        dropout_at_test: Boolean, whether dropout stays on in `translate` and
            `predict`, as in the paper.
        seed: Integer or `None`, of the noise of training.
        name: String, the name of the model.

    Reference:
        Isola et al., "Image-to-Image Translation with Conditional Adversarial
        Networks", 2017.
    """

    loss_names = ("d_loss", "g_loss", "l1_loss")
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(256, 256, 3),
        output_channels=3,
        filters=64,
        patch_size=70,
        normalization="batch",
        l1_weight=100.0,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        dropout_at_test=True,
        seed=None,
        **kwargs,
    ):
        check_weight("l1_weight", l1_weight)
        if generator is None:
            generator = UNetGenerator(
                image_shape,
                output_channels,
                filters,
                normalization=normalization,
            )
        if discriminator is None:
            made = generator(keras.KerasTensor((None, *image_shape)))
            discriminator = PatchGANDiscriminator(
                image_shape[-1] + made.shape[-1],
                patch_size,
                filters,
                normalization,
            )
        super().__init__(
            image_shape,
            dropout_at_test,
            generator=generator,
            discriminator=discriminator,
            seed=seed,
            **kwargs,
        )
        self.l1_weight = l1_weight
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    @classmethod
    def shape_arguments(cls, image_shape):
        arguments = super().shape_arguments(image_shape)
        return {**arguments, "output_channels": image_shape[-1]}

    @classmethod
    def starting_point(cls, image_shape):
        # Patches of the half of small images, see the paper's section 4.4.
        arguments = {
            "filters": 32,
            "normalization": "instance",
            "patch_size": 34 if min(image_shape[:2]) < 128 else 70,
        }
        adam = falling(2e-4)
        recipe = {
            "pairs": {"augment": True},
            "batch_size": 4,
            **for_both(adam),
        }
        return arguments, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
        )

    def train_step(self, data):
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Make the fakes, once, and update the generator: they are to pass
        #    for real beside their inputs, and to be close to the truth.
        def generator_loss():
            fake = self.generator(inputs, training=True)
            logits = self.judge(inputs, fake, training=True)
            l1_loss = l1_distance(targets, fake)
            g_loss = self.generator_loss(logits) + self.l1_weight * l1_loss
            return g_loss, (fake, l1_loss)

        g_loss, (fake, l1_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 2. Update the discriminator on the real pairs and on those fakes.
        def discriminator_loss():
            real_logits = self.judge(inputs, targets, training=True)
            fake_logits = self.judge(
                inputs, ops.stop_gradient(fake), training=True
            )
            return 0.5 * self.discriminator_loss(real_logits, fake_logits)

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )
        return self.track(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)

    def test_step(self, data):
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self(inputs)
        real_logits = self.judge(inputs, targets)
        fake_logits = self.judge(inputs, fake)
        l1_loss = l1_distance(targets, fake)
        g_loss = self.generator_loss(fake_logits) + self.l1_weight * l1_loss
        d_loss = 0.5 * self.discriminator_loss(real_logits, fake_logits)
        logs = self.track(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)
        return {**logs, **self.track_metrics(targets, fake)}

    def judge(self, inputs, images, training=False):
        """Logits of pairs: `(batch, height', width', 1)`."""
        pairs = ops.concatenate([inputs, images], axis=-1)
        return self.discriminator(pairs, training=training)

    def discriminator_inputs(self, examples, inputs):
        return keras.KerasTensor(
            (None, *self.image_shape[:2], inputs.shape[-1] + examples.shape[-1])
        )

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "dropout_at_test": self.dropout_at_test,
            "l1_weight": self.l1_weight,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }
