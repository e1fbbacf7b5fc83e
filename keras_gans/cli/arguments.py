"""What the commands share: arguments and their types, presets, tables."""

import argparse
import difflib
import json
import math
import pathlib
import re
import typing

from keras_gans.checks import UsageError
from keras_gans.names import AUGMENTATIONS, BACKENDS, METRICS


class Example(typing.NamedTuple):
    """How a command is used, for `keras-gans info`.

    Attributes:
        task: String, the kind of model that it is of.
        arguments: String, with `{preset}` for the preset's name.
        kind: String, the kind of example that it is of; `None` for all.
    """

    task: str
    arguments: str
    kind: str | None = None


class Parser(argparse.ArgumentParser):
    """One whose errors are one line, and which has examples of its use."""

    examples = ()

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def add_command(commands, name, function, help):
    """A new command's parser.

    Args:
        commands: What `add_subparsers` returned.
        name: String.
        function: Function of the parsed arguments, which runs the command.
        help: String, a sentence.
    """
    command = commands.add_parser(name, help=help, description=help)
    command.add_argument(
        "--debug",
        action="store_true",
        help="show an error's traceback, and what TensorFlow says",
    )
    command.set_defaults(command=function, how_to_go_on=lambda args: "")
    return command


def examples(rooms, task, kind):
    """How such a model is used, commands with `{preset}` for its name.

    Args:
        rooms: Dict of a command's name to its `Parser`.
        task: String, the kind of model.
        kind: String, the kind of its examples.
    """
    return [
        f"keras-gans {name} {example.arguments}"
        for name, room in rooms.items()
        for example in room.examples
        if example.task == task and example.kind in (None, kind)
    ]


def add_preset(parser, also="", **kwargs):
    """Which preset, and on which backend.

    Args:
        parser: The command's.
        also: String, what else it may be.
        **kwargs: More for `add_argument`.
    """
    parser.add_argument(
        "preset",
        type=text,
        help=f"name, folder, hf://org/name or https:// address{also}",
        **kwargs,
    )
    add_backend(parser)


def add_backend(parser):
    parser.add_argument(
        "--backend", choices=BACKENDS, help="of Keras (KERAS_BACKEND)"
    )


def add_direction(parser):
    """For models that go both ways; others refuse it."""
    parser.add_argument(
        "--direction", choices=("ab", "ba"), help="of a CycleGAN (ab)"
    )


def add_out(parser, help):
    parser.add_argument("-o", "--out", type=path, help=help)


def add_quiet(parser):
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


# ---- types ----------------------------------------------------------------


def text(value):
    if not value.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return value


def path(value):
    # Of an empty one `pathlib` makes the current folder.
    return pathlib.Path(text(value))


def integer(minimum):
    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        # NumPy's and Keras's seeds end there, and nothing else comes near.
        if not minimum <= value < 2**31:
            raise argparse.ArgumentTypeError(
                f"must be an integer of {minimum} or more, not {text!r}"
            )
        return value

    return parse


def positive(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"must be a number above 0, not {text!r}"
        )
    return value


def positives(text):
    return [positive(part) for part in text.split(",")]


def number(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value


def integers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be integers with commas between, not {text!r}"
        ) from None


