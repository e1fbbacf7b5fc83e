"""EBGAN: "Energy-based Generative Adversarial Network" (Zhao et al., 2016).

https://arxiv.org/abs/1609.03126

The discriminator gives each example an energy, low where data are. It is an
autoencoder, and the energy the error of its reconstruction,
D(x) = ||Dec(Enc(x)) - x||. With a margin m discriminator and generator descend

    L_D = D(x) + max(0, m - D(G(z))),   L_G = D(G(z)) + w PT,
    PT = 1 / (N (N - 1)) * sum over i, j != i of cos^2(S_i, S_j).

PT is the pulling-away term, of the codes S = Enc(G(z)) of a batch of N: it
turns the codes away from each other, so that samples differ. It is the
generator's alone, and its cosine is squared.

With a `balance` it is the game of BEGAN instead ("BEGAN: Boundary Equilibrium
Generative Adversarial Networks", Berthelot et al., 2017,
https://arxiv.org/abs/1703.10717), where not a margin but a weight k, which is
a variable, keeps D(G(z)) at a share gamma of D(x):

    L_D = D(x) - k D(G(z)),   L_G = D(G(z)),
    k <- clip(k + r (gamma D(x) - D(G(z))), 0, 1),

and M = D(x) + |gamma D(x) - D(G(z))| says how far training has come.

Deviations from the papers: the energy is the mean square of the differences,
over the values of an example; so is the margin, which is therefore not the
paper's (10 for digits). Good margins are near the energy of real examples
after some hundred steps (`real_energy` in the logs). Networks are perceptrons
with one hidden layer in the autoencoder, as in the paper's best for digits,
but for LeakyReLU; Adam's beta_1 is 0.5. BEGAN's networks are convolutional,
its energy the mean absolute difference: networks can be your own.
"""

import math

import keras
from keras import layers, ops

