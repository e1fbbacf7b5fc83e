"""Learning rates over the steps of a training."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_gans")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate, and then a line to zero.

    Zhu et al., 2017, train CycleGAN for 100 epochs at one rate, and for 100
    more while it goes to zero. It is a function of the step alone: a training
    that is resumed goes on where it was.

    Args:
        initial_learning_rate: Float.
        decay_steps: Integer, the step of the end, where the rate is 0. The
            name is `PolynomialDecay`'s.
        start: Integer, the first step that has less; `None` for half of
            `decay_steps`.
    """

    def __init__(self, initial_learning_rate, decay_steps, start=None):
        super().__init__()
        if start is None:
            start = decay_steps // 2
        if not 0 <= start < decay_steps:
            raise ValueError(
                "start must be at least 0 and less than decay_steps. "
                f"Received: start={start}, decay_steps={decay_steps}"
            )
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.start = start

    def __call__(self, step):
        left = self.decay_steps - ops.cast(step, "float32")
        share = left / (self.decay_steps - self.start)
        return self.initial_learning_rate * ops.clip(share, 0.0, 1.0)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "start": self.start,
        }
