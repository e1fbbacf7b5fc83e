"""Speed and memory of `upscale`, of plain PyTorch, and of bicubic resizing.

    python benchmarks/upscale.py --cli --update-readme

Images become four times as large, on a CPU. Every side has a process of its
own, and they take turns, as in `train_step.py`. `README.md` beside this file
says what is measured, and holds the last results.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import machine
import numpy as np
import table
import train_step
from families import srgan
from families.srgan import SCALE

CLI_SIZE = (4000, 3000)
MEMORY_GOAL = 3.0  # GB, of the command on an image of that size.


def photograph(width, height):
    """Gradients and texture: RGB of uint8."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, width, dtype="float32")[:, None]
    y = np.linspace(0, 1, height, dtype="float32")[:, None, None]
    phase = np.arange(3, dtype="float32")  # Another one for each colour.
    pixels = 128 + 60 * (x - y) + 40 * np.sin(90 * (x + 2 * y * y) + phase)
    pixels += rng.integers(-15, 16, pixels.shape, "int8")
    return pixels.astype("uint8")


# ---- workers --------------------------------------------------------------


class Ours:
    def __init__(self, settings):
        model = make_model(settings)
        self.tasks = {
            "keras_gans": timed(
                lambda image: model.upscale(image, settings["tile"]), settings
            )
        }
        self.sizes = sorted(
            math.prod(v.shape) for v in model.trainable_variables
        )
        self.notes = {}


