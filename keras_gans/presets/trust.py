"""What a preset's JSON may name; what was checked is made anew.

Keras reads a config in more than one way: by `registered_name` or, in its old
form, by `class_name`; a string can stand for an object, and some names for
code. So nothing of a preset's JSON reaches Keras as it is: `rebuild` writes
another config, of known classes with known arguments, and Keras gets that.
"""

import importlib

import keras

from keras_gans.presets import files, grammar, own_grammar
from keras_gans.presets.grammar import Refused

# No layer here runs code from its config (Lambda), wraps another framework
# (JaxLayer, TorchModuleWrapper), or opens files (TFSMLayer, StringLookup).
_LAYERS = """
    Activation ActivityRegularization Add AlphaDropout Attention Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D
    DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten
    GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GRU GRUCell
    Identity InputLayer LayerNormalization LeakyReLU LSTM LSTMCell Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MultiHeadAttention
    Multiply Normalization Permute PReLU ReLU RepeatVector Rescaling Reshape
    Resizing RMSNormalization RNN SeparableConv1D SeparableConv2D SimpleRNN
    SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells Subtract TimeDistributed
    Bidirectional UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
_CLASSES = {
    "keras.layers": _LAYERS.split(),
    "keras": ["Sequential"],
    "keras.src.models.functional": ["Functional"],
    # A whole module: its public classes of this base class.
    "keras.initializers": "Initializer",
    "keras.regularizers": "Regularizer",
    "keras.constraints": "Constraint",
    # `x * 2` or `ops.relu(x)` in a functional network.
    "keras.src.ops.numpy": "Operation",
    "keras.src.ops.nn": "Operation",
}

_MAX_CALLS = 4096  # of layers, in all networks of a file
_KINDS = {
    "keras.layers": "Layer",
    "keras.initializers": "Initializer",
    "keras.regularizers": "Regularizer",
    "keras.constraints": "Constraint",
}
# Of the package's own classes: elsewhere, of its layers, networks and models.
# A metric would load its classifier.
_BASES = {
    "Initializer": keras.initializers.Initializer,
    "Regularizer": keras.regularizers.Regularizer,
    "Constraint": keras.constraints.Constraint,
    "Schedule": keras.optimizers.schedules.LearningRateSchedule,
}


def _is_allowed(module, name):
    allowed = _CLASSES.get(module)
    if isinstance(allowed, list):
        return name in allowed
    return allowed is not None and _in_module(module, name, allowed)


def _is_own(found):
    return found.__module__.startswith("keras_gans.")


def _in_module(module, name, base):
    """Whether a module has a class of this name and base class."""
    space = importlib.import_module(module)  # One of the above.
    value = vars(space).get(name)
    base = getattr(keras if base == "Operation" else space, base)
    return isinstance(value, type) and issubclass(value, base)


def rebuild(config, source, custom_objects):
    """A config as Keras is to have it, made of known classes alone.

    Args:
        config: Dict of JSON, a serialized model.
        source: What it is read from, for errors.
        custom_objects: Dict of names to classes and functions of the caller.

    Returns:
        A new dict. It holds what `config` holds, if that is of the package,
        of Keras's layers, initializers, regularizers and constraints, or of
        `custom_objects`, with arguments that these take.

    Raises:
        ValueError: For anything else, before any of it is made.
    """
    rebuilder = _Rebuilder(source, custom_objects)
    try:
        return rebuilder(config, None)
    except Refused as refused:
        raise rebuilder.unknown(refused.args[0]) from None


class _Rebuilder:
    """The rule of objects: see `grammar`."""

    def __init__(self, source, custom_objects):
        self.source = source
        self.custom_objects = custom_objects
        self.num_layers = 0
        self.num_calls = 0
        self.num_tensors = 0
        self.special = {
            "policy": self._policy,
            "part": self._part,
            "node": self._node,
            "ends": self._ends,
        }

    def __call__(self, value, kind):
        if kind in self.special:
            return self.special[kind](value)
        if isinstance(value, str):
            found = self._custom(value)
            if kind is None:  # A word.
                return value
            # Keras would make a class with its defaults.
            if found is None or (
                _is_own(found)
                and (kind != "callable" or isinstance(found, type))
            ):
                raise Refused(value)
            return value
        if not isinstance(value, dict) or "class_name" not in value:
            raise Refused(value)
        return self._object(value, kind)

    # ---- errors -----------------------------------------------------------

    def unknown(self, received):
        return ValueError(
            f"{self.source} must name only classes of keras_gans, Keras's own "
            "layers, initializers, regularizers and constraints, and those "
            f"in custom_objects. Received: {files.short(received)}"
        )

    def _argument_error(self, name, keyword, value):
        return ValueError(
            f"{self.source} must give a {name} arguments that it has, of "
            f"their types and of a usual size. Received: "
            f"{files.short(keyword, 60)}={files.short(value)}"
        )

    # ---- objects ----------------------------------------------------------

    def _custom(self, name):
        """The registered object of this name; refuses one of others.

        Keras would look names up among everything that the running program
        has registered.
        """
        found = keras.saving.get_registered_object(name, self.custom_objects)
        if (
            found is not None
            and not name.startswith("keras_gans>")
            and not any(found is v for v in self.custom_objects.values())
        ):
            raise self.unknown(f"{name!r}, which is not of keras_gans or Keras")
        return found

    def _object(self, value, kind):
        name, module = value["class_name"], value.get("module")
        inner = value.get("config")
        registered = value.get("registered_name", name)  # As Keras does.
        if value.get("compile_config"):
            raise self.unknown("a compile_config")
        if not all(
            text is None or isinstance(text, str)
            for text in (name, module, registered)
        ):
            raise self.unknown(f"class_name={name!r}, module={module!r}")
        if name == "function":
            return self._function(inner, kind)
        if name == "DTypePolicy" and kind is None:
            return self._policy(value)
        received = f"{module}.{name} ({registered})"
        cls = None if registered is None else self._custom(registered)
        if cls is not None:
            if not isinstance(cls, type):
                raise self.unknown(received)
            if name not in (cls.__name__, registered):
                raise self.unknown(received)
            rules = None
            if _is_own(cls):
                if not issubclass(cls, _BASES.get(kind, keras.layers.Layer)):
                    raise Refused(received)
                rules = own_grammar.own_keywords(cls)
            module = cls.__module__
        elif (
            registered in (None, name)
            and isinstance(inner, dict)
            and name is not None
            and _is_allowed(module, name)
        ):
            registered = None
            rules = self._keras_rules(module, name, kind)
        else:
            raise self.unknown(received)
        if not isinstance(inner, dict):
            raise self._argument_error(name, "config", inner)
        if kind in (None, "Layer", "callable"):
            is_own = cls is not None and rules is not None
            is_network = is_own and issubclass(cls, keras.Model)
            self.count_layers(own_grammar.NETWORK if is_network else 1)
        result = {
            "module": module,
            "class_name": name,
            "config": self._arguments(name, inner, rules),
            "registered_name": registered,
        }
        if value.get("build_config"):
            rule = grammar.mapping(grammar.either(None, grammar.shapes))
            result["build_config"] = self._checked(
                name, "build_config", value["build_config"], rule
            )
        return result

    def _keras_rules(self, module, name, kind):
        made = _KINDS.get(module, "Layer")
        wanted = "Layer" if kind == "callable" else kind
        if wanted not in (None, made):
            raise Refused(f"{module}.{name}")
        if name in grammar.MODELS:
            return {**grammar.ALL, **grammar.MODELS[name]}
        cls = vars(importlib.import_module(module))[name]
        if _CLASSES[module] == "Operation":
            keywords = [*grammar.keywords(cls), "name"]
            return dict.fromkeys(keywords, grammar.plain)
        return grammar.keras_keywords(cls, made)

    def _arguments(self, name, config, rules):
        # Of a class of the caller's own nothing is known.
        unknown = None if rules else grammar.anything
        rules = rules or grammar.ALL
        result = {}
        for keyword, value in config.items():
            rule = rules.get(keyword, unknown)
            if rule is None or not isinstance(keyword, str):
                raise self._argument_error(name, keyword, value)
            result[keyword] = self._checked(name, keyword, value, rule)
        return result

    def _checked(self, name, keyword, value, rule):
        try:
            return rule(value, self)
        except Refused:
            raise self._argument_error(name, keyword, value) from None

    def _function(self, name, kind):
        """Keras looks it up by its config."""
        found = self._custom(name) if isinstance(name, str) else None
        if found is None or isinstance(found, type):
            raise self.unknown(f"the function {name!r}")
        if kind not in (None, "callable"):
            raise Refused(name)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": name,
            "registered_name": "function",
        }

    def _policy(self, value):
        named = {"module": "keras", "class_name": "DTypePolicy"}
        if (
            not isinstance(value, dict)
            or {key: value.get(key) for key in named} != named
            or value.get("registered_name") not in (None, "DTypePolicy")
            or not isinstance(value.get("config"), dict)
            or list(value["config"]) != ["name"]
        ):
            raise Refused(value)
        name = grammar.policy_name(value["config"]["name"], self)
        return {**named, "config": {"name": name}, "registered_name": None}

    def count_layers(self, count):
        """A network that makes its layers itself has as many as it may."""
        self.num_layers += count
        self._check_counts()

    def _check_counts(self):
        if self.num_layers > grammar.MAX_LAYERS or self.num_calls > _MAX_CALLS:
            raise ValueError(
                f"{self.source} must have at most {grammar.MAX_LAYERS} layers "
                f"and {_MAX_CALLS} calls of them. Received: more"
            )

    # ---- functional networks ----------------------------------------------

    def _part(self, value):
        """A layer or an operation of a network, with its calls."""
        if not isinstance(value, dict) or "class_name" not in value:
            raise Refused(value)
        result = self._object(value, "Layer")
        if "inbound_nodes" in value:
            name = value.get("name")
            result["name"] = self._checked("layer", "name", name, grammar.text)
            result["inbound_nodes"] = self._checked(
                "layer", "inbound_nodes", value["inbound_nodes"], grammar.nodes
            )
        return result

    def _node(self, value):
        """A call: of tensors, or a layer would compute something."""
        self.num_calls += 1
        self._check_counts()
        if (
            not isinstance(value, dict)
            or set(value) != {"args", "kwargs"}
            or not isinstance(value["args"], (list, tuple))
            or not isinstance(value["kwargs"], dict)
        ):
            raise Refused(value)
        before = self.num_tensors
        result = {key: self._fed(value[key]) for key in ("args", "kwargs")}
        if self.num_tensors == before:
            raise Refused(value)
        return result

    def _fed(self, value):
        """What a layer is called with."""
        if isinstance(value, (list, tuple)):
            return grammar.several(lambda v, made: self._fed(v), 256)(
                value, self
            )
        if not isinstance(value, dict):
            return grammar.plain(value, self)
        if "class_name" not in value:
            return grammar.mapping(lambda v, made: self._fed(v))(value, self)
        # Keras makes whatever object it finds here.
        name, inner = value["class_name"], value.get("config")
        rules = grammar.FED.get(name) if isinstance(name, str) else None
        if (
            rules is None
            or not isinstance(inner, dict)
            or set(inner) != set(rules)
        ):
            raise Refused(value)
        self.num_tensors += name == "__keras_tensor__"
        return {
            "class_name": name,
            "config": {
                key: rule(inner[key], self) for key, rule in rules.items()
            },
        }

    def _ends(self, value):
        """`[name, node, tensor]`, or lists or dicts of them."""
        if isinstance(value, dict):
            return grammar.mapping(lambda v, made: self._ends(v))(value, self)
        if isinstance(value, (list, tuple)) and value:
            if isinstance(value[0], str):
                return grammar.history(value, self)
            return grammar.several(lambda v, made: self._ends(v), 64)(
                value, self
            )
        raise Refused(value)
