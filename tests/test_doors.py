"""Every door reads the same array and the same file in the same way."""

import warnings

import keras
import numpy as np
import pytest
from cases import tiny_gan, tiny_inpainting_gan, tiny_pix2pix
from data_files import take
from PIL import Image

import keras_gans
from keras_gans import callbacks, datasets, image_files, metrics, pixels
from keras_gans.checks import UnitWarning

pytestmark = pytest.mark.neutral
SHAPE = (8, 8, 1)  # the tiny models'

# ---- arrays ---------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    """One that hands out what its steps have read."""
    model = tiny_gan()
    model.compile(run_eagerly=True)
    return model


def seen_by_step(model, run):
    seen = []
    model.__dict__["read_batch"] = lambda data, step: (
        seen.append(type(model).read_batch(model, data, step)) or seen[-1]
    )
    try:
        run()
    finally:
        del model.__dict__["read_batch"]
        model.train_function = model.test_function = None
    (x, *_) = seen[-1] if isinstance(seen[-1], tuple) else (seen[-1],)
    return keras.ops.convert_to_numpy(x)


def by_fit(x, model):
    return seen_by_step(model, lambda: model.fit(x, verbose=0))


def by_evaluate(x, model):
    return seen_by_step(model, lambda: model.evaluate(x, verbose=0))


def by_validation_data(x, model):
    real = np.zeros((8, *SHAPE), "float32")
    return seen_by_step(
        model, lambda: model.fit(real, validation_data=(x,), verbose=0)
    )


def by_dataset_of_fit(x, model):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices(x).batch(8)
    return seen_by_step(model, lambda: model.fit(data, verbose=0))


def by_train_on_batch(x, model):
    return seen_by_step(model, lambda: model.train_on_batch(x))


def by_load(x, model):
    return take(datasets.load(x, 8, shuffle=False))[0]


def by_load_pairs(x, model):
    return take(datasets.load_pairs((x, x), 8, shuffle=False))[0][0]


def by_load_unpaired(x, model):
    return take(datasets.load_unpaired(x, x, 8, shuffle=False))[0][0]


def by_metrics(x, model):
    seen = []

    def mean(images):
        seen.append(images)
        return images.reshape(len(images), -1)[:, :2]

    metrics.evaluate([x], np.zeros((8, *SHAPE), "uint8"), mean, ("fid",))
    return seen[-1]


def by_pixels(x, model):
    white = np.full(x.shape, 255, "uint8")
    error = metrics.mean_absolute_error(x, white)
    return 255 - (64 * error - 255) / 63  # Without the black pixel.


def by_luma(x, model):
    luma = metrics.luma(x)
    return (luma - 16) * 255 / (65.481 + 128.553 + 24.966)


def by_keras_metric(x, model):
    network = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
    extractor = metrics.Extractor(lambda x: x, "values", network=network)
    metric = metrics.FrechetDistance(extractor)
    metric.update_state(x, np.zeros((8, *SHAPE), "uint8"))
    total, count = (
        keras.ops.convert_to_numpy(v)[..., None]
        for v in metric.variables[1::-1]
    )
    return total / count


def by_translate(x, model):
    class Identity(keras.layers.Layer):
        def call(self, x):
            return x

    same = keras.Sequential([keras.Input((None, None, 1)), Identity()])
    return tiny_pix2pix(generator=same).translate(x)


def by_inpaint(x, model):
    masks = np.zeros(x.shape[:-1], bool)  # Nothing to fill.
    return tiny_inpainting_gan().inpaint(x, masks)


def by_upscale(x, model):
    upscaler = keras_gans.SRResNet(
        scale=2, channels=1, filters=2, num_residual_blocks=1
    )
    upscaler.__dict__["_upscale_windows"] = lambda windows, *_: (
        window.repeat(2, 1).repeat(2, 2) for window in windows
    )
    return upscaler.upscale(x[0])


def by_health(x, model):
    health = callbacks.TrainingHealth(x)
    health.set_model(model)
    health.on_train_begin()
    return health.examples


