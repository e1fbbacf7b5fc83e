"""Animations and TIFFs of pages through a function and back."""

import numpy as np
import pytest
from PIL import Image

from keras_gans import image_files, image_pages

pytestmark = pytest.mark.neutral
TIMES = [40, 200, 70, 130]


def pictures(mode="RGB", count=4, size=(12, 10)):
    """Each with a square at another place, on what is clear if it can be."""
    made = []
    for i in range(count):
        clear = (0, 0, 0, 0) if mode == "RGBA" else (20, 60, 200)
        image = Image.new(mode, size, clear)
        color = (250, 40 * i, 10, 255)[: len(mode)]
        image.paste(color, (2 * i, i, 2 * i + 4, i + 4))
        if mode == "RGBA":  # What is opaque all over is no picture with alpha.
            image.putpixel((2 * i + 1, i + 1), clear)
        made.append(image)
    return made


def write(path, images, **options):
    images[0].save(path, save_all=True, append_images=images[1:], **options)
    return path


def read(path):
    """RGBA pixels, times and how often of an animation."""
    with Image.open(path) as image:
        frames, times = [], []
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            frames.append(np.asarray(image.convert("RGBA")))
            times.append(image.info.get("duration"))
        return np.stack(frames), times, image.info.get("loop")


def twice(images):
    for image in images:
        size = [2 * side for side in image.size]
        yield image.resize(size, Image.Resampling.NEAREST)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("loop", [0, 3])
@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
@pytest.mark.parametrize("becomes", [".gif", ".png", ".webp"])
def test_animations(tmp_path, mode, loop, suffix, becomes):
    options = {"duration": TIMES, "loop": loop}
    options |= {"disposal": 2} if suffix == ".gif" else {"lossless": True}
    source = write(tmp_path / f"a{suffix}", pictures(mode), **options)
    assert image_pages.count(source) == 4
    path = tmp_path / "new" / f"b{becomes}"
    image_pages.change(source, path, twice)
    before, _, _ = read(source)
    frames, times, found = read(path)
    assert frames.shape == (4, 20, 24, 4)
    assert times == TIMES and found == loop
    small = frames[:, ::2, ::2].astype(int)
    visible = before[..., 3:] > 0
    # A GIF has a palette, and a WebP is not exact.
    worst = {".png": 0, ".gif": 1, ".webp": 12}[becomes]
    assert np.abs((small - before) * visible).mean() <= worst
    np.testing.assert_array_equal(small[..., 3] > 127, visible[..., 0])
    assert [x.name for x in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("becomes", [".gif", ".png"])
def test_clear_pictures_after_an_opaque_one(tmp_path, becomes):
    source = write(tmp_path / "a.png", pictures("RGBA"), duration=TIMES)

    def function(images):
        for i, image in enumerate(images):
            yield image.convert("RGBA" if i % 2 else "RGB")

    image_pages.change(source, tmp_path / f"b{becomes}", function)
    frames, times, _ = read(tmp_path / f"b{becomes}")
    assert times == TIMES
    for i, frame in enumerate(frames):
        expected = np.asarray(pictures("RGBA")[i])[..., 3] if i % 2 else 255
        np.testing.assert_array_equal(
            frame[..., 3], np.broadcast_to(expected, (10, 12))
        )


def test_a_gif_that_is_played_once(tmp_path):
    source = write(tmp_path / "a.gif", pictures(), duration=TIMES)
    assert read(source)[2] is None
    image_pages.change(source, tmp_path / "b.gif", twice)
    assert read(tmp_path / "b.gif")[2] is None
    image_pages.change(source, tmp_path / "b.png", twice)
    assert read(tmp_path / "b.png")[2] == 1


def test_a_picture_for_who_shows_no_animation_is_left_out(tmp_path):
    source = write(
        tmp_path / "a.png", pictures(), duration=TIMES[1:], default_image=True
    )
    image_pages.change(source, tmp_path / "b.png", twice)
    frames, times, _ = read(tmp_path / "b.png")
    assert len(frames) == 3 and times == TIMES[1:]
    np.testing.assert_array_equal(
        frames[0, ::2, ::2], np.asarray(pictures()[1].convert("RGBA"))
    )


def test_pages_of_a_tiff(tmp_path):
    """Of several sizes and kinds, each with what is known of it."""
    deep = np.arange(120, dtype="uint16").reshape(10, 12) * 500
    pages = [
        pictures(size=(12, 10))[0],
        pictures("RGBA", size=(8, 14))[1],
        Image.fromarray(deep),
    ]
    with open(tmp_path / "a.tif", "w+b") as file:
        pages[0].save(
            file,
            "TIFF",
            save_all=True,
            append_images=pages[1:],
            dpi=(300, 300),
            icc_profile=b"a profile",
        )
    alive = []

    def function(images):
        for image in twice(images):
            alive.append(image.mode)
            yield image_files.keep_about(image, image)

    image_pages.change(tmp_path / "a.tif", tmp_path / "b.tif", function)
    assert alive == ["RGB", "RGBA", "I;16"]
    with Image.open(tmp_path / "b.tif") as made:
        assert made.n_frames == 3
        for i, page in enumerate(pages):
            made.seek(i)
            assert made.mode == page.mode
            np.testing.assert_array_equal(
                np.asarray(made)[::2, ::2], np.asarray(page)
            )
            assert made.info["dpi"] == (300, 300)
            assert made.info["icc_profile"] == b"a profile"
    with pytest.raises(ValueError, match="must have one size.*2 sizes"):
        image_pages.change(tmp_path / "a.tif", tmp_path / "b.gif", twice)
    assert not (tmp_path / "b.gif").exists()


def test_pages_that_fail_leave_nothing(tmp_path):
    source = write(tmp_path / "a.tif", pictures())

    def function(images):
        yield next(iter(images))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        image_pages.change(source, tmp_path / "b.tif", function)
    assert [x.name for x in tmp_path.iterdir()] == ["a.tif"]


def test_views_of_a_camera_are_one_picture(tmp_path):
    path = tmp_path / "a.jpg"
    write(path, pictures(), format="MPO")
    with Image.open(path) as image:
        assert image.n_frames == 4
    assert image_pages.count(path) == 1
    Image.new("L", (3, 3)).save(tmp_path / "b.png")
    assert image_pages.count(tmp_path / "b.png") == 1
