"""Weights that were published for PyTorch, as models and presets.

The checkpoints of https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix, the
PyTorch code of pix2pix's and CycleGAN's authors, and of models trained with
it: `latest_net_G.pth` and `latest_net_D.pth`.

- generators: residual networks (`resnet_9blocks`, `resnet_6blocks`) and U-Nets
  (`unet_256`, `unet_128`), of either model;
- discriminators: of patches (`basic`, `n_layers`) and of pixels (`pixel`);
- instance and batch normalization.

And MSRResNet, a super-resolution network, as BasicSR and MMagic save it
(`conv_first`, `body.0.conv1`, ..., `conv_last`), which becomes an `SRResNet`.

What a checkpoint holds is read from the names and shapes of its tensors, down
to the number of filters, and every tensor must have its place. It is read by
PyTorch, on whichever backend Keras runs, and as tensors only: code that a
pickle asks for is never run.

What differs from the authors' networks, none of it weights:

- Batch normalization always uses the statistics of the batch at hand, as the
  authors' test script does. A checkpoint's moving averages are left out; those
  that old ones hold for instance normalization were never used.
- The authors' U-Net has dropout in the second to the fourth layer of its
  decoder (of `unet_256`; `unet_128` in the second and the third), where the
  paper has it in the first three. Converted ones have the authors'. Nothing in
  a checkpoint says whether it was on in training (`--no_dropout`).
- The dropout that residual blocks can have (pix2pix with `resnet_9blocks`) is
  left out, in training as at test.
"""

import collections
import hashlib
import io
import math
import os
import pathlib
import re
import textwrap

import numpy as np
from keras import layers

from keras_gans import presets
from keras_gans.layers import BatchStatisticsNormalization
from keras_gans.models.cyclegan import CycleGAN, CycleGANGenerator
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.pix2pix import (
    PATCH_SIZES,
    PatchGANDiscriminator,
    Pix2Pix,
    UNetGenerator,
)
from keras_gans.models.srgan import SRResNet

TARGETS = ("pix2pix", "cyclegan", "srresnet")
SOURCE = "https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix"
UPSCALING_SOURCE = "https://github.com/XPixelGroup/BasicSR"
LICENSE = "that of the source of the weights, which is yours to find out"
# What a normalization layer may have besides its weights.
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
# More would need images of 2048x2048, and the authors' has 5 or more.
_UNET_DEPTHS = range(3, 11)

# A layer of the authors' network: the name of its module, the shape of its
# weight (`None` where it has none), its number of biases (0 for none), and of
# a convolution the factor of the pixel shuffle after it.
_Layer = collections.namedtuple(
    "_Layer", "name shape biases is_norm factor", defaults=(1,)
)
# What a checkpoint holds: "generator" or "discriminator", the authors' name
# of the architecture, our class and its arguments, the layers in the order in
# which data pass them, and what a user should know.
_Plan = collections.namedtuple(
    "_Plan", "role architecture cls arguments layers notes"
)


# ---- the authors' networks ------------------------------------------------


def _conv(name, inputs, outputs, size, bias=True):
    shape = (outputs, inputs, size, size)
    return _Layer(name, shape, outputs if bias else 0, False)


def _transposed(name, inputs, outputs, size, bias=True):
    shape = (inputs, outputs, size, size)
    return _Layer(name, shape, outputs if bias else 0, False)


def _norm(name, width, normalization):
    if normalization == "instance":
        return _Layer(name, None, 0, True)
    return _Layer(name, (width,), width, True)


def _plan(shapes):
    """The plan of a checkpoint with tensors of these shapes.

    Args:
        shapes: Dict, names to tuples of integers.

    Raises:
        ValueError: If it is none of the networks, saying why.
    """
    if any(re.match(r"model\.\d+\.conv_block\.", name) for name in shapes):
        plan = _plan_resnet(shapes)
    elif "model.model.0.weight" in shapes:
        plan = _plan_unet(shapes)
    elif "model.0.weight" in shapes:
        plan = _plan_patches(shapes)
    elif "net.0.weight" in shapes:
        plan = _plan_pixels(shapes)
    elif "conv_first.weight" in shapes:
        plan = _plan_msrresnet(shapes)
    else:
        raise ValueError(
            "must be a residual network, a U-Net or a discriminator of patches "
            f"or pixels, as in {SOURCE}, or an MSRResNet, as in "
            f"{UPSCALING_SOURCE}. Received: {_list(shapes)}"
        )
    _check_tensors(shapes, plan)
    return plan


