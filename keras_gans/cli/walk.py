"""`keras-gans walk`: a film of the way through several latents."""

import pathlib

from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    Example,
    add_command,
    add_out,
    add_preset,
    class_labels,
    file_name,
    integer,
    labels_of,
    load_images,
    positive,
)

SUFFIXES = (".gif", ".mp4")


def add(commands):
    parser = add_command(
        commands,
        "walk",
        _walk,
        "Film a walk through latents, which ends where it began.",
    )
    parser.examples = [Example("sampling", "{preset} -o walk.gif", "image")]
    add_preset(parser)
    parser.add_argument(
        "--points",
        type=integer(2),
        default=8,
        help="number of samples that the walk leads through (8)",
    )
    parser.add_argument(
        "--steps",
        type=integer(1),
        default=16,
        help="frames from each to the next one (16)",
    )
    parser.add_argument("--seed", type=integer(0), help="for the same film")
    parser.add_argument(
        "--labels", type=class_labels, help="the class of the film, as 7 (0)"
    )
    parser.add_argument(
        "--truncation", type=positive, help="see keras-gans generate"
    )
    parser.add_argument(
        "--size",
        type=integer(1),
        default=128,
        help="least side in pixels: smaller images are enlarged by a whole "
        "factor (128)",
    )
    parser.add_argument(
        "--milliseconds",
        type=integer(1),
        default=60,
        help="time per frame (60)",
    )
    add_out(parser, "a .gif or an .mp4 (PRESET_walk.gif)")


def _walk(args):
    out = args.out or pathlib.Path(f"{file_name(args.preset)}_walk.gif")
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"-o must end in {' or '.join(SUFFIXES)}. Received: {out}"
        )
    if args.labels is not None and len(args.labels) != 1:
        raise UsageError(
            "--labels is one class for the whole film. Received: "
            f"{','.join(map(str, args.labels))}"
        )
    model = load_images(args.preset)
    from keras_gans import pictures

    n = args.points * args.steps
    images = model.interpolate(
        n,
        labels=labels_of(model, args.labels, n),
        seed=args.seed,
        n_points=args.points,
        closed=True,
        truncation=args.truncation,
    )
    frames = pictures.enlarged(images, args.size)
    if out.suffix.lower() == ".mp4":
        pictures.save_video(frames, out, args.milliseconds)
    else:
        pictures.save_gif(
            frames,
            out,
            args.milliseconds,
            max_frames=None,
            last=args.milliseconds,
            colors=256,
        )
    print(f"{out}: {n} frames")
