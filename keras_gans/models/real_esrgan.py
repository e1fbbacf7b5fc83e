"""Real-ESRGAN: "Real-ESRGAN: Training Real-World Blind Super-Resolution with
Pure Synthetic Data" (Wang et al., 2021).

https://arxiv.org/abs/2107.10833

Photographs that people have were not shrunk by MATLAB: a lens blurred them,
sensors made noise, they were resized, compressed and shared. The networks are
ESRGAN's; what is new is what they learn from, `datasets.load_high_res(
degradation="real_esrgan")`, which does all of that at random, twice. So much
is lost in many ways that the discriminator has to judge places and not only
whole images: it is a U-Net, whose output is a logit for each pixel, with
spectral normalization. The generator's loss is

    E|G(x) - y| + sum_i w_i E|phi_i(G(x)) - phi_i(y)| - 0.1 E[log s(D(G(x)))],

phi_i being five layers of VGG19 before their activation, with the weights 0.1,
0.1, 1, 1 and 1. What is used is the moving average of the generator.

Deviations from the paper: low-resolution images are in [-1, 1], as all images
here; differences of pixels are those of [0, 1]. The truth is not sharpened, as
it is for the authors' published weights, and examples are degraded one by one
and not drawn from a pool. The features are Keras's VGG19's, of another scale
than torchvision's, which the authors have: it was not measured. The generator
goes first in a step, as in the authors' code, and the discriminator sees the
fakes that it made. The average warms up, see `SamplingModel`.
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
from keras_gans.models.perceptual import PerceptualUpscaling, pixel_distance
from keras_gans.models.rrdbnet import RRDBNetGenerator

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class BilinearDoubling(layers.Layer):
    """Images twice as large, by bilinear interpolation.

    `(batch, height, width, channels)` in, `(batch, 2 * height, 2 * width,
    channels)` out. As `UpSampling2D(2, interpolation="bilinear")`, which in a
    graph of TensorFlow refuses images whose size is not known there.
    """

    def call(self, inputs):
        return _doubled(_doubled(inputs, 1), 2)

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        sides = [None if side is None else 2 * side for side in sides]
        return (n, *sides, channels)


def _doubled(x, axis):
    """Two pixels along an axis for each, a quarter of it from a neighbour."""
    at = [slice(None)] * 4

    def part(start, stop):
        return x[tuple([*at[:axis], slice(start, stop), *at[axis + 1 :]])]

    # The border is repeated.
    before = ops.concatenate([part(0, 1), part(0, -1)], axis)
    after = ops.concatenate([part(1, None), part(-1, None)], axis)
    pairs = ops.stack([before, after], axis + 1) * 0.25
    pairs = pairs + ops.expand_dims(x, axis + 1) * 0.75
    shape = list(ops.shape(x))
    shape[axis] = 2 * shape[axis]
    return ops.reshape(pairs, shape)


@keras.saving.register_keras_serializable("keras_gans")
class UNetDiscriminator(keras.Model):
    """Images in [-1, 1] to a logit for each pixel, `(batch, height, width, 1)`.

    A U-Net that halves images three times, with spectral normalization in all
    layers but the first and the last; what it saw on the way down is added on
    the way up. It takes images of any size whose sides are multiples of 8.

    Args:
        channels: Integer, those of the images.
        filters: Integer, of the first layer; they double up to eight times as
            many.

    Reference:
        Wang et al., 2021, section 3.4; Schonfeld et al., "A U-Net Based
        Discriminator for Generative Adversarial Networks", 2020.
    """

    def __init__(self, channels=3, filters=64, name="discriminator", **kwargs):
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)

        def conv(x, filters, size=3, strides=1):
            layer = layers.Conv2D(
                filters, size, strides, padding="same", use_bias=False
            )
            return layers.LeakyReLU(0.2)(SpectralNormalization(layer)(x))

        inputs = keras.Input((None, None, channels), name="images")
        x = layers.Conv2D(filters, 3, padding="same")(inputs)
        seen = [layers.LeakyReLU(0.2)(x)]
        for i in (2, 4, 8):
            seen.append(conv(seen[-1], i * filters, 4, strides=2))
        x = seen.pop()
        for i in (4, 2, 1):
            x = conv(BilinearDoubling()(x), i * filters)
            x = layers.Add()([x, seen.pop()])
        for _ in range(2):
            x = conv(x, filters)
        outputs = layers.Conv2D(1, 3, padding="same", dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {"channels": channels, "filters": filters}

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class RealESRGAN(PerceptualUpscaling):
    """Super-resolution of photographs as people have them.

    Example:

    ```python
    data = keras_gans.datasets.load_high_res(
        "photos", 8, crop_size=128, degradation="real_esrgan", repeat=True
    )
    gan = keras_gans.RealESRGAN("real_esrgan_x4plus")
    gan.compile()
    gan.fit(data, steps_per_epoch=1000)
    large = gan.upscale(image)  # uint8 to uint8, of any size
    ```

    The logs have `content_loss` and `l1_loss` beside the losses, before their
    weights. `g_loss` contains all terms.

    Args:
        generator: `keras.Model`, images to larger images, trained on pixels;
            the name or path of a preset that enlarges; `None` for a new
            `RRDBNetGenerator`, which is not where the paper starts.
        discriminator: `keras.Model`, high-resolution images to logits; `None`
            for a `UNetDiscriminator`.
        image_shape: `(height, width, channels)` of the high-resolution images
            in training; the default discriminator wants multiples of 8.
        discriminator_filters: Integer, the width of the default
            discriminator.
        content_network: See `PerceptualUpscaling`.
        content_layers: See `PerceptualUpscaling`.
        content_weight: Float, of the absolute difference of the features.
        adversarial_weight: Float.
        l1_weight: Float, of the absolute difference of the pixels in [0, 1].
        ema_momentum: Float or `None`, see `PerceptualUpscaling`.
        seed: Integer or `None`.
        name: String, the name of the model.

    Reference:
        Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution
        with Pure Synthetic Data", 2021.
    """

    loss_names = ("d_loss", "g_loss", "content_loss", "l1_loss")
    paper_layers = {
        "block1_conv2": 0.1,
        "block2_conv2": 0.1,
        "block3_conv4": 1.0,
        "block4_conv4": 1.0,
        "block5_conv4": 1.0,
    }
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(256, 256, 3),
        discriminator_filters=64,
        content_network="vgg19",
        content_layers=None,
        content_weight=1.0,
        adversarial_weight=0.1,
        l1_weight=1.0,
        ema_momentum=0.999,
        seed=None,
        **kwargs,
    ):
        check_weight("l1_weight", l1_weight)
        if generator is None:
            generator = RRDBNetGenerator(channels=image_shape[-1])
        if discriminator is None:
            check_image_size(image_shape, 8)
            discriminator = UNetDiscriminator(
                image_shape[-1], discriminator_filters
            )
        super().__init__(
            generator,
            discriminator,
            image_shape,
            content_network,
            content_layers,
            ema_momentum,
            seed,
            content_weight,
            adversarial_weight,
            **kwargs,
        )
        self.l1_weight = l1_weight

    @classmethod
    def starting_point(cls, image_shape):
        arguments, recipe = super().starting_point(image_shape)
        recipe["high_res"]["degradation"] = "real_esrgan"
        return {**arguments, "discriminator_filters": 16}, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(1e-4, beta_2=0.99),
            keras.optimizers.Adam(1e-4, beta_2=0.99),
        )

    def train_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Make the fakes, once, and update the generator: they are to have
        #    the pixels and the features of the truth, and to pass for real
        #    everywhere.
        def generator_loss():
            fake = self.generator(low_res, training=True)
            l1_loss = pixel_distance(high_res, fake)
            content_loss = self.content_loss(high_res, fake)
            logits = self.discriminator(fake, training=True)
            g_loss = (
                self.l1_weight * l1_loss
                + self.content_weight * content_loss
                + self.adversarial_weight
                * losses.non_saturating_generator_loss(logits)
            )
            return g_loss, (fake, content_loss, l1_loss)

        g_loss, (fake, content_loss, l1_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 2. Update the discriminator on real images and on those fakes.
        def discriminator_loss():
            real_logits = self.discriminator(high_res, training=True)
            fake_logits = self.discriminator(
                ops.stop_gradient(fake), training=True
            )
            return losses.non_saturating_discriminator_loss(
                real_logits, fake_logits
            )

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )

        # 3. Move the average, which is what is used.
        self.update_ema_generator()
        return self.track(
            d_loss=d_loss,
            g_loss=g_loss,
            content_loss=content_loss,
            l1_loss=l1_loss,
        )

    def test_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self(low_res)
        l1_loss = pixel_distance(high_res, fake)
        content_loss = self.content_loss(high_res, fake)
        real_logits = self.discriminator(high_res)
        fake_logits = self.discriminator(fake)
        g_loss = (
            self.l1_weight * l1_loss
            + self.content_weight * content_loss
            + self.adversarial_weight
            * losses.non_saturating_generator_loss(fake_logits)
        )
        logs = self.track(
            d_loss=losses.non_saturating_discriminator_loss(
                real_logits, fake_logits
            ),
            g_loss=g_loss,
            content_loss=content_loss,
            l1_loss=l1_loss,
        )
        return {**logs, **self.track_metrics(high_res, fake)}

    def get_config(self):
        layers = self.content_layers
        return {
            **super().get_config(),
            "content_layers": None if layers is None else dict(layers),
            "l1_weight": self.l1_weight,
        }