def _plan_resnet(shapes):
    blocks = len(
        {name.split(".")[1] for name in shapes if ".conv_block." in name}
    )
    filters, channels = _kernel(shapes, "model.1.weight")[:2]
    # What follows the blocks: two transposed convolutions, padding, and c7s1.
    end = 10 + blocks
    outputs = _kernel(shapes, f"model.{end + 7}.weight")[0]
    normalization = _normalization(shapes, "model.2.weight")
    bias = normalization == "instance"
    # Padding, convolution, normalization, ReLU, perhaps dropout, padding.
    dropout = "model.10.conv_block.5.weight" not in shapes
    second = 6 if dropout else 5

    def pair(layer, name, index, inputs, width, size):
        return [
            layer(f"{name}.{index}", inputs, width, size, bias),
            _norm(f"{name}.{index + 1}", width, normalization),
        ]

    f = filters
    table = [
        *pair(_conv, "model", 1, channels, f, 7),
        *pair(_conv, "model", 4, f, 2 * f, 3),
        *pair(_conv, "model", 7, 2 * f, 4 * f, 3),
    ]
    for i in range(10, end):
        for index in (1, second):
            name = f"model.{i}.conv_block"
            table += pair(_conv, name, index, 4 * f, 4 * f, 3)
    table += [
        *pair(_transposed, "model", end, 4 * f, 2 * f, 3),
        *pair(_transposed, "model", end + 3, 2 * f, f, 3),
        _conv(f"model.{end + 7}", f, outputs, 7),
    ]
    # The sizes of the images that the paper uses such networks for.
    size = 256 if blocks >= 9 else 128
    arguments = {
        "image_shape": (size, size, channels),
        "output_channels": outputs,
        "filters": filters,
        "num_residual_blocks": blocks,
        "normalization": normalization,
    }
    notes = ["The dropout of its residual blocks is left out."] * dropout
    return _Plan(
        "generator",
        f"resnet_{blocks}blocks",
        CycleGANGenerator,
        arguments,
        table,
        notes,
    )


def _plan_unet(shapes):
    # Each block holds the next one, between its way down and its way up.
    blocks, inner = ["model"], "model.model.1"
    while any(name.startswith(f"{inner}.model.") for name in shapes):
        blocks.append(inner)
        inner += ".model.3"
    depth = len(blocks)
    if depth not in _UNET_DEPTHS:
        raise ValueError(
            f"must be a U-Net that halves images {_UNET_DEPTHS[0]} to "
            f"{_UNET_DEPTHS[-1]} times. Received: one that halves them "
            f"{depth} times"
        )
    filters, channels = _kernel(shapes, "model.model.0.weight")[:2]
    outputs = _kernel(shapes, "model.model.3.weight")[1]
    normalization = _normalization(shapes, "model.model.1.model.2.weight")
    bias = normalization == "instance"
    widths = [filters * min(2**i, 8) for i in range(depth)]

    table = [_conv("model.model.0", channels, filters, 4, bias)]
    for i in range(1, depth):
        name = f"{blocks[i]}.model"
        table.append(_conv(f"{name}.1", widths[i - 1], widths[i], 4, bias))
        if i < depth - 1:
            table.append(_norm(f"{name}.2", widths[i], normalization))
    for i in reversed(range(1, depth)):
        name = f"{blocks[i]}.model"
        # The innermost block has no block inside, and nothing to concatenate.
        at, times = (3, 1) if i == depth - 1 else (5, 2)
        width = widths[i - 1]
        table += [
            _transposed(f"{name}.{at}", times * widths[i], width, 4, bias),
            _norm(f"{name}.{at + 1}", width, normalization),
        ]
    table.append(_transposed("model.model.3", 2 * filters, outputs, 4))
    arguments = {
        "image_shape": (2**depth, 2**depth, channels),
        "output_channels": outputs,
        "filters": filters,
        "depth": depth,
        "normalization": normalization,
        # Those of the same width on both sides, but the innermost.
        "dropout_layers": list(range(1, depth - 4)),
    }
    return _Plan(
        "generator", f"unet_{2**depth}", UNetGenerator, arguments, table, []
    )


