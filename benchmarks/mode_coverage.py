"""How many modes models cover, on the field's three toys.

    python benchmarks/mode_coverage.py            # all runs, then the tables
    python benchmarks/mode_coverage.py --report   # the tables of what is there
    python benchmarks/mode_coverage.py --toys stacked_mnist_metz

`mode_rows.py` says which models, and which toys. Every run is a JSON file and a
picture in `results/mode_coverage/`, and is not made again: a study that was
interrupted goes on. `README.md` beside this file says what is measured, and
holds the last results.
"""

import argparse
import functools
import pathlib
import sys

import many_runs
from mode_rows import ROWS, steps_of
from mode_toys import TOYS

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# ---- one run --------------------------------------------------------------


def make_model(toy, row, steps, seed):
    """A compiled model of a row.

    Those that bring none of their own have the same networks, batch and
    schedule, but for what belongs to a method: WGAN's RMSprop and five
    discriminator steps; on images, where others have batch normalization and
    DCGAN's rates, WGAN-GP's discriminator without it, and its Adam.
    """
    import keras

    model, optimizers = ROWS[row].build(toy, steps, seed)
    together = 10 if TOYS[toy].images else 50
    if keras.backend.backend() == "torch":  # It has one at a time.
        together = 1
    model.compile(*optimizers, steps_per_execution=together)
    return model


def load_data(toy, batch_size, seed, data_dir=None, source="mnist", skip=0):
    """Endless batches of a toy, on every backend."""
    import numpy as np

    from keras_gans import datasets
    from keras_gans.datasets.batches import make_batches
    from keras_gans.datasets.images import Fit
    from keras_gans.datasets.loading import open_source
    from keras_gans.datasets.sources import Order, Source

    if not TOYS[toy].images:
        return datasets.load(toy, batch_size, seed=seed, repeat=True, skip=skip)
    # Three independent passes over MNIST, a channel each.
    digits = [
        open_source(
            source,
            Order(shuffle=True, seed=3 * seed + i),
            labels=False,
            split="train",
            fit=Fit(None, None),
            strict=False,
            places=(data_dir, True),
        )
        for i in range(3)
    ]

    def read(number, places):
        channels = [one.read(number, places)[0] for one in digits]
        return (np.concatenate(channels, axis=-1),)

    ((shape, dtype),) = digits[0].specs
    specs = (((*shape[:2], 3), dtype),)
    data = Source(digits[0].size, read, specs, digits[0].image_size)
    return make_batches(
        data, batch_size, repeat=True, skip=skip, drop_remainder=True
    )


def run(toy, row, seed, options):
    """Trains and scores one model; writes its JSON file and its picture."""
    import keras

    from keras_gans import datasets, metrics, pictures

    keras.utils.set_random_seed(seed)
    settings = TOYS[toy]
    steps = options.steps or steps_of(toy, row)
    model = make_model(toy, row, steps, seed)
    batch_size = ROWS[row].batch_size or settings.batch_size
    batch_size *= model.batch_divisor  # Fresh ones for every step.
    path = result_path(toy, row, seed, options)
    load = functools.partial(load_data, toy, batch_size, seed, options.data_dir)
    logs, seconds = many_runs.train(
        model, lambda skip: load(skip=skip), steps, path
    )
    samples = model.generate(options.samples or settings.samples, seed=seed)
    # A row was a loss once, and is called so in the files.
    scores = {"toy": toy, "loss": row, "seed": seed, "steps": steps}
    scores["backend"] = keras.backend.backend()
    scores["samples"] = len(samples)
    scores["seconds"] = round(seconds, 1)
    scores["losses"] = logs
    if settings.images:
        modes, kl = metrics.stacked_mode_coverage(samples)
        picture = pictures.image_grid(samples[:64])
    else:
        mixture = getattr(datasets, f"{toy}_modes")()
        modes, high_quality = metrics.mode_coverage(samples, *mixture)
        kl = metrics.reverse_kl(metrics.mode_histogram(samples, *mixture))
        scores["high_quality"] = high_quality
        real = getattr(datasets, toy)(2500, seed=seed)
        picture = pictures.scatter(samples, real, size=240)
    scores.update(modes=modes, reverse_kl=kl)
    if seed == 0:
        picture.save(path.with_suffix(".png"))
    many_runs.write(path, scores)


