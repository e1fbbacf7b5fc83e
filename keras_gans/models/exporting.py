"""Artifacts for serving: what users have in, what they want out."""

import warnings

import keras
from keras import ops

from keras_gans import writing
from keras_gans.names import install
from keras_gans.pixels import from_uint8_tensor, to_uint8_tensor

# What is in the folder of one.
SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables", "assets")


def export_images(network, shape, filepath, format, **kwargs):
    """Exports a network of images in [-1, 1]: uint8 in, and uint8 out.

    Args:
        network: `keras.Model`.
        shape: `(height, width, channels)`, `None` for a side of any size.
        filepath: Path of the artifact.
        format: See `keras.Model.export`.
        **kwargs: More arguments of `keras.Model.export`.
    """
    inputs = keras.Input(shape, dtype="uint8", name="images")
    outputs = network(from_uint8_tensor(inputs), training=False)
    outputs = to_uint8_tensor(outputs)
    export(keras.Model(inputs, outputs), filepath, format, **kwargs)


# By the backend: what its exports to ONNX and LiteRT need.
_PACKAGES = {
    "tensorflow": install("export"),
    "jax": "pip install jax2onnx, or export on the TensorFlow backend",
    "torch": "pip install onnx onnxscript, or export on the TensorFlow backend",
}


def export(model, filepath, format, **kwargs):
    """Exports a model of its inputs, all of the artifact or nothing.

    Raises:
        ImportError: If packages are missing, with what brings them.
        OSError: If the disk is full.
    """
    # Keras's ONNX export wants a model that was called. Sides of any size
    # have eight pixels then.
    model(
        keras.tree.map_structure(
            lambda x: ops.zeros((1, *(s or 8 for s in x.shape[1:])), x.dtype),
            model.input,
        )
    )
    verbose = kwargs.pop("verbose", None)
    try:
        with warnings.catch_warnings(), writing.temporary(filepath) as part:
            # Keras's patch of tf2onnx for NumPy 2 looks for `np.object`.
            warnings.simplefilter("ignore", FutureWarning)
            model.export(str(part), format=format, verbose=False, **kwargs)
            writing.move(part, filepath, own=SAVED_MODEL)
    except Exception as error:
        # PyTorch's exporter has an error of its own for it.
        missing = isinstance(error, ImportError)
        if not missing and "is not installed" not in str(error):
            raise
        raise ImportError(
            f"format={format!r} needs packages that are not installed: "
            f"{_PACKAGES[keras.backend.backend()]} ({error})"
        ) from None
    if verbose is not False:  # Keras would name the temporary one.
        print(f"Saved artifact at {str(filepath)!r}.")
