"""Folders of images of all kinds, and those that cannot be read."""

import subprocess
import sys

import numpy as np
import pytest
from data_files import ROOT, not_usable, same, take, write
from PIL import Image

from keras_gans import datasets

pytestmark = pytest.mark.neutral


def test_all_kinds_of_images(tmp_path):
    """Each file is mid-grey, or so transparent that white shows through."""
    grey = np.full((8, 8), 51, "uint8")
    rgb = np.stack([grey] * 3, -1)
    clear = np.concatenate([rgb, np.zeros((8, 8, 1), "uint8")], -1)
    palette = Image.fromarray(rgb).quantize(4)
    expected = {}
    for name, image, value in [
        ("a.png", grey, -0.6),
        ("b.PNG", rgb, -0.6),
        ("c.png", clear, 1.0),
        ("d.png", palette, -0.6),
        ("e.png", np.full((8, 8), 13107, "uint16"), -0.6),
        ("f.jpg", rgb, -0.6),
        ("g.jpeg", Image.fromarray(rgb).convert("CMYK"), -0.6),
        ("h.bmp", rgb, -0.6),
        ("i.gif", palette, -0.6),
        ("j.webp", clear, 1.0),
        ("k.png", Image.fromarray(grey).point(lambda v: v > 99, "1"), -1.0),
        ("l.png", Image.fromarray(clear).convert("LA"), 1.0),
    ]:
        write(tmp_path / name, image)
        expected[name] = value
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._a.png").write_text("no image")
    n = len(expected)
    for channels in (None, 1, 3):
        dataset = datasets.load(tmp_path, n, shuffle=False, channels=channels)
        images = take(dataset)[0]
        assert images.shape == (n, 8, 8, channels or 3)
        np.testing.assert_allclose(
            images,
            np.reshape(list(expected.values()), (n, 1, 1, 1))
            + np.zeros_like(images),
            atol=0.02,
        )
    alpha = take(datasets.load(tmp_path, n, shuffle=False, channels=4))[0]
    assert alpha[2, 0, 0, 3] == -1 and alpha[4, 0, 0, 3] == 1


def test_grey_folder_is_grey_and_refuses_late_colour(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.folders, "HEADERS_READ", 1)
    write(tmp_path / "a.png", np.zeros((4, 4), "uint16"))
    assert take(datasets.load(tmp_path, 1))[0].shape == (1, 4, 4, 1)
    write(tmp_path / "b.png", np.zeros((4, 4, 3), "uint8"))
    with pytest.raises(not_usable(), match="b.png is not"):
        take(datasets.load(tmp_path, 1))


