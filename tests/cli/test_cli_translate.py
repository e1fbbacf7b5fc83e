"""`keras-gans translate`, on files as people have them."""

import keras
import numpy as np
import pytest
from cases import tiny_cyclegan, tiny_gan
from PIL import Image

import keras_gans
from keras_gans import cli

pytestmark = pytest.mark.neutral


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    tiny_cyclegan(image_shape=(8, 8, 3)).save_to_preset(folder)
    return folder


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, shape in (("a.png", (9, 7, 3)), ("more/b.png", (8, 8, 4))):
        pixels = rng.integers(0, 256, shape).astype("uint8")
        Image.fromarray(pixels).save(folder / name)
    return folder


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def run(*arguments):
    return cli.main(["translate", *map(str, arguments)])


@pytest.mark.slow
def test_a_file(preset, photos, tmp_path, capsys):
    out = tmp_path / "new" / "out.png"
    assert run(preset, photos / "a.png", "-o", out, "--direction", "ba") == 0
    assert "out.png: 1 image" in capsys.readouterr().out
    gan = keras_gans.CycleGAN.from_preset(str(preset))
    expected = gan.translate(opened(photos / "a.png"), direction="ba")
    np.testing.assert_array_equal(opened(out), expected)


@pytest.mark.slow
def test_tiles(preset, photos, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), "uint8")
    Image.fromarray(pixels).save(photos / "large.png")
    out = tmp_path / "out.png"
    assert run(preset, photos / "large.png", "-o", out, "--tile", 16) == 0
    gan = keras_gans.CycleGAN.from_preset(str(preset))
    np.testing.assert_array_equal(opened(out), gan.translate(pixels, tile=16))


@pytest.mark.slow
def test_a_folder_with_a_damaged_file(preset, photos, tmp_path, capsys):
    (photos / "broken.png").write_bytes(b"no image")
    out = tmp_path / "out"
    assert run(preset, photos, "-o", out, "--quiet") == 1
    said = capsys.readouterr()
    assert "2 images" in said.out
    assert "broken.png: not translated" in said.err
    assert "1 of 3 files were not translated" in said.err
    written = sorted(p.relative_to(out) for p in out.rglob("*.png"))
    assert list(map(str, written)) == ["a.png", "more/b.png"]
    assert opened(out / "more/b.png").shape == (8, 8, 4)


@pytest.mark.slow
def test_nothing_is_overwritten_without_force(preset, photos, tmp_path, capsys):
    out = tmp_path / "out.png"
    out.write_text("mine")
    assert run(preset, photos / "a.png", "-o", out) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run(preset, photos / "a.png", "-o", out, "--force") == 0
    assert opened(out).shape == (9, 7, 3)
    for target in (photos, photos / "a.png"):
        assert run(preset, target, "-o", target, "--force") == 2
        assert "Received" in capsys.readouterr().err
    # Results would be translated by the next run.
    assert run(preset, photos, "-o", photos / "out") == 2
    assert "outside of" in capsys.readouterr().err


@pytest.mark.slow
def test_mistakes(preset, photos, tmp_path, capsys):
    out = tmp_path / "out.png"
    assert run(preset, tmp_path / "no.png", "-o", out) == 1
    assert "no file or folder" in capsys.readouterr().err
    assert run(preset, photos / "a.png", "-o", tmp_path / "out.xyz") == 2
    assert "--out must end in" in capsys.readouterr().err
    tiny_gan((8, 8, 3)).save_to_preset(tmp_path / "gan")
    assert run(tmp_path / "gan", photos / "a.png", "-o", out) == 2
    assert "a GAN draws samples: keras-gans generate" in capsys.readouterr().err
    assert not out.exists()
    assert cli.main(["generate", str(preset)]) == 2
    said = capsys.readouterr().err
    assert "a CycleGAN translates images: keras-gans translate" in said
