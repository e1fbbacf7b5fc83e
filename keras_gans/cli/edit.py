"""`keras-gans edit`: samples that are moved along a direction."""

import pathlib

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_command,
    add_out,
    add_preset,
    check_picture,
    class_labels,
    file_name,
    integer,
    labels_of,
    load_images,
    number,
    positive,
)


def add(commands):
    parser = add_command(
        commands,
        "edit",
        _edit,
        "Move samples along a direction: a row each, a column per strength.",
    )
    add_preset(parser)
    parser.add_argument(
        "--direction",
        type=integer(0),
        default=0,
        help="which one, the strongest is 0 (0)",
    )
    parser.add_argument(
        "--strength",
        type=number,
        nargs="+",
        default=[-3, -2, -1, 0, 1, 2, 3],
        help="how far to move, as -4 0 4 (-3 -2 -1 0 1 2 3)",
    )
    parser.add_argument(
        "--method",
        choices=("sefa", "ganspace"),
        default="sefa",
        help="how directions are found (sefa)",
    )
    parser.add_argument(
        "-n", type=integer(1), default=6, help="number of samples (6)"
    )
    parser.add_argument("--seed", type=integer(0), help="for the same samples")
    parser.add_argument(
        "--labels",
        type=class_labels,
        help="classes in turn, as 7 or 0,1,2 or their names",
    )
    parser.add_argument(
        "--truncation", type=positive, help="see keras-gans generate"
    )
    add_out(parser, "a picture (PRESET_edit.png)")


def _edit(args):
    out = args.out or pathlib.Path(f"{file_name(args.preset)}_edit.png")
    check_picture(out)
    model = load_images(args.preset)
    from keras_gans import pictures

    labels = labels_of(model, args.labels, args.n)
    try:
        directions = model.directions(args.direction + 1, args.method)
    except ValueError as error:
        raise UsageError(f"--direction {args.direction}: {error}") from None
    images = model.edit(
        directions[-1],
        args.strength,
        args.n,
        labels=labels,
        seed=args.seed,
        truncation=args.truncation,
    )
    writing.write_image(out, pictures.image_grid(images))
    print(out)
