"""Training steps of keras_gans against the same in plain PyTorch.

    python benchmarks/train_step.py --memory --update-readme

Every side runs in a process of its own, because TensorFlow and PyTorch in one
would fight over the cores. The processes stay alive and take turns: in each
round every task runs once, for about `--seconds`, and the others sleep. So a
machine that is slower for a while is slower for all. `README.md` beside this
file says what is measured, and holds the last results.
"""

import argparse
import contextlib
import datetime
import itertools
import json
import math
import os
import pathlib
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

MODELS = {
    "GAN": {"kind": "GAN", "image_shape": (28, 28, 1), "filters": 0},
    "DCGAN": {"kind": "DCGAN", "image_shape": (28, 28, 1), "filters": 32},
    "ConditionalGAN": {
        "kind": "ConditionalGAN",
        "image_shape": (28, 28, 1),
        "filters": 32,
    },
    # Five discriminator steps, each on a batch of its own.
    "WGANGP": {
        "kind": "WGANGP",
        "image_shape": (28, 28, 1),
        "filters": 32,
        "discriminator_steps": 5,
    },
    # Only with --full: the paper's own size, seconds per step on a CPU.
    "DCGAN 64x64": {
        "kind": "DCGAN",
        "image_shape": (64, 64, 3),
        "filters": 64,
    },
    # Image to image, the papers' networks and batches, but for the first.
    "Pix2Pix 64x64": {
        "kind": "Pix2Pix",
        "image_shape": (64, 64, 3),
        "filters": 64,
        "batch_size": 16,
    },
    "Pix2Pix 256x256": {
        "kind": "Pix2Pix",
        "image_shape": (256, 256, 3),
        "filters": 64,
        "batch_size": 1,
    },
    "CycleGAN 64x64": {
        "kind": "CycleGAN",
        "image_shape": (64, 64, 3),
        "filters": 64,
        "batch_size": 1,
    },
    "CycleGAN 128x128": {
        "kind": "CycleGAN",
        "image_shape": (128, 128, 3),
        "filters": 64,
        "batch_size": 1,
    },
    # Super-resolution x4: the paper's networks, batch and crops.
    "SRResNet": {
        "kind": "SRResNet",
        "image_shape": (96, 96, 3),
        "filters": 64,
        "batch_size": 16,
    },
    "SRGAN": {
        "kind": "SRGAN",
        "image_shape": (96, 96, 3),
        "filters": 64,
        "batch_size": 16,
    },
}
# They have no latents: nothing to `generate`, and no EMA.
TRANSLATION = ("Pix2Pix", "CycleGAN")
UPSCALING = ("SRResNet", "SRGAN")
SCALE = 4
# Of which --memory trains a few steps: 9 residual blocks, half a minute each.
MEMORY_MODEL = {
    "kind": "CycleGAN",
    "image_shape": (256, 256, 3),
    "filters": 64,
    "batch_size": 1,
}
MEMORY_GOAL = 8.0  # GB
# The goals, for a CPU: model, ratio of medians (how often the first is as
# fast as the second), at least.
GOALS = [
    ("DCGAN", "step", "pytorch eager", 1.2),
    ("ConditionalGAN", "step", "pytorch eager", 1.2),
    ("WGANGP", "step", "pytorch eager", 1.2),
    ("DCGAN", "step", "pytorch compiled", 1.0),
    ("ConditionalGAN", "step", "pytorch compiled", 1.0),
    ("WGANGP", "step", "pytorch compiled", 1.0),
    ("GAN", "fit", "step", 0.95),
    ("DCGAN", "fit", "step", 0.95),
    ("ConditionalGAN", "fit", "step", 0.95),
    ("WGANGP", "fit", "step", 0.95),
    ("DCGAN", "generate", "pytorch eager, generate", 1.0),
    ("DCGAN", "generate", "pytorch compiled, generate", 1.0),
    ("DCGAN", "step, 2 replicas", "step", 0.8),
    ("Pix2Pix 64x64", "step", "pytorch eager", 1.2),
    ("Pix2Pix 256x256", "step", "pytorch eager", 1.2),
    ("CycleGAN 64x64", "step", "pytorch eager", 1.2),
    ("CycleGAN 128x128", "step", "pytorch eager", 1.2),
    ("SRResNet", "step", "pytorch eager", 1.2),
    ("SRGAN", "step", "pytorch eager", 1.2),
    ("Pix2Pix 64x64", "step", "pytorch compiled", 1.0),
    ("Pix2Pix 256x256", "step", "pytorch compiled", 1.0),
    ("CycleGAN 64x64", "step", "pytorch compiled", 1.0),
    ("CycleGAN 128x128", "step", "pytorch compiled", 1.0),
    ("SRResNet", "step", "pytorch compiled", 1.0),
    ("SRGAN", "step", "pytorch compiled", 1.0),
    ("Pix2Pix 64x64", "fit", "step", 0.9),
    ("Pix2Pix 256x256", "fit", "step", 0.9),
    ("CycleGAN 64x64", "fit", "step", 0.9),
    ("CycleGAN 128x128", "fit", "step", 0.9),
    ("SRResNet", "fit", "step", 0.9),
    ("SRGAN", "fit", "step", 0.9),
]


