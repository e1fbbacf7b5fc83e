"""What a checkpoint holds, as a plan: layers by name and shape."""

import collections
import math

# What a normalization layer may have besides its weights.
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")

# A layer of the authors' network: the name of its module, the shape of its
# weight (`None` where it has none), its number of biases (0 for none), and of
# a convolution the factors of the pixel shuffle after it, and of the blocks of
# pixels that were made its input's channels.
Layer = collections.namedtuple(
    "Layer", "name shape biases is_norm factor packed", defaults=(1, 1)
)
# What a checkpoint holds: "generator" or "discriminator", the authors' name
# of the architecture, our class and its arguments, the layers in the order in
# which data pass them, and what a user should know.
Plan = collections.namedtuple(
    "Plan", "role architecture cls arguments layers notes"
)


def conv(name, inputs, outputs, size, bias=True):
    """A `Conv2d`."""
    shape = (outputs, inputs, size, size)
    return Layer(name, shape, outputs if bias else 0, False)


def transposed(name, inputs, outputs, size, bias=True):
    """A `ConvTranspose2d`."""
    shape = (inputs, outputs, size, size)
    return Layer(name, shape, outputs if bias else 0, False)


def norm(name, width, normalization):
    """A normalization layer, `"batch"` or `"instance"`."""
    if normalization == "instance":
        return Layer(name, None, 0, True)
    return Layer(name, (width,), width, True)


def kernel(shapes, name):
    """The shape of a convolution's kernel, all of whose sizes are positive."""
    shape = shapes.get(name, ())
    if len(shape) != 4 or 0 in shape:
        raise ValueError(
            f"must have a kernel {name}. Received: {name} of shape {shape}"
            if name in shapes
            else f"must have a kernel {name}. Received: {listed(shapes)}"
        )
    return shape


def normalization_of(shapes, name):
    """Only batch normalization has weights; a lack of both shows later."""
    return "batch" if name in shapes else "instance"


def check_tensors(shapes, plan):
    """Raises a `ValueError` unless every tensor has its place in a plan."""
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
            f"{words}: {listed(names)}"
            for words, names in problems.items()
            if names
        )
        raise ValueError(
            f"must hold exactly the tensors of the {plan.role} "
            f"{plan.architecture} with {plan.arguments['filters']} filters and "
            f"{plan.arguments.get('normalization', 'no')} normalization. "
            f"Received: {received}"
        )


def listed(names, limit=40):
    """Names with commas between, for errors."""
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + more


def num_parameters(layer):
    """The number of weights and biases of a `Layer`."""
    return (math.prod(layer.shape) if layer.shape else 0) + layer.biases
