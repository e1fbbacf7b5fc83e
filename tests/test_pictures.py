import types

import numpy as np
import pytest
from PIL import Image

from keras_gans import pictures

pytestmark = pytest.mark.neutral


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_image_grid_places_every_image(channels):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 32, 40, channels), dtype="uint8")
    if channels == 4:
        images[..., 3] = 255
    grid = np.asarray(pictures.image_grid(images, columns=3, padding=1))
    assert grid.shape[:2] == (2 * 33 + 1, 3 * 41 + 1)
    tile = grid[34:66, 42:82]  # Row 1, column 1: the fifth image.
    expected = images[4] if channels > 1 else np.repeat(images[4], 3, axis=-1)
    np.testing.assert_array_equal(tile, expected)
    assert (grid[34:66, 84:123] == 255).all()  # There is no sixth.


def test_image_grid_takes_rows():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 2, 32, 32, 1), dtype="uint8")
    np.testing.assert_array_equal(
        pictures.image_grid(images),
        pictures.image_grid(images.reshape(6, 32, 32, 1), columns=2),
    )


def test_enlarged_by_whole_factors():
    images = np.arange(12, dtype="uint8").reshape(1, 2, 6, 1)
    made = pictures.enlarged(images, 5)
    assert made.shape == (1, 6, 18, 1)
    np.testing.assert_array_equal(made[:, 2::3, 1::3], images)
    np.testing.assert_array_equal(pictures.enlarged(images, 2), images)


def test_small_images_are_enlarged_by_whole_factors():
    images = np.zeros((4, 8, 8, 1), "uint8")
    assert pictures.image_grid(images, padding=0).size == (64, 64)


def test_scatter_draws_points_over_the_reference():
    reference = np.array([[-1.0, -1.0], [1.0, 1.0]])
    picture = pictures.scatter(np.array([[0.0, 0.0]]), reference, size=101)
    pixels = np.asarray(picture)
    assert tuple(pixels[50, 50]) == (31, 119, 180)
    blank = pictures.scatter(np.array([[np.nan, 0.0]]), reference, size=101)
    assert tuple(np.asarray(blank)[50, 50]) == (255, 255, 255)


def test_line_plot_takes_what_training_gives():
    lines = {"d_loss": [1.0, float("nan"), 0.5], "g_loss": [2.0, 2.0, 2.0]}
    picture = pictures.line_plot([10, 20, 30], lines)
    assert picture.size == (720, 400)
    assert len(picture.getcolors(10**6)) > 3
    pictures.line_plot([1], {"d_loss": [0.5]})
    pictures.line_plot([1], {"d_loss": [float("inf")]})


def test_a_history_has_a_panel_of_losses_and_one_for_each_score():
    logs = {
        "d_loss": [1.0, 2.0],
        "val_d_loss": [2.0, 3.0],
        "val_kid": [float("nan"), 0.5],
        "learning_rate": [0.1, 0.1],
    }
    history = types.SimpleNamespace(history=logs)
    picture = pictures.plot_history(history, size=(300, 100))
    assert picture.size == (300, 300)
    np.testing.assert_array_equal(
        picture, pictures.plot_history(logs, (300, 100))
    )
    losses = picture.crop((0, 0, 300, 100))
    expected = pictures.line_plot(
        [1, 2], {k: logs[k] for k in ("d_loss", "val_d_loss")}, (300, 100)
    )
    np.testing.assert_array_equal(losses, expected)
    with pytest.raises(ValueError, match="history must have logs. Received"):
        pictures.plot_history({})


def test_gif_has_an_even_selection_of_frames(tmp_path):
    paths = []
    for i in range(7):
        paths.append(tmp_path / f"{i}.png")
        Image.new("L", (8, 8), i * 30).save(paths[-1])
    pictures.save_gif(paths, tmp_path / "out.gif", max_frames=3)
    with Image.open(tmp_path / "out.gif") as animation:
        shades = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            shades.append(animation.convert("L").getpixel((0, 0)))
    assert shades == [0, 90, 180]


def test_gif_of_arrays_in_a_loop(tmp_path):
    images = np.zeros((5, 4, 6, 3), "uint8")
    images[..., 0] = 50 * np.arange(5)[:, None, None]
    path = tmp_path / "out.gif"
    pictures.save_gif(images, path, 40, max_frames=None, last=40)
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (5, (6, 4), 0)
        for i in range(5):
            film.seek(i)
            assert film.info["duration"] == 40
            assert film.convert("RGB").getpixel((0, 0)) == (50 * i, 0, 0)
    grey = list(images[..., :1])
    pictures.save_gif(grey, path, max_frames=2)
    with Image.open(path) as film:
        assert film.n_frames == 2
        film.seek(1)
        assert film.info["duration"] == 2000
        assert film.convert("RGB").getpixel((0, 0)) == (200, 200, 200)


def test_video_has_all_frames(tmp_path):
    av = pytest.importorskip("av", reason="the extra `video`")
    images = np.zeros((6, 33, 48, 1), "uint8")
    images += (40 * np.arange(6, dtype="uint8"))[:, None, None, None]
    pictures.save_video(images, tmp_path / "out.mp4", milliseconds=50)
    assert [x.name for x in tmp_path.iterdir()] == ["out.mp4"]
    with av.open(tmp_path / "out.mp4") as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 20
        frames = [x.to_ndarray(format="rgb24") for x in film.decode(stream)]
    assert [x.shape for x in frames] == [(32, 48, 3)] * 6
    shades = [x.mean() for x in frames]
    np.testing.assert_allclose(shades, 40 * np.arange(6), atol=4)
