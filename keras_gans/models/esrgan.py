"""ESRGAN: "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks"
(Wang et al., 2018).

https://arxiv.org/abs/1809.00219

SRGAN asks whether an image is real. ESRGAN asks whether it looks more real
than fake ones do on average, so that real images teach the generator as well
(equations 1 and 2, s being the sigmoid and C the discriminator's logits):

    D(a, b) = s(C(a) - E[C(b)]),
    L_D = -E[log D(real, fake)] - E[log(1 - D(fake, real))],
    L_G = L_content + 0.005 L_Ra + 0.01 E|G(x) - y|,
    L_Ra = -E[log(1 - D(real, fake))] - E[log D(fake, real)].

The content loss compares features of VGG19 before their activation, which
says more: after the last ReLU most of them are 0. The generator is `RRDBNet`'s,
without batch normalization, trained on pixels first; between that one and this
one lies a path of networks, `interpolate`.

Deviations from the paper: low-resolution images are in [-1, 1], as all images
here; differences of pixels are those of [0, 1]. The content loss is the mean
absolute difference, as in the authors' code. The features are Keras's VGG19's,
which has its authors' weights of images from 0 to 255 and not those that
torchvision trained: they are of another scale, which was not measured. The
discriminator is SRGAN's, with kernels of 3x3 where the authors' has some of
4x4, and a dense layer of 1,024 for 100. The generator goes first in a step, as
in `SRGAN`. Adam's epsilon is Keras's 1e-7.
"""

import keras
from keras import ops

from keras_gans import backend, losses
from keras_gans.checks import check_weight
from keras_gans.models.perceptual import PerceptualUpscaling, pixel_distance
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srgan.networks import SRGANDiscriminator


@keras.saving.register_keras_serializable("keras_gans")
class ESRGAN(PerceptualUpscaling):
    """Super-resolution that looks more real than fake images do.

    Example:

    ```python
    gan = keras_gans.ESRGAN(generator=rrdbnet.generator)
    gan.compile()
    gan.fit(data, epochs=100)
    smooth = gan.interpolate(rrdbnet, 0.8)
    large = smooth.upscale(image)  # uint8 to uint8, of any size
    ```

    The logs have `content_loss` and `l1_loss` beside the losses, before their
    weights. `g_loss` contains all terms.

    Args:
        generator: `keras.Model`, images to larger images, trained on pixels;
            the name or path of a preset that enlarges; `None` for a new
            `RRDBNetGenerator`, which is not where the paper starts.
        discriminator: `keras.Model`, high-resolution images to logits; `None`
            for an `SRGANDiscriminator`.
        image_shape: `(height, width, channels)` of the high-resolution images
            in training.
        discriminator_filters: Integer, the width of the default
            discriminator.
        content_network: See `PerceptualUpscaling`.
        content_layers: See `PerceptualUpscaling`; the paper's is the last
            convolution of VGG19, before its activation.
        content_weight: Float, of the absolute difference of the features.
        adversarial_weight: Float.
        l1_weight: Float, of the absolute difference of the pixels in [0, 1].
        ema_momentum: Float or `None`, see `PerceptualUpscaling`.
        seed: Integer or `None`.
        name: String, the name of the model.

    Reference:
        Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial
        Networks", 2018.
    """

    loss_names = ("d_loss", "g_loss", "content_loss", "l1_loss")
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(128, 128, 3),
        discriminator_filters=64,
        content_network="vgg19",
        content_layers=None,
        content_weight=1.0,
        adversarial_weight=5e-3,
        l1_weight=1e-2,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        check_weight("l1_weight", l1_weight)
        if generator is None:
            generator = RRDBNetGenerator(channels=image_shape[-1])
        if discriminator is None:
            discriminator = SRGANDiscriminator(
                image_shape, discriminator_filters
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
        return {**arguments, "discriminator_filters": 32}, recipe

    def train_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Make the fakes, once, and update the generator: they are to have
        #    the features of the truth, nearly its pixels, and to look more
        #    real than the truth does on average.
        def generator_loss():
            fake = self.generator(low_res, training=True)
            content_loss = self.content_loss(high_res, fake)
            l1_loss = pixel_distance(high_res, fake)
            logits = self.judge(high_res, fake, training=True)
            g_loss = (
                self.content_weight * content_loss
                + self.adversarial_weight
                * losses.relativistic_average_generator_loss(*logits)
                + self.l1_weight * l1_loss
            )
            return g_loss, (fake, content_loss, l1_loss)

        g_loss, (fake, content_loss, l1_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 2. Update the discriminator on real images and on those fakes: real
        #    ones are to look more real than fakes do on average.
        def discriminator_loss():
            logits = self.judge(
                high_res, ops.stop_gradient(fake), training=True
            )
            return losses.relativistic_average_discriminator_loss(*logits)

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )
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
        content_loss = self.content_loss(high_res, fake)
        l1_loss = pixel_distance(high_res, fake)
        logits = self.judge(high_res, fake)
        g_loss = (
            self.content_weight * content_loss
            + self.adversarial_weight
            * losses.relativistic_average_generator_loss(*logits)
            + self.l1_weight * l1_loss
        )
        logs = self.track(
            d_loss=losses.relativistic_average_discriminator_loss(*logits),
            g_loss=g_loss,
            content_loss=content_loss,
            l1_loss=l1_loss,
        )
        return {**logs, **self.track_metrics(high_res, fake)}

    def judge(self, real, fake, training=False):
        """The logits of real and of fake images, each of all replicas.

        The averages of the losses are those of the whole batch then, and N
        replicas train as one device does.
        """
        return [
            backend.all_gather(self.discriminator(x, training=training))
            for x in (real, fake)
        ]

    def get_config(self):
        layers = self.content_layers
        return {
            **super().get_config(),
            "content_layers": None if layers is None else dict(layers),
            "l1_weight": self.l1_weight,
        }
