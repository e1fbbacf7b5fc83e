"""Models that draw samples, of latents and maybe of labels."""

import numpy as np

from keras_gans import callbacks, datasets, metrics, pictures
from keras_gans.checks import UsageError
from keras_gans.datasets import toys
from keras_gans.datasets.loading import find
from keras_gans.names import DEFAULT_EXTRACTORS, EXTRACTORS
from keras_gans.pixels import from_uint8, to_uint8
from keras_gans.tasks import shared
from keras_gans.tasks.task import Option, Ranking, Reference, Task

SCORED = 2000  # examples that a checkpoint's score is measured on
POINTS_SCORED = 2500  # as VEEGAN and PacGAN do for the toys

SAMPLING_ALONE = "is of models that draw samples, not of a {model}"

# Of modes and of high quality there should be many.
MODES = Ranking(
    ("modes", "high_quality"), ("modes", "high_quality"), "points", high=True
)


# ---- data -----------------------------------------------------------------


# Arguments of `load_semi_supervised` that a recipe may say.
SEMI_SUPERVISED = {"labels_per_class", "labelled_per_batch"}


def check(recipe):
    shared.check_extractor(recipe)
    shared.check_arguments(recipe, "semi_supervised", SEMI_SUPERVISED)


def load(model, recipe, split, data_dir=None, whole=False, **kwargs):
    """The batches of a recipe; `whole` for all that it learns from, once."""
    loader, own = datasets.load, {"labels": recipe.get("labels", False)}
    # Scores are of images as they are.
    mirror = recipe.get("mirror", False) and not whole
    if "semi_supervised" in recipe and not whole:
        loader, own = datasets.load_semi_supervised, recipe["semi_supervised"]
        own = {"num_classes": num_classes(model) or None, **own}
    data = loader(
        recipe["dataset"],
        recipe["batch_size"],
        split=split,
        seed=recipe["seed"],
        data_dir=data_dir,
        mirror=mirror,
        **_fit(model),
        **{**own, **kwargs},
    )
    # Before hours of training, of which the first is `fit`'s own door.
    model.check_classes(data._keras_gans_classes)
    shared.say_what_is_lost(data, model, recipe["dataset"])
    return data


def _fit(model):
    """What `datasets.load` makes of images."""
    if model.example_kind != "image":
        return {"example_kind": model.example_kind}
    *size, channels = model.example_shape
    return {"image_size": size, "channels": channels}


# ---- runs -----------------------------------------------------------------


def default_best_by(model, recipe):
    # Of the toys "swd" sees the modes' shares before anything else, and may
    # choose a cloud of points.
    if toys.find(recipe["dataset"]):
        return "modes"
    return shared.kid_or_swd(model, recipe)


def extractor(model, recipe):
    is_toy = toys.find(recipe["dataset"]) is not None
    return shared.extractor(recipe, is_toy or recipe["best_by"] != "modes")


def reference(model, recipe, extractor, load):
    if toys.find(recipe["dataset"]):
        points = toys.draw(recipe["dataset"], POINTS_SCORED, recipe["seed"])
        return Reference(recipe, points)
    batches, count = [], 0
    for batch in load("train", whole=True, drop_remainder=False):
        batch = batch if isinstance(batch, tuple) else (batch,)
        batches.append([np.asarray(x) for x in batch])
        count += len(batches[-1][0])
        if count >= SCORED:
            break
    real, *labels = [np.concatenate(x)[:SCORED] for x in zip(*batches)]
    return Reference(
        recipe,
        real,
        labels=labels[0] if labels else None,
        extractor=extractor,
        features=extractor(to_uint8(real)) if extractor else None,
    )


def watchers(reference, report):
    return {
        "health": callbacks.TrainingHealth(
            reference.real, reference.labels, report
        )
    }


