"""A model of one's own: a list of networks, a dict of them, and a third player.

As a user would write it, for tests of all that a model promises.
"""

import keras
from cases import LATENT_DIM
from keras import layers, ops

import keras_gans
from keras_gans import losses


@keras.saving.register_keras_serializable("tests")
class ThreePlayers(keras_gans.SamplingModel):
    """Two discriminators, and an encoder that finds the latents again."""

    players = {
        "generator": ("generator",),
        "discriminator": ("discriminators",),
        "encoder": ("encoders",),
    }
    collections = ("discriminators", "encoders")
    loss_names = ("d_loss", "g_loss", "e_loss")

    def default_optimizers(self):
        return tuple(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(3))

    def train_step(self, data):
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(real)[0]
        latents = self.sample_latents(n)

        def discriminator_loss():
            fake = ops.stop_gradient(self.generator(latents, training=True))
            return sum(
                float32(losses.hinge_discriminator_loss(d(real), d(fake)))
                for d in self.discriminators
            )

        def generator_loss():
            fake = self.generator(latents, training=True)
            return sum(
                float32(losses.hinge_generator_loss(d(fake)))
                for d in self.discriminators
            ) + self.reconstruction(fake, latents)

        def encoder_loss():
            fake = ops.stop_gradient(self.generator(latents, training=True))
            return self.reconstruction(fake, latents)

        d_loss = self.minimize(
            discriminator_loss,
            self.discriminator_optimizer,
            self.discriminators,
        )
        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        e_loss = self.minimize(
            encoder_loss, self.encoder_optimizer, self.encoders
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, e_loss=e_loss)

    def reconstruction(self, fake, latents):
        found = self.encoders["shift"](fake) * self.encoders["scale"](fake)
        return ops.mean(ops.square(float32(found) - latents))


def float32(x):
    return ops.cast(x, "float32")


def perceptron(inputs, outputs, width=6):
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(width, activation="leaky_relu"),
            layers.Dense(outputs),
        ]
    )


def three_players(**kwargs):
    return ThreePlayers(
        generator=perceptron(LATENT_DIM, 2),
        discriminators=[perceptron(2, 1), perceptron(2, 1, width=3)],
        encoders={
            "shift": perceptron(2, LATENT_DIM),
            "scale": perceptron(2, LATENT_DIM),
        },
        latent_dim=LATENT_DIM,
        **kwargs,
    )
