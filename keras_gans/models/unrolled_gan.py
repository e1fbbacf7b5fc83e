"""Unrolled GAN: "Unrolled Generative Adversarial Networks" (Metz et al., 2016).

https://arxiv.org/abs/1611.02163

A generator that descends what the discriminator says now runs to the one point
that this discriminator likes best, and the next discriminator chases it away.
Here it descends what the discriminator will say once it has answered. From the
value function and the discriminator's k-th next step,

    f(G, D) = E[log D(x)] + E[log(1 - D(G(z)))],
    D_0 = D,  D_i+1 = D_i + the optimizer's step along df(G, D_i) / dD_i,

the generator descends f(G, D_k), whose gradient has two terms:

    df(G, D_k) / dG = @f / @G + (@f / @D_k) (dD_k / dG).

The second one, through all k steps, tells it how the discriminator would react,
and is what k steps that are taken back again leave out. D itself takes one
ordinary step. With k = 0 this is the minimax GAN.

Deviations from the paper: the players take turns within a step, D first, so
that G answers the D that is there now. The default networks and rates are those
of the authors' demo (tanh; 1e-4 for D, 1e-3 for G), which are not the paper's;
Adam's epsilon is Keras's 1e-7, where the demo has 1e-8. In the unrolled steps
it stands inside the root, `sqrt(v + epsilon^2)` for `sqrt(v) + epsilon`: the
same for small and for large v, but the root alone has no gradient at v = 0.
"""

import inspect
import math

import keras
from keras import layers, ops

from keras_gans import backend, example_kinds
from keras_gans.checks import Unsupported, check_example_shape, check_integer
from keras_gans.layers import BatchStatisticsNormalization, output_dtype
from keras_gans.losses import non_saturating_discriminator_loss
from keras_gans.models.sampling import SamplingModel

# ---- networks -------------------------------------------------------------


def _dense(units, activation=None, **kwargs):
    orthogonal = keras.initializers.Orthogonal(1.4)
    return layers.Dense(
        units, activation, kernel_initializer=orthogonal, **kwargs
    )


