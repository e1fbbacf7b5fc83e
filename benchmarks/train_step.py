"""Training steps of keras_gans against the same in plain PyTorch.

    python benchmarks/train_step.py --memory --update-readme

Every side runs in a process of its own, because TensorFlow and PyTorch in one
would fight over the cores. The processes stay alive and take turns: in each
round every task runs once, for about `--seconds`, and the others sleep. So a
machine that is slower for a while is slower for all. `README.md` beside this
file says what is measured, and holds the last results.
"""

import argparse
import datetime
import itertools
import json
import math
import os
import pathlib
import select
import shlex
import statistics
import subprocess
import sys
import time

import goals
import machine
import table
from rows import MEMORY, MODELS, QUICK

HERE = pathlib.Path(__file__).resolve().parent

# Of `generate`, as often as it is called: another number may come in batches of
# another size, which compile anew.
SAMPLES = 10_000
READY = 150  # seconds that workers of `--quick` have before the first is timed

# ---- workers --------------------------------------------------------------


def our_side(settings):
    from ours import Ours

    return Ours(settings)


def their_side(settings):
    from plain_side import PlainPyTorch

    return PlainPyTorch(settings)


SIDES = {"ours": our_side, "pytorch": their_side}


def work(settings, sides=SIDES):
    """A worker's life: one JSON request a line in, one answer a line out."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # What libraries print is not an answer.

    def answer(**message):
        answers.write(json.dumps(message) + "\n")

    try:
        side = sides[settings["side"]](settings)
        first_calls = {}
        for name, task in side.tasks.items():
            if "generate" in name:
                first_calls[name] = task(settings["samples"])
            elif settings.get("quick"):  # Here all workers compile at once.
                task(3)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        raise
    answer(
        tasks=list(side.tasks),
        sizes=side.sizes,
        notes=side.notes,
        first_steps=getattr(side, "first_steps", {}),  # Studies have none.
        first_calls=first_calls,
    )
    for line in sys.stdin:
        request = json.loads(line)
        try:
            seconds = side.tasks[request["task"]](request["n"])
            answer(seconds=seconds, peak_memory=machine.peak_memory())
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")
            raise


# ---- rounds ---------------------------------------------------------------


class Worker:
    """A process that runs one task at a time, when it is told to."""

    def __init__(self, settings, log, script=__file__):
        settings = {**settings, "started": time.time()}
        self.process = subprocess.Popen(
            [sys.executable, script, "--worker", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.replicas = settings.get("replicas", 1)

    def answers(self, seconds=None):
        """Whether something is to be received within so many seconds."""
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def wait_until_ready(self):
        ready = self.receive()
        self.sizes, self.notes = ready["sizes"], ready["notes"]
        self.first_steps = ready["first_steps"]
        self.first_calls = ready["first_calls"]
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

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process.stdout.close()


def worker_settings(family, row, options):
    """What a worker has to know, as JSON can hold it."""
    settings = {
        "family": family.name,
        "image_shape": row.image_shape,
        "filters": row.filters,
        "batch_size": (row.batch_size or options.batch_size)
        * row.discriminator_steps,
        "device": options.device,
        "backend": options.backend,
        "replicas": 1,
        "compile": not options.smoke,
        "quick": options.quick,
        "samples": 300 if options.smoke else SAMPLES,
        # As many as MNIST has, unless that is more than 100 MB.
        "num_images": min(60_000, 10**8 // math.prod(row.image_shape)),
    }
    if options.smoke:
        settings.update(filters=2, num_images=200)
    return settings


def measure(name, options, log):
    """All rounds of one model; returns what goes into the JSON file."""
    settings = worker_settings(*MODELS[name], options)
    sides = [{"side": "ours"}, {"side": "pytorch"}]
    if options.device == "cpu" and options.backend == "tensorflow":
        if settings["batch_size"] > 1:  # Else one replica has nothing to do.
            sides.insert(1, {"side": "ours", "replicas": 2})
    workers = []
    try:
        for side in sides:
            workers.append(Worker({**settings, **side}, log))
            workers[-1].wait_until_ready()
        return time_tasks(name, settings, workers, options)
    finally:
        for worker in workers:
            worker.stop()


def measure_quickly(names, options, log):
    """The same of several models, whose workers all start at once.

    Yields:
        Pairs of a name and what goes into the JSON file.
    """
    settings = {name: worker_settings(*QUICK[name], options) for name in names}
    sides = {
        "keras_gans": {"side": "ours"},
        "pytorch eager": {"side": "pytorch", "compile": False},
    }
    if not options.smoke:
        sides["pytorch compiled"] = {"side": "pytorch", "compile": "alone"}
    workers = {name: [] for name in names}
    start = time.time()
    try:
        for name in names:
            for side, changes in sides.items():
                worker = Worker({**settings[name], **changes}, log)
                worker.side = side
                workers[name].append(worker)

        def late(name):
            """Those of a model that compile still."""
            return [w.side for w in workers[name] if not w.answers(0)]

        for name in names:
            for worker in workers[name]:
                left = max(0.0, start + READY - time.time())
                worker.answers(None if options.smoke else left)
        # Who is late has until the others were timed.
        names = sorted(names, key=lambda name: bool(late(name)))
        for i, name in enumerate(names):
            failed = {}
            for worker in list(workers[name]):
                try:
                    if not worker.answers(0):
                        seconds = time.time() - start
                        raise RuntimeError(f"not ready within {seconds:.0f} s")
                    worker.wait_until_ready()
                except RuntimeError as error:
                    failed[worker.side] = str(error)
                    workers[name].remove(worker)
                    worker.kill()
            if not workers[name]:
                continue
            beside = {other: late(other) for other in names[i + 1 :]}
            result = time_tasks(name, settings[name], workers[name], options)
            result["notes"] |= failed
            result["compiled_beside"] = {k: v for k, v in beside.items() if v}
            yield name, result
    finally:
        # Not `stop`: who compiles still would not hear it.
        for worker in itertools.chain.from_iterable(workers.values()):
            worker.kill()


def time_tasks(name, settings, workers, options):
    """All rounds of one model, by workers that are ready."""
    sizes = workers[0].sizes
    for worker in workers[1:]:
        # Who could not compile has none.
        assert not worker.tasks or worker.sizes == sizes, (
            f"The networks differ: parameters of {sum(sizes)} and "
            f"{sum(worker.sizes)} elements."
        )
    jobs, notes, first_steps, first_calls = [], {}, {}, {}
    for worker in workers:
        notes |= worker.notes
        for task in worker.tasks:
            n = repetitions(worker, task, options)
            jobs.append((worker, task, n))
            for found, known in (
                (first_steps, worker.first_steps),
                (first_calls, worker.first_calls),
            ):
                if worker.tasks[task] in known:
                    found[task] = known[worker.tasks[task]]
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
        "seconds_to_first_step": first_steps,
        "seconds_of_first_call": first_calls,
        "notes": notes,
    }


def repetitions(worker, task, options):
    """Warms a task up, and returns how many of it fill a round."""
    if "generate" in task:  # Its worker has called it once.
        return 300 if options.smoke else SAMPLES
    worker.run(task, 3)
    if options.smoke:
        return 3
    return max(3, round(5 * options.seconds / worker.run(task, 5)))


def measure_memory(name, options, log):
    """What a process needs that trains the model, its data included."""
    settings = worker_settings(*MEMORY[name], options)
    worker = Worker({**settings, "side": "ours"}, log)
    try:
        worker.wait_until_ready()
        worker.run("fit", 5)
    finally:
        worker.stop()
    return goals.check_memory(name, worker.peak_memory / 2**30)


# ---- the command -------------------------------------------------------


def main():
    full = [name for name, (_, row) in MODELS.items() if row.full]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", choices=MODELS)
    parser.add_argument(
        "--full", action="store_true", help=f"{', '.join(full)} as well"
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help=f"the memory that {goals.MEMORY_MODEL} takes as well",
    )
    parser.add_argument(
        "--backend", choices=["tensorflow", "jax", "torch"], help="of ours"
    )
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument(
        "--batch-size", type=int, default=64, help="where a model has none"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="a round's")
    parser.add_argument("--name", help="of the results' file")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{', '.join(QUICK)} in minutes on a GPU: all workers start and "
        "compile at once, and are timed one by one",
    )
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
    known = QUICK if options.quick else MODELS
    names = options.models  # `--models --memory`: of none, memory alone.
    if names is None:
        names = [name for name in known if options.quick or name not in full]
    if options.full:
        names = list(dict.fromkeys([*names, *full]))
    if options.smoke:
        options.batch_size, options.rounds = 8, 1
        names = ["DCGAN"] if options.models is None else options.models
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 3), 0.5
    name = options.name or (
        f"train_step_{options.device}_{options.backend}"
        + "_quick" * options.quick
    )
    results = {
        "command": shlex.join(["python", "benchmarks/train_step.py"])
        + "".join(f" {shlex.quote(argument)}" for argument in sys.argv[1:]),
        "date": datetime.date.today().isoformat(),
        "backend": options.backend,
        "device": options.device,
        "precision": "bfloat16" if options.device == "gpu" else "float32",
        "rounds": options.rounds,
        "seconds_per_round": options.seconds,
        "machine": machine.describe(options),
        "load_average": machine.load(),
        "models": {},
        "goals": [],
        "memory": None,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{name}.json"

    def write():
        """What there is so far: a run that is cut short keeps it."""
        # Our own two busy threads are in the load.
        results["load_average"]["after"] = os.getloadavg()[0]
        results["goals"] = goals.check(results["models"], options)
        path.write_text(json.dumps(results, indent=1) + "\n")

    with open(os.devnull, "w") as devnull:
        log = None if options.verbose else devnull
        if options.quick:
            measured = measure_quickly(names, options, log)
        else:
            measured = ((n, measure(n, options, log)) for n in names)
        for model, result in measured:
            results["models"][model] = result
            write()
        if options.memory:
            results["memory"] = measure_memory(goals.MEMORY_MODEL, options, log)
            write()
    text = table.report(results)
    print(text)
    print(f"Written to {path}.", file=sys.stderr)
    if options.update_readme:
        table.update_readme(name, text)


if __name__ == "__main__":
    main()
