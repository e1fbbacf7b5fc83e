"""Networks in PyTorch and what becomes of their checkpoints."""

import hashlib
import json
import os
import pickle
import sys

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import backend, cli, convert, presets
from keras_gans.layers import Dropout


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="reads and writes checkpoints")


@pytest.fixture(scope="module")
def networks(torch):
    import pytorch_networks

    return pytorch_networks


@pytest.fixture
def save(torch, tmp_path):
    """Writes a network's state, or another object, to a file."""

    def write(what, name="latest_net_G.pth", **kwargs):
        if isinstance(what, torch.nn.Module):
            what = what.state_dict()
        torch.save(what, tmp_path / name, **kwargs)
        return tmp_path / name

    return write


def images(n, height, width, channels=3):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (n, height, width, channels)).astype("float32")


def run(network, x):
    x = keras.ops.convert_to_tensor(x)
    outputs = backend.apply_network(network, x, False)
    return keras.ops.convert_to_numpy(outputs)


def assert_agree(ours, theirs):
    assert ours.shape == theirs.shape
    assert theirs.std() > 0.1  # Neither dead nor all saturated.
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


# ---- the same images ------------------------------------------------------


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("kind", ["instance", "batch"])
@pytest.mark.parametrize("blocks", [6, 9])
def test_residual_generator(blocks, kind, dropout, networks, save):
    theirs = networks.ResnetGenerator(
        outputs=2, blocks=blocks, kind=kind, dropout=dropout
    )
    path = save(networks.randomize(theirs, seed=1))
    ours = convert.load_pytorch(path, to="pix2pix").generator
    assert isinstance(ours, keras_gans.models.cyclegan.CycleGANGenerator)
    config = ours.get_config()
    assert config["num_residual_blocks"] == blocks
    assert config["filters"] == 8
    assert config["normalization"] == kind
    assert config["image_shape"] == [256 if blocks == 9 else 128] * 2 + [3]
    x = images(2, 36, 48)
    assert_agree(run(ours, x), networks.run(theirs, x))


@pytest.mark.parametrize("kind", ["instance", "batch"])
@pytest.mark.parametrize("depth", [5, 7, 8])
def test_unet_generator(depth, kind, networks, save):
    theirs = networks.UnetGenerator(1, 2, filters=6, depth=depth, kind=kind)
    path = save(networks.randomize(theirs, seed=2))
    ours = convert.load_pytorch(path, to="pix2pix").generator
    config = ours.get_config()
    assert config["depth"] == depth
    assert config["filters"] == 6
    assert config["image_shape"] == [2**depth, 2**depth, 1]
    x = images(2, 2**depth, 2 ** (depth + 1), 1)
    assert_agree(run(ours, x), networks.run(theirs, x))


@pytest.mark.parametrize("kind", ["instance", "batch"])
@pytest.mark.parametrize("layers", [0, 1, 2, 3, 4])
def test_discriminator(layers, kind, networks, save):
    if layers:
        theirs = networks.NLayerDiscriminator(layers=layers, kind=kind)
    else:
        theirs = networks.PixelDiscriminator(kind=kind)
    path = save(networks.randomize(theirs, seed=3), "latest_net_D.pth")
    generator = save(networks.ResnetGenerator(blocks=1))
    ours = convert.load_pytorch(generator, "pix2pix", path).discriminator
    sizes = {0: 1, 1: 16, 2: 34, 3: 70, 4: 142}
    assert ours.get_config()["patch_size"] == sizes[layers]
    x = images(2, 64, 96, 6)
    assert_agree(run(ours, x), networks.run(theirs, x))


