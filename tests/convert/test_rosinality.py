"""StyleGAN2's generator in PyTorch beside what becomes of its checkpoint."""

import math

import keras
import numpy as np
import pytest
from comparing import assert_agree

from keras_gans import convert, presets
from keras_gans.cli import main

pytestmark = pytest.mark.neutral
STYLE, WIDTHS = 12, (8, 6, 4)


def state_of(torch, style=STYLE, widths=WIDTHS, depth=3, seed=0):
    """A state dict with the names and shapes of the code's generator."""
    torch.manual_seed(seed)
    state = {"input.input": torch.randn(1, widths[0], 4, 4)}

    def dense(name, outputs, inputs, scale=1.0):
        state[f"{name}.weight"] = scale * torch.randn(outputs, inputs)
        state[f"{name}.bias"] = scale * torch.randn(outputs) / 10

    def modulated(name, outputs, inputs, side):
        state[f"{name}.weight"] = torch.randn(1, outputs, inputs, side, side)
        dense(f"{name}.modulation", inputs, style)
        state[f"{name}.modulation.bias"] += 1

    def styled(name, outputs, inputs, up=False):
        modulated(f"{name}.conv", outputs, inputs, 3)
        if up:
            state[f"{name}.conv.blur.kernel"] = taps(torch)
        state[f"{name}.noise.weight"] = torch.randn(1)
        state[f"{name}.activate.bias"] = torch.randn(outputs) / 10

    def to_rgb(name, inputs, up=True):
        modulated(f"{name}.conv", 3, inputs, 1)
        state[f"{name}.bias"] = torch.randn(1, 3, 1, 1) / 10
        if up:
            state[f"{name}.upsample.kernel"] = taps(torch)

    for i in range(1, depth + 1):
        dense(f"style.{i}", style, style, scale=100.0)
    styled("conv1", widths[0], widths[0])
    to_rgb("to_rgb1", widths[0], up=False)
    state["noises.noise_0"] = torch.randn(1, 1, 4, 4)
    for i, (before, width) in enumerate(zip(widths, widths[1:])):
        styled(f"convs.{2 * i}", width, before, up=True)
        styled(f"convs.{2 * i + 1}", width, width)
        to_rgb(f"to_rgbs.{i}", width)
        for j in (1, 2):
            side = 8 * 2**i
            noise = torch.randn(1, 1, side, side)
            state[f"noises.noise_{2 * i + j}"] = noise
    return state


def taps(torch):
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return line[None] * line[:, None] / 16


def generate(torch, state, latents, mean=None, psi=1.0):
    """The generator by its paper, a kernel for each image."""
    functional = torch.nn.functional

    def activated(x):
        return functional.leaky_relu(x, 0.2) * math.sqrt(2)

    def modulated(name, x, style, up=False, demodulate=True):
        weight = state[f"{name}.weight"]
        affine = state[f"{name}.modulation.weight"] / math.sqrt(style.shape[1])
        scale = style @ affine.T + state[f"{name}.modulation.bias"]
        outputs, inputs, side, _ = weight.shape[1:]
        made = []
        for image, s in zip(x, scale):
            w = weight[0] / math.sqrt(inputs * side**2) * s[None, :, None, None]
            if demodulate:
                w = w / torch.sqrt(w.square().sum((1, 2, 3), True) + 1e-8)
            if up:
                y = functional.conv_transpose2d(
                    image[None], w.transpose(0, 1), stride=2
                )
                y = functional.pad(y, (1, 1, 1, 1))
                kernel = taps(torch).expand(outputs, 1, 4, 4)
                y = functional.conv2d(y, kernel, groups=outputs)
            else:
                y = functional.conv2d(image[None], w, padding=side // 2)
            made.append(y)
        return torch.cat(made)

    number = 0

    def styled(name, x, style, up=False):
        nonlocal number
        x = modulated(f"{name}.conv", x, style, up)
        noise = state[f"noises.noise_{number}"]
        number += 1
        x = x + state[f"{name}.noise.weight"] * noise
        return activated(x + state[f"{name}.activate.bias"][:, None, None])

    def to_rgb(name, x, style, skip=None):
        x = modulated(f"{name}.conv", x, style, demodulate=False)
        x = x + state[f"{name}.bias"]
        if skip is None:
            return x
        n, c, h, w = skip.shape
        spread = torch.zeros(n, c, h, 2, w, 2)
        spread[:, :, :, 0, :, 0] = skip
        spread = functional.pad(spread.reshape(n, c, 2 * h, 2 * w), (2, 1) * 2)
        kernel = taps(torch).expand(c, 1, 4, 4)
        return x + functional.conv2d(spread, kernel, groups=c)

    z = torch.from_numpy(latents)
    style = z / torch.sqrt(z.square().mean(1, keepdim=True) + 1e-8)
    i = 1
    while f"style.{i}.weight" in state:
        weight = state[f"style.{i}.weight"] * 0.01 / math.sqrt(style.shape[1])
        bias = state[f"style.{i}.bias"] * 0.01
        style, i = activated(style @ weight.T + bias), i + 1
    if mean is not None:
        style = mean + psi * (style - mean)
    x = state["input.input"].expand(len(z), -1, -1, -1)
    x = styled("conv1", x, style)
    image = to_rgb("to_rgb1", x, style)
    i = 0
    while f"to_rgbs.{i}.bias" in state:
        x = styled(f"convs.{2 * i}", x, style, up=True)
        x = styled(f"convs.{2 * i + 1}", x, style)
        image = to_rgb(f"to_rgbs.{i}", x, style, image)
        i += 1
    return image.permute(0, 2, 3, 1).numpy()


def latents(n=3, size=STYLE):
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, size)).astype("float32")


