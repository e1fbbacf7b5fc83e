"""MSRResNet, as BasicSR and MMagic save it."""

import math
import re

from keras_gans.convert.plans import Plan, conv, kernel
from keras_gans.models.msrresnet import MSRResNetGenerator

SOURCE = "https://github.com/XPixelGroup/BasicSR"
NETWORKS = "an MSRResNet"


def find_plan(shapes):
    """The plan of a checkpoint with tensors of these shapes, or `None`.

    Args:
        shapes: Dict, names to tuples of integers.
    """
    return _plan_msrresnet(shapes) if "conv_first.weight" in shapes else None


def _plan_msrresnet(shapes):
    f, channels = kernel(shapes, "conv_first.weight")[:2]
    blocks = len(
        {name.split(".")[1] for name in shapes if name.startswith("body.")}
    )
    # Four times the channels for each doubling, nine times for x3.
    factors = [
        math.isqrt(kernel(shapes, name)[0] // f)
        for name in ("upconv1.weight", "upconv2.weight")
        if name in shapes
    ]
    table = [conv("conv_first", channels, f, 3)]
    for i in range(blocks):
        table += [conv(f"body.{i}.conv{j}", f, f, 3) for j in (1, 2)]
    table += [
        conv(f"upconv{i}", f, factor**2 * f, 3)._replace(factor=factor)
        for i, factor in enumerate(factors, 1)
    ]
    table += [conv("conv_hr", f, f, 3), conv("conv_last", f, channels, 3)]
    arguments = {
        "scale": math.prod(factors),
        "channels": channels,
        "filters": f,
        "num_residual_blocks": blocks,
    }
    return Plan(
        "generator", "MSRResNet", MSRResNetGenerator, arguments, table, []
    )


def unwrapped(state):
    """What BasicSR and MMagic put a state dict into, taken off."""
    for key in ("params_ema", "params", "state_dict"):
        inner = state.get(key) if isinstance(state, dict) else None
        if inner and isinstance(inner, dict):
            state = inner
            break
    if isinstance(state, dict) and "generator.conv_first.weight" in state:
        # Of MMagic, with a discriminator and a loss beside it.
        state = {
            name.removeprefix("generator."): value
            for name, value in state.items()
            if name.startswith("generator.")
        }
    return state


def todays_name(name):
    """The name that today's BasicSR has for a tensor of an MSRResNet."""
    name = re.sub(r"^(trunk_net|recon_trunk)\.", "body.", name)
    name = re.sub(r"^upsample(\d)\.upsample_conv\.", r"upconv\1.", name)
    return name.replace("HRconv.", "conv_hr.")