def scores(model, reference, seed):
    fake = model.generate(len(reference.real), seed=seed)
    scores = shared.kid(reference, fake)
    if model.example_kind == "image":
        fake = from_uint8(fake)
    scores["swd"] = metrics.sliced_wasserstein(reference.real, fake)
    toy = toys.find(reference.recipe["dataset"])
    if toy:
        covered, good = metrics.mode_coverage(fake, *toys.modes(toy))
        scores.update(modes=covered, high_quality=good)
    return scores


def picture(model, reference, seed):
    return draw_samples(model, seed, reference.real)


def draw(model, n, seed, labels, inputs):
    if inputs is not None and model.example_shape != (2,):
        raise ValueError(
            f"inputs must be None: a {type(model).__name__} {TASK.does}. "
            f"Received: inputs of shape {np.shape(inputs)}"
        )
    return draw_samples(model, seed, inputs, n, labels)


def draw_samples(
    model,
    seed,
    reference=None,
    n=shared.SAMPLES,
    labels=None,
    truncation=None,
):
    """A picture of samples: a grid of images, points, or a few curves.

    Args:
        model: A model that draws samples.
        seed: Integer or `None`, see `generate`.
        reference: Real points, drawn in grey below the samples.
        n: Integer, the number of images in the grid.
        labels: Integers that are taken in turn, see `generate`; by default a
            conditional model's classes are the columns of the grid.
        truncation: See `generate`.

    Returns:
        `PIL.Image.Image`.
    """

    def generate(n):
        return model.generate(
            n,
            None if labels is None else np.resize(labels, n),
            seed,
            truncation=truncation,
        )

    if model.example_kind == "image":
        classes = num_classes(model)
        columns = classes if labels is None and 1 < classes <= 16 else None
        if columns:
            n = -(-n // columns) * columns
        return pictures.image_grid(generate(n), columns)
    if model.example_shape == (2,):
        return pictures.scatter(generate(POINTS_SCORED), reference)
    # The first of the values along the first axis.
    curves = generate(4)
    curves = curves.reshape(4, model.example_shape[0], -1)
    lines = {f"sample {i}": c[:, 0] for i, c in enumerate(curves)}
    return pictures.line_plot(range(curves.shape[1]), lines)


def num_classes(model):
    """0 for a model that takes no labels."""
    return getattr(model, "num_classes", None) or 0


def summary(recipe, row):
    if "modes" not in row:
        return []
    centers, _ = toys.modes(recipe["dataset"])
    return [
        f"{row['modes']} of {len(centers)} modes covered, "
        f"{row['high_quality']:.1%} of {POINTS_SCORED:,} samples of high "
        "quality"
    ]


# ---- evaluation -----------------------------------------------------------


def _data_and_features(recipe, options):
    """What is scored on, and with which extractor, or a `UsageError`."""
    if options.statistics is not None:
        return _statistics_and_features(options)
    dataset = options.data or recipe.get("dataset")
    if dataset is None:
        raise UsageError("the preset has no recipe: name the data, --data")
    extractor = (
        options.extractor
        or recipe.get("extractor")
        or DEFAULT_EXTRACTORS.get(dataset)
    )
    if extractor is None:
        if options.data:  # Which may not be there at all.
            find(dataset, options.data_dir)
        raise UsageError(
            f"no features are known to suit the data {dataset!r}: choose an "
            "--extractor, as inception_2015"
        )
    if options.save_statistics and options.save_statistics.suffix != ".npz":
        raise UsageError(
            f"--save-statistics ends in .npz, not {options.save_statistics}"
        )
    return dataset, extractor


def _statistics_and_features(options):
    """`Statistics` of a file, and the extractor that they are of."""
    for name in ("data", "data_dir", "split", "save_statistics"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name.replace('_', '-')} is of real examples, whose place "
                "--statistics takes"
            )
    if not set(options.metrics or ()) <= {"fid", "is"}:
        raise UsageError(
            "of --statistics there are --metrics fid and is alone, not "
            f"{','.join(options.metrics)}"
        )
    known = metrics.Statistics.load(options.statistics)
    extractor = options.extractor or known.extractor
    if extractor not in EXTRACTORS:
        raise UsageError(
            f"{options.statistics} does not say what its features are: choose "
            "an --extractor, as inception_2015"
        )
    return known, extractor