@keras.saving.register_keras_serializable("keras_gans")
class UnrolledGANGenerator(keras.Model):
    """The demo's perceptron, latents to examples of any shape.

    Args:
        example_shape: Shape of one example without the batch.
        latent_dim: Integer, the size of a latent vector.
        units: Integers, the widths of the hidden layers.
        example_kind: As of `GANGenerator`.
    """

    def __init__(
        self,
        example_shape=(2,),
        latent_dim=256,
        units=(128, 128),
        example_kind=None,
        name="generator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        example_kind = example_kinds.resolve(example_shape, example_kind)
        check_integer("latent_dim", latent_dim, minimum=1)
        inputs = keras.Input((latent_dim,), name="latents")
        x = inputs
        for width in units:
            x = _dense(width, "tanh")(x)
        x = _dense(
            math.prod(example_shape),
            example_kinds.get(example_kind).activation,
            dtype=output_dtype(),
        )(x)
        outputs = layers.Reshape(example_shape, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "latent_dim": latent_dim,
            "units": list(units),
            "example_kind": example_kind,
        }
        self.example_kind = example_kind

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class UnrolledGANDiscriminator(keras.Model):
    """The demo's perceptron, examples of any shape to one logit.

    Args:
        example_shape: Shape of one example without the batch.
        units: Integers, the widths of the hidden layers.
    """

    def __init__(
        self,
        example_shape=(2,),
        units=(128, 128),
        name="discriminator",
        **kwargs,
    ):
        example_shape = check_example_shape(example_shape)
        inputs = keras.Input(example_shape, name="examples")
        x = layers.Flatten()(inputs)
        for width in units:
            x = _dense(width, "tanh")(x)
        outputs = _dense(1, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "example_shape": list(example_shape),
            "units": list(units),
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- losses ---------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
def unrolled_gan_generator_loss(real_logits, fake_logits):
    """`E[log D(x)] + E[log(1 - D(G(z)))]`, to be minimised (equation 1).

    All of the value function: the generator moves an unrolled discriminator,
    and by it what real examples are judged to be.

    Args:
        real_logits: Logits of the unrolled discriminator for real examples.
        fake_logits: The same for generated examples.

    Returns:
        Scalar tensor.
    """
    return -non_saturating_discriminator_loss(real_logits, fake_logits)


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class UnrolledGAN(SamplingModel):
    """GAN whose generator sees k steps of the discriminator ahead.

    Example:

    ```python
    gan = keras_gans.UnrolledGAN(unrolled_steps=5)  # The demo's networks.
    gan.compile()
    gan.fit(keras_gans.datasets.load("ring", batch_size=512), epochs=50)
    points = gan.generate(2500, seed=0)  # float32, (2500, 2)
    ```

    The unrolled steps are those that `discriminator_optimizer`, a
    `keras.optimizers.Adam` or `AdamW`, would take next, all on the generator's
    batch. They begin at its iterations and slots, with its learning rate (of a
    schedule, that of each step), betas, epsilon, weight decay and clipping, and
    with the regularizers and constraints of the discriminator's weights.
    Nothing of them stays. Dropout has the same masks in all of them.

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for an `UnrolledGANGenerator`.
        discriminator: `keras.Model` without BatchNormalization, examples to
            logits; `None` for an `UnrolledGANDiscriminator`.
        example_shape: Shape of one example without the batch, for the default
            networks.
        latent_dim: Integer, the size of a latent vector.
        unrolled_steps: Integer k from 0 to 10. The paper has 5 and 10.
        generator_loss: Function of `(real_logits, fake_logits)`, or one of
            `(fake_logits)` of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        ema_momentum: Float or `None`, see `SamplingModel`.
        seed: Integer or `None`, of the latents of training.
        example_kind: What examples are, see `SamplingModel`.
        name: String, the name of the model.

    Raises:
        ValueError: If the discriminator has a BatchNormalization layer; in
            `compile`, if it computes in float16, where the gradients of the
            unrolled steps underflow, or if its optimizer is no Adam.

    Reference:
        Metz et al., "Unrolled Generative Adversarial Networks", 2016,
        equations 7 to 12.
    """

    def __init__(
        self,
        generator=None,
        discriminator=None,
        example_shape=(2,),
        latent_dim=256,
        unrolled_steps=5,
        generator_loss=unrolled_gan_generator_loss,
        discriminator_loss=non_saturating_discriminator_loss,
        ema_momentum=None,
        seed=None,
        example_kind=None,
        **kwargs,
    ):
        _check_steps(unrolled_steps)
        _check_loss("generator_loss", generator_loss)
        _check_loss("discriminator_loss", discriminator_loss)
        super().__init__(
            generator
            or UnrolledGANGenerator(
                example_shape, latent_dim, example_kind=example_kind
            ),
            discriminator or UnrolledGANDiscriminator(example_shape),
            latent_dim,
            ema_momentum=ema_momentum,
            example_kind=example_kind,
            seed=seed,
            **kwargs,
        )
        if unrolled_steps:
            _check_no_batch_normalization(self.discriminator)
        self.unrolled_steps = unrolled_steps
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(1e-3, beta_1=0.5),
            keras.optimizers.Adam(1e-4, beta_1=0.5),
        )

    def train_step(self, data):
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(real)[0]

        # 1. Sample latents, and let the discriminator take one ordinary step.
        def discriminator_loss():
            latents = self.draw_inputs(n)
            fake = ops.stop_gradient(self.generator(latents, training=True))
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            return self.discriminator_loss(real_logits, fake_logits)

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )

        # 2. Sample latents anew, and see how the discriminator would answer
        #    them in its next k steps. Update the generator by descending its
        #    loss on what the last one of these says, through all of them.
        def generator_loss():
            fake = self.generator(self.draw_inputs(n), training=True)
            judge = self.unrolled_discriminator(real, fake)
            fake_logits = judge(fake)
            if _takes_fake_alone(self.generator_loss):
                return self.generator_loss(fake_logits)
            return self.generator_loss(judge(real), fake_logits)

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss)

    # ---- the pieces of the step -------------------------------------------

    def unrolled_discriminator(self, real, fake):
        """The discriminator that `unrolled_steps` steps would make of this one.

        Its weights are tensors, through which gradients reach `fake`.

        Args:
            real: Real examples of all steps.
            fake: Generated ones.

        Returns:
            Function of examples that returns logits, in training.
        """
        network = self.discriminator
        if not self.unrolled_steps:
            return lambda examples: network(examples, training=True)
        adam = _Adam(self.discriminator_optimizer, network.trainable_variables)
        weights = [v.value for v in network.trainable_variables]

        def loss_of(weights):
            real_logits, _ = _judge(network, weights, real)
            fake_logits, added = _judge(network, weights, fake)
            loss = self.discriminator_loss(real_logits, fake_logits)
            # As `minimize` has it: regularizers are a part of the loss.
            return sum((ops.cast(x, "float32") for x in [loss, *added]), 0.0)

        for _ in range(self.unrolled_steps):
            gradients = backend.functional_gradients(loss_of, weights)
            weights = adam.step(weights, gradients)
        return lambda examples: _judge(network, weights, examples)[0]

    def test_losses(self, real_logits, fake_logits):
        logits = [real_logits, fake_logits]
        alone = _takes_fake_alone(self.generator_loss)
        return {
            "d_loss": self.discriminator_loss(*logits),
            "g_loss": self.generator_loss(*logits[alone:]),
        }

    def _prepare_optimizer(self, name, optimizer, *args):
        optimizer = super()._prepare_optimizer(name, optimizer, *args)
        if name == "discriminator_optimizer" and self.unrolled_steps:
            _check_precision(self.discriminator)
            _check_adam(optimizer)
        return optimizer

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "unrolled_steps": self.unrolled_steps,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }


