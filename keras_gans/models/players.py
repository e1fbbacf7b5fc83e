"""Who trains: networks by player, and an optimizer for each player."""

import itertools
import warnings

import keras

from keras_gans import backend
from keras_gans.models.optimizers import AllOptimizers


class Players:
    """What stands before `keras.Model` in the bases of a GAN."""

    # A player's networks: names of attributes, each a network,
    players = {
        "generator": ("generator",),
        "discriminator": ("discriminator",),
    }
    # but for these, which may be lists and dicts of networks.
    collections = ()

    @classmethod
    def network_names(cls):
        """The names under which all players' networks stand."""
        return list(itertools.chain.from_iterable(cls.players.values()))

    def networks_of(self, player):
        """The networks of a player, as one list."""
        return [
            network
            for name in self.players[player]
            for network in keras.tree.flatten(getattr(self, name))
        ]

    def variables_of(self, player):
        """What a player's optimizer trains."""
        return [
            v for n in self.networks_of(player) for v in n.trainable_variables
        ]

    def default_optimizers(self):
        """New optimizers of the paper, in the order of `players`.

        For the first of them, or for all; the others have none.
        """
        return ()

    def compile(
        self,
        generator_optimizer="auto",
        discriminator_optimizer="auto",
        metrics=None,
        **kwargs,
    ):
        """Configures the model for training.

        Gradient clipping, weight decay and gradient accumulation are
        arguments of Keras's optimizers, for example
        `keras.optimizers.AdamW(2e-4, weight_decay=1e-4, clipnorm=1.0)`.

        Args:
            generator_optimizer: `"auto"` for the paper's, or a
                `keras.optimizers.Optimizer`. Under a `mixed_float16` policy
                it is wrapped for dynamic loss scaling.
            discriminator_optimizer: The same for the discriminator.
            metrics: List of `keras.metrics.Metric` whose `update_state` takes
                `(real_examples, fake_examples)`, updated by `evaluate`.
            **kwargs: `<player>_optimizer` of other players, and
                `run_eagerly`, `steps_per_execution`, `jit_compile` and
                `auto_scale_loss` of `keras.Model.compile`.
        """
        optimizers = {
            "generator": generator_optimizer,
            "discriminator": discriminator_optimizer,
        }
        for player in self.players:
            if player not in optimizers:
                optimizers[player] = kwargs.pop(f"{player}_optimizer", "auto")
        for player in [p for p in optimizers if p not in self.players]:
            if optimizers[player] != "auto":  # No player's: it is refused.
                kwargs[f"{player}_optimizer"] = optimizers[player]
        optimizers = {player: optimizers[player] for player in self.players}
        allowed = ("run_eagerly", "steps_per_execution", "jit_compile")
        auto_scale_loss = kwargs.pop("auto_scale_loss", True)
        for name in kwargs:
            if name not in allowed:
                known = [f"{player}_optimizer" for player in self.players]
                raise ValueError(
                    f"{type(self).__name__}.compile() takes "
                    f"{', '.join(known)}, metrics, "
                    f"auto_scale_loss, {', '.join(allowed)}; the losses are "
                    "arguments of the model itself. Received: "
                    f"{name}={kwargs[name]!r}"
                )
        backend.check_distribution(self)
        super().compile(optimizer=None, **kwargs)
        self._compile_options = {**kwargs, "auto_scale_loss": auto_scale_loss}
        self._example_metrics = list(metrics or [])
        for metric in self._example_metrics:
            if not isinstance(metric, keras.metrics.Metric):
                raise ValueError(
                    "metrics must be keras.metrics.Metric objects that take "
                    f"(real, fake). Received: metrics={metrics!r}"
                )
        _check_different(optimizers)
        for name in self.network_names():
            for network in keras.tree.flatten(getattr(self, name)):
                check_built(name, network)
        check_logits(self)
        # Outside of a strategy's scope variables would belong to no replica.
        with backend.strategy_scope(self):
            defaults = {}
            if "auto" in optimizers.values():
                defaults = dict(zip(self.players, self.default_optimizers()))
            for player, optimizer in optimizers.items():
                name = f"{player}_optimizer"
                if optimizer == "auto":
                    optimizer = defaults.get(player)
                if optimizer is None:
                    raise ValueError(
                        f"{type(self).__name__} has no optimizer of its own "
                        f"for this player: pass {name} to compile(). "
                        f'Received: {name}="auto"'
                    )
                optimizer = self._prepare_optimizer(
                    name, optimizer, self.variables_of(player), auto_scale_loss
                )
                setattr(self, name, optimizer)
        self.optimizer = AllOptimizers(self.optimizers)

    @property
    def optimizers(self):
        """Dict of every player to its optimizer, once compiled."""
        return {
            player: getattr(self, f"{player}_optimizer")
            for player in self.players
        }

    @property
    def iterations(self):
        """The variable that counts the generator's updates."""
        return self.optimizers["generator"].iterations

    def _prepare_optimizer(self, name, optimizer, variables, auto_scale_loss):
        optimizer = keras.optimizers.get(optimizer)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if not backend.is_in_strategy(self, inner.variables[0]):
            raise ValueError(
                f"{name} must be made under the strategy's scope that the "
                "model was made under: with strategy.scope(): ... Received: "
                f"{name}={type(optimizer).__name__}, made outside of it"
            )
        if (
            auto_scale_loss
            and self.dtype_policy.name == "mixed_float16"
            and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        ):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # At once: built in the first step is too late under a strategy.
        optimizer.build(variables)
        return optimizer

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.saving.serialize_keras_object
        return {
            **{
                f"{player}_optimizer": serialize(optimizer)
                for player, optimizer in self.optimizers.items()
            },
            "metrics": [serialize(m) for m in self._example_metrics],
            **self._compile_options,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


def checked_networks(name, value, may_be_many):
    """A player's networks as they are kept; raises a `ValueError` for others.

    Dicts come back sorted: Keras's files number what is in a dict, so that
    its order must be the same before and after.

    Args:
        name: String, the attribute.
        value: A `keras.Model`, or a list or dict of them.
        may_be_many: Boolean, whether it may be a list or dict.
    """
    networks = keras.tree.flatten(value) if may_be_many else [value]
    if not networks or not all(isinstance(n, keras.Model) for n in networks):
        many = ", or a list or dict of them" if may_be_many else ""
        raise ValueError(
            f"{name} must be a keras.Model{many}. Received: {name}={value!r}"
        )
    return map_networks(lambda network: network, value)


def check_built(name, network):
    """Raises a `ValueError` for a network that has no weights yet."""
    if not network.built:
        raise ValueError(
            f"{name} must have its weights, or no optimizer would train them: "
            "call it on a batch of its inputs, or give it a keras.Input, "
            f"before compile(). Received: {name}={network.name!r}, a "
            f"{type(network).__name__} that was never called"
        )


def check_logits(model):
    """Warns of discriminators that end in what the losses here are not for.

    A loss or a step of one's own may take probabilities.
    """
    step = next(c for c in type(model).__mro__ if "train_step" in vars(c))
    for owner in (step, getattr(model, "discriminator_loss", step)):
        if not getattr(owner, "__module__", "").startswith("keras_gans."):
            return
    for name in model.players.get("discriminator", ()):
        for network, (i, kind) in itertools.product(
            keras.tree.flatten(getattr(model, name)),
            enumerate(model.discriminator_outputs),
        ):
            last = ends_in(network, i)
            if "logits" in kind and last in ("sigmoid", "softmax", "tanh"):
                warnings.warn(
                    f"{name} must end in logits, which the losses here take: "
                    "leave out its last activation. Received: a network that "
                    f"ends in {last}",
                    stacklevel=4,
                )


# Layers behind which an activation is still the last one.
_SHAPES_ALONE = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Identity,
)


