"""A run folder: training from a recipe, with pictures, that resumes exactly.

    run/
      report.html           all of it on one page, which needs nothing else
      run.json              preset, recipe, command, versions
      log.csv               a row per epoch: step, seconds, losses, scores
      samples/step_*.png    what the model makes, always of the same
      samples.gif           the same, moving
      losses.png            the losses over the steps
      checkpoints/step_*    the last state: weights, optimizers, seeds
      best/, last/          presets: `from_preset("run/best")`
      tensorboard/          events, where they are asked for

One training at a time is at work in a folder (`.lock`). Whatever has a name
there is complete: a process can be killed at any moment, and a disk be full.

`best` is the best checkpoint by a score, one of the `best_by` of the model's
task, against training examples; what a task has of watchers, as
`callbacks.TrainingHealth`, looks at the run and says what goes wrong.

What it is about to do is said before, and tried by a dry run (`plan`); how it
is getting on is shown as one bar over the whole run (`progress`).

Everything that training depends on is a function of the recipe's seed and the
step, or is in the checkpoint: networks, optimizers, EMA, seeds. So a run that
was killed and resumed ends with the weights of one that was not. When
`TrainingHealth` looks depends on the clock, and changes nothing but its words.

Names are resolved on first use: `runs.folder` reads a `run.json` before Keras
is imported, for it says which backend the run has.
"""

import importlib

_NAMES = {
    "Run": "keras_gans.runs.run",
    "train": "keras_gans.runs.run",
    "check_recipe": "keras_gans.runs.recipe",
    "optimizer": "keras_gans.tasks.shared",
    "is_chief": "keras_gans.backend",
    "make_deterministic": "keras_gans.runs.devices",
    "strategy_scope": "keras_gans.runs.devices",
    "Workers": "keras_gans.runs.devices",
}

__all__ = list(_NAMES)


def __getattr__(name):
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
