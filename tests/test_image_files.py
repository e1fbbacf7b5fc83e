import numpy as np
import pytest
from PIL import Image

from keras_gans import image_files

pytestmark = pytest.mark.neutral


def picture(*shape):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, shape).astype("uint8")


def test_find_lists_images_at_any_depth(tmp_path):
    for name in ("b.PNG", "a.jpg", "sub/c.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [p.relative_to(tmp_path) for p in image_files.find(tmp_path)]
    assert list(map(str, found)) == ["a.jpg", "b.PNG", "sub/c.png"]
    assert image_files.find(tmp_path / "a.jpg") == [tmp_path / "a.jpg"]


def test_find_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        image_files.find(tmp_path / "nothing")
    with pytest.raises(ValueError, match="must hold images"):
        image_files.find(tmp_path)


def test_round_trip(tmp_path):
    for channels in (1, 3):
        pixels = picture(5, 7, channels)
        image_files.write(tmp_path / "sub/x.png", pixels)
        read, alpha = image_files.read(tmp_path / "sub/x.png", channels)
        np.testing.assert_array_equal(read, pixels)
        assert alpha is None
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["x.png"]


def test_a_photograph_is_turned_as_its_exif_data_says(tmp_path):
    pixels = picture(4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held upright.
    Image.fromarray(pixels).save(tmp_path / "x.png", exif=exif)
    read, _ = image_files.read(tmp_path / "x.png", 3)
    np.testing.assert_array_equal(read, np.rot90(pixels, -1))


def test_transparency_lies_on_white_and_comes_back(tmp_path):
    pixels = picture(4, 4, 4)
    pixels[0, 0] = (10, 20, 30, 0)
    pixels[0, 1] = (10, 20, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    read, alpha = image_files.read(tmp_path / "x.png", 3)
    np.testing.assert_array_equal(alpha, pixels[..., 3])
    assert read[0, 0].tolist() == [255, 255, 255]
    assert read[0, 1].tolist() == [10, 20, 30]
    image_files.write(tmp_path / "y.png", read, alpha)
    with Image.open(tmp_path / "y.png") as image:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image)[..., 3], alpha)
    image_files.write(tmp_path / "y.jpg", read, alpha)  # Has none.
    with Image.open(tmp_path / "y.jpg") as image:
        assert image.mode == "RGB"


def test_16_bits_and_palettes(tmp_path):
    deep = np.array([[0, 257 * 100], [257 * 200, 65535]], "uint16")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    read, _ = image_files.read(tmp_path / "deep.png", 1)
    assert read[..., 0].tolist() == [[0, 100], [200, 255]]
    palette = Image.fromarray(picture(6, 6, 3)).quantize(8)
    palette.save(tmp_path / "palette.png")
    read, _ = image_files.read(tmp_path / "palette.png", 3)
    np.testing.assert_array_equal(read, np.asarray(palette.convert("RGB")))


def test_what_a_format_cannot_hold_is_given_up(tmp_path):
    ramp = np.arange(0, 65536, 4096, dtype="uint16").reshape(4, 4)
    for suffix, worst in ((".png", 0), (".tif", 0), (".webp", 12), (".gif", 1)):
        image_files.save(tmp_path / f"ramp{suffix}", Image.fromarray(ramp))
        with Image.open(tmp_path / f"ramp{suffix}") as image:
            values = np.asarray(image if worst == 0 else image.convert("L"))
        scale = 1 if worst == 0 else 257
        assert np.abs(values - ramp / scale).max() <= worst
    clear = Image.new("LA", (4, 4), (100, 0))
    image_files.save(tmp_path / "clear.gif", clear)
    with Image.open(tmp_path / "clear.gif") as image:
        assert np.asarray(image.convert("RGBA"))[..., 3].max() == 0
    image_files.save(tmp_path / "clear.jpg", clear)
    with Image.open(tmp_path / "clear.jpg") as image:
        assert image.mode == "L" and np.asarray(image).min() > 250


def test_the_camera_of_a_tiff_is_kept(tmp_path):
    image = Image.fromarray(picture(4, 6, 3))
    exif = image.getexif()
    exif[0x010F], exif[0x0112] = "a camera", 6
    image.save(tmp_path / "x.tif", exif=exif, compression="tiff_lzw")
    turned = image_files.open_image(tmp_path / "x.tif")
    assert turned.size == (4, 6)
    image_files.save(tmp_path / "x.jpg", turned)
    with Image.open(tmp_path / "x.jpg") as image:
        assert dict(image.getexif()) == {0x010F: "a camera"}