# ---- workers --------------------------------------------------------------


class Ours:
    """keras_gans on one of Keras's backends."""

    def __init__(self, settings):
        self.settings = settings
        gpu = settings["device"] == "gpu"
        os.environ["KERAS_BACKEND"] = settings["backend"]
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        if not gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        import keras

        import keras_gans

        self.strategy = None
        if settings["replicas"] > 1:
            import tensorflow as tf

            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0],
                [tf.config.LogicalDeviceConfiguration()] * settings["replicas"],
            )
            self.strategy = tf.distribute.MirroredStrategy(
                [f"CPU:{i}" for i in range(settings["replicas"])]
            )
        if gpu:
            keras.config.set_dtype_policy("mixed_bfloat16")
        self.model = self.make_model(keras_gans)
        self.tasks = {"step": lambda n: self.steps(self.model, n)}
        if self.strategy is None:
            self.arrays = random_arrays(settings, settings["num_images"])
            self.tasks["fit"] = self.fit
        if self.strategy is None and has_latents(settings):
            ema_model = self.make_model(keras_gans, ema_momentum=0.999)
            self.tasks["step with EMA"] = lambda n: self.steps(ema_model, n)
            self.tasks["generate"] = self.generate
        self.iterators = {}
        self.sizes = sorted(
            math.prod(v.shape) for v in self.model.trainable_variables
        )
        self.notes = {}

    def make_model(self, keras_gans, **kwargs):
        settings, kind = self.settings, self.settings["kind"]
        shape, filters = settings["image_shape"], settings["filters"]
        networks = {"WGANGP": dcgan_networks, "SRGAN": srgan_networks}
        if kind == "GAN":
            kwargs["example_shape"] = shape
        elif kind == "WGANGP":
            kwargs["latent_dim"] = 100
        elif kind != "SRResNet":  # It takes images of any size.
            kwargs["image_shape"] = shape
        if kind != "GAN" and kind not in networks:
            kwargs["filters"] = filters
        if kind != "SRResNet":  # Its steps draw nothing.
            kwargs["seed"] = 0
        strategy = self.strategy
        with strategy.scope() if strategy else contextlib.nullcontext():
            if kind in networks:
                kwargs |= networks[kind](settings)
            model = getattr(keras_gans, kind)(**kwargs)
            model.compile()
        return model

    def iterator(self):
        """One batch, again and again, without the cost of an input pipeline."""
        batch = random_batch(self.settings)
        if self.settings["backend"] == "tensorflow":
            import tensorflow as tf

            # As `datasets.load` makes them: images alone are no tuple.
            batch = batch if len(batch) > 1 else batch[0]
            data = tf.data.Dataset.from_tensors(batch).repeat()
            if self.strategy:
                data = self.strategy.experimental_distribute_dataset(
                    data.unbatch().batch(self.settings["batch_size"])
                )
            elif self.settings["device"] == "gpu":
                data = data.apply(
                    tf.data.experimental.prefetch_to_device("/GPU:0")
                )
            return iter(data)
        import keras

        # What Keras's trainers get from a dataset: (x,) or (x, y).
        return itertools.repeat(
            tuple(keras.ops.convert_to_tensor(x) for x in batch)
        )

    def steps(self, model, n):
        """The compiled step alone: what `fit` calls, without `fit`."""
        model.make_train_function()
        if id(model) not in self.iterators:
            self.iterators[id(model)] = self.iterator()
        iterator = self.iterators[id(model)]
        run = {"jax": self.steps_jax, "torch": self.steps_torch}.get(
            self.settings["backend"], self.steps_tensorflow
        )
        return run(model, iterator, n)

    def steps_tensorflow(self, model, iterator, n):
        start = time.perf_counter()
        for _ in range(n):
            logs = model.train_function(iterator)
        logs = logs.get_value() if hasattr(logs, "get_value") else logs
        assert all(map(math.isfinite, logs.values()))  # Waits for the device.
        return time.perf_counter() - start

    def steps_torch(self, model, iterator, n):
        batch = [next(iterator)]
        start = time.perf_counter()
        for _ in range(n):
            logs = model.train_function(batch)
        assert all(map(math.isfinite, logs.values()))
        return time.perf_counter() - start

    def steps_jax(self, model, iterator, n):
        import jax

        names = ("trainable", "non_trainable", "optimizer", "metrics")
        names = [f"{name}_variables" for name in names]
        state = model._get_jax_state(
            **dict.fromkeys(names, True), purge_model_variables=True
        )
        jax.block_until_ready(state)
        start = time.perf_counter()
        for _ in range(n):
            logs, state = model.train_function(state, iterator)
        jax.block_until_ready((logs, state))
        seconds = time.perf_counter() - start
        # Back into the model's variables, as `fit` does in the end.
        model._jax_state = dict(zip(names, state))
        model._jax_state_synced = False
        model.jax_state_sync()
        model._jax_state = None
        return seconds

    def dataset(self):
        """Endless batches of uint8 arrays, as a user makes them."""
        from keras_gans import datasets

        kind = self.settings["kind"]
        kwargs = {"batch_size": self.settings["batch_size"], "repeat": True}
        if kind == "Pix2Pix":
            return datasets.load_pairs(self.arrays, augment=True, **kwargs)
        if kind == "CycleGAN":
            return datasets.load_unpaired(*self.arrays, augment=True, **kwargs)
        if kind in UPSCALING:
            _, images = self.arrays
            kwargs |= {"scale": SCALE, "crop_size": images.shape[1:3]}
            return datasets.load_high_res(images, augment=True, **kwargs)
        if kind == "ConditionalGAN":
            return datasets.load(self.arrays, labels=True, **kwargs)
        return datasets.load(self.arrays[0], **kwargs)

    def fit(self, n):
        """An epoch of `fit` from uint8 arrays through `datasets`.

        Not the first: there `fit` traces its function, which takes seconds,
        and once.
        """
        import keras

        begin, end = [], []
        clock = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: begin.append(time.perf_counter()),
            on_epoch_end=lambda *_: end.append(time.perf_counter()),
        )
        self.model.fit(
            self.dataset(),
            epochs=2,
            steps_per_epoch=n,
            verbose=2,
            callbacks=[clock],
        )
        return end[1] - begin[1]

    def generate(self, n):
        start = time.perf_counter()
        images = self.model.generate(n, seed=0)
        seconds = time.perf_counter() - start
        assert images.shape == (n, *self.settings["image_shape"])
        assert images.dtype == "uint8"
        return seconds


