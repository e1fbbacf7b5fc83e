"""Presets as strangers could make them, loaded: it must not matter.

    python tools/fuzz_presets.py --n 1000 --seed 0

Each case is a preset with one to three of its files changed, its hashes stated
anew as whoever changed it can. It passes if it loads and the model's weights
are the file's, or if it is refused in one sentence; if nothing else was made
or run, and neither time nor memory were taken for it. `--only 17` repeats case
17, and prints what became of it.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import unittest.mock

import fuzz_h5  # Beside this file.
import fuzz_json
import h5py
import keras
import numpy as np

import keras_gans
from keras_gans import presets, runs, tasks
from keras_gans.presets.parts import networks_of

JSON = ("config.json", "task.json", "metadata.json", "training.json")
WEIGHTS = ("model.weights.h5", "task.weights.h5")
MOST_BYTES = 1.5 * 2**30  # of memory, with TensorFlow's own 0.5
MOST_SECONDS = 15  # of a case
made = []  # By the class and the function that no preset may reach.


@keras.saving.register_keras_serializable("canary")
class Canary(keras.layers.Layer):
    def __init__(self, **kwargs):
        made.append("made")
        super().__init__(**kwargs)


@keras.saving.register_keras_serializable("canary")
def sing(x):
    made.append("called")
    return x


@contextlib.contextmanager
def watched():
    """Keras's own classes that no preset may reach tell when one is made."""
    with contextlib.ExitStack() as stack:
        for name in (
            "Discretization Hashing Lambda RandomFlip StringLookup TFSMLayer"
        ).split():

            def tell(config, name=name):
                made.append(f"made: {name}")
                raise ValueError(f"must not be. Received: {name}")

            cls = getattr(keras.layers, name)
            stack.enter_context(
                unittest.mock.patch.object(cls, "from_config", tell)
            )
        yield


# ---- the presets that are changed -----------------------------------------


def plain_networks():
    """A GAN of Keras's own layers: functional, sequential, an operation."""
    layers = keras.layers
    inputs = keras.Input((3,))
    x = layers.Dense(4, activation="relu", kernel_regularizer="l2")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, layers.Dense(4, kernel_initializer="orthogonal")(x)])
    generator = keras.Model(inputs, keras.ops.tanh(x * 2.0))
    examples = keras.Input((4,))
    inside = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5)])
    discriminator = keras.Model(examples, layers.Dense(1)(inside(examples)))
    return keras_gans.GAN(generator, discriminator, latent_dim=3)


def write_originals(folder):
    """Writes small presets; returns their paths."""
    shape = {"image_shape": (8, 8, 1), "filters": 2}
    models = {
        "gan": keras_gans.GAN(
            keras_gans.models.gan.GANGenerator((2,), 3, units=[4]),
            keras_gans.models.gan.GANDiscriminator((2,), units=[4]),
            latent_dim=3,
            ema_momentum=0.9,
        ),
        "plain": plain_networks(),
        "dcgan": keras_gans.DCGAN(latent_dim=3, **shape),
        "srresnet": keras_gans.SRResNet(filters=4, num_residual_blocks=1),
    }
    recipes = {
        "srresnet": {"dataset": "div2k", "batch_size": 4, "steps": 9},
    }
    adam = {"class_name": "Adam", "config": {"learning_rate": 1e-3}}
    decay = {"initial_learning_rate": 1e-3, "decay_steps": 9}
    adam["config"]["learning_rate"] = {
        "class_name": "LinearDecay",
        "config": decay,
    }
    for name, model in models.items():
        recipe = {
            "dataset": "ring",
            "batch_size": 4,
            "steps": 9,
            "generator_optimizer": adam,
        }
        model.save_to_preset(
            folder / name,
            recipe=recipes.get(name, recipe),
            dtype="float16" if name == "dcgan" else None,
        )
    return [folder / name for name in models]


# ---- a case ---------------------------------------------------------------


def change(rng, folder):
    """Changes a preset; returns what was done, for a report."""
    name = rng.choice([*JSON[:2], *JSON, *WEIGHTS, *WEIGHTS])
    path = folder / name
    kind = rng.random()
    if not is_readable(path):
        return "nothing more"
    if kind < 0.04:
        how = rng.choice(["gone", "folder", "fifo", "link", "empty", "sparse"])
        if how == "sparse":
            os.truncate(path, 3 * 2**30)
            return f"{name}: 3 GB of nothing"
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how == "fifo":
            os.mkfifo(path)
        elif how == "link":
            path.symlink_to("/etc/hostname")
        elif how == "empty":
            path.touch()
        return f"{name}: {how}"
    if path.suffix == ".h5":
        return f"{name}: {fuzz_h5.change(rng, path)}"
    if kind < 0.12:
        fuzz_json.change_text(rng, path)
        return f"{name}: bytes"
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "nothing more"
    if not isinstance(content, dict) or not content:
        return "nothing more"
    fuzz_json.change(rng, content)
    path.write_text(json.dumps(content))
    return f"{name}: values"