def make_model(settings):
    os.environ["KERAS_BACKEND"] = settings["backend"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    # As the command does.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    import keras_gans
    from keras_gans.models.msrresnet import MSRResNetGenerator
    from keras_gans.models.rrdbnet import RRDBNetGenerator
    from keras_gans.models.srgan import SRResNetGenerator
    from keras_gans.models.srvggnet import SRVGGNetCompactGenerator

    make, blocks = {
        "srresnet": (SRResNetGenerator, "num_residual_blocks"),
        "msrresnet": (MSRResNetGenerator, "num_residual_blocks"),
        "srvggnet": (SRVGGNetCompactGenerator, "num_convs"),
        "rrdbnet": (RRDBNetGenerator, "num_blocks"),
    }[settings["network"]]
    arguments = {"filters": settings["filters"], blocks: settings["blocks"]}
    if make is RRDBNetGenerator:
        arguments["growth"] = settings["filters"] // 2
    return keras_gans.SRResNet(make(SCALE, **arguments))


def reach_of(network, blocks):
    """How far ours takes a network to see, in pixels of its input."""
    return {
        "srresnet": 2 * blocks + 8,
        "msrresnet": 2 * blocks + 3,
        "srvggnet": blocks + 2,
        "rrdbnet": 64,
    }[network]


def tile_of(network):
    """The side of ours's tiles, where none is asked for."""
    return 512 if network == "srvggnet" else 192


class PlainPyTorch:
    """The same network in PyTorch, in the faster memory layout."""

    name = "pytorch eager"

    def __init__(self, settings):
        import torch
        import torch_upscalers

        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self.torch, self.settings = torch, settings
        network = {
            "srresnet": srgan.srresnet,
            "msrresnet": srgan.msrresnet,
            "srvggnet": torch_upscalers.srvggnet,
            "rrdbnet": torch_upscalers.rrdbnet,
        }[settings["network"]]
        self.network = network(
            3, settings["filters"], settings["blocks"]
        ).eval()
        self.sizes = sorted(p.numel() for p in self.network.parameters())
        self.tasks = {self.name: timed(self.upscale, settings)}
        layouts = {
            "first": torch.contiguous_format,
            "last": torch.channels_last,
        }
        seconds = {}
        small = photograph(96, 96)
        for name, self.layout in layouts.items():
            self.network.to(memory_format=self.layout)
            self.upscale(small)
            start = time.perf_counter()
            self.upscale(small)
            seconds[name] = time.perf_counter() - start
        best = min(seconds, key=seconds.get)
        self.layout = layouts[best]
        self.network.to(memory_format=self.layout)
        self.notes = {self.name: f"channels {best}"}

    def upscale(self, image):
        """In the tiles that ours has, one after the other."""
        tile, blocks = self.settings["tile"], self.settings["blocks"]
        reach = reach_of(self.settings["network"], blocks)
        height, width, channels = image.shape
        result = np.empty((height * SCALE, width * SCALE, channels), "uint8")
        for top, bottom, y0, y1 in spans(height, tile, reach):
            for left, right, x0, x1 in spans(width, tile, reach):
                made = self.apply(image[top:bottom, left:right])
                result[y0 * SCALE : y1 * SCALE, x0 * SCALE : x1 * SCALE] = made[
                    (y0 - top) * SCALE : (y1 - top) * SCALE,
                    (x0 - left) * SCALE : (x1 - left) * SCALE,
                ]
        return result

    def apply(self, pixels):
        torch = self.torch
        with torch.inference_mode():
            x = torch.from_numpy(pixels.astype("float32") / 127.5 - 1)
            x = x.permute(2, 0, 1)[None].contiguous(memory_format=self.layout)
            y = self.network(x)[0].permute(1, 2, 0)
            y = (y * 127.5 + 127.5).round_().clamp_(0, 255)
            return y.to(torch.uint8).numpy()


class Whole(PlainPyTorch):
    """Without tiles, as networks are mostly run."""

    name = "pytorch eager, no tiles"

    def upscale(self, image):
        return self.apply(image)


def spans(size, tile, reach):
    """What tiles along one axis are made from, and where they lie.

    As in the package, which is not imported: PyTorch's process would have to
    hold Keras and TensorFlow as well.
    """
    overlap, most = 2 * reach, tile + 2 * reach
    if size <= most:
        yield 0, size, 0, size
        return
    count = -(-(size - overlap) // tile)
    length = -(-(size + (count - 1) * overlap) // count)
    length, end = min(-(-length // 32) * 32, most), 0
    for i in range(count):
        start = min(i * (length - overlap), size - length)
        first, end = end, start + length - reach
        yield start, start + length, first, size if i + 1 == count else end


class Pillow:
    def __init__(self, settings):
        from PIL import Image

        def upscale(image):
            size = (image.shape[1] * SCALE, image.shape[0] * SCALE)
            image = Image.fromarray(image)
            return np.asarray(image.resize(size, Image.Resampling.BICUBIC))

        self.tasks = {"Pillow, bicubic": timed(upscale, settings)}
        self.sizes, self.notes = [], {}


def timed(upscale, settings):
    def run(n):
        image = photograph(*settings["size"])
        start = time.perf_counter()
        for _ in range(n):
            result = upscale(image)
        seconds = time.perf_counter() - start
        height, width, _ = image.shape
        assert result.shape == (height * SCALE, width * SCALE, 3)
        assert result.dtype == "uint8"
        return seconds

    return run


SIDES = {
    "ours": Ours,
    "pytorch": PlainPyTorch,
    "whole": Whole,
    "pillow": Pillow,
}


# ---- rounds ---------------------------------------------------------------


def measure(settings, rounds, log):
    workers, rows = [], {}
    try:
        for side in SIDES:
            if side == "whole" and not settings["whole"]:
                continue
            worker = train_step.Worker(
                {**settings, "side": side}, log, __file__
            )
            workers.append(worker)
            worker.wait_until_ready()
            (task,) = worker.tasks
            worker.run(task, 1)  # It warms up.
            rows[task] = {"note": worker.notes.get(task), "rounds": []}
        ours, pytorch, *_ = workers
        assert ours.sizes == pytorch.sizes, (
            f"The networks differ: parameters of {sum(ours.sizes)} and "
            f"{sum(pytorch.sizes)} elements."
        )
        width, height = settings["size"]
        megapixels = width * height * SCALE**2 / 1e6
        for i in range(rounds):
            for worker, task in zip(workers, rows):
                # Pillow takes a hundredth of a second.
                n = 1 if worker.sizes else 10
                speed = n * megapixels / worker.run(task, n)
                rows[task]["rounds"].append(speed)
                rows[task]["peak_gb"] = worker.peak_memory / 2**30
            print(f"round {i + 1} of {rounds}", file=sys.stderr)
    finally:
        for worker in workers:
            worker.stop()
    for row in rows.values():
        row["median"] = statistics.median(row["rounds"])
    return rows, sum(ours.sizes)


def measure_cli(settings, size, log):
    """Time and memory of the command itself, on a JPEG of a camera's size."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_model(settings).save_to_preset(folder / "preset")
        Image.fromarray(photograph(*size)).save(folder / "in.jpg", quality=95)
        command = [sys.executable, "-m", "keras_gans.cli", "upscale"]
        command += [folder / "in.jpg", "--out", folder / "out.jpg"]
        command += ["--preset", folder / "preset", "--quiet"]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--tile", str(settings["tile"])],
            cwd=train_step.HERE.parent,  # That package and no other.
            stdout=log,
            stderr=log,
        )
        # Of this child alone: `getrusage` would tell the most of all so far.
        # Never less than this process has, which is TensorFlow as well.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"The command failed: {process.args}")
        seconds = time.perf_counter() - start
        Image.MAX_IMAGE_PIXELS = None  # 192 million are no attack here.
        with Image.open(folder / "out.jpg") as image:
            assert image.size == tuple(side * SCALE for side in size)
    peak = usage.ru_maxrss * 1024 / 2**30
    return {
        "size": size,
        "seconds": seconds,
        "peak_gb": peak,
        "at_most": MEMORY_GOAL,
        "met": peak <= MEMORY_GOAL,
    }


def report(results):
    """The results as Markdown."""
    settings = results["settings"]
    width, height = settings["size"]
    lines = table.conditions(results)
    lines += [
        f"{settings['blocks']} residual blocks of {settings['filters']} "
        f"filters ({settings['network']}), {results['parameters']:,} "
        f"parameters; {width}x"
        f"{height} to {width * SCALE}x{height * SCALE}, in tiles of "
        f"{settings['tile']}",
        "",
        "| megapixels/s | median | min | max | peak memory, GB |",
        "|---|--:|--:|--:|--:|",
    ]
    number = table.number
    for task, row in results["rows"].items():
        note = f" ({row['note']})" if row["note"] else ""
        lines.append(
            f"| {task}{note} | {number(row['median'])} | "
            f"{number(min(row['rounds']))} | {number(max(row['rounds']))} | "
            f"{row['peak_gb']:.2f} |"
        )
    cli = results["cli"]
    if cli:
        width, height = cli["size"]
        lines += [
            "",
            "| goal | | measured | |",
            "|---|--:|--:|---|",
            f"| `keras-gans upscale`, a JPEG of {width}x{height} in "
            f"{cli['seconds']:,.0f} s: peak memory, GB | at most "
            f"{cli['at_most']:.2f} | {cli['peak_gb']:.2f} | "
            f"{'met' if cli['met'] else 'missed'} |",
        ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=16)
    parser.add_argument(
        "--network",
        choices=["srresnet", "msrresnet", "srvggnet", "rrdbnet"],
        default="srresnet",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="PyTorch without tiles as well, which takes all of the memory",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        default=(512, 384),
        metavar=("WIDTH", "HEIGHT"),
        help="of the input",
    )
    parser.add_argument("--tile", type=int, help="(the network's)")
    parser.add_argument(
        "--cli",
        action="store_true",
        help="the command on 4000x3000 as well, 60 times as much",
    )
    parser.add_argument(
        "--backend",
        choices=["tensorflow", "jax", "torch"],
        default="tensorflow",
        help="of ours",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--name", default="upscale", help="of the results' file and table"
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=train_step.HERE / "results"
    )
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny ones, for the tests"
    )
    parser.add_argument("--verbose", action="store_true", help="workers' logs")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.set_defaults(device="cpu")
    options = parser.parse_args()
    if options.worker:
        train_step.work(json.loads(options.worker), SIDES)
        return
    cli_size = CLI_SIZE
    if options.smoke:
        options.filters, options.blocks, options.rounds = 4, 1, 1
        options.size, options.tile, cli_size = (40, 24), 16, (24, 16)
    if options.tile is None:
        options.tile = tile_of(options.network)
    settings = {
        "filters": options.filters,
        "blocks": options.blocks,
        "network": options.network,
        "size": options.size,
        "tile": options.tile,
        "whole": options.whole,
        "backend": options.backend,
    }
    load = machine.load()
    with open(os.devnull, "w") as devnull:
        log = None if options.verbose else devnull
        rows, parameters = measure(settings, options.rounds, log)
        # Last: nobody has to start from a process that holds TensorFlow.
        cli = measure_cli(settings, cli_size, log) if options.cli else None
    results = {
        "command": shlex.join(
            ["python", "benchmarks/upscale.py", *sys.argv[1:]]
        ),
        "date": datetime.date.today().isoformat(),
        "backend": options.backend,
        "rounds": options.rounds,
        "machine": machine.describe(options),
        "load_average": load | {"after": os.getloadavg()[0]},
        "settings": settings,
        "parameters": parameters,
        "rows": rows,
        "cli": cli,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{options.name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    text = report(results)
    print(text)
    print(f"Written to {path}.", file=sys.stderr)
    if options.update_readme:
        table.update_readme(options.name, text)


if __name__ == "__main__":
    main()
