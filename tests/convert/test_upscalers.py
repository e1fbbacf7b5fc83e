"""RRDBNet and SRVGGNetCompact: checkpoints of PyTorch, in all their forms."""

import json

import keras
import numpy as np
import pytest
from comparing import assert_agree, images, run

import keras_gans
from keras_gans import cli, convert

pytestmark = pytest.mark.neutral

F, G, BLOCKS = 6, 4, 2


def rrdbnet_state(torch, scale=4, channels=3):
    """Tensors under today's names, from which nothing explodes."""
    generator = torch.Generator().manual_seed(0)
    inputs = channels * {4: 1, 2: 4, 1: 16}[scale]
    layers = {"conv_first": (inputs, F)}
    for i in range(BLOCKS):
        for j in (1, 2, 3):
            for k in range(5):
                shape = (F + k * G, F if k == 4 else G)
                layers[f"body.{i}.rdb{j}.conv{k + 1}"] = shape
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        layers[name] = (F, F)
    layers["conv_last"] = (F, channels)
    return tensors(torch, layers, generator)


def tensors(torch, layers, generator):
    state = {}
    for name, (inputs, outputs) in layers.items():
        kernel = torch.randn(outputs, inputs, 3, 3, generator=generator)
        state[f"{name}.weight"] = kernel * (2 / (9 * inputs)) ** 0.5
        state[f"{name}.bias"] = 0.1 * torch.randn(outputs, generator=generator)
    return state


def run_rrdbnet(torch, state, x, scale):
    """Of images in [0, 1], with the authors' padding where sides are odd."""
    functional = torch.nn.functional

    def conv(name, x):
        kernel, bias = (state[f"{name}.{part}"] for part in ("weight", "bias"))
        return functional.conv2d(x, kernel, bias, padding=1)

    def leaky(x):
        return functional.leaky_relu(x, 0.2)

    x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    height, width = x.shape[2:]
    packed = {4: 1, 2: 2, 1: 4}[scale]
    if packed > 1:
        ends = (0, -width % packed, 0, -height % packed)
        x = functional.pad(x, ends, mode="replicate")
        x = functional.pixel_unshuffle(x, packed)
    x = first = conv("conv_first", x)
    for i in range(BLOCKS):
        start = x
        for j in (1, 2, 3):
            seen = x
            for k in (1, 2, 3, 4):
                y = leaky(conv(f"body.{i}.rdb{j}.conv{k}", seen))
                seen = torch.cat([seen, y], 1)
            x = x + 0.2 * conv(f"body.{i}.rdb{j}.conv5", seen)
        x = start + 0.2 * x
    x = first + conv("conv_body", x)
    for name in ("conv_up1", "conv_up2"):
        x = functional.interpolate(x, scale_factor=2, mode="nearest")
        x = leaky(conv(name, x))
    x = conv("conv_last", leaky(conv("conv_hr", x)))
    x = x[:, :, : scale * height, : scale * width]
    return x.numpy().transpose(0, 2, 3, 1)


def srvgg_state(torch, scale, convs=3):
    generator = torch.Generator().manual_seed(1)
    last = 2 * convs + 2
    layers = {"body.0": (3, F)}
    layers |= {f"body.{i}": (F, F) for i in range(2, last, 2)}
    layers[f"body.{last}"] = (F, 3 * scale**2)
    state = tensors(torch, layers, generator)
    for i in range(1, last, 2):
        state[f"body.{i}.weight"] = torch.rand(F, generator=generator)
    return state


def run_srvgg(torch, state, x, scale):
    functional = torch.nn.functional
    x = image = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    for i in range(max(int(name.split(".")[1]) for name in state) + 1):
        weight = state[f"body.{i}.weight"]
        if weight.ndim == 1:
            x = functional.prelu(x, weight)
        else:
            x = functional.conv2d(x, weight, state[f"body.{i}.bias"], padding=1)
    x = functional.pixel_shuffle(x, scale)
    x = x + functional.interpolate(image, scale_factor=scale, mode="nearest")
    return x.numpy().transpose(0, 2, 3, 1)


