"""The networks that are converted, in PyTorch, for the tests beside it.

Written from the papers and from the names in published checkpoints: the
modules' positions give the same keys, with and without dropout.
"""

import torch
from torch import nn


def norm(kind, width, statistics=False):
    if kind == "batch":
        return nn.BatchNorm2d(width)
    # With statistics: as checkpoints of before PyTorch 0.4 have them.
    return nn.InstanceNorm2d(width, track_running_stats=statistics)


class Residual(nn.Module):
    def __init__(self, width, kind, dropout, statistics):
        super().__init__()
        bias = kind == "instance"
        modules = [
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=bias),
            norm(kind, width, statistics),
            nn.ReLU(),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=bias),
            norm(kind, width, statistics),
        ]
        self.conv_block = nn.Sequential(*modules)

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(
        self,
        channels=3,
        outputs=3,
        filters=8,
        blocks=9,
        kind="instance",
        dropout=False,
        statistics=False,
    ):
        super().__init__()
        bias, f = kind == "instance", filters
        modules = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels, f, 7, bias=bias),
            norm(kind, f, statistics),
            nn.ReLU(),
        ]
        for width in (f, 2 * f):
            modules += [
                nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias),
                norm(kind, 2 * width, statistics),
                nn.ReLU(),
            ]
        for _ in range(blocks):
            modules.append(Residual(4 * f, kind, dropout, statistics))
        for width in (4 * f, 2 * f):
            modules += [
                nn.ConvTranspose2d(
                    width,
                    width // 2,
                    3,
                    stride=2,
                    padding=1,
                    output_padding=1,
                    bias=bias,
                ),
                norm(kind, width // 2, statistics),
                nn.ReLU(),
            ]
        modules += [
            nn.ReflectionPad2d(3),
            nn.Conv2d(f, outputs, 7),
            nn.Tanh(),
        ]
        self.model = nn.Sequential(*modules)

    def forward(self, x):
        return self.model(x)


class UnetBlock(nn.Module):
    """One step down, what is inside of it, and one step up."""

    def __init__(self, outer, inner, kind, inside=None, dropout=False):
        super().__init__()
        bias = kind == "instance"
        down = [
            nn.LeakyReLU(0.2),
            nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias),
        ]
        if inside is not None:
            down += [norm(kind, inner), inside]
        up = [
            nn.ReLU(),
            nn.ConvTranspose2d(
                inner if inside is None else 2 * inner,
                outer,
                4,
                stride=2,
                padding=1,
                bias=bias,
            ),
            norm(kind, outer),
        ]
        if dropout:
            up.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*down, *up)

    def forward(self, x):
        return torch.cat([x, self.model(x)], 1)


class UnetOutermost(nn.Module):
    def __init__(self, channels, outputs, filters, kind, inside):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(
                *(channels, filters, 4),
                stride=2,
                padding=1,
                bias=kind == "instance",
            ),
            inside,
            nn.ReLU(),
            nn.ConvTranspose2d(2 * filters, outputs, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.model(x)


class UnetGenerator(nn.Module):
    def __init__(
        self,
        channels=3,
        outputs=3,
        filters=8,
        depth=8,
        kind="batch",
        dropout=True,
    ):
        super().__init__()
        f = filters
        block = UnetBlock(8 * f, 8 * f, kind)
        for _ in range(depth - 5):
            block = UnetBlock(8 * f, 8 * f, kind, block, dropout)
        for width in (4 * f, 2 * f, f):
            block = UnetBlock(width, 2 * width, kind, block)
        self.model = UnetOutermost(channels, outputs, f, kind, block)

    def forward(self, x):
        return self.model(x)


class NLayerDiscriminator(nn.Module):
    def __init__(self, channels=6, filters=8, layers=3, kind="batch"):
        super().__init__()
        bias = kind == "instance"
        modules = [
            nn.Conv2d(channels, filters, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        ]
        width = filters
        for i in range(1, layers + 1):
            wider = filters * min(2**i, 8)
            stride = 2 if i < layers else 1
            modules += [
                nn.Conv2d(width, wider, 4, stride, padding=1, bias=bias),
                norm(kind, wider),
                nn.LeakyReLU(0.2),
            ]
            width = wider
        modules.append(nn.Conv2d(width, 1, 4, padding=1))
        self.model = nn.Sequential(*modules)

    def forward(self, x):
        return self.model(x)


class PixelDiscriminator(nn.Module):
    def __init__(self, channels=6, filters=8, kind="batch"):
        super().__init__()
        bias = kind == "instance"
        self.net = nn.Sequential(
            nn.Conv2d(channels, filters, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(filters, 2 * filters, 1, bias=bias),
            norm(kind, 2 * filters),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * filters, 1, 1, bias=bias),
        )

    def forward(self, x):
        return self.net(x)


def randomize(network, seed):
    """Weights, biases, scales and offsets that all make a difference."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            values = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 4:
                values *= parameter[0].numel() ** -0.5
            elif name.endswith("weight"):
                values = 1 + 0.3 * values
            else:
                values *= 0.3
            parameter.copy_(values)
        for name, buffer in network.named_buffers():
            if "num_batches" not in name:
                buffer.uniform_(0.5, 2, generator=generator)
    return network


def run(network, images):
    """NumPy images `(n, height, width, channels)` through a network.

    In training, so that batch normalization takes the batch's statistics, but
    with dropout off.
    """
    network.train()
    for module in network.modules():
        if isinstance(module, (nn.Dropout, nn.InstanceNorm2d)):
            # An instance norm with statistics would use them in `eval`.
            module.train(isinstance(module, nn.InstanceNorm2d))
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        return network(x).permute(0, 2, 3, 1).numpy()


class PlainBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(torch.relu(self.conv1(x)))


class MSRResNet(nn.Module):
    """Of images in [0, 1], as BasicSR names its layers."""

    def __init__(self, scale=4, channels=3, filters=8, blocks=3):
        super().__init__()
        f, self.scale = filters, scale
        self.factors = (2, 2) if scale == 4 else (scale,)
        self.conv_first = nn.Conv2d(channels, f, 3, padding=1)
        self.body = nn.Sequential(*[PlainBlock(f) for _ in range(blocks)])
        for i, factor in enumerate(self.factors, 1):
            layer = nn.Conv2d(f, f * factor**2, 3, padding=1)
            setattr(self, f"upconv{i}", layer)
        self.conv_hr = nn.Conv2d(f, f, 3, padding=1)
        self.conv_last = nn.Conv2d(f, channels, 3, padding=1)

    def forward(self, x):
        def lrelu(x):
            return nn.functional.leaky_relu(x, 0.1)

        y = self.body(lrelu(self.conv_first(x)))
        for i, factor in enumerate(self.factors, 1):
            y = getattr(self, f"upconv{i}")(y)
            y = lrelu(nn.functional.pixel_shuffle(y, factor))
        y = self.conv_last(lrelu(self.conv_hr(y)))
        return y + nn.functional.interpolate(
            x, scale_factor=self.scale, mode="bilinear", align_corners=False
        )