class PlainPyTorch:
    """The same in PyTorch: `plain_pytorch.py`."""

    def __init__(self, settings):
        import plain_pytorch
        import torch

        self.settings = settings
        self.module = plain_pytorch
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        # Two layouts, two networks, with and without gradients: more than 8
        # compilations, beyond which the default falls back to eager.
        torch._dynamo.config.recompile_limit = 64
        self.conditional = settings["kind"] == "ConditionalGAN"
        self.sync = (
            torch.cuda.synchronize if settings["device"] == "gpu" else int
        )
        self.notes = {}
        eager = self.fastest(compiled=False)
        self.trainers = {"pytorch eager": eager}
        if has_latents(settings) and settings["kind"] != "WGANGP":
            self.trainers["pytorch eager, fakes reused"] = self.trainer(
                channels_last=eager.channels_last, reuse_fakes=True
            )
        if settings["compile"]:
            try:
                self.trainers["pytorch compiled"] = self.fastest(compiled=True)
            except Exception as error:
                self.notes["pytorch compiled"] = f"failed: {error}"[:500]
        self.tasks = {
            name: lambda n, trainer=trainer: self.steps(trainer, n)
            for name, trainer in self.trainers.items()
        }
        for name in ("pytorch eager", "pytorch compiled"):
            if name in self.trainers and has_latents(settings):
                self.tasks[f"{name}, generate"] = (
                    lambda n, trainer=self.trainers[name]: self.generate(
                        trainer, n
                    )
                )
        trainer = self.trainers["pytorch eager"]
        self.sizes = sorted(
            p.numel() for parameters in trainer.parameters for p in parameters
        )

    def trainer(self, **kwargs):
        return self.module.Trainer(
            self.settings["kind"],
            self.settings["image_shape"],
            self.settings["filters"],
            "cuda" if self.settings["device"] == "gpu" else "cpu",
            **kwargs,
        )

    def fastest(self, compiled):
        """A trainer in the memory layout in which its steps are faster."""
        layouts = (False,) if self.settings["kind"] == "GAN" else (False, True)
        trainers = {
            last: self.trainer(compiled=compiled, channels_last=last)
            for last in layouts
        }
        times = {last: [] for last in layouts}
        for trainer in trainers.values():
            self.steps(trainer, 3)
        for _ in range(3):
            for last, trainer in trainers.items():
                times[last].append(self.steps(trainer, 3))
        best = min(layouts, key=lambda last: min(times[last]))
        name = "pytorch compiled" if compiled else "pytorch eager"
        if len(layouts) > 1:
            self.notes[name] = f"channels {'last' if best else 'first'}"
        return trainers[best]

    def steps(self, trainer, n):
        batch = trainer.batch(*random_batch(self.settings))
        self.sync()
        start = time.perf_counter()
        for _ in range(n):
            losses = trainer.step(*batch)
        assert all(map(math.isfinite, losses))  # Waits for the device.
        return time.perf_counter() - start

    def generate(self, trainer, n):
        start = time.perf_counter()
        images = trainer.generate(n, self.conditional)
        seconds = time.perf_counter() - start
        assert images.shape == (n, *self.settings["image_shape"])
        assert images.dtype == "uint8"
        return seconds


