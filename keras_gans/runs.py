"""A run folder: training from a recipe, with pictures, that resumes exactly.

    run/
      run.json              preset, recipe, command, versions
      log.csv               a row per epoch: step, seconds, losses, scores
      samples/step_*.png    grids from fixed latents
      samples.gif           the same, moving
      losses.png            the losses over the steps
      checkpoints/step_*    the last state: weights, optimizers, seeds
      best/, last/          presets: `from_preset("run/best")`

`best` is the best checkpoint by a score, of `BEST_BY`, against training
examples; `callbacks.TrainingHealth` watches the run and says what goes wrong.

Everything that training depends on is a function of the recipe's seed and the
step, or is in the checkpoint: networks, both optimizers, EMA, seeds. So a run
that was killed and resumed ends with the weights of one that was not. When
`TrainingHealth` looks depends on the clock, and changes nothing but its words.
"""

import csv
import json
import os
import pathlib
import shutil
import time

import keras
import numpy as np

from keras_gans import (
    backend,
    callbacks,
    datasets,
    metrics,
    pictures,
    presets,
    resizing,
    schedules,
)
from keras_gans.checks import check_integer
from keras_gans.metrics.translation import distinct
from keras_gans.names import CLASSIFIERS, EXTRACTORS
from keras_gans.pixels import to_uint8

SAMPLES = 64  # in a grid
SCORED = 2000  # examples that a checkpoint's score is measured on
TRANSLATED = 500  # as translating takes longer
UPSCALED = 4  # batches of crops
POINTS_SCORED = 2500  # as VEEGAN and PacGAN do for the toys
# What a checkpoint can be the best by: columns of the log, the first counts
# most. Of modes and of high quality there should be many, else it is low.
BEST_BY = {
    "kid": ("kid",),
    "modes": ("modes", "high_quality"),
    "swd": ("swd",),
    "psnr": ("psnr",),
    "content": ("content_loss",),
}
# Those of which more is better.
HIGH = ("modes", "psnr")

# What a recipe says of the data: of models that translate images,
DATA_ARGUMENTS = {
    "pairs": {"sides", "direction", "augment", "splits"},
    "unpaired": {"augment", "splits"},
    # and of models that make them larger.
    "high_res": {
        "crop_size",
        "augment",
        "blur",
        "noise",
        "jpeg_quality",
        "splits",
    },
}

# Of `SRResNet`; without one in the recipe it is the paper's, the first.
PIXEL_LOSSES = ("mean_squared_error", "mean_absolute_error")

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
        model: A compiled `AdversarialModel`, built under the strategy's scope.
            Several workers train together, the chief alone writes; to resume,
            all of them must see the folder.
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
    kind = Run
    if hasattr(model, "translate"):
        kind = TranslationRun
    elif hasattr(model, "upscale"):
        kind = UpscalingRun
    run = kind(model, check_recipe(recipe), folder, data_dir, resume, report)
    step = run.restore() if resume else 0
    total = run.total_steps
    for line in _other_decays(run.recipe, total, model.batch_divisor):
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
            # It looks first: the run's checkpoint holds what it has seen.
            callbacks=[*run.watchers, run],
            verbose=verbose if run.is_chief else 0,
        )
        step += epochs * steps
    if run.is_chief:
        run.finish()  # Again, if a run died between its last step and here.
        return run.rows[-1]
    return None