def _plan_patches(shapes):
    kernels = [n for n, s in shapes.items() if len(s) == 4]
    # All but the first, which is not normalized, and the last.
    depth = len(kernels) - 2
    sizes = {d: size for size, d in PATCH_SIZES.items() if d}
    if depth not in sizes:
        raise ValueError(
            f"must be a discriminator with {min(sizes)} to {max(sizes)} layers "
            f"that halve images. Received: {len(kernels)} convolutions"
        )
    filters, channels = _kernel(shapes, "model.0.weight")[:2]
    normalization = _normalization(shapes, "model.3.weight")
    bias = normalization == "instance"
    widths = [filters * min(2**i, 8) for i in range(depth + 1)]
    table = [_conv("model.0", channels, filters, 4)]
    for i in range(1, depth + 1):
        table += [
            _conv(f"model.{3 * i - 1}", widths[i - 1], widths[i], 4, bias),
            _norm(f"model.{3 * i}", widths[i], normalization),
        ]
    table.append(_conv(f"model.{3 * depth + 2}", widths[-1], 1, 4))
    arguments = {
        "channels": channels,
        "patch_size": sizes[depth],
        "filters": filters,
        "normalization": normalization,
    }
    architecture = "basic" if depth == 3 else f"n_layers={depth}"
    return _Plan(
        "discriminator",
        architecture,
        PatchGANDiscriminator,
        arguments,
        table,
        [],
    )


def _plan_pixels(shapes):
    filters, channels = _kernel(shapes, "net.0.weight")[:2]
    normalization = _normalization(shapes, "net.3.weight")
    bias = normalization == "instance"
    table = [
        _conv("net.0", channels, filters, 1),
        _conv("net.2", filters, 2 * filters, 1, bias),
        _norm("net.3", 2 * filters, normalization),
        _conv("net.5", 2 * filters, 1, 1, bias),
    ]
    arguments = {
        "channels": channels,
        "patch_size": 1,
        "filters": filters,
        "normalization": normalization,
    }
    return _Plan(
        "discriminator", "pixel", PatchGANDiscriminator, arguments, table, []
    )


