"""`keras-gans translate` and `inpaint`: image files in and out."""

import pathlib

from keras_gans.checks import UsageError
from keras_gans.cli import files
from keras_gans.cli.arguments import (
    Example,
    add_command,
    add_direction,
    add_preset,
    integer,
    load,
    path,
)


def add(commands):
    translate = add_command(
        commands, "translate", _translate, "Turn images into images."
    )
    translate.examples = [Example("translation", "{preset} photos/ -o out/")]
    add_preset(translate)
    files.add(translate)
    add_direction(translate)
    translate.add_argument(
        "--seed", type=integer(0), help="for the same dropout"
    )
    translate.add_argument(
        "--tile",
        type=integer(16),
        help="side of a tile, of networks that allow it; without it large "
        "images alone are cut into tiles",
    )

    inpaint = add_command(
        commands, "inpaint", _inpaint, "Fill holes in images."
    )
    inpaint.examples = [
        Example("inpainting", "{preset} photo.png --mask mask.png -o whole.png")
    ]
    add_preset(inpaint)
    files.add(inpaint)
    inpaint.add_argument(
        "--mask",
        type=path,
        required=True,
        help="a picture as large as the image, the hole white or, where it "
        "has transparency, opaque; of a folder one for all, or a folder of "
        "masks with the images' names",
    )
    inpaint.add_argument(
        "--seed",
        type=integer(0),
        help="of presets that draw samples: for the same search",
    )


def _translate(args):
    from keras_gans import image_files

    pairs = files.to_write(args)
    model = load(args.preset, "translate")
    from keras_gans.tasks.translation import check_direction

    direction = check_direction(model, args.direction)
    channels = model.image_shape[-1]

    def translate(file, out):
        pixels, alpha = image_files.read(file, channels)
        result = model.translate(
            pixels, direction=direction, seed=args.seed, tile=args.tile
        )
        image_files.write(out, result, alpha)

    files.for_each(args, pairs, translate, "translated")


def _inpaint(args):
    from keras_gans import image_files

    pairs = files.to_write(args)
    masks = _masks(args, [file for file, _ in pairs])
    model = load(args.preset, command=None)
    if model.task.command == "generate" and model.example_kind == "image":
        # It knows no holes: of what it can draw, what fits is searched for.
        from keras_gans import SemanticInpainting

        # Of every class at least one.
        restarts = max(4, model.num_labels or 0)
        search = SemanticInpainting(model, restarts=restarts)
        channels = model.example_shape[-1]

        def fill(pixels, mask):
            return search.inpaint(pixels, mask, seed=args.seed)

    elif model.task.command != "inpaint":
        raise UsageError(f"a {type(model).__name__} {model.task.advice}")
    elif args.seed is not None:
        raise UsageError(
            "--seed is of presets that draw samples, and are searched for what "
            f"fits; an {type(model).__name__} draws nothing"
        )
    else:
        fill, channels = model.inpaint, model.image_shape[-1]

    def inpaint(file, out):
        pixels, alpha = image_files.read(file, channels)
        mask = _read_mask(masks[file], pixels.shape[:2])
        image_files.write(out, fill(pixels, mask), alpha)

    files.for_each(args, pairs, inpaint, "inpainted")


# ---- masks ----------------------------------------------------------------


def _masks(args, files):
    """The mask of each file of the input, a dict of paths."""
    from keras_gans import image_files

    found = image_files.find(args.mask)
    if not args.mask.is_dir():
        return dict.fromkeys(files, args.mask)
    # A photograph may be a JPEG, and its mask a PNG.
    by_name = {
        file.relative_to(args.mask).with_suffix(""): file for file in found
    }
    masks = {}
    for file in files:
        name = file.name
        if args.input.is_dir():
            name = file.relative_to(args.input)
        masks[file] = by_name.get(pathlib.Path(name).with_suffix(""))
        if masks[file] is None:
            raise UsageError(
                f"--mask has no picture with the name of {name}. Received: "
                f"{args.mask}"
            )
    return masks


def _read_mask(file, size):
    """bool `(height, width)`, true where the picture is white or opaque."""
    from keras_gans import image_files

    pixels, alpha = image_files.read(file, 1)
    mask = pixels[..., 0]
    if alpha is not None and (alpha < 255).any():
        mask = alpha
    if mask.shape != size:
        raise ValueError(
            f"the mask must be as large as the image, {size[1]}x{size[0]}. "
            f"Received: {file}, {mask.shape[1]}x{mask.shape[0]}"
        )
    return mask >= 128
