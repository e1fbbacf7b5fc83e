"""`keras-gans train`: a run folder from a preset's recipe."""

import contextlib
import copy
import functools
import os
import pathlib
import sys
import tempfile
import warnings

from keras_gans.checks import UsageError
from keras_gans.cli import start
from keras_gans.cli.arguments import (
    add_command,
    add_preset,
    add_quiet,
    examples,
    file_name,
    given_sources,
    integer,
    path,
    quoted,
    refusal,
    refuse_options,
    text,
    two_names,
    versions,
)
from keras_gans.runs import folder as files


def add(commands):
    parser = add_command(
        commands, "train", _train, "Train a preset from its recipe, or a class."
    )
    add_preset(
        parser,
        "; or a class, as dcgan, to train on your pictures (--data)",
        nargs="?",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=integer(1), help="generator updates")
    length.add_argument(
        "--epochs", type=integer(1), help="passes over the data"
    )
    parser.add_argument(
        "--data",
        type=text,
        help="TFDS name, image folder, .npz file, ring or grid",
    )
    parser.add_argument(
        "--data-b", type=text, help="the other domain's, of a CycleGAN"
    )
    parser.add_argument(
        "--sides",
        type=two_names,
        help="of pairs: the sub-folders with a and b, as outline,color; of "
        "models that enlarge, with small and large images, as small,large",
    )
    parser.add_argument(
        "--direction",
        choices=("ab", "ba"),
        help="of pairs: which of the two is the input (ab: a)",
    )
    parser.add_argument(
        "--generator",
        type=text,
        help="of SRGAN, ESRGAN and RealESRGAN: the preset or run/best whose "
        "generator to start from",
    )
    parser.add_argument(
        "--data-dir", type=text, help="where TFDS data sets lie"
    )
    parser.add_argument(
        "--batch-size", type=integer(1), help="global batch size"
    )
    parser.add_argument(
        "--mirror",
        action="store_const",
        const=True,
        help="show half of the images mirrored",
    )
    parser.add_argument(
        "--seed", type=integer(0), help="seed of everything (recipe's)"
    )
    parser.add_argument(
        "--best-by",
        metavar="SCORE",
        help="score of the best checkpoint (kid where the zoo has a "
        "classifier of the data, modes of the toys, swd elsewhere; content of "
        "those that are to look real, psnr of others that enlarge, l1 of those "
        "that fill holes)",
    )
    parser.add_argument(
        "--strategy",
        choices=("auto", "none", "mirrored", "multiworker", "tpu"),
        default="auto",
        help="how to use several devices (auto: all local GPUs)",
    )
    start.add_options(parser)
    workers = parser.add_argument_group("several processes on JAX")
    workers.add_argument(
        "--coordinator",
        type=text,
        metavar="HOST:PORT",
        help="of --strategy multiworker: an address of process 0",
    )
    workers.add_argument(
        "--num-processes", type=integer(1), help="how many there are"
    )
    workers.add_argument(
        "--process-id", type=integer(0), help="which of them this is"
    )
    parser.add_argument("--out", type=path, help="run folder (runs/PRESET)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint"
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="write events for TensorBoard into the run folder",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be done, try a few steps, and write nothing",
    )
    add_quiet(parser)
    parser.set_defaults(how_to_go_on=_how_to_go_on, rooms=commands.choices)


def _folder(args):
    return args.out or pathlib.Path("runs") / file_name(args.preset)


def _how_to_go_on(args):
    """See `files.how_to_go_on`; of a run that is not this command's nothing."""
    if not args.resume and getattr(args, "holds_another", True):
        return ""
    return files.how_to_go_on(_folder(args))


def _train(args):
    with contextlib.ExitStack() as stack:
        # What `datasets` would say of drastic changes was said of the folder
        # as a whole, or is what a preset does.
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "The images of ")
        place = None
        if args.dry_run:
            place = tempfile.TemporaryDirectory()
            place = pathlib.Path(stack.enter_context(place))
        _follow(args, stack, place)