def test_exif_orientation(tmp_path):
    x = np.zeros((8, 16, 3), "uint8")
    x[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to view
    write(tmp_path / "a.jpg", x, exif=exif)
    image = take(datasets.load(tmp_path, 1))[0][0]
    assert image.shape == (16, 8, 3)
    assert image[2, 4].max() < -0.9 and image[13, 4].min() > 0.9


def test_mixed_sizes(tmp_path, monkeypatch):
    write(tmp_path / "a.png", np.zeros((4, 4), "uint8"))
    write(tmp_path / "b.png", np.zeros((4, 6), "uint8"))
    with pytest.raises(ValueError, match=r"`image_size`.*b.png, \(4, 6\)"):
        datasets.load(tmp_path, 1)
    assert take(datasets.load(tmp_path, 2, image_size=3))[0].shape[1:3] == (
        3,
        3,
    )
    monkeypatch.setattr(datasets.folders, "HEADERS_READ", 1)
    with pytest.raises(not_usable(), match=r"`image_size` must.*b.png"):
        take(datasets.load(tmp_path, 1))


def test_unreadable_files(folder):
    (folder / "a" / "broken.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="broken.png") as caught:
        dataset = datasets.load(folder, 1)
        assert len(take(dataset)) == 22
    assert len(caught) == 1
    with pytest.raises(ValueError, match="broken.png.*strict=True"):
        datasets.load(folder, 1, strict=True)
    (folder / "a" / "broken.png").unlink()
    # A good header before missing pixels: the next file takes its place.
    file = folder / "a" / "deep" / "00.png"
    write(file, np.random.default_rng(0).integers(0, 255, (6, 5, 3), "uint8"))
    file.write_bytes(file.read_bytes()[:60])
    with pytest.warns(UserWarning, match="00.png") as caught:
        dataset = datasets.load(folder, 1, shuffle=False)
        batches = [take(dataset), take(dataset)][0]
    assert len(caught) == 1 and len(batches) == 22
    assert same(batches[0], batches[1])
    with pytest.raises(not_usable(), match="00.png.*strict"):
        take(datasets.load(folder, 1, strict=True))


def test_folder_labels_and_splits(folder, tmp_path):
    batches = take(datasets.load(folder, 2, labels=True))
    for images, y in batches:
        number = np.round((images[:, 0, 0, 0] + 1) * 12.75)
        assert (number % 2 == y).all()
    for split in ("train", "test"):
        write(tmp_path / "s" / split / "x.png", np.zeros((2, 2), "uint8"))
    write(tmp_path / "s" / "test" / "y.png", np.zeros((2, 2), "uint8"))
    assert len(take(datasets.load(tmp_path / "s", 1))) == 1
    assert len(take(datasets.load(tmp_path / "s", 1, split="test"))) == 2
    assert len(take(datasets.load(tmp_path / "s", 1, split="all"))) == 3
    with pytest.raises(ValueError, match=r"`split`.*\['test', 'train'\]"):
        datasets.load(tmp_path / "s", 1, split="val")
    with pytest.raises(ValueError, match="labels=True, source="):
        datasets.load(tmp_path / "s", 1, labels=True)


def test_unreadable_files_are_named_in_one_message(folder):
    for name in ("x.png", "y.png"):
        (folder / name).write_bytes(b"no image")
    with pytest.warns(UserWarning, match="x.png.*y.png") as caught:
        datasets.load(folder, 1)
    assert len(caught) == 1
    with pytest.raises(ValueError, match="x.png.*y.png.*strict=True"):
        datasets.load(folder, 1, strict=True)


@pytest.mark.slow
def test_parts_of_a_folder(folder):
    def values(split):
        dataset = datasets.load(folder, 1, split=split, shuffle=False)
        return [round((float(x.max()) + 1) * 127.5) for x in take(dataset)]

    everything = values("train")
    most, rest = values("train[:75%]"), values("train[75%:]")
    assert len(most) == 16 and sorted(most + rest) == sorted(everything)
    # A fair sample, not the end of the alphabet; the same one every time.
    assert rest != everything[-6:] and rest == values("train[-6:]")
    assert sorted(values("train[3:5]") + values("train[5:]")) == sorted(
        set(everything) - set(values("train[:3]"))
    )
    assert len(values("a[:50%]")) == 6  # of 11
    for split in ("train[10%]", "train[22:]", "val[:9]"):
        with pytest.raises(ValueError, match=r"`split`.*Received: split='"):
            datasets.load(folder, 1, split=split)


@pytest.mark.parametrize("limit, kept", [(22 * 6 * 5 * 3, True), (1, False)])
def test_small_folders_are_decoded_once(folder, limit, kept, monkeypatch):
    monkeypatch.setattr(datasets.folders, "CACHE_BYTES", limit)
    dataset = datasets.load(folder, 2, shuffle=False, labels=True)
    first = take(dataset)
    for file in folder.rglob("*.png"):
        write(file, np.zeros((6, 5, 3), "uint8"))
    assert same(take(dataset), first) == kept


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="readable image.*Received: source="):
        datasets.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="Received: source="):
        datasets.load(tmp_path / "nowhere")


@pytest.mark.slow
def test_a_program_that_is_reading_a_folder_can_end(folder):
    code = (
        "import sys; from keras_gans import datasets\n"
        "it = iter(datasets.load(sys.argv[1], 2, repeat=True)); next(it)\n"
        "raise SystemExit(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 3


def test_grey_files_with_transparency_are_grey(tmp_path):
    Image.new("LA", (8, 8), (50, 51)).save(tmp_path / "a.png")
    Image.new("L", (8, 8), 50).save(tmp_path / "b.png", transparency=50)
    assert take(datasets.load(tmp_path, 2))[0].shape == (2, 8, 8, 1)