def has_latents(settings):
    return settings["kind"] not in (*TRANSLATION, *UPSCALING)


def dcgan_networks(settings):
    from keras_gans.models import dcgan

    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": dcgan.DCGANGenerator(shape, filters=filters),
        "discriminator": dcgan.DCGANDiscriminator(
            shape, filters, normalization=None
        ),
    }


def srgan_networks(settings):
    import keras

    from keras_gans.models import srgan

    def conv(filters):
        return keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )

    # VGG19's first four convolutions, with random weights: they take as long
    # as trained ones, and nobody has to download those.
    content_network = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            conv(64),
            conv(64),
            keras.layers.MaxPooling2D(),
            conv(128),
            conv(128),
        ]
    )
    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": srgan.SRResNetGenerator(SCALE, filters=filters),
        "discriminator": srgan.SRGANDiscriminator(shape, filters),
        "content_network": content_network,
    }


def random_arrays(settings, n):
    """`n` uint8 images, and as many labels or images of the other kind."""
    import numpy as np

    rng = np.random.default_rng(0)
    shape = (n, *settings["image_shape"])
    images = rng.integers(0, 256, shape, "uint8")
    if settings["kind"] in TRANSLATION:
        return images, rng.integers(0, 256, shape, "uint8")
    if settings["kind"] in UPSCALING:
        height, width, channels = settings["image_shape"]
        shape = (n, height // SCALE, width // SCALE, channels)
        return rng.integers(0, 256, shape, "uint8"), images
    if settings["kind"] == "ConditionalGAN":
        return images, rng.integers(0, 10, n).astype("int32")
    return (images,)


def random_batch(settings):
    """What one step takes: images are floats in [-1, 1]."""
    arrays = random_arrays(settings, settings["batch_size"])
    return tuple(
        (x / 127.5 - 1.0).astype("float32") if x.ndim == 4 else x
        for x in arrays
    )


SIDES = {"ours": Ours, "pytorch": PlainPyTorch}


def work(settings, sides=SIDES):
    """A worker's life: one JSON request a line in, one answer a line out."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # What libraries print is not an answer.

    def answer(**message):
        answers.write(json.dumps(message) + "\n")

    try:
        side = sides[settings["side"]](settings)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        raise
    answer(tasks=list(side.tasks), sizes=side.sizes, notes=side.notes)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            seconds = side.tasks[request["task"]](request["n"])
            usage = resource.getrusage(resource.RUSAGE_SELF)
            answer(seconds=seconds, peak_memory=usage.ru_maxrss * 1024)
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")
            raise


# ---- rounds ---------------------------------------------------------------


class Worker:
    """A process that runs one task at a time, when it is told to."""

    def __init__(self, settings, log, script=__file__):
        self.process = subprocess.Popen(
            [sys.executable, script, "--worker", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.replicas = settings.get("replicas", 1)

    def wait_until_ready(self):
        ready = self.receive()
        self.sizes, self.notes = ready["sizes"], ready["notes"]
        suffix = f", {self.replicas} replicas" if self.replicas > 1 else ""
        self.tasks = {f"{task}{suffix}": task for task in ready["tasks"]}

    def run(self, name, n):
        request = json.dumps({"task": self.tasks[name], "n": n})
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.receive()
        self.peak_memory = answer["peak_memory"]
        return answer["seconds"]

    def receive(self):
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "it died"}
        if "error" in answer:
            raise RuntimeError(f"A worker failed: {answer['error']}")
        return answer

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def worker_settings(model, options):
    settings = {
        **model,
        "batch_size": model.get("batch_size", options.batch_size)
        * model.get("discriminator_steps", 1),
        "device": options.device,
        "backend": options.backend,
        "replicas": 1,
        "compile": not options.smoke,
        # As many as MNIST has, unless that is more than 100 MB.
        "num_images": min(60_000, 10**8 // math.prod(model["image_shape"])),
    }
    if options.smoke:
        settings.update(filters=2, num_images=200)
    return settings


def measure(name, options, log):
    """All rounds of one model; returns what goes into the JSON file."""
    settings = worker_settings(MODELS[name], options)
    sides = [{"side": "ours"}, {"side": "pytorch"}]
    if options.device == "cpu" and options.backend == "tensorflow":
        if settings["batch_size"] > 1:  # Else one replica has nothing to do.
            sides.insert(1, {"side": "ours", "replicas": 2})
    workers = []
    try:
        for side in sides:
            workers.append(Worker({**settings, **side}, log))
            workers[-1].wait_until_ready()
        sizes = workers[0].sizes
        for worker in workers[1:]:
            assert worker.sizes == sizes, (
                f"The networks differ: parameters of {sum(sizes)} and "
                f"{sum(worker.sizes)} elements."
            )
        jobs, notes = [], {}
        for worker in workers:
            notes |= worker.notes
            for task in worker.tasks:
                n = repetitions(worker, task, options)
                jobs.append((worker, task, n))
        # `fit` is read against the step and comes right before or after it.
        jobs.sort(key=lambda job: job[1] == "fit", reverse=True)
        rounds = {task: [] for _, task, _ in jobs}
        for i in range(options.rounds):
            # To and fro: nobody always runs after the same neighbour.
            for worker, task, n in jobs if i % 2 else reversed(jobs):
                images = n
                if "generate" not in task:
                    images *= settings["batch_size"]
                rounds[task].append(images / worker.run(task, n))
            print(f"{name}: round {i + 1} of {options.rounds}", file=sys.stderr)
    finally:
        for worker in workers:
            worker.stop()
    return {
        "parameters": sum(sizes),
        "image_shape": list(settings["image_shape"]),
        "filters": settings["filters"],
        "batch_size": settings["batch_size"],
        "images_per_second": {
            task: {
                "min": min(values),
                "median": statistics.median(values),
                "max": max(values),
                "rounds": values,
            }
            for task, values in rounds.items()
        },
        "notes": notes,
    }


def repetitions(worker, task, options):
    """Warms a task up, and returns how many of it fill a round."""
    if "generate" in task:
        worker.run(task, 512)
        return 300 if options.smoke else 10_000
    worker.run(task, 3)
    if options.smoke:
        return 3
    return max(3, round(5 * options.seconds / worker.run(task, 5)))


def measure_memory(options, log):
    """What a process needs that trains CycleGAN, its data included."""
    settings = worker_settings(MEMORY_MODEL, options)
    worker = Worker({**settings, "side": "ours"}, log)
    try:
        worker.wait_until_ready()
        worker.run("fit", 5)
    finally:
        worker.stop()
    peak = worker.peak_memory / 2**30
    return {
        "model": "CycleGAN 256x256",
        "peak_gb": peak,
        "at_most": MEMORY_GOAL,
        "met": peak <= MEMORY_GOAL,
    }


def check_goals(models, options):
    if options.smoke or options.backend != "tensorflow":
        return []
    results = []
    for name, ours, other, at_least in GOALS:
        speeds = models.get(name, {}).get("images_per_second", {})
        if options.device != "cpu" or not {ours, other} <= set(speeds):
            continue
        ratio = speeds[ours]["median"] / speeds[other]["median"]
        results.append(
            {
                "model": name,
                "of": ours,
                "to": other,
                "at_least": at_least,
                "ratio": ratio,
                "met": ratio >= at_least,
            }
        )
    return results


# ---- the machine and the report -------------------------------------------


def describe_machine(options):
    from importlib import metadata

    versions = {"python": platform.python_version()}
    for package in ("keras", "tensorflow", "jax", "torch", "numpy", "pillow"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    machine = {
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        ),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }
    if options.device == "gpu":
        query = ["nvidia-smi", "--query-gpu=name,driver_version"]
        machine["gpu"] = subprocess.run(
            [*query, "--format=csv,noheader"], capture_output=True, text=True
        ).stdout.splitlines()[0]
    return machine


def cpu_name():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    fields = dict(
        [part.strip() for part in line.split(":", 1)]
        for line in reversed(lines)
        if ":" in line
    )
    return (
        f"{fields.get('model name', platform.machine())}, family "
        f"{fields.get('cpu family')}, model {fields.get('model')}"
    )


def conditions(results):
    """Where and when, as lines of Markdown."""
    machine, versions = results["machine"], results["machine"]["versions"]
    load = results["load_average"]
    lines = [
        f"{results['date']}, {results['backend']} backend on "
        f"{machine.get('gpu', machine['cpu'])}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f". {results['rounds']} rounds. Load average before the run "
        f"{load['before']:.1f}, after it {load['after']:.1f}.",
        "",
    ]
    if load["before"] > 0.5:
        lines += ["**The machine was not idle: rough numbers.**", ""]
    return lines


def report(results):
    """The results as Markdown."""
    lines = conditions(results)
    for name, model in results["models"].items():
        lines += [
            f"**{name}**, {'x'.join(map(str, model['image_shape']))}, batch "
            f"{model['batch_size']}, {model['parameters']:,} parameters",
            "",
            "| images/s | median | min | max | keras_gans is ... times as fast "
            "|",
            "|---|--:|--:|--:|--:|",
        ]
        speeds = model["images_per_second"]
        for task in sorted(speeds, key=order):
            s = speeds[task]
            note = model["notes"].get(task)
            ours = "generate" if "generate" in task else "step"
            ratio = speeds[ours]["median"] / s["median"]
            lines.append(
                f"| {'' if 'pytorch' in task else 'keras_gans '}{task}"
                f"{f' ({note})' if note else ''} | {number(s['median'])} | "
                f"{number(s['min'])} | {number(s['max'])} | "
                f"{ratio:.2f}{' (its step)' if order(task)[0] == 0 else ''} |"
            )
        for task, note in model["notes"].items():
            if task not in speeds:
                lines.append(f"| {task}: {note} | | | | |")
        lines.append("")
    goals, memory = results["goals"], results["memory"]
    if goals or memory:
        lines += ["| goal | | measured | |", "|---|--:|--:|---|"]
    for goal in goals:
        lines.append(
            f"| {goal['model']}: speed of {goal['of']} / speed of "
            f"{goal['to']} | at least {goal['at_least']:.2f} | "
            f"{goal['ratio']:.2f} | {'met' if goal['met'] else 'missed'} |"
        )
    if memory:
        lines.append(
            f"| {memory['model']}: peak memory of fit, GB | at most "
            f"{memory['at_most']:.2f} | {memory['peak_gb']:.2f} | "
            f"{'met' if memory['met'] else 'missed'} |"
        )
    return "\n".join(lines).rstrip() + "\n"


def number(x):
    """At least three digits: a step of CycleGAN may take seconds."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def order(task):
    """Training before sampling, ours before PyTorch's."""
    names = ["step", "fit", "step with EMA", "step, 2 replicas"]
    if task in names:
        return 0, names.index(task)
    return (2 if "generate" in task else 1), task != "generate", len(task)


def update_readme(name, text):
    path = HERE / "README.md"
    readme = path.read_text()
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    before, rest = readme.split(begin)
    _, after = rest.split(end)
    path.write_text(f"{before}{begin}{text}{end}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", choices=MODELS)
    parser.add_argument(
        "--full", action="store_true", help="DCGAN at 64x64 as well"
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="the memory that CycleGAN takes at 256x256 as well",
    )
    parser.add_argument(
        "--backend", choices=["tensorflow", "jax", "torch"], help="of ours"
    )
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument(
        "--batch-size", type=int, default=64, help="but of image to image"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="a round's")
    parser.add_argument("--name", help="of the results' file")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny networks, for the tests"
    )
    parser.add_argument("--verbose", action="store_true", help="workers' logs")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker))
        return
    if options.memory and options.device == "gpu":
        parser.error("--memory is that of a process on a CPU, without a GPU")
    options.backend = options.backend or (
        "jax" if options.device == "gpu" else "tensorflow"
    )
    names = options.models  # `--models --memory`: of none, memory alone.
    if names is None:
        names = [n for n in MODELS if n != "DCGAN 64x64"]
    if options.full and "DCGAN 64x64" not in names:
        names = [*names, "DCGAN 64x64"]
    if options.smoke:
        options.batch_size, options.rounds = 8, 1
        names = ["DCGAN"] if options.models is None else options.models
    name = options.name or f"train_step_{options.device}_{options.backend}"
    load_before = os.getloadavg()[0]
    with open(os.devnull, "w") as devnull:
        log = None if options.verbose else devnull
        models = {n: measure(n, options, log) for n in names}
        memory = measure_memory(options, log) if options.memory else None
    results = {
        "command": shlex.join(["python", "benchmarks/train_step.py"])
        + "".join(f" {shlex.quote(argument)}" for argument in sys.argv[1:]),
        "date": datetime.date.today().isoformat(),
        "backend": options.backend,
        "device": options.device,
        "precision": "bfloat16" if options.device == "gpu" else "float32",
        "rounds": options.rounds,
        "seconds_per_round": options.seconds,
        "machine": describe_machine(options),
        "load_average": {
            "before": load_before,
            # Our own two busy threads are in it.
            "after": os.getloadavg()[0],
        },
        "models": models,
        "goals": check_goals(models, options),
        "memory": memory,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    text = report(results)
    print(text)
    print(f"Written to {path}.", file=sys.stderr)
    if options.update_readme:
        update_readme(name, text)


if __name__ == "__main__":
    main()
