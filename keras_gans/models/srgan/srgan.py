"""SRGAN, the second phase: what is made is to look real."""

import keras
from keras import ops

from keras_gans import backend, losses
from keras_gans.checks import check_weight
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.data_checks import Part
from keras_gans.models.pixel_loss import check_generator
from keras_gans.models.srgan.content import content_network
from keras_gans.models.srgan.networks import (
    SRGANDiscriminator,
    SRResNetGenerator,
)
from keras_gans.models.srgan.srresnet import SRResNet
from keras_gans.models.starting import decaying, for_both
from keras_gans.models.upscaling import Upscaling


@keras.saving.register_keras_serializable("keras_gans")
class SRGAN(Upscaling, AdversarialModel):
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
            the name or path of a preset of `SRResNet`; `None` for a new
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
        seed: Integer or `None`.
        name: String, the name of the model.

    Reference:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a
        Generative Adversarial Network", 2017.
    """

    loss_names = ("d_loss", "g_loss", "content_loss")
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
        seed=None,
        **kwargs,
    ):
        check_weight("content_weight", content_weight)
        check_weight("adversarial_weight", adversarial_weight)
        self.image_shape = tuple(image_shape)
        if isinstance(generator, str):
            generator = SRResNet.from_preset(generator).generator
        if generator is None:
            generator = SRResNetGenerator(channels=image_shape[-1])
        check_generator(generator)
        if not isinstance(content_network, str):
            content_network.trainable = False
        if discriminator is None:
            discriminator = SRGANDiscriminator(image_shape)
        super().__init__(
            seed=seed,
            generator=generator,
            discriminator=discriminator,
            **kwargs,
        )
        self.content_network = content_network
        self.content_layer = content_layer
        self.content_weight = content_weight
        self.adversarial_weight = adversarial_weight
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    @classmethod
    def starting_point(cls, image_shape):
        adam = decaying("Adam", 1e-4)
        recipe = {
            "high_res": {"crop_size": list(image_shape[:2]), "augment": True},
            "batch_size": 8,
            **for_both(adam),
        }
        return {}, recipe

    def symbolic_inputs(self):
        height, width, channels = self.image_shape
        scale = self.generator.scale
        return keras.KerasTensor(
            (None, height // scale, width // scale, channels),
            name="low_res_images",
        )

    def default_optimizers(self):
        return keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)

    def compile(self, *args, **kwargs):
        network = self.content_network
        if isinstance(network, str):  # To upscale, nobody needs it.
            with backend.strategy_scope(self):
                network = content_network(network, self.content_layer)
        # A function, and not an attribute that Keras would follow: what a
        # name stands for is no part of the model or of its checkpoints.
        self._features = lambda images: network(images, training=False)
        super().compile(*args, **kwargs)

    compile.__doc__ = AdversarialModel.compile.__doc__

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
        return self.track(
            d_loss=d_loss, g_loss=g_loss, content_loss=content_loss
        )

    def content_loss(self, real, fake):
        """The mean squared difference of the features of two batches."""
        features = [
            ops.cast(self._features(x), "float32") for x in (real, fake)
        ]
        return ops.mean(ops.square(features[0] - features[1]))

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

    def generate(self, *args, **kwargs):
        """Not for this model: it enlarges images, see `upscale`."""
        raise TypeError("SRGAN makes images larger: use upscale().")

    trains_on = "pairs (low_res_images, high_res_images)"

    def batch_parts(self):
        low_res_shape = tuple(self.symbolic_inputs().shape[1:])
        return Part("x", low_res_shape), Part("y", self.image_shape)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        network = self.content_network
        if not isinstance(network, str):
            network = serialize(network)
        return {
            **super().get_config(),
            "image_shape": list(self.image_shape),
            "content_network": network,
            "content_layer": self.content_layer,
            "content_weight": self.content_weight,
            "adversarial_weight": self.adversarial_weight,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }
