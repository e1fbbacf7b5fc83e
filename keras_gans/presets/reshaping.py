"""A model like another one, for images of another shape or for other classes.

`DCGAN.from_preset("dcgan_mnist", image_shape=(64, 64, 3))` and `keras-gans
train --from`. The class says what its networks are by default for such images;
of what the preset's networks are beside that, as their width, all is kept that
such networks can have.
"""

import functools

import keras

from keras_gans.presets.parts import networks_of, place
from keras_gans.presets.shapes import without_memory

# Arguments of `from_preset` that make another shape of a model.
ARGUMENTS = ("image_shape", "num_classes")
# What networks call the shape of what they take and make.
_OF_SHAPE = (
    "image_shape",
    "example_shape",
    "num_classes",
    "channels",
    "output_channels",
    "code_dim",
)


def reshape(
    model,
    image_shape=None,
    num_classes=None,
    custom_objects=None,
    **kwargs,
):
    """A new model of a model's class and arguments, with fresh weights.

    Args:
        model: A model of the package.
        image_shape: `(height, width, channels)`, or `None` for its own.
        num_classes: Integer, or `None` for its own.
        custom_objects: Dict of names to classes and functions of the user's.
        **kwargs: More arguments of the class that override its own. Networks
            that are given are taken as they are.

    Returns:
        `(model, sentences)`: what of the networks' arguments could not stay.

    Raises:
        ValueError: If the class has no networks of this shape, or none that
            take labels.
    """
    cls = type(model)
    if image_shape is not None and model.example_kind != "image":
        raise ValueError(
            f"image_shape must be None for a model of {model.example_kind}. "
            f"Received: image_shape={image_shape!r}"
        )
    shape = tuple(image_shape or model.example_shape)
    classes = num_classes
    if classes is None:
        classes = getattr(model, "num_classes", None)
    elif not cls.knows_classes and getattr(model, "num_classes", None) is None:
        raise ValueError(
            f"num_classes must be None, for the networks of a {cls.__name__} "
            f"take no labels. Received: num_classes={num_classes!r}"
        )
    networks = {
        name: network
        for name, network in networks_of(model).items()
        if not name.startswith("ema_")
    }
    config = model.get_config()
    for name in {name.partition(".")[0] for name in networks}:
        config[name] = None
    changed = {
        name: value
        for name, value in cls.shape_arguments(shape).items()
        if image_shape is not None and name in config
    }
    if classes is not None and "num_classes" in {*config, *ARGUMENTS}:
        changed["num_classes"] = classes
    plain = {
        name: value
        for name, value in {**config, **changed, **kwargs}.items()
        if value is not None or name not in config
    }
    # Of this thread alone, while networks are tried in another one.
    scope = functools.partial(
        keras.saving.custom_object_scope, custom_objects or {}
    )
    defaults = _default_networks(cls, shape, plain, scope)
    sentences = []
    made = model.get_config()
    for name, network in networks.items():
        if name.partition(".")[0] in kwargs:
            continue
        known = {"num_classes": classes, "image_shape": list(shape)}
        known["example_shape"] = known["image_shape"]
        suited, left = _suited(network, defaults.get(name), known, scope)
        made = place(made, name, suited)
        if left:
            sentences.append(
                f"{name}: {', '.join(left)}, for images of shape {shape}."
            )
    made.update(changed)
    made.update(kwargs)
    with scope():
        return cls.from_config(made), sentences


def _default_networks(cls, shape, arguments, scope):
    """The networks that a class has for a shape: configs without weights.

    Returns:
        Dict of names to pairs of a class and its config.
    """
    arguments = {
        name: value
        for name, value in arguments.items()
        if not name.endswith("ema_momentum")
    }
    if not cls.knows_classes:
        arguments.pop("num_classes", None)

    def build():
        with scope():
            model = cls.from_config({**arguments, **cls.shape_arguments(shape)})
        return {
            name: (type(network), network.get_config())
            for name, network in networks_of(model).items()
        }

    return without_memory(build)


def _suited(network, default, known, scope):
    """The config of a network as it is to be, and what is not as it was.

    Args:
        network: `keras.Model`, the preset's.
        default: `(class, config)` of the one that the model's class makes, or
            `None`.
        known: Dict, arguments that say the shape.
        scope: Function, the scope of the user's own classes.

    Returns:
        `(config, left)`: a serialized network, and a list of strings.
    """
    own = network.get_config()
    cls, values = default or (None, {})
    if not set(_OF_SHAPE) & set(own):  # Of a shape that nothing tells.
        return keras.saving.serialize_keras_object(network), []
    shaped = {
        key: values.get(key, known.get(key, own[key]))
        for key in _OF_SHAPE
        if key in own
    }
    wanted = {**own, **shaped}
    if not _can_be(type(network), wanted, scope):
        wanted = values if type(network) is cls else shaped
        for key in (key for key in own if key not in shaped):
            trials = ({**wanted, key: v} for v in _alike(own[key]))
            fitting = (t for t in trials if _can_be(type(network), t, scope))
            wanted = next(fitting, wanted)
    left = [
        f"{key}={value!r} became {wanted[key]!r}"
        if key in wanted
        else f"{key}={value!r} is left out"
        for key, value in own.items()
        if key not in shaped and wanted.get(key) != value
    ]
    serialized = keras.saving.serialize_keras_object(network)
    return {**serialized, "config": wanted}, left


def _alike(value):
    """A value, and of a list, of numbers for each resolution from the smallest
    on, those for fewer and for more of them."""
    yield value
    if isinstance(value, list) and value:
        yield from (value[i:] for i in range(1, len(value)))
        yield from ([value[0]] * i + value for i in range(1, 5))


def _can_be(cls, config, scope):
    """Whether there is such a network."""

    def build():
        with scope():
            cls.from_config(dict(config))

    try:
        without_memory(build)
    except (TypeError, ValueError):
        return False
    return True
