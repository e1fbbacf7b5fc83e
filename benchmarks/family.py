"""The form of `families/<family>.py`: what the benchmark knows of a family.

A family is one file in that folder and nothing else. It ends in `FAMILIES`, a
tuple of `Family`. It is read in the processes of both sides, so it imports
Keras and PyTorch nowhere but inside its functions.
"""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Row:
    """One model that is measured: a family at one size.

    Attributes:
        image_shape: `(height, width, channels)`.
        filters: Integer, the width of convolutional networks, else 0.
        batch_size: Integer, or `None` for that of the command line.
        discriminator_steps: Integer, updates of the discriminator in a step,
            each on a batch of its own.
        goals: On a CPU: how often the first task is as fast as the second
            one, at least. Tuples `(task, other_task, ratio)`.
        full: Whether it is measured with `--full` only.
        memory_goal: Float. It is measured with `--memory` only: the GB that
            `fit` takes at most.
    """

    image_shape: tuple
    filters: int
    batch_size: int | None = None
    discriminator_steps: int = 1
    goals: tuple = ()
    full: bool = False
    memory_goal: float | None = None


@dataclasses.dataclass(frozen=True)
class Family:
    """A family on both sides.

    `settings` is a dictionary with a row's `image_shape` and `filters`, and
    what `train_step.worker_settings` adds to them.

    Attributes:
        name: String, its class in keras_gans.
        rows: Dictionary, names of models to `Row`.
        arrays: Function of `settings` and `n`: a tuple of what `n` examples
            are before any preprocessing, images as uint8. Both sides have it.
        ours: Function of `settings` and of keyword arguments for the class:
            the model of keras_gans, not compiled.
        dataset: Function of `arrays` and of keyword arguments for a loader of
            `keras_gans.datasets`: endless batches, as a user makes them.
        theirs: Function of `settings`: a dictionary of networks in plain
            PyTorch, those that are trained and those that are not.
        step: Function of a `plain_side.Trainer` and of a batch's tensors: it
            updates the networks and returns losses.
        variants: Dictionary, names of other ways to do the step, which are
            timed as well, to functions like `step`.
        generate: Function of a `plain_side.Trainer` and `n`: `n` samples as a
            NumPy array of uint8, channels last. `None` if the model draws no
            samples: then ours has no EMA either.
        learning_rate: Float, of PyTorch's Adam.
        betas: Its decays.
        convolutional: Whether the memory layout makes a difference.
    """

    name: str
    rows: dict
    arrays: Callable
    ours: Callable
    dataset: Callable
    theirs: Callable
    step: Callable
    variants: dict = dataclasses.field(default_factory=dict)
    generate: Callable | None = None
    learning_rate: float = 2e-4
    betas: tuple = (0.5, 0.999)
    convolutional: bool = True

    def batch(self, settings):
        """What one step takes: images are floats in [-1, 1]."""
        return tuple(
            (x / 127.5 - 1.0).astype("float32") if x.dtype == "uint8" else x
            for x in self.arrays(settings, settings["batch_size"])
        )


def random_images(rng, n, shape):
    return rng.integers(0, 256, (n, *shape), "uint8")


def images_alone(settings, n):
    """`arrays` of a family that learns from images and nothing else."""
    rng = np.random.default_rng(0)
    return (random_images(rng, n, settings["image_shape"]),)


def two_kinds_of_images(settings, n):
    """`arrays` of a family that makes images of one kind from another's."""
    rng = np.random.default_rng(0)
    shape = settings["image_shape"]
    return random_images(rng, n, shape), random_images(rng, n, shape)
