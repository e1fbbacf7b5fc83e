"""`keras-gans train`: a run folder from a preset's recipe."""

import os
import pathlib
import sys

from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_command,
    add_preset,
    add_quiet,
    file_name,
    given_sources,
    integer,
    locate,
    refusal,
    refuse_options,
    two_names,
    versions,
)


def add(commands):
    parser = add_command(
        commands, "train", _train, "Train a preset from its recipe."
    )
    add_preset(parser)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=integer(1), help="generator updates")
    length.add_argument(
        "--epochs", type=integer(1), help="passes over the data"
    )
    parser.add_argument(
        "--data", help="TFDS name, image folder, .npz file, ring or grid"
    )
    parser.add_argument("--data-b", help="the other domain's, of a CycleGAN")
    parser.add_argument(
        "--sides",
        type=two_names,
        help="of pairs: the sub-folders with a and b, as outline,color",
    )
    parser.add_argument(
        "--direction",
        choices=("ab", "ba"),
        help="of pairs: which of the two is the input (ab: a)",
    )
    parser.add_argument(
        "--generator",
        help="of SRGAN: the preset or run/best whose generator to start from",
    )
    parser.add_argument("--data-dir", help="where TFDS data sets lie")
    parser.add_argument(
        "--batch-size", type=integer(1), help="global batch size"
    )
    parser.add_argument(
        "--seed", type=integer(0), help="seed of everything (recipe's)"
    )
    parser.add_argument(
        "--best-by",
        metavar="SCORE",
        help="score of the best checkpoint (kid where the zoo has a "
        "classifier of the data, modes of the toys, swd elsewhere; content of "
        "an SRGAN, psnr of models that enlarge)",
    )
    parser.add_argument(
        "--strategy",
        choices=("auto", "none", "mirrored", "multiworker", "tpu"),
        default="auto",
        help="how to use several devices (auto: all local GPUs)",
    )
    parser.add_argument(
        "--out", type=pathlib.Path, help="run folder (runs/PRESET)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint"
    )
    add_quiet(parser)
    parser.set_defaults(
        after_interrupt="; --resume goes on from the last epoch"
    )


def _train(args):
    from keras_gans import presets
    from keras_gans.runs import folder as files

    preset = locate(args.preset, weights=False)
    folder = args.out or pathlib.Path("runs") / file_name(args.preset)
    stored = _read_run(folder, args) if args.resume else None
    recipe = dict(stored or presets.recipe(preset, given_sources(args)))
    if stored:
        recipe.setdefault("best_by", "swd")  # Runs of before there was one.
    elif args.data is not None:
        recipe.pop("best_by", None)  # It suits the preset's own data.

    # From here on with Keras, on the backend of the run.
    from keras_gans import runs, tasks

    task = tasks.get(presets.task_name(preset))
    model_name = presets.class_name(preset)
    _take_options(recipe, args, task, model_name, stored and folder)
    recipe = runs.check_recipe(recipe, task)
    model = _make_model(preset, recipe, args.strategy, folder)
    recipe.setdefault("best_by", task.default_best_by(model, recipe))
    if runs.is_chief(model) and (stored or not files.has_log(folder)):
        files.write_run(
            folder,
            args.preset,
            recipe,
            ["keras-gans", *sys.argv[1:]],
            versions(),
        )
    try:
        row = runs.train(
            model,
            recipe,
            folder,
            data_dir=args.data_dir,
            resume=args.resume,
            verbose=0 if args.quiet else 1 if sys.stdout.isatty() else 2,
        )
    except FileNotFoundError as error:
        metadata = presets.info(preset).get("metadata", {})
        download = metadata.get("dataset", {}).get("download")
        if args.data is not None or stored or download is None:
            raise
        raise FileNotFoundError(
            f"{error} Download {download}, and name the folder: --data FOLDER"
        ) from None
    if row is None:  # One of several workers, and not the one that writes.
        return
    picture = sorted((folder / "samples").glob("step_*.png"))[-1]
    print(f"{row['step']} steps; the last samples: {picture}")
    for line in task.summary(recipe, row):
        print(line)
    print(f'keras_gans.{model_name}.from_preset("{folder}/best")')


def _read_run(folder, args):
    """The recipe of the run to resume; `None` if it died before its start."""
    from keras_gans.runs import folder as files

    run = files.read_run(folder)
    if run is None:
        return None
    wanted = args.backend or os.environ.get("KERAS_BACKEND", run["backend"])
    for name, given in (("preset", args.preset), ("backend", wanted)):
        if given != run[name]:
            raise UsageError(
                f"the run in {folder} has the {name} {run[name]}, and a "
                f"resumed run keeps it. Received: {given}"
            )
    os.environ["KERAS_BACKEND"] = run["backend"]
    return run["recipe"]


def _take_options(recipe, args, task, model_name, stored):
    """Writes into a recipe what the user gave.

    Args:
        recipe: Dict, which is changed.
        args: The command's arguments.
        task: The `Task` of the preset.
        model_name: String, the name of its class.
        stored: The folder of a run that is resumed, or `None`.
    """
    for name in ("data", "batch_size", "seed", "best_by"):
        key = name.replace("data", "dataset")
        _put(recipe, key, getattr(args, name), stored, 0)
    if args.best_by not in (None, *task.best_by):
        raise UsageError(
            f"--best-by must be one of {', '.join(task.best_by)} for a "
            f"{model_name}. Received: {args.best_by}"
        )
    refuse_options(args, task, "train_options", model_name)
    for name, option in task.train_options.items():
        given = getattr(args, name)
        place = recipe.get(option.within) if option.within else recipe
        if given is not None and place is None:
            raise UsageError(refusal(args, name, option, model_name))
        _put(place, option.key, given, stored, option.default)
    for key in ("steps", "epochs"):
        if getattr(args, key):
            recipe.pop("steps", None)
            recipe.pop("epochs", None)
            recipe[key] = getattr(args, key)


def _put(recipe, key, given, stored, default):
    """Sets what the user gave; in the folder of a `stored` run it is set."""
    if given is None:
        return
    if stored and given != recipe.get(key, default):
        raise UsageError(
            f"the run in {stored} has the {key} {recipe.get(key, default)}, "
            f"and a resumed run keeps it. Received: {given}"
        )
    recipe[key] = given


def _make_model(preset, recipe, strategy, folder):
    """The model, compiled, with the weights that training starts from."""
    import keras

    from keras_gans import presets, runs
    from keras_gans.runs import folder as files

    keras.utils.set_random_seed(recipe["seed"])
    runs.make_deterministic()
    own = {}
    if "seed" in presets.arguments(preset):  # A model that draws nothing: none.
        own["seed"] = recipe["seed"]
    with runs.strategy_scope(strategy):
        model = presets.load(preset, load_weights=False, **own)
        if files.find_checkpoint(folder) is None:
            model.task.prepare(model, recipe)
        model.compile(**model.task.compile_arguments(model, recipe))
    return model