def result_path(toy, row, seed, options):
    return options.output / f"{toy}_{ROWS[row].key}_{seed}.json"


# ---- all runs -------------------------------------------------------------


def run_all(options):
    cells = [
        (toy, row, seed)
        for toy in options.toys
        for row in options.rows
        if toy in ROWS[row].toys
        for seed in range(options.seeds or TOYS[toy].seeds)
    ]
    many_runs.run_missing(
        __file__,
        cells,
        lambda cell: is_done(cell, options),
        options,
        ("steps", "samples", "data_dir", "output"),
    )


def is_done(cell, options):
    """Whether the run is there, and as long as it is to be."""
    path = result_path(*cell, options)
    if not path.exists():
        return False
    found, (toy, row, _) = many_runs.read(path), cell
    wanted = (
        options.steps or steps_of(toy, row),
        options.samples or TOYS[toy].samples,
    )
    return (found["steps"], found["samples"]) == wanted


def report(options):
    """The tables as Markdown, one per toy."""
    results = many_runs.read_all(options.output)
    lines, minutes = [], 0.0
    for toy, settings in TOYS.items():
        found = [r for r in results if r["toy"] == toy]
        if not found:
            continue
        minutes += sum(r["seconds"] for r in found) / 60
        samples = sorted({r["samples"] for r in found})
        lines += [
            f"**{toy}**, {settings.modes:,} modes, "
            f"{'/'.join(f'{s:,}' for s in samples)} samples",
            "",
            "| model | generator steps | runs | modes | high quality "
            "| reverse KL |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for name in ROWS:
            runs = [r for r in found if r["loss"] == name]
            if runs:
                lines.append(line(name, runs))
        lines += [
            f"| {name} | | | {modes} | {quality} | |"
            for name, modes, quality in settings.published
        ]
        lines.append("")
        lines += gallery(toy, options)
    lines.append(f"{minutes:.0f} minutes of training, one core each.")
    return "\n".join(lines) + "\n"


def line(name, runs):
    """A row of a table: means and deviations over runs."""

    def cell(key, form):
        values = [r[key] for r in runs if key in r]
        if not values:
            return ""
        mean = sum(values) / len(values)
        text = form.format(mean)
        if len(values) > 1:
            deviation = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
            text += f" ± {form.format(deviation**0.5)}"
        return text

    steps = "/".join(f"{s:,}" for s in sorted({r["steps"] for r in runs}))
    return (
        f"| {name} | {steps} | {len(runs)} | {cell('modes', '{:.1f}')} | "
        f"{cell('high_quality', '{:.1%}')} | {cell('reverse_kl', '{:.2f}')} |"
    )


def gallery(toy, options):
    """Seed 0 of every model, in a row."""
    cells = [
        (name, result_path(toy, name, 0, options).with_suffix(".png"))
        for name, row in ROWS.items()
        if toy in row.toys
    ]
    cells = [(name, path) for name, path in cells if path.exists()]
    if not cells or not options.output.is_relative_to(HERE):
        return []
    pictures = [
        f"![{name} on {toy}]({path.relative_to(HERE).as_posix()})"
        for name, path in cells
    ]
    return [
        f"| {' | '.join(name for name, _ in cells)} |",
        f"|{'---|' * len(cells)}",
        f"| {' | '.join(pictures)} |",
        "",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = [name for name, toy in TOYS.items() if toy.by_default]
    parser.add_argument("--toys", nargs="+", choices=TOYS, default=default)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--seeds", type=int, help="runs per cell")
    parser.add_argument("--samples", type=int, help="samples to score")
    many_runs.add_arguments(parser, "mode_coverage")
    options = parser.parse_args()
    many_runs.follow(options, "mode_coverage", run, run_all, report)


if __name__ == "__main__":
    main()
