"""Networks of pix2pix's and CycleGAN's authors, in their PyTorch code."""

import re

from keras_gans.convert.plans import (
    Plan,
    conv,
    kernel,
    norm,
    normalization_of,
    transposed,
)
from keras_gans.models.cyclegan import CycleGANGenerator
from keras_gans.models.pix2pix import (
    PATCH_SIZES,
    PatchGANDiscriminator,
    UNetGenerator,
)

SOURCE = "https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix"
NETWORKS = "a residual network, a U-Net or a discriminator of patches or pixels"
# More would need images of 2048x2048, and the authors' has 5 or more.
_UNET_DEPTHS = range(3, 11)


def find_plan(shapes):
    """The plan of a checkpoint with tensors of these shapes, or `None`.

    Args:
        shapes: Dict, names to tuples of integers.

    Raises:
        ValueError: If it is nearly one of the networks, saying what is wrong.
    """
    if any(re.match(r"model\.\d+\.conv_block\.", name) for name in shapes):
        return _plan_resnet(shapes)
    if "model.model.0.weight" in shapes:
        return _plan_unet(shapes)
    if "model.0.weight" in shapes:
        return _plan_patches(shapes)
    if "net.0.weight" in shapes:
        return _plan_pixels(shapes)
    return None


def _plan_resnet(shapes):
    blocks = len(
        {name.split(".")[1] for name in shapes if ".conv_block." in name}
    )
    filters, channels = kernel(shapes, "model.1.weight")[:2]
    # What follows the blocks: two transposed convolutions, padding, and c7s1.
    end = 10 + blocks
    outputs = kernel(shapes, f"model.{end + 7}.weight")[0]
    normalization = normalization_of(shapes, "model.2.weight")
    bias = normalization == "instance"
    # Padding, convolution, normalization, ReLU, perhaps dropout, padding.
    dropout = "model.10.conv_block.5.weight" not in shapes
    second = 6 if dropout else 5

    def pair(layer, name, index, inputs, width, size):
        return [
            layer(f"{name}.{index}", inputs, width, size, bias),
            norm(f"{name}.{index + 1}", width, normalization),
        ]

    f = filters
    table = [
        *pair(conv, "model", 1, channels, f, 7),
        *pair(conv, "model", 4, f, 2 * f, 3),
        *pair(conv, "model", 7, 2 * f, 4 * f, 3),
    ]
    for i in range(10, end):
        for index in (1, second):
            name = f"model.{i}.conv_block"
            table += pair(conv, name, index, 4 * f, 4 * f, 3)
    table += [
        *pair(transposed, "model", end, 4 * f, 2 * f, 3),
        *pair(transposed, "model", end + 3, 2 * f, f, 3),
        conv(f"model.{end + 7}", f, outputs, 7),
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
    return Plan(
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
    filters, channels = kernel(shapes, "model.model.0.weight")[:2]
    outputs = kernel(shapes, "model.model.3.weight")[1]
    normalization = normalization_of(shapes, "model.model.1.model.2.weight")
    bias = normalization == "instance"
    widths = [filters * min(2**i, 8) for i in range(depth)]

    table = [conv("model.model.0", channels, filters, 4, bias)]
    for i in range(1, depth):
        name = f"{blocks[i]}.model"
        table.append(conv(f"{name}.1", widths[i - 1], widths[i], 4, bias))
        if i < depth - 1:
            table.append(norm(f"{name}.2", widths[i], normalization))
    for i in reversed(range(1, depth)):
        name = f"{blocks[i]}.model"
        # The innermost block has no block inside, and nothing to concatenate.
        at, times = (3, 1) if i == depth - 1 else (5, 2)
        width = widths[i - 1]
        table += [
            transposed(f"{name}.{at}", times * widths[i], width, 4, bias),
            norm(f"{name}.{at + 1}", width, normalization),
        ]
    table.append(transposed("model.model.3", 2 * filters, outputs, 4))
    arguments = {
        "image_shape": (2**depth, 2**depth, channels),
        "output_channels": outputs,
        "filters": filters,
        "depth": depth,
        "normalization": normalization,
        # Those of the same width on both sides, but the innermost.
        "dropout_layers": list(range(1, depth - 4)),
    }
    return Plan(
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
    filters, channels = kernel(shapes, "model.0.weight")[:2]
    normalization = normalization_of(shapes, "model.3.weight")
    bias = normalization == "instance"
    widths = [filters * min(2**i, 8) for i in range(depth + 1)]
    table = [conv("model.0", channels, filters, 4)]
    for i in range(1, depth + 1):
        table += [
            conv(f"model.{3 * i - 1}", widths[i - 1], widths[i], 4, bias),
            norm(f"model.{3 * i}", widths[i], normalization),
        ]
    table.append(conv(f"model.{3 * depth + 2}", widths[-1], 1, 4))
    arguments = {
        "channels": channels,
        "patch_size": sizes[depth],
        "filters": filters,
        "normalization": normalization,
    }
    architecture = "basic" if depth == 3 else f"n_layers={depth}"
    return Plan(
        "discriminator",
        architecture,
        PatchGANDiscriminator,
        arguments,
        table,
        [],
    )


def _plan_pixels(shapes):
    filters, channels = kernel(shapes, "net.0.weight")[:2]
    normalization = normalization_of(shapes, "net.3.weight")
    bias = normalization == "instance"
    table = [
        conv("net.0", channels, filters, 1),
        conv("net.2", filters, 2 * filters, 1, bias),
        norm("net.3", 2 * filters, normalization),
        conv("net.5", 2 * filters, 1, 1, bias),
    ]
    arguments = {
        "channels": channels,
        "patch_size": 1,
        "filters": filters,
        "normalization": normalization,
    }
    return Plan(
        "discriminator", "pixel", PatchGANDiscriminator, arguments, table, []
    )
