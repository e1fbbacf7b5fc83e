"""Training that follows a recipe, and the callback that writes its folder."""

import functools
import pathlib
import time

import keras
import numpy as np

from keras_gans import backend, metrics, pictures
from keras_gans.runs import folder as files
from keras_gans.runs.devices import is_chief
from keras_gans.runs.recipe import check_recipe, other_decays
from keras_gans.tasks.shared import data_name

# Shorter epochs than this are put together, so that the pictures and the
# checkpoint of an epoch stay a small part of its time.
MIN_STEPS = 200


def train(
    model,
    recipe,
    folder,
    data_dir=None,
    resume=False,
    verbose=1,
    report=print,
):
    """Trains a model as the recipe says and writes a run folder.

    Args:
        model: A compiled model of the package, built under the strategy's
            scope. Several workers train together, the chief alone writes; to
            resume, all of them must see the folder.
        recipe: Dict, see `check_recipe`. Images are resized to the model's
            shape.
        folder: Path of the run folder.
        data_dir: Where TFDS sets lie, see `datasets.load`.
        resume: Boolean, go on from the folder's checkpoint.
        verbose: 0 for silence, 1 for Keras's progress bar, 2 for lines.
        report: Function that prints a line.

    Returns:
        Dict of the last row of the log; `None` on a worker that is not the
        chief.

    Raises:
        FileExistsError: If the folder holds another run and not `resume`.
        FloatingPointError: If a loss became NaN or infinite.
    """
    recipe = check_recipe(recipe, model.task)
    run = Run(model, recipe, folder, data_dir, resume, report)
    step = run.restore() if resume else 0
    total = run.total_steps
    for line in other_decays(recipe, total, model.batch_divisor):
        if run.is_chief:
            report(line)
    if step >= total:
        report(f"The run is complete: {step} of {total} steps.")
    # Epochs are passes over the data, several where a pass is short; the last
    # one ends with the last step.
    size = run.steps_per_epoch
    while step < total:
        data = run.load("train", repeat=True, skip=step)
        whole = (total - step) // size
        epochs, steps = (whole, size) if whole else (1, total - step)
        model.fit(
            data,
            steps_per_epoch=steps,
            initial_epoch=step // size,
            epochs=step // size + epochs,
            # They look first: the run's checkpoint holds what they have seen.
            callbacks=[*run.watchers.values(), run],
            verbose=verbose if run.is_chief else 0,
        )
        step += epochs * steps
    if run.is_chief:
        run.finish()  # Again, if a run died between its last step and here.
        return run.rows[-1]
    return None


