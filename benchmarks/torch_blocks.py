"""What several families have in plain PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F


def initialize(module):
    """DCGAN's initial weights, for `network.apply`."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def initialize_he(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Both(nn.ModuleList):
    """Two networks of one player, each on images of its own."""

    def forward(self, *images):
        return [network(x) for network, x in zip(self, images)]


class Heads(nn.ModuleList):
    """Several networks of the same features."""

    def forward(self, features):
        return [head(features) for head in self]


def cross_entropy(logits, target):
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, target)
    )


def least_squares(logits, target):
    return (logits.float() - target).square().mean()


def distance(x, y):
    return F.l1_loss(x.float(), y)


def squared_distance(x, y):
    return F.mse_loss(x.float(), y.float())


class GroupDeviation(nn.Module):
    """Adds how much a group of four varies, a feature of all its examples."""

    def forward(self, x):
        n, c, h, w = x.shape
        groups = x.reshape(-1, min(4, n), c, h, w)
        variance = groups.var(1, correction=0)
        value = (variance + 1e-8).sqrt().mean((1, 2, 3))
        value = value.repeat_interleave(min(4, n))[:, None, None, None]
        return torch.cat([x, value.expand(n, 1, h, w)], 1)
