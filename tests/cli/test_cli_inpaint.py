"""`keras-gans inpaint`, on pictures and painted masks."""

import keras
import numpy as np
import pytest
from cases import tiny_cyclegan, tiny_gan, tiny_inpainting_gan
from PIL import Image, ImageDraw

import keras_gans
from keras_gans import cli
from keras_gans.models.inpainting_gan import (
    InpaintingGenerator,
    SNPatchGANDiscriminator,
)

pytestmark = pytest.mark.neutral


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets")
    tiny_inpainting_gan(
        generator=InpaintingGenerator(3, filters=4, depth=2),
        discriminator=SNPatchGANDiscriminator(4, filters=4, depth=2),
        image_shape=(8, 8, 3),
        ema_momentum=0.9,
    ).save_to_preset(folder / "tiny")
    tiny_gan((8, 8, 3)).save_to_preset(folder / "gan")
    return folder


@pytest.fixture
def photos(tmp_path):
    """Two pictures and the masks that someone painted for them."""
    rng = np.random.default_rng(0)
    for name, shape in (("a.png", (9, 7, 3)), ("more/b.png", (8, 8, 4))):
        size = shape[1::-1]
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).line([(2, 2), (5, 6)], fill=255, width=2)
        for folder, picture in (
            ("photos", Image.fromarray(rng.integers(0, 256, shape, "uint8"))),
            ("masks", mask),
        ):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return tmp_path / "photos"


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def run(*arguments):
    return cli.main(["inpaint", *map(str, arguments)])


@pytest.mark.slow
def test_a_file_with_a_painted_mask(presets, photos, tmp_path, capsys):
    out, mask = tmp_path / "new" / "out.png", tmp_path / "masks" / "a.png"
    command = [presets / "tiny", photos / "a.png", "--mask", mask, "-o", out]
    assert run(*command) == 0
    assert "out.png: 1 image" in capsys.readouterr().out
    image, hole, made = (opened(p) for p in (photos / "a.png", mask, out))
    hole = hole > 127
    assert 5 < hole.sum() < 20
    np.testing.assert_array_equal(made[~hole], image[~hole])
    gan = keras_gans.InpaintingGAN.from_preset(str(presets / "tiny"))
    np.testing.assert_array_equal(made, gan.inpaint(image, hole))
    assert run(*command) == 2
    assert "--force" in capsys.readouterr().err


@pytest.mark.slow
def test_a_mask_may_be_what_is_opaque(presets, photos, tmp_path):
    hole = opened(tmp_path / "masks" / "a.png") > 127
    # Painted in black on a transparent layer.
    layer = np.zeros((*hole.shape, 4), "uint8")
    layer[hole, 3] = 255
    Image.fromarray(layer).save(tmp_path / "layer.png")
    for mask, out in (("masks/a.png", "1.png"), ("layer.png", "2.png")):
        command = [presets / "tiny", photos / "a.png", "-o", tmp_path / out]
        assert run(*command, "--mask", tmp_path / mask) == 0
    np.testing.assert_array_equal(
        opened(tmp_path / "1.png"), opened(tmp_path / "2.png")
    )
    # Opaque all over, it is what is white.
    layer[..., :3] = 255 * hole[..., None]
    layer[..., 3] = 255
    Image.fromarray(layer).save(tmp_path / "layer.png")
    command[-1] = tmp_path / "3.png"
    assert run(*command, "--mask", tmp_path / "layer.png") == 0
    np.testing.assert_array_equal(
        opened(tmp_path / "1.png"), opened(tmp_path / "3.png")
    )


@pytest.mark.slow
def test_a_folder_with_masks_of_the_same_names(
    presets, photos, tmp_path, capsys
):
    out, masks = tmp_path / "out", tmp_path / "masks"
    command = [presets / "tiny", photos, "-o", out, "--quiet"]
    assert run(*command, "--mask", masks) == 0
    assert "2 images" in capsys.readouterr().out
    made, image = opened(out / "more/b.png"), opened(photos / "more/b.png")
    assert made.shape == (8, 8, 4)  # Transparency is kept.
    np.testing.assert_array_equal(made[..., 3], image[..., 3])
    # One mask for all is as large as one of them.
    assert run(*command, "--force", "--mask", masks / "a.png") == 1
    said = capsys.readouterr().err
    assert "b.png: not inpainted (the mask must be as large as the" in said
    (masks / "more/b.png").rename(masks / "more/c.png")
    assert run(*command, "--force", "--mask", masks) == 2
    assert "no picture with the name of more/b.png" in capsys.readouterr().err


@pytest.mark.slow
def test_a_preset_that_draws_samples_is_searched(presets, photos, tmp_path):
    image, mask = photos / "more/b.png", tmp_path / "masks/more/b.png"
    for out in ("1.png", "2.png"):
        command = [presets / "gan", image, "--mask", mask]
        assert run(*command, "-o", tmp_path / out, "--seed", 3) == 0
    made, hole = opened(tmp_path / "1.png"), opened(mask) > 127
    np.testing.assert_array_equal(made, opened(tmp_path / "2.png"))
    # What the file has on white, where it is transparent.
    from keras_gans import image_files

    pixels, alpha = image_files.read(image, 3)
    np.testing.assert_array_equal(made[~hole][:, :3], pixels[~hole])
    search = keras_gans.SemanticInpainting(
        keras_gans.from_preset(str(presets / "gan"))
    )
    expected = search.inpaint(pixels, hole, seed=3)
    np.testing.assert_array_equal(made[..., :3], expected)


@pytest.mark.slow
def test_mistakes(presets, photos, tmp_path, capsys):
    out, mask = tmp_path / "out.png", tmp_path / "masks" / "a.png"
    given = [photos / "a.png", "--mask", mask, "-o", out]
    assert run(presets / "tiny", *given, "--seed", 1) == 2
    assert "draws nothing" in capsys.readouterr().err
    tiny_cyclegan(image_shape=(8, 8, 3)).save_to_preset(tmp_path / "cyclegan")
    assert run(tmp_path / "cyclegan", *given) == 2
    assert "translates images: keras-gans translate" in capsys.readouterr().err
    assert run(presets / "gan", *given) == 1  # It draws 8x8.
    assert "images must be of the model's shape" in capsys.readouterr().err
    given[2] = tmp_path / "no.png"
    assert run(presets / "tiny", *given) == 1
    assert "no file or folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(presets / "tiny", photos / "a.png", "-o", out)
    assert "--mask" in capsys.readouterr().err
    assert not out.exists()
