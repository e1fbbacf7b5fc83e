"""Training that follows a recipe, and the callback that writes its folder."""

import contextlib
import functools
import pathlib
import time

import keras
import numpy as np

from keras_gans import backend, metrics, pictures, writing
from keras_gans.event_files import EventFile
from keras_gans.runs import folder as files
from keras_gans.runs import plan, report_page
from keras_gans.runs.devices import together
from keras_gans.runs.lock import lock
from keras_gans.runs.progress import SILENT, Progress
from keras_gans.runs.recipe import check_recipe, count_steps
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
    about=None,
    tensorboard=False,
    dry_run=False,
    locked=False,
):
    """Trains a model as the recipe says and writes a run folder.

    What it is about to do is said first.

    Args:
        model: A compiled model of the package, built under the strategy's
            scope. Several workers train together, the chief alone writes; to
            resume, all of them must see the folder.
        recipe: Dict, see `check_recipe`. Images are resized to the model's
            shape.
        folder: Path of the run folder.
        data_dir: Where TFDS sets lie, see `datasets.load`.
        resume: Boolean, go on from the folder's checkpoint.
        verbose: 0 for silence but for troubles, 1 for a bar, 2 for lines.
        report: Function that prints a line.
        about: Dict for `run.json`, see `folder.write_run`, and for the report
            with the `licence` of the data, a string, and `uses`, commands
            with `{preset}` for the best checkpoint; `None` for none.
        tensorboard: Boolean, write events into `folder/tensorboard`.
        dry_run: Boolean, say what would be done, try a few steps and the
            scores, and write nothing.
        locked: Boolean, whether the caller has locked the folder.

    Returns:
        Dict of the last row of the log; `None` on a worker that is not the
        chief, and of a dry run.

    Raises:
        BlockingIOError: If another training is at work in the folder.
        FileExistsError: If the folder holds another run and not `resume`.
        FloatingPointError: If a loss became NaN or infinite.
        ConnectionError: If another worker has ended.
        ImportError: Without TensorBoard, if it is asked for.
        OSError: If the disk is full. The last checkpoint is whole.
    """
    recipe = check_recipe(recipe, model.task)
    chief = backend.is_chief(model)
    if dry_run:
        run = Run(model, recipe, folder, data_dir, report)
        with together(model):
            said = [*plan.describe(run), *plan.rehearse(run)]
        for line in plan.lines(said) if chief else ():
            report(line)
        return None
    events = None
    own = chief and not locked
    with lock(folder) if own else contextlib.nullcontext():
        if not resume:
            files.check_new(folder)
        if chief:
            files.clean(folder)
            if tensorboard:  # First, for its package may be missing.
                events = EventFile(pathlib.Path(folder) / "tensorboard")
        run = Run(
            *(model, recipe, folder, data_dir, report),
            verbose=verbose if chief else SILENT,
            about=about,
            events=events,
        )
        if chief and about is not None:
            files.write_run(folder, recipe, about, run.total_steps)
        step = run.restore() if resume else 0
        if chief and verbose != SILENT:
            for line in plan.lines(plan.describe(run, step)):
                report(line)
        with together(model):
            run.fit(step)
        if chief:
            with backend.alone():
                run.finish()  # Again, if it died between there and here.
            if events is not None:
                events.close()
            return run.rows[-1]
        return None


