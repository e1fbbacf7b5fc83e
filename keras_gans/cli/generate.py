"""`keras-gans generate`: samples of models that draw them."""

import io
import pathlib

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_command,
    add_preset,
    file_name,
    integer,
    integers,
    load,
    path,
    positive,
)


def add(commands):
    parser = add_command(
        commands, "generate", _generate, "Draw samples from a preset."
    )
    add_preset(parser)
    parser.add_argument(
        "-n", type=integer(1), default=64, help="number of samples (64)"
    )
    parser.add_argument("--seed", type=integer(0), help="for the same samples")
    parser.add_argument(
        "--labels", type=integers, help="classes in turn, as 7 or 0,1,2"
    )
    parser.add_argument(
        "--truncation",
        type=positive,
        help="cut the latents off here, as 0.7: more typical, less various",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path,
        help="a picture (PRESET.png), with --separate a folder; .npy for "
        "the array",
    )
    parser.add_argument(
        "--separate", action="store_true", help="one file per image"
    )


def _generate(args):
    model = load(args.preset, "generate")
    import numpy as np
    from PIL import Image

    from keras_gans.tasks.sampling import draw_samples

    name = file_name(args.preset)
    labels = args.labels and np.resize(args.labels, args.n)
    is_array = args.out is not None and args.out.suffix == ".npy"
    suffix = args.out.suffix if args.out is not None else ".png"
    if not (is_array or args.separate) and (
        suffix not in Image.registered_extensions()
    ):
        raise UsageError(
            f"-o must end in a picture's suffix, as .png, or in .npy. "
            f"Received: {args.out}"
        )
    try:
        model.check_labels(labels, args.n)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if args.separate and is_array:
        raise UsageError("--separate is of pictures, and .npy is one array")
    if args.separate and model.example_kind != "image":
        raise UsageError(f"{args.preset} makes no images; use -o FILE.npy")
    if args.separate or is_array:
        samples = model.generate(
            args.n, labels, args.seed, truncation=args.truncation
        )
    if is_array:
        memory = io.BytesIO()
        np.save(memory, samples)
        writing.write(args.out, memory.getbuffer())
        print(args.out)
    elif args.separate:
        folder = args.out or pathlib.Path(name)
        for i, image in enumerate(samples):
            gray = image.shape[-1] == 1
            picture = Image.fromarray(image[..., 0] if gray else image)
            writing.write_image(folder / f"{name}_{i:05d}.png", picture)
        print(f"{folder}: {len(samples)} images")
    else:
        out = args.out or pathlib.Path(f"{name}.png")
        picture = draw_samples(
            model,
            args.seed,
            n=args.n,
            labels=labels,
            truncation=args.truncation,
        )
        writing.write_image(out, picture)
        print(out)