def is_readable(path):
    """Whether this script should read it itself."""
    try:
        return path.is_file() and path.stat().st_size < 2**30
    except OSError:  # A name that is too long.
        return False


def rehash(folder):
    """States sizes and hashes that are right."""
    path = folder / "metadata.json"
    if not is_readable(path):
        return
    try:
        metadata = json.loads(path.read_bytes())
        for name, file in metadata["files"].items():
            if is_readable(folder / name):
                content = (folder / name).read_bytes()
                file["size"] = len(content)
                file["sha256"] = hashlib.sha256(content).hexdigest()
        content = json.dumps(metadata)
    except (ValueError, RecursionError, LookupError):
        return
    except (TypeError, AttributeError):  # No dict where one should be.
        return
    path.write_text(content)


def stored(path):
    """The arrays of a weights file, by top group."""

    def arrays(item):
        if isinstance(item, h5py.Dataset):
            return [np.asarray(item)]
        return [array for key in item for array in arrays(item[key])]

    with h5py.File(path) as file:
        groups = {key: arrays(file[key]) for key in file}
    return {key: group for key, group in groups.items() if group}


def as_set(arrays):
    """What can be compared, whatever the order."""
    with np.errstate(all="ignore"):
        arrays = [np.asarray(a).astype("float32") for a in arrays]
    return sorted((a.shape, a.tobytes()) for a in arrays)


def check_weights(model, folder):
    """Raises an AssertionError unless the weights are those of the files."""
    networks = networks_of(model)
    groups = stored(folder / WEIGHTS[1])
    inference = next(
        n for n, v in networks.items() if v is model.inference_network
    )
    groups[inference] = sum(stored(folder / WEIGHTS[0]).values(), [])
    for name, arrays in groups.items():
        ours = networks[name].get_weights()
        assert as_set(ours) == as_set(arrays), f"other weights in {name}"


def is_sentence(error):
    text = str(error)
    return (
        isinstance(error, (ValueError, FileNotFoundError))
        and not isinstance(error, (UnicodeError, json.JSONDecodeError))
        and ("Received" in text or "must" in text or "is a recipe" in text)
        and "\n" not in text
        and len(text) < 1500
        and text.isprintable()
    )


def use(folder, load_weights):
    """All that a preset's files are read for; the first error ends it."""
    presets.info(folder)
    model = presets.load(folder, load_weights=load_weights)
    if load_weights:
        check_weights(model, folder)
    task = tasks.get(presets.task_name(folder))
    presets.arguments(folder)
    recipe = runs.check_recipe(presets.recipe(folder), task)
    task.compile_arguments(model, recipe)


def run_case(number, seed, originals, folder):
    """`(what was done, problem or None, how it ended)` of one case."""
    rng = random.Random(f"{seed}-{number}")
    shutil.copytree(rng.choice(originals), folder)
    done = [change(rng, folder) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    if rng.random() < 0.9:
        rehash(folder)
    load_weights = rng.random() < 0.85
    start, before = time.monotonic(), peak()
    problem, end = None, "loaded"
    try:
        with limit(3 * MOST_SECONDS), watched():
            use(folder, load_weights)
    except Exception as error:
        end = f"{type(error).__name__}: {error}"
        if not is_sentence(error):
            problem = end
    seconds = time.monotonic() - start
    if peak() > MOST_BYTES > before:
        problem = f"{peak() / 2**30:.2f} GB of memory, {end}"
    if seconds > MOST_SECONDS:
        problem = f"{seconds:.0f} s, {end}"
    if made:
        problem = f"a stranger's class was {made.pop()}"
        made.clear()
    return done, problem, end


def peak():
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def limit(seconds):
    def stop(*args):
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(n, seed, only=None, report=print):
    """Runs cases; returns the number of those that failed."""
    failures, loaded = 0, 0
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        originals = write_originals(place)
        for folder in originals:
            use(folder, True)
        for number in range(n) if only is None else [only]:
            folder = place / "case"
            done, problem, end = run_case(number, seed, originals, folder)
            shutil.rmtree(folder)
            if number % 50 == 49:  # It takes a while itself.
                keras.backend.clear_session()
            loaded += end == "loaded"
            failures += problem is not None
            if problem or only is not None:
                text = f"{problem or end}"[:1500]
                report(f"case {number}: {'; '.join(done)}\n    {text}")
    report(f"{n} presets: {loaded} loaded, {failures} failed")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", type=int, help="the number of one case")
    args = parser.parse_args()
    start = time.monotonic()
    failures = run(args.n, args.seed, args.only)
    print(
        f"{time.monotonic() - start:.0f} s, of which {time.process_time():.0f} "
        f"s of processors; at most {peak() / 2**30:.2f} GB of memory"
    )
    return int(failures > 0 or peak() > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
