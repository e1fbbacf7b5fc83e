"""What augmentation is worth where images are few: KID, with and without.

    python benchmarks/few_images.py --emoji FOLDER  # all runs, then the table
    python benchmarks/few_images.py --report        # the table of what is there

DCGAN on a tenth of MNIST, and on 1,200 emoji of EmojiTwo (in
`FOLDER/train/color` and `FOLDER/test/color`), without augmentation, with
`DiffAugment` and with `ADA`. Every run is a JSON file and a picture in
`results/few_images/`, and is not made again. `README.md` beside this file says
what is measured, and holds the last results.
"""

import argparse
import dataclasses
import pathlib
import statistics
import sys
import time

import many_runs

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

STEPS, BATCH_SIZE = 4000, 64


@dataclasses.dataclass(frozen=True)
class Few:
    """A small data set.

    Attributes:
        title: String, in the table.
        images: Integer, how many there are to train on.
        image_shape: `(height, width, channels)`.
        extractor: String, of the features that are compared.
        diff_augment: String, the policy.
        ada: String, the pipeline.
    """

    title: str
    images: int
    image_shape: tuple
    extractor: str
    diff_augment: str
    ada: str


DATA = {
    "mnist": Few(
        "a tenth of MNIST",
        6000,
        (28, 28, 1),
        "mnist_classifier",
        "translation,cutout",  # A digit's contrast is always the same.
        "g",  # A digit that is turned or mirrored is another one.
    ),
    "emoji": Few(
        "1,200 emoji",
        1200,
        (32, 32, 3),
        "cifar10_classifier",
        "color,translation,cutout",
        "gc",
    ),
}
METHODS = {
    "none": "none",
    "diff_augment": "DiffAugment",
    "ada": "ADA",
}


def load(name, split, options):
    """Images `(n, ...)` in [-1, 1]: the first ones, or all of the test's."""
    import numpy as np

    from keras_gans import datasets

    source, settings = name, DATA[name]
    if name == "emoji":
        source = pathlib.Path(options.emoji) / split / "color"
        split = "train"  # Of a folder of pictures: all of it.
    batches = datasets.load(
        source,
        500,
        split=split,
        image_size=settings.image_shape[:2],
        channels=settings.image_shape[2],
        shuffle=False,
        drop_remainder=False,
        data_dir=options.data_dir,
    )
    images, count = [], 0
    for batch in batches:
        images.append(np.asarray(batch))
        count += len(batch)
        if split == "train" and count >= settings.images:
            break
    return np.concatenate(images)


def make_model(name, method, seed, steps):
    """A compiled DCGAN; its rates fall to 0 over the run."""
    import keras

    import keras_gans
    from keras_gans import augmentation

    settings = DATA[name]
    augment = {
        "none": lambda: None,
        "diff_augment": lambda: augmentation.DiffAugment(settings.diff_augment),
        # The paper's unit is 500,000 images, twice what such a run sees.
        "ada": lambda: augmentation.ADA(settings.ada, speed=50_000),
    }
    model = keras_gans.DCGAN(
        image_shape=settings.image_shape,
        filters=32,
        augment=augment[method](),
        ema_momentum=0.999,
        seed=seed,
    )
    falling = keras.optimizers.schedules.PolynomialDecay(2e-4, steps, 0.0)
    model.compile(*(keras.optimizers.Adam(falling, 0.5) for _ in range(2)))
    return model


