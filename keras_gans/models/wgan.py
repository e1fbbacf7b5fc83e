"""WGAN: "Wasserstein GAN" (Arjovsky, Chintala and Bottou, 2017).

https://arxiv.org/abs/1701.07875

The discriminator (the paper calls it critic) gives scores without a bound.
Over all 1-Lipschitz functions its best gap between real and generated
examples is the Wasserstein-1 distance, which the generator lowers:

    min_G max_{D 1-Lipschitz} E[D(x)] - E[D(G(z))].

The slope of D is bounded by clipping all of its weights to [-c, c] after
every update, so it is a distance up to an unknown factor.

Deviations from the paper: the default networks are this package's DCGAN pair
(kernels of 4x4), and the fakes of the five discriminator steps are made in one
pass of the generator, which does not change between them; its batch
normalization therefore sees the five batches as one. The authors' code takes
100 discriminator steps for each of the first 25 of the generator and for every
500th, which is not done here. RMSprop is set to move as theirs; one of your own
wants `epsilon=1e-16` for that, because Keras adds its epsilon within the root.
"""

import keras
from keras import ops

from keras_gans.augmentation import DiffAugment
from keras_gans.checks import check_integer, check_weight
from keras_gans.losses import (
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator
from keras_gans.models.sampling import SamplingModel
from keras_gans.models.starting import STEPS, decaying


@keras.saving.register_keras_serializable("keras_gans")
class WGAN(SamplingModel):
    """Wasserstein GAN with clipped weights.

    Example:

    ```python
    gan = keras_gans.WGAN(image_shape=(28, 28, 1))
    gan.compile()
    # Five discriminator steps take five fresh batches of 64.
    gan.fit(keras_gans.datasets.load("mnist", batch_size=5 * 64), epochs=20)
    ```

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for a `DCGANGenerator`.
        discriminator: `keras.Model`, examples to scores; `None` for a
            `DCGANDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width of the default networks.
        discriminator_steps: Integer, the paper's n_critic. The batch of `fit`
            is split into as many fresh batches.
        clip_value: Float, the paper's c. After every step all trainable
            weights of the discriminator are clipped to [-c, c], those of its
            batch normalization too, as in the authors' code.
        ema_momentum: Float or `None`, see `SamplingModel`.
        seed: Integer or `None`, of the latents of training.
        **kwargs: `augment` and `example_kind`, see `SamplingModel`, and
            `name`.

    Reference:
        Arjovsky et al., "Wasserstein GAN", 2017, algorithm 1.
    """

    # Not ADA, which watches the logits' sign: that of a score says nothing.
    augmentations = (DiffAugment,)

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(64, 64, 3),
        latent_dim=100,
        filters=64,
        discriminator_steps=5,
        clip_value=0.01,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        check_integer("discriminator_steps", discriminator_steps, minimum=1)
        check_weight("clip_value", clip_value)
        if clip_value == 0:
            raise ValueError("clip_value must not be 0. Received: clip_value=0")
        super().__init__(
            generator or DCGANGenerator(image_shape, latent_dim, filters),
            discriminator or DCGANDiscriminator(image_shape, filters),
            latent_dim,
            ema_momentum=ema_momentum,
            seed=seed,
            **kwargs,
        )
        self.discriminator_steps = discriminator_steps
        self.clip_value = clip_value

    @classmethod
    def starting_point(cls, image_shape):
        # The paper's 5e-5 and 0.01 are for runs of a day.
        arguments = {"filters": 32, "clip_value": 0.05, "ema_momentum": 0.999}
        recipe = {
            "batch_size": 5 * 32,
            "steps": STEPS,
            "generator_optimizer": decaying("RMSprop", 5e-4, rho=0.99),
            "discriminator_optimizer": decaying(
                "RMSprop", 5e-4, 5 * STEPS, rho=0.99
            ),
        }
        return arguments, recipe

    def default_optimizers(self):
        # The authors' framework decays by 0.99 and adds 1e-8 to the root of
        # the mean square. Keras adds within the root, where its 1e-7 would be
        # more than the small gradients of clipped weights.
        return tuple(
            keras.optimizers.RMSprop(5e-5, rho=0.99, epsilon=1e-16)
            for _ in range(2)
        )

    @property
    def batch_divisor(self):
        return self.discriminator_steps

    def train_step(self, data):
        real_batch, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        steps = self.discriminator_steps
        n = ops.shape(real_batch)[0] // steps

        # 1. For n_critic steps: a fresh batch of real examples and one of
        #    latents; ascend E[D(x)] - E[D(G(z))], then clip the weights.
        fake_batch = ops.stop_gradient(
            self.generator(self.sample_latents(n * steps), training=True)
        )
        for real, fake in self.split_batch((real_batch, fake_batch), steps):
            d_loss = self.minimize(
                lambda real=real, fake=fake: wasserstein_discriminator_loss(
                    self.discriminator(self.augmented(real), training=True),
                    self.discriminator(self.augmented(fake), training=True),
                ),
                self.discriminator_optimizer,
                self.discriminator,
            )
            for weight in self.discriminator.trainable_variables:
                weight.assign(
                    ops.clip(weight, -self.clip_value, self.clip_value)
                )

        # 2. Sample latents anew, and descend -E[D(G(z))].
        def generator_loss():
            fake = self.generator(self.sample_latents(n), training=True)
            return wasserstein_generator_loss(
                self.discriminator(self.augmented(fake), training=True)
            )

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss)

    def test_losses(self, real_logits, fake_logits):
        return {
            "d_loss": wasserstein_discriminator_loss(real_logits, fake_logits),
            "g_loss": wasserstein_generator_loss(fake_logits),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "discriminator_steps": self.discriminator_steps,
            "clip_value": self.clip_value,
        }