def check_recipe(recipe):
    """Raises a `ValueError` for a recipe that cannot be followed.

    Args:
        recipe: Dict with `dataset` (see `datasets.load`), `batch_size`, and
            either `steps` (generator updates) or `epochs` (passes over the
            data). Optional: `seed` (0), `labels` (`True` for conditional
            models), `best_by` (see `default_best_by`), `extractor` (the name
            of one, for `"kid"` and for `keras-gans evaluate`),
            `generator_optimizer` and `discriminator_optimizer` (see
            `optimizer`). For models that translate images `pairs` or
            `unpaired`: a dict of arguments of `datasets.load_pairs`
            (`sides`, `direction`, `augment`) or `load_unpaired` (`augment`),
            and of `splits`, what `"train"` and `"test"` stand for; unpaired
            data may have `dataset_b` as the other domain. For models that
            make images larger `high_res`, a dict of arguments of
            `datasets.load_high_res`, for an `SRResNet` `loss`, one of
            `PIXEL_LOSSES`, and for an `SRGAN` `generator`, the preset whose
            generator training starts from.

    Returns:
        The recipe with its `seed`.
    """
    length = [key for key in ("steps", "epochs") if key in recipe]
    known = {"dataset", "batch_size", "seed", "labels", "best_by", *length}
    known |= {"generator_optimizer", "discriminator_optimizer"}
    known |= {"extractor", "dataset_b", "generator", "loss", *DATA_ARGUMENTS}
    missing = {"dataset", "batch_size"} - set(recipe)
    if len(length) != 1 or missing or set(recipe) - known:
        raise ValueError(
            "A recipe must have a dataset, a batch_size, and either steps or "
            f"epochs; it may have {', '.join(sorted(known - set(length)))}. "
            f"Received: {recipe}"
        )
    recipe = {"seed": 0, **recipe}
    for key in ("batch_size", *length):
        check_integer(key, recipe[key], minimum=1)
    check_integer("seed", recipe["seed"], minimum=0)
    if recipe.get("best_by", "swd") not in BEST_BY:
        raise ValueError(
            f"best_by must be one of {', '.join(BEST_BY)}. "
            f"Received: best_by={recipe['best_by']!r}"
        )
    if recipe.get("extractor", "points") not in EXTRACTORS:
        raise ValueError(
            f"extractor must be one of {', '.join(EXTRACTORS)}. "
            f"Received: extractor={recipe['extractor']!r}"
        )
    if recipe.get("loss", PIXEL_LOSSES[0]) not in PIXEL_LOSSES:
        raise ValueError(
            f"loss must be one of {', '.join(PIXEL_LOSSES)}. "
            f"Received: loss={recipe['loss']!r}"
        )
    for key, arguments in DATA_ARGUMENTS.items():
        unknown = set(recipe.get(key, {})) - arguments
        if unknown:
            raise ValueError(
                f"{key} of a recipe may have {', '.join(sorted(arguments))}. "
                f"Received: {', '.join(sorted(unknown))}"
            )
    if "pairs" in recipe and {"unpaired", "dataset_b"} & set(recipe):
        raise ValueError(
            "A recipe of pairs has no other domain: leave out unpaired and "
            f"dataset_b. Received: {recipe}"
        )
    return recipe


def default_best_by(recipe, example_shape):
    """The score that ranks the checkpoints of a run, of `BEST_BY`.

    `"kid"`, `metrics.kernel_distance` in the features of the recipe's
    extractor, or of the zoo's classifier of its data set where that takes
    images of this shape; `"modes"`, `metrics.mode_coverage`, for the toys;
    otherwise `"swd"`, `metrics.sliced_wasserstein` of the values. (Of the toys
    that sees the modes' shares before anything else, and may choose a cloud
    of points.)

    Args:
        recipe: See `check_recipe`.
        example_shape: The model's.
    """
    if toy(recipe["dataset"]):
        return "modes"
    if "high_res" in recipe:
        return "content" if "generator" in recipe else "psnr"
    if "extractor" in recipe:
        return "kid"
    name = extractor_name(recipe)
    if name and (presets.zoo_path() / name).is_dir():
        network = metrics.get_extractor(name).network
        if network.input_shape[1:] == tuple(example_shape):
            return "kid"
    return "swd"


def extractor_name(recipe):
    """What the recipe's images are measured with; `None` if unknown."""
    name = f"{recipe['dataset']}_classifier"
    return recipe.get("extractor", name if name in CLASSIFIERS else None)


def optimizer(value, base=keras.optimizers.Optimizer):
    """The optimizer that a recipe names.

    Args:
        value: `"auto"`, or a dict with the `class_name` of one of Keras's
            optimizers and its `config` of plain numbers. The learning rate
            may be such a dict of one of `keras.optimizers.schedules`, or of
            `LinearDecay` of `keras_gans.schedules`.
        base: The class that it must be a subclass of.
    """
    if value == "auto":
        return value
    schedule = keras.optimizers.schedules.LearningRateSchedule
    classes = vars(keras.optimizers)
    if base is schedule:
        classes = {
            **vars(keras.optimizers.schedules),
            "LinearDecay": schedules.LinearDecay,
        }
    name = value.get("class_name") if isinstance(value, dict) else None
    config = dict(value.get("config", {})) if name else {}
    rate = config.get("learning_rate")
    if isinstance(rate, dict) and base is not schedule:
        config["learning_rate"] = optimizer(rate, schedule)
    cls = classes.get(name)
    # A recipe may come with a preset from anywhere: it names no other class.
    numbers = [
        number
        for value in config.values()
        for number in (value if isinstance(value, list) else [value])
    ]
    plain = all(isinstance(n, (int, float, schedule)) for n in numbers)
    if not (
        isinstance(cls, type)
        and issubclass(cls, base)
        and cls is not base
        and plain
    ):
        raise ValueError(
            'An optimizer of a recipe must be "auto", or the class_name of '
            "one of Keras's optimizers and a config of numbers; its learning "
            "rate may be such a schedule. "
            f"Received: {value}"
        )
    return cls(**config)


