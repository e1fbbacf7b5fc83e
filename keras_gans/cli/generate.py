"""`keras-gans generate`: samples of models that draw them."""

import io
import pathlib

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    Example,
    add_command,
    add_preset,
    class_labels,
    file_name,
    integer,
    labels_of,
    load,
    path,
    positives,
)


def add(commands):
    parser = add_command(
        commands, "generate", _generate, "Draw samples from a preset."
    )
    parser.examples = [
        Example("sampling", "{preset} -n 64 --seed 0 -o samples.png")
    ]
    add_preset(parser)
    parser.add_argument(
        "-n",
        type=integer(1),
        help="number of samples (64, of several truncations 8)",
    )
    parser.add_argument("--seed", type=integer(0), help="for the same samples")
    parser.add_argument(
        "--labels",
        type=class_labels,
        help="classes in turn, as 7 or 0,1,2 or their names",
    )
    parser.add_argument(
        "--truncation",
        type=positives,
        help="cut the latents off here, as 0.7: more typical, less various; "
        "of several, as 0.3,0.6,1, a column each",
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
    truncations = args.truncation or [None]
    several = len(truncations) > 1
    n = args.n or (8 if several else 64)
    is_array = args.out is not None and args.out.suffix == ".npy"
    suffix = args.out.suffix if args.out is not None else ".png"
    if not (is_array or args.separate) and (
        suffix not in Image.registered_extensions()
    ):
        raise UsageError(
            f"-o must end in a picture's suffix, as .png, or in .npy. "
            f"Received: {args.out}"
        )
    labels = labels_of(model, args.labels, n)
    if args.separate and is_array:
        raise UsageError("--separate is of pictures, and .npy is one array")
    if args.separate and model.example_kind != "image":
        raise UsageError(f"{args.preset} makes no images; use -o FILE.npy")
    if several and (args.separate or is_array or model.example_kind != "image"):
        raise UsageError("several truncations are one picture of images")
    if args.separate or is_array:
        samples = model.generate(
            n, labels, args.seed, truncation=truncations[0]
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
        if several:
            picture = _truncated(model, n, labels, args.seed, truncations)
        else:
            picture = draw_samples(
                model,
                args.seed,
                n=n,
                labels=labels,
                truncation=truncations[0],
            )
        writing.write_image(out, picture)
        print(out)


def _truncated(model, n, labels, seed, truncations):
    """The same samples, a row each, with a column for each truncation."""
    import numpy as np

    from keras_gans.pictures import image_grid

    if seed is None:
        seed = np.random.randint(2**31)
    columns = [
        model.generate(n, labels, seed, truncation=truncation)
        for truncation in truncations
    ]
    return image_grid(np.stack(columns, axis=1))
