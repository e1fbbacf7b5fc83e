"""SRGAN, the second phase: what is made is to look real."""

import keras
from keras import ops

from keras_gans import losses
from keras_gans.models.perceptual import PerceptualUpscaling
from keras_gans.models.srgan.networks import (
    SRGANDiscriminator,
    SRResNetGenerator,
)


@keras.saving.register_keras_serializable("keras_gans")
class SRGAN(PerceptualUpscaling):
    """Super-resolution that looks real: SRGAN's second phase.

    Example:

    ```python
    gan = keras_gans.SRGAN(generator=srresnet.generator)
    gan.compile()
    gan.fit(data, epochs=100)
    large = gan.upscale(image)  # uint8 to uint8, of any size
    ```

    The logs have `content_loss` beside the losses, before its weight.
    `g_loss` contains both terms.

    Args:
        generator: `keras.Model`, images to larger images, trained on pixels;
            the name or path of a preset that enlarges; `None` for a new
            `SRResNetGenerator`, which is not where the paper starts.
        discriminator: `keras.Model`, high-resolution images to logits; `None`
            for an `SRGANDiscriminator`.
        image_shape: `(height, width, channels)` of the high-resolution images
            in training.
        content_network: `"vgg19"`, the paper's, or the name of one of the
            zoo's classifiers, see `content_network` of this module: it is
            made when the model is compiled. Or any `keras.Model` of images in
            [-1, 1], which is then part of the model, and not trained.
        content_layer: String, see `content_network` of this module.
        content_weight: Float, of the mean squared difference of the features;
            the paper's divides features by 12.75.
        adversarial_weight: Float.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        ema_momentum: Float or `None`, see `PerceptualUpscaling`.
        seed: Integer or `None`.
        name: String, the name of the model.

    Reference:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a
        Generative Adversarial Network", 2017.
    """

    loss_names = ("d_loss", "g_loss", "content_loss")
    # After its ReLU.
    before_activation = False
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(96, 96, 3),
        content_network="vgg19",
        content_layer="block5_conv4",
        content_weight=0.006,
        adversarial_weight=1e-3,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        if generator is None:
            generator = SRResNetGenerator(channels=image_shape[-1])
        if discriminator is None:
            discriminator = SRGANDiscriminator(image_shape)
        super().__init__(
            generator,
            discriminator,
            image_shape,
            content_network,
            {content_layer: 1.0},
            ema_momentum,
            seed,
            content_weight,
            adversarial_weight,
            **kwargs,
        )
        self.content_layer = content_layer
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    @classmethod
    def starting_point(cls, image_shape):
        _, recipe = super().starting_point(image_shape)
        return {}, recipe

    def train_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Make the fakes, once, and update the generator: they are to have
        #    the features of the truth, and to pass for real.
        def generator_loss():
            fake = self.generator(low_res, training=True)
            content_loss = self.content_loss(high_res, fake)
            logits = self.discriminator(fake, training=True)
            g_loss = (
                self.content_weight * content_loss
                + self.adversarial_weight * self.generator_loss(logits)
            )
            return g_loss, (fake, content_loss)

        g_loss, (fake, content_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 2. Update the discriminator on real images and on those fakes.
        def discriminator_loss():
            real_logits = self.discriminator(high_res, training=True)
            fake_logits = self.discriminator(
                ops.stop_gradient(fake), training=True
            )
            return self.discriminator_loss(real_logits, fake_logits)

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )
        self.update_ema_generator()
        return self.track(
            d_loss=d_loss, g_loss=g_loss, content_loss=content_loss
        )

    def distance(self, differences):
        return ops.square(differences)

    def test_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self(low_res)
        content_loss = self.content_loss(high_res, fake)
        real_logits = self.discriminator(high_res)
        fake_logits = self.discriminator(fake)
        g_loss = (
            self.content_weight * content_loss
            + self.adversarial_weight * self.generator_loss(fake_logits)
        )
        logs = self.track(
            d_loss=self.discriminator_loss(real_logits, fake_logits),
            g_loss=g_loss,
            content_loss=content_loss,
        )
        return {**logs, **self.track_metrics(high_res, fake)}

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "content_layer": self.content_layer,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }
