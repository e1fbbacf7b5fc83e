"""Studies of many runs: each in a process and a file of its own.

A run is a cell of a table, a tuple of strings and a seed. What is there is not
made again, so that a study that was interrupted goes on.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import table

# A stop loses no more.
PART_STEPS = 1000

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def one_thread():
    """Runs share the cores, one thread each: that is faster than in turn."""
    flags = os.environ.get("XLA_FLAGS", "")
    return {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "XLA_FLAGS": f"{flags} --xla_cpu_multi_thread_eigen=false".strip(),
        **dict.fromkeys(THREADS, "1"),
    }


def run_missing(script, cells, is_done, options, names, **environment):
    """Runs `script --run *cell`, with the options of those names, side by side.

    Args:
        script: Path of the study.
        cells: List of tuples.
        is_done: Function of a cell: whether its run is there.
        options: Of the command line, with `jobs`.
        names: Strings, which of them the runs are given.
        **environment: Variables of the runs' environment.
    """
    missing = [cell for cell in cells if not is_done(cell)]

    def start(cell):
        command = [sys.executable, script, "--run", *cell]
        for name in names:
            if getattr(options, name):
                command += [f"--{name.replace('_', '-')}"]
                command += [getattr(options, name)]
        # A process, which a crash does not outlive.
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            env={**os.environ, **one_thread(), **environment},
        )
        if done.returncode:
            raise RuntimeError(f"{cell} failed:\n{done.stderr[-3000:]}")
        return cell

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for i, cell in enumerate(pool.map(start, missing)):
            print(f"{i + 1} of {len(missing)}: {cell}", file=sys.stderr)


def train(model, load, steps, path):
    """Trains a model, from where an interrupted run of it stopped.

    Args:
        model: Compiled.
        load: Function of a number of batches to skip: endless data.
        steps: Integer, of the whole run.
        path: Of its result; what it has reached lies beside until the end.

    Returns:
        `(logs, seconds)`: the means over all steps, a dict of floats.
    """
    weights = path.with_suffix(".weights.h5")
    state = path.with_suffix(".part")
    done, seconds, sums = 0, 0.0, {}
    if weights.exists() and state.exists():
        found = read(state)
        if found["steps"] == steps:
            model.load_weights(weights)
            done, seconds = found["done"], found["seconds"]
            sums = found["sums"]
    while done < steps:
        start = time.perf_counter()
        count = min(PART_STEPS, steps - done)
        data = load(done)
        logs = model.fit(data, steps_per_epoch=count, verbose=0).history
        for name, (value,) in logs.items():
            sums[name] = sums.get(name, 0.0) + count * float(value)
        done += count
        seconds += time.perf_counter() - start
        if done < steps:
            # The state tells what the weights are: it comes last.
            state.unlink(missing_ok=True)
            model.save_weights(weights)
            reached = {"done": done, "seconds": seconds, "sums": sums}
            write(state, {"steps": steps, **reached})
    state.unlink(missing_ok=True)
    weights.unlink(missing_ok=True)
    return {name: total / steps for name, total in sums.items()}, seconds


def write(path, result):
    """Writes a result as JSON, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n")
    os.replace(temporary, path)


def read(path):
    """A result, as a dict."""
    return json.loads(path.read_text())


def read_all(folder):
    """All results, as dicts."""
    return [read(path) for path in sorted(folder.glob("*.json"))]


def add_arguments(parser, name):
    """What every study takes; `name` is that of its folder of results."""
    parser.add_argument("--steps", type=int, help="updates of a run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--data-dir", help="where TFDS sets lie")
    parser.add_argument("--report", action="store_true", help="only report")
    parser.add_argument("--update-readme", action="store_true")
    results = pathlib.Path(__file__).resolve().parent / "results"
    parser.add_argument("--output", type=pathlib.Path, default=results / name)
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)


def follow(options, name, run, run_all, report):
    """One run, where the study started itself; or all, and their report."""
    options.output.mkdir(parents=True, exist_ok=True)
    if options.run:
        *cell, seed = options.run
        return run(*cell, int(seed), options)
    if not options.report:
        run_all(options)
    text = report(options)
    print(text)
    if options.update_readme:
        table.update_readme(name, text)
