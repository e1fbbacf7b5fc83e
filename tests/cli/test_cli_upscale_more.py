"""`keras-gans upscale`: sizes, pages, films, many pictures."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans
from keras_gans import cli, films
from keras_gans.models.msrresnet import MSRResNetGenerator

pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    keras_gans.SRResNet(
        MSRResNetGenerator(2, filters=4, num_residual_blocks=1)
    ).save_to_preset(folder)
    return folder


@pytest.fixture(scope="module")
def model(preset):
    return keras_gans.SRResNet.from_preset(str(preset))


@pytest.fixture
def run(preset):
    def run(*arguments):
        command = ["upscale", *map(str, arguments), "--preset", str(preset)]
        return cli.main([*command, "--quiet"])

    return run


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def picture(height, width, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, channels)).astype("uint8")


# ---- sizes, textures, transparency ----------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, shape",
    [
        (["--scale", 1.5], (18, 15, 4)),
        (["--scale", 4], (48, 40, 4)),
        (["--width", 25], (30, 25, 4)),
        (["--height", 18], (18, 15, 4)),
        (["--height", 18, "--width", 11], (18, 11, 4)),
        (["--width", 5], (6, 5, 4)),
    ],
)
def test_sizes(run, model, tmp_path, options, shape):
    image = picture(12, 10, 4)
    Image.fromarray(image).save(tmp_path / "in.png")
    assert run(tmp_path / "in.png", "-o", tmp_path / "out.png", *options) == 0
    made = opened(tmp_path / "out.png")
    assert made.shape == shape
    np.testing.assert_array_equal(made, model.upscale(image, size=shape[:2]))


@pytest.mark.slow
def test_textures_and_transparency(run, model, tmp_path):
    image = picture(9, 8, 4)
    Image.fromarray(image).save(tmp_path / "in.png")
    options = ["--wrap", "--alpha", "network", "--tile", 16]
    assert run(tmp_path / "in.png", "-o", tmp_path / "out.png", *options) == 0
    np.testing.assert_array_equal(
        opened(tmp_path / "out.png"),
        model.upscale(image, wrap=True, alpha="network"),
    )


@pytest.mark.slow
def test_dots_per_inch_are_kept(run, tmp_path):
    image = Image.fromarray(picture(6, 5))
    image.save(tmp_path / "in.tif", dpi=(300, 300), icc_profile=b"a profile")
    for name in ("out.png", "out.jpg", "out.tif", "out.webp"):
        assert run(tmp_path / "in.tif", "-o", tmp_path / name) == 0
        with Image.open(tmp_path / name) as made:
            assert made.info["icc_profile"] == b"a profile"
            if name != "out.webp":  # It has none.
                dpi = np.asarray(made.info["dpi"], "float64")
                assert np.abs(dpi - 300).max() < 0.1


@pytest.mark.parametrize(
    "options, words",
    [
        (["--scale", "2", "--width", "9"], "say one thing twice"),
        (["--scale", "0.5"], "--scale must be 1 or more. Received: 0.5"),
    ],
)
def test_mistakes(run, tmp_path, capsys, options, words):
    Image.fromarray(picture(4, 4)).save(tmp_path / "in.png")
    assert run(tmp_path / "in.png", "-o", tmp_path / "out.png", *options) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


# ---- animations and pages -------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_every_picture_of_a_file(run, model, tmp_path, suffix):
    frames = [picture(6, 7, seed=i) for i in range(3)]
    first, *others = map(Image.fromarray, frames)
    first.save(
        tmp_path / f"in{suffix}",
        save_all=True,
        append_images=others,
        **({} if suffix == ".tif" else {"duration": [40, 90, 70], "loop": 0}),
    )
    assert run(tmp_path / f"in{suffix}", "-o", tmp_path / f"a{suffix}") == 0
    times = []
    with Image.open(tmp_path / f"a{suffix}") as made:
        assert made.n_frames == 3
        for i, frame in enumerate(frames):
            made.seek(i)
            made.load()
            times.append(made.info.get("duration"))
            if suffix in (".png", ".tif"):
                rgb = np.asarray(made.convert("RGB"))
                np.testing.assert_array_equal(rgb, model.upscale(frame))
    assert times == ([None] * 3 if suffix == ".tif" else [40, 90, 70])
    with pytest.warns(UserWarning, match="the first one is read"):
        assert run(tmp_path / f"in{suffix}", "-o", tmp_path / "a.jpg") == 0


# ---- folders --------------------------------------------------------------


@pytest.mark.slow
def test_small_pictures_are_what_each_is_alone(run, model, tmp_path, capsys):
    """Together in the network, with each other's sizes between them."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    images = {}
    for i in range(9):
        channels = 4 if i == 4 else 3
        images[f"{i}.png"] = picture(8, 9 + (i == 6), channels, seed=i)
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / name, dpi=(200, 200))
    for i in (2, 7):
        (folder / f"{i}.png").write_bytes(b"damaged")
    frames = [Image.fromarray(picture(5, 5, seed=i)) for i in range(2)]
    frames[0].save(folder / "9.gif", save_all=True, append_images=frames[1:])
    assert run(folder, "-o", out) == 1
    said = capsys.readouterr()
    assert "8 images" in said.out
    assert said.err.count("not upscaled") == 3
    assert "2 of 10 files were not upscaled" in said.err
    for name, pixels in images.items():
        if name in ("2.png", "7.png"):
            assert not (out / name).exists()
            continue
        made = opened(out / name).astype(int)
        assert np.abs(made - model.upscale(pixels)).max() <= 1
        with Image.open(out / name) as image:
            assert round(image.info["dpi"][0]) == 200
    with Image.open(out / "9.gif") as made:
        assert made.n_frames == 2


