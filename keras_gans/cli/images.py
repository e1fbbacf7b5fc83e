"""`keras-gans translate`, `upscale` and `inpaint`: image files in and out."""

import pathlib
import sys

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    Example,
    add_backend,
    add_command,
    add_direction,
    add_preset,
    add_quiet,
    integer,
    load,
    path,
    text,
)
from keras_gans.names import TILE, UPSCALER


def add(commands):
    translate = add_command(
        commands, "translate", _translate, "Turn images into images."
    )
    translate.examples = [Example("translation", "{preset} photos/ -o out/")]
    add_preset(translate)
    _add_files(translate)
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

    upscale = add_command(
        commands, "upscale", _upscale, "Make photographs larger."
    )
    upscale.examples = [
        Example("upscaling", "photo.jpg -o large.png --preset {preset}")
    ]
    _add_files(upscale)
    upscale.add_argument(
        "--preset",
        type=text,
        default=UPSCALER,
        help=f"name, folder, hf://org/name or https:// address ({UPSCALER})",
    )
    add_backend(upscale)
    upscale.add_argument(
        "--tile",
        type=integer(16),
        default=TILE,
        help=f"side of a tile of the input: less takes less memory ({TILE})",
    )
    upscale.add_argument(
        "--self-ensemble",
        action="store_true",
        help="mean of eight ways: a little better, eight times as long",
    )

    inpaint = add_command(
        commands, "inpaint", _inpaint, "Fill holes in images."
    )
    inpaint.examples = [
        Example("inpainting", "{preset} photo.png --mask mask.png -o whole.png")
    ]
    add_preset(inpaint)
    _add_files(inpaint)
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


def _add_files(parser):
    parser.add_argument(
        "input", type=path, help="an image, or a folder of images"
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path,
        required=True,
        help="a file, for a folder a folder",
    )
    parser.add_argument("--force", action="store_true", help="overwrite files")
    add_quiet(parser)


def _translate(args):
    from keras_gans import image_files

    files = _files_to_write(args)
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

    _for_each(args, files, translate, "translated")


def _upscale(args):
    from keras_gans import image_files

    files = _files_to_write(args)
    model = load(args.preset, "upscale")
    # Of one image the tiles are counted, of several the images.
    tiles = int(len(files) == 1 and not args.quiet)

    def upscale(file, out):
        result = model.upscale(
            image_files.open_image(file),
            tile=args.tile,
            self_ensemble=args.self_ensemble,
            verbose=tiles,
        )
        image_files.save(out, result)

    _for_each(args, files, upscale, "upscaled")


def _inpaint(args):
    from keras_gans import image_files

    files = _files_to_write(args)
    masks = _masks(args, [file for file, _ in files])
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

    _for_each(args, files, inpaint, "inpainted")


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


# ---- files ----------------------------------------------------------------


def _files_to_write(args):
    """Pairs of an image of the input and the file that it becomes."""
    from keras_gans import image_files

    files = image_files.find(args.input)
    if args.input.is_dir() and (
        args.out.is_file()
        or args.out.resolve().is_relative_to(args.input.resolve())
    ):
        raise UsageError(
            f"--out must be a folder outside of {args.input}. Received: "
            f"{args.out}"
        )
    outputs = [
        _output(args, file, image_files.IMAGE_SUFFIXES) for file in files
    ]
    there = [path for path in outputs if path.exists()]
    if there and not args.force:
        raise UsageError(
            f"{len(there)} of the files to write exist, such as {there[0]}; "
            "--force overwrites them"
        )
    return list(zip(files, outputs))


def _output(args, file, suffixes):
    """What one file of the input becomes."""
    if args.input.is_dir():
        return args.out / file.relative_to(args.input)
    out = args.out / file.name if args.out.is_dir() else args.out
    if out.suffix.lower() not in suffixes:
        raise UsageError(
            f"--out must end in one of {' '.join(suffixes)}. Received: {out}"
        )
    if out.resolve() == file.resolve():
        raise UsageError(f"--out must not be the input. Received: {out}")
    return out


def _for_each(args, files, function, done):
    """Calls `function(file, out)`; a file that fails is reported."""
    import keras

    bar = None
    if len(files) > 1 and not args.quiet:
        bar = keras.utils.Progbar(len(files), unit_name="image")
    failed = 0
    for file, target in files:
        try:
            function(file, target)
        except Exception as error:  # Pillow raises all kinds of things.
            if writing.is_full(error):  # The others would not fit, too.
                raise
            failed += 1
            words = " ".join(str(error).split())[:300]
            print(f"{file}: not {done} ({words})", file=sys.stderr)
        if bar:
            bar.add(1)
    count = len(files) - failed
    print(f"{args.out}: {count} image{'s' * (count != 1)}")
    if failed:
        raise RuntimeError(f"{failed} of {len(files)} files were not {done}")
