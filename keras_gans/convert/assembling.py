"""Models and presets of what checkpoints hold."""

import math
import os
import pathlib

import numpy as np
from keras import layers

from keras_gans import presets, writing
from keras_gans.convert import (
    basicsr,
    checkpoints,
    junyanz,
    rosinality,
    upscalers,
)
from keras_gans.convert.card import LICENSE, SOURCES, card
from keras_gans.convert.plans import check_tensors, listed, num_parameters
from keras_gans.layers import BatchStatisticsNormalization
from keras_gans.models.cyclegan import CycleGAN
from keras_gans.models.pix2pix import (
    PatchGANDiscriminator,
    Pix2Pix,
    UNetGenerator,
)
from keras_gans.names import CONVERT_TARGETS as TARGETS


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
        to: `"pix2pix"`, `"cyclegan"`, `"srresnet"` for an MSRResNet of
            BasicSR or MMagic, `"rrdbnet"` for the generator of ESRGAN and
            Real-ESRGAN, `"srvgg"` for the small one of Real-ESRGAN, or
            `"stylegan2"` for a generator of rosinality's code (`g_ema` of a
            training's file); of these the first argument is all. Those that
            enlarge may be files of ncnn, too (a `.param` with its `.bin`
            beside it), and all may be `.safetensors`.
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
        A `Pix2Pix`, a `CycleGAN`, an `SRResNet`, an `RRDBNet`, an
        `SRVGGNetCompact` or a `StyleGAN2`.

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
                "code": SOURCES[to],
                **sources,
            },
            "untrained": untrained,
            "notes": notes,
        },
    )
    text = card(path.resolve().name, to, sentences, sources)
    writing.write(path / "README.md", text)
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
    if to in upscalers.MODELS:
        model, source, notes = upscalers.load(generators[0], to, find_plan)
        return model, {"generator": source}, [], notes
    if to == "stylegan2":
        return _load_stylegan2(generators[0])
    networks, sources, plans, notes = {}, {}, {}, []

    def take(name, path, role):
        arrays, plan, source = _read_network(path, role)
        target, called = upscalers.target_of(plan)
        if target is not None:
            raise ValueError(
                f"{path} must be a {role} of {to}. Received: {called}, which "
                f"is for to={target!r}"
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


def _load_stylegan2(path):
    path = pathlib.Path(path)
    arrays, sha256 = checkpoints.read(path)
    try:
        if not rosinality.is_one({name: x.shape for name, x in arrays.items()}):
            raise ValueError(
                f"must be a generator of StyleGAN2, as in {rosinality.SOURCE}. "
                f"Received: {listed(arrays)}"
            )
        model, notes = rosinality.load(arrays)
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
    source = {
        "file": path.name,
        "sha256": sha256,
        "architecture": rosinality.ARCHITECTURE,
        "normalization": "no",
        "parameters": sum(
            math.prod(v.shape) for v in model.generator.trainable_variables
        ),
    }
    return model, {"generator": source}, ["discriminator"], notes


def _described(source, plan):
    """What the preset's metadata say of a file."""
    return {
        **source,
        "architecture": plan.architecture,
        "normalization": plan.arguments.get("normalization", "no"),
        "parameters": sum(map(num_parameters, plan.layers)),
    }


def check_numbers(to, generators, discriminators):
    """Raises a `ValueError` unless there are as many checkpoints as it takes.

    Args:
        to: One of `TARGETS`.
        generators: Integer, how many are given.
        discriminators: Integer, how many are given.
    """
    networks = 2 if to == "cyclegan" else 1
    alone = to == "stylegan2" or to in upscalers.MODELS
    judges = 0 if alone else networks
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


def _read_network(path, role):
    """The arrays of a file, its plan, and where it comes from."""
    path = pathlib.Path(path)
    arrays, sha256 = checkpoints.read(path)
    try:
        plan = find_plan({name: array.shape for name, array in arrays.items()})
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
        # Normalization takes away what a bias adds. Networks may have one or
        # not, before normalization, and one of zero elsewhere.
        if len(values) < len(layer.weights):
            values.append(np.zeros(layer.weights[1].shape, "float32"))
        elif source.name in before_norm:
            values = values[: len(layer.weights)]
        layer.set_weights(values)


def find_plan(shapes):
    """The plan of a checkpoint with tensors of these shapes.

    Args:
        shapes: Dict, names to tuples of integers.

    Raises:
        ValueError: If it is none of the networks, saying why.
    """
    plans = (code.find_plan(shapes) for code in (junyanz, basicsr))
    plan = next((plan for plan in plans if plan is not None), None)
    if plan is None:
        raise ValueError(
            f"must be {junyanz.NETWORKS}, as in {junyanz.SOURCE}, or "
            f"{basicsr.NETWORKS}, as in {basicsr.SOURCE}. Received: "
            f"{listed(shapes)}"
        )
    check_tensors(shapes, plan)
    return plan


def _paths(value):
    return [value] if isinstance(value, (str, os.PathLike)) else list(value)


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
