"""RRDBNet and SRVGGNetCompact: networks, layers, and training on pixels.

What they make is compared with PyTorch in tests/convert.
"""

import keras
import numpy as np
import pytest
from cases import fit
from keras import ops

import keras_gans
from keras_gans.models.rrdbnet import (
    RRDB,
    Cropped,
    NearestUpSampling2D,
    PixelUnshuffle,
    RRDBNetGenerator,
)
from keras_gans.models.srvggnet import (
    BicubicShrinking,
    SRVGGNetCompactGenerator,
)
from keras_gans.presets.shapes import without_memory


def to_numpy(x):
    return ops.convert_to_numpy(x)


def tiny_rrdbnet(scale=4, channels=1):
    return keras_gans.RRDBNet(
        scale=scale, channels=channels, num_blocks=1, filters=4, growth=2
    )


def tiny_srvgg(scale=4, channels=1, made_scale=None):
    return keras_gans.SRVGGNetCompact(
        SRVGGNetCompactGenerator(scale, channels, 4, 1, made_scale)
    )


@pytest.mark.neutral
@pytest.mark.parametrize("num_blocks, count", [(23, 16697987), (6, 4467779)])
def test_rrdbnet_has_the_authors_parameters(num_blocks, count):
    network = without_memory(lambda: RRDBNetGenerator(num_blocks=num_blocks))
    assert network.count_params() == count
    assert network.output_shape == (None, None, None, 3)


@pytest.mark.neutral
def test_srvgg_has_the_authors_parameters():
    network = without_memory(SRVGGNetCompactGenerator)
    assert network.count_params() == 621424
    assert network.reach == 18


# ---- layers ---------------------------------------------------------------


def test_nearest_is_a_repetition():
    x = np.arange(24, dtype="float32").reshape(1, 3, 4, 2)
    made = to_numpy(NearestUpSampling2D(3)(x))
    expected = x.repeat(3, axis=1).repeat(3, axis=2)
    np.testing.assert_array_equal(made, expected)


def test_pixels_become_channels_and_what_was_added_is_cut_off():
    x = np.arange(15, dtype="float32").reshape(1, 3, 5, 1)
    layer = PixelUnshuffle(2)
    made = to_numpy(layer(x))
    assert made.shape == layer.compute_output_shape(x.shape) == (1, 2, 3, 4)
    np.testing.assert_array_equal(made[0, 0, 0], [0, 1, 5, 6])
    # The last pixels again, on both sides.
    np.testing.assert_array_equal(made[0, 1, 2], [14, 14, 14, 14])
    large = to_numpy(ops.depth_to_space(made, 2, "channels_last"))
    np.testing.assert_array_equal(to_numpy(Cropped(1)([large, x])), x)


def test_bicubic_shrinking_by_hand():
    """A half: from four pixels, with Keys's kernel at -0.75."""
    weights = np.array([-3, 19, 19, -3]) / 32
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 1)).astype("float32")
    made = to_numpy(BicubicShrinking(4, 2)(x))
    assert made.shape == (1, 1, 2, 1)
    image = np.pad(x[0, :, :, 0], 1, mode="edge")
    expected = [weights @ image[:, i : i + 4] @ weights for i in (0, 2)]
    np.testing.assert_allclose(made[0, 0, :, 0], expected, rtol=1e-4)
    # Of what is everywhere the same, it makes that, at the border too.
    for old, new in ((4, 3), (4, 2), (3, 2)):
        flat = np.full((1, 2 * old, old, 2), 0.3, "float32")
        made = to_numpy(BicubicShrinking(old, new)(flat))
        assert made.shape == (1, 2 * new, new, 2)
        np.testing.assert_allclose(made, 0.3, rtol=1e-5)


def test_convolutions_of_a_cpu_are_those_of_other_devices(monkeypatch):
    """In parts or at once: the same images, and gradients."""
    from keras_gans import backend

    keras.utils.set_random_seed(0)
    network = RRDBNetGenerator(1, 3, num_blocks=1, filters=8, growth=4)
    rng = np.random.default_rng(0)
    for v in network.weights:
        v.assign(rng.normal(scale=0.1, size=v.shape))
    x = rng.normal(size=(2, 8, 12, 3)).astype("float32")

    def results():
        (loss, aux), gradients = backend.value_and_gradients(
            lambda: (ops.mean(ops.square(network(x))), ()),
            network.trainable_variables,
            [],
        )
        return [to_numpy(network(x)), *map(to_numpy, gradients)]

    assert backend.device_name() == "CPU"
    here = results()
    monkeypatch.setattr(backend, "device_name", lambda: "a GPU")
    for a, b in zip(here, results(), strict=True):
        assert np.abs(b).max() > 0
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_an_rrdb_adds_a_fifth_of_a_fifth():
    """With kernels of zero, each dense block adds a fifth of its last bias."""
    layer = RRDB(3, 2)
    layer.build((None, None, None, 3))
    for block in layer.blocks:
        for kernel in block.kernels:
            kernel.assign(ops.zeros(kernel.shape))
        block.biases[-1].assign(ops.ones(3))
    made = to_numpy(layer(np.full((1, 2, 2, 3), 0.5, "float32")))
    np.testing.assert_allclose(made, 0.5 + 0.2 * (0.5 + 3 * 0.2), rtol=1e-6)
    assert layer.compute_output_shape((1, 2, 2, 3)) == (1, 2, 2, 3)