STEPS = (
    by_fit,
    by_evaluate,
    by_validation_data,
    by_dataset_of_fit,
    by_train_on_batch,
)
DOORS = STEPS + (
    by_load,
    by_load_pairs,
    by_load_unpaired,
    by_metrics,
    by_pixels,
    by_luma,
    by_keras_metric,
    by_translate,
    by_inpaint,
    by_upscale,
    by_health,
)
# What only makes sense of more images than these are given.
UNWARNED = {by_train_on_batch}


def filled(value, dtype):
    """Images of one grey, and one black pixel."""
    x = np.full((8, *SHAPE), value, dtype)
    x[:, 0, 0] = 0 if np.dtype(dtype).kind in "bui" else -1
    return x


GREY = 51  # or -0.6
READ = {
    "uint8": filled(GREY, "uint8"),
    "uint16": filled(257 * GREY, "uint16"),
    "float16": filled(-0.6, "float16"),
    "float32": filled(-0.6, "float32"),
    "float64": filled(-0.6, "float64"),
}
SUSPECT = {
    "[0, 1]": (filled(-0.6, "float32") + 1) / 2,
    "0 and 1": filled(1, "uint8"),
    "0 to 255": filled(200, "uint16"),
}
REFUSED = {
    "bool": (filled(True, "bool"), "images of.*np.uint8.255.*dtype bool"),
    "int8": (filled(51, "int8"), "images of.*dtype int8"),
    "int32": (filled(51, "int32"), r"images.*astype\('uint8'\).*dtype int32"),
    "int64": (filled(51, "int64"), r"images.*astype\('uint8'\).*dtype int64"),
    "uint32": (filled(51, "uint32"), "images of.*dtype uint32"),
    "[0, 255]": (
        filled(-0.6, "float32") * 127.5 + 127.5,
        r"images in .*/ 127.5 - 1",
    ),
    "z-scores": (filled(3.0, "float32"), "images in .*example_kind='field'"),
    "NaN": (filled(np.nan, "float32"), "finite"),
    "inf": (filled(np.inf, "float32"), "finite"),
}


def name_of(value):
    return value.__name__[3:] if callable(value) else None


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_arrays(door, model):
    for name, x in READ.items():
        if name == "uint16" and door in STEPS:
            continue
        found = np.asarray(door(x, model), "float64")
        if found.min() < 0:
            found = found * 127.5 + 127.5
        elif found.max() > 255:  # 16 bits are kept.
            found = found / 257
        assert found.max() == pytest.approx(GREY, abs=0.6), name
    for name, x in SUSPECT.items():
        if door in UNWARNED or (name != "[0, 1]" and door is by_upscale):
            continue
        if x.dtype == np.uint16 and door in STEPS:  # Refused.
            continue
        with pytest.warns(UnitWarning, match="UnitWarning.*Received: "):
            door(x, model)
    for x, words in REFUSED.values():
        with pytest.raises(ValueError, match=f"(?s)must be {words}"):
            door(x, model)


@pytest.mark.parametrize("door", STEPS, ids=name_of)
def test_steps_want_16_bits_scaled(door, model):
    with pytest.raises(ValueError, match="/ 32767.5 - 1 for 16 bits"):
        door(READ["uint16"], model)


def test_what_is_meant_is_said(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitWarning)
        by_fit(SUSPECT["[0, 1]"], model)


# ---- files ----------------------------------------------------------------

COLOR = (200, 100, 50)
LUMA = 124  # 0.299, 0.587, 0.114
# What Pillow writes to a file and reads again in the same mode.
MODES = {
    "1": (".png", (255,) * 3, 0),
    "L": (".png", (LUMA,) * 3, 1),
    "LA": (".png", (255 - (255 - LUMA) / 5,) * 3, 2),
    "P": (".png", COLOR, 0),
    "PA": (".tif", COLOR, 0),
    "RGB": (".png", COLOR, 0),
    "RGBA": (".png", (244, 224, 214), 1),
    "CMYK": (".tif", COLOR, 0),
    "YCbCr": (".tif", COLOR, 3),
    "LAB": (".tif", COLOR, 6),
    "I": (".tif", (LUMA,) * 3, 1),
    "I;16": (".png", (LUMA,) * 3, 1),
    "I;16B": (".tif", (LUMA,) * 3, 1),
}