class Run(keras.callbacks.Callback):
    """The callback behind `train`: all that happens at an epoch's end.

    Args:
        model: See `train`.
        recipe: What `check_recipe` returned.
        folder: See `train`.
        data_dir: See `train`.
        report: See `train`.
        verbose: See `train`.
        about: See `train`.
        events: `EventFile`, or `None` for none.
    """

    def __init__(
        self,
        model,
        recipe,
        folder,
        data_dir,
        report,
        verbose=SILENT,
        about=None,
        events=None,
    ):
        super().__init__()
        self.gan = model
        self.task = task = model.task
        self.recipe = recipe
        best_by = recipe.get("best_by") or task.default_best_by(model, recipe)
        judged = {**recipe, "best_by": best_by}
        self.ranking = task.best_by[best_by]
        self.folder = pathlib.Path(folder)
        self.report = report
        # The batches of a split.
        self.load = functools.partial(
            task.load, model, recipe, data_dir=data_dir
        )
        self.rows = []
        self.best = None
        self.is_chief = backend.is_chief(model)
        self.watchers = {}
        self.one_pass = int(self.load("train").cardinality())
        self.total_steps = count_steps(recipe, self.load)
        self.steps_per_epoch = self.one_pass * -(-MIN_STEPS // self.one_pass)
        self.unit = f"{model.example_kind.removesuffix('s')}s"
        self.progress = Progress(
            self.total_steps, recipe["batch_size"], self.unit, verbose, report
        )
        self.events = events
        with backend.alone():
            extractor = task.extractor(model, judged)
            if self.is_chief:
                self.reference = task.reference(
                    model, judged, extractor, self.load
                )
                self.watchers = task.watchers(self.reference, self.progress.say)
                self.facts = plan.facts(self, about)
        rng = np.random.default_rng(recipe["seed"])
        self.sample_seed = int(rng.integers(2**31))

    def fit(self, step):
        """Trains from a step to the end."""
        self.progress.start(step)
        try:
            self._fit(step)
        finally:
            self.progress.close()

    def _fit(self, step):
        total, size = self.total_steps, self.steps_per_epoch
        if step >= total:
            self.report(f"The run is complete: {step} of {total} steps.")
        # Epochs are passes over the data, several where a pass is short; the
        # last one ends with the last step.
        while step < total:
            data = self.load("train", repeat=True, skip=step)
            whole = (total - step) // size
            epochs, steps = (whole, size) if whole else (1, total - step)
            self.gan.fit(
                data,
                steps_per_epoch=steps,
                initial_epoch=step // size,
                epochs=step // size + epochs,
                # They look first: the run's checkpoint holds what they have
                # seen.
                callbacks=[self.progress, *self.watchers.values(), self],
                verbose=0,
            )
            step += epochs * steps

    # ---- checkpoints ------------------------------------------------------

    def restore(self):
        """Loads the last checkpoint and returns its step."""
        found = files.find_checkpoint(self.folder)
        if found is None:
            return 0  # Killed before the first checkpoint.
        state = files.read_state(found)
        self.gan.load_weights(found / files.MODEL_WEIGHTS)
        self.gan.keep_notices(state.get("notices", ()))
        self.rows, self.best = state["rows"], state["best"]
        for name, watcher in self.watchers.items():
            if name in state:
                watcher.history = state[name]["history"]
                watcher.findings = state[name]["findings"]
        return state["step"]

    def _save_checkpoint(self, step):
        state = {"step": step, "rows": self.rows, "best": self.best}
        state["notices"] = list(self.gan.notices)
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
        if self.is_chief:
            with backend.alone():
                self._end_epoch(logs)

    def _end_epoch(self, logs):
        backend.sync(self.gan)
        seconds = time.perf_counter() - self.started
        step = int(keras.ops.convert_to_numpy(self.gan.iterations))
        row = {"step": step, "seconds": round(seconds, 2)}
        row.update((k, float(v)) for k, v in logs.items())
        row.update(self.scores())
        picture = self.task.picture(self.gan, self.reference, self.sample_seed)
        self.rows.append(row)
        writing.write_image(
            self.folder / "samples" / files.picture_name(step), picture
        )
        key = self.ranking.key
        is_best = self.best is None or key(row) <= key(self.best)
        self.progress.evaluated(row, is_best)
        if is_best:
            columns = self.ranking.columns
            self.best = {"step": step, **{c: row[c] for c in columns}}
            self._save_preset("best", row)
        self._write_log()
        if self.events is not None:
            numbers = {k: v for k, v in row.items() if k != "step"}
            self.events.write(step, numbers, {"samples": picture})
        # Last: whatever is lost before this line is made again by a resumed
        # run.
        self._save_checkpoint(step)

    def scores(self):
        """What the model is worth now: dict of a column to float."""
        return self.task.scores(self.gan, self.reference, self.sample_seed)

    def best_scores(self, row):
        """What `best` goes by, of a row of the log, with its protocol."""
        return list(self.scores_in(row, self.ranking).values())

    def scores_in(self, row, ranking):
        """Those of a row of the log that a ranking has: a dict by column."""
        extractor = self.reference.extractor
        name, version = ranking.measured_on, "1"
        if name is None and extractor is not None:
            name, version = extractor.name, extractor.version
        if name is None or not set(ranking.columns) <= set(row):
            return {}
        protocol = metrics.Protocol(
            extractor=name,
            version=version,
            n_real=len(self.reference.real),
            n_fake=len(self.reference.real),
            dataset=data_name(self.recipe["dataset"]),
            split="train",
        )
        # As `metrics.evaluate` names them.
        pairs = zip(ranking.columns, ranking.names, strict=True)
        return {c: metrics.Score(n, row[c], protocol) for c, n in pairs}

    def _write_log(self):
        files.write_log(self.folder, self.rows)
        losses = [k for k in self.rows[0] if k in ("loss", "d_loss", "g_loss")]
        plot = pictures.line_plot(
            [r["step"] for r in self.rows],
            {k: [r[k] for r in self.rows] for k in losses},
        )
        writing.write_image(self.folder / "losses.png", plot)
        self._write_report()

    def _write_report(self):
        columns = {}
        for ranking in self.task.best_by.values():
            scores = self.scores_in(self.rows[-1], ranking)
            for column, score in scores.items():
                columns.setdefault(column, (score, ranking.high))
        # A run may plan anew how long it is, as tools/timed_run.py does.
        total = self.recipe.get("steps", self.total_steps)
        licence = plan.with_notices(self.facts["licence"], self.gan)
        own = {"recipe": self.recipe, "total": total, "licence": licence}
        report_page.write(
            self.folder,
            {**self.facts, **own},
            columns,
            self.rows,
            self.best,
            {
                name: list(watcher.findings.values())
                for name, watcher in self.watchers.items()
            },
        )

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
        self._write_report()
        self._save_preset("last", self.rows[-1])
        paths = list(files.sample_pictures(self.folder).values())
        if paths:  # Somebody may have put them elsewhere.
            pictures.save_gif(paths, self.folder / "samples.gif")
