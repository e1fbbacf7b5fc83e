"""GAN: "Generative Adversarial Nets" (Goodfellow et al., 2014).

https://arxiv.org/abs/1406.2661

Two networks play a game. The generator G turns latents z into examples; the
discriminator D tells real examples from G's. D maximises, G minimises

    V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))].

Deviations from the paper: D is a plain multilayer perceptron (LeakyReLU)
instead of maxout with dropout, G uses ReLU instead of a mix of ReLU and
sigmoid, the latents are normal instead of uniform, and the optimizer is Adam
(2e-4, beta_1 0.5, Keras's epsilon of 1e-7) instead of SGD with momentum.
`minimax_generator_loss` is equation 1; the default is the non-saturating loss
that section 3 trains with.
"""

import inspect
import math

import keras
from keras import layers, ops

from keras_gans import backend, example_kinds, losses
from keras_gans.checks import check_example_shape, check_integer
from keras_gans.layers import output_dtype
from keras_gans.models.regularized import RegularizedModel

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class GANGenerator(keras.Model):
    """Multilayer perceptron, latents to examples of any shape.

    Args:
        example_shape: Shape of one example without the batch, as `(28, 28, 1)`
            or `(2,)`.
        latent_dim: Integer, the size of a latent vector.
        units: Integers, the widths of the hidden layers.
        batch_normalization: Boolean, after every hidden layer but the first.
        example_kind: `"image"`, which ends in tanh, `"points"`, `"sequence"`
            or `"field"`, which are linear; `None` for an image of three axes,
            a sequence of two, points of one.
    """

    def __init__(
        self,
        example_shape=(28, 28, 1),
        latent_dim=100,
        units=(128, 256, 512, 1024),
        batch_normalization=True,
        example_kind=None,
        name="generator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        example_kind = example_kinds.resolve(example_shape, example_kind)
        check_integer("latent_dim", latent_dim, minimum=1)
        inputs = keras.Input((latent_dim,), name="latents")
        x = inputs
        for i, width in enumerate(units):
            x = layers.Dense(width)(x)
            if batch_normalization and i > 0:
                x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
        x = layers.Dense(
            math.prod(example_shape),
            activation=example_kinds.get(example_kind).activation,
            dtype=output_dtype(),
        )(x)
        outputs = layers.Reshape(example_shape, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "latent_dim": latent_dim,
            "units": list(units),
            "batch_normalization": batch_normalization,
            "example_kind": example_kind,
        }
        self.example_kind = example_kind

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class GANDiscriminator(keras.Model):
    """Multilayer perceptron, examples of any shape to one logit.

    Args:
        example_shape: Shape of one example without the batch.
        units: Integers, the widths of the hidden layers.
    """

    def __init__(
        self,
        example_shape=(28, 28, 1),
        units=(512, 256),
        name="discriminator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        inputs = keras.Input(example_shape, name="examples")
        x = layers.Flatten()(inputs)
        for width in units:
            x = layers.Dense(width)(x)
            x = layers.LeakyReLU(0.2)(x)
        outputs = layers.Dense(1, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "units": list(units),
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class GAN(RegularizedModel):
    """The original GAN, for any two networks.

    Example:

    ```python
    gan = keras_gans.GAN(example_shape=(28, 28, 1))
    gan.compile()
    gan.fit(keras_gans.datasets.load("mnist", batch_size=128), epochs=20)
    digits = gan.generate(64, seed=0)  # uint8, (64, 28, 28, 1)
    ```

    Gradient clipping and weight decay are Keras's own:

    ```python
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(2e-4, 0.5, clipnorm=1.0),
        discriminator_optimizer=keras.optimizers.AdamW(2e-4, 1e-4),
    )
    ```

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for a `GANGenerator`.
        discriminator: `keras.Model`, examples to logits; `None` for a
            `GANDiscriminator`.
        example_shape: Shape of one example without the batch, for the default
            networks. With networks of your own it follows from them.
        latent_dim: Integer, the size of a latent vector.
        example_kind: What examples are, see `SamplingModel`.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`;
            a relativistic one of `(real_logits, fake_logits)`, whose averages
            are each replica's own.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        discriminator_steps: Integer k of the paper's algorithm 1. The batch
            of `fit` is split into k fresh batches for the discriminator.
        label_smoothing: Float in [0, 0.5], taken from the discriminator's
            target for real examples (Salimans et al., 2016). Only for losses
            that take `label_smoothing`.
        top_k: Float in (0, 1], the part of the generated examples that the
            generator learns from: those that the discriminator takes for the
            most real (Sinha et al., 2020; theirs goes from 1 to 0.5).
        augment: `None` or an `augmentation.Augmentation`, as `DiffAugment()`,
            of all that the discriminator sees.
        ema_momentum: Float or `None`, see `SamplingModel`.
        seed: Integer or `None`, of the latents and noise of training.
        **kwargs: `instance_noise`, `r1_weight`, `r2_weight`,
            `penalty_fraction`, `lecam_weight`, `consistency_weight`,
            `latent_consistency_weight` and `packing`, see `RegularizedModel`;
            `num_classes`, of networks that take labels, see `SamplingModel`;
            and `name`.

    Reference:
        Goodfellow et al., "Generative Adversarial Nets", 2014.
    """

    def __init__(
        self,
        generator=None,
        discriminator=None,
        example_shape=(28, 28, 1),
        latent_dim=100,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        discriminator_steps=1,
        label_smoothing=0.0,
        top_k=1.0,
        augment=None,
        ema_momentum=None,
        seed=None,
        example_kind=None,
        **kwargs,
    ):
        check_integer("discriminator_steps", discriminator_steps, minimum=1)
        _check_losses(generator_loss, discriminator_loss)
        _check_smoothing(label_smoothing, discriminator_loss)
        if not 0.0 < top_k <= 1.0:
            raise ValueError(
                "top_k must be a part of the batch, above 0 and up to 1. "
                f"Received: top_k={top_k}"
            )
        super().__init__(
            generator
            or GANGenerator(
                example_shape, latent_dim, example_kind=example_kind
            ),
            discriminator
            or GANDiscriminator(packed_shape(example_shape, **kwargs)),
            latent_dim,
            augment=augment,
            ema_momentum=ema_momentum,
            example_kind=example_kind,
            seed=seed,
            **kwargs,
        )
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss
        self.is_relativistic = _required_arguments(generator_loss) == 2
        self.discriminator_steps = discriminator_steps
        self.label_smoothing = label_smoothing
        self.top_k = top_k

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
        )

    @property
    def batch_divisor(self):
        return self.discriminator_steps * self.examples_together

    def train_step(self, data):
        examples, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(examples)[0] // self.discriminator_steps

        # 1. For k steps: sample latents and fresh real examples, with their
        #    labels in a conditional model, and update the discriminator by
        #    descending its loss.
        for real, labels in self.split_batch(
            (examples, y), self.discriminator_steps
        ):

            def discriminator_loss(real=real, labels=labels):
                inputs = self.draw_inputs(n, labels)
                fake = ops.stop_gradient(self.generator(inputs, training=True))
                real_logits, fake_logits, penalty = self.judge_both(
                    real, fake, inputs
                )
                loss = self.loss_of_discriminator(real_logits, fake_logits)
                return ops.cast(loss, "float32") + penalty

            d_loss = self.minimize(
                discriminator_loss,
                self.discriminator_optimizer,
                self.discriminator,
            )

        # 2. Sample latents anew, and update the generator by descending its
        #    loss on what the discriminator now says.
        def generator_loss():
            inputs = self.draw_inputs(n, labels)
            fake = self.generator(inputs, training=True)
            fake_logits = self.judge(fake, inputs)
            loss = self.loss_of_generator(fake_logits, real, inputs)
            return loss + self.regularize_generator(fake, inputs)

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss)

    # ---- the pieces of the step -------------------------------------------

    def loss_of_discriminator(self, real_logits, fake_logits):
        """`discriminator_loss`, on smoothed labels where they are asked for."""
        if not self.label_smoothing:
            return self.discriminator_loss(real_logits, fake_logits)
        return self.discriminator_loss(
            real_logits, fake_logits, label_smoothing=self.label_smoothing
        )

    def loss_of_generator(self, fake_logits, real, inputs):
        """`generator_loss`; a relativistic one sees real logits as well."""
        logits = [fake_logits]
        if self.is_relativistic:
            logits = [self.judge_logits(real, inputs), fake_logits]
        loss = self.generator_loss(*logits)
        if self.top_k == 1.0:
            return loss
        # The loss as it is, with the gradient of the best ones alone.
        learned = self.generator_loss(
            *logits[:-1], _best(fake_logits, self.top_k)
        )
        gradient = (learned - ops.stop_gradient(learned)) / self.top_k
        return ops.stop_gradient(loss) + gradient

    def test_losses(self, real_logits, fake_logits):
        if self.is_relativistic:
            g_loss = self.generator_loss(real_logits, fake_logits)
        else:
            g_loss = self.generator_loss(fake_logits)
        d_loss = self.loss_of_discriminator(real_logits, fake_logits)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
            "discriminator_steps": self.discriminator_steps,
            "label_smoothing": self.label_smoothing,
            **({} if self.top_k == 1.0 else {"top_k": self.top_k}),
        }