def _other_decays(recipe, total, discriminator_steps):
    """Sentences about learning rates that end before or after the run.

    A recipe's schedule counts steps; `--epochs` and `--batch-size` change
    their number.
    """
    for player, updates in (
        ("generator", total),
        ("discriminator", total * discriminator_steps),
    ):
        value = recipe.get(f"{player}_optimizer", "auto")
        rate = value != "auto" and value["config"].get("learning_rate")
        # Those that have an end.
        if not isinstance(rate, dict) or rate["class_name"] not in (
            "PolynomialDecay",
            "CosineDecay",
            "LinearDecay",
        ):
            continue
        end = rate["config"].get("decay_steps")
        if end != updates:
            yield (
                f"The {player}'s learning rate decays over {end:,} updates, "
                f"but this run makes {updates:,}: change decay_steps in the "
                "preset's training.json to match."
            )


class Run(keras.callbacks.Callback):
    """The callback behind `train`: all that happens at an epoch's end."""

    def __init__(self, model, recipe, folder, data_dir, resume, report):
        super().__init__()
        self.gan = model
        self.recipe = recipe
        self.folder = pathlib.Path(folder)
        self.data_dir = data_dir
        self.rows = []
        self.best = None
        self.is_chief = is_chief(model)
        self.watchers = []
        one_pass = int(self.load("train").cardinality())
        self.total_steps = recipe.get("steps") or recipe["epochs"] * one_pass
        self.steps_per_epoch = one_pass * -(-MIN_STEPS // one_pass)
        self.toy = toy(recipe["dataset"])
        self.best_by = recipe.get("best_by") or default_best_by(
            recipe, model.example_shape
        )
        self.extractor = self._extractor()
        if self.is_chief:
            self.reference, labels = self._reference()
            self.watchers = self._watchers(labels, report)
            if self.extractor:
                self.features = self.extractor(to_uint8(self.reference))
        rng = np.random.default_rng(recipe["seed"])
        self.sample_seed = int(rng.integers(2**31))
        if not resume and (self.folder / "log.csv").exists():
            raise FileExistsError(
                f"{folder} holds a run already: resume it (--resume), or "
                "choose another folder (--out)."
            )
        if self.is_chief:
            (self.folder / "samples").mkdir(parents=True, exist_ok=True)
            (self.folder / "checkpoints").mkdir(exist_ok=True)

    def load(self, split, **kwargs):
        recipe, shape = self.recipe, self.gan.example_shape
        is_image = len(shape) == 3
        return datasets.load(
            recipe["dataset"],
            recipe["batch_size"],
            split=split,
            labels=recipe.get("labels", False),
            image_size=shape[:2] if is_image else None,
            channels=shape[2] if is_image else None,
            seed=recipe["seed"],
            data_dir=self.data_dir,
            **kwargs,
        )

    def _extractor(self):
        """What makes the features that `"kid"` compares; `None` for others."""
        name = extractor_name(self.recipe)
        if (
            (self.best_by == "kid" and name is None)
            or (self.best_by == "modes" and not self.toy)
            or self.best_by in ("psnr", "content")
        ):
            raise ValueError(
                "best_by must be 'swd', for 'kid' is of data that the zoo has "
                "a classifier of, or that the recipe names an extractor for, "
                f"and 'modes' of ring and grid. Received: best_by="
                f"{self.best_by!r} for {self.recipe['dataset']!r}"
            )
        return metrics.get_extractor(name) if self.best_by == "kid" else None

    def _reference(self):
        """Real training examples that the scores compare with, and labels.

        Not of a test split: it stays unseen by the choice of a checkpoint.
        """
        if self.toy:
            draw = getattr(datasets, self.toy)
            return draw(POINTS_SCORED, seed=self.recipe["seed"]), None
        batches, count = [], 0
        for batch in self.load("train", drop_remainder=False):
            batch = batch if isinstance(batch, tuple) else (batch,)
            batches.append([x.numpy() for x in batch])
            count += len(batches[-1][0])
            if count >= SCORED:
                break
        images, *labels = [np.concatenate(x)[:SCORED] for x in zip(*batches)]
        return images, labels[0] if labels else None

    def _watchers(self, labels, report):
        """Callbacks of the chief, before this one."""
        self.health = callbacks.TrainingHealth(self.reference, labels, report)
        return [self.health]

    # ---- checkpoints ------------------------------------------------------

    def restore(self):
        """Loads the last checkpoint and returns its step."""
        found = sorted((self.folder / "checkpoints").glob("step_*"))
        if not found:
            return 0  # Killed before the first checkpoint.
        state = json.loads((found[-1] / "state.json").read_text())
        self.gan.load_weights(found[-1] / "gan.weights.h5")
        self.rows, self.best = state["rows"], state["best"]
        if self.watchers and "health" in state:
            self.health.history = state["health"]["history"]
            self.health.findings = state["health"]["findings"]
        return state["step"]

    def _save_checkpoint(self, step):
        """A folder that appears under its name when it is complete."""
        checkpoints = self.folder / "checkpoints"
        temporary = checkpoints / f"tmp_{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        self.gan.save_weights(temporary / "gan.weights.h5")
        state = {"step": step, "rows": self.rows, "best": self.best}
        if self.watchers:
            state["health"] = {
                "history": self.health.history,
                "findings": self.health.findings,
            }
        (temporary / "state.json").write_text(json.dumps(state))
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        final = checkpoints / f"step_{step:08d}"
        os.replace(temporary, final)
        for path in [*checkpoints.glob("step_*"), *checkpoints.glob("tmp_*")]:
            if path != final:
                shutil.rmtree(path)

    # ---- the end of an epoch ----------------------------------------------

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if not self.is_chief:
            return
        backend.sync(self.gan)
        seconds = time.perf_counter() - self.started
        step = int(keras.ops.convert_to_numpy(self._iterations()))
        row = {"step": step, "seconds": round(seconds, 2)}
        row.update((k, float(v)) for k, v in logs.items())
        row.update(self.scores())
        picture = self.draw()
        self.rows.append(row)
        picture.save(self.folder / "samples" / f"step_{step:08d}.png")
        if self.best is None or self._rank(row) <= self._rank(self.best):
            columns = BEST_BY[self.best_by]
            self.best = {"step": step, **{c: row[c] for c in columns}}
            self._save_preset("best", row)
        self._write_log()
        # Last: whatever is lost before this line is made again by a resumed
        # run.
        self._save_checkpoint(step)

    def _iterations(self):
        return self.gan.generator_optimizer.iterations

    def _rank(self, row):
        """A sequence that is lower for a better row of the log."""
        sign = -1 if self.best_by in HIGH else 1
        return [sign * row[column] for column in BEST_BY[self.best_by]]

    def draw(self):
        """A picture of what the model makes now."""
        return draw_samples(self.gan, self.sample_seed, self.reference)

    def scores(self):
        fake = self.gan.generate(len(self.reference), seed=self.sample_seed)
        scores = {}
        if self.extractor:
            # One subset of all: their number makes no bias, only noise.
            scores["kid"], _ = metrics.kernel_distance(
                self.features, self.extractor(fake), 1, len(fake)
            )
        if fake.dtype == np.uint8:
            fake = fake.astype("float32") / 127.5 - 1
        scores["swd"] = metrics.sliced_wasserstein(self.reference, fake)
        if self.toy:
            modes = getattr(datasets, f"{self.toy}_modes")()
            covered, good = metrics.mode_coverage(fake, *modes)
            scores.update(modes=covered, high_quality=good)
        return scores

    def best_scores(self, row):
        """What `best` goes by, of a row of the log, with its protocol."""
        name, version = "values", "1"
        if self.extractor:
            name, version = self.extractor.name, self.extractor.version
        else:
            name = {
                "modes": "points",
                "psnr": "luma",
                "content": "content loss in training",
            }.get(self.best_by, name)
        protocol = metrics.Protocol(
            extractor=name,
            version=version,
            n_real=len(self.reference),
            n_fake=len(self.reference),
            dataset=pathlib.PurePath(self.recipe["dataset"]).name,
            split="train",
        )
        return [
            # As `metrics.evaluate` names them.
            metrics.Score(
                column if self.best_by == "modes" else column.upper(),
                row[column],
                protocol,
            )
            for column in BEST_BY[self.best_by]
        ]

    def _write_log(self):
        temporary = self.folder / "log.csv.tmp"
        with temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(temporary, self.folder / "log.csv")
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
        row = self.rows[-1]
        self._save_preset("last", row)
        paths = sorted((self.folder / "samples").glob("step_*.png"))
        pictures.save_gif(paths, self.folder / "samples.gif")


class TranslationRun(Run):
    """A run of a model that turns images into images."""

    def load(self, split, **kwargs):
        return load_translation_data(
            self.gan, self.recipe, split, self.data_dir, **kwargs
        )

    def _reference(self):
        """Real inputs, and what scores compare the outputs with."""
        batches, count = [], 0
        for batch in self.load("train", augment=False, drop_remainder=False):
            batches.append([x.numpy() for x in batch])
            count += len(batches[-1][0])
            if count >= TRANSLATED:
                break
        inputs, targets = (
            np.concatenate(x)[:TRANSLATED] for x in zip(*batches)
        )
        if "unpaired" in self.recipe:  # The shorter side has gone around.
            inputs, targets = map(distinct, (inputs, targets))
        self.inputs = to_uint8(inputs)
        return targets, None

    def _watchers(self, labels, report):
        return []  # TrainingHealth knows generators that take latents.

    def scores(self):
        fake = self.gan.translate(self.inputs, seed=self.sample_seed)
        real = to_uint8(self.reference)
        scores = {}
        if self.extractor:
            scores["kid"], _ = metrics.kernel_distance(
                self.extractor(real), self.extractor(fake), 1, len(fake)
            )
        n = min(len(real), len(fake))  # Unpaired domains differ in repeats.
        scores["swd"] = metrics.sliced_wasserstein(
            self.reference[:n], fake[:n].astype("float32") / 127.5 - 1
        )
        return scores

    def draw(self):
        truth = to_uint8(self.reference) if "pairs" in self.recipe else None
        return draw_translations(self.gan, self.inputs, truth, self.sample_seed)


class UpscalingRun(Run):
    """A run of a model that makes images larger."""

    def load(self, split, **kwargs):
        recipe, own = self.recipe, dict(self.recipe.get("high_res", {}))
        splits = own.pop("splits", {})
        return datasets.load_high_res(
            recipe["dataset"],
            recipe["batch_size"],
            scale=self.gan.scale,
            split=splits.get(split, split),
            channels=self.gan.inference_network.input_shape[-1],
            seed=recipe["seed"],
            data_dir=self.data_dir,
            **{**own, **kwargs},
        )

    def _extractor(self):
        known = ["psnr"]
        if hasattr(self.gan, "content_loss"):
            known.append("content")
        if self.best_by not in known:
            raise ValueError(
                f"best_by must be {' or '.join(map(repr, known))} for a "
                f"{type(self.gan).__name__}. Received: "
                f"best_by={self.best_by!r}"
            )
        return None

    def _reference(self):
        """Low-resolution crops, and what they were made of."""
        batches = []
        for batch in self.load("train", augment=False).take(UPSCALED):
            batches.append([x.numpy() for x in batch])
        inputs, targets = (np.concatenate(x) for x in zip(*batches))
        self.inputs = to_uint8(inputs)
        return targets, None

    def _watchers(self, labels, report):
        return []

    def _iterations(self):
        return getattr(
            self.gan, "generator_optimizer", self.gan.optimizer
        ).iterations

    def scores(self):
        real = to_uint8(self.reference)
        made = [self.gan.upscale(x) for x in self.inputs]
        scale = self.gan.scale
        scores = [metrics.psnr(a, b, scale) for a, b in zip(real, made)]
        return {"psnr": float(np.mean(scores))}

    def draw(self):
        inputs, n = self.inputs[: SAMPLES // 4], self.gan.scale
        real = to_uint8(self.reference[: len(inputs)])
        made = np.stack([self.gan.upscale(x) for x in inputs])
        plain = resizing.bicubic(inputs, [n * s for s in inputs.shape[1:3]])
        tiles = np.stack([plain, made, real], axis=1)
        return pictures.image_grid(tiles.reshape(-1, *real.shape[1:]), 6)


def load_translation_data(gan, recipe, split, data_dir=None, **kwargs):
    """The batches `(images_a, images_b)` of a recipe.

    Args:
        gan: The model, whose image sizes and channels they get.
        recipe: Dict with `pairs` or `unpaired`, see `check_recipe`.
        split: String, or for `unpaired` a tuple of two; the recipe's `splits`
            may say what it stands for.
        data_dir: Where TFDS sets lie.
        **kwargs: More arguments of `datasets.load_pairs` or `load_unpaired`,
            which override the recipe's.
    """
    key = "pairs" if "pairs" in recipe else "unpaired"
    if key not in recipe:
        raise ValueError(
            f"A recipe of a {type(gan).__name__} must have pairs or unpaired. "
            f"Received: {recipe}"
        )
    own = dict(recipe[key])
    splits = own.pop("splits", {})
    channels = (gan.image_shape[-1], gan.example_shape[-1])
    if own.get("direction") == "ba":
        channels = channels[::-1]
    arguments = {
        "batch_size": recipe["batch_size"],
        "split": splits.get(split, split) if isinstance(split, str) else split,
        "image_size": gan.image_shape[:2],
        "channels": channels,
        "seed": recipe["seed"],
        **own,
        **kwargs,
    }
    if key == "pairs":
        return datasets.load_pairs(recipe["dataset"], **arguments)
    return datasets.load_unpaired(
        recipe["dataset"],
        recipe.get("dataset_b"),
        data_dir=data_dir,
        **arguments,
    )


def draw_translations(gan, inputs, truth=None, seed=None, n=SAMPLES // 4):
    """A picture of rows: input, output, and truth or the way back.

    Args:
        gan: `Pix2Pix` or `CycleGAN`.
        inputs: uint8 images, of domain a.
        truth: uint8 images that belong to them; without it a model that
            knows the way back shows where its outputs lead.
        seed: Integer or `None`, see `translate`.
        n: Integer, the number of inputs to show.

    Returns:
        `PIL.Image.Image`, two such groups side by side.
    """
    inputs = inputs[:n]
    outputs = gan.translate(inputs, seed=seed)
    columns = [inputs, outputs]
    if truth is not None:
        columns.append(truth[:n])
    elif "ba" in gan.directions:
        columns.append(gan.translate(outputs, direction="ba"))
    # Grey ones beside others as RGB, and of RGBA the colours alone.
    if len({x.shape[-1] for x in columns}) > 1:
        columns = [
            np.repeat(x, 3, -1) if x.shape[-1] == 1 else x[..., :3]
            for x in columns
        ]
    tiles = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    return pictures.image_grid(tiles, 2 * len(columns))


def draw_samples(gan, seed, reference=None, n=SAMPLES, labels=None):
    """A picture of samples: a grid of images, points, or a few curves.

    Args:
        gan: `AdversarialModel`.
        seed: Integer or `None`, see `generate`.
        reference: Real points, drawn in grey below the samples.
        n: Integer, the number of images in the grid.
        labels: See `generate`; by default a conditional model's classes are
            the columns of the grid.

    Returns:
        `PIL.Image.Image`.
    """
    if gan.example_shape == (2,):
        return pictures.scatter(
            gan.generate(POINTS_SCORED, seed=seed), reference
        )
    if len(gan.example_shape) != 3:  # Sequences: the first of their values.
        curves = gan.generate(4, labels, seed).reshape(
            4, gan.example_shape[0], -1
        )
        lines = {f"sample {i}": c[:, 0] for i, c in enumerate(curves)}
        return pictures.line_plot(range(curves.shape[1]), lines)
    classes = getattr(gan, "num_classes", 0)
    columns = classes if labels is None and 1 < classes <= 16 else None
    if columns:
        n = -(-n // columns) * columns
    return pictures.image_grid(gan.generate(n, labels, seed), columns)


def toy(dataset):
    """`dataset` if it is one whose modes are known, or `None`."""
    return dataset if dataset in ("ring", "grid") else None


def is_chief(model):
    """Whether this process is the one of several workers that writes."""
    if not backend.is_multi_worker(model):
        return True
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_index() == 0
    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    task = config.get("task", {"type": "worker", "index": 0})
    return task["type"] == "chief" or (
        task["type"] == "worker"
        and task["index"] == 0
        and "chief" not in config.get("cluster", {})
    )
