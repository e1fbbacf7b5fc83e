"""InfoGAN: "InfoGAN: Interpretable Representation Learning by Information
Maximizing Generative Adversarial Nets" (Chen et al., 2016).

https://arxiv.org/abs/1606.03657

Latents are noise z and codes c, and nobody says what a code is to mean. A
network Q, which shares the discriminator's body, finds the codes again in what
was made of them; where it can, the code is to be seen in the example. What Q
finds bounds the mutual information of code and example from below,

    L_I(G, Q) = E[log Q(c | G(z, c))] + H(c)  <=  I(c; G(z, c)),

and generator and Q ascend it, with a weight w, beside the game of GANs:

    min over G and Q, max over D, of  V(D, G) - w L_I(G, Q).

Of a categorical code log Q is a cross-entropy; of a continuous one, uniform in
[-1, 1], it is the logarithm of a normal density whose mean Q finds and whose
variance is fixed at 1, as in the authors' code for MNIST (their code for other
data learns it): half of the squared error, but for a constant.

Deviations from the paper: the body of D and Q, which the paper counts to
neither, is trained with the discriminator's loss and Q's together, as in the
authors' code; networks are those of DCGAN without the hidden dense layers of
1,024 units; the noise is normal instead of uniform; Adam's epsilon is Keras's
1e-7, where the authors' framework has 1e-8.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_gans import backend, losses
from keras_gans.checks import check_integer, check_weight
from keras_gans.layers import (
    dcgan_discriminator_stack,
    discriminator_normalization,
    logits_layer,
    output_dtype,
)
from keras_gans.models.data_checks import check_labels_of
from keras_gans.models.dcgan import DCGANGenerator
from keras_gans.models.gan import GAN
from keras_gans.models.inference import compiled
from keras_gans.models.starting import STEPS, decaying

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class InfoGANDiscriminator(keras.Model):
    """Images to `[logits, codes]`: D and Q, two heads of one body.

    What Q finds, `(batch, code_dim)`, are logits for each value of the
    categorical codes, and then the means of the continuous ones.

    Args:
        image_shape: `(height, width, channels)`.
        code_dim: Integer, the size of all codes together.
        filters: Integer, the width, as in `DCGANDiscriminator`.
        units: Integer, the width of Q's hidden layer.
        normalization: `"batch"`, `"spectral"` (of the body and D) or `None`.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        code_dim=12,
        filters=64,
        units=128,
        normalization="batch",
        name="discriminator",
        **kwargs,
    ):
        check_integer("code_dim", code_dim, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("units", units, minimum=1)
        images = keras.Input(image_shape, name="images")
        x = dcgan_discriminator_stack(
            images, image_shape, filters, normalization
        )
        features = layers.Flatten()(x)
        logits = logits_layer(normalization == "spectral")(features)
        x = layers.Dense(units, use_bias=normalization != "batch")(features)
        if normalization == "batch":
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = layers.LeakyReLU(0.2)(x)
        codes = layers.Dense(code_dim, dtype=output_dtype())(x)
        super().__init__(images, [logits, codes], name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "code_dim": code_dim,
            "filters": filters,
            "units": units,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class InfoGAN(GAN):
    """A GAN that finds out by itself what its samples differ in.

    Example:

    ```python
    gan = keras_gans.InfoGAN(
        image_shape=(28, 28, 1), categorical_codes=(10,), continuous_codes=2
    )
    gan.compile()
    gan.fit(keras_gans.datasets.load("mnist", batch_size=128), epochs=20)
    alike = gan.generate(64, labels=3, seed=0)  # uint8, (64, 28, 28, 1)
    # Rows of noise, columns of the first continuous code from -2 to 2.
    swept = gan.traverse(1, n_rows=10, seed=0)  # uint8, (10, 10, 28, 28, 1)
    ```

    The generator takes one vector, `(batch, latent_dim)`: noise, then each
    categorical code as a one-hot vector, then the continuous codes. So any
    generator of latents will do, and codes of one's own are the end of what
    `gan(latents)` is given. `generate` draws all codes, but for the first
    categorical one where it has `labels`, integers below
    `categorical_codes[0]`.

    The logs have `info_loss` beside the losses: what the generator's step
    minimizes of `-E[log Q(c | G(z, c))]`, before its weight, without the
    constant of the normal densities. Codes that are not found cost the
    logarithm of the categories (2.3 for ten) and 1/6 for each continuous one.
    `d_loss` and `g_loss` contain it, weighted.

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for a `DCGANGenerator`.
        discriminator: `keras.Model`, examples to `[logits, codes]`, see
            `InfoGANDiscriminator`, which is made for `None`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of what the generator takes: noise and
            codes. The paper's 74 are 62 and 12.
        categorical_codes: Integers, how many values each of the categorical
            codes has; `()` for none.
        continuous_codes: Integer, the number of continuous codes.
        filters: Integer, the width of the default networks.
        info_weight: Float, the paper's lambda.
        spectral_normalization: Boolean, normalize the default discriminator
            by its spectral norms instead of by batches.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        **kwargs: Those of `GAN` but `packing`: `discriminator_steps`,
            `label_smoothing`, `augment`, `ema_momentum`, `seed`, `name`,
            penalties and others. With an `r1_weight` or `r2_weight` the
            default discriminator has no BatchNormalization.

    Reference:
        Chen et al., "InfoGAN: Interpretable Representation Learning by
        Information Maximizing Generative Adversarial Nets", 2016.
    """

    loss_names = ("d_loss", "g_loss", "info_loss")
    discriminator_outputs = ("logits", "codes")
    takes_labels = False  # Codes are in their place.
    packs = False  # They are found in one example at a time.

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(28, 28, 1),
        latent_dim=74,
        categorical_codes=(10,),
        continuous_codes=2,
        filters=64,
        info_weight=1.0,
        spectral_normalization=False,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        **kwargs,
    ):
        _check_codes(categorical_codes, continuous_codes, latent_dim)
        check_weight("info_weight", info_weight)
        self.categorical_codes = tuple(int(size) for size in categorical_codes)
        self.continuous_codes = continuous_codes
        self.code_dim = sum(categorical_codes) + continuous_codes
        super().__init__(
            generator or DCGANGenerator(image_shape, latent_dim, filters),
            discriminator
            or InfoGANDiscriminator(
                image_shape,
                self.code_dim,
                filters,
                normalization=discriminator_normalization(
                    spectral_normalization, **kwargs
                ),
            ),
            latent_dim=latent_dim,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )
        self.info_weight = info_weight

    @classmethod
    def starting_point(cls, image_shape):
        arguments = {
            "filters": 32,
            "label_smoothing": 0.1,
            "ema_momentum": 0.999,
        }
        recipe = {
            "batch_size": 64,
            "steps": STEPS,
            "generator_optimizer": decaying("Adam", 1e-3, beta_1=0.5),
            "discriminator_optimizer": decaying("Adam", 2e-4, beta_1=0.5),
        }
        return arguments, recipe

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(1e-3, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
        )

    def check_outputs(self, outputs, examples):
        shape = tuple(outputs[1].shape)
        if shape[1:] != (self.code_dim,):
            raise ValueError(
                "discriminator must find codes of shape (batch, "
                f"{self.code_dim}): logits of the categorical ones, and the "
                "continuous ones. Received: categorical_codes="
                f"{self.categorical_codes}, continuous_codes="
                f"{self.continuous_codes}, and a discriminator whose second "
                f"output has shape {shape}"
            )

    def train_step(self, data):
        examples, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(examples)[0] // self.discriminator_steps

        # 1. For k steps: sample noise and codes, and fresh real examples;
        #    D descends its loss, Q and their body descend Q's as well.
        for real in self.split_batch(examples, self.discriminator_steps):

            def discriminator_loss(real=real):
                latents = self.draw_inputs(n)
                fake = ops.stop_gradient(self.generator(latents, training=True))
                (real_logits, _), (fake_logits, found), penalty = (
                    self.judge_both(real, fake, latents)
                )
                loss = self.loss_of_discriminator(real_logits, fake_logits)
                loss = ops.cast(loss, "float32") + penalty
                return loss + self.info_weight * self.info_loss(found, latents)

            d_loss = self.minimize(
                discriminator_loss,
                self.discriminator_optimizer,
                self.discriminator,
            )

        # 2. Sample noise and codes anew; the generator descends its loss and
        #    Q's.
        def generator_loss():
            latents = self.draw_inputs(n)
            fake = self.generator(latents, training=True)
            fake_logits, found = self.judge(fake, latents)
            loss = self.loss_of_generator(fake_logits, real, latents)
            info_loss = self.info_loss(found, latents)
            loss = loss + self.regularize_generator(fake, latents)
            loss = ops.cast(loss, "float32")
            return loss + self.info_weight * info_loss, info_loss

        g_loss, info_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, info_loss=info_loss)

    def info_loss(self, found, latents):
        """`infogan_info_loss` of the codes at the end of latents."""
        codes = latents[:, self.latent_dim - self.code_dim :]
        return infogan_info_loss(found, codes, self.categorical_codes)

    def losses_in_test(self, real, fake, inputs):
        real_logits, _ = self.discriminator(real, training=False)
        fake_logits, found = self.discriminator(fake, training=False)
        logs = self.test_losses(real_logits, fake_logits)
        info_loss = self.info_loss(found, inputs)
        logs = {k: v + self.info_weight * info_loss for k, v in logs.items()}
        return {**logs, "info_loss": info_loss}

    # ---- codes ------------------------------------------------------------

    def generator_inputs(self, latents, labels):
        """Latents whose last values are codes in place of normal numbers.

        The same numbers decide: of those in a categorical code's place the
        largest, which is each one equally often; and of a continuous code's
        the share of normal numbers that are less, scaled to [-1, 1].

        Args:
            latents: Standard normal, `(batch, latent_dim)`.
            labels: Integers `(batch,)`, the first categorical code; `None`
                for what is drawn.
        """
        start = self.latent_dim - self.code_dim
        parts = [latents[:, :start]]
        dtype = keras.backend.standardize_dtype(latents.dtype)
        for i, size in enumerate(self.categorical_codes):
            chosen = labels
            if i > 0 or labels is None:
                chosen = ops.argmax(latents[:, start : start + size], axis=-1)
            parts.append(ops.one_hot(chosen, size, dtype=dtype))
            start += size
        parts.append(ops.erf(latents[:, start:] / math.sqrt(2.0)))
        made = ops.concatenate(parts, axis=-1)
        if isinstance(latents, np.ndarray):
            return ops.convert_to_numpy(made)
        return made

    @property
    def num_labels(self):
        return self.categorical_codes[0] if self.categorical_codes else 0

    def check_labels(self, labels, n):
        if labels is None:
            return None
        if not self.categorical_codes:
            raise ValueError(
                "labels must be None without a categorical code. Received: "
                f"labels={labels!r}"
            )
        return check_labels_of(labels, n, self.categorical_codes[0])

    def traverse(self, code, n_rows=10, n_columns=10, reach=2.0, seed=None):
        """What one code does, as in the paper's figure 2.

        In a row all is the same but this code, which goes through its values.
        Rows differ in noise and in all other codes; where it is not the one
        that is swept, the first categorical code takes its values in turn.

        Args:
            code: Integer, counted through the categorical codes and then the
                continuous ones: of the paper's for MNIST 0 is the digit.
            n_rows: Integer.
            n_columns: Integer, the values of a continuous code; a categorical
                one has a column for each of its own.
            reach: Float; a continuous code goes from `-reach` to `reach`. In
                training it is at most 1, in the paper's figure 2.
            seed: Integer or `None` for other rows in every call.

        Returns:
            As of `generate`, but `(n_rows, n_columns, ...)`.
        """
        check_integer("code", code, minimum=0)
        check_integer("n_rows", n_rows, minimum=1)
        check_integer("n_columns", n_columns, minimum=1)
        sizes = [*self.categorical_codes, *(1,) * self.continuous_codes]
        if code >= len(sizes):
            raise ValueError(
                f"code must be less than the number of codes, {len(sizes)}. "
                f"Received: code={code}"
            )
        labels = None
        if self.categorical_codes:
            labels = np.arange(n_rows) % self.categorical_codes[0]
        rng = np.random.default_rng(seed)
        rows = rng.standard_normal((n_rows, self.latent_dim)).astype("float32")
        rows = self.generator_inputs(rows, labels)
        values = np.linspace(-reach, reach, n_columns)[:, None]
        if code < len(self.categorical_codes):
            values = np.eye(sizes[code])
        start = self.latent_dim - self.code_dim + sum(sizes[:code])
        backend.sync(self)
        batches = []
        for row in rows:
            batches.append(np.repeat(row[None], len(values), axis=0))
            batches[-1][:, start : start + sizes[code]] = values
        run = compiled(self, "generate", self.inference_network, self._generate)
        return np.stack(list(backend.map_batches(run, batches)))

    def get_config(self):
        return {
            **super().get_config(),
            "categorical_codes": list(self.categorical_codes),
            "continuous_codes": self.continuous_codes,
            "info_weight": self.info_weight,
        }


