"""`keras-gans list` and `keras-gans info`, without Keras."""

import argparse
import functools
import json
import pathlib
import shutil

from keras_gans import presets, registry
from keras_gans.checks import UsageError
from keras_gans.cli import pages, run_pages
from keras_gans.cli.arguments import (
    add_command,
    check_preset,
    examples,
    print_table,
    text,
)
from keras_gans.presets import index

DEMONSTRATION = "* a demonstration: it shows how it is done, and is not good"
PACKAGED = "+ in another package: keras-gans info PRESET says how to get it"
COMPARE = (
    "Scores of other data or features do not compare: keras-gans info PRESET."
)


def add(commands):
    parser = add_command(
        commands, "list", _list, "List the presets, those with weights first."
    )
    parser.add_argument(
        "pattern",
        nargs="?",
        type=text,
        help="a part of the name, or a pattern as 'wgan*mnist'",
    )
    parser.add_argument(
        "--weights", action="store_true", help="no recipes without weights"
    )
    parser.add_argument("--model", type=_model, help="of this class, as dcgan")
    parser.add_argument(
        "--data",
        type=text,
        help="of these data: a part of the name, or a pattern as 'cifar*'",
    )
    _add_json(parser)

    info = add_command(
        commands,
        "info",
        _info,
        "Show a preset or a run: what it is, scores, licence, commands.",
    )
    info.add_argument(
        "preset", type=text, help="name of a preset, its folder, or a run's"
    )
    _add_json(info)
    info.set_defaults(rooms=commands.choices)


def _add_json(parser):
    parser.add_argument(
        "--json", action="store_true", help="for programs: all that is known"
    )


def _model(value):
    name = registry.class_named(text(value))
    if name is None:
        known = ", ".join(n for n in registry.CLASSES if registry.task_of(n))
        raise argparse.ArgumentTypeError(f"must be of {known}, not {value!r}")
    return name


# ---- list -----------------------------------------------------------------


def _list(args):
    found = index.select(
        index.entries(),
        _anywhere(args.pattern),
        args.weights or None,
        _anywhere(args.data),
    )
    found = {
        name: found[name]
        for name in sorted(found, key=lambda name: _place(name, found[name]))
        if args.model in (None, found[name].get("class"))
    }
    if not found:
        raise UsageError(
            "no preset fits all of that: keras-gans list alone shows all"
        )
    if args.json:
        print(json.dumps(found, indent=2))
        return
    rows = [("preset", "class", "data", "size", "weights", "score")]
    for name, entry in found.items():
        rows.append(
            (
                name,
                str(entry.get("class")),
                str(entry.get("dataset", "")),
                pages.size(entry),
                _weights(entry),
                entry.get("score") or "",
            )
        )
    print_table(rows)
    if any(entry.get("demonstration") for entry in found.values()):
        print(DEMONSTRATION)
    if any("package" in entry for entry in found.values()):
        print(PACKAGED)
    if any(entry.get("score") for entry in found.values()):
        print(COMPARE)


def _anywhere(pattern):
    """A word without wildcards may stand anywhere in a name."""
    if pattern is None or set("*?[") & set(pattern):
        return pattern
    return f"*{pattern}*"


def _place(name, entry):
    """What can be used at once comes first, and kinds of model together."""
    tasks = [task for _, task in registry.CLASSES.values()]
    task = entry.get("task")
    place = tasks.index(task) if task in tasks else len(tasks)
    return not entry.get("weights"), place, name


def _weights(entry):
    if not entry.get("weights"):
        return "recipe"
    size = entry.get("bytes")
    digits = 1 if (size or 0) < 1e7 else 0
    size = "yes" if size is None else f"{size / 1e6:.{digits}f} MB"
    mark = "*" * bool(entry.get("demonstration")) + "+" * ("package" in entry)
    return size + mark


# ---- info -----------------------------------------------------------------


def _info(args):
    width = shutil.get_terminal_size().columns
    if run_pages.is_run(args.preset):
        details = run_pages.read(args.preset)
        page = run_pages.page
    else:
        check_preset(args.preset)
        if "://" in args.preset:
            raise UsageError("info is of the zoo's presets and of folders")
        details = presets.info(args.preset)
        page = pages.preset_page
    if args.json:
        print(json.dumps(details, indent=2))
        return
    path = pathlib.Path(args.preset)
    if args.preset in presets.names():
        path = presets.zoo_path() / args.preset
    shown = functools.partial(examples, args.rooms)
    print(page(args.preset, path, details, shown, width))