def _follow(args, stack, place):
    """Trains; what a new run begins with is kept in `place`, by default in the
    run's folder."""
    start.check(args)
    folder = _folder(args)
    if args.dry_run and not args.resume:
        files.check_new(folder)
    # Without --resume it is refused, when Keras is there.
    args.holds_another = files.holds_run(folder)

    from keras_gans import presets

    stored = _read_run(folder, args) if args.resume else None
    found = start.find(
        *(args, folder if stored else place or folder, stored is not None),
        stack,
    )
    preset = found.preset
    before = dict(stored or presets.recipe(preset, given_sources(args)))
    if stored:
        before.setdefault("best_by", "swd")  # Runs of before there was one.
    elif args.data is not None:
        before.pop("best_by", None)  # It suits the preset's own data.
    recipe = copy.deepcopy(before)

    # From here on with Keras, on the backend of the run.
    from keras_gans import runs, tasks
    from keras_gans.datasets.checks import UnknownData
    from keras_gans.runs.plan import data_licence
    from keras_gans.runs.report_page import REPORT

    task = tasks.get(presets.task_name(preset))
    model_name = presets.class_name(preset)
    _take_options(recipe, args, task, model_name, stored and folder)
    recipe = runs.check_recipe(recipe, task)
    try:
        model, recipe, sentences = _make_model(
            preset, found.has_weights, recipe, before, args, folder
        )
        if runs.is_chief(model):
            for sentence in (*found.sentences, *sentences):
                print(sentence)
        row = runs.train(
            model,
            recipe,
            folder,
            data_dir=args.data_dir,
            resume=args.resume,
            verbose=0 if args.quiet else 1 if sys.stdout.isatty() else 2,
            about={
                "preset": args.preset,
                "command": ["keras-gans", *args.argv],
                "options": _kept_options(args),
                "versions": versions(),
                "licence": data_licence(presets.info(preset), recipe),
                "uses": examples(args.rooms, task.name, model.example_kind),
            },
            tensorboard=args.tensorboard,
            dry_run=args.dry_run,
            locked=found.locked and place is None,
        )
    except (FileNotFoundError, UnknownData) as error:
        metadata = presets.info(preset).get("metadata", {})
        download = metadata.get("dataset", {}).get("download")
        missing = getattr(error, "errno", None) is None  # Not a file of ours.
        if args.data is not None or stored or download is None or not missing:
            raise
        raise FileNotFoundError(
            f"{error} Download {download}, and name the folder: --data FOLDER"
        ) from None
    if row is None:  # A dry run, or a worker that is not the one that writes.
        return
    words = f"{row['step']:,} step{'s' * (row['step'] != 1)}"
    samples = [*files.sample_pictures(folder).values()][-1:]
    print(words + "".join(f"; the last samples: {path}" for path in samples))
    for line in task.summary(recipe, row):
        print(line)
    print(f"all of it on one page: {folder / REPORT}")
    print(f"keras_gans.{model_name}.from_preset({quoted(folder / 'best')})")


def _kept_options(args):
    """Options that a run goes on with, and that its recipe does not keep."""
    options = []
    if args.data_dir is not None:
        options += ["--data-dir", args.data_dir]
    if args.strategy != "auto":
        options += ["--strategy", args.strategy]
    return options + ["--tensorboard"] * args.tensorboard


def _read_run(folder, args):
    """The recipe of the run to resume; `None` if it died before its start."""
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
        key, given = name.replace("data", "dataset"), getattr(args, name)
        if given is not None:
            _check_kept(recipe, key, given, stored, 0)
            recipe[key] = given
    if args.best_by not in (None, *task.best_by):
        raise UsageError(
            f"--best-by must be one of {', '.join(task.best_by)} for a "
            f"{model_name}. Received: {args.best_by}"
        )
    refuse_options(args, task, "train_options", model_name)
    for name, option in task.train_options.items():
        given = getattr(args, name)
        place = recipe.get(option.within) if option.within else recipe
        if given is None:
            continue
        if place is None:
            raise UsageError(refusal(args, name, option, model_name))
        _check_kept(place, option.key, given, stored, option.default)
        option.put(place, given)
    for key in ("steps", "epochs"):
        if getattr(args, key):
            recipe.pop("steps", None)
            recipe.pop("epochs", None)
            recipe[key] = getattr(args, key)


def _check_kept(recipe, key, given, stored, default):
    """Raises a `UsageError` where a `stored` run has another value."""
    if stored and given != recipe.get(key, default):
        raise UsageError(
            f"the run in {stored} has the {key} {recipe.get(key, default)}, "
            f"and a resumed run keeps it. Received: {given}"
        )


def _make_model(preset, has_weights, recipe, before, args, folder):
    """The model, compiled, with the weights that training starts from.

    Args:
        preset: See `presets.load`.
        has_weights: Boolean, whether training starts from those of the preset.
        recipe: Dict, the run's, with what the user gave.
        before: Dict, without.
        args: The command's arguments.
        folder: Path of the run.

    Returns:
        `(model, recipe, sentences)`: the recipe has the schedules of a run of
        this length, and its `best_by`.
    """
    import keras

    from keras_gans import presets, runs
    from keras_gans.runs.recipe import count_steps, match_schedules

    keras.utils.set_random_seed(recipe["seed"])
    runs.make_deterministic()
    own = {}
    if "seed" in presets.arguments(preset):  # A model that draws nothing: none.
        own["seed"] = recipe["seed"]

    def count(recipe):
        load = functools.partial(
            model.task.load, model, recipe, data_dir=args.data_dir
        )
        return count_steps(recipe, load)

    workers = runs.Workers(
        args.coordinator, args.num_processes, args.process_id
    )
    with runs.strategy_scope(args.strategy, workers):
        model = presets.load(preset, load_weights=has_weights, **own)
        described = start.describe(args, model, recipe)
        recipe, sentences = match_schedules(
            recipe, {"seed": 0, **before}, count, model.batch_divisor
        )
        if files.find_checkpoint(folder) is None:
            model.task.prepare(model, recipe)
        model.compile(**model.task.compile_arguments(model, recipe))
    recipe.setdefault("best_by", model.task.default_best_by(model, recipe))
    return model, recipe, [*described, *sentences]