def _check_codes(categorical_codes, continuous_codes, latent_dim):
    if not isinstance(categorical_codes, (list, tuple)):
        raise ValueError(
            "categorical_codes must be a list of integers, how many values "
            "each code has. Received: categorical_codes="
            f"{categorical_codes!r:.200}"
        )
    for size in categorical_codes:
        check_integer("categorical_codes", size, minimum=2)
    check_integer("continuous_codes", continuous_codes, minimum=0)
    check_integer("latent_dim", latent_dim, minimum=1)
    code_dim = sum(categorical_codes) + continuous_codes
    if not 0 < code_dim <= latent_dim:
        raise ValueError(
            "latent_dim must have room for the codes, of which there must be "
            f"one, as the latents end in them. Received: "
            f"latent_dim={latent_dim}, categorical_codes={categorical_codes}, "
            f"continuous_codes={continuous_codes}"
        )


# ---- losses ---------------------------------------------------------------


def infogan_info_loss(found, codes, categorical_codes):
    """`-E[log Q(c | x)]`, what is missing of L_I but for constants.

    Of each categorical code the cross-entropy, of each continuous one half of
    the squared error: the negative logarithm of a normal density of variance
    1, without its constant `log(2 pi) / 2`. Summed over the codes.

    Args:
        found: `(batch, code_dim)`, what Q makes of the examples: logits of
            the categorical codes, and means of the continuous ones.
        codes: `(batch, code_dim)`, what the examples were made of: one-hot
            vectors, and numbers.
        categorical_codes: Integers, how many values each of those has.

    Returns:
        Scalar tensor, float32.
    """
    found, codes = (ops.cast(x, "float32") for x in (found, codes))
    loss, start = 0.0, 0
    for size in categorical_codes:
        place = slice(start, start + size)
        logarithms = ops.log_softmax(found[:, place], axis=-1)
        loss = loss - ops.mean(ops.sum(codes[:, place] * logarithms, axis=-1))
        start += size
    squares = ops.square(found[:, start:] - codes[:, start:])
    return loss + 0.5 * ops.mean(ops.sum(squares, axis=-1))
