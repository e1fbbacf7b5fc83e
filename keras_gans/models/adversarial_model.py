"""The mechanics that every GAN here shares, and no GAN mathematics."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.models.data_checks import Part
from keras_gans.models.optimizers import (
    check_callbacks,
    check_file,
    check_players_alone_have_optimizers,
    finalize_averages,
)
from keras_gans.models.players import Players, checked_networks, map_networks
from keras_gans.models.starting import Starting
from keras_gans.models.trainer import CheckedTrainer
from keras_gans.presets.preset_model import PresetModel


class AdversarialModel(
    Players, CheckedTrainer, Starting, PresetModel, keras.Model
):
    """Base class of every GAN: networks that train against each other.

    A variant writes one `train_step(self, data)` in `keras.ops`, in the order
    of its paper's algorithm: `minimize` one player's loss, `minimize` the
    other's, return `self.track(...)`. The same lines run under TensorFlow
    (eager, graph, XLA, `tf.distribute`), JAX (jitted,
    `keras.distribution.DataParallel`) and PyTorch.

    Losses are means over the examples of a replica. `minimize` divides by the
    number of replicas, because strategies add gradients up, and every random
    draw is made for the global batch and sliced by replica: N replicas and
    one device agree on the same global batch.

    The default networks follow the global dtype policy, also when they are
    loaded: call `keras.config.set_dtype_policy` before you make or load one.

    Who trains stands in the class attribute `players`, a dict of a player to
    the names of its networks. Each player has an optimizer, the attribute
    `<player>_optimizer`. What stands under such a name is a network; where the
    class attribute `collections` has the name, it may be a list or dict of
    networks. All are checked, compiled, saved and resumed:

    ```python
    class ThreePlayers(keras_gans.SamplingModel):
        players = {
            "generator": ("generator",),
            "discriminator": ("discriminators",),
            "encoder": ("encoder",),
        }
        collections = ("discriminators",)

    gan = ThreePlayers(
        generator=generator,
        discriminators=[coarse, fine],
        encoder=encoder,
        latent_dim=100,
    )
    gan.compile(encoder_optimizer=keras.optimizers.Adam(1e-4), ...)
    ```

    Args:
        seed: Integer or `None`, of all noise of training.
        **kwargs: The networks that `players` names, each a `keras.Model`, or
            a list or dict of them; and `name`, of the model.
    """

    # What a generator makes, see `keras_gans.example_kinds`.
    example_kind = "image"
    # Metrics of the losses that `train_step` and `test_step` track.
    loss_names = ("d_loss", "g_loss")
    # What a discriminator makes, a tensor each. Where there are several, it
    # makes a list of them, as a `keras.Model` with several outputs does.
    discriminator_outputs = ("logits",)

    def __init__(self, seed=None, **kwargs):
        networks = {
            name: kwargs.pop(name, None) for name in self.network_names()
        }
        super().__init__(**kwargs)
        for name, value in networks.items():
            many = name in self.collections
            setattr(self, name, checked_networks(name, value, many))
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        # evaluate() draws from its own seeds: validating in the middle of
        # training must not change the training.
        self.test_seed_generator = keras.random.SeedGenerator(0)
        self._trackers = {
            name: keras.metrics.Mean(name=name) for name in self.loss_names
        }
        self._example_metrics = []
        self._build_networks()
        self.built = True

    # ---- networks ---------------------------------------------------------

    def symbolic_inputs(self):
        """The generator's inputs as symbolic tensors."""
        raise TypeError(
            f"{type(self).__name__} must have a method symbolic_inputs: the "
            "generator's inputs, as keras.KerasTensor"
        )

    def wanted_inputs(self):
        """What a generator must take, and what says so, for an error."""
        return "images of image_shape", ""

    def discriminator_inputs(self, examples, inputs):
        """What the discriminator sees.

        Args:
            examples: Real or generated ones, symbolic or not.
            inputs: What the generator was given, or would have been.
        """
        return examples

    def logits_of(self, outputs, examples):
        """What says how real examples look, of a discriminator's outputs.

        Args:
            outputs: What the discriminator made of `examples`, see
                `discriminator_outputs`.
            examples: Real or generated ones.

        Returns:
            Tensor, the higher the more real.
        """
        return outputs[0] if len(self.discriminator_outputs) > 1 else outputs

    def check_outputs(self, outputs, examples):
        """Raises a `ValueError` for outputs that the step cannot use.

        Args:
            outputs: As many symbolic tensors as `discriminator_outputs` says,
                of the discriminator.
            examples: The symbolic examples that they were made of.
        """

    def _build_networks(self):
        # One symbolic pass builds both players' networks and finds those that
        # do not fit each other, before anything is trained.
        inputs = self.symbolic_inputs()
        made = []
        for network in self.networks_of("generator"):
            try:
                made.append(network(inputs))
            except Exception as error:
                shapes = keras.tree.map_structure(lambda x: x.shape, inputs)
                wanted, received = self.wanted_inputs()
                raise ValueError(
                    f"generator must take {wanted}. Received: {received}"
                    f"inputs of shape {shapes}, on which it failed: {error}"
                ) from None
        for examples in made:
            _check_number("generator", ("examples",), examples)
        self.example_shape = tuple(made[0].shape[1:])
        for network in self.networks_of("discriminator"):
            try:
                logits = network(self.discriminator_inputs(made[0], inputs))
            except Exception as error:
                raise ValueError(
                    "discriminator must take what the generator makes. "
                    "Received: a generator whose output has shape "
                    f"{tuple(made[0].shape)}, on which the discriminator "
                    f"failed: {error}"
                ) from None
            # A step of one's own may know what to do with several.
            if type(self).train_step.__module__.startswith("keras_gans."):
                _check_number(
                    "discriminator", self.discriminator_outputs, logits
                )
                self.check_outputs(logits, made[0])
        self.logits_dtype = keras.backend.standardize_dtype(
            keras.tree.flatten(logits)[0].dtype
        )

    @property
    def inference_network(self):
        """The network behind `gan(x)`."""
        return self.networks_of("generator")[0]

    def call(self, inputs, training=False):
        return self.inference_network(inputs, training=training)

    @property
    def metrics(self):
        # Keras would add a `loss` that nothing updates. Metrics that a class of
        # one's own has as attributes are reset and carried like all others.
        ours = [*self._trackers.values(), *self._example_metrics]
        known = {id(metric) for metric in ours}
        return ours + [m for m in self._metrics if id(m) not in known]

    # ---- the pieces of a train_step ---------------------------------------

    def draw(self, distribution, shape, seed=None, **kwargs):
        """Draws for the global batch and returns this replica's slice.

        Seeds are equal on all replicas, so `keras.random.normal(shape)` would
        give every replica the same values.

        Args:
            distribution: A function of `keras.random`, as `normal`.
            shape: This replica's shape, batch first.
            seed: A `SeedGenerator`; the model's own by default.
            **kwargs: More arguments of `distribution`.
        """
        n, *rest = shape
        x = distribution(
            (n * backend.num_replicas(), *rest),
            seed=seed or self.seed_generator,
            **kwargs,
        )
        return backend.replica_slice(x, n)

    def split_batch(self, data, parts):
        """`parts` fresh slices of a batch, one per discriminator step.

        Every `parts`-th example, not consecutive runs: so the slices are the
        same sets of examples on one device and on many replicas. What is left
        of a batch that does not divide is not used.
        """
        n = ops.shape(keras.tree.flatten(data)[0])[0] // parts * parts
        return [
            keras.tree.map_structure(
                lambda x: None if x is None else x[i:n:parts],  # noqa: B023
                data,
            )
            for i in range(parts)
        ]

    def minimize(self, loss_fn, optimizer, network):
        """One optimizer step on one player's variables, and no other's.

        The loss is scaled for mixed precision and for the number of replicas;
        the weight regularizers of the network's layers are added to it.

        Args:
            loss_fn: Function without arguments that returns a scalar loss, or
                `(loss, aux)` with any structure of tensors as `aux`.
            optimizer: The player's, as `self.generator_optimizer`.
            network: The network to train, or a list or dict of networks.

        Returns:
            What `loss_fn` returned: unscaled, without regularizers.
        """
        networks = keras.tree.flatten(network)
        variables = [v for n in networks for v in n.trainable_variables]
        has_aux = False

        def scaled_loss():
            nonlocal has_aux
            result = loss_fn()
            has_aux = isinstance(result, tuple)
            loss, aux = result if has_aux else (result, None)
            loss = ops.cast(loss, "float32")
            total = loss
            for n in networks:
                for regularization in n.losses:
                    total = total + ops.cast(regularization, "float32")
            total = optimizer.scale_loss(total) / backend.num_replicas()
            return total, (loss, aux)

        state = [
            *self.trainable_variables,
            *self.non_trainable_variables,
            *(v for o in self.optimizers.values() for v in o.variables),
            *self.metrics_variables,
        ]
        (_, (loss, aux)), gradients = backend.value_and_gradients(
            scaled_loss, variables, state
        )
        backend.apply_gradients(optimizer, gradients, variables)
        return (loss, aux) if has_aux else loss

    def track(self, **losses):
        """Updates the losses' running means and returns them as logs."""
        for name, value in losses.items():
            self._trackers[name].update_state(value)
        return {name: self._trackers[name].result() for name in losses}

    def track_metrics(self, real_examples, fake_examples):
        """Updates the compiled metrics and returns them as logs."""
        for metric in self._example_metrics:
            metric.update_state(real_examples, fake_examples)
        return {
            metric.name: metric.result() for metric in self._example_metrics
        }

    # ---- Keras's trainer --------------------------------------------------

    imperative = True

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        if len(inspect.signature(self.train_step).parameters) != 1:
            raise TypeError("train_step takes one argument, data.")
        self._assert_compile_called("fit")
        check_callbacks(self, kwargs.get("callbacks"))
        check_players_alone_have_optimizers(self)
        history = super().fit(x, y, batch_size, epochs, **kwargs)
        with backend.strategy_scope(self):
            finalize_averages(self)
        return history

    fit.__doc__ = CheckedTrainer.fit.__doc__

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """`keras.Model.evaluate`: losses on held-out data, and the metrics.

        What is drawn is drawn from seeds of its own, the same in every call.
        """
        backend.sync(self)
        state = self.test_seed_generator.state
        state.assign(np.zeros(state.shape, "int32"))
        return super().evaluate(x, y, batch_size, **kwargs)

    def batch_parts(self):
        return Part("x", self.example_shape, self.example_kind), None

    # ---- saving -----------------------------------------------------------

    def save(self, filepath, *args, **kwargs):
        """`keras.Model.save`, to a `.keras` file."""
        check_file(filepath)
        super().save(filepath, *args, **kwargs)

    def get_config(self):
        config = {"name": self.name}
        for name in self.network_names():
            config[name] = map_networks(
                keras.saving.serialize_keras_object, getattr(self, name)
            )
        return {**config, "seed": self.seed}

    def _seed_states(self):
        layers = self._flatten_layers()
        return [s.state for layer in layers for s in layer._seed_generators]

    def save_own_variables(self, store):
        # Keras leaves seeds out of weights files. A run that resumes must
        # draw the latents and dropout masks that it would have drawn.
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        for i, state in enumerate(self._seed_states()):
            state.assign(np.asarray(store[f"seed_{i}"]))


def _check_number(name, kinds, made):
    """Raises a `ValueError` unless a network made a tensor of each kind."""
    several = isinstance(made, (list, tuple))
    if len(kinds) == 1:
        wanted, fits = (
            f"one tensor of {kinds[0]}",
            not keras.tree.is_nested(made),
        )
    else:
        wanted = f"a list of {len(kinds)} tensors, {' and '.join(kinds)}"
        fits = several and len(made) == len(kinds)
    if not fits:
        raise ValueError(
            f"{name} must make {wanted}. Received: a {name} with "
            f"{len(keras.tree.flatten(made))} outputs"
            f"{'' if several else f', a {type(made).__name__}'}"
        )