def ends_in(network, output=0):
    """The name of a network's last activation, in lower case.

    `None` where it cannot be seen: in a network whose `call` is Python.

    Args:
        network: `keras.Model`.
        output: Integer, which of its outputs.
    """
    outputs = (getattr(network, "outputs", None) or [])[output:]
    while outputs:
        layer, node, i = outputs[0]._keras_history
        if isinstance(layer, _SHAPES_ALONE):
            outputs = layer._inbound_nodes[node].input_tensors
        elif isinstance(layer, keras.Model):
            outputs = (getattr(layer, "outputs", None) or [])[i:]
        else:
            activation = getattr(layer, "activation", None)
            name = getattr(activation, "__name__", type(layer).__name__)
            return name.lower()
    return None


def map_networks(function, value):
    """`function` of a network, or of all in lists and dicts, by sorted key."""
    if isinstance(value, dict):
        return {
            key: map_networks(function, value[key]) for key in sorted(value)
        }
    if isinstance(value, (list, tuple)):
        return [map_networks(function, item) for item in value]
    return function(value)


def _check_different(optimizers):
    given = [
        (player, optimizer)
        for player, optimizer in optimizers.items()
        if isinstance(optimizer, keras.optimizers.Optimizer)
    ]
    for (one, optimizer), (other, same) in itertools.combinations(given, 2):
        if optimizer is same:
            raise ValueError(
                f"{one}_optimizer and {other}_optimizer must be two objects, "
                "each keeps the state of one network. Received: "
                f"the same {type(optimizer).__name__} twice"
            )