def evaluate(model, recipe, options):
    dataset, extractor = _data_and_features(recipe, options)
    if options.statistics is not None:
        return metrics.evaluate(
            model,
            dataset,
            extractor,
            options.metrics or ("fid",),
            options.n,
            seed=options.seed,
            verbose=0 if options.quiet else "auto",
        )
    toy = toys.find(dataset)
    if toy:
        if options.split not in (None, "train"):
            raise UsageError(f"{toy} has no split {options.split!r}")
        # Of a seed that training does not use.
        real, split = toys.draw(toy, options.n, seed=2**31), "train"
    else:
        real, split = shared.first_split(
            options.split,
            lambda split: datasets.load(
                dataset,
                250,
                split=split,
                drop_remainder=False,
                data_dir=options.data_dir,
                **_fit(model),
            ),
        )
    return metrics.evaluate(
        model,
        real,
        extractor,
        options.metrics or (("modes",) if toy else ("fid", "kid", "prdc")),
        options.n,
        dataset=shared.data_name(dataset),
        split=split,
        seed=options.seed,
        verbose=0 if options.quiet else "auto",
        save_statistics=options.save_statistics,
    )


# ---- random examples ------------------------------------------------------


def batch(model, n, seed=0):
    rng = np.random.default_rng(seed)
    x = shared.smooth(rng, (n, *model.example_shape))
    classes = num_classes(model)
    if not classes:
        return (x,)
    return x, rng.integers(0, classes, n).astype("int32")


def inputs(model, n, seed=0):
    latents = np.random.default_rng(seed).normal(size=(n, model.latent_dim))
    labels = model.check_labels(None, n)
    return model.generator_inputs(latents.astype("float32"), labels)


def samples(model, n=4):
    return model.generate(n, seed=0)


def golden(model):
    return shared.means(samples(model))


def headline(metadata):
    evaluation = metadata.get("evaluation")
    if evaluation is None:
        key, value = next(iter(metadata["scores"].items()))
        return f"{key}: {shared.format_score(value)}"
    checkpoint = metadata["training"]["checkpoint"].split()[0]
    key, (value, _) = next(iter(evaluation[checkpoint].items()))
    return f"{key} {shared.format_score(value)} ({evaluation['protocol']})"


def brief(metadata):
    if "evaluation" in metadata:
        return headline(metadata).split(" (")[0]
    for key, value in metadata["scores"].items():
        name = key.split(" (")[0]
        # Of a toy's modes it says how many there are.
        name = {"sliced Wasserstein distance": "SWD"}.get(name, name)
        if name == "SWD" or name.startswith("modes covered"):
            return f"{name.split()[0]} {shared.format_score(value)}"
    return None


TASK = Task(
    name="sampling",
    command="generate",
    does="draws samples",
    recipe_keys=frozenset({"labels", "semi_supervised", "extractor", "mirror"}),
    train_options={"mirror": shared.MIRROR},
    evaluate_options={
        "statistics": Option(SAMPLING_ALONE),
        "save_statistics": Option(SAMPLING_ALONE),
    },
    best_by={"kid": shared.KID, "modes": MODES, "swd": shared.SWD},
    check=check,
    look=shared.look,
    load=load,
    compile_arguments=shared.player_optimizers,
    default_best_by=default_best_by,
    extractor=extractor,
    reference=reference,
    watchers=watchers,
    scores=scores,
    picture=picture,
    draw=draw,
    num_classes=num_classes,
    summary=summary,
    check_evaluation=_data_and_features,
    evaluate=evaluate,
    export_arguments=shared.no_direction,
    batch=batch,
    inputs=inputs,
    samples=samples,
    golden=golden,
    headline=headline,
    brief=brief,
)