def _plan_msrresnet(shapes):
    f, channels = _kernel(shapes, "conv_first.weight")[:2]
    blocks = len(
        {name.split(".")[1] for name in shapes if name.startswith("body.")}
    )
    # Four times the channels for each doubling, nine times for x3.
    factors = [
        math.isqrt(_kernel(shapes, name)[0] // f)
        for name in ("upconv1.weight", "upconv2.weight")
        if name in shapes
    ]
    table = [_conv("conv_first", channels, f, 3)]
    for i in range(blocks):
        table += [_conv(f"body.{i}.conv{j}", f, f, 3) for j in (1, 2)]
    table += [
        _conv(f"upconv{i}", f, factor**2 * f, 3)._replace(factor=factor)
        for i, factor in enumerate(factors, 1)
    ]
    table += [_conv("conv_hr", f, f, 3), _conv("conv_last", f, channels, 3)]
    arguments = {
        "scale": math.prod(factors),
        "channels": channels,
        "filters": f,
        "num_residual_blocks": blocks,
    }
    return _Plan(
        "generator", "MSRResNet", MSRResNetGenerator, arguments, table, []
    )


def _kernel(shapes, name):
    """The shape of a convolution's kernel, all of whose sizes are positive."""
    shape = shapes.get(name, ())
    if len(shape) != 4 or 0 in shape:
        raise ValueError(
            f"must have a kernel {name}. Received: {name} of shape {shape}"
            if name in shapes
            else f"must have a kernel {name}. Received: {_list(shapes)}"
        )
    return shape


def _normalization(shapes, name):
    """Only batch normalization has weights; a lack of both shows later."""
    return "batch" if name in shapes else "instance"


def _check_tensors(shapes, plan):
    expected, ignored = {}, set()
    for layer in plan.layers:
        if layer.shape:
            expected[f"{layer.name}.weight"] = layer.shape
        if layer.biases:
            expected[f"{layer.name}.bias"] = (layer.biases,)
        if layer.is_norm:
            ignored |= {f"{layer.name}.{name}" for name in _STATISTICS}
    problems = {
        "left over": [n for n in shapes if n not in {*expected, *ignored}],
        "missing": [n for n in expected if n not in shapes],
        "of another shape": [
            f"{name} {shapes[name]}, not {shape}"
            for name, shape in expected.items()
            if shapes.get(name, shape) != shape
        ],
    }
    if any(problems.values()):
        received = "; ".join(
            f"{words}: {_list(names)}"
            for words, names in problems.items()
            if names
        )
        raise ValueError(
            f"must hold exactly the tensors of the {plan.role} "
            f"{plan.architecture} with {plan.arguments['filters']} filters and "
            f"{plan.arguments.get('normalization', 'no')} normalization. "
            f"Received: {received}"
        )


def _list(names, limit=40):
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + more


# ---- files ----------------------------------------------------------------


def _read(path):
    """A checkpoint as `(arrays, sha256)`: a dict of float32 arrays."""
    if not path.is_file():
        raise FileNotFoundError(
            f"checkpoint must be a file. Received: {str(path)!r}"
        )
    try:
        import torch
    except ImportError:
        raise ImportError(
            "PyTorch's checkpoints are read by PyTorch: pip install "
            f"'keras-gans[convert]'. Received: {str(path)!r}"
        ) from None
    # Once, so that the hash is that of what was read.
    content = path.read_bytes()
    try:
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:
        # PyTorch's own message is long, and recommends to allow it.
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))
        received = (
            f"a file that asks for {wanted[1]}, which was not run"
            if wanted
            else f"a file that PyTorch cannot read as tensors only "
            f"({type(error).__name__})"
        )
        raise ValueError(
            f"{path} must be a state dict, as torch.save("
            f"network.state_dict()) writes it. Received: {received}"
        ) from error
    state = _unwrapped(state)
    problem = _state_problem(state, len(content), torch)
    if problem:
        raise ValueError(
            f"{path} must be a state dict, names and tensors. "
            f"Received: {problem}"
        )
    # DataParallel and torch.compile put their own name before all others.
    for prefix in ("module.", "_orig_mod.", "module."):
        if all(name.startswith(prefix) for name in state):
            state = {n.removeprefix(prefix): v for n, v in state.items()}
    if "conv_first.weight" in state:
        state = {_basicsr_name(name): v for name, v in state.items()}
    arrays = {n: v.detach().float().numpy() for n, v in state.items()}
    return arrays, hashlib.sha256(content).hexdigest()


def _unwrapped(state):
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


def _basicsr_name(name):
    """The name that today's BasicSR has for a tensor of an MSRResNet."""
    name = re.sub(r"^(trunk_net|recon_trunk)\.", "body.", name)
    name = re.sub(r"^upsample(\d)\.upsample_conv\.", r"upconv\1.", name)
    return name.replace("HRconv.", "conv_hr.")


def _state_problem(state, size, torch):
    """Why this is no state dict of a file of this many bytes, or `None`."""
    if not isinstance(state, dict):
        return f"a {type(state).__name__}"
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            return f"{name!r} of type {type(value).__name__}"
        plain = value.layout is torch.strided and value.device.type == "cpu"
        if not plain or value.is_quantized or value.is_complex():
            return f"{name} of a kind without plain numbers"
    # A few bytes can declare a tensor of any size: one value, repeated.
    declared = sum(v.numel() * v.element_size() for v in state.values())
    if declared > size:
        return f"tensors of {declared:,} bytes in a file of {size:,}"
    return None if state else "an empty one"


def _convert_file(path, role, file=None):
    """The arrays of a file, its plan, and where it comes from."""
    path = pathlib.Path(path)
    arrays, sha256 = _read(path)
    try:
        plan = _plan({name: array.shape for name, array in arrays.items()})
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
    if plan.role != role:
        raise ValueError(
            f"{path} must be a {role}. Received: the {plan.role} "
            f"{plan.architecture}"
        )
    return arrays, plan, {"file": path.name, "sha256": sha256}


