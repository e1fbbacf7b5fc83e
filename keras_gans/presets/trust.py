"""Which classes and functions a preset's JSON may name."""

import keras

from keras_gans.presets import files

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
    "keras": ["DTypePolicy", "Sequential"],
    "keras.src.models.functional": ["Functional"],
    # A whole module: its public classes of this base class.
    "keras.initializers": "Initializer",
    "keras.regularizers": "Regularizer",
    "keras.constraints": "Constraint",
    # `x * 2` or `ops.relu(x)` in a functional network.
    "keras.src.ops.numpy": "Operation",
    "keras.src.ops.nn": "Operation",
}


def _is_allowed(module, name):
    allowed = _CLASSES.get(module)
    if isinstance(allowed, list):
        return name in allowed
    if allowed is None or not str(name).isidentifier():
        return False
    if allowed == "Operation":
        space = __import__(module, fromlist=["_"])  # One of the two above.
        base = keras.Operation
    else:
        space = getattr(keras, module.removeprefix("keras."))
        base = getattr(space, allowed)
    value = vars(space).get(name)
    return isinstance(value, type) and issubclass(value, base)


def check_classes(config, source, custom_objects):
    """Refuses JSON that names anything but known classes and functions.

    Keras would look names up among everything that the running program has
    registered, and among all of Keras.
    """

    def custom(name):
        """Whether `name` is a registered object; refuses one of others."""
        found = keras.saving.get_registered_object(name, custom_objects)
        if (
            found is not None
            and not name.startswith("keras_gans>")
            and not any(found is value for value in custom_objects.values())
        ):
            raise refusal(f"{name!r}, which is not of keras_gans or Keras")
        return found is not None

    def refusal(received):
        return ValueError(
            f"{source} must name only classes of keras_gans, Keras's own "
            "layers, initializers, regularizers and constraints, and those "
            f"in custom_objects. Received: {files.short(received)}"
        )

    values = [config]
    while values:
        value = values.pop()
        if isinstance(value, str):
            custom(value)
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, dict):
            values.extend(value.values())
            if value.get("compile_config"):
                raise refusal("a compile_config")
            if "class_name" not in value:
                continue
            name, module = value["class_name"], value.get("module")
            inner = value.get("config")
            registered = value.get("registered_name", name)  # As Keras does.
            if not isinstance(name, str) or not isinstance(
                registered or "", str
            ):
                raise refusal(f"class_name={name!r}")
            if name == "__keras_tensor__":
                continue
            if name == "function":
                # Keras looks it up by its config.
                if not isinstance(inner, str) or not custom(inner):
                    raise refusal(f"the function {inner!r}")
            elif registered is not None and custom(registered):
                pass
            elif (
                registered not in (None, name)
                or not isinstance(inner, dict)
                or not _is_allowed(module, name)
            ):
                raise refusal(f"{module}.{name} ({registered})")
