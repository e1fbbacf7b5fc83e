"""What `keras-gans train` begins with, where it is no preset as it is: a class
on somebody's pictures, a preset at another size, the weights of another one.

It is made a preset, `start/` in the run's folder. From there on everything goes
the way of presets: a run that is killed finds there what it began with.
"""

import copy
import pathlib
import typing

from keras_gans import registry
from keras_gans.checks import UsageError, is_text
from keras_gans.cli import arguments
from keras_gans.names import LARGEST, some
from keras_gans.runs import folder as files
from keras_gans.runs.lock import lock

START = "start"
# Fewer images than this a discriminator learns by heart in a run.
FEW = 2000
# The options that make another model of a class or a preset.
OPTIONS = ("image_size", "channels", "set", "labels", "start_from", "augment")


def add_options(parser):
    group = parser.add_argument_group(
        "a new model, of a class or of what a preset holds"
    )
    group.add_argument(
        "--image-size",
        type=arguments.image_size,
        metavar="SIZE",
        help="64, or HEIGHTxWIDTH; that of the images, where all have one of "
        f"up to {LARGEST}",
    )
    group.add_argument(
        "--channels",
        type=int,
        choices=(1, 3, 4),
        help="grey, colour, or colour with transparency; those of the images",
    )
    group.add_argument(
        "--set",
        nargs="+",
        action="extend",
        type=arguments.setting,
        metavar="NAME=VALUE",
        help="arguments of its class, as filters=32 latent_dim=64",
    )
    group.add_argument(
        "--labels",
        action="store_const",
        const=True,
        help="draw by the classes of the data, which are sub-folders, where "
        "the class can do both",
    )
    group.add_argument(
        "--from",
        dest="start_from",
        type=arguments.text,
        metavar="PRESET",
        help="go on from the weights of this preset, or run, as far as they "
        "fit; a real_esrgan also from a network that was trained on pixels",
    )
    group.add_argument(
        "--augment",
        type=arguments.augmentation,
        metavar="POLICY",
        help="what the discriminator sees of images, real and made: some of "
        "color,translation,cutout, or ada; for few images",
    )


# ---- before Keras is imported ---------------------------------------------


def check(args):
    """Completes the arguments; raises a `UsageError` for what cannot be."""
    if args.start_from is not None:
        run = pathlib.Path(args.start_from) / "best"
        if (run / "task.json").is_file():  # The folder of a run.
            args.start_from = str(run)
        arguments.check_preset(args.start_from)
    if args.preset is None:
        args.preset = _name_of(args.start_from)
    elif class_of(args.preset) is None:
        arguments.check_preset(args.preset, registry.classes_by_name())
    elif not args.resume:
        _check_data(args)
    for name in ("data", "data_b"):
        _check_path(name.replace("_", "-"), getattr(args, name))


def _check_data(args):
    """Raises a `UsageError` for a class without pictures."""
    if class_of(args.preset) is not None and args.data is None:
        raise UsageError(
            f"{args.preset} is a class, which learns from your pictures: name "
            "their folder, --data FOLDER"
        )


def _check_path(option, data):
    """Raises an error for a path at which there is nothing, or one picture."""
    if data is None:
        return
    if not is_text(data):
        raise UsageError(
            f"--{option} must have a name that is UTF-8. Received: {data!r}"
        )
    path = pathlib.Path(data).expanduser()
    if (data[0] in "./~" or data[-1] == "/") and not path.exists():
        raise FileNotFoundError(f"--{option} must exist. Received: {data}")
    if path.is_file() and path.suffix != ".npz":
        raise UsageError(
            f"--{option} must be a folder of images, an .npz file or the name "
            f"of a data set. Received: {data}, a file"
        )


def class_of(name):
    """The class that a name stands for; `None` for a preset's."""
    from keras_gans import presets

    if name in presets.names():
        return None
    return registry.classes_by_name().get(name)


def _name_of(preset):
    """The name by which the class of a preset is trained."""
    if preset is None:
        raise UsageError(
            "name a preset (keras-gans list) or a class "
            f"({', '.join(registry.classes_by_name())}), or where to start "
            "--from"
        )
    from keras_gans import presets

    wanted = presets.class_name(arguments.locate(preset, weights=False))
    for name, own in registry.classes_by_name().items():
        if own == wanted:
            return name
    raise UsageError(f"{preset} holds a {wanted}, no class of this package")


# ---- the preset -----------------------------------------------------------


class Found(typing.NamedTuple):
    """What a run begins with.

    Attributes:
        preset: `presets.Folder`.
        has_weights: Boolean, whether the run begins with its weights.
        sentences: What there is to say, strings.
        locked: Boolean, whether the run's folder is.
    """

    preset: typing.Any
    has_weights: bool = False
    sentences: typing.Sequence = ()
    locked: bool = False


