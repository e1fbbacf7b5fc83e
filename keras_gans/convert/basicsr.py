"""MSRResNet, RRDBNet and SRVGGNetCompact, as BasicSR and others save them.

RRDBNet's tensors are called in three ways: today's, ESRGAN's first own code's
(`RRDB_trunk`), and those of the code before (`model.0`).
"""

import math
import re

from keras_gans.convert.plans import Layer, Plan, conv, kernel
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.rrdbnet import RRDBNetGenerator
from keras_gans.models.srvggnet import SRVGGNetCompactGenerator

SOURCE = "https://github.com/XPixelGroup/BasicSR"
NETWORKS = "an MSRResNet, an RRDBNet or an SRVGGNetCompact"
_DENSE = re.compile(r"body\.\d+\.rdb\d\.")
# Of the oldest code, by the number of the module, for a network that enlarges
# by 4.
_OLDEST = {
    "0": "conv_first",
    "3": "conv_up1",
    "6": "conv_up2",
    "8": "conv_hr",
    "10": "conv_last",
}


def find_plan(shapes):
    """The plan of a checkpoint with tensors of these shapes, or `None`.

    Args:
        shapes: Dict, names to tuples of integers.

    Raises:
        ValueError: If it is nearly one of the networks, saying what is wrong.
    """
    # MSRResNet's have a `conv_first` and a `body`, too.
    if any(map(_DENSE.match, shapes)):
        return _plan_rrdbnet(shapes)
    if "conv_first.weight" in shapes:
        return _plan_msrresnet(shapes)
    if "body.0.weight" in shapes:
        return _plan_srvgg(shapes)
    return None


def _plan_rrdbnet(shapes):
    if any(name.startswith("model.") for name in shapes):
        raise ValueError(
            "must enlarge by 4, as an RRDBNet of the oldest form does here. "
            "Received: one that enlarges otherwise"
        )
    f, inputs = kernel(shapes, "conv_first.weight")[:2]
    growth = kernel(shapes, "body.0.rdb1.conv1.weight")[0]
    channels = kernel(shapes, "conv_last.weight")[0]
    # Pixels in blocks become channels first, for the smaller scales.
    scales = {channels: (4, 1), 4 * channels: (2, 2), 16 * channels: (1, 4)}
    if inputs not in scales:
        raise ValueError(
            "must take as many channels as it makes, or 4 or 16 times as many. "
            f"Received: an RRDBNet from {inputs} to {channels}"
        )
    scale, packed = scales[inputs]
    blocks = len({n.split(".")[1] for n in shapes if _DENSE.match(n)})
    table = [conv("conv_first", inputs, f, 3)._replace(packed=packed)]
    for i in range(blocks):
        for j in (1, 2, 3):
            name = f"body.{i}.rdb{j}.conv"
            table += [
                conv(f"{name}{k}", f + (k - 1) * growth, growth, 3)
                for k in (1, 2, 3, 4)
            ]
            table.append(conv(f"{name}5", f + 4 * growth, f, 3))
    table += [
        conv(name, f, f, 3)
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr")
    ]
    table.append(conv("conv_last", f, channels, 3))
    arguments = {
        "scale": scale,
        "channels": channels,
        "num_blocks": blocks,
        "filters": f,
        "growth": growth,
    }
    return Plan("generator", "RRDBNet", RRDBNetGenerator, arguments, table, [])


def _plan_srvgg(shapes):
    f, channels = kernel(shapes, "body.0.weight")[:2]
    # A convolution, a PReLU, and so on, to a convolution.
    convolutions = sum(
        len(shape) == 4 and bool(re.fullmatch(r"body\.\d+\.weight", name))
        for name, shape in shapes.items()
    )
    last = 2 * (convolutions - 1)
    scale = math.isqrt(kernel(shapes, f"body.{last}.weight")[0] // channels)
    if convolutions < 3 or not 1 <= scale <= 4:
        raise ValueError(
            "must have at least 3 convolutions and enlarge by 1 to 4. "
            f"Received: an SRVGGNetCompact with {convolutions}, by {scale}"
        )
    table = []
    for i in range(0, last, 2):
        table.append(conv(f"body.{i}", f if i else channels, f, 3))
        table.append(Layer(f"body.{i + 1}", (f,), 0, False))
    end = conv(f"body.{last}", f, scale**2 * channels, 3)
    table.append(end._replace(factor=scale))
    arguments = {
        "scale": scale,
        "channels": channels,
        "filters": f,
        "num_convs": convolutions - 2,
    }
    return Plan(
        "generator",
        "SRVGGNetCompact",
        SRVGGNetCompactGenerator,
        arguments,
        table,
        [],
    )


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


def todays_names(arrays):
    """Arrays under the names that today's BasicSR has for them.

    Args:
        arrays: Dict of names to arrays.
    """
    rename = None
    if any(name.startswith("model.1.sub.") for name in arrays):
        rename = _of_oldest
    elif any(name.startswith("RRDB_trunk.") for name in arrays):
        rename = _of_trunk
    elif "conv_first.weight" in arrays:
        rename = _of_msrresnet
    if rename is None:
        return arrays
    return {rename(name): value for name, value in arrays.items()}


def _of_oldest(name):
    name = re.sub(
        r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.",
        r"body.\1.rdb\2.conv\3.",
        name,
    )
    name = re.sub(r"^model\.1\.sub\.\d+\.(weight|bias)$", r"conv_body.\1", name)
    found = re.fullmatch(r"model\.(\d+)\.(weight|bias)", name)
    if found and found[1] in _OLDEST:
        return f"{_OLDEST[found[1]]}.{found[2]}"
    return name


def _of_trunk(name):
    name = re.sub(r"^RRDB_trunk\.(\d+)\.RDB(\d)\.", r"body.\1.rdb\2.", name)
    name = re.sub(r"^trunk_conv\.", "conv_body.", name)
    name = re.sub(r"^upconv(\d)\.", r"conv_up\1.", name)
    return re.sub(r"^HRconv\.", "conv_hr.", name)


def _of_msrresnet(name):
    name = re.sub(r"^(trunk_net|recon_trunk)\.", "body.", name)
    name = re.sub(r"^upsample(\d)\.upsample_conv\.", r"upconv\1.", name)
    return name.replace("HRconv.", "conv_hr.")
