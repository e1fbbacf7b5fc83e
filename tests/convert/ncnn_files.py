"""Files of ncnn: small ones to convert, and what PyTorch makes of any.

Neither half knows the package: one writes what ncnn's own tools would, the
other runs a network line by line.
"""

import numpy as np
import torch
from torch.nn import functional

# ---- writing --------------------------------------------------------------


class Writer:
    """Collects the lines and the weights of a network.

    Args:
        seed: Integer, of the weights.
        half: Boolean, float16 or float32.
    """

    def __init__(self, seed=0, half=True):
        self.lines, self.weights, self.blobs = [], b"", 0
        self.rng = np.random.default_rng(seed)
        self.half = half
        self.input = self.add("Input", [])

    def add(self, kind, taken, parameters=""):
        name = f"r{self.blobs}"
        self.blobs += 1
        self.lines.append(
            f"{kind} {kind}_{name} {len(taken)} 1 {' '.join([*taken, name])} "
            f"{parameters}"
        )
        return name

    def split(self, taken, count):
        names = [f"{taken}_{i}" for i in range(count)]
        self.blobs += count
        self.lines.append(
            f"Split split_{taken} 1 {count} {taken} {' '.join(names)}"
        )
        return names

    def conv(self, taken, inputs, outputs, more=""):
        size = 9 * inputs * outputs
        deviation = (2 / (9 * inputs)) ** 0.5
        kernel = self.rng.normal(0, deviation, size)
        dtype, tag = ("<f2", 0x01306B47) if self.half else ("<f4", 0)
        kernel = kernel.astype(dtype).tobytes()
        biases = self.rng.normal(0, 0.1, outputs).astype("<f4").tobytes()
        kernel += bytes(-len(kernel) % 4)
        self.weights += tag.to_bytes(4, "little") + kernel + biases
        return self.add(
            "Convolution", [taken], f"0={outputs} 1=3 4=1 5=1 6={size} {more}"
        )

    def prelu(self, taken, width):
        self.weights += self.rng.uniform(0, 0.5, width).astype("<f4").tobytes()
        return self.add("PReLU", [taken], f"0={width}")

    def text(self):
        counts = f"{len(self.lines)} {self.blobs}"
        return "\n".join(["7767517", counts, *self.lines]) + "\n"

    def save(self, path):
        """Writes `path`.param and `path`.bin; returns the first's path."""
        path.with_suffix(".bin").write_bytes(self.weights)
        path = path.with_suffix(".param")
        path.write_text(self.text())
        return path


def srvgg(scale=4, filters=6, convs=2, shrinks=None, **kwargs):
    w = Writer(**kwargs)
    x, image = w.split(w.input, 2)
    for i in range(convs + 1):
        x = w.prelu(w.conv(x, filters if i else 3, filters), filters)
    x = w.conv(x, filters, 3 * scale**2)
    if scale > 1:
        x = w.add("PixelShuffle", [x], f"0={scale}")
        image = w.add("Interp", [image], f"0=1 1={scale:.6e} 2={scale:.6e}")
    x = w.add("BinaryOp", [x, image])
    if shrinks:
        w.add("Interp", [x], f"0=3 1={shrinks:.6e} 2={shrinks:.6e}")
    return w


def rrdbnet(blocks=1, filters=6, growth=4, layers=False, **kwargs):
    """`layers`: what is a part of another layer elsewhere is one of its own."""
    w = Writer(**kwargs)
    f, g = filters, growth

    def leaky(taken, inputs, outputs):
        if layers:
            made = w.conv(taken, inputs, outputs)
            return w.add("ReLU", [made], "0=0.2")
        more = "9=2 -23310=1,2.000000e-01"
        return w.conv(taken, inputs, outputs, more)

    def plus(made, x):
        if layers:
            made = w.add("BinaryOp", [made], "0=2 1=1 2=2.0e-1")
            return w.add("BinaryOp", [x, made], "0=0")
        return w.add(
            "Eltwise", [made, x], "0=1 -23301=2,2.000000e-01,1.000000e+00"
        )

    x = first = w.conv(w.input, 3, f)
    for _ in range(blocks):
        start = x
        for _ in range(3):
            parts = [x]
            for k in range(4):
                y = w.add("Concat", parts) if k else x
                parts.append(leaky(y, f + k * g, g))
            y = w.conv(w.add("Concat", parts), f + 4 * g, f)
            x = plus(y, x)
        x = plus(x, start)
    x = w.add("BinaryOp", [first, w.conv(x, f, f)], "0=0")
    for _ in range(2):
        x = leaky(w.add("Interp", [x], "0=1 1=2.0e+00 2=2.0e+00"), f, f)
    w.conv(leaky(x, f, f), f, 3)
    return w


# ---- running --------------------------------------------------------------


def run(param, images):
    """What PyTorch makes of images, by the files of a network.

    Args:
        param: `pathlib.Path` of the `.param`, its `.bin` beside it.
        images: Array `(n, height, width, channels)` in [0, 1].

    Returns:
        Array of the same form, float32.
    """
    weights, place = param.with_suffix(".bin").read_bytes(), 0

    def take(count, dtype="<f4"):
        nonlocal place
        values = np.frombuffer(weights, dtype, count, place).astype("float32")
        place += -(-count * np.dtype(dtype).itemsize // 4) * 4
        return torch.from_numpy(values)

    results = {}
    for line in param.read_text().splitlines()[2:]:
        kind, _, takes, makes, *words = line.split()
        takes, makes = int(takes), int(makes)
        x = [results[name] for name in words[:takes]]
        p = dict(word.split("=") for word in words[takes + makes :])
        if kind == "Input":
            y = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        elif kind == "Split":
            y = x[0]
        elif kind == "Convolution":
            tag = int(take(1, "<u4"))
            kernel = take(int(p["6"]), "<f2" if tag else "<f4")
            kernel = kernel.reshape(int(p["0"]), -1, 3, 3)
            y = functional.conv2d(x[0], kernel, take(len(kernel)), padding=1)
            if p.get("9") == "2":
                slope = float(p["-23310"].split(",")[1])
                y = functional.leaky_relu(y, slope)
        elif kind == "PReLU":
            y = functional.prelu(x[0], take(int(p["0"])))
        elif kind == "ReLU":
            y = functional.leaky_relu(x[0], float(p["0"]))
        elif kind == "Concat":
            y = torch.cat(x, 1)
        elif kind == "Eltwise":
            a, b = map(float, p["-23301"].split(",")[1:])
            y = a * x[0] + b * x[1]
        elif kind == "BinaryOp":
            y = x[0] * float(p["2"]) if "2" in p else x[0] + x[1]
        elif kind == "PixelShuffle":
            y = functional.pixel_shuffle(x[0], int(p["0"]))
        else:
            mode = {"1": "nearest", "3": "bicubic"}[p["0"]]
            y = functional.interpolate(
                x[0], scale_factor=float(p["1"]), mode=mode
            )
        results.update(dict.fromkeys(words[takes : takes + makes], y))
    assert place == len(weights)
    return y.numpy().transpose(0, 2, 3, 1)
