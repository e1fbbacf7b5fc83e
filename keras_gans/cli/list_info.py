"""`keras-gans list` and `keras-gans info`, without Keras."""

import json

from keras_gans import presets
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_command,
    check_preset,
    print_table,
    text,
)


def add(commands):
    add_command(commands, "list", _list, "List the presets.")
    info = add_command(
        commands, "info", _info, "Show a preset: recipe, scores, licence."
    )
    info.add_argument(
        "preset", type=text, help="name of a preset, or its folder"
    )


def _list(args):
    rows = [("preset", "class", "data", "weights", "description")]
    for name in presets.names():
        entry = presets.info(name)
        rows.append(
            (
                name,
                entry["class"],
                entry["dataset"],
                _weights(entry),
                entry["description"],
            )
        )
    print_table(rows)


def _weights(entry):
    if not entry["weights"]:
        return "recipe"
    # It shows how it is done, and is not good.
    return "demonstration" if entry.get("demonstration") else "yes"


def _info(args):
    check_preset(args.preset)
    if "://" in args.preset:
        raise UsageError("info is of the zoo's presets and of folders")
    print(json.dumps(presets.info(args.preset), indent=2))