def find(args, folder, resumes, stack):
    """The preset that a run begins with.

    Args:
        args: The command's arguments, after `check`.
        folder: Path of the run.
        resumes: Boolean, whether there is a run to be resumed.
        stack: `contextlib.ExitStack` of the run. A new model's folder is
            locked in it: between what is written here and the training no
            other one may begin there.

    Returns:
        `Found`.

    Raises:
        BlockingIOError: If another training is at work in the folder.
    """
    from keras_gans import presets

    start = folder / START
    there = resumes and (start / presets.TASK).is_file()
    if resumes:
        _check_same(args, folder, start if there else None)
    if there:
        preset = presets.locate(str(start))
        return Found(preset, (start / presets.WEIGHTS).is_file())
    if class_of(args.preset) is None and not any(_given(args).values()):
        return Found(arguments.locate(args.preset, weights=False))
    if args.strategy == "multiworker":
        raise UsageError(
            "--strategy multiworker trains a preset, which all workers have: "
            "begin with --strategy none --steps 1, and train "
            f"{start} on all of them"
        )
    _check_data(args)
    files.check_new(folder)
    new = _make(args)
    stack.enter_context(lock(folder))  # From here on there is a folder.
    files.check_new(folder)
    metadata = {"start": _given(args)}
    if args.data is None:  # It learns from what that one has learned from.
        base = presets.info(args.start_from or args.preset)["metadata"]
        metadata |= {k: v for k, v in base.items() if k == "dataset"}
    presets.save(
        new.model,
        start,
        weights=new.has_weights,
        recipe=new.recipe,
        metadata=metadata,
    )
    preset = presets.locate(str(start))
    return Found(preset, new.has_weights, new.sentences, locked=True)


def _given(args):
    """The options of a new model, for JSON."""
    return {
        name.replace("start_", ""): copy.deepcopy(getattr(args, name))
        for name in OPTIONS
    }


def _check_same(args, folder, start):
    """Raises a `UsageError` for another model than the run has."""
    stored = {}
    if start is not None:
        from keras_gans import presets

        stored = presets.info(str(start))["metadata"].get("start", {})
    for name, given in _given(args).items():
        if given and given != stored.get(name):
            raise UsageError(
                f"the run in {folder} has its model, and a resumed run keeps "
                f"it: leave --{name.replace('_', '-')} out. Received: {given}"
            )


def _make(args):
    """The `new_model.New` that is asked for."""
    # From here on with Keras, on the backend of the run.
    import keras

    from keras_gans.cli import new_model

    seed = args.seed or 0
    keras.utils.set_random_seed(seed)
    return new_model.make(args, class_of(args.preset), seed)


# ---- what is said ---------------------------------------------------------


def describe(args, model, recipe):
    """What a run will do to the user's pictures: a list of sentences.

    Raises:
        UsageError: If the data have other classes than the model.
    """
    if args.data is None or args.resume:
        return []
    found = model.task.look(recipe, args.data_dir)
    if found is None:
        return []
    _check_classes(args, model, recipe, found)
    sentences = [f"{args.data}: {found}{_changes(model, found)}."]
    if found.halves and all(height > width for height, width in found.sizes):
        sentences.append(
            "None of its pictures is wide enough for two square ones: where "
            "the sides are sub-folders, name them, --sides a,b."
        )
    if found.unread:
        sentences.append(
            "Only its folder train is read, which stands for a split; beside "
            f"it is {some(found.unread)}."
        )
    if found.count < FEW and model.augmentations and model.augment is None:
        mirror = "" if recipe.get("mirror") else " and --mirror"
        sentences.append(
            "Of so few images a discriminator learns each by heart: --augment "
            f"color,translation{mirror} help below some {FEW:,} (mirrors not "
            "where left and right differ, as in letters)."
        )
    return sentences


def _changes(model, found):
    """A clause on what becomes of images."""
    *size, channels = model.example_shape
    size = tuple(size)
    changes = []
    if model.task.default_size is not None:
        if None not in size:
            changes.append(f"cut to crops of {size[0]}x{size[1]}")
    elif found.sizes and found.sizes != {size}:
        height, width = size
        cut = any(h * width != w * height for h, w in found.sizes)
        changes.append(f"resized{' and cut' * cut} to {height}x{width}")
    if channels == 1 and found.channels != 1:
        changes.append("made grey")
    elif channels != 1 and found.channels == 1:
        changes.append(f"grey in {channels} channels")
    if found.transparent and channels != 4:
        changes.append("transparent parts laid on white")
    classes = ""
    if found.class_names and getattr(model, "num_classes", None):
        names = some(found.class_names)
        classes = f", {found.num_classes} classes ({names})"
    return f"{classes}{', ' * bool(changes)}{', '.join(changes)}"


def _check_classes(args, model, recipe, found):
    own = getattr(model, "num_classes", None)
    if not own or not recipe.get("labels"):
        return
    same = found.num_classes <= own
    if found.class_names:
        same = found.num_classes == own
    if not found.num_classes:
        raise UsageError(
            f"{args.preset} learns from {own} classes, and {args.data} has "
            "none: every image must lie in a sub-folder that is its class"
        )
    if not same:
        names = some(found.class_names or [])
        raise UsageError(
            f"{args.preset} has {own} classes, and {args.data} "
            f"{found.num_classes}{f' ({names})' if names else ''}: --labels "
            "makes a model of its class and recipe for these, and --from "
            f"{args.preset} goes on from its weights"
        )
