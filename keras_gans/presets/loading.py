"""Loads models from presets.

Loading trusts nothing. Only classes of this package and a list of Keras's are
made from JSON, which is written anew for it; weights are checked by SHA-256,
and their shapes are compared with the ones that the JSON declares before a
byte of memory is taken for them.
"""

import warnings

import keras

import keras_gans
from keras_gans import registry
from keras_gans.checks import NoWeights
from keras_gans.presets import files
from keras_gans.presets.grammar import keywords
from keras_gans.presets.index import locate
from keras_gans.presets.parts import (
    attribute,
    container,
    is_preset_model,
    networks_of,
    place,
)
from keras_gans.presets.reshaping import ARGUMENTS, reshape
from keras_gans.presets.shapes import (
    check_shapes,
    check_work,
    declare,
    read_shapes,
)
from keras_gans.presets.transfer import sentences, transfer
from keras_gans.presets.trust import rebuild
from keras_gans.presets.uninitialized import weights_follow

# Characters of a notice: a licence as short as MIT's or BSD's, twice.
NOTICE = 4000


def load(preset, cls=None, load_weights=True, custom_objects=None, **kwargs):
    """Loads a model from a preset.

    Args:
        preset: The name of a built-in preset, the path of a preset's folder
            (`./name` where a built-in one has that name), `hf://organisation/
            name[@revision]`, the `https://` address of a preset's folder, or
            what `locate` returned for one of them.
        cls: The class that the caller wants, or `None` for any.
        load_weights: `False` for freshly initialised weights; no weights file
            is needed, or downloaded, then.
        custom_objects: Dict of names to classes and functions of your own
            that the preset may use. Registered ones are not used without it.
        **kwargs: Arguments of the model that override the preset's. A network
            that is given keeps its own weights. With `image_shape` or
            `num_classes` the networks are made for others: see `reshaping`,
            and `transfer` for what becomes of the weights. A warning names
            what is not the preset's.

    Returns:
        An instance of the preset's class.

    Raises:
        FileNotFoundError: If the preset, or a file of it, does not exist.
        ValueError: If a file is damaged, names a class that is not allowed,
            or does not fit the others; if `cls` or `kwargs` do not fit; a
            `checks.NoWeights` if the preset has none.
        ConnectionError: If a download fails.
        ImportError: If `hf://` is used without huggingface_hub.
    """
    keras_gans.import_models()
    folder = locate(preset, weights=load_weights)
    shape = {name: kwargs.pop(name) for name in ARGUMENTS if name in kwargs}
    if shape:
        source = load(folder, cls, load_weights, custom_objects)
        model, said = reshape(
            source, **shape, custom_objects=custom_objects, **kwargs
        )
        if load_weights:
            said += sentences(transfer(source, model))
        if said:
            warnings.warn(" ".join(said), stacklevel=3)
        return model
    has_weights = (folder.path / files.WEIGHTS).exists()
    metadata = {"files": {}}
    if (folder.path / files.METADATA).exists() or has_weights:
        metadata = files.read_metadata(folder)
    known = has_weights or files.WEIGHTS in metadata["files"]
    if load_weights and not known:
        raise NoWeights(
            f"{folder.name} is a recipe without weights: train it (`keras-gans "
            f"train {folder.name}`), or pass load_weights=False for fresh "
            "weights. Received: load_weights=True"
        )
    config = files.read_json(folder, files.CONFIG)
    task = files.read_json(folder, files.TASK)

    custom_objects = dict(custom_objects or {})
    if cls is not None:  # Whoever calls its from_preset trusts it.
        custom_objects[cls.__name__] = cls
    for value in list(custom_objects.values()):
        custom_objects[keras.saving.get_registered_name(value)] = value
    config = rebuild(config, folder.path / files.CONFIG, custom_objects)
    task = rebuild(task, folder.path / files.TASK, custom_objects)
    found = _check_task(task, folder.path / files.TASK, cls, custom_objects)
    network = str(metadata.get("network", "generator"))
    valid = {*task["config"], attribute(network), *_of_bases(found)}
    valid -= {"name", *ARGUMENTS}
    valid = [*sorted(valid), "name"]
    for name in kwargs:
        if name not in valid:
            raise ValueError(
                f"from_preset({folder.name!r}) takes, of the arguments of "
                f"{task['class_name']}, {', '.join(valid)}. "
                f"Received: {name}={files.short(kwargs[name])}"
            )

    try:
        place(task["config"], network, config)
    except LookupError:
        raise ValueError(
            f"{folder.path / files.METADATA} must have as network one that "
            f"{files.TASK} has a place for. Received: "
            f"network={files.short(network)}"
        ) from None

    shapes = {}
    if load_weights:
        shapes[files.WEIGHTS] = read_shapes(folder, files.WEIGHTS, metadata)
        shapes[files.TASK_WEIGHTS] = read_shapes(
            folder, files.TASK_WEIGHTS, metadata
        )
    declared = declare(folder, config, task, network, custom_objects)
    if load_weights:
        check_shapes(folder, shapes, declared, network)
    check_work(folder, declared, metadata if load_weights else None)

    # `kwargs` are the caller's own, so they come after all checks.
    task["config"] = {**place(task["config"], network, config), **kwargs}

    def make():
        try:
            model = keras.saving.deserialize_keras_object(
                task, custom_objects=custom_objects, safe_mode=True
            )
            _name_classes(model, metadata.get("classes"))
            if load_weights:
                _keep_notices(model, metadata.get("notices"))
            return model
        except Exception as error:
            if kwargs:  # Which may be why.
                raise
            raise ValueError(
                f"{folder.path / files.TASK} must describe a model that can "
                f"be built. Received: {files.short(error)}"
            ) from error

    if not load_weights:
        return make()
    with weights_follow() as finish:
        model = make()
        read = _load_weights(
            model, folder, network, shapes[files.TASK_WEIGHTS], kwargs
        )
        finish(v for network in read for v in network.variables)
    return model


