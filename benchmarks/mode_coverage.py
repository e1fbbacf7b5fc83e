"""How many modes six losses cover, on the field's three toys.

    python benchmarks/mode_coverage.py            # all runs, then the tables
    python benchmarks/mode_coverage.py --report   # the tables of what is there

Every run is a JSON file and a picture in `results/mode_coverage/`, and is not
made again: a study that was interrupted goes on. `README.md` beside this file
says what is measured, and holds the last results.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

import table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

LOSSES = {
    "minimax": "minimax",
    "non-saturating": "non_saturating",
    "least squares": "least_squares",
    "hinge": "hinge",
    "WGAN (clipping)": "wgan",
    "WGAN-GP": "wgan_gp",
}


@dataclasses.dataclass(frozen=True)
class Toy:
    """A data set, and how long every loss trains on it.

    Attributes:
        modes: Integer, how many there are.
        samples: Integer, how many are scored, as the papers do.
        steps: Integer, generator updates.
        seeds: Integer, the number of runs.
        gp_weight: Float, of WGAN-GP; the toys' is smaller, as in the paper.
        clip_value: Float, of WGAN.
        published: Rows of other people's tables: name, modes, high quality.
    """

    modes: int
    samples: int
    steps: int
    seeds: int
    gp_weight: float
    clip_value: float
    published: tuple = ()


TOYS = {
    "ring": Toy(
        modes=8,
        samples=2500,
        steps=10_000,
        seeds=5,
        gp_weight=0.1,
        clip_value=0.1,
        published=(
            ("GAN, in PacGAN's table (10 runs)", "6.3", "98.2%"),
            ("PacGAN2, in PacGAN's table (10 runs)", "7.9", "95.6%"),
        ),
    ),
    "grid": Toy(
        modes=25,
        samples=2500,
        steps=20_000,
        seeds=5,
        gp_weight=0.4,
        clip_value=0.1,
        published=(
            ("GAN, in PacGAN's table (10 runs)", "17.3", "94.8%"),
            ("PacGAN4, in PacGAN's table (10 runs)", "24.8", "93.6%"),
        ),
    ),
    "stacked_mnist": Toy(
        modes=1000,
        samples=26_000,
        steps=2500,
        seeds=1,
        gp_weight=10.0,
        clip_value=0.01,
        published=(
            ("DCGAN, in PacGAN's table", "99", ""),
            ("Unrolled GAN, in PacGAN's table", "48.7", ""),
            ("VEEGAN, in PacGAN's table", "150", ""),
            ("PacDCGAN2, in PacGAN's table", "1000", ""),
        ),
    ),
}
DISCRIMINATOR_STEPS = {"wgan": 5}


# ---- one run --------------------------------------------------------------


def networks(toy, family):
    from keras_gans.models import dcgan, gan

    if toy == "stacked_mnist":
        return {
            "generator": dcgan.DCGANGenerator((28, 28, 3), filters=32, crop=2),
            "discriminator": dcgan.DCGANDiscriminator(
                (28, 28, 3),
                filters=32,
                normalization=None if family == "wgan_gp" else "batch",
            ),
            "latent_dim": 100,
        }
    units = (128, 128, 128)
    return {
        "generator": gan.GANGenerator(
            (2,), 2, units=units, batch_normalization=False
        ),
        "discriminator": gan.GANDiscriminator((2,), units=units),
        "latent_dim": 2,
    }


def make_model(toy, family, steps, seed):
    """A compiled model.

    All losses have the same networks, batch and schedule, but for what belongs
    to a method: WGAN's RMSprop and five discriminator steps; on images, where
    others have batch normalization and DCGAN's rates, WGAN-GP's discriminator
    without it, its Adam, and two time scales (Heusel et al., 2017).
    """
    import keras

    import keras_gans

    def rate(learning_rate, steps):
        return keras.optimizers.schedules.PolynomialDecay(
            learning_rate, steps, end_learning_rate=0.0
        )

    settings = TOYS[toy]
    arguments = {**networks(toy, family), "ema_momentum": 0.999, "seed": seed}
    is_toy = toy != "stacked_mnist"
    if family == "wgan":
        arguments["clip_value"] = settings.clip_value
        model = keras_gans.WGAN(**arguments)
        lr = 1e-3 if is_toy else 2e-4
        optimizers = [
            keras.optimizers.RMSprop(rate(lr, n * steps), rho=0.99)
            for n in (1, model.discriminator_steps)
        ]
    else:
        if family == "wgan_gp":
            arguments["gp_weight"] = settings.gp_weight
            arguments["discriminator_steps"] = 1
            model = keras_gans.WGANGP(**arguments)
        else:
            for player in ("generator", "discriminator"):
                name = f"{player}_loss"
                loss = getattr(keras_gans.losses, f"{family}_{name}")
                arguments[name] = loss
            model = keras_gans.GAN(**arguments)
        if is_toy:
            rates, betas = (1e-3, 1e-3), (0.0, 0.9)
        elif family == "wgan_gp":
            rates, betas = (5e-4, 1e-3), (0.0, 0.9)
        else:
            rates, betas = (2e-4, 2e-4), (0.5, 0.999)
        optimizers = [
            keras.optimizers.Adam(rate(lr, steps), *betas) for lr in rates
        ]
    model.compile(*optimizers, steps_per_execution=50 if is_toy else 10)
    return model


def load_data(toy, batch_size, seed, data_dir):
    from keras_gans import datasets

    if toy != "stacked_mnist":
        return datasets.load(toy, batch_size, seed=seed, repeat=True)
    import tensorflow as tf

    # Three independent passes over MNIST, a channel each.
    channels = [
        datasets.load(
            "mnist",
            batch_size,
            seed=3 * seed + i,
            repeat=True,
            data_dir=data_dir,
        )
        for i in range(3)
    ]
    return tf.data.Dataset.zip(tuple(channels)).map(
        lambda *digits: tf.concat(digits, axis=-1)
    )


def run(toy, loss, seed, options):
    """Trains and scores one model; writes its JSON file and its picture."""
    import keras
    import tensorflow as tf

    from keras_gans import datasets, metrics, pictures

    # Runs share the cores, one thread each: that is faster than in turn.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    settings, family = TOYS[toy], LOSSES[loss]
    steps = options.steps or settings.steps
    model = make_model(toy, family, steps, seed)
    batch_size = 64 if toy == "stacked_mnist" else 256
    batch_size *= model.discriminator_steps
    data = load_data(toy, batch_size, seed, options.data_dir)
    start = time.perf_counter()
    history = model.fit(data, steps_per_epoch=steps, verbose=0).history
    seconds = time.perf_counter() - start
    samples = model.generate(options.samples or settings.samples, seed=seed)
    scores = {"toy": toy, "loss": loss, "seed": seed, "steps": steps}
    scores["samples"] = len(samples)
    scores["seconds"] = round(seconds, 1)
    scores["losses"] = {k: float(v[0]) for k, v in history.items()}
    if toy == "stacked_mnist":
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
    path = result_path(toy, loss, seed, options)
    if seed == 0:
        picture.save(path.with_suffix(".png"))
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(scores, indent=2) + "\n")
    os.replace(temporary, path)


def result_path(toy, loss, seed, options):
    return options.output / f"{toy}_{LOSSES[loss]}_{seed}.json"


# ---- all runs -------------------------------------------------------------


def start(cell, options):
    """One run in a process of its own, which a crash does not outlive."""
    toy, loss, seed = cell
    command = [sys.executable, __file__, "--run", toy, loss, str(seed)]
    for name in ("steps", "samples", "data_dir", "output"):
        if getattr(options, name):
            command += [f"--{name.replace('_', '-')}", getattr(options, name)]
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    if done.returncode:
        raise RuntimeError(f"{cell} failed:\n{done.stderr[-3000:]}")
    return cell


def run_all(options):
    cells = [
        (toy, loss, seed)
        for toy in options.toys
        for loss in options.losses
        for seed in range(options.seeds or TOYS[toy].seeds)
    ]
    missing = [c for c in cells if not is_done(c, options)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        done = pool.map(lambda cell: start(cell, options), missing)
        for i, cell in enumerate(done):
            print(f"{i + 1} of {len(missing)}: {cell}", file=sys.stderr)


def is_done(cell, options):
    """Whether the run is there, and as long as it is to be."""
    path = result_path(*cell, options)
    if not path.exists():
        return False
    found, toy = json.loads(path.read_text()), TOYS[cell[0]]
    wanted = options.steps or toy.steps, options.samples or toy.samples
    return (found["steps"], found["samples"]) == wanted


def report(options):
    """The tables as Markdown, one per toy."""
    results = [json.loads(p.read_text()) for p in options.output.glob("*.json")]
    lines, minutes = [], 0.0
    for toy, settings in TOYS.items():
        found = [r for r in results if r["toy"] == toy]
        if not found:
            continue
        minutes += sum(r["seconds"] for r in found) / 60
        steps = sorted({r["steps"] for r in found})
        samples = sorted({r["samples"] for r in found})
        lines += [
            f"**{toy}**, {settings.modes:,} modes, "
            f"{'/'.join(f'{s:,}' for s in steps)} generator steps, "
            f"{'/'.join(f'{s:,}' for s in samples)} samples",
            "",
            "| loss | runs | modes | high quality | reverse KL |",
            "|---|--:|--:|--:|--:|",
        ]
        for loss in LOSSES:
            runs = [r for r in found if r["loss"] == loss]
            if runs:
                lines.append(row(loss, runs))
        lines += [
            f"| {name} | | {modes} | {quality} | |"
            for name, modes, quality in settings.published
        ]
        lines.append("")
        lines += gallery(toy, options)
    lines.append(f"{minutes:.0f} minutes of training, one core each.")
    return "\n".join(lines) + "\n"


def row(loss, runs):
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

    return (
        f"| {loss} | {len(runs)} | {cell('modes', '{:.1f}')} | "
        f"{cell('high_quality', '{:.1%}')} | {cell('reverse_kl', '{:.2f}')} |"
    )


def gallery(toy, options):
    """Seed 0 of every loss, in a row."""
    cells = [
        (loss, result_path(toy, loss, 0, options).with_suffix(".png"))
        for loss in LOSSES
    ]
    cells = [(loss, path) for loss, path in cells if path.exists()]
    if not cells or not options.output.is_relative_to(HERE):
        return []
    pictures = [
        f"![{loss} on {toy}]({path.relative_to(HERE).as_posix()})"
        for loss, path in cells
    ]
    return [
        f"| {' | '.join(loss for loss, _ in cells)} |",
        f"|{'---|' * len(cells)}",
        f"| {' | '.join(pictures)} |",
        "",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--toys", nargs="+", choices=TOYS, default=list(TOYS))
    parser.add_argument(
        "--losses", nargs="+", choices=LOSSES, default=list(LOSSES)
    )
    parser.add_argument("--seeds", type=int, help="runs per cell")
    parser.add_argument("--steps", type=int, help="generator updates")
    parser.add_argument("--samples", type=int, help="samples to score")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--data-dir", help="where TFDS sets lie")
    parser.add_argument("--report", action="store_true", help="only report")
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=HERE / "results" / "mode_coverage",
    )
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.run:
        toy, loss, seed = options.run
        run(toy, loss, int(seed), options)
        return
    if not options.report:
        run_all(options)
    text = report(options)
    print(text)
    if options.update_readme:
        table.update_readme("mode_coverage", text)


if __name__ == "__main__":
    main()
