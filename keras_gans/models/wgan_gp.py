"""WGAN-GP: "Improved Training of Wasserstein GANs" (Gulrajani et al., 2017).

https://arxiv.org/abs/1704.00028

WGAN without clipped weights. A function is 1-Lipschitz if its gradient's norm
is at most 1 everywhere, and the best one has norm 1 on the lines between real
and generated examples, so the discriminator (the paper's critic) descends

    E[D(G(z))] - E[D(x)] + w E[(||grad D(x')||_2 - 1)^2],

with x' uniform on the line between an x and a G(z), a point per example.

Deviations from the paper: the root has 1e-12 inside, so that a gradient of
zero gives no NaN; the fakes of the five discriminator steps are made in one
pass of the generator, which does not change between them (its batch
normalization sees the five batches as one), and the real and the generated
examples of a step go through the discriminator, which must not mix them, as
one batch. The defaults of `compile()` are algorithm 1's: Adam at 1e-4 for ever.
The authors' code for CIFAR-10 starts at 2e-4 and falls linearly to 0 over
100,000 generator updates, which takes schedules of one's own
(`PolynomialDecay`, over five times as many steps for the discriminator). It
draws the weights of a
convolution from a range that the mean of the inputs and the outputs gives,
where He's initialization here takes the inputs: another one in the first
convolution (27 inputs, 1,152 outputs) alone. Adam's epsilon is Keras's 1e-7,
where their framework has 1e-8.
"""

import keras
from keras import ops

from keras_gans import penalties
from keras_gans.augmentation import DiffAugment
from keras_gans.checks import check_integer, check_weight
from keras_gans.losses import (
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gans.models.resnet import ResNetDiscriminator, ResNetGenerator
from keras_gans.models.sampling import SamplingModel
from keras_gans.models.starting import STEPS, rates


@keras.saving.register_keras_serializable("keras_gans")
class WGANGP(SamplingModel):
    """Wasserstein GAN with gradient penalty.

    Example:

    ```python
    gan = keras_gans.WGANGP(image_shape=(32, 32, 3))
    gan.compile()
    # Five discriminator steps take five fresh batches of 64.
    gan.fit(keras_gans.datasets.load("cifar10", batch_size=5 * 64), epochs=640)
    ```

    The logs have `gp` beside the losses: the penalty before its weight.
    `d_loss` contains the weighted penalty in training; in `evaluate`, which
    has no penalty, it does not.

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for the paper's `ResNetGenerator`.
        discriminator: `keras.Model` without BatchNormalization, examples to
            scores; `None` for the paper's `ResNetDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width of the default networks.
        discriminator_steps: Integer, the paper's n_critic. The batch of `fit`
            is split into as many fresh batches.
        gp_weight: Float, the paper's lambda.
        ema_momentum: Float or `None`, see `SamplingModel`.
        seed: Integer or `None`, of the latents and the points of training.
        **kwargs: `augment` and `example_kind`, see `SamplingModel`, and
            `name`. The penalty is between augmented examples.

    Raises:
        ValueError: If the discriminator has a BatchNormalization layer, which
            the message names.

    Reference:
        Gulrajani et al., "Improved Training of Wasserstein GANs", 2017,
        algorithm 1.
    """

    loss_names = ("d_loss", "g_loss", "gp")
    # Not ADA, which watches the logits' sign: that of a score says nothing.
    augmentations = (DiffAugment,)
    takes_labels = True

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(32, 32, 3),
        latent_dim=128,
        filters=128,
        discriminator_steps=5,
        gp_weight=10.0,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        check_integer("discriminator_steps", discriminator_steps, minimum=1)
        check_weight("gp_weight", gp_weight)
        super().__init__(
            generator or ResNetGenerator(image_shape, latent_dim, filters),
            discriminator or ResNetDiscriminator(image_shape, filters),
            latent_dim,
            ema_momentum=ema_momentum,
            seed=seed,
            **kwargs,
        )
        penalties.check_no_batch_normalization(self.discriminator, "WGANGP")
        self.discriminator_steps = discriminator_steps
        self.gp_weight = gp_weight

    @classmethod
    def starting_point(cls, image_shape):
        # Fewer steps of the discriminator, at a higher rate.
        arguments = {
            "filters": 48,
            "discriminator_steps": 3,
            "ema_momentum": 0.999,
        }
        recipe = {"batch_size": 3 * 32, **rates(STEPS, 2e-4, 4e-4, 3)}
        return arguments, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
        )

    @property
    def batch_divisor(self):
        return self.discriminator_steps

    def train_step(self, data):
        real_batch, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        steps = self.discriminator_steps
        n = ops.shape(real_batch)[0] // steps

        # 1. For n_critic steps: a fresh batch of real examples, one of
        #    latents and one of points between them; descend the loss.
        y = None if y is None else y[: n * steps]
        all_inputs = self.draw_inputs(n * steps, y)
        fake_batch = ops.stop_gradient(
            self.generator(all_inputs, training=True)
        )
        for real, fake, inputs, labels in self.split_batch(  # noqa: B007
            (real_batch, fake_batch, all_inputs, y), steps
        ):

            def discriminator_loss(real=real, fake=fake, inputs=inputs):
                real, fake = self.augmented(real), self.augmented(fake)
                alpha = self.draw(
                    keras.random.uniform, (n,) + (1,) * (len(real.shape) - 1)
                )
                network = penalties.float32(self.discriminator)
                penalty = penalties.gradient_penalty(
                    lambda x: network(self.discriminator_inputs(x, inputs)),
                    real,
                    fake,
                    alpha,
                )
                # Last: what layers add to the loss is of their last call.
                both = ops.concatenate([ops.cast(real, fake.dtype), fake])
                twice = keras.tree.map_structure(
                    lambda x: ops.concatenate([x, x]), inputs
                )
                logits = self.discriminator(
                    self.discriminator_inputs(both, twice), training=True
                )
                loss = wasserstein_discriminator_loss(logits[:n], logits[n:])
                loss = ops.cast(loss, "float32") + self.gp_weight * penalty
                return loss, penalty

            d_loss, penalty = self.minimize(
                discriminator_loss,
                self.discriminator_optimizer,
                self.discriminator,
            )

        # 2. Sample latents anew, and descend -E[D(G(z))].
        def generator_loss():
            inputs = self.draw_inputs(n, labels)
            fake = self.augmented(self.generator(inputs, training=True))
            return wasserstein_generator_loss(
                self.discriminator(
                    self.discriminator_inputs(fake, inputs), training=True
                )
            )

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, gp=penalty)

    def test_losses(self, real_logits, fake_logits):
        return {
            "d_loss": wasserstein_discriminator_loss(real_logits, fake_logits),
            "g_loss": wasserstein_generator_loss(fake_logits),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "discriminator_steps": self.discriminator_steps,
            "gp_weight": self.gp_weight,
        }
