"""Crops for super-resolution."""

import itertools

import numpy as np
import pytest
from PIL import Image

from keras_gans import datasets, resizing


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Images of several sizes whose pixels tell where they are."""
    folder = tmp_path_factory.mktemp("photos")
    for i, (height, width) in enumerate([(20, 31), (24, 16), (17, 40)]):
        y, x = np.mgrid[:height, :width]
        pixels = np.stack([5 * y, 5 * x, 0 * x + 40 * i], -1).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def uint8(x):
    return np.rint(np.asarray(x) * 127.5 + 127.5).astype(int)


def batches(source, n=4, **kwargs):
    options = {"batch_size": 3, "scale": 2, "crop_size": (8, 12)}
    data = datasets.load_high_res(source, repeat=True, **options | kwargs)
    return [
        tuple(map(np.asarray, batch)) for batch in itertools.islice(data, n)
    ]


def test_crops_are_drawn_anew_and_shrunk(photos):
    places = set()
    for low, high in batches(photos, 8):
        assert low.shape == (3, 4, 6, 3) and high.shape == (3, 8, 12, 3)
        assert low.dtype == high.dtype == "float32"
        # Each image once in a pass.
        assert sorted(uint8(high)[:, 0, 0, 2]) == [0, 40, 80]
        for crop, small in zip(uint8(high), uint8(low)):
            top, left = crop[0, 0, :2] // 5
            places.add((crop[0, 0, 2], top, left))
            # A connected piece of the image.
            np.testing.assert_array_equal(
                crop[..., 0],
                np.repeat(5 * np.arange(top, top + 8)[:, None], 12, 1),
            )
            expected = resizing.bicubic(crop.astype("uint8"), (4, 6))
            assert np.abs(small - expected).max() <= 1  # Of rounding.
    assert len(places) > 20
    tops = {top for i, top, _ in places if i == 0}
    assert min(tops) <= 2 and max(tops) >= 10  # Of 0 to 12.


def test_a_pass_is_a_function_of_its_number(photos):
    whole = batches(photos, 6, seed=3)
    rest = batches(photos, 2, seed=3, skip=4)
    for a, b in zip(whole[4:], rest, strict=True):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)
    other = batches(photos, 1, seed=4)
    assert not np.array_equal(other[0][1], whole[0][1])


def test_whole_crops_are_those_that_are_shrunk(photos):
    options = {"batch_size": 3, "crop_size": (8, 12), "repeat": True}
    whole = datasets.load_crops(photos, **options, augment=True, seed=2)
    shrunk = batches(photos, 6, seed=2, augment=True)
    for crops, (_, high) in zip(itertools.islice(whole, 6), shrunk):
        np.testing.assert_array_equal(np.asarray(crops), high)
    assert datasets.load_crops(photos, 1, crop_size=8).cardinality() == 3
    for change, words in (
        ({"crop_size": None}, "`crop_size` must be a size"),
        ({"crop_size": 8, "channels": 4}, "`channels` must be 1 or 3"),
        ({"crop_size": 8, "batch_size": 0}, "`batch_size`"),
    ):
        with pytest.raises(ValueError, match=words):
            datasets.load_crops(photos, **change)


def test_arrays(photos):
    x = np.arange(3 * 16 * 16, dtype="float32").reshape(3, 16, 16, 1) / 768
    x -= 0.5
    for low, high in batches(x, crop_size=8, channels=1):
        assert low.shape == (3, 4, 4, 1)
        for crop in high[..., 0] * 768:
            np.testing.assert_allclose(np.diff(crop, axis=0), 16, atol=1e-3)
            np.testing.assert_allclose(np.diff(crop, axis=1), 1, atol=1e-3)


def test_augmentation_is_of_both(photos):
    seen = set()
    for low, high in batches(photos, 16, crop_size=8, augment=True):
        for crop, small in zip(uint8(high), uint8(low)):
            expected = resizing.bicubic(crop.astype("uint8"), (4, 4))
            assert np.abs(small - expected).max() <= 1
            red = crop[..., 0]
            seen.add(
                (np.sign(red[1, 0] - red[0, 0]), np.sign(red[0, 1] - red[0, 0]))
            )
    assert seen == {(1, 0), (-1, 0), (0, 1), (0, -1)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "degradation",
    [
        {"blur": 3.0},
        {"noise": 20.0},
        {"jpeg_quality": (10, 30)},
        {"jpeg_quality": (60, 100)},
    ],
    ids=lambda d: next(iter(d)),
)
def test_degradation_is_of_the_low_resolution_alone(degradation):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (6, 32, 32, 3)).astype("uint8")
    options = {"crop_size": 32, "batch_size": 6, "n": 2, "shuffle": False}
    plain = batches(x, **options)
    worse = batches(x, **options, **degradation)
    again = batches(x, **options, **degradation)
    for (low, high), (bad, same), (twice, _) in zip(plain, worse, again):
        np.testing.assert_array_equal(high, same)
        np.testing.assert_array_equal(bad, twice)
        error = np.abs(bad - low).mean(axis=(1, 2, 3))
        assert np.median(error) > 1e-4 and error.std() > 1e-4  # Each its own.
    # Anew in each pass.
    assert not np.array_equal(worse[0][0], worse[1][0])
    if "blur" in degradation:
        assert worse[0][0].std() < plain[0][0].std()


def test_small_images_are_named(photos):
    with pytest.warns(UserWarning, match="1.png is of 24x16, smaller than"):
        data = datasets.load_high_res(photos, 2, scale=2, crop_size=(16, 18))
    assert len(data) == 1
    with pytest.raises(ValueError, match="smaller than a crop"):
        datasets.load_high_res(photos, 2, crop_size=20, strict=True)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"crop_size": 90}, "multiple of the scale, 4"),
        ({"crop_size": None}, "multiple of the scale"),
        ({"channels": 4}, "`channels` must be 1 or 3"),
        ({"noise": -1}, "`noise` must be"),
        ({"blur": 4}, "`blur` must be a standard deviation from 0 to 3"),
        ({"jpeg_quality": (90, 10)}, "`jpeg_quality` must be"),
        ({"scale": 0}, "`scale`"),
    ],
)
def test_arguments(photos, change, words):
    with pytest.raises(ValueError, match=words):
        datasets.load_high_res(photos, **change)


def test_points_are_no_images():
    with pytest.raises(ValueError, match="not images"):
        datasets.load_high_res("ring")


# ---- both are there -------------------------------------------------------


@pytest.fixture
def two_folders(tmp_path, photos):
    """Photographs, and every other pixel of them."""
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
    for file in photos.iterdir():
        pixels = np.asarray(Image.open(file))
        height, width = (side // 2 * 2 for side in pixels.shape[:2])
        pixels = pixels[:height, :width]
        Image.fromarray(pixels).save(tmp_path / "large" / file.name)
        small = Image.fromarray(pixels[::2, ::2])
        small.save((tmp_path / "small" / file.name).with_suffix(".tiff"))
    return tmp_path


def test_crops_of_both_show_the_same(two_folders):
    sides = ("small", "large")
    size = {"crop_size": 8, "augment": True}
    seen = set()
    for low, high in batches(two_folders, 12, sides=sides, **size):
        assert low.shape == (3, 4, 4, 3) and high.shape == (3, 8, 8, 3)
        assert low.dtype == high.dtype == "float32"
        assert sorted(uint8(high)[:, 0, 0, 2]) == [0, 40, 80]
        for small, large in zip(uint8(low), uint8(high)):
            # Of two neighbours one was kept, the upper left one before turns.
            pairs = large.reshape(4, 2, 4, 2, 3).min(axis=(1, 3))
            np.testing.assert_array_equal(small, pairs)
            down, right = large[1, 0] - large[0, 0], large[0, 1] - large[0, 0]
            seen.add((*np.sign(down[:2]), *np.sign(right[:2])))
    assert len(seen) == 8  # All ways to turn and mirror it.


def test_two_folders_are_those_of_one(two_folders):
    one = batches(two_folders, sides=("small", "large"))
    two = batches((two_folders / "small", str(two_folders / "large")))
    for a, b in zip(one, two, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)
    # And resumed at their third batch.
    rest = batches(two_folders, 2, sides=("small", "large"), skip=2)
    np.testing.assert_array_equal(one[2][0], rest[0][0])


def test_what_is_no_pair_of_sizes(two_folders):
    sides = ("small", "large")
    (two_folders / "small" / "0.tiff").unlink()
    Image.new("RGB", (9, 9)).save(two_folders / "small" / "1.tiff")
    with pytest.warns(UserWarning, match="no partner.*not 2 times as large"):
        found = batches(two_folders, 1, sides=sides, batch_size=1)
    assert uint8(found[0][1])[0, 0, 0, 2] == 80
    for arguments, words in (
        ({"degradation": "real_esrgan"}, "leave them out"),
        ({"noise": 2.0}, "leave them out"),
        ({"crop_size": 64}, "smaller than a crop of 32x32"),
        ({"sides": ("small", "big")}, "must name sub-folders of"),
    ):
        with pytest.raises(ValueError, match=words):
            batches(two_folders, 1, **{"sides": sides, **arguments})
    with pytest.raises(ValueError, match="must be a folder, or"):
        batches(np.zeros((4, 16, 16, 3), "uint8"), 1, sides=sides)