def renamed(state, form):
    """Under the names of older code."""
    trunk = (("conv_body", "trunk_conv"), ("conv_up", "upconv"))
    trunk += (("body.", "RRDB_trunk."), (".rdb", ".RDB"))
    trunk += (("conv_hr", "HRconv"),)
    oldest = (("conv_first", "model.0"), ("conv_body", "model.1.sub.2"))
    oldest += (("conv_up1", "model.3"), ("conv_up2", "model.6"))
    oldest += (("conv_hr", "model.8"), ("conv_last", "model.10"))
    found = {}
    for name, value in state.items():
        if form == "oldest" and name.startswith("body."):
            name = name.replace("body.", "model.1.sub.").replace("rdb", "RDB")
            name = name.replace(".weight", ".0.weight")
            name = name.replace(".bias", ".0.bias")
        for old, new in {"trunk": trunk, "oldest": oldest}.get(form, ()):
            name = name.replace(old, new)
        found[name] = value
    return found


@pytest.mark.slow
@pytest.mark.parametrize("form", ["today's", "trunk", "oldest"])
def test_rrdbnet_in_three_layouts(form, torch, save):
    state = rrdbnet_state(torch)
    path = save({"params": {}, "params_ema": renamed(state, form)})
    model = convert.load_pytorch(path, to="rrdbnet")
    assert type(model) is keras_gans.RRDBNet
    config = {"scale": 4, "channels": 3, "num_blocks": BLOCKS}
    config |= {"filters": F, "growth": G, "name": "generator"}
    assert model.generator.get_config() == config
    x = images(2, 7, 9)
    expected = run_rrdbnet(torch, state, (x + 1) / 2, 4)
    assert_agree(run(model.generator, x), 2 * expected - 1)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(8, 12), (7, 9), (1, 2)])
@pytest.mark.parametrize("scale", [1, 2])
def test_rrdbnet_of_packed_pixels(scale, size, torch, save):
    state = rrdbnet_state(torch, scale)
    model = convert.load_pytorch(save(state), to="rrdbnet")
    assert model.scale == scale
    x = images(2, *size)
    expected = run_rrdbnet(torch, state, (x + 1) / 2, scale)
    assert_agree(run(model.generator, x), 2 * expected - 1)


def test_the_average_comes_first(torch, save):
    state = rrdbnet_state(torch)
    other = {name: 0 * value for name, value in state.items()}
    path = save({"params": other, "params_ema": state})
    model = convert.load_pytorch(path, to="rrdbnet")
    bias = keras.ops.convert_to_numpy(model.generator.weights[1])
    np.testing.assert_array_equal(bias, state["conv_first.bias"].numpy())


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_srvgg(scale, torch, save):
    state = srvgg_state(torch, scale)
    model = convert.load_pytorch(save({"params": state}), to="srvgg")
    assert type(model) is keras_gans.SRVGGNetCompact
    assert model.generator.get_config()["num_convs"] == 3
    x = images(2, 7, 10)
    expected = run_srvgg(torch, state, (x + 1) / 2, scale)
    assert_agree(run(model.generator, x), 2 * expected - 1)


@pytest.mark.slow
def test_the_command_makes_a_preset(torch, save, tmp_path, capsys):
    state = rrdbnet_state(torch)
    path, out = save(renamed(state, "oldest")), tmp_path / "preset"
    command = ["convert", str(path), "--to", "rrdbnet", "-o", str(out)]
    assert cli.main(command) == 0
    assert "generator: RRDBNet, no normalization" in capsys.readouterr().out
    model = keras_gans.RRDBNet.from_preset(out)
    x = images(1, 6, 5)
    expected = run_rrdbnet(torch, state, (x + 1) / 2, 4)
    assert_agree(run(model.generator, x), 2 * expected - 1)
    assert "1809.00219" in (out / "README.md").read_text()
    with pytest.raises(ValueError, match="an RRDBNet, which is for to='rrd"):
        convert.load_pytorch(path, to="pix2pix")