@pytest.mark.parametrize("depth", [5, 7, 8])
def test_dropout_is_where_the_authors_have_it(
    depth, networks, torch, save, monkeypatch
):
    """With something in its place that can be compared."""
    monkeypatch.setattr(
        Dropout, "call", lambda self, inputs, training=False: inputs * 0.5
    )
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x * 0.5)
    theirs = networks.UnetGenerator(filters=6, depth=depth)
    path = save(networks.randomize(theirs, seed=4))
    gan = convert.load_pytorch(path, to="pix2pix")
    assert gan.dropout_at_test
    x = images(1, 2**depth, 2**depth)
    assert_agree(run(gan.generator, x), networks.run(theirs, x))
    layers = [x for x in gan.generator.layers if isinstance(x, Dropout)]
    assert [layer.rate for layer in layers] == [0.5] * (depth - 5)
    # Without it, and for a CycleGAN, which never has it at test.
    for arguments in ({"to": "pix2pix", "dropout": False}, {"to": "cyclegan"}):
        gan = convert.load_pytorch(path, **arguments)
        assert not gan.dropout_at_test
        assert not any(isinstance(x, Dropout) for x in gan.generator.layers)


# ---- what checkpoints look like -------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        "plain",
        "old file",
        "module.",
        "_orig_mod.",
        "both",
        "statistics",
        "half",
    ],
)
def test_forms_of_a_checkpoint(form, networks, torch, save):
    theirs = networks.randomize(
        networks.ResnetGenerator(blocks=2, statistics=form == "statistics"),
        seed=5,
    )
    if form == "half":
        theirs.half().float()
    state = theirs.state_dict()
    has_statistics = any("running_mean" in name for name in state)
    assert has_statistics == (form == "statistics")
    prefix = {"both": "module._orig_mod."}.get(form, form)
    if prefix.endswith("."):
        state = {prefix + name: value for name, value in state.items()}
    if form == "half":
        state = {name: value.half() for name, value in state.items()}
    path = save(state, _use_new_zipfile_serialization=form != "old file")
    ours = convert.load_pytorch(path, to="cyclegan").generator_ab
    x = images(1, 32, 40)
    assert_agree(run(ours, x), networks.run(theirs, x))


@pytest.mark.parametrize(
    "make, architecture, millions",
    [
        (lambda n: n.UnetGenerator(filters=64, depth=8), "unet_256", 54.414),
        (lambda n: n.UnetGenerator(filters=64, depth=7), "unet_128", 41.829),
        (
            lambda n: n.ResnetGenerator(filters=64, blocks=9),
            "resnet_9blocks",
            11.378,
        ),
        (
            lambda n: n.ResnetGenerator(filters=64, blocks=6),
            "resnet_6blocks",
            7.838,
        ),
        (lambda n: n.NLayerDiscriminator(6, 64, 3, "batch"), "basic", 2.769),
        (lambda n: n.NLayerDiscriminator(3, 64, 3, "instance"), "basic", 2.765),
    ],
)
def test_full_size(make, architecture, millions, networks, torch):
    """The authors' numbers of parameters, which their code prints."""
    with torch.device("meta"):
        theirs = make(networks)
    shapes = {name: tuple(v.shape) for name, v in theirs.state_dict().items()}
    plan = convert._plan(shapes)
    assert plan.architecture == architecture
    assert plan.arguments["filters"] == 64
    count = sum(map(convert._parameters, plan.layers))
    assert count == sum(p.numel() for p in theirs.parameters())
    assert round(count / 1e6, 3) == millions
    # Without memory for the weights of ours.
    with keras.StatelessScope(initialize_variables=False):
        ours = plan.cls(**plan.arguments)
    # But for biases that normalization takes away: they may be there or not.
    sizes = [
        sum(np.prod(v.shape) for v in group if len(v.shape) == 4)
        for group in (ours.weights, theirs.parameters())
    ]
    assert sizes[0] == sizes[1]


# ---- models and presets ---------------------------------------------------


def test_a_cyclegan_of_four_checkpoints(networks, save):
    """The authors' D_A judges what their G_A makes: images of domain b."""
    theirs = {}
    for i, name in enumerate(("G_A", "G_B", "D_A", "D_B")):
        if name[0] == "G":
            network = networks.ResnetGenerator(blocks=2)
        else:
            network = networks.NLayerDiscriminator(3, kind="instance")
        theirs[name] = networks.randomize(network, seed=i)
    paths = {n: save(v, f"latest_net_{n}.pth") for n, v in theirs.items()}
    gan = convert.load_pytorch(
        [paths["G_A"], paths["G_B"]], "cyclegan", [paths["D_A"], paths["D_B"]]
    )
    x = images(1, 32, 32)
    for ours, name in (
        (gan.generator_ab, "G_A"),
        (gan.generator_ba, "G_B"),
        (gan.discriminator_b, "D_A"),
        (gan.discriminator_a, "D_B"),
    ):
        assert_agree(run(ours, x), networks.run(theirs[name], x))