class Run(keras.callbacks.Callback):
    """The callback behind `train`: all that happens at an epoch's end.

    Args:
        model: See `train`.
        recipe: What `check_recipe` returned.
        folder: See `train`.
        data_dir: See `train`.
        resume: See `train`.
        report: See `train`.
    """

    def __init__(self, model, recipe, folder, data_dir, resume, report):
        super().__init__()
        self.gan = model
        self.task = task = model.task
        self.recipe = recipe
        best_by = recipe.get("best_by") or task.default_best_by(model, recipe)
        judged = {**recipe, "best_by": best_by}
        self.ranking = task.best_by[best_by]
        self.folder = pathlib.Path(folder)
        # The batches of a split.
        self.load = functools.partial(
            task.load, model, recipe, data_dir=data_dir
        )
        self.rows = []
        self.best = None
        self.is_chief = is_chief(model)
        self.watchers = {}
        one_pass = int(self.load("train").cardinality())
        self.total_steps = recipe.get("steps") or recipe["epochs"] * one_pass
        self.steps_per_epoch = one_pass * -(-MIN_STEPS // one_pass)
        extractor = task.extractor(model, judged)
        if self.is_chief:
            self.reference = task.reference(model, judged, extractor, self.load)
            self.watchers = task.watchers(self.reference, report)
        rng = np.random.default_rng(recipe["seed"])
        self.sample_seed = int(rng.integers(2**31))
        if not resume and files.has_log(self.folder):
            raise FileExistsError(
                f"{folder} holds a run already: resume it (--resume), or "
                "choose another folder (--out)."
            )
        if self.is_chief:
            (self.folder / "samples").mkdir(parents=True, exist_ok=True)
            (self.folder / "checkpoints").mkdir(exist_ok=True)

    # ---- checkpoints ------------------------------------------------------

    def restore(self):
        """Loads the last checkpoint and returns its step."""
        found = files.find_checkpoint(self.folder)
        if found is None:
            return 0  # Killed before the first checkpoint.
        state = files.read_state(found)
        self.gan.load_weights(found / files.MODEL_WEIGHTS)
        self.rows, self.best = state["rows"], state["best"]
        for name, watcher in self.watchers.items():
            if name in state:
                watcher.history = state[name]["history"]
                watcher.findings = state[name]["findings"]
        return state["step"]

    def _save_checkpoint(self, step):
        state = {"step": step, "rows": self.rows, "best": self.best}
        for name, watcher in self.watchers.items():
            state[name] = {
                "history": watcher.history,
                "findings": watcher.findings,
            }
        files.write_checkpoint(self.folder, step, self.gan.save_weights, state)

    # ---- the end of an epoch ----------------------------------------------

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if not self.is_chief:
            return
        backend.sync(self.gan)
        seconds = time.perf_counter() - self.started
        step = int(keras.ops.convert_to_numpy(self.gan.iterations))
        row = {"step": step, "seconds": round(seconds, 2)}
        row.update((k, float(v)) for k, v in logs.items())
        row.update(self.scores())
        picture = self.task.picture(self.gan, self.reference, self.sample_seed)
        self.rows.append(row)
        picture.save(self.folder / "samples" / f"step_{step:08d}.png")
        key = self.ranking.key
        if self.best is None or key(row) <= key(self.best):
            columns = self.ranking.columns
            self.best = {"step": step, **{c: row[c] for c in columns}}
            self._save_preset("best", row)
        self._write_log()
        # Last: whatever is lost before this line is made again by a resumed
        # run.
        self._save_checkpoint(step)

    def scores(self):
        """What the model is worth now: dict of a column to float."""
        return self.task.scores(self.gan, self.reference, self.sample_seed)

    def best_scores(self, row):
        """What `best` goes by, of a row of the log, with its protocol."""
        name, version = self.ranking.measured_on, "1"
        if name is None:
            extractor = self.reference.extractor
            name, version = extractor.name, extractor.version
        protocol = metrics.Protocol(
            extractor=name,
            version=version,
            n_real=len(self.reference.real),
            n_fake=len(self.reference.real),
            dataset=data_name(self.recipe["dataset"]),
            split="train",
        )
        # As `metrics.evaluate` names them.
        pairs = zip(self.ranking.names, self.ranking.columns, strict=True)
        return [metrics.Score(n, row[column], protocol) for n, column in pairs]

    def _write_log(self):
        files.write_log(self.folder, self.rows)
        losses = [k for k in self.rows[0] if k in ("loss", "d_loss", "g_loss")]
        pictures.line_plot(
            [r["step"] for r in self.rows],
            {k: [r[k] for r in self.rows] for k in losses},
        ).save(self.folder / "losses.png")

    def _save_preset(self, name, row):
        self.gan.save_to_preset(
            self.folder / name,
            recipe=self.recipe,
            metadata={
                "step": row["step"],
                "best_by": [score.to_json() for score in self.best_scores(row)],
            },
        )

    def finish(self):
        """Writes what a run ends with."""
        self._save_preset("last", self.rows[-1])
        paths = sorted((self.folder / "samples").glob("step_*.png"))
        pictures.save_gif(paths, self.folder / "samples.gif")
