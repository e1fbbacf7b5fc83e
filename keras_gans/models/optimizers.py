"""What Keras asks of `model.optimizer`, where there is one for each player."""

import keras
from keras import ops


class AllOptimizers:
    """`model.optimizer` of a model with several.

    Keras's callbacks know a `MultiOptimizer` by its list `optimizers`, and act
    on each; its trainers ask for the state.

    Args:
        optimizers: Dict of every player to its optimizer, the generator's
            among them.
    """

    built = True

    def __init__(self, optimizers):
        self.optimizers = [
            _PlayersOptimizer(player, _inner(optimizer))
            for player, optimizer in optimizers.items()
        ]
        self.variables = [v for o in optimizers.values() for v in o.variables]
        self.iterations = optimizers["generator"].iterations

    def get_config(self):
        # Asked for by Keras's old format alone.
        raise ValueError(OLD_FORMAT)


class _PlayersOptimizer:
    """A player's optimizer, under the name of the player."""

    def __init__(self, player, optimizer):
        self.name = player
        self._optimizer = optimizer

    @property
    def learning_rate(self):
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._optimizer.learning_rate = value

    def __getattr__(self, name):
        if name == "_optimizer":  # Of a copy that does not have it yet.
            raise AttributeError(name)
        return getattr(self._optimizer, name)


OLD_FORMAT = (
    "Keras's old format, a whole model in .h5, holds one optimizer: save to a "
    ".keras file, or the weights alone to .weights.h5."
)


def check_file(filepath):
    """Raises a `ValueError` for a file of Keras's old format."""
    if str(filepath).endswith((".h5", ".hdf5")):
        raise ValueError(f"{OLD_FORMAT} Received: {filepath}")


def check_players_alone_have_optimizers(model):
    """Raises a `ValueError` for an optimizer that no player has.

    JAX's step would not carry its state, and no checkpoint restore it.
    """
    known = {id(optimizer) for optimizer in model.optimizers.values()}
    for name, value in vars(model).items():
        if isinstance(value, keras.optimizers.Optimizer) and (
            id(value) not in known
        ):
            raise ValueError(
                f"{name} must be a player's: add the player and its networks "
                "to the class attribute players, and pass <player>_optimizer "
                f"to compile(). Received: {name}={type(value).__name__} beside "
                f"players={tuple(model.players)}"
            )


def finalize_averages(model):
    """What Keras's `fit` ends with where an optimizer has `use_ema=True`."""
    for player, optimizer in model.optimizers.items():
        if not _inner(optimizer).use_ema:
            continue
        variables = model.variables_of(player)
        optimizer.finalize_variable_values(variables)
        for v in variables:
            # On JAX both would be one buffer, which no step can give away
            # twice.
            v.assign(ops.copy(v))


def check_callbacks(model, callbacks):
    """Raises a `ValueError` for a callback that would fail after some steps.

    Args:
        model: A compiled model with several optimizers.
        callbacks: What `fit` was given.
    """
    for callback in keras.tree.flatten(
        getattr(callbacks, "callbacks", callbacks)
    ):
        for kind, check in _CHECKS.items():
            if isinstance(callback, getattr(keras.callbacks, kind, ())):
                check(model, callback)


def _check_monitor(model, callback):
    name, known = type(callback).__name__, [m.name for m in model.metrics]
    monitored = callback.monitor.removeprefix("val_")
    if monitored == "loss" and monitored not in known:
        raise ValueError(
            f"monitor of {name} must be one of {', '.join(known)}, or such a "
            "name after val_, as there is no single loss. Received: "
            f"monitor={callback.monitor!r}"
        )
    if callback.mode == "auto" and monitored != "loss":
        raise ValueError(
            f'mode of {name} must be "min" or "max": no name says which way '
            f"is better. Received: monitor={callback.monitor!r}, "
            f"mode={callback.mode!r}"
        )


def _check_checkpoint(model, callback):
    if not callback.save_weights_only:
        check_file(callback.filepath)
    if callback.save_best_only:
        _check_monitor(model, callback)


def _check_rates(model, callback):
    for player, optimizer in model.optimizers.items():
        rate = _inner(optimizer)._learning_rate
        if not isinstance(rate, keras.Variable):
            raise ValueError(
                f"{type(callback).__name__} sets the learning rates of all "
                f"players, each of which must be a float. Received: {player}"
                f"_optimizer with learning_rate={rate!r}"
            )


def _check_plateau(model, callback):
    _check_rates(model, callback)
    _check_monitor(model, callback)


def _check_averages(model, callback):
    if not any(_inner(o).use_ema for o in model.optimizers.values()):
        names = ", ".join(f"{player}_optimizer" for player in model.optimizers)
        raise ValueError(
            "SwapEMAWeights needs use_ema=True of an optimizer. (A model with "
            "ema_momentum draws from its average without it.) Received: "
            f"use_ema=False of {names}"
        )


def _refuse_orbax(model, callback):
    raise ValueError(
        "callbacks must not have an OrbaxCheckpoint, which saves one optimizer "
        "alone: use keras.callbacks.BackupAndRestore to go on after a crash, "
        "or ModelCheckpoint. Received: OrbaxCheckpoint"
    )


# By name: not every Keras has them all.
_CHECKS = {
    "EarlyStopping": _check_monitor,
    "LearningRateScheduler": _check_rates,
    "ModelCheckpoint": _check_checkpoint,
    "OrbaxCheckpoint": _refuse_orbax,
    "ReduceLROnPlateau": _check_plateau,
    "SwapEMAWeights": _check_averages,
}


def _inner(optimizer):
    """Behind the scaling of losses."""
    return getattr(optimizer, "inner_optimizer", optimizer)
