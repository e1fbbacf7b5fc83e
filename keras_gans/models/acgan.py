"""AC-GAN: "Conditional Image Synthesis With Auxiliary Classifier GANs" (Odena
et al., 2016).

https://arxiv.org/abs/1610.09585

The generator is shown the label; the discriminator is not, and has to find it.
It has two heads, a logit for real or fake and one for each class, and with

    L_S = E[log P(real | x)] + E[log P(fake | G(z, y))]
    L_C = E[log P(class y | x)] + E[log P(class y | G(z, y))]

it ascends L_S + L_C, and the generator L_C - L_S. So both players gain where a
generated example is plainly of its class: samples are easy to classify, and of
many classes they vary too little within each (Gong et al., 2019).

Deviations from the paper: the generator's part of L_S is the non-saturating
loss by default, as in the authors' other work; networks are those of DCGAN,
without the paper's dropout of 0.5 in the discriminator; labels are embedded
instead of one-hot vectors; the generator is shown the real batch's labels. One
model is trained on all classes, where the paper trains 100 models of ten
classes of ImageNet each.
"""

import keras
from keras import layers, ops

from keras_gans import losses
from keras_gans.checks import check_integer, check_weight
from keras_gans.layers import (
    dcgan_discriminator_stack,
    discriminator_normalization,
    logits_layer,
)
from keras_gans.models.conditional_gan import ConditionalGAN
from keras_gans.models.starting import decaying, for_both

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ACGANDiscriminator(keras.Model):
    """Images to `[logits, class_logits]`, `(batch, 1)` and `(batch, classes)`.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        filters: Integer, the width, as in `DCGANDiscriminator`.
        normalization: `"batch"`, `"spectral"` or `None`.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        filters=64,
        normalization="batch",
        name="discriminator",
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        check_integer("filters", filters, minimum=1)
        images = keras.Input(image_shape, name="images")
        x = dcgan_discriminator_stack(
            images, image_shape, filters, normalization
        )
        features = layers.Flatten()(x)
        spectral = normalization == "spectral"
        heads = [
            logits_layer(spectral, units)(features)
            for units in (1, num_classes)
        ]
        super().__init__(images, heads, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "num_classes": num_classes,
            "filters": filters,
            "normalization": normalization,
        }
        self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ACGAN(ConditionalGAN):
    """A conditional GAN whose discriminator classifies.

    Example:

    ```python
    gan = keras_gans.ACGAN(image_shape=(28, 28, 1), num_classes=10)
    gan.compile()
    mnist = keras_gans.datasets.load("mnist", batch_size=128, labels=True)
    gan.fit(mnist, epochs=10)
    sevens = gan.generate(64, labels=7, seed=0)  # uint8, (64, 28, 28, 1)
    ```

    A discriminator of one's own has two outputs:

    ```python
    x = keras.Input((28, 28, 1))
    features = body(x)
    heads = [layers.Dense(1)(features), layers.Dense(10)(features)]
    gan = keras_gans.ACGAN(discriminator=keras.Model(x, heads))
    ```

    The logs have `class_loss` beside the losses: the discriminator's
    cross-entropy, of real and of generated examples together, before its
    weight. `d_loss` and `g_loss` contain what is theirs of it, weighted.

    Args:
        generator: `keras.Model`, `[latents, labels]` to images; `None` for a
            `ConditionalGANGenerator`.
        discriminator: `keras.Model`, images to `[logits, class_logits]`, both
            without an activation; `None` for an `ACGANDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width of the default networks.
        class_loss_weight: Float, of the cross-entropy in both players'
            losses; 1 is the paper's.
        spectral_normalization: Boolean, normalize the default discriminator
            by its spectral norms instead of by batches.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        **kwargs: Those of `GAN` but `packing`: `discriminator_steps`,
            `label_smoothing`, `augment`, `ema_momentum`, `seed`, `name`,
            penalties and others. With an `r1_weight` or `r2_weight` the
            default discriminator has no BatchNormalization.

    Reference:
        Odena et al., "Conditional Image Synthesis With Auxiliary Classifier
        GANs", 2016.
    """

    loss_names = ("d_loss", "g_loss", "class_loss")
    discriminator_outputs = ("logits", "class logits")

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(28, 28, 1),
        num_classes=10,
        latent_dim=100,
        filters=64,
        class_loss_weight=1.0,
        spectral_normalization=False,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        **kwargs,
    ):
        check_weight("class_loss_weight", class_loss_weight)
        if kwargs.pop("projection", False):
            raise ValueError(
                "projection must be False: an ACGAN's discriminator sees no "
                "labels, a ConditionalGAN's does. Received: projection=True"
            )
        super().__init__(
            generator,
            discriminator
            or ACGANDiscriminator(
                image_shape,
                num_classes,
                filters,
                discriminator_normalization(spectral_normalization, **kwargs),
            ),
            image_shape=image_shape,
            num_classes=num_classes,
            latent_dim=latent_dim,
            filters=filters,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )
        self.class_loss_weight = class_loss_weight

    @classmethod
    def starting_point(cls, image_shape):
        adam = decaying("Adam", 2e-4, beta_1=0.5)
        recipe = {
            "batch_size": 64,
            **for_both(adam),
        }
        return {"filters": 32, "ema_momentum": 0.999}, recipe

    def discriminator_inputs(self, examples, inputs):
        return examples

    def check_outputs(self, outputs, examples):
        shape = tuple(outputs[1].shape)
        if shape[1:] != (self.num_classes,):
            raise ValueError(
                "discriminator must make class logits of shape (batch, "
                f"num_classes). Received: num_classes={self.num_classes}, and "
                f"a discriminator whose second output has shape {shape}"
            )

    def train_step(self, data):
        examples, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(examples)[0] // self.discriminator_steps

        # 1. For k steps: sample latents and fresh real examples with their
        #    labels; the discriminator ascends L_S + L_C.
        for real, labels in self.split_batch(
            (examples, y), self.discriminator_steps
        ):

            def discriminator_loss(real=real, labels=labels):
                inputs = self.draw_inputs(n, labels)
                fake = ops.stop_gradient(self.generator(inputs, training=True))
                real_outputs, fake_outputs, penalty = self.judge_both(
                    real, fake, inputs
                )
                real_logits, real_classes = real_outputs
                fake_logits, fake_classes = fake_outputs
                loss = self.loss_of_discriminator(real_logits, fake_logits)
                class_loss = acgan_class_loss(
                    real_classes, labels
                ) + acgan_class_loss(fake_classes, labels)
                loss = ops.cast(loss, "float32") + penalty
                return loss + self.class_loss_weight * class_loss, class_loss

            d_loss, class_loss = self.minimize(
                discriminator_loss,
                self.discriminator_optimizer,
                self.discriminator,
            )

        # 2. Sample latents anew; the generator ascends L_C - L_S.
        def generator_loss():
            inputs = self.draw_inputs(n, labels)
            fake = self.generator(inputs, training=True)
            fake_logits, fake_classes = self.judge(fake, inputs)
            loss = self.loss_of_generator(fake_logits, real, inputs)
            class_loss = acgan_class_loss(fake_classes, labels)
            loss = loss + self.regularize_generator(fake, inputs)
            loss = ops.cast(loss, "float32")
            return loss + self.class_loss_weight * class_loss

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, class_loss=class_loss)

    def losses_in_test(self, real, fake, inputs):
        (real_logits, real_classes), (fake_logits, fake_classes) = (
            self.discriminator(x, training=False) for x in (real, fake)
        )
        logs = self.test_losses(real_logits, fake_logits)
        of_fake = acgan_class_loss(fake_classes, inputs[1])
        class_loss = acgan_class_loss(real_classes, inputs[1]) + of_fake
        return {
            "d_loss": logs["d_loss"] + self.class_loss_weight * class_loss,
            "g_loss": logs["g_loss"] + self.class_loss_weight * of_fake,
            "class_loss": class_loss,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "class_loss_weight": self.class_loss_weight,
        }


# ---- losses ---------------------------------------------------------------


def acgan_class_loss(class_logits, labels):
    """`-E[log P(class y | x)]`, a half of the paper's L_C (equation 3).

    Args:
        class_logits: `(batch, num_classes)`.
        labels: Integers `(batch,)`.

    Returns:
        Scalar tensor, float32.
    """
    class_logits = ops.cast(class_logits, "float32")
    return ops.mean(
        ops.sparse_categorical_crossentropy(
            labels, class_logits, from_logits=True
        )
    )
