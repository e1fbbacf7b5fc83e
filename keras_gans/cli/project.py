"""`keras-gans project`: the sample that is nearest to an image."""

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
    path,
)
from keras_gans.names import EXTRACTORS


def add(commands):
    parser = add_command(
        commands,
        "project",
        _project,
        "Search the sample that is nearest to an image.",
    )
    add_preset(parser)
    parser.add_argument(
        "image", type=path, help="an image, or a folder of images"
    )
    parser.add_argument(
        "--steps", type=integer(1), default=300, help="of the search (300)"
    )
    parser.add_argument(
        "--restarts",
        type=integer(1),
        default=10,
        help="latents to search from (10)",
    )
    parser.add_argument(
        "--labels",
        type=class_labels,
        help="class of the image, or of several in turn; all are tried",
    )
    parser.add_argument(
        "--features",
        choices=EXTRACTORS,
        metavar="EXTRACTOR",
        help="compare what this network sees, too",
    )
    parser.add_argument("--seed", type=integer(0), help="for the same search")
    add_out(
        parser,
        "a picture: each image and beside it the sample (PRESET_project.png)",
    )


def _project(args):
    from keras_gans import image_files

    out = args.out or pathlib.Path(f"{file_name(args.preset)}_project.png")
    check_picture(out)
    files = image_files.find(args.image)
    model = load_images(args.preset)
    import numpy as np

    from keras_gans import pictures
    from keras_gans.datasets.images import resize
    from keras_gans.pixels import from_uint8, to_uint8

    if args.labels is None and args.restarts < model.num_labels:
        raise UsageError(
            f"--restarts must be {model.num_labels} or more, to try each "
            f"class; or name the class: --labels. Received: {args.restarts}"
        )
    *size, channels = model.example_shape
    images = [
        resize(from_uint8(image_files.read(file, channels)[0]), size)
        for file in files
    ]
    images = to_uint8(np.stack(images))
    found = model.project(
        images,
        labels_of(model, args.labels, len(images)),
        n_steps=args.steps,
        n_restarts=args.restarts,
        features=args.features,
        seed=args.seed,
    )
    for i, (file, distance) in enumerate(zip(files, found.distances)):
        label = "" if found.labels is None else f", class {found.labels[i]}"
        print(f"{file}: distance {distance:.4f}{label}")
    pairs = np.stack([images, found.images], axis=1)
    writing.write_image(out, pictures.image_grid(pairs))
    print(out)
