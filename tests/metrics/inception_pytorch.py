"""FID's Inception network in PyTorch, to compare ours with.

Written from the description: torchvision's names, pytorch-fid's differences.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Unit(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, size, stride, padding, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches are chains of units; of a pair at the end both are outputs."""

    def __init__(self, branches, pooled=None, pool=None):
        super().__init__()
        self.chains, self.pool = [], pool
        for chain in branches:
            self.chains.append([])
            for step in chain:
                for name, unit in step.items():
                    self.add_module(name, unit)
                self.chains[-1].append(list(step))
        if pooled:
            self.branch_pool = pooled

    def forward(self, x):
        outputs = []
        for chain in self.chains:
            ends = [x]
            for names in chain:
                ends = [getattr(self, name)(ends[0]) for name in names]
            outputs += ends
        pooled = self.pool(x)
        if hasattr(self, "branch_pool"):
            pooled = self.branch_pool(pooled)
        return torch.cat([*outputs, pooled], 1)


def average(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def maximum(x):
    return F.max_pool2d(x, 3, 1, 1)


def shrink(x):
    return F.max_pool2d(x, 3, 2)


def block_a(n, pooled):
    return Block(
        [
            [{"branch1x1": Unit(n, 64, 1)}],
            [
                {"branch5x5_1": Unit(n, 48, 1)},
                {"branch5x5_2": Unit(48, 64, 5, padding=2)},
            ],
            [
                {"branch3x3dbl_1": Unit(n, 64, 1)},
                {"branch3x3dbl_2": Unit(64, 96, 3, padding=1)},
                {"branch3x3dbl_3": Unit(96, 96, 3, padding=1)},
            ],
        ],
        Unit(n, pooled, 1),
        average,
    )


def block_b(n):
    return Block(
        [
            [{"branch3x3": Unit(n, 384, 3, 2)}],
            [
                {"branch3x3dbl_1": Unit(n, 64, 1)},
                {"branch3x3dbl_2": Unit(64, 96, 3, padding=1)},
                {"branch3x3dbl_3": Unit(96, 96, 3, 2)},
            ],
        ],
        pool=shrink,
    )


def wide(inputs, outputs):
    return Unit(inputs, outputs, (1, 7), padding=(0, 3))


def tall(inputs, outputs):
    return Unit(inputs, outputs, (7, 1), padding=(3, 0))


def block_c(n, f):
    return Block(
        [
            [{"branch1x1": Unit(n, 192, 1)}],
            [
                {"branch7x7_1": Unit(n, f, 1)},
                {"branch7x7_2": wide(f, f)},
                {"branch7x7_3": tall(f, 192)},
            ],
            [
                {"branch7x7dbl_1": Unit(n, f, 1)},
                {"branch7x7dbl_2": tall(f, f)},
                {"branch7x7dbl_3": wide(f, f)},
                {"branch7x7dbl_4": tall(f, f)},
                {"branch7x7dbl_5": wide(f, 192)},
            ],
        ],
        Unit(n, 192, 1),
        average,
    )


def block_d(n):
    return Block(
        [
            [
                {"branch3x3_1": Unit(n, 192, 1)},
                {"branch3x3_2": Unit(192, 320, 3, 2)},
            ],
            [
                {"branch7x7x3_1": Unit(n, 192, 1)},
                {"branch7x7x3_2": wide(192, 192)},
                {"branch7x7x3_3": tall(192, 192)},
                {"branch7x7x3_4": Unit(192, 192, 3, 2)},
            ],
        ],
        pool=shrink,
    )


def both(name):
    return {
        f"{name}a": Unit(384, 384, (1, 3), padding=(0, 1)),
        f"{name}b": Unit(384, 384, (3, 1), padding=(1, 0)),
    }


def block_e(n, pool):
    return Block(
        [
            [{"branch1x1": Unit(n, 320, 1)}],
            [{"branch3x3_1": Unit(n, 384, 1)}, both("branch3x3_2")],
            [
                {"branch3x3dbl_1": Unit(n, 448, 1)},
                {"branch3x3dbl_2": Unit(448, 384, 3, padding=1)},
                both("branch3x3dbl_3"),
            ],
        ],
        Unit(n, 192, 1),
        pool,
    )


class Port(nn.Module):
    """Of images `(n, 3, height, width)`, scaled to about [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Unit(32, 32, 3)
        self.Conv2d_2b_3x3 = Unit(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = Unit(64, 80, 1)
        self.Conv2d_4a_3x3 = Unit(80, 192, 3)
        self.Mixed_5b = block_a(192, 32)
        self.Mixed_5c = block_a(256, 64)
        self.Mixed_5d = block_a(288, 64)
        self.Mixed_6a = block_b(288)
        self.Mixed_6b = block_c(768, 128)
        self.Mixed_6c = block_c(768, 160)
        self.Mixed_6d = block_c(768, 160)
        self.Mixed_6e = block_c(768, 192)
        self.Mixed_7a = block_d(768)
        self.Mixed_7b = block_e(1280, average)
        self.Mixed_7c = block_e(2048, maximum)
        self.fc = nn.Linear(2048, 1008)

    def forward(self, x):
        """All that is on the way, a dict of arrays of channels last."""
        seen = {}
        for name, layer in self.named_children():
            if name == "fc":
                x = seen["features"] = x.mean((2, 3))
                name = "logits"
            x = seen[name] = layer(x)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                x = shrink(x)
        return {
            name: x.movedim(1, -1).contiguous().numpy()
            for name, x in seen.items()
        }


def random_port(seed=0):
    """With weights under which the size of activations stays the same."""
    with torch.device("meta"):
        port = Port()
    port = port.to_empty(device="cpu").eval()
    generator = torch.Generator("cpu").manual_seed(seed)
    for name, value in port.state_dict().items():
        if value.ndim > 1:
            width = value[0].numel()
            value.normal_(0, (2 / width) ** 0.5, generator=generator)
        elif name.endswith("num_batches_tracked"):
            value.zero_()
        elif name.endswith(("bn.weight", "running_var")):
            value.uniform_(0.5, 1.5, generator=generator)
        else:
            value.normal_(0, 0.1, generator=generator)
    return port