def _set_weights(network, plan, arrays):
    """Copies tensors into a network that was built after its plan."""
    ours = [
        layer
        for layer in network.layers
        if isinstance(
            layer,
            (
                layers.Conv2D,
                layers.Conv2DTranspose,
                BatchStatisticsNormalization,
            ),
        )
    ]
    theirs = [layer for layer in plan.layers if layer.shape]
    before_norm = {
        layer.name
        for layer, following in zip(plan.layers, plan.layers[1:])
        if following.is_norm
    }
    # Both in the order in which data pass them.
    for layer, source in zip(ours, theirs, strict=True):
        values = [arrays[f"{source.name}.weight"]]
        if values[0].ndim == 4:
            # Conv2d (out, in, height, width) to (height, width, in, out), and
            # ConvTranspose2d (in, out, ...) to (height, width, out, in).
            values[0] = np.transpose(values[0], (2, 3, 1, 0))
        if source.biases:
            values.append(arrays[f"{source.name}.bias"])
        if source.factor > 1:
            # PyTorch's pixels of one channel lie together, ours of one pixel.
            values = [
                v.reshape(*v.shape[:-1], -1, source.factor**2)
                .swapaxes(-1, -2)
                .reshape(v.shape)
                for v in values
            ]
        # Normalization takes away what a bias adds. Networks may have one or
        # not, before normalization, and one of zero elsewhere.
        if len(values) < len(layer.weights):
            values.append(np.zeros(layer.weights[1].shape, "float32"))
        elif source.name in before_norm:
            values = values[: len(layer.weights)]
        layer.set_weights(values)


# ---- models ---------------------------------------------------------------


def load_pytorch(
    generators, to, discriminators=(), image_size=None, dropout=True
):
    """A model with the weights of PyTorch checkpoints.

    Architectures are read from the checkpoints. Networks for which there is
    none start untrained, as in a new model: a CycleGAN of one checkpoint can
    `translate` in the direction `"ab"` only.

    Args:
        generators: Path of a checkpoint (`latest_net_G.pth`), or for a
            CycleGAN a list of one or two, a to b and b to a
            (`latest_net_G_A.pth`, `latest_net_G_B.pth`).
        to: `"pix2pix"`, `"cyclegan"`, or `"srresnet"` for an MSRResNet of
            BasicSR or MMagic, of which the first argument is all.
        discriminators: Path or list of paths, each the discriminator that was
            trained with the generator at the same place. (The authors'
            `latest_net_D_A.pth` belongs to their `G_A` and judges images of
            domain b: it becomes `discriminator_b`.)
        image_size: Integer, the height and width of images in training and
            in exports; other sizes can be translated all the same. `None`
            for the authors': 256, or 128 for networks made for it.
        dropout: Boolean, whether a U-Net of pix2pix has dropout, in training
            and at test: `False` if it was trained with `--no_dropout`.
            CycleGANs have none.

    Returns:
        A `Pix2Pix`, a `CycleGAN` or an `SRResNet`.

    Raises:
        ImportError: Without PyTorch.
        FileNotFoundError: If a file is not there.
        ValueError: If a file is not a state dict, and then nothing in it is
            run; if tensors are left over, missing or of other shapes, with
            all their names; if networks do not fit one another.
    """
    return _load(generators, to, discriminators, image_size, dropout)[0]


