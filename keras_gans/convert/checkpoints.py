"""Checkpoints of others, under the names that today's code gives tensors."""

from keras_gans import pytorch_files
from keras_gans.convert import basicsr, rosinality, safetensors


def read(path):
    """A checkpoint as `(arrays, sha256)`, see `pytorch_files.read`.

    Args:
        path: `pathlib.Path`, of a file of PyTorch or a `.safetensors`.
    """
    if path.suffix == ".safetensors":
        arrays, sha256 = safetensors.read(path)
    else:
        arrays, sha256 = pytorch_files.read(path, _unwrapped)
    return basicsr.todays_names(arrays), sha256


def _unwrapped(state):
    return rosinality.unwrapped(basicsr.unwrapped(state))
