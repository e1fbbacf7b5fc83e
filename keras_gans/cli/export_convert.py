"""`keras-gans export` and `keras-gans convert`: to and from other formats."""

import pathlib

from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_backend,
    add_command,
    add_direction,
    add_preset,
    file_name,
    integer,
    load,
    path,
)
from keras_gans.names import CONVERT_TARGETS, EXPORT_FORMATS, EXPORT_SUFFIXES


def add(commands):
    export = add_command(
        commands, "export", _export, "Export a preset's generator."
    )
    add_preset(export)
    export.add_argument("--format", choices=EXPORT_FORMATS, required=True)
    export.add_argument(
        "-o", "--out", type=path, help="file or folder to write"
    )
    add_direction(export)

    convert = add_command(
        commands, "convert", _convert, "Make a preset of PyTorch weights."
    )
    convert.add_argument(
        "checkpoint",
        nargs="+",
        help="latest_net_G.pth; for cyclegan one or two, a to b and b to a; "
        "of ncnn the .param, beside its .bin",
    )
    convert.add_argument("--to", choices=CONVERT_TARGETS, required=True)
    convert.add_argument(
        "--discriminator",
        action="append",
        default=[],
        metavar="CHECKPOINT",
        help="latest_net_D.pth; may be given for each generator, in order",
    )
    convert.add_argument(
        "--image-size",
        type=integer(1),
        help="of images in training (the authors': 256 or 128)",
    )
    convert.add_argument(
        "--no-dropout",
        action="store_true",
        help="of pix2pix's U-Net, if it was trained without",
    )
    add_backend(convert)
    convert.add_argument(
        "-o", "--out", type=path, required=True, help="a new folder"
    )


def _export(args):
    model = load(args.preset, command=None)
    suffix = EXPORT_SUFFIXES[args.format]
    out = args.out or pathlib.Path(file_name(args.preset) + suffix)
    model.export(
        str(out),
        format=EXPORT_FORMATS[args.format],
        verbose=False,
        **model.task.export_arguments(model, args),
    )
    print(out)


def _convert(args):
    from keras_gans import convert, presets

    try:
        convert.check_numbers(
            args.to, len(args.checkpoint), len(args.discriminator)
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    sentences = convert.pytorch_to_preset(
        args.checkpoint,
        args.out,
        args.to,
        args.discriminator,
        image_size=args.image_size,
        dropout=not args.no_dropout,
    )
    for sentence in sentences:
        print(sentence)
    print(f"The licence of the weights is {convert.LICENSE}.")
    if args.to in convert.WARNINGS:
        print(convert.WARNINGS[args.to].replace("**", ""))
    kind = presets.class_name(args.out)
    print(f'keras_gans.{kind}.from_preset("{args.out}")')