from keras_gans import backend, example_kinds
from keras_gans.checks import check_example_shape, check_weight
from keras_gans.layers import output_dtype
from keras_gans.models.gan import GANGenerator
from keras_gans.models.sampling import SamplingModel
from keras_gans.models.starting import decaying, for_both

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class EBGANDiscriminator(keras.Model):
    """Perceptron, examples to `[reconstruction, code]`: an autoencoder.

    Args:
        example_shape: Shape of one example without the batch.
        units: Integers, the widths of the encoder's layers, the last of which
            is the code. The decoder has the same in reverse.
        example_kind: See `GANGenerator`: the reconstruction ends as that does.
    """

    def __init__(
        self,
        example_shape=(28, 28, 1),
        units=(1024,),
        example_kind=None,
        name="discriminator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        example_kind = example_kinds.resolve(example_shape, example_kind)
        if not units:
            raise ValueError(
                "units must be one width or more, the last of which is the "
                f"code's. Received: units={units!r}"
            )
        inputs = keras.Input(example_shape, name="examples")
        x = layers.Flatten()(inputs)
        for width in units:
            x = layers.LeakyReLU(0.2)(layers.Dense(width)(x))
        code = x
        for width in reversed(units[:-1]):
            x = layers.LeakyReLU(0.2)(layers.Dense(width)(x))
        x = layers.Dense(
            math.prod(example_shape),
            activation=example_kinds.get(example_kind).activation,
            dtype=output_dtype(),
        )(x)
        reconstruction = layers.Reshape(example_shape, dtype=output_dtype())(x)
        super().__init__(inputs, [reconstruction, code], name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "units": list(units),
            "example_kind": example_kind,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


class _Equilibrium(layers.Layer):
    """BEGAN's k, a variable: part of a checkpoint, and one for all replicas."""

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        # Every replica computes the same: any one's will do.
        self.k = self.add_weight(
            (),
            "zeros",
            name="k",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True


@keras.saving.register_keras_serializable("keras_gans")
class EBGAN(SamplingModel):
    """A GAN whose discriminator is an autoencoder.

    Example:

    ```python
    gan = keras_gans.EBGAN(example_shape=(28, 28, 1), margin=0.1)
    gan.compile()
    gan.fit(keras_gans.datasets.load("mnist", batch_size=128), epochs=20)
    digits = gan.generate(64, seed=0)  # uint8, (64, 28, 28, 1)
    ```

    A discriminator of any two networks, an encoder and a decoder:

    ```python
    x = keras.Input((28, 28, 1))
    code = encoder(x)
    gan = keras_gans.EBGAN(discriminator=keras.Model(x, [decoder(code), code]))
    ```

    and BEGAN's balance in place of the margin:

    ```python
    gan = keras_gans.EBGAN(balance=0.5, pulling_away_weight=0.0)
    ```

    The logs have, beside the losses, `real_energy`, the mean of D(x), and
    `pulling_away`, the term before its weight; with a `balance` also
    `convergence`, the paper's M. `g_loss` contains the weighted term in
    training; in `evaluate`, which has none, it does not.

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for a `GANGenerator`.
        discriminator: `keras.Model`, examples to `[reconstruction, code]`,
            the one of the examples' shape, the other `(batch, ...)`; `None`
            for an `EBGANDiscriminator`.
        example_shape: Shape of one example without the batch, for the default
            networks.
        latent_dim: Integer, the size of a latent vector.
        margin: Float, the energy from which on generated examples are high
            enough, as a mean square. Not used with a `balance`.
        pulling_away_weight: Float, of the pulling-away term; the paper's 0.1,
            0 for none.
        balance: Float in (0, 1], BEGAN's gamma (0.5), or `None` for a margin.
            Less makes better samples that vary less.
        balance_rate: Float, BEGAN's lambda_k: how fast k follows.
        ema_momentum: Float or `None`, see `SamplingModel`.
        example_kind: What examples are, see `SamplingModel`.
        seed: Integer or `None`, of the latents of training.
        name: String, the name of the model.

    References:
        Zhao et al., "Energy-based Generative Adversarial Network", 2016.
        Berthelot et al., "BEGAN: Boundary Equilibrium Generative Adversarial
        Networks", 2017.
    """

    loss_names = (
        "d_loss",
        "g_loss",
        "real_energy",
        "pulling_away",
        "convergence",
    )
    discriminator_outputs = ("reconstruction", "code")

    def __init__(
        self,
        generator=None,
        discriminator=None,
        example_shape=(28, 28, 1),
        latent_dim=100,
        margin=0.1,
        pulling_away_weight=0.1,
        balance=None,
        balance_rate=1e-3,
        ema_momentum=None,
        seed=None,
        example_kind=None,
        **kwargs,
    ):
        check_weight("margin", margin)
        check_weight("pulling_away_weight", pulling_away_weight)
        check_weight("balance_rate", balance_rate)
        if balance is not None and not 0.0 < balance <= 1.0:
            raise ValueError(
                "balance must be a float above 0 and at most 1, or None for "
                f"a margin. Received: balance={balance}"
            )
        super().__init__(
            generator
            or GANGenerator(
                example_shape, latent_dim, example_kind=example_kind
            ),
            discriminator
            or EBGANDiscriminator(example_shape, example_kind=example_kind),
            latent_dim,
            ema_momentum=ema_momentum,
            example_kind=example_kind,
            seed=seed,
            **kwargs,
        )
        self.margin = margin
        self.pulling_away_weight = pulling_away_weight
        self.balance = balance
        self.balance_rate = balance_rate
        if balance is not None:
            self.equilibrium = _Equilibrium(name="equilibrium")

    @classmethod
    def starting_point(cls, image_shape):
        adam = decaying("Adam", 1e-3, beta_1=0.5)
        recipe = {
            "batch_size": 64,
            **for_both(adam),
        }
        return {"ema_momentum": 0.999}, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(1e-3, beta_1=0.5),
            keras.optimizers.Adam(1e-3, beta_1=0.5),
        )

    def check_outputs(self, outputs, examples):
        if outputs[0].shape != examples.shape:
            raise ValueError(
                "discriminator must make a reconstruction of the examples' "
                f"shape, {tuple(examples.shape)}. Received: a discriminator "
                f"whose first output has shape {tuple(outputs[0].shape)}"
            )

    def logits_of(self, outputs, examples):
        return -reconstruction_energy(outputs[0], examples)

    def train_step(self, data):
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(real)[0]

        # 1. Sample latents; the discriminator lowers the energy of real
        #    examples, and lifts that of generated ones.
        def discriminator_loss():
            fake = self.generator(self.sample_latents(n), training=True)
            fake_energy, _ = self.judge(ops.stop_gradient(fake))
            real_energy, _ = self.judge(real)
            loss = self.loss_of_discriminator(real_energy, fake_energy)
            return loss, real_energy

        d_loss, real_energy = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )

        # 2. Sample latents anew; the generator lowers the energy of its
        #    examples, and pulls the codes of the global batch apart.
        def generator_loss():
            fake = self.generator(self.sample_latents(n), training=True)
            fake_energy, codes = self.judge(fake)
            term = pulling_away_term(backend.all_gather(codes))
            loss = ebgan_generator_loss(fake_energy)
            return loss + self.pulling_away_weight * term, (fake_energy, term)

        g_loss, (fake_energy, term) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        logs = {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "real_energy": ops.mean(real_energy),
            "pulling_away": term,
        }

        # 3. With a balance: move k by what is missing of it.
        if self.balance is not None:
            logs["convergence"] = self.update_balance(real_energy, fake_energy)
        self.update_ema_generator()
        return self.track(**logs)

    # ---- the pieces of the step -------------------------------------------

    def judge(self, examples):
        """Energies in training, `(batch,)`, and codes in float32."""
        reconstruction, code = self.discriminator(examples, training=True)
        energy = reconstruction_energy(reconstruction, examples)
        return energy, ops.cast(code, "float32")

    def loss_of_discriminator(self, real_energy, fake_energy):
        """With a margin, or with a balance."""
        if self.balance is None:
            return ebgan_discriminator_loss(
                real_energy, fake_energy, self.margin
            )
        return began_discriminator_loss(
            real_energy, fake_energy, self.equilibrium.k.value
        )

    def update_balance(self, real_energy, fake_energy):
        """Updates BEGAN's k, and returns its measure M."""
        real, fake = (
            ops.mean(backend.all_gather(x)) for x in (real_energy, fake_energy)
        )
        missing = self.balance * real - fake
        k = self.equilibrium.k
        k.assign(ops.clip(k.value + self.balance_rate * missing, 0.0, 1.0))
        return real + ops.abs(missing)

    def losses_in_test(self, real, fake, inputs):
        real_energy, fake_energy = (
            reconstruction_energy(self.discriminator(x, training=False)[0], x)
            for x in (real, fake)
        )
        return {
            "d_loss": self.loss_of_discriminator(real_energy, fake_energy),
            "g_loss": ebgan_generator_loss(fake_energy),
            "real_energy": ops.mean(real_energy),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "margin": self.margin,
            "pulling_away_weight": self.pulling_away_weight,
            "balance": self.balance,
            "balance_rate": self.balance_rate,
        }


# ---- losses ---------------------------------------------------------------


def reconstruction_energy(reconstruction, examples):
    """The mean squared difference of each example, `(batch,)`, in float32.

    Args:
        reconstruction: What an autoencoder made of them, of their shape.
        examples: `(batch, ...)`.
    """
    difference = ops.cast(reconstruction, "float32") - ops.cast(
        examples, "float32"
    )
    axes = tuple(range(1, len(difference.shape)))
    return ops.mean(ops.square(difference), axis=axes)


def ebgan_discriminator_loss(real_energy, fake_energy, margin):
    """`E[D(x)] + E[max(0, m - D(G(z)))]` (Zhao et al., 2016, equation 1).

    Args:
        real_energy: Energies of real examples, `(batch,)`.
        fake_energy: Energies of generated examples.
        margin: Float, the paper's m, in the energies' unit.

    Returns:
        Scalar tensor.
    """
    return ops.mean(real_energy) + ops.mean(ops.relu(margin - fake_energy))


def ebgan_generator_loss(fake_energy):
    """`E[D(G(z))]` (Zhao et al., 2016, equation 2), BEGAN's as well.

    Args:
        fake_energy: Energies of generated examples, `(batch,)`.

    Returns:
        Scalar tensor.
    """
    return ops.mean(fake_energy)


def began_discriminator_loss(real_energy, fake_energy, k):
    """`E[D(x)] - k E[D(G(z))]` (Berthelot et al., 2017, section 3.4).

    Args:
        real_energy: Energies of real examples, `(batch,)`.
        fake_energy: Energies of generated examples.
        k: Scalar in [0, 1].

    Returns:
        Scalar tensor.
    """
    return ops.mean(real_energy) - k * ops.mean(fake_energy)


def pulling_away_term(codes):
    """The mean squared cosine between two codes (Zhao et al., equation 5).

    Squares throughout: no root, whose slope at zero is infinite. A code of
    zeros has the cosine 0 with all others. Of a batch of one the term is 0.

    Args:
        codes: `(batch, ...)`, the encoder's output for generated examples.

    Returns:
        Scalar tensor in [0, 1].
    """
    # Of what was gathered from replicas no size is known before it runs.
    codes = ops.reshape(codes, (ops.shape(codes)[0], -1))
    products = ops.square(ops.matmul(codes, ops.transpose(codes)))
    norms = ops.sum(ops.square(codes), axis=-1)
    cosines = products / (norms[:, None] * norms[None] + 1e-12)
    number = ops.arange(ops.shape(codes)[0])
    others = ops.cast(number[:, None] != number[None], cosines.dtype)
    return ops.sum(others * cosines) / ops.maximum(ops.sum(others), 1.0)
