"""Super-resolution networks of others, as models."""

import pathlib

import numpy as np

from keras_gans.convert import basicsr, checkpoints, ncnn, ncnn_networks
from keras_gans.convert.plans import check_tensors, num_parameters
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.rrdbnet import RRDBNet, RRDBNetGenerator
from keras_gans.models.srgan import SRResNet
from keras_gans.models.srvggnet import (
    SRVGGNetCompact,
    SRVGGNetCompactGenerator,
)
from keras_gans.presets.uninitialized import uninitialized

# Targets: the network, what it is called, and the model that holds it.
MODELS = {
    "srresnet": (MSRResNetGenerator, "an MSRResNet", SRResNet),
    "rrdbnet": (RRDBNetGenerator, "an RRDBNet", RRDBNet),
    "srvgg": (SRVGGNetCompactGenerator, "an SRVGGNetCompact", SRVGGNetCompact),
}


def target_of(plan):
    """`(target, what it is called)` of a plan; `(None, None)` of others."""
    for to, (network, called, _) in MODELS.items():
        if plan.cls is network:
            return to, called
    return None, None


def load(path, to, find_plan):
    """A model of a checkpoint.

    Args:
        path: Of a file of PyTorch, a `.safetensors`, or the `.param` or the
            `.bin` of ncnn.
        to: A key of `MODELS`.
        find_plan: Function of the shapes of tensors, for what is of PyTorch.

    Returns:
        `(model, source, notes)`: what the preset's metadata say of the file,
        and sentences.

    Raises:
        ValueError: If it is not `to`.
    """
    path = pathlib.Path(path)
    notes = []
    if path.suffix in (".param", ".bin"):
        layers, digests = ncnn.read(path)
        (text, of_text), (file, sha256) = digests.items()
        notes = [f"How it is wired says {text}, SHA-256 `{of_text}`."]
        try:
            arrays, plan = of_ncnn(layers)
        except ValueError as error:
            raise ValueError(_refusal(path, to, error)) from None
    else:
        arrays, sha256 = checkpoints.read(path)
        file = path.name
        try:
            plan = find_plan({name: x.shape for name, x in arrays.items()})
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None
    try:
        model = _built(arrays, plan, to)
    except ValueError as error:
        raise ValueError(_refusal(path, to, error)) from None
    source = {
        "file": file,
        "sha256": sha256,
        "architecture": plan.architecture,
        "normalization": "no",
        "parameters": sum(map(num_parameters, plan.layers)),
    }
    return model, source, notes


def packaged(text, weights, to, name):
    """A model of the contents of ncnn's two files.

    Args:
        text: Bytes, of the `.param` file.
        weights: Bytes, of the `.bin` file.
        to: A key of `MODELS`.
        name: String, what they are called, for errors.

    Raises:
        ValueError: If they are not `to`.
    """
    try:
        layers = ncnn.parse_text(text)
        ncnn.read_weights(layers, weights)
        return _built(*of_ncnn(layers), to)
    except ValueError as error:
        raise ValueError(_refusal(name, to, error)) from None


def _built(arrays, plan, to):
    """A model of tensors and their plan, which must be of a target."""
    network, _, model = MODELS[to]
    if plan.cls is not network:
        raise ValueError(f"the {plan.role} {plan.architecture}")
    with uninitialized():
        generator = network(**plan.arguments)
    set_weights(generator, plan, arrays)
    return model(generator)


def _refusal(path, to, error):
    return f"{path} must be {MODELS[to][1]}. Received: {error}"


def of_ncnn(layers):
    """`(arrays, plan)` of a network of ncnn.

    Args:
        layers: List of `ncnn.Layer` with weights.

    Raises:
        ValueError: If it is no network of `MODELS`.
    """
    arrays, shrinks = ncnn_networks.state(layers)
    plan = basicsr.find_plan({name: x.shape for name, x in arrays.items()})
    check_tensors({name: x.shape for name, x in arrays.items()}, plan)
    if shrinks != 1:
        made = plan.arguments["scale"]
        scale = made * shrinks
        if scale != int(scale) or not made / 2 <= scale <= made:
            raise ncnn.Refused(f"one that enlarges by {scale}")
        plan.arguments.update(scale=int(scale), made_scale=made)
    return arrays, plan


def set_weights(network, plan, arrays):
    """Copies tensors into a network whose weights lie in its plan's order.

    Args:
        network: `keras.Model`, of `plan.cls`.
        plan: A `plans.Plan`.
        arrays: Dict of the names of tensors to arrays.
    """
    values = []
    for layer in plan.layers:
        weight = arrays[f"{layer.name}.weight"]
        if weight.ndim == 1:  # Slopes, of images.
            values.append(weight[None, None])
            continue
        values += convolution(
            weight, arrays[f"{layer.name}.bias"], layer.factor, layer.packed
        )
    network.set_weights(values)


def convolution(kernel, biases, factor=1, packed=1):
    """A `Conv2d`'s kernel and biases as a `Conv2D` has them.

    PyTorch's pixels of one channel lie together, ours of one pixel.

    Args:
        kernel: Array `(out, in, height, width)`.
        biases: Array `(out,)`, or `None`.
        factor: Integer, of the pixel shuffle after it.
        packed: Integer, of the pixels that were made its input's channels.

    Returns:
        List of an array `(height, width, in, out)`, and the biases.
    """
    values = [np.transpose(kernel, (2, 3, 1, 0))]
    if biases is not None:
        values.append(biases)
    if packed > 1:
        height, width, inputs, outputs = values[0].shape
        values[0] = (
            values[0]
            .reshape(height, width, -1, packed**2, outputs)
            .swapaxes(2, 3)
            .reshape(height, width, inputs, outputs)
        )
    if factor > 1:
        values = [
            v.reshape(*v.shape[:-1], -1, factor**2)
            .swapaxes(-1, -2)
            .reshape(v.shape)
            for v in values
        ]
    return values
