"""Models and presets of checkpoints, by function and by command."""

import hashlib
import json

import numpy as np
import pytest
from comparing import assert_agree, images, run

import keras_gans
from keras_gans import cli, convert, presets

pytestmark = pytest.mark.neutral


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
