"""Real-ESRGAN's two networks in plain PyTorch, images four times as large.

Images are in [-1, 1], as in the package; inside they are in [0, 1].
"""

import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def srvggnet(channels, filters, blocks):
    """SRVGGNetCompact, with so many convolutions between the ends."""
    layers = [conv(channels, filters), nn.PReLU(filters)]
    for _ in range(blocks):
        layers += [conv(filters, filters), nn.PReLU(filters)]
    layers += [conv(filters, 16 * channels), nn.PixelShuffle(4)]

    class Network(nn.Sequential):
        def forward(self, x):
            x = x / 2 + 0.5
            return (
                super().forward(x) + F.interpolate(x, scale_factor=4)
            ) * 2 - 1

    return Network(*layers)


def rrdbnet(channels, filters, blocks):
    """RRDBNet, whose dense layers have half as many filters."""
    growth = filters // 2

    class Dense(nn.ModuleList):
        def forward(self, x):
            *layers, last = self
            seen = [x]
            for layer in layers:
                y = layer(torch.cat(seen, 1))
                seen.append(F.leaky_relu(y, 0.2, inplace=True))
            return x + 0.2 * last(torch.cat(seen, 1))

    class RRDB(nn.Sequential):
        def forward(self, x):
            return x + 0.2 * super().forward(x)

    def dense():
        widths = [growth] * 4 + [filters]
        return Dense(
            conv(filters + i * growth, width) for i, width in enumerate(widths)
        )

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = conv(channels, filters)
            body = [RRDB(dense(), dense(), dense()) for _ in range(blocks)]
            self.body = nn.Sequential(*body, conv(filters, filters))
            self.enlarging = nn.ModuleList(
                [conv(filters, filters) for _ in range(2)]
            )
            self.ending = nn.ModuleList(
                [conv(filters, filters), conv(filters, channels)]
            )

        def forward(self, x):
            x = self.first(x / 2 + 0.5)
            x = x + self.body(x)
            for layer in self.enlarging:
                x = F.interpolate(x, scale_factor=2)
                x = F.leaky_relu(layer(x), 0.2, inplace=True)
            x = F.leaky_relu(self.ending[0](x), 0.2, inplace=True)
            return self.ending[1](x) * 2 - 1

    return Network()