def test_what_is_there_is_left_out_if_asked(run, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(picture(4, 4)).save(folder / f"{i}.png")
    out.mkdir()
    (out / "1.png").write_text("mine")
    assert run(folder, "-o", out) == 2
    assert "--skip-existing leaves them out" in capsys.readouterr().err
    assert run(folder, "-o", out, "--skip-existing") == 0
    assert "2 images" in capsys.readouterr().out
    assert (out / "1.png").read_text() == "mine"
    assert run(folder, "-o", out, "--skip-existing") == 0
    assert "0 images" in capsys.readouterr().out


CODE = """
import pathlib, memory
from keras_gans import cli
for name in ("some", "many"):
    assert cli.main(["upscale", name, "-o", name + "_x2", "--preset", "preset",
                     "--quiet"]) == 0
    print("peak", memory.peak())
"""


@pytest.mark.slow
def test_many_pictures_take_no_more_memory(preset, tmp_path):
    (tmp_path / "preset").symlink_to(preset)
    for name, count in (("some", 30), ("many", 300)):
        (tmp_path / name).mkdir()
        for i in range(count):
            # Of sizes by which they go alone, and together.
            pixels = picture(100 + i % 7, 160, seed=i % 5)
            Image.fromarray(pixels).save(
                tmp_path / name / f"{i // 4:03}_{i}.png"
            )
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    before, after = [int(line[1]) for line in lines if line[0] == "peak"]
    # Those that there are more of would take 60 MB, as they become.
    assert after - before < 25e6
    assert len(list((tmp_path / "many_x2").iterdir())) == 300


# ---- films ----------------------------------------------------------------


def write_film(path, count=50):
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"crf": "10"})
        stream.height, stream.width = 20, 24
        sound = film.add_stream("aac", rate=8000)
        sound.layout = "mono"
        for i in range(count):
            pixels = np.full((20, 24, 3), 60, "uint8")
            pixels[4:12, i % 16 : i % 16 + 8] = (200, 4 * i, 90)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        wave = np.sin(np.arange(320 * count) * 2 * np.pi * 440 / 8000)
        for i in range(0, len(wave), 1024):
            part = av.AudioFrame.from_ndarray(
                (wave[None, i : i + 1024] * 9000).astype("int16"),
                format="s16",
                layout="mono",
            )
            part.sample_rate, part.pts = 8000, i
            film.mux(sound.encode(part))
        film.mux(sound.encode(None))
    return path


def contents(path):
    """Frames, their times, and the sound's packets."""
    import av

    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    with av.open(str(path)) as film:
        packets = [
            (p.pts * p.time_base, bytes(p))
            for p in film.demux(audio=0)
            if p.size
        ]
    return (
        np.stack([frame.to_ndarray(format="rgb24") for frame in frames]),
        [frame.pts * frame.time_base for frame in frames],
        packets,
    )


@pytest.mark.slow
def test_a_film_there_and_back(run, model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(films, "_MOST", 20)
    source = write_film(tmp_path / "film.mp4")
    large, back = tmp_path / "large.mp4", tmp_path / "back.mkv"
    assert run(source, "-o", large) == 0
    assert f"{large}: 50 frames" in capsys.readouterr().out
    assert run(large, "-o", back, "--height", "20") == 0
    before, times, sound = contents(source)
    made, found, copied = contents(large)
    assert made.shape == (50, 40, 48, 3) and found == times and copied == sound
    expected = model.upscale(before).astype(int)
    assert np.abs(made - expected).mean() < 10  # Of noise.
    made, found, copied = contents(back)
    assert made.shape == (50, 20, 24, 3)
    # Matroska counts milliseconds, from zero on: what this sound begins with
    # lies before. Pictures and sound are later by the same time.
    late = [a - b for a, b in zip(found, times, strict=True)]
    late += [a - b for (a, _), (b, _) in zip(copied, sound, strict=True)]
    assert max(late) - min(late) <= 0.001
    assert [packet for _, packet in copied] == [packet for _, packet in sound]
    # Where it is, it stays.
    assert run(source, "-o", large) == 2
    assert run(source, "-o", large, "--skip-existing") == 0
    assert "is there" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.slow
def test_a_film_that_is_stopped(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(films, "_MOST", 12)
    source = write_film(tmp_path / "film.mp4")
    assert run(source, "-o", tmp_path / "whole.mp4", "--tile", "16") == 0
    upscale, calls = keras_gans.SRResNet.upscale, []

    def stopped(self, frames, **options):
        calls.append(len(frames))
        if sum(calls) > 40:
            raise KeyboardInterrupt
        return upscale(self, frames, **options)

    monkeypatch.setattr(keras_gans.SRResNet, "upscale", stopped)
    out = tmp_path / "out.mp4"
    assert run(source, "-o", out, "--tile", "16") == 130
    said = capsys.readouterr().err
    assert "interrupted; the same command goes on after 36 frames" in said
    assert not out.exists()
    calls[:] = [-100]
    assert run(source, "-o", out, "--tile", "16") == 0
    assert sum(calls) + 100 == 50 - 36
    assert out.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_films_that_cannot_be(run, tmp_path, capsys, monkeypatch):
    (tmp_path / "film.mp4").write_bytes(b"nothing")
    assert run(tmp_path / "film.mp4", "-o", tmp_path / "out.mp4") == 1
    assert "no film that can be read" in capsys.readouterr().err
    assert run(tmp_path / "film.mp4", "-o", tmp_path / "out.gif") == 2
    assert "must end in one of .mp4 .mov .mkv" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "av", None)
    assert run(tmp_path / "film.mp4", "-o", tmp_path / "out.mp4") == 1
    said = capsys.readouterr().err
    assert "pip install 'keras-gans[video]'" in said and said.count("\n") == 1
