"""A run whose length is a time and not a number of steps."""

import math
import sys
import time

import keras

from keras_gans import runs
from keras_gans.cli.arguments import versions
from keras_gans.runs import folder as files
from keras_gans.runs.recipe import match_schedules
from keras_gans.tasks import shared

FIRST, SECOND = 20, 100  # Steps: an epoch that compiles, one that is measured.
EPOCHS = 20  # So many pictures and checkpoints of a run, but
SHORTEST = 15.0  # seconds at least between two.
STAIRS = 500  # So many different rates has a run: to set one takes time.


class TimedRun(runs.Run):
    """Trains until a time, and plans how many steps that will be.

    At the end of each epoch, which is a share of the time and not a pass, the
    rest of the run is planned by the time of the last steps, and the recipe's
    schedules are stretched to the planned steps. A run that goes on after it
    was killed keeps its last plan, however long that takes.

    Args:
        name: String, the preset.
        model: The model, not compiled.
        recipe: What `check_recipe` returned.
        folder: Path of the run folder.
        seconds: Float, of the whole run.
        deadline: Float, its end, as of `time.time`.
    """

    def __init__(self, name, model, recipe, folder, seconds, deadline):
        super().__init__(model, recipe, folder, None, say)
        self.name, self.deadline = name, deadline
        self.every = max(SHORTEST, seconds / EPOCHS)
        self.first_recipe = self.recipe
        self.stretch(self.total_steps)

    # ---- rates ------------------------------------------------------------

    def stretch(self, total):
        """Makes the recipe one of so many steps."""
        recipe = {**self.first_recipe, "steps": total}
        recipe.pop("epochs", None)
        self.recipe, _ = match_schedules(
            recipe,
            self.first_recipe,
            lambda recipe: recipe.get("steps", self.total_steps),
            self.gan.batch_divisor,
        )
        # Of each player, and its updates in a step.
        self.schedules = {}
        for key, value in self.recipe.items():
            if not isinstance(rate := _rate(key, value), dict):
                continue
            player = key.removesuffix("_optimizer")
            updates = self.gan.batch_divisor * (player == "discriminator") or 1
            self.schedules[player] = (
                shared.optimizer(
                    rate, keras.optimizers.schedules.LearningRateSchedule
                ),
                updates,
            )

    def rates(self, step):
        """The learning rates that fall, of a step: dict of player to float."""
        return {
            player: float(schedule(step * updates))
            for player, (schedule, updates) in self.schedules.items()
        }

    def compile(self):
        """With rates that can be set: compiled code would hold a schedule."""
        recipe = dict(self.recipe)
        for player, rate in self.rates(0).items():
            value = recipe[f"{player}_optimizer"]
            recipe[f"{player}_optimizer"] = {
                **value,
                "config": {**value["config"], "learning_rate": rate},
            }
        self.gan.compile(**self.task.compile_arguments(self.gan, recipe))

    def on_train_batch_begin(self, batch, logs=None):
        step = self.step + batch
        stair = max(1, self.recipe["steps"] // STAIRS)
        if batch and step % stair:
            return
        if keras.backend.backend() == "jax":
            self.gan.jax_state_sync()
        # Of one player where there is one.
        optimizers = getattr(self.gan, "optimizers", None)
        for player, rate in self.rates(step // stair * stair).items():
            optimizer = optimizers[player] if optimizers else self.gan.optimizer
            optimizer.learning_rate = rate

    # ---- epochs -----------------------------------------------------------

    def go(self):
        """Trains to the end, from the last checkpoint if there is one."""
        if files.find_checkpoint(self.folder) is None:
            self.task.prepare(self.gan, self.recipe)
        self.compile()
        self.step = self.restore()
        self.write_run()
        is_planned = self.step > 0
        size = FIRST
        if is_planned:  # As before.
            steps = [0, *(row["step"] for row in self.rows)]
            size = steps[-1] - steps[-2]
        while size := min(size, self.recipe["steps"] - self.step):
            started = time.time()
            self.gan.fit(
                self.load("train", repeat=True, skip=self.step),
                steps_per_epoch=size,
                initial_epoch=len(self.rows),
                epochs=len(self.rows) + 1,
                callbacks=[*self.watchers.values(), self],
                verbose=0,
            )
            self.step += size
            row = self.rows[-1]
            words = (f"{k} {v:.4g}" for k, v in row.items() if k != "step")
            self.report(
                f"{self.step:,} of {self.recipe['steps']:,} steps, "
                f"{1e3 * row['seconds'] / size:.2f} ms each: {', '.join(words)}"
            )
            if not is_planned:
                rest = time.time() - started - row["seconds"]
                size = self.plan(size, row["seconds"] / size, rest)
                self.write_run()
                is_planned = self.step + size == self.recipe["steps"]
        self.finish()

    def plan(self, size, pace, rest):
        """Plans the rest of the run, and returns the steps of an epoch.

        Args:
            size: Integer, the steps of the last epoch.
            pace: Float, the seconds of each.
            rest: Float, the seconds of an epoch's end.
        """
        if self.step == FIRST:
            return SECOND
        left = self.deadline - time.time()
        epochs = max(1, round(left / (self.every + rest)))
        steps = max(0, math.floor((left - epochs * rest) / pace))
        self.stretch(self.step + steps)
        # A short epoch says little of the pace: not far by it.
        return min(-(-steps // epochs), 20 * size)

    def write_run(self):
        """The plan, for who resumes."""
        about = {
            "preset": self.name,
            "command": ["python", *sys.argv],
            "versions": versions(),
        }
        steps = self.recipe["steps"]
        files.write_run(self.folder, self.recipe, about, steps)


def _rate(key, value):
    if not key.endswith("_optimizer") or not isinstance(value, dict):
        return None
    return value["config"].get("learning_rate")


def say(line):
    print(time.strftime("%H:%M:%S"), line, flush=True)
