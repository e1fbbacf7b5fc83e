"""A name, a folder or arrays in, a dataset of batches out.

On TensorFlow that is a `tf.data.Dataset`, and on JAX and PyTorch, which need no
TensorFlow, a `grain.IterDataset`: of the same batches, for `fit`,
`metrics.evaluate`, or a loop.

The order of the records is part of a result: pass `e` over the data is a pure
function of `(seed, e)`, so that a run which was stopped after `k` batches goes
on with `load(..., repeat=True, skip=k)` as if nothing had happened.

TensorFlow, grain and tensorflow-datasets are imported where they are used,
which keeps `import keras_gans` quick and the package usable without them.
"""

from keras_gans.datasets.high_res import load_crops, load_high_res
from keras_gans.datasets.loading import load
from keras_gans.datasets.pairs import load_pairs
from keras_gans.datasets.semi_supervised import load_semi_supervised
from keras_gans.datasets.toys import grid, grid_modes, ring, ring_modes
from keras_gans.datasets.unpaired import load_unpaired

__all__ = [
    "grid",
    "grid_modes",
    "load",
    "load_crops",
    "load_high_res",
    "load_pairs",
    "load_semi_supervised",
    "load_unpaired",
    "ring",
    "ring_modes",
]
