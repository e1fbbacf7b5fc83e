"""What unlabelled images are worth: MNIST's test errors with few labels.

    python benchmarks/semi_supervised.py            # all runs, then the table
    python benchmarks/semi_supervised.py --report   # the table of what is there

Improved GAN by the recipe of the preset `improved_gan_mnist`, beside its
discriminator alone, trained on the same 100 labels and nothing else. Every run
is a JSON file in `results/semi_supervised/` and is not made again. A run of
Improved GAN is `keras-gans train` in the folder of `--runs`: one that was
interrupted goes on from its last checkpoint; that of seed 0 is the preset's.
`README.md` beside this file says what is measured, and holds the last results.
"""

import argparse
import pathlib
import statistics
import sys
import time

import many_runs

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent), str(HERE.parent / "tools")]

PRESET = "improved_gan_mnist"
METHODS = {
    "improved_gan": "Improved GAN",
    "supervised": "its discriminator, on the labels alone",
}
PAPER = "| the paper | 10 | 93 ± 6.5 | | 180,000 |"
# Updates of the network on the labels alone, which it knows by heart by then.
SUPERVISED_STEPS = 3000
SUPERVISED_RATE = 3e-3


# ---- one run --------------------------------------------------------------


def labelled_images(seed, options):
    """The images that the semi-supervised run knows the classes of."""
    import numpy as np

    known = {}
    for images, labels in load(seed, options):
        images, labels = np.asarray(images), np.asarray(labels)
        for image, label in zip(images[labels >= 0], labels[labels >= 0]):
            known[image.tobytes()] = image, label
        if len(known) == 10 * recipe()["semi_supervised"]["labels_per_class"]:
            break
    return map(np.stack, zip(*known.values()))


def recipe():
    from presets import PRESETS

    return PRESETS[PRESET]["recipe"]


def rate(recipe):
    """The learning rate that a run begins with."""
    config = recipe["generator_optimizer"]["config"]["learning_rate"]["config"]
    return config["initial_learning_rate"]


def load(seed, options, **kwargs):
    from keras_gans import datasets

    return datasets.load_semi_supervised(
        recipe()["dataset"],
        recipe()["batch_size"],
        num_classes=10,
        seed=seed,
        data_dir=options.data_dir,
        **recipe()["semi_supervised"],
        **kwargs,
    )


def train_gan(seed, steps, options):
    """The classifier after a run, and the seconds that it took."""
    import csv
    import os

    import keras_gans
    from keras_gans import cli

    folder = options.runs / f"{PRESET}_{seed}"
    if (folder / "run.json").exists():
        about = many_runs.read(folder / "run.json")
        found = about["recipe"]["seed"], about["steps"], rate(about["recipe"])
        if found != (seed, steps, rate(recipe())):
            raise SystemExit(
                f"{folder} holds another run, of (seed, steps, rate) {found}: "
                "remove it, or name another folder with --runs."
            )
        options_of_run = ["--resume"]
    else:
        options_of_run = ["--seed", str(seed), "--steps", str(steps)]
    if options.data_dir:
        os.environ["TFDS_DATA_DIR"] = str(options.data_dir)
    words = ["train", PRESET, "--out", str(folder), "--quiet", *options_of_run]
    if status := cli.main(words):
        sys.exit(status)
    with open(folder / "log.csv") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return keras_gans.from_preset(folder / "last").classify, seconds


def train_alone(seed, steps, options):
    """The discriminator's network as a classifier of 100 images."""
    import keras

    from keras_gans.models.improved_gan import ImprovedGANDiscriminator

    images, labels = labelled_images(seed, options)
    keras.utils.set_random_seed(seed)
    network = ImprovedGANDiscriminator(num_classes=10)
    network.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.PolynomialDecay(
                SUPERVISED_RATE, steps, 0.0
            ),
            beta_1=0.5,
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    start = time.perf_counter()
    network.fit(images, labels, batch_size=len(images), epochs=steps, verbose=0)
    seconds = time.perf_counter() - start

    def classify(images):
        return network.predict(images, batch_size=1000, verbose=0).argmax(-1)

    return classify, seconds


def run(method, seed, options):
    """Trains and scores one model; writes its JSON file."""
    import numpy as np

    from keras_gans import datasets

    steps = wanted_steps(method, options)
    train = train_gan if method == "improved_gan" else train_alone
    classify, seconds = train(seed, steps, options)
    wrong = total = 0
    for images, labels in datasets.load(
        recipe()["dataset"],
        1000,
        split="test",
        labels=True,
        shuffle=False,
        drop_remainder=False,
        data_dir=options.data_dir,
    ):
        found = classify(np.asarray(images))
        wrong += int((found != np.asarray(labels)).sum())
        total += len(found)
    result = {
        "method": method,
        "seed": seed,
        "steps": steps,
        "learning_rate": wanted_rate(method),
        "errors": wrong,
        "test_images": total,
        "seconds": round(seconds, 1),
    }
    path = result_path(method, seed, options)
    many_runs.write(path, result)


def wanted_steps(method, options):
    own = SUPERVISED_STEPS if method == "supervised" else recipe()["steps"]
    return options.steps or own


def wanted_rate(method):
    return SUPERVISED_RATE if method == "supervised" else rate(recipe())


def result_path(method, seed, options):
    return options.output / f"{method}_{seed}.json"


# ---- all runs -------------------------------------------------------------


def run_all(options):
    cells = [(m, s) for m in options.methods for s in range(options.seeds)]
    many_runs.run_missing(
        __file__,
        cells,
        lambda cell: is_done(cell, options),
        options,
        ("steps", "data_dir", "output", "runs"),
        KERAS_BACKEND="tensorflow",
    )


def is_done(cell, options):
    """Whether the run is there, and as long as it is to be."""
    path = result_path(*cell, options)
    if not path.exists():
        return False
    found = many_runs.read(path)
    return (found["steps"], found["learning_rate"]) == (
        wanted_steps(cell[0], options),
        wanted_rate(cell[0]),
    )


def report(options):
    """The table as Markdown."""
    results = many_runs.read_all(options.output)
    lines = [
        "| method | runs | errors of 10,000 | each | steps |",
        "|---|--:|--:|---|--:|",
        *(
            row(name, [r for r in results if r["method"] == method])
            for method, name in METHODS.items()
        ),
        PAPER,
        "",
        f"{sum(r['seconds'] for r in results) / 60:.0f} minutes of training, "
        "one core each.",
    ]
    return "\n".join(lines) + "\n"


def row(name, runs):
    """Mean and deviation over seeds, per 10,000 test images."""
    runs = sorted(runs, key=lambda r: r["seed"])
    errors = [10_000 * r["errors"] / r["test_images"] for r in runs]
    if not errors:
        return f"| {name} | 0 | | | |"
    text = f"{statistics.mean(errors):.0f}"
    if len(errors) > 1:
        text += f" ± {statistics.stdev(errors):.1f}"
    each = ", ".join(f"{e:.0f}" for e in errors)
    steps = "/".join(f"{s:,}" for s in sorted({r["steps"] for r in runs}))
    return f"| {name} | {len(errors)} | {text} | {each} | {steps} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--methods", nargs="+", choices=METHODS, default=list(METHODS)
    )
    parser.add_argument("--seeds", type=int, default=3, help="runs per method")
    parser.add_argument(
        "--runs",
        type=pathlib.Path,
        default="runs",
        help="where Improved GAN is trained (runs)",
    )
    many_runs.add_arguments(parser, "semi_supervised")
    options = parser.parse_args()
    many_runs.follow(options, "semi_supervised", run, run_all, report)


if __name__ == "__main__":
    main()