def from_preset(preset, load_weights=True, **kwargs):
    """Loads a model of whatever class a preset holds.

    Args:
        preset: As for `load`.
        load_weights: `False` for freshly initialised weights.
        **kwargs: Arguments of the model that override the preset's, and
            `custom_objects`; see `load`.

    Returns:
        An instance of the preset's class.
    """
    return load(preset, load_weights=load_weights, **kwargs)


def _name_classes(model, names):
    """Gives a model the names of its classes, if it has some."""
    if isinstance(names, list):
        model.keep_class_names([files.short(name, 100) for name in names])


def _keep_notices(model, notices):
    """Gives a model what goes with the weights that it will have."""
    if isinstance(notices, list):
        known = [note for note in notices if isinstance(note, str)]
        model.keep_notices(files.short(note, NOTICE) for note in known)


def _check_task(task, path, cls, custom_objects):
    name = task.get("registered_name") or task.get("class_name")
    found = keras.saving.get_registered_object(name, custom_objects)
    if (
        not isinstance(found, type)
        or not is_preset_model(found)
        or not isinstance(task.get("config"), dict)
    ):
        raise ValueError(
            f"{path} must be a serialized model of this package. Received: "
            f"class_name={task.get('class_name')!r}, config="
            f"{files.short(task.get('config'))}"
        )
    if cls is not None and not issubclass(found, cls):
        raise ValueError(
            f"{path} holds a {found.__name__}: load it with "
            f"{found.__name__}.from_preset(...) or "
            "keras_gans.from_preset(...). "
            f"Received: {cls.__name__}.from_preset(...)"
        )
    return found


def _of_bases(cls):
    """Arguments that no config needs to have, as `augment`: of the bases, for
    a class's own are its networks' as well."""
    return {
        name
        for base in cls.__mro__
        if base.__module__.startswith("keras_gans.")
        and registry.task_of(base.__name__) is None
        for name in keywords(base)
    }


def _load_weights(model, folder, network, groups, given):
    """Reads the weights; returns the networks that have got theirs."""

    def read(target, name):
        try:
            with warnings.catch_warnings():
                # Of layers that would keep the values they have.
                warnings.filterwarnings("error", "Skipping nested container")
                keras.saving.load_weights(target, folder.path / name)
        except Exception as error:
            raise ValueError(
                f"{folder.path / name} must hold the weights of "
                f"{type(model).__name__}. Received: {files.short(error)}"
            ) from error

    networks = {
        name: value
        for name, value in networks_of(model).items()
        if attribute(name.removeprefix("ema_")) not in given
    }
    inference = f"ema_{network}" if f"ema_{network}" in networks else network
    if inference in networks:
        read(networks[inference], files.WEIGHTS)
        if inference != network and network not in groups:
            # The EMA was asked for now: both start from the same weights.
            networks[network].set_weights(networks[inference].get_weights())
    rest = {n: v for n, v in networks.items() if n in groups and n != inference}
    if rest:
        read(container(rest), files.TASK_WEIGHTS)
    for name, value in networks.items():
        raw = name.removeprefix("ema_")
        if name not in (inference, raw) and name not in groups:
            value.set_weights(networks[raw].get_weights())
    return networks.values()