def packed_shape(example_shape, packing=1, **kwargs):
    """The shape that a discriminator of `packing` examples sees."""
    check_integer("packing", packing, minimum=1)
    *rest, channels = example_shape
    return (*rest, channels * packing)


def _best(logits, fraction):
    """Logits, whose gradient is that of the greatest of all replicas alone."""
    flat = ops.reshape(ops.stop_gradient(logits), (-1,))
    ranked = ops.sort(backend.all_gather(flat))
    n = ops.shape(ranked)[0]
    k = ops.round(fraction * ops.cast(n, "float32"))
    least = ops.take(ranked, n - ops.maximum(ops.cast(k, "int32"), 1))
    return ops.where(logits >= least, logits, ops.stop_gradient(logits))


def _required_arguments(function):
    parameters = inspect.signature(function).parameters.values()
    return sum(p.default is inspect.Parameter.empty for p in parameters)


def _check_losses(generator_loss, discriminator_loss):
    for name, loss in (
        ("generator_loss", generator_loss),
        ("discriminator_loss", discriminator_loss),
    ):
        if not callable(loss):
            raise ValueError(
                f"{name} must be a function, as keras_gans.losses."
                f"hinge_{name}. Received: {name}={loss!r}"
            )


def _check_smoothing(label_smoothing, discriminator_loss):
    if not 0.0 <= label_smoothing <= 0.5:
        raise ValueError(
            "label_smoothing must be between 0 and 0.5. "
            f"Received: label_smoothing={label_smoothing}"
        )
    parameters = inspect.signature(discriminator_loss).parameters
    if label_smoothing and "label_smoothing" not in parameters:
        raise ValueError(
            "label_smoothing must be 0 with a discriminator_loss that has no "
            f"targets to smooth. Received: label_smoothing={label_smoothing}, "
            f"discriminator_loss={discriminator_loss.__name__}"
        )
