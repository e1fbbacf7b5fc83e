"""Ends trainings at random moments, and checks what they say and leave.

    python tools/interrupt_runs.py              # 40 ends, about ten minutes
    python tools/interrupt_runs.py --n 8 --seed 1 --models gan_ring

A chain is `keras-gans train` that is killed (SIGKILL), told to end (SIGTERM)
or interrupted (Ctrl-C), and started again as its last sentence says, until it
is complete. An end fails that has a traceback, another exit status than its
signal's, or a sentence that is not true; a chain fails that does not end with
the bits of a run that was left alone, or leaves what it did not complete.
"""

import argparse
import collections
import csv
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import typing

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TIMEOUT = 300  # seconds, of any one process


class Command:
    """`keras-gans train`, without `--out`.

    Args:
        arguments: List of strings, the preset and its options.
        reference: Path of a run folder, where it was left alone.
    """

    def __init__(self, arguments, reference):
        self.arguments = [str(argument) for argument in arguments]
        self.reference = reference

    def start(self, folder, resume=False):
        options = ["--out", str(folder), "--quiet", *["--resume"] * resume]
        return subprocess.Popen(
            [sys.executable, "-m", "keras_gans.cli", "train"]
            + self.arguments
            + options,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                # Exactness is promised on one CPU.
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            # Who runs in the background ignores SIGINT, as its children do.
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.default_int_handler
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def make_reference(self):
        """Trains it, and returns the seconds that this takes."""
        start = time.monotonic()
        finish(self.start(self.reference))
        return time.monotonic() - start


# ---- one end --------------------------------------------------------------


def unfinished(folder):
    """What is being written in a run folder: hidden files and folders."""
    return [
        path
        for place in (folder, folder / "samples", folder / "checkpoints")
        for path in place.glob(".*-*")
    ]


def has_begun(process):
    """Whether a process has said what SIGTERM does, as far as one can see."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return True
    caught = status.partition("SigCgt:")[2].split()
    return not caught or int(caught[0], 16) >> (signal.SIGTERM - 1) & 1


class Moment(typing.NamedTuple):
    """When an end comes.

    Attributes:
        words: String, for the report.
        is_now: Function of the seconds since the process has begun, and of
            the new ones among the files that are being written.
    """

    words: str
    is_now: typing.Callable


def after(seconds):
    return Moment(f"after {seconds:.1f} s", lambda time, _: time > seconds)


def while_writing(seconds):
    return Moment(
        f"while writing, after {seconds:.1f} s",
        lambda time, new: time > seconds and new,
    )


def wait(process, folder, moment):
    """Returns the seconds at a moment, `None` if the process has ended."""
    while process.poll() is None and not has_begun(process):
        time.sleep(0.002)
    start, before = time.monotonic(), set(unfinished(folder))
    while process.poll() is None:
        seconds = time.monotonic() - start
        if moment.is_now(seconds, set(unfinished(folder)) - before):
            return seconds
        if seconds > TIMEOUT:
            raise TimeoutError(f"a training went on for {TIMEOUT} seconds")
        time.sleep(0.001)
    return None


def how_to_go_on(folder):
    """What a true sentence says, from the folder alone."""
    steps = [
        int(path.name.removeprefix("step_"))
        for path in (folder / "checkpoints").glob("step_*")
        if (path / "state.json").is_file()
    ]
    if steps:
        return f"--resume goes on from step {max(steps):,}"
    if (folder / "log.csv").is_file():
        return "--resume starts it again, there is no checkpoint yet"
    return "the same command starts it again, there is no checkpoint yet"


def check_end(process, number, folder, before, seconds):
    """Returns how to go on, and raises an `AssertionError` for a bad end.

    `None` where the signal came too late: all was written and said, and
    Python was about to end.

    Args:
        process: The process that ends.
        number: The signal.
        folder: Path of the run.
        before: What was unfinished when it started: an earlier one, killed,
            has left it.
        seconds: Float, since it has begun.
    """
    output, _ = process.communicate(timeout=TIMEOUT)
    # TensorFlow's start-up chatter.
    lines = [line for line in output.splitlines() if "0000 00:00:" not in line]
    output = "\n".join(line for line in lines if "absl::" not in line)
    code, true = process.returncode, how_to_go_on(folder)
    assert "Traceback" not in output, output
    assert "ignored in" not in output, output
    if ".from_preset(" in output and code in (0, -number):
        return None
    if number == signal.SIGKILL:
        assert code == -signal.SIGKILL, (code, output)
        return true
    assert code == 128 + number, (code, output)
    last = output.splitlines()[-1]
    if seconds > 1 or last != "keras-gans: interrupted":
        # Before, it may not have read its arguments, and knows no folder.
        assert last == f"keras-gans: interrupted; {true}", (last, true)
    assert set(unfinished(folder)) <= before, unfinished(folder)
    return true


# ---- a chain of ends ------------------------------------------------------


def chain(command, folder, ends, report=print):
    """Ends a run again and again, lets it come to its end, and compares.

    Args:
        command: `Command`.
        folder: Path of the run, where nothing is.
        ends: Iterator of `(signal, Moment)`.
        report: Function that prints a line.

    Returns:
        The number of ends.
    """
    count, resume = 0, False
    for number, moment in ends:
        before = set(unfinished(folder))
        process = command.start(folder, resume)
        seconds = wait(process, folder, moment)
        if seconds is None:
            finish(process)
            break
        process.send_signal(number)
        end = check_end(process, number, folder, before, seconds)
        if end is None:
            break
        count += 1
        resume = "--resume" in end
        report(f"  {number.name} {moment.words}: {end}")
    else:
        finish(command.start(folder, resume))
    assert not unfinished(folder), unfinished(folder)
    compare(folder, command.reference)
    return count


def finish(process):
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, output


def compare(folder, reference):
    """Raises an `AssertionError` unless two runs have the same bits."""
    names = sorted(map(str, contents(reference)))
    assert sorted(map(str, contents(folder))) == names
    for name in names:
        a, b = folder / name, reference / name
        if name.endswith(".h5"):
            assert arrays(a).keys() == arrays(b).keys(), name
            for key, value in arrays(a).items():
                np.testing.assert_array_equal(value, arrays(b)[key], name)
        elif name.endswith((".png", ".gif")):
            assert a.read_bytes() == b.read_bytes(), name
    assert rows(folder) == rows(reference)


def contents(folder):
    return [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]


def arrays(path):
    """All arrays of a file of weights: networks', optimizers', seeds'."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: np.asarray(item)})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def rows(folder):
    """The log, but for the seconds."""
    with (folder / "log.csv").open(newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


# ---- forty of them --------------------------------------------------------


def ring(folder):
    return ["gan_ring", "--steps", "1170"]  # Three epochs.


def cyclegan(folder):
    """A tiny one of 16 pixels, and a preset and images for it."""
    import keras
    from PIL import Image

    import keras_gans

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    for side in "AB":
        (folder / f"train{side}").mkdir(parents=True)
        for i in range(24):
            pixels = rng.integers(0, 256, (20, 20, 3)).astype("uint8")
            Image.fromarray(pixels).save(folder / f"train{side}" / f"{i}.png")
    model = keras_gans.CycleGAN(
        image_shape=(16, 16, 3),
        filters=4,
        num_residual_blocks=1,
        patch_size=16,
        pool_size=12,
    )
    recipe = {
        "dataset": str(folder),
        "unpaired": {"augment": True},
        "batch_size": 1,
        "steps": 648,  # Three epochs, of nine passes each.
    }
    model.save_to_preset(folder / "tiny", recipe=recipe, weights=False)
    return [folder / "tiny"]


MODELS = {"gan_ring": ring, "cyclegan": cyclegan}


def random_ends(rng, seconds, left):
    """Ends at moments of all kinds, at most `left` of them.

    Much of the `seconds` of a short run is its loading.
    """
    for _ in range(left):
        moment = rng.choice([after, after, while_writing])
        yield rng.choice(SIGNALS), moment(rng.uniform(0, 0.9) * seconds)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=40, help="ends (40)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", default=",".join(MODELS))
    args = parser.parse_args(argv)
    rng, counts = random.Random(args.seed), collections.Counter()
    names = args.models.split(",")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for i, name in enumerate(names):
            command = Command(
                MODELS[name](folder / name), folder / name / "reference"
            )
            seconds = command.make_reference()
            print(f"{name}: {seconds:.1f} s where it is left alone")
            goal = args.n * (i + 1) // len(names)
            while counts["ends"] < goal:
                left = goal - counts["ends"]
                counts["chains"] += 1
                counts["ends"] += chain(
                    command,
                    folder / name / f"chain_{counts['chains']}",
                    # A chain that went on for ever would test the same.
                    random_ends(rng, seconds, min(left, rng.randint(2, 6))),
                )
                print(f"{name}: equal, {counts['ends']} ends so far")
    print(f"{counts['ends']} ends, {counts['chains']} chains: all well")


if __name__ == "__main__":
    main()