def test_the_same_images(torch, save):
    state = state_of(torch)
    path = save({"g_ema": state, "g": {}, "iteration": 7}, "550000.pt")
    model = convert.load_pytorch(path, to="stylegan2")
    assert model.generator.get_config()["filters"] == list(WIDTHS)
    assert model.generator.get_config()["num_mapping_layers"] == 3
    z = latents()
    ours = keras.ops.convert_to_numpy(model.generator(z))
    theirs = generate(torch, state, z)
    assert ours.shape == (3, 16, 16, 3)
    assert_agree(ours, theirs)


def test_the_sizes_of_config_f(torch, save):
    # 256x256 as published, in its width at the smallest resolutions.
    widths = (512, 512, 512)
    state = state_of(torch, style=512, widths=widths, depth=8)
    model = convert.load_pytorch(save({"g_ema": state}), to="stylegan2")
    z = latents(2, 512)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model.generator(z)),
        generate(torch, state, z),
        atol=1e-3,
    )


@pytest.mark.parametrize("in_file", [True, False])
def test_the_mean_style(in_file, torch, save):
    state = state_of(torch)
    mean = torch.linspace(-1, 1, STYLE)
    content = {"g_ema": state, **({"latent_avg": mean} if in_file else {})}
    model = convert.load_pytorch(save(content), to="stylegan2")
    if in_file:
        z = latents()
        styles = model.truncated_styles(z, 0.5)
        ours = keras.ops.convert_to_numpy(model.generator.synthesis(styles))
        theirs = generate(torch, state, z, mean=mean, psi=0.5)
        assert_agree(ours, theirs)
    else:
        z = latents(4000)
        styles = keras.ops.convert_to_numpy(model.generator.mapping(z))
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(model.generator.average_style),
            styles.mean(0),
            atol=0.1 * styles.std(),
        )


def test_as_a_preset(torch, save, tmp_path, capsys):
    path = save({"g_ema": state_of(torch)}, "cats.pt")
    out = tmp_path / "cats"
    main(["convert", str(path), "--to", "stylegan2", "-o", str(out)])
    said = capsys.readouterr().out
    assert "non-commercial" in said and "UNTRAINED" in said
    assert "non-commercial" in (out / "README.md").read_text()
    model = presets.load(out)
    expected = convert.load_pytorch(path, to="stylegan2")
    np.testing.assert_array_equal(
        model.generate(3, seed=0), expected.generate(3, seed=0)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "change, match",
    [
        (lambda s: s.pop("convs.1.noise.weight"), "missing: convs.1.noise"),
        (lambda s: s.update(other=s["input.input"]), "left over: other"),
        (
            lambda s: s.update(
                {"convs.0.conv.blur.kernel": s["convs.0.conv.blur.kernel"] * 2}
            ),
            r"another filter.*convs.0.conv.blur",
        ),
        (lambda s: s.pop("input.input"), "must be a generator of StyleGAN2"),
        (
            lambda s: s.update({"noises.noise_1": s["noises.noise_0"]}),
            "of another shape: noises.noise_1",
        ),
    ],
)
def test_refusals(change, match, torch, save):
    state = state_of(torch)
    change(state)
    with pytest.raises(ValueError, match=match):
        convert.load_pytorch(save({"g_ema": state}), to="stylegan2")
