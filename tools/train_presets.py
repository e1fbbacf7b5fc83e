r"""Trains several presets at once on one device, within a time.

    python tools/train_presets.py dcgan_mnist pix2pix_emoji --pack data
    python tools/train_presets.py dcgan_mnist pix2pix_emoji \
        --data data --minutes 10 --out runs
    python tools/zoo.py publish dcgan_mnist runs/dcgan_mnist --hardware "..."

A process per preset, all at once, each with a log beside its run folder. They
run on JAX where `KERAS_BACKEND` says nothing else, and need no TensorFlow with
`--data`, a folder of packed sets (see `packed_data.py`); without it they load
what `keras-gans train` does. Recipes are those that the zoo has for a GPU
(`presets.for_gpu`).

How many steps fit into the time is measured as it goes, see `timed_run.py`: the
learning rates reach their last values as the time ends. So `run.json` and the
presets hold the recipe of what was done, but for the rates of the first
minutes, which fell by earlier plans. The same command goes on where a run was
killed.
"""

import argparse
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import time

SPARE = 0.03  # A share of the time, for what nobody foresees.


def find(name, recipes=None):
    """The entry of a preset as a GPU trains it, see `presets.for_gpu`.

    Args:
        name: String.
        recipes: Path of a file with a dict `RECIPES` of such entries, in place
            of the zoo's.
    """
    import presets

    import keras_gans

    keras_gans.import_models()
    if recipes is None:
        known, get = presets.PRESETS, presets.for_gpu
    else:
        known = runpy.run_path(str(recipes))["RECIPES"]
        get = known.get
    if name not in known:
        raise SystemExit(f"{name} is none of {', '.join(known)}.")
    entry = {"dtype_policy": "float32", "flip": False, **get(name)}
    return {**entry, "recipe": {"seed": 0, **entry["recipe"]}}


def train(args):
    """A worker's life: one preset, from its start or its last epoch."""
    import keras
    import packed_data
    import timed_run

    from keras_gans import runs
    from keras_gans.runs import folder as files
    from keras_gans.runs.lock import lock

    (name,) = args.names
    entry = find(name, args.recipes)
    recipe, folder = entry["recipe"], args.out / name
    if args.data:
        packed_data.serve(args.data, entry["flip"])
    with lock(folder):
        files.clean(folder)
        if files.find_checkpoint(folder):
            recipe = files.read_run(folder)["recipe"]
        keras.utils.set_random_seed(recipe["seed"])
        runs.make_deterministic()
        keras.config.set_dtype_policy(entry["dtype_policy"])
        model = entry["model"]()
        # Extractors have the precision that scores have elsewhere.
        keras.config.set_dtype_policy("float32")
        recipe = runs.check_recipe(recipe, model.task)
        best_by = model.task.default_best_by(model, recipe)
        timed_run.TimedRun(
            name,
            model,
            {"best_by": best_by, **recipe},
            folder,
            60 * args.minutes,
            args.deadline,
        ).go()


def train_all(args):
    """Starts a worker for each preset and waits; returns the exit status."""
    args.out.mkdir(parents=True, exist_ok=True)
    # Several share a GPU.
    environment = {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **os.environ,
    }
    deadline = time.time() + 60 * args.minutes * (1 - SPARE)
    command = [sys.executable, __file__, "--deadline", str(deadline)]
    command += ["--minutes", str(args.minutes), "--out", str(args.out)]
    for option in ("recipes", "data"):
        if value := getattr(args, option):
            command += [f"--{option}", str(value)]
    workers = {}
    for name in args.names:
        with (args.out / f"{name}.log").open("a") as log:
            workers[name] = subprocess.Popen(
                [*command, "--", name],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def stop(*_):
        for worker in workers.values():
            worker.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for name, worker in workers.items():
        status = worker.wait()
        log = args.out / f"{name}.log"
        print(f"{name}: {f'failed, see {log}' if status else args.out / name}")
    return int(any(worker.returncode for worker in workers.values()))


def pack(args):
    """Writes the sets of the presets."""
    import packed_data

    for name in args.names:
        recipe = find(name, args.recipes)["recipe"]
        print(f"{name}: {packed_data.pack(args.pack, recipe)}")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--minutes", type=float, help="of all, from now")
    parser.add_argument("--out", type=pathlib.Path, help="for run folders")
    parser.add_argument("--data", type=pathlib.Path, help="packed sets")
    parser.add_argument(
        "--pack", type=pathlib.Path, help="packs the sets to there, and no more"
    )
    parser.add_argument(
        "--recipes",
        type=pathlib.Path,
        help="a Python file with a dict RECIPES, in place of the zoo's",
    )
    parser.add_argument("--deadline", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    os.environ.setdefault("KERAS_BACKEND", "jax")
    if args.pack:
        return pack(args)
    if not args.minutes or not args.out:
        parser.error("--minutes and --out are needed")
    return train(args) if args.deadline else train_all(args)


if __name__ == "__main__":
    sys.exit(main())
