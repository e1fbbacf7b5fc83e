"""`keras-gans upscale`, on photographs as people have them."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import tiny_gan
from PIL import Image

import keras_gans
from keras_gans import cli

pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORIENTATION, MAKER = 0x0112, 0x010F


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    keras_gans.SRResNet(
        scale=2, filters=4, num_residual_blocks=1
    ).save_to_preset(folder)
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


@pytest.fixture
def run(preset):
    def run(*arguments):
        command = ["upscale", *map(str, arguments), "--preset", str(preset)]
        return cli.main(command)

    return run


@pytest.mark.slow
def test_a_file(run, preset, photos, tmp_path, capsys):
    out = tmp_path / "new" / "out.png"
    assert run(photos / "a.png", "-o", out, "--tile", "16") == 0
    assert "out.png: 1 image" in capsys.readouterr().out
    model = keras_gans.SRResNet.from_preset(str(preset))
    expected = model.upscale(opened(photos / "a.png"))
    np.testing.assert_array_equal(opened(out), expected)
    for i, name in enumerate(("--self-ensemble", "--tta")):
        assert run(photos / "a.png", "-o", tmp_path / f"{i}.png", name) == 0
    assert (opened(tmp_path / "0.png") != opened(out)).any()
    assert (opened(tmp_path / "0.png") == opened(tmp_path / "1.png")).all()


@pytest.mark.slow
@pytest.mark.parametrize("given", [False, True])
def test_evaluate(preset, tmp_path, capsys, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    # Also the name of data whose features, of digits, are none for photographs.
    high, low, out = "mnist", "low", "scores.json"
    rng = np.random.default_rng(0)
    images = {}
    for folder, shape in ((high, (24, 26, 3)), (low, (12, 13, 3))):
        images[folder] = rng.integers(0, 256, (2, *shape)).astype("uint8")
        (tmp_path / folder / "more").mkdir(parents=True)
        for name, pixels in zip(("a.png", "more/b.png"), images[folder]):
            Image.fromarray(pixels).save(tmp_path / folder / name)
    command = ["evaluate", str(preset), "--data", high, "--out", out]
    assert cli.main(command + given * ["--low-res", low]) == 0
    assert "mnist has 2 examples: -n is 2" in capsys.readouterr().out
    found = json.loads(pathlib.Path(out).read_text())["scores"]
    found = {score["name"]: score["value"] for score in found}
    model = keras_gans.SRResNet.from_preset(str(preset))
    for upscale, suffix in ((model, ""), ("bicubic", " of bicubic")):
        expected, _ = keras_gans.metrics.evaluate_upscaling(
            upscale, images[high], 2, low_res=images[low] if given else None
        )
        for name in ("PSNR", "SSIM", "sharpness"):
            assert found[name + suffix] == expected[name].value
    assert found["sharpness of truth"] == expected["sharpness of truth"].value
    if given:
        # A classifier is of one size, and what it sees on the way is not.
        words = [*command, "--extractor", "cifar10_classifier"]
        assert cli.main(words) == 0
        scores = json.loads(pathlib.Path(out).read_text())["scores"]
        (far, bicubic) = (s for s in scores if "perceptual" in s["name"])
        assert far["value"] > 0 and bicubic["value"] > 0
        assert "cifar10_classifier re_lu_2" in str(far["protocol"])
        words[-1] = "mnist_classifier"
        assert cli.main(words) == 2
        assert "must see colours" in capsys.readouterr().err
        assert cli.main([*command, "--low-res", high]) == 1
        assert "must have an image of 12x13" in capsys.readouterr().err


@pytest.mark.slow
def test_evaluate_wants_a_folder(preset, photos, capsys):
    for arguments, words in (
        ([], "--data FOLDER"),
        (["--data", str(photos), "--metrics", "fid"], "leave --metrics"),
        (["--data", str(photos), "--split", "test"], "leave --metrics"),
    ):
        assert cli.main(["evaluate", str(preset), *arguments]) == 2
        assert words in capsys.readouterr().err
    assert cli.main(["evaluate", "gan_ring", "--low-res", str(photos)]) == 2
    assert "--low-res is of models that enlarge" in capsys.readouterr().err


@pytest.mark.slow
def test_memory_is_that_of_a_tile(tmp_path):
    """What is larger than a tile takes no more but for the image itself."""
    keras_gans.SRResNet(filters=16, num_residual_blocks=1).save_to_preset(
        tmp_path / "preset"
    )
    for name, size in (("small", (200, 200)), ("large", (640, 480))):
        Image.effect_noise(size, 50).convert("RGB").save(
            tmp_path / f"{name}.png"
        )
    code = (
        "import memory\nfrom keras_gans import cli\n"
        "for name in ('small', 'large'):\n"
        "    assert cli.main(['upscale', f'{name}.png', '-o', f'{name}_x4.png',"
        " '--preset', 'preset', '--tile', '64', '--quiet']) == 0\n"
        "    print('peak', memory.peak())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    before, after = [int(line[1]) for line in lines if line[0] == "peak"]
    # One activation of the whole image would be 300 MB; the result is 15, and
    # there are a few copies on its way.
    assert after - before < 100e6
    assert opened(tmp_path / "large_x4.png").shape == (1920, 2560, 3)


@pytest.mark.slow
def test_a_folder_with_a_damaged_file(run, photos, tmp_path, capsys):
    (photos / "broken.png").write_bytes(b"no image")
    out = tmp_path / "out"
    assert run(photos, "-o", out, "--quiet") == 1
    said = capsys.readouterr()
    assert "2 images" in said.out
    assert "broken.png: not upscaled" in said.err
    assert "1 of 3 files were not upscaled" in said.err
    assert opened(out / "a.png").shape == (18, 14, 3)
    assert opened(out / "more/b.png").shape == (16, 16, 4)


@pytest.mark.slow
def test_exif_and_the_colour_profile_are_kept(run, tmp_path):
    image = Image.new("RGB", (6, 4), "red")
    exif = image.getexif()
    exif[ORIENTATION], exif[MAKER] = 6, "a camera"
    image.save(tmp_path / "in.jpg", exif=exif, icc_profile=b"a profile")
    for name in ("out.jpg", "out.png"):
        assert run(tmp_path / "in.jpg", "-o", tmp_path / name) == 0
        with Image.open(tmp_path / name) as made:
            # It is turned, and no longer says that it should be.
            assert made.size == (8, 12)
            assert made.getexif().get(ORIENTATION, 1) == 1
            assert made.getexif()[MAKER] == "a camera"
            assert made.info["icc_profile"] == b"a profile"


@pytest.mark.slow
def test_sixteen_bits_and_transparency(run, tmp_path):
    pixels = np.arange(48, dtype="uint16").reshape(6, 8) * 1300
    Image.fromarray(pixels).save(tmp_path / "deep.png")
    assert run(tmp_path / "deep.png", "-o", tmp_path / "out.png") == 0
    made = opened(tmp_path / "out.png")
    assert made.shape == (12, 16) and made.max() > 255
    # JPEG has neither.
    assert run(tmp_path / "deep.png", "-o", tmp_path / "out.jpg") == 0
    small = opened(tmp_path / "out.jpg")
    assert np.abs(made / 257 - small).mean() < 6
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    assert run(tmp_path / "clear.png", "-o", tmp_path / "clear.jpg") == 0
    assert opened(tmp_path / "clear.jpg").min() > 250  # White.


@pytest.mark.slow
def test_nothing_is_overwritten_without_force(run, photos, tmp_path, capsys):
    out = tmp_path / "out.png"
    out.write_text("mine")
    assert run(photos / "a.png", "-o", out) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run(photos / "a.png", "-o", out, "--force") == 0
    assert opened(out).shape == (18, 14, 3)


@pytest.mark.slow
def test_an_interrupted_write_leaves_nothing(
    run, photos, tmp_path, monkeypatch, capsys
):
    def interrupted(a, b):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    assert run(photos / "a.png", "-o", tmp_path / "out.png") == 130
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_mistakes(photos, tmp_path, capsys):
    tiny_gan((8, 8, 3)).save_to_preset(tmp_path / "gan")
    command = ["upscale", str(photos / "a.png"), "-o", str(tmp_path / "o.png")]
    assert cli.main([*command, "--preset", str(tmp_path / "gan")]) == 2
    assert "a GAN draws samples: keras-gans generate" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        cli.main([*command, "--tile", "3"])
    assert stopped.value.code == 2
    assert "16 or more" in capsys.readouterr().err