def class_labels(text):
    """Integers, or names of classes, which the preset may have."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise argparse.ArgumentTypeError(
            "must be integers, or names of classes, with commas between, not "
            f"{text!r}"
        )
    return [int(p) if p.lstrip("-").isdecimal() else p for p in parts]


def image_size(text):
    """`(height, width)`, of `64` or `48x64`."""
    sides = text.lower().split("x")
    sides = sides * 2 if len(sides) == 1 else sides
    if len(sides) != 2 or not all(
        side.isdecimal() and 1 <= int(side) <= 2**14 for side in sides
    ):
        raise argparse.ArgumentTypeError(
            f"must be a side in pixels, as 64, or HEIGHTxWIDTH, not {text!r}"
        )
    return [int(side) for side in sides]


def setting(text):
    """`[name, value]` of `NAME=VALUE`: numbers, true, false, none, words, or
    several with commas between."""
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not name.isidentifier() or not value.strip():
        raise argparse.ArgumentTypeError(
            f"must be NAME=VALUE, as filters=32, not {text!r}"
        )
    values = [_value(part.strip()) for part in value.split(",")]
    return [name, values if len(values) > 1 else values[0]]


def _value(text):
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if math.isfinite(value):
            return value
    return text


def augmentation(text):
    """What `DiffAugment` takes, or `"ada"`."""
    names = text.lower().split(",")
    if names != ["ada"] and (
        set(names) - set(AUGMENTATIONS) or len(set(names)) < len(names)
    ):
        raise argparse.ArgumentTypeError(
            f"must be of {','.join(AUGMENTATIONS)}, or ada, not {text!r}"
        )
    return ",".join(names)


def two_names(text):
    names = text.split(",")
    if len(names) != 2 or not all(names):
        raise argparse.ArgumentTypeError(
            f"must be two names with a comma between, not {text!r}"
        )
    return names


def metrics(text):
    names = tuple(text.split(","))
    if not set(names) <= set(METRICS):
        raise argparse.ArgumentTypeError(
            f"must be of {','.join(METRICS)}, not {text!r}"
        )
    return names


# ---- presets --------------------------------------------------------------


def check_preset(preset, classes=()):
    """Raises a `UsageError` for a name that is none, with one that is.

    Args:
        preset: String, as the user named it.
        classes: Names that may stand in place of a preset's.
    """
    from keras_gans import presets

    names = presets.names()
    if preset in names or "://" in preset:
        return
    folder = pathlib.Path(preset)
    if folder.is_dir():
        # Of a run's folder `presets` knows more.
        signs = (presets.TASK, presets.METADATA, f"best/{presets.TASK}")
        if not any((folder / sign).is_file() for sign in signs):
            raise UsageError(f"there is no preset in the folder {preset}")
        return
    close = difflib.get_close_matches(preset, [*classes, *names], n=1)
    hint = f"did you mean {close[0]}?" if close else "see keras-gans list."
    kinds = "preset, class or folder" if classes else "preset or folder"
    raise UsageError(f"there is no {kinds} {preset!r}: {hint}")


def given_sources(args):
    """The keys of a recipe whose sources the user names instead."""
    options = {
        "dataset": "data",
        "dataset_b": "data_b",
        "generator": "generator",
    }
    return {
        key
        for key, name in options.items()
        if getattr(args, name, None) is not None
    }


def locate(preset, weights=True):
    """Where a preset is, once for all that a command asks of it.

    Args:
        preset: String, as the user named it.
        weights: Boolean, whether the weights are wanted, too.
    """
    from keras_gans import presets

    check_preset(preset)
    return presets.locate(preset, weights=weights)


def load(preset, command):
    """The model of a preset, for a command that is of one kind of model.

    Args:
        preset: String, as the user named it.
        command: String, the command's name; `None` for one of all kinds.
    """
    from keras_gans import presets

    folder = locate(preset)  # A wrong name is said before Keras is imported.
    model = presets.load(folder)
    if command not in (None, model.task.command):
        raise UsageError(f"a {type(model).__name__} {model.task.advice}")
    return model


def load_images(preset):
    """The model of a preset that draws images, for what shows them."""
    model = load(preset, "generate")
    if model.example_kind != "image":
        raise UsageError(f"{preset} makes no images")
    return model


def labels_of(model, labels, n):
    """`n` labels of those that the user named in turn, or `None`."""
    import numpy as np

    try:
        if labels is not None:
            labels = np.resize(model.numbers_of(labels), n)
        model.check_labels(labels, n)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return labels


def check_picture(path):
    """Raises a `UsageError` for a path that is no picture's."""
    from PIL import Image

    if path.suffix.lower() not in Image.registered_extensions():
        raise UsageError(
            f"-o must end in a picture's suffix, as .png. Received: {path}"
        )


def file_name(preset):
    """A name for files, from a preset's name, path or address.

    That of the run, for what a run calls `best` and `last`.
    """
    parts = [p for p in re.split(r"[/\\]", preset) if p not in ("", ".", "..")]
    if len(parts) > 1 and parts[-1] in ("best", "last"):
        parts.pop()
    if not parts:
        raise UsageError(f"a preset must have a name. Received: {preset}")
    return parts[-1]


def quoted(path):
    """A path as Python reads it."""
    return json.dumps(str(path), ensure_ascii=False)


def refuse_options(args, task, options, model):
    """Raises a `UsageError` for options that are another kind's.

    Args:
        args: The command's arguments.
        task: The `Task` of the preset.
        options: String, the attribute of a `Task` that holds the options.
        model: String, the name of the preset's class.
    """
    from keras_gans import tasks

    for other in map(tasks.get, tasks.names()):
        for name, option in getattr(other, options).items():
            if getattr(args, name) is not None and name not in getattr(
                task, options
            ):
                raise UsageError(refusal(args, name, option, model))


def refusal(args, name, option, model):
    """Why a preset has no such option."""
    sentence = option.refusal.format(preset=args.preset, model=model)
    return f"--{name.replace('_', '-')} {sentence}"


# ---- what is printed ------------------------------------------------------


def print_table(rows):
    *widths, _ = [max(map(len, column)) for column in zip(*rows)]
    for *row, last in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  ".join([*cells, last]).rstrip())


def versions():
    """What a result was made with, for its file."""
    import keras

    from keras_gans import __version__

    return {
        "keras_gans": __version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }
