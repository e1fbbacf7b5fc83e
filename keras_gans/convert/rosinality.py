"""StyleGAN2's generator, as its best-known PyTorch code saves it."""

import math
import re

import numpy as np

from keras_gans.convert.plans import listed
from keras_gans.layers import EqualizedDense, ModulatedConv2D
from keras_gans.models.stylegan2 import StyleGAN2, StyleGAN2Generator

SOURCE = "https://github.com/rosinality/stylegan2-pytorch"
ARCHITECTURE = "StyleGAN2 generator"
# What is not trained: filters, which are [1, 3, 3, 1] here.
_FILTERS = re.compile(r".*\.(blur|upsample)\.kernel")
_TAPS = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16.0  # Four times their mean.


def unwrapped(state):
    """The averaged generator of a training's file, and its mean style."""
    if isinstance(state, dict) and isinstance(state.get("g_ema"), dict):
        inner = dict(state["g_ema"])
        if "latent_avg" in state:
            inner["latent_avg"] = state["latent_avg"]
        return inner
    return state


def is_one(shapes):
    """Whether tensors of these names are such a generator's."""
    return {"input.input", "style.1.weight"} <= set(shapes)


def load(arrays):
    """A `StyleGAN2` whose generator has the weights of a checkpoint.

    Args:
        arrays: Dict, names to arrays.

    Returns:
        `(model, notes)`: sentences of what a user should know.

    Raises:
        ValueError: If tensors are left over, missing or of other shapes.
    """
    shapes = {name: array.shape for name, array in arrays.items()}
    generator = StyleGAN2Generator(**_arguments(shapes))
    places = dict(_places(generator))
    problems = {
        "left over": [
            name
            for name in shapes
            if name not in places
            and name != "latent_avg"
            and not _FILTERS.fullmatch(name)
        ],
        "missing": [name for name in places if name not in shapes],
        "of another shape": [
            f"{name} {shapes[name]}, not {shape}"
            for name, (shape, _, _) in places.items()
            if shapes.get(name, shape) != shape
        ],
        "another filter than [1, 3, 3, 1]": [
            name
            for name, array in arrays.items()
            if _FILTERS.fullmatch(name)
            and (array.shape != (4, 4) or np.abs(array - _TAPS).max() > 1e-4)
        ],
    }
    if any(problems.values()):
        received = "; ".join(
            f"{words}: {listed(names)}"
            for words, names in problems.items()
            if names
        )
        raise ValueError(
            "must hold exactly the tensors of the StyleGAN2 generator that "
            f"its input and its mapping network make it. Received: {received}"
        )
    for name, (_, variable, axes) in places.items():
        value = arrays[name]
        if axes is not None:
            value = value.transpose(axes)
        variable.assign(value.reshape(variable.shape))
    notes = _set_average(generator, arrays.get("latent_avg"))
    model = StyleGAN2(
        generator,
        image_shape=generator.output_shape[1:],
        latent_dim=generator.get_config()["latent_dim"],
        filters=generator.get_config()["filters"],
        ema_momentum=None,
    )
    return model, notes


def _arguments(shapes):
    """What `StyleGAN2Generator` takes, of tensors' shapes."""

    def shape(name, rank):
        found = shapes.get(name, ())
        if len(found) != rank or 0 in found:
            raise ValueError(
                f"must have a tensor {name} of {rank} axes. Received: "
                f"{f'one of shape {found}' if name in shapes else 'none'}"
            )
        return found

    _, first, height, width = shape("input.input", 4)
    ups = len({n for n in shapes if re.fullmatch(r"to_rgbs\.\d+\.bias", n)})
    filters = [first] + [
        shape(f"convs.{2 * i}.conv.weight", 5)[1] for i in range(ups)
    ]
    if ups > 12 or not 4 <= min(height, width) <= 7 or not ups:
        raise ValueError(
            "must start from a side of 4 to 7 and double it 1 to 12 times. "
            f"Received: input.input of shape {shapes['input.input']}, and "
            f"{ups} doublings"
        )
    style_dim, latent_dim = shape("style.1.weight", 2)
    channels = shape("to_rgb1.conv.weight", 5)[1]
    return {
        "image_shape": (height * 2**ups, width * 2**ups, channels),
        "latent_dim": latent_dim,
        "style_dim": style_dim,
        "filters": filters,
        "num_mapping_layers": len(
            {n for n in shapes if re.fullmatch(r"style\.\d+\.weight", n)}
        ),
    }


def _places(generator):
    """Names of theirs, each with `(shape, our variable, axes)`."""
    dense = [
        layer
        for layer in generator.mapping.layers
        if isinstance(layer, EqualizedDense)
    ]
    for i, layer in enumerate(dense, 1):
        yield from _dense(f"style.{i}", layer)
    synthesis = generator.synthesis
    constant = synthesis.get_layer("learned_constant").constant
    height, width, filters = constant.shape
    yield "input.input", ((1, filters, height, width), constant, (0, 2, 3, 1))
    layers = [x for x in synthesis.layers if isinstance(x, ModulatedConv2D)]
    noises = 0
    images = [layer for layer in layers if not layer.noise]
    for i, layer in enumerate(x for x in layers if x.noise):
        name = f"convs.{i - 1}" if i else "conv1"
        yield from _modulated(f"{name}.conv", layer)
        yield f"{name}.activate.bias", ((layer.filters,), layer.bias, None)
        yield f"{name}.noise.weight", ((1,), layer.strength, None)
        noise = layer.fixed_noise
        shape = (1, 1, *noise.shape[:2])
        yield f"noises.noise_{noises}", (shape, noise, (0, 2, 3, 1))
        noises += 1
    for i, layer in enumerate(images):
        name = f"to_rgbs.{i - 1}" if i else "to_rgb1"
        yield from _modulated(f"{name}.conv", layer)
        yield f"{name}.bias", ((1, layer.filters, 1, 1), layer.bias, None)


def _dense(name, layer):
    inputs, outputs = layer.kernel.shape
    yield f"{name}.weight", ((outputs, inputs), layer.kernel, (1, 0))
    yield f"{name}.bias", ((outputs,), layer.bias, None)


def _modulated(name, layer):
    side, _, inputs, outputs = layer.kernel.shape
    shape = (1, outputs, inputs, side, side)
    yield f"{name}.weight", (shape, layer.kernel, (0, 3, 4, 2, 1))
    yield from _dense(f"{name}.modulation", layer.affine)


def _set_average(generator, average):
    """The mean style, of the file or of many latents."""
    size = generator.average_style.shape
    notes = []
    if average is None:
        latents = np.random.default_rng(0).standard_normal(
            (10_000, generator.get_config()["latent_dim"])
        )
        styles = generator.mapping.predict(
            latents.astype("float32"), batch_size=1000, verbose=0
        )
        average = styles.mean(axis=0)
        notes = ["The mean style is that of 10,000 latents."]
    if math.prod(average.shape) != math.prod(size):
        raise ValueError(
            f"must have a latent_avg of {math.prod(size)} numbers. Received: "
            f"one of shape {average.shape}"
        )
    generator.average_style.assign(average.reshape(size))
    return notes
