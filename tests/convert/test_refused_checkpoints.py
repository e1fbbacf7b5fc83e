"""Files that are no checkpoints, or not of what they are taken for."""

import os
import pickle
import sys
import zipfile

import pytest

from keras_gans import cli, convert

pytestmark = pytest.mark.neutral


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_an_archive_that_others_compressed(torch, save, tmp_path, capsys):
    """PyTorch would take a thousand times the file's memory."""
    stored = save({"model.1.weight": torch.zeros(10**6)})
    path = tmp_path / "bomb.pth"
    with (
        zipfile.ZipFile(stored) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    arguments = ["convert", path, "--to", "cyclegan", "-o", tmp_path / "out"]
    assert cli.main([*map(str, arguments)]) == 1
    error = capsys.readouterr().err
    assert "Received: 4,00" in error and "bytes compressed in" in error


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