def pytorch_to_preset(
    generators, path, to, discriminators=(), image_size=None, dropout=True
):
    """Writes PyTorch checkpoints as a preset.

    `metadata.json` and `README.md` of the preset state the files and their
    SHA-256, which networks are untrained, and that the licence of the weights
    is that of their source.

    Args:
        generators: See `load_pytorch`, as for all others.
        path: The preset's folder, new or empty.
        to: See `load_pytorch`.
        discriminators: Path or list of paths.
        image_size: Integer or `None`.
        dropout: Boolean.

    Returns:
        List of strings: a sentence for each network, and what else the user
        should know.

    Raises:
        ValueError: If `path` is a file or a folder with something in it.
    """
    path = pathlib.Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            "path must be a new or an empty folder. "
            f"Received: path={str(path)!r}"
        )
    model, sources, untrained, notes = _load(
        generators, to, discriminators, image_size, dropout
    )
    sentences = [
        f"{name}: {source['architecture']}, {source['normalization']} "
        f"normalization, {source['parameters']:,} parameters of "
        f"{source['file']}."
        for name, source in sources.items()
    ]
    for name in untrained:
        uses = {
            "generator_ba": "translations in the direction ba are noise",
        }.get(name, "it matters for training only")
        sentences.append(
            f"{name}: UNTRAINED, there was no checkpoint of it; {uses}."
        )
    sentences += notes
    model.save_to_preset(
        path,
        metadata={
            "license": LICENSE,
            "source": {
                "code": UPSCALING_SOURCE if to == "srresnet" else SOURCE,
                **sources,
            },
            "untrained": untrained,
            "notes": notes,
        },
    )
    card = _card(path.resolve().name, model, sentences, sources)
    (path / "README.md").write_text(card)
    presets.update(path)
    return sentences


def _load(generators, to, discriminators, image_size, dropout):
    """`(model, sources, untrained, notes)`."""
    if to not in TARGETS:
        raise ValueError(
            f"to must be one of {', '.join(TARGETS)}. Received: to={to!r}"
        )
    directions = ("ab", "ba") if to == "cyclegan" else ("ab",)
    generators, discriminators = _paths(generators), _paths(discriminators)
    check_numbers(to, len(generators), len(discriminators))
    if to == "srresnet":
        return _load_srresnet(generators[0])
    networks, sources, plans, notes = {}, {}, {}, []

    def take(name, path, role):
        arrays, plan, source = _convert_file(path, role)
        if plan.cls is MSRResNetGenerator:
            raise ValueError(
                f"{path} must be a {role} of {to}. Received: an MSRResNet, "
                "which is for to='srresnet'"
            )
        if role == "generator":
            _adapt(plan, to, image_size, dropout)
        network = plan.cls(**plan.arguments, name=name)
        _set_weights(network, plan, arrays)
        networks[name], plans[name] = network, plan
        sources[name] = _described(source, plan)
        notes.extend(f"{name}: {note}" for note in _notes(plan))

    for direction, path in zip(directions, generators):
        name = f"generator_{direction}" if to == "cyclegan" else "generator"
        take(name, path, "generator")
    for direction, path in zip(directions, discriminators):
        # It judges what the generator makes.
        name = f"discriminator_{direction[1]}"
        take(
            name if to == "cyclegan" else "discriminator", path, "discriminator"
        )
    first = next(iter(plans.values())).arguments
    inputs, outputs = first["image_shape"][-1], first["output_channels"]
    if to == "cyclegan":
        if inputs != outputs:
            raise ValueError(
                f"{generators[0]} must make images of as many channels as it "
                f"takes to be a CycleGAN's. Received: {inputs} to {outputs}"
            )
        if "generator_ba" not in networks:
            networks["generator_ba"] = plans["generator_ab"].cls(
                **first, name="generator_ba"
            )
        ends = ("discriminator_a", "discriminator_b")
    else:
        ends = ("discriminator",)
    channels = outputs if to == "cyclegan" else inputs + outputs
    for name in ends:
        if name not in networks:
            networks[name] = PatchGANDiscriminator(
                channels,
                filters=first["filters"],
                normalization=first["normalization"],
                name=name,
            )
        elif plans[name].arguments["channels"] != channels:
            raise ValueError(
                f"{sources[name]['file']} must take images of {channels} "
                f"channels to be the {name} of {to}. Received: one of "
                f"{plans[name].arguments['channels']}"
            )
    if to == "cyclegan":
        model = CycleGAN(**networks, image_shape=first["image_shape"])
    else:
        model = Pix2Pix(
            **networks,
            image_shape=first["image_shape"],
            dropout_at_test=bool(first.get("dropout")),
        )
    untrained = [name for name in networks if name not in sources]
    return model, sources, untrained, notes