# ---- what is refused ------------------------------------------------------


def changed(state, form):
    state = dict(state)
    if form == "of another scale":  # Modules of one that enlarges by 2.
        state = renamed(state, "oldest")
        state["model.5.weight"] = state.pop("model.6.weight")
        state["model.5.bias"] = state.pop("model.6.bias")
    elif form == "a missing bias":
        del state["body.1.rdb3.conv5.bias"]
    elif form == "one left over":
        state["extra"] = state["conv_hr.bias"]
    elif form == "other channels":
        state["conv_first.weight"] = state["conv_first.weight"][:, :2]
    return state


@pytest.mark.parametrize(
    "form, words",
    [
        ("of another scale", "must enlarge by 4"),
        ("a missing bias", "missing: body.1.rdb3.conv5.bias"),
        ("one left over", "left over: extra"),
        ("other channels", "an RRDBNet from 2 to 3"),
    ],
)
def test_what_is_no_rrdbnet(form, words, torch, save):
    path = save(changed(rrdbnet_state(torch), form))
    with pytest.raises(ValueError, match=words):
        convert.load_pytorch(path, to="rrdbnet")


def test_networks_are_told_apart(torch, networks, save):
    """MSRResNet's has a `conv_first` and a `body` as well."""
    states = {
        "srresnet": networks.MSRResNet().state_dict(),
        "rrdbnet": rrdbnet_state(torch),
        "srvgg": srvgg_state(torch, 2),
    }
    for to in states:
        for name, state in states.items():
            path = save(state)
            if name == to:
                convert.load_pytorch(path, to)
                continue
            with pytest.raises(ValueError, match="must be an? .*Received: the"):
                convert.load_pytorch(path, to)
    with pytest.raises(ValueError, match="with 2, by 1"):
        state = srvgg_state(torch, 2)
        state = {n: v for n, v in state.items() if n[5] in "02"}
        convert.load_pytorch(save(state), "srvgg")


# ---- safetensors ----------------------------------------------------------


def safetensors(path, state, dtype="F32", **changes):
    """Writes a file by hand, for the package for it is not needed."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in state.items():
        value = value.numpy().astype("float32")
        if dtype == "F16":
            value = value.astype("float16")
        elif dtype == "BF16":
            value = (value.view("uint32") >> 16).astype("uint16")
        start, data = len(data), data + value.tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(value.shape),
            "data_offsets": [start, len(data)],
        }
    header.update(changes)
    header = json.dumps(header).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_safetensors(dtype, torch, tmp_path):
    state = srvgg_state(torch, 2)
    path = safetensors(tmp_path / "a.safetensors", state, dtype)
    model = convert.load_pytorch(path, to="srvgg")
    found = keras.ops.convert_to_numpy(model.generator.weights[0])
    expected = state["body.0.weight"].numpy().transpose(2, 3, 1, 0)
    tolerance = {"F32": 0, "F16": 1e-3, "BF16": 1e-2}[dtype]
    np.testing.assert_allclose(found, expected, rtol=tolerance)


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"body.0.bias": entry([6], 0, 24)}, "at 0, not at"),
        ({"more": entry([10**9, 10**9], 0, 4)}, "more of shape"),
        ({"more": entry([2], -8, 0)}, "more of shape"),
        ({"more": entry([1] * 9, 0, 4)}, "more of shape"),
        ({"more": entry([2], 0, 8, "I64")}, "more without a type"),
        ({"more": [1]}, "more without a type"),
        ({"more": entry("no", 0, 8)}, "more of shape"),
    ],
)
def test_safetensors_that_lie(changes, words, torch, tmp_path):
    state = srvgg_state(torch, 2)
    path = safetensors(tmp_path / "a.safetensors", state, **changes)
    with pytest.raises(ValueError, match=words) as error:
        convert.load_pytorch(path, to="srvgg")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"\2\0\0\0\0\0\0\0[]"])
def test_what_is_no_safetensors(content, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.safetensors.* must "):
        convert.load_pytorch(path, to="srvgg")