def picture(mode):
    """12x12 pixels of one colour, in parts transparent where that can be."""
    rgb = Image.new("RGB", (12, 12), COLOR)
    if mode == "1":
        return Image.new("1", (12, 12), 1)
    if mode in ("LA", "RGBA"):
        image = rgb.convert(mode)
        image.putalpha(51)
        return image
    if mode in ("P", "PA"):
        return rgb.quantize(2).convert(mode)
    if mode[0] == "I":
        deep = np.full((12, 12), 257 * LUMA, "uint16")
        deep = deep.astype({"I": "int32", "I;16B": ">u2"}.get(mode, "uint16"))
        return Image.fromarray(deep)
    return rgb.convert(mode)


def by_folder(path):
    return take(datasets.load(path.parent, 1, channels=3))[0][0]


def by_pairs(path):
    both = (path.parent, path.parent)
    return take(datasets.load_pairs(both, 1, channels=3))[0][1][0]


def by_sides(path):
    both = (path.parent, path.parent)
    return take(datasets.load_unpaired(*both, channels=3))[0][1][0]


def by_crops(path):
    return take(datasets.load_high_res(path.parent, 1, crop_size=12))[0][1][0]


def by_whole_crops(path):
    return take(datasets.load_crops(path.parent, 1, crop_size=12))[0][0]


def by_read(path):
    return image_files.read(path, 3)[0]


def by_open(path):
    """What `upscale` sees, on white."""
    image = image_files.open_image(path)
    pixels = image_files.to_pixels(image)
    if pixels.dtype == np.uint16:
        pixels = pixels / 257
    if pixels.shape[-1] in (2, 4):
        alpha = pixels[..., -1:] / 255
        pixels = pixels[..., :-1] * alpha + 255 * (1 - alpha)
    return pixels


FILE_DOORS = (
    by_folder,
    by_pairs,
    by_sides,
    by_crops,
    by_whole_crops,
    by_read,
    by_open,
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_files(mode, tmp_path):
    suffix, color, tolerance = MODES[mode]
    path = tmp_path / f"x{suffix}"
    picture(mode).save(path)
    with Image.open(path) as image:
        assert image.mode == mode
    for door in FILE_DOORS:
        found = door(path)
        if found.dtype == np.float32:
            found = found * 127.5 + 127.5
        np.testing.assert_allclose(
            np.broadcast_to(found, (12, 12, 3))[5, 5],
            color,
            atol=tolerance + 0.01,
            err_msg=door.__name__,
        )


@pytest.mark.parametrize(
    "image, words",
    [
        (Image.new("F", (12, 12), 0.5), "image of mode F"),
        (Image.new("I", (12, 12), 70_000), "from 70000 to 70000"),
        (Image.new("I", (12, 12), -1), "from -1 to -1"),
    ],
)
def test_files_whose_range_nobody_knows(image, words, tmp_path):
    path = tmp_path / "x.tif"
    image.save(path)
    for door in FILE_DOORS:
        with pytest.raises(ValueError, match=f"(?s)8 or 16 bits.*{words}"):
            door(path)


@pytest.mark.parametrize("mode", ["La", "RGBa", "RGBX", "HSV", "I;16L", "F"])
def test_images_that_no_file_holds(mode):
    image = Image.new(mode, (3, 2))
    if mode == "F":
        with pytest.raises(ValueError, match="mode F"):
            image_files.to_pixels(image)
        return
    grey, alpha = mode in ("La", "I;16L"), mode[-1] == "a"
    pixels = image_files.to_pixels(image)
    assert pixels.shape == (2, 3, (1 if grey else 3) + alpha)
    assert image_files.to_pixels(image, 3).shape == (2, 3, 3)
    assert image_files.to_pixels(image, 4).shape == (2, 3, 4)


def test_one_dark_image_may_be_meant():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels.check_images("x", np.ones((4, 4, 1), "uint8"))
        pixels.check_images("x", np.full((4, 4, 1), 200, "uint16"))
        pixels.check_images("x", np.zeros((2, 4, 4, 1), "float32"))
