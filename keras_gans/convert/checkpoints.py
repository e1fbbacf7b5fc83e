"""Checkpoints of PyTorch, under the names that today's code gives them."""

from keras_gans import pytorch_files
from keras_gans.convert import basicsr, rosinality


def read(path):
    """A checkpoint as `(arrays, sha256)`, see `pytorch_files.read`."""
    arrays, sha256 = pytorch_files.read(
        path, lambda state: rosinality.unwrapped(basicsr.unwrapped(state))
    )
    if "conv_first.weight" in arrays:
        arrays = {basicsr.todays_name(n): v for n, v in arrays.items()}
    return arrays, sha256