def _judge(network, weights, examples):
    """A discriminator's logits if it had these weights.

    What else it is, as the vectors of spectral norms and the seeds of dropout,
    is as it is now, and stays.

    Returns:
        `(logits, losses)`, with what regularizers add to its loss.
    """
    mapping = [
        *zip(network.trainable_variables, weights),
        *((v, v.value) for v in network.non_trainable_variables),
    ]
    with keras.StatelessScope(state_mapping=mapping, collect_losses=True):
        return network(examples, training=True), network.losses


class _Adam:
    """The next steps of a Keras Adam, as functions of tensors.

    Of the optimizer nothing changes: its slots are read, and go on as tensors.

    Args:
        optimizer: A `keras.optimizers.Adam`, built.
        variables: What it trains.
    """

    def __init__(self, optimizer, variables):
        self.optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        self.variables = variables
        indices = [self.optimizer._get_variable_index(v) for v in variables]
        self.means, self.squares = (
            [slots[i].value for i in indices]
            for slots in (self.optimizer._momentums, self.optimizer._velocities)
        )
        self.steps = 0

    def step(self, weights, gradients):
        """The weights after one more step, as differentiable tensors."""
        adam = self.optimizer
        rate = ops.cast(self._learning_rate(), "float32")
        self.steps += 1
        t = ops.cast(adam.iterations, "float32") + self.steps
        one, two = adam.beta_1, adam.beta_2
        alpha = rate * ops.sqrt(1 - ops.power(two, t)) / (1 - ops.power(one, t))
        moved = []
        gradients = adam._clip_gradients(gradients)
        for i, (v, w, g) in enumerate(zip(self.variables, weights, gradients)):
            m = self.means[i] + (1 - one) * (g - self.means[i])
            s = self.squares[i] + (1 - two) * (ops.square(g) - self.squares[i])
            self.means[i], self.squares[i] = m, s
            if adam.weight_decay is not None and adam._use_weight_decay(v):
                w = w - adam.weight_decay * rate * w
            w = w - alpha * m / ops.sqrt(s + adam.epsilon**2)
            moved.append(w if v.constraint is None else v.constraint(w))
        return moved

    def _learning_rate(self):
        rate = self.optimizer._learning_rate
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            return rate(self.optimizer.iterations + self.steps)
        return self.optimizer.learning_rate


def _takes_fake_alone(loss):
    parameters = inspect.signature(loss).parameters.values()
    return sum(p.default is inspect.Parameter.empty for p in parameters) == 1


# ---- checks ---------------------------------------------------------------


def _check_steps(unrolled_steps):
    check_integer("unrolled_steps", unrolled_steps, minimum=0)
    if unrolled_steps > 10:
        raise ValueError(
            "unrolled_steps must be at most 10: every step is a graph of its "
            f"own. Received: unrolled_steps={unrolled_steps}"
        )


def _check_loss(name, loss):
    if not callable(loss):
        raise ValueError(
            f"{name} must be a function. Received: {name}={loss!r}"
        )


def _check_no_batch_normalization(discriminator):
    kinds = (keras.layers.BatchNormalization, BatchStatisticsNormalization)
    for layer in discriminator._flatten_layers():
        if isinstance(layer, kinds):
            raise ValueError(
                f"discriminator must not have {type(layer).__name__} with "
                "unrolled_steps: what it says would depend on the batch, and "
                "only its weights are unrolled. LayerNormalization works. "
                f"Received: discriminator with the layer {layer.name!r}"
            )


def _check_precision(discriminator):
    for layer in discriminator._flatten_layers():
        if layer.compute_dtype == "float16":
            raise Unsupported(
                "discriminator must not compute in float16 with "
                "unrolled_steps: the gradients of these are not scaled, and "
                "would underflow. float32 and mixed_bfloat16 work. Received: "
                f"the policy {layer.dtype_policy.name!r} of {layer.name!r}"
            )


def _check_adam(optimizer):
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    step = getattr(type(inner), "update_step", None)
    names = ("amsgrad", "gradient_accumulation_steps")
    more = {name: getattr(inner, name, None) for name in names}
    if step is not keras.optimizers.Adam.update_step or any(more.values()):
        raise ValueError(
            "discriminator_optimizer must be a keras.optimizers.Adam or AdamW, "
            "without amsgrad and gradient_accumulation_steps: its next steps "
            "are unrolled by its formula. Received: discriminator_optimizer="
            f"{type(inner).__name__} with {more}"
        )
