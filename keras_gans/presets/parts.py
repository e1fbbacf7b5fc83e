"""The networks inside of a model, each by a name.

A network is an attribute of its model, under the name that it has in the
model's config, or in a list or dict that is one: `generator`,
`discriminators.0`, `encoders.style`.
"""

import re

import keras

# The base class of all models that presets hold. Its module imports `loading`
# and `saving`, which therefore cannot import it: it puts itself here.
bases = []


def is_preset_model(cls):
    """Whether a class is a `PresetModel`."""
    return isinstance(cls, type) and issubclass(cls, tuple(bases))


def networks_of(model):
    """The networks that a model's config holds, and their EMA copies.

    A network that the config does not hold, such as a pretrained one inside
    of a loss, is made by the constructor and is not part of a preset.

    Returns:
        Dict of names to networks; the EMA copy of `generator` is
        `ema_generator`.
    """
    networks = {}
    for name in model.get_config():
        for key in (name, f"ema_{name}"):
            networks.update(_flat(key, getattr(model, key, None)))
    return networks


def _flat(name, value):
    if isinstance(value, keras.Model):
        return {name: value}
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    networks = {}
    for key, item in items:
        found = _flat(f"{name}.{key}", item)
        # It becomes part of a path in a weights file.
        if found and not re.fullmatch(r"[\w-]+", str(key)):
            raise ValueError(
                f"{name} must have keys of letters, digits, _ and - for its "
                f"networks. Received: {key!r}"
            )
        networks.update(found)
    return networks


def attribute(name):
    """The model's attribute that a network is, or is in."""
    return name.partition(".")[0]


def place(config, name, value):
    """A model's config with `value` where the network of this name was.

    Raises:
        LookupError: If the config has no list or dict where the name says.
    """
    name, _, inside = name.partition(".")
    if not inside:
        return {**config, name: value}
    return {**config, name: _placed(config[name], inside.split("."), value)}


def _placed(holder, keys, value):
    if not keys:
        return value
    key, *rest = keys
    if isinstance(holder, dict):
        return {**holder, key: _placed(holder[key], rest, value)}
    if not isinstance(holder, list) or not key.isdecimal():
        raise LookupError(key)
    index = int(key)
    changed = _placed(holder[index], rest, value)
    return [*holder[:index], changed, *holder[index + 1 :]]


def remove(config, name):
    """A model's config without a network; in a list or dict it leaves `None`.

    So that the others stay where they are.
    """
    if "." in name:
        return place(config, name, None)
    return {key: value for key, value in config.items() if key != name}


def container(networks):
    """One object that holds networks, for Keras's weights files."""
    layer = keras.layers.Layer(name="task")
    for name, network in networks.items():
        setattr(layer, name, network)
    layer.built = True
    return layer
