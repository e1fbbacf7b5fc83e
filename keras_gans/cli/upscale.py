"""`keras-gans upscale`: pictures and films become larger."""

import hashlib
import json

from keras_gans.checks import UsageError
from keras_gans.cli import files
from keras_gans.cli.arguments import (
    Example,
    add_backend,
    add_command,
    integer,
    load,
    positive,
    text,
)
from keras_gans.names import ALPHAS, FILM_SUFFIXES, TILE


def add(commands):
    parser = add_command(
        commands, "upscale", _upscale, "Make pictures and films larger."
    )
    parser.set_defaults(how_to_go_on=_how_to_go_on)
    parser.examples = [
        Example("upscaling", "photo.jpg -o large.png --preset {preset}"),
        Example("upscaling", "film.mp4 -o large.mp4 --preset {preset}"),
    ]
    files.add(parser, ", or a film")
    parser.add_argument(
        "--preset",
        type=text,
        help="name, folder, hf://org/name or https:// address (the best that "
        "is installed)",
    )
    add_backend(parser)
    parser.add_argument(
        "--scale",
        type=positive,
        help="how many times as large, as 2 or 1.5 (that of the preset): the "
        "network, twice if need be, and what it made resized",
    )
    for name in ("width", "height"):
        parser.add_argument(
            f"--{name}",
            type=integer(1),
            help="in pixels, in place of --scale; the other side fits",
        )
    parser.add_argument(
        "--tile",
        type=integer(16),
        help="side of a tile of the input, at most: less takes less memory "
        f"({TILE}, more of a small network)",
    )
    parser.add_argument(
        "--tta",
        "--self-ensemble",
        dest="self_ensemble",
        action="store_true",
        help="mean of eight ways: a little better, eight times as long",
    )
    parser.add_argument(
        "--wrap",
        action="store_true",
        help="of a texture that is laid in tiles: the result can be, too",
    )
    parser.add_argument(
        "--alpha",
        choices=ALPHAS,
        default=ALPHAS[0],
        help=f"what makes transparency larger ({ALPHAS[0]})",
    )


def _upscale(args):
    if args.scale and (args.width or args.height):
        raise UsageError("--scale and --width or --height say one thing twice")
    if args.scale and args.scale < 1:
        raise UsageError(f"--scale must be 1 or more. Received: {args.scale:g}")
    if args.input.suffix.lower() in FILM_SUFFIXES and args.input.is_file():
        _upscale_film(args)
    else:
        _upscale_pictures(args)


def _load(args):
    """The preset's model; without one named, the best that is installed."""
    if args.preset is None:
        from keras_gans import presets

        args.preset, advice = presets.best_upscaler()
        print(f"with {args.preset}{f' ({advice})' if advice else ''}")
    return load(args.preset, "upscale")


def _options(args, width, height):
    """Arguments of `upscale`, for an image of a size."""
    options = {
        "tile": args.tile,
        "self_ensemble": args.self_ensemble,
        "wrap": args.wrap,
        "alpha": args.alpha,
        "scale": args.scale,
    }
    if args.width or args.height:
        options["size"] = (
            args.height or max(1, round(height * args.width / width)),
            args.width or max(1, round(width * args.height / height)),
        )
    return options


# ---- pictures -------------------------------------------------------------


def _upscale_pictures(args):
    from keras_gans import image_files, image_pages

    pairs = files.to_write(args)
    report = files.Report(args, len(pairs), "upscaled")
    if not pairs:
        report.close()
        return
    model = _load(args)
    # Of one image the tiles are counted, of several the images.
    tiles = int(len(pairs) == 1 and not args.quiet)

    def opened():
        """Each pair with its picture; `None` where a file has several."""
        for file, out in pairs:
            with report.of(file, last=False):
                picture = None
                holds_several = out.suffix.lower() in image_pages.SUFFIXES
                if not holds_several or image_pages.count(file) == 1:
                    picture = image_files.open_image(file)
                    image_files.to_pixels(picture)  # It can be read.
                yield (file, out), picture

    def enlarged(pictures):
        tagged = ((None, picture) for picture in pictures)
        for group in _groups(model, args.tile, tagged):
            yield from _enlarged(model, args, [x for _, x in group])

    for group in _groups(model, args.tile, opened()):
        paths, pictures = zip(*group)
        if pictures == (None,):
            ((file, out),) = paths
            with report.of(file):
                image_pages.change(file, out, enlarged)
            continue
        made = []
        with report.of(*(file for file, _ in paths), last=False):
            made = _enlarged(model, args, pictures, tiles)
        for (file, out), picture in zip(paths, made):
            with report.of(file):
                image_files.save(out, picture)
    report.close()


def _groups(model, tile, tagged):
    """Lists of what follows each other: small pictures of one size together.

    Args:
        model: Model that they are for.
        tile: Integer.
        tagged: Iterable of `(tag, picture)`.
    """
    group, known = [], None
    for tag, picture in tagged:
        shape = None if picture is None else (picture.size, picture.mode)
        if group and (
            shape is None
            or shape != known
            or len(group) >= model.images_at_once(*picture.size, tile)
        ):
            yield group
            group = []
        group.append((tag, picture))
        known = shape
    if group:
        yield group


def _enlarged(model, args, pictures, verbose=0):
    """What pictures of one size and mode become."""
    from keras_gans import image_files

    options = _options(args, *pictures[0].size)
    if len(pictures) == 1:
        return [model.upscale(pictures[0], verbose=verbose, **options)]
    import numpy as np

    pixels = np.stack([image_files.to_pixels(x) for x in pictures])
    return [
        image_files.keep_about(image_files.from_pixels(made), picture)
        for made, picture in zip(model.upscale(pixels, **options), pictures)
    ]


# ---- films ----------------------------------------------------------------


def _upscale_film(args):
    from keras_gans import films

    out = files.output(args, args.input, films.SUFFIXES)
    if not files.missing(args, [(args.input, out)]):
        print(f"{out} is there")
        return
    film = films.look(args.input)
    size = film["height"], film["width"]
    model = _load(args)
    import keras

    options = _options(args, film["width"], film["height"])
    bar = None

    def show(done, before):
        nonlocal bar
        if args.quiet:
            return
        if bar is None:
            total = film["frames"]
            total = total and max(total - before, 1)
            bar = keras.utils.Progbar(total, unit_name="frame")
        count = done - before
        bar.update(min(count, bar.target) if bar.target else count)

    frames = films.change(
        args.input,
        out,
        lambda frames: model.upscale(frames, **options),
        key={**options, "network": _digest(model)},
        together=model.images_at_once(*size, args.tile),
        on_frames=show,
    )
    print(f"{out}: {frames} frames")


def _digest(model):
    """What tells a network from another one, by all that it is."""
    network = model.inference_network
    digest = hashlib.sha256(json.dumps(network.get_config()).encode())
    for weights in network.get_weights():
        digest.update(weights.tobytes())
    return digest.hexdigest()


def _how_to_go_on(args):
    from keras_gans import films

    if args.input.suffix.lower() in FILM_SUFFIXES:
        out = args.out / args.input.name if args.out.is_dir() else args.out
        return films.how_to_go_on(out)
    return ""
