"""What holes are filled with, by how much of an image is hole.

    python benchmarks/inpainting.py --data FOLDER \\
        --preset runs/inpainting_avatars64/best --search my_dcgan
    python benchmarks/inpainting.py --report    # the table of what is there

The mean of what is known, biharmonic inpainting (where scikit-image is
installed), the latents of a model that draws such images (`SemanticInpainting`)
and presets that fill holes, on the same images with the same masks: PSNR and
SSIM of whole images, the mean absolute difference in the holes, and the KID
between filled and whole images. `README.md` beside this file says what is
measured, and holds the last results.
"""

import argparse
import importlib.util
import json
import pathlib
import sys
import time

import table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

RATIOS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5))
SCORES = ("PSNR", "SSIM", "L1", "KID")
MEAN, BIHARMONIC, SEARCH = "mean of the rest", "biharmonic", "search of latents"


def biharmonic(images, masks):
    """scikit-image's, of smooth images between the borders of holes."""
    import numpy as np
    from skimage.restoration import inpaint_biharmonic

    made = [
        inpaint_biharmonic(image, mask, channel_axis=-1)
        for image, mask in zip(images / 255.0, masks)
    ]
    return np.clip(np.rint(255 * np.stack(made)), 0, 255).astype("uint8")


def load_images(options, shape):
    """uint8 `(n, *shape)`, of the test split where there is one."""
    import itertools

    import numpy as np

    from keras_gans import datasets
    from keras_gans.pixels import to_uint8
    from keras_gans.tasks.shared import first_split

    *size, channels = shape
    batches, split = first_split(
        options.split,
        lambda split: datasets.load(
            options.data,
            50,
            split=split,
            image_size=size,
            channels=channels,
            seed=1,
            drop_remainder=False,
            data_dir=options.data_dir,
        ),
    )
    batches = itertools.islice(batches, -(-options.images // 50))
    images = np.concatenate([to_uint8(batch) for batch in batches])
    return images[: options.images], split


def extractor_of(name, shape):
    """What makes features of images, shrunk to what its network takes."""
    from keras_gans import metrics, resizing

    extractor = metrics.get_extractor(name)
    network = getattr(extractor, "network", None)
    size = network and network.input_shape[1:3]
    if not size or None in size or tuple(size) == tuple(shape[:2]):
        return extractor
    return metrics.Extractor(
        lambda images: extractor(resizing.bicubic(images, size)),
        f"{name} of images shrunk to {size[0]}x{size[1]}",
    )


def tiny_models():
    """Untrained ones, for the tests."""
    import keras_gans

    gan = keras_gans.InpaintingGAN(image_shape=(32, 32, 3), filters=2)
    drawing = keras_gans.DCGAN(image_shape=(32, 32, 3), filters=2, latent_dim=4)
    return {"untrained": gan}, drawing


def ways_of(options):
    """Dict of a title to what fills holes, and the shape of the images."""
    import keras_gans

    if options.smoke:
        models, drawing = tiny_models()
    else:
        models = {
            # Of runs/NAME/best too.
            [p for p in pathlib.PurePath(name).parts if p != "best"][-1]: (
                keras_gans.from_preset(name)
            )
            for name in options.preset
        }
        drawing = options.search and keras_gans.from_preset(options.search)
    ways = {MEAN: "mean"}
    if importlib.util.find_spec("skimage"):
        ways[BIHARMONIC] = biharmonic
    if drawing:
        search = keras_gans.SemanticInpainting(drawing, steps=options.steps)
        ways[SEARCH] = lambda images, masks: search.inpaint(
            images, masks, seed=0
        )
    shapes = {tuple(m.image_shape) for m in models.values()}
    shapes |= {tuple(drawing.example_shape)} if drawing else set()
    if len(shapes) != 1:
        raise SystemExit(f"All presets must be of one shape, not {shapes}.")
    return {**ways, **models}, shapes.pop()


def measure(options):
    """All scores, a dict for JSON; draws the picture."""
    import numpy as np

    from keras_gans import metrics, pictures
    from keras_gans.models.masks import random_masks

    ways, shape = ways_of(options)
    if options.smoke:
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (options.images, *shape), "uint8")
        split = ""
    else:
        images, split = load_images(options, shape)
    extractor = extractor_of(options.extractor, shape)
    rows, columns = [], []
    for seed, ratio in enumerate(RATIOS):
        masks = random_masks(len(images), shape[:2], ratio, seed)
        shown = np.where(masks[..., None], np.uint8(128), images)[:1]
        tiles = [shown[0]]
        for title, way in ways.items():
            start = time.perf_counter()
            fill = getattr(way, "inpaint", way)
            if fill != "mean":
                made = fill(images, masks)
                fill = lambda images, masks, made=made: made  # noqa: E731
                tiles.append(made[0])
            seconds = time.perf_counter() - start
            found = metrics.evaluate_inpainting(
                fill,
                images,
                masks,
                extractor,
                dataset=pathlib.PurePath(options.data or "noise").name,
                split=split,
            )
            rows.append(
                {
                    "ratio": ratio,
                    "way": title,
                    "seconds": round(seconds / len(images), 4),
                    **{name: float(found[name].value) for name in SCORES},
                }
            )
            print(rows[-1], file=sys.stderr, flush=True)
        columns.append(np.stack([*tiles, images[0]]))
    picture = pictures.image_grid(np.concatenate(columns), len(columns[0]))
    picture.save(options.output / f"{options.name}.png")
    return {
        "protocol": str(found["KID"].protocol).rpartition(",")[0],
        "steps": options.steps,
        "rows": rows,
    }


def report(results):
    """The table as Markdown."""
    lines = [
        "| hole | filled by | PSNR | SSIM | L1 in the hole | KID | seconds |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in results["rows"]:
        low, high = row["ratio"]
        lines.append(
            f"| {low:.0%} to {high:.0%} | {row['way']} | {row['PSNR']:.2f} | "
            f"{row['SSIM']:.4f} | {row['L1']:.2f} | {row['KID']:.4f} | "
            f"{row['seconds']:.3f} |"
        )
    lines += [
        "",
        f"{results['protocol']}; the search takes {results['steps']} steps; "
        "seconds for an image.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="TFDS name, folder or .npz file")
    parser.add_argument("--split", help="of the data (test, or train)")
    parser.add_argument("--data-dir", help="where TFDS sets lie")
    parser.add_argument("--preset", nargs="*", default=[], help="to fill holes")
    parser.add_argument("--search", help="a preset that draws such images")
    parser.add_argument("--steps", type=int, default=300, help="of a search")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--extractor", default="cifar10_classifier")
    parser.add_argument("--name", default="inpainting", help="of the table")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--report", action="store_true", help="only report")
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny ones, for the tests"
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{options.name}.json"
    if options.smoke:
        options.images, options.steps = 4, 2
    elif not (options.report or options.data):
        parser.error("--data says what images are to be filled")
    if not options.report:
        path.write_text(json.dumps(measure(options), indent=1) + "\n")
    text = report(json.loads(path.read_text()))
    print(text)
    if options.update_readme:
        table.update_readme(options.name, text)


if __name__ == "__main__":
    main()