def test_command_of_one_direction(networks, save, tmp_path, capsys):
    theirs = networks.randomize(networks.ResnetGenerator(blocks=2), seed=6)
    path, folder = save(theirs), tmp_path / "horses"
    arguments = ["convert", path, "--to", "cyclegan", "--image-size", 32]
    assert cli.main([*map(str, arguments), "-o", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "generator_ab: resnet_2blocks, instance normalization" in printed
    assert "generator_ba: UNTRAINED" in printed
    assert "the direction ba are noise" in printed
    assert "licence of the weights is that of the source" in printed
    untrained = ["generator_ba", "discriminator_a", "discriminator_b"]
    metadata = json.loads((folder / presets.METADATA).read_text())
    assert metadata["untrained"] == untrained
    assert metadata["license"] == convert.LICENSE
    source = metadata["source"]["generator_ab"]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert source["file"] == "latest_net_G.pth"
    assert source["sha256"] == sha256
    assert "README.md" in metadata["files"]
    card = (folder / "README.md").read_text()
    assert card.startswith("# horses\n")
    for words in (sha256, "generator_ba: UNTRAINED", "**Licence**"):
        assert words in card
    loaded = keras_gans.AdversarialModel.from_preset(folder)
    assert isinstance(loaded, keras_gans.CycleGAN)
    assert loaded.image_shape == (32, 32, 3)
    x = images(1, 32, 40)
    expected = networks.run(theirs, x)
    assert_agree(run(loaded.generator_ab, x), expected)
    # Any size, as uint8.
    pixels = np.round(x * 127.5 + 127.5).astype("uint8")[:, :, :39]
    assert loaded.translate(pixels).shape == (1, 32, 39, 3)
    assert loaded.translate(pixels, direction="ba").shape == (1, 32, 39, 3)


def test_command_of_pix2pix_and_training(networks, save, tmp_path, capsys):
    theirs = networks.UnetGenerator(1, 2, filters=4, depth=6)
    path = save(networks.randomize(theirs, seed=7))
    judge = networks.randomize(networks.NLayerDiscriminator(3), seed=8)
    judge_path = save(judge, "latest_net_D.pth")
    folder = tmp_path / "new" / "facades"
    arguments = ["convert", path, "--to", "pix2pix", "-o", folder]
    arguments += ["--discriminator", judge_path]
    assert cli.main([*map(str, arguments)]) == 0
    printed = capsys.readouterr().out
    assert "generator: unet_64, batch normalization" in printed
    assert "generator: dropout is on, at test as well" in printed
    assert "moving averages are left out" in printed
    assert "UNTRAINED" not in printed
    gan = keras_gans.Pix2Pix.from_preset(folder)
    x, y = images(2, 64, 64, 1), images(2, 64, 64, 2)
    assert_agree(run(gan.generator, x), networks.run(theirs, x))
    pairs = np.concatenate([x, y], axis=-1)
    assert_agree(run(gan.discriminator, pairs), networks.run(judge, pairs))
    config = gan.generator.get_config()
    assert list(config["dropout_layers"]) == [1]
    # What was converted can go on training.
    gan.compile()
    logs = gan.fit(x, y, batch_size=1, verbose=0).history
    assert np.isfinite(logs["g_loss"]).all()


@pytest.mark.parametrize("layout", ["basicsr", "ema", "mmagic", "plain"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_msrresnet(scale, layout, networks, save, tmp_path, capsys):
    theirs = networks.MSRResNet(scale, 3, blocks=3)
    state = dict(networks.randomize(theirs, seed=4).state_dict())
    renamed = {
        "generator."
        + name.replace("body", "trunk_net")
        .replace("upconv1.", "upsample1.upsample_conv.")
        .replace("upconv2.", "upsample2.upsample_conv."): value
        for name, value in state.items()
    }
    path = save(
        {
            "basicsr": {"params": state},
            "ema": {"params": {}, "params_ema": state},
            "mmagic": {
                "meta": {"epoch": 1},
                "state_dict": {
                    **renamed,
                    "step_counter": state["conv_hr.bias"],
                },
            },
            "plain": state,
        }[layout]
    )
    x = images(2, 9, 12)
    expected = 2 * networks.run(theirs, (x + 1) / 2) - 1
    model = convert.load_pytorch(path, to="srresnet")
    assert_agree(run(model.generator, x), expected)
    if layout == "mmagic":
        folder = tmp_path / "preset"
        command = ["convert", str(path), "--to", "srresnet", "-o", str(folder)]
        assert cli.main(command) == 0
        assert "generator: MSRResNet, no norm" in capsys.readouterr().out
        model = keras_gans.SRResNet.from_preset(folder)
        assert_agree(run(model.generator, x), expected)
        image = (images(1, 40, 30)[0] * 127.5 + 127.5).astype("uint8")
        whole = model.upscale(image, tile=100).astype(int)
        assert whole.shape == (40 * scale, 30 * scale, 3)
        assert np.abs(whole - model.upscale(image, tile=9)).max() <= 1
    else:
        with pytest.raises(ValueError, match="which is for to='srresnet'"):
            convert.load_pytorch(path, to="cyclegan")


def test_what_is_no_msrresnet(networks, save):
    path = save(networks.ResnetGenerator(blocks=1))
    with pytest.raises(ValueError, match="must be an MSRResNet"):
        convert.load_pytorch(path, to="srresnet")
    state = networks.MSRResNet().state_dict()
    del state["body.1.conv2.bias"]
    path = save(state)
    with pytest.raises(ValueError, match=r"missing: body.1.conv2.bias"):
        convert.load_pytorch(path, to="srresnet")


def test_the_command_knows_the_targets():
    assert cli.TARGETS == convert.TARGETS


# ---- errors ---------------------------------------------------------------


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("form", ["pickle", "zip", "in a state dict", "legacy"])
def test_code_in_a_file_is_not_run(form, torch, save, tmp_path, capsys):
    mark = tmp_path / "was_run"
    what = Evil(mark)
    if form == "in a state dict":
        what = {"model.1.weight": torch.zeros(8, 3, 7, 7), "more": what}
    if form == "pickle":
        path = tmp_path / "latest_net_G.pth"
        path.write_bytes(pickle.dumps(what))
    else:
        path = save(what, _use_new_zipfile_serialization=form != "legacy")
    out = tmp_path / "out"
    arguments = ["convert", path, "--to", "cyclegan", "-o", out]
    assert cli.main([*map(str, arguments)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "must be a state dict" in error
    if form != "pickle":  # Of which PyTorch reads no further than its start.
        wanted = f"{os.mkdir.__module__}.mkdir"
        assert f"asks for {wanted}, which was not run" in error
    assert not mark.exists() and not out.exists()
    # Unless read with trust.
    if form == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert mark.exists()


def test_a_tensor_without_the_bytes_for_it(torch, save):
    state = {"model.0.weight": torch.zeros(1).expand(10**6, 10**6, 4, 4)}
    with pytest.raises(ValueError, match="bytes in a file of"):
        convert.load_pytorch(save(state), to="pix2pix")


def test_left_over_missing_and_misshapen_tensors(networks, torch, save):
    state = networks.ResnetGenerator(blocks=2).state_dict()
    state["model.99.weight"] = torch.zeros(3)
    state["extra"] = torch.zeros(3)
    del state["model.11.conv_block.5.bias"]
    state["model.4.weight"] = torch.zeros(16, 8, 5, 5)
    with pytest.raises(ValueError) as error:
        convert.load_pytorch(save(state), to="cyclegan")
    message = str(error.value)
    assert "latest_net_G.pth must hold exactly the tensors" in message
    assert "Received: left over: model.99.weight, extra; missing: " in message
    assert "missing: model.11.conv_block.5.bias; of another" in message
    assert "model.4.weight (16, 8, 5, 5), not (16, 8, 3, 3)" in message


@pytest.mark.parametrize("kind", ["no normalization", "zero padding"])
def test_variants_that_ours_are_not(kind, networks, save):
    if kind == "zero padding":  # Without layers of padding in the blocks.
        theirs = networks.ResnetGenerator(blocks=1).state_dict()
        moved = {"conv_block.1": "conv_block.0", "conv_block.5": "conv_block.3"}
        state = {}
        for name, value in theirs.items():
            for old, new in moved.items():
                name = name.replace(old, new)
            state[name] = value
    else:  # And so neither biases nor scales.
        theirs = networks.ResnetGenerator(blocks=1, kind="batch").state_dict()
        last = "model.18"
        state = {n: v for n, v in theirs.items() if v.ndim == 4 or last in n}
    with pytest.raises(ValueError, match="missing: model.1"):
        convert.load_pytorch(save(state), to="cyclegan")


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["missing.pth"], 1, "checkpoint must be a file"),
        ([], 2, "CHECKPOINT"),
        (["."], 1, "checkpoint must be a file"),
        (["text.pth"], 1, "must be a state dict"),
        (["list.pth"], 1, "names and tensors. Received: a list"),
        (["empty.pth"], 1, "Received: an empty one"),
        (["run.pth"], 1, "Received: 'epoch' of type int"),
        (["other.pth"], 1, "Received: fc.weight"),
        (["D.pth"], 1, "must be a generator. Received: the discriminator"),
        (["G.pth", "--discriminator", "G.pth"], 1, "must be a discriminator"),
        (["G.pth", "--discriminator", "D.pth"], 1, "6 channels to be the"),
        (["G.pth", "G.pth"], 2, "generators of pix2pix must be 1,"),
        (["G.pth", "--image-size", "30"], 1, "multiples of 4"),
        (["G.pth", "-o", "full"], 1, "path must be a new or an empty folder"),
        (["G.pth", "-o", "G.pth"], 1, "path must be a new or an empty folder"),
        (["G.pth", "--to", "srgan"], 2, "srgan"),
        (["G2.pth", "--to", "cyclegan"], 1, "as many channels"),
        (["G.pth", "G.pth", "G.pth", "--to", "cyclegan"], 2, "1 to 2"),
    ],
)
def test_errors_are_one_sentence(
    arguments, code, words, networks, torch, save, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "text.pth").write_text("weights")
    save([torch.zeros(1)], "list.pth")
    save({}, "empty.pth")
    save({"epoch": 3, "state_dict": {}}, "run.pth")
    save({"fc.weight": torch.zeros(3, 3)}, "other.pth")
    save(networks.ResnetGenerator(blocks=1), "G.pth")
    save(networks.ResnetGenerator(blocks=1, outputs=1), "G2.pth")
    save(networks.NLayerDiscriminator(3), "D.pth")
    for option, value in (("--to", "pix2pix"), ("-o", "out")):
        if option not in arguments:
            arguments = [*arguments, option, value]
    try:
        assert cli.main(["convert", *arguments]) == code
    except SystemExit as stop:
        assert stop.code == code
    error = capsys.readouterr().err
    assert words.lower() in error.lower()
    assert error.startswith("keras-gans")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert sorted(p.name for p in (tmp_path / "full").iterdir()) == [
        "letter.txt"
    ]


def test_to_must_be_a_target():
    with pytest.raises(ValueError, match="Received: to='srgan'"):
        convert.load_pytorch("G.pth", to="srgan")


def test_without_pytorch(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(b"")
    arguments = ["convert", path, "--to", "pix2pix", "-o", tmp_path / "out"]
    assert cli.main([*map(str, arguments)]) == 1
    error = capsys.readouterr().err
    assert "pip install 'keras-gans[convert]'" in error
    assert error.count("\n") == 1