def _load_srresnet(path):
    arrays, plan, source = _convert_file(path, "generator")
    if plan.cls is not MSRResNetGenerator:
        raise ValueError(
            f"{path} must be an MSRResNet to be an SRResNet. Received: the "
            f"{plan.role} {plan.architecture}"
        )
    network = plan.cls(**plan.arguments)
    _set_weights(network, plan, arrays)
    sources = {"generator": _described(source, plan)}
    return SRResNet(network), sources, [], []


def _described(source, plan):
    """What the preset's metadata say of a file."""
    return {
        **source,
        "architecture": plan.architecture,
        "normalization": plan.arguments.get("normalization", "no"),
        "parameters": sum(map(_parameters, plan.layers)),
    }


def check_numbers(to, generators, discriminators):
    """Raises a `ValueError` unless there are as many checkpoints as it takes.

    Args:
        to: One of `TARGETS`.
        generators: Integer, how many are given.
        discriminators: Integer, how many are given.
    """
    networks = 2 if to == "cyclegan" else 1
    judges = 0 if to == "srresnet" else networks
    for role, number, least, most in (
        ("generators", generators, 1, networks),
        ("discriminators", discriminators, 0, judges),
    ):
        if not least <= number <= most:
            wanted = " to ".join(map(str, sorted({least, most})))
            raise ValueError(
                f"{role} of {to} must be {wanted}, one checkpoint for each. "
                f"Received: {number}"
            )


def _paths(value):
    return [value] if isinstance(value, (str, os.PathLike)) else list(value)


def _parameters(layer):
    return (math.prod(layer.shape) if layer.shape else 0) + layer.biases


def _adapt(plan, to, image_size, dropout):
    """Completes a generator's arguments with what no checkpoint holds."""
    arguments = plan.arguments
    if image_size is not None:
        channels = arguments["image_shape"][-1]
        arguments["image_shape"] = (image_size, image_size, channels)
    if plan.cls is UNetGenerator:
        on = dropout and to == "pix2pix"
        arguments["dropout"] = 0.5 if on else 0.0


def _notes(plan):
    """What of the checkpoint's network is not in ours, or not known."""
    notes = list(plan.notes)
    if plan.arguments["normalization"] == "batch":
        notes.append(
            "batch normalization uses the statistics of the batch at hand, as "
            "the authors' test script does; moving averages are left out."
        )
    if plan.arguments.get("dropout"):
        notes.append(
            "dropout is on, at test as well, as the authors have it; a "
            "checkpoint does not say whether it was trained so."
        )
    return notes


def _card(name, model, sentences, sources):
    paper = {
        "Pix2Pix": 'Isola et al., "Image-to-Image Translation with Conditional '
        'Adversarial Networks", 2017, https://arxiv.org/abs/1611.07004.',
        "CycleGAN": 'Zhu et al., "Unpaired Image-to-Image Translation using '
        'Cycle-Consistent Adversarial Networks", 2017, '
        "https://arxiv.org/abs/1703.10593.",
        "SRResNet": 'Ledig et al., "Photo-Realistic Single Image '
        'Super-Resolution Using a Generative Adversarial Network", 2017, '
        "https://arxiv.org/abs/1609.04802; without normalization, as "
        "https://arxiv.org/abs/1707.02921 has it.",
    }[type(model).__name__]
    code = UPSCALING_SOURCE if type(model) is SRResNet else SOURCE
    files = [
        f"- `{source['file']}`, SHA-256 `{source['sha256']}`"
        for source in sources.values()
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            _fill("Weights that were trained in PyTorch, converted."),
            "",
            _fill(f"**Paper.** {paper}"),
            "",
            _fill(
                f"**Weights.** Of these files, which the code of {code} "
                "reads and writes:"
            ),
            "",
            *files,
            "",
            _fill(
                f"**Licence** of the weights: {LICENSE}. That of their "
                "training data, too."
            ),
            "",
            "**Networks.**",
            "",
            *(_fill(f"- {s}", subsequent_indent="  ") for s in sentences),
            "",
        ]
    )


def _fill(text, **kwargs):
    return textwrap.fill(
        text, 79, break_long_words=False, break_on_hyphens=False, **kwargs
    )
