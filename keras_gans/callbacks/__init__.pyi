# What `__init__.py` serves, for editors and type checkers.

from keras_gans.callbacks.non_finite import StopOnNonFinite as StopOnNonFinite
from keras_gans.callbacks.sample_grid import SampleGrid as SampleGrid
from keras_gans.callbacks.score import Score as Score
from keras_gans.callbacks.training_health import (
    TrainingHealth as TrainingHealth,
)