# ---- networks -------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_rrdbnet_enlarges_images_of_any_size(scale):
    model = tiny_rrdbnet(scale)
    for height, width in ((5, 7), (8, 4), (1, 1)):
        x = np.zeros((2, height, width, 1), "float32")
        made = model.generator(x)
        assert made.shape == (2, scale * height, scale * width, 1)


@pytest.mark.parametrize(
    "scale, made_scale", [(1, None), (2, None), (3, None), (2, 4), (3, 4)]
)
def test_srvgg_enlarges_images_of_any_size(scale, made_scale):
    model = tiny_srvgg(scale, made_scale=made_scale)
    x = np.zeros((2, 5, 7, 1), "float32")
    assert model.generator(x).shape == (2, 5 * scale, 7 * scale, 1)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: RRDBNetGenerator(3), "scale must be 1, 2 or 4"),
        (lambda: RRDBNetGenerator(growth=0), "growth must be"),
        (lambda: RRDBNetGenerator(num_blocks=0), "num_blocks must be"),
        (lambda: SRVGGNetCompactGenerator(8), "scale must be 1, 2, 3 or 4"),
        (lambda: SRVGGNetCompactGenerator(num_convs=0), "num_convs must be"),
        (
            lambda: SRVGGNetCompactGenerator(4, made_scale=2),
            "made_scale must be None, or an integer from scale, 4",
        ),
    ],
)
def test_arguments_are_checked(make, words):
    with pytest.raises(ValueError, match=f"{words}.*Received"):
        make()


# ---- models ---------------------------------------------------------------

MODELS = pytest.mark.parametrize(
    "make",
    [
        tiny_rrdbnet,
        lambda: tiny_rrdbnet(2),
        tiny_srvgg,
        lambda: tiny_srvgg(3, made_scale=4),
    ],
    ids=["rrdbnet", "rrdbnet x2", "srvgg", "srvgg x3 of 4"],
)


@pytest.mark.slow
@MODELS
def test_it_learns(make):
    """That images are to become their negatives, half as strong."""
    keras.utils.set_random_seed(0)
    model = make()
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (8, 6, 6, 1)).astype("float32")
    y = -x.repeat(model.scale, axis=1).repeat(model.scale, axis=2) / 2
    model.compile(keras.optimizers.Adam(1e-2))
    history = fit(model, x, y, epochs=30)["loss"]
    assert history[-1] < 0.8 * history[0]


@pytest.mark.slow
@pytest.mark.neutral
def test_it_is_compiled_as_the_paper_says():
    model = tiny_rrdbnet()
    model.compile()
    assert model.loss == "mean_absolute_error"
    rate = float(to_numpy(model.optimizer.learning_rate))
    assert rate == pytest.approx(2e-4)


@pytest.mark.slow
@MODELS
def test_it_is_saved_and_loaded(make, tmp_path):
    model = make()
    x = np.random.default_rng(0).uniform(-1, 1, (1, 5, 7, 1))
    expected = to_numpy(model.generator(x.astype("float32")))
    model.save_to_preset(tmp_path / "preset")
    loaded = keras_gans.from_preset(tmp_path / "preset")
    assert type(loaded) is type(model)
    made = to_numpy(loaded.generator(x.astype("float32")))
    np.testing.assert_array_equal(made, expected)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    made = to_numpy(loaded.generator(x.astype("float32")))
    np.testing.assert_array_equal(made, expected)


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_rrdbnet, tiny_srvgg])
def test_tiles_give_the_whole_image(make):
    """Of a network that sees no further than its `reach`."""
    model = make()
    image = np.random.default_rng(0).integers(0, 256, (197, 170, 1), "uint8")
    whole = model.upscale(image, tile=1000).astype(int)
    assert whole.shape == (197 * model.scale, 170 * model.scale, 1)
    # Of which the windows are smaller than the image.
    tile = 167 - 2 * model.generator.reach
    assert np.abs(whole - model.upscale(image, tile=tile)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_rrdbnet, tiny_srvgg])
def test_half_precision_makes_images_in_float32(make):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = make()
        made = model.generator(np.zeros((1, 5, 7, 1), "float32"))
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(made.dtype) == "float32"
