"""Networks in PyTorch beside what becomes of their checkpoints."""

import keras
import numpy as np
import pytest
from comparing import assert_agree, images, run

import keras_gans
from keras_gans import convert
from keras_gans.convert.assembling import find_plan
from keras_gans.convert.plans import num_parameters
from keras_gans.layers import Dropout

# Golden samples of such networks are drawn on every backend (test_zoo.py).
pytestmark = pytest.mark.neutral

# ---- the same images ------------------------------------------------------


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
    plan = find_plan(shapes)
    assert plan.architecture == architecture
    assert plan.arguments["filters"] == 64
    count = sum(map(num_parameters, plan.layers))
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