def run(name, method, seed, options):
    """Trains and scores one model; writes its JSON file and its picture."""
    import keras

    from keras_gans import datasets, metrics, pictures

    keras.utils.set_random_seed(seed)
    steps = options.steps or STEPS
    train = load(name, "train", options)[: DATA[name].images]
    test = load(name, "test", options)
    model = make_model(name, method, seed, steps)
    start = time.perf_counter()
    model.fit(
        datasets.load(train, BATCH_SIZE, seed=seed, repeat=True),
        steps_per_epoch=steps,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    score = metrics.evaluate(
        model,
        test,
        DATA[name].extractor,
        metrics=("kid",),
        dataset=name,
        split="test",
        seed=seed,
        verbose=0,
    )["KID"]
    result = {
        "data": name,
        "method": method,
        "seed": seed,
        "steps": steps,
        "images": len(train),
        "kid": float(score.value),
        "floor": float(floor(train, test, name)),
        "protocol": str(score.protocol),
        "seconds": round(seconds, 1),
    }
    path = result_path(name, method, seed, options)
    if seed == 0:
        grid = pictures.image_grid(model.generate(36, seed=seed))
        grid.save(path.with_suffix(".png"))
    many_runs.write(path, result)


def floor(train, test, name):
    """The KID of real images against other real ones."""
    from keras_gans import metrics

    return metrics.evaluate(
        train, test, DATA[name].extractor, metrics=("kid",), verbose=0
    )["KID"].value


def result_path(name, method, seed, options):
    return options.output / f"{name}_{method}_{seed}.json"


# ---- all runs -------------------------------------------------------------


def is_done(cell, options):
    """Whether the run is there, and as long as it is to be."""
    path = result_path(*cell, options)
    if not path.exists():
        return False
    found = many_runs.read(path)
    return found["steps"] == (options.steps or STEPS)


def run_all(options):
    cells = [
        (name, method, seed)
        for name in options.data
        for seed in range(options.seeds)
        for method in METHODS
    ]
    many_runs.run_missing(
        __file__,
        cells,
        lambda cell: is_done(cell, options),
        options,
        ("steps", "data_dir", "emoji", "output"),
    )


def report(options):
    """The table as Markdown."""
    results = many_runs.read_all(options.output)
    lines = [
        "| data | augmentation | runs | KID | each | protocol |",
        "|---|---|--:|--:|---|---|",
    ]
    for name, settings in DATA.items():
        found = [r for r in results if r["data"] == name]
        for method, title in METHODS.items():
            runs = [r for r in found if r["method"] == method]
            lines += row(settings.title, title, runs)
        if found:
            lines.append(
                f"| {settings.title} | the real ones | | "
                f"{found[0]['floor']:.4f} | | |"
            )
    minutes = sum(r["seconds"] for r in results) / 60
    steps = "/".join(f"{s:,}" for s in sorted({r["steps"] for r in results}))
    lines += ["", f"{steps} steps, {minutes:.0f} minutes, one core each."]
    return "\n".join([*lines, *gallery(results, options)]) + "\n"


def row(title, method, runs):
    if not runs:
        return []
    kids = [r["kid"] for r in sorted(runs, key=lambda r: r["seed"])]
    text = f"{statistics.mean(kids):.4f}"
    if len(kids) > 1:
        text += f" ± {statistics.stdev(kids):.4f}"
    each = ", ".join(f"{kid:.4f}" for kid in kids)
    return [
        f"| {title} | {method} | {len(kids)} | {text} | {each} | "
        f"{runs[0]['protocol']} |"
    ]


def gallery(results, options):
    """Seed 0 of every method, a row of pictures for each data set."""
    if not options.output.is_relative_to(HERE):
        return []
    lines = []
    for name in DATA:
        cells = [
            (title, result_path(name, method, 0, options).with_suffix(".png"))
            for method, title in METHODS.items()
        ]
        cells = [cell for cell in cells if cell[1].exists()]
        if cells:
            lines += [
                "",
                f"| {' | '.join(f'{name}, {title}' for title, _ in cells)} |",
                f"|{'---|' * len(cells)}",
                "| "
                + " | ".join(
                    f"![{title}]({path.relative_to(HERE).as_posix()})"
                    for title, path in cells
                )
                + " |",
            ]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--emoji", help="EmojiTwo's folder, see above")
    parser.add_argument("--seeds", type=int, default=3, help="runs per cell")
    many_runs.add_arguments(parser, "few_images")
    options = parser.parse_args()
    if "emoji" in options.data and not (options.emoji or options.report):
        parser.error("--emoji FOLDER says where they lie; or: --data mnist")
    many_runs.follow(options, "few_images", run, run_all, report)


if __name__ == "__main__":
    main()
