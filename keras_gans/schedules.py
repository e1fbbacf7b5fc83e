"""Learning rates and weights over the steps of a training."""

import math

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


@keras.saving.register_keras_serializable("keras_gans")
class CosineFall(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine from one value to another, which then stays.

    R3GAN lets the weights of its penalties fall by it. A preset holds it, as it
    does not hold Keras's `CosineDecay`, in the model's arguments.

    Args:
        initial_value: Float, at step 0.
        final_value: Float, from `decay_steps` on.
        decay_steps: Integer.

    Reference:
        Huang et al., "The GAN is dead; long live the GAN!", 2024, appendix.
    """

    def __init__(self, initial_value, final_value, decay_steps):
        super().__init__()
        if decay_steps < 1:
            raise ValueError(
                "decay_steps must be at least 1. "
                f"Received: decay_steps={decay_steps}"
            )
        self.initial_value = initial_value
        self.final_value = final_value
        self.decay_steps = decay_steps

    def __call__(self, step):
        share = ops.cast(step, "float32") / self.decay_steps
        left = 0.5 * (1.0 + ops.cos(math.pi * ops.clip(share, 0.0, 1.0)))
        return self.final_value + left * (self.initial_value - self.final_value)

    def get_config(self):
        return {
            "initial_value": self.initial_value,
            "final_value": self.final_value,
            "decay_steps": self.decay_steps,
        }
