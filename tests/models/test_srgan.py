"""SRResNet and SRGAN: the paper's networks and losses, and upscaling."""

import itertools

import keras
import numpy as np
import pytest
from cases import Case, adam, assert_equal, fit, tiny_srgan, weights_of
from keras import ops
from PIL import Image

import keras_gans
from keras_gans import presets
from keras_gans.layers import prelu
from keras_gans.models import srgan
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator
from keras_gans.models.tiling import _spans
from keras_gans.pixels import to_uint8

CASE = Case(
    keras_gans.SRGAN,
    tiny_srgan,
    logs=("d_loss", "g_loss", "content_loss"),
    turns=("generator", "discriminator"),
    unseen=2,  # The content network's.
    rounds=True,
    drift=1e-3,
)


def to_numpy(x):
    return ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def colors():
    """An SRResNet with random weights and statistics, as if it was trained."""
    keras.utils.set_random_seed(0)
    model = keras_gans.SRResNet(scale=4, filters=4, num_residual_blocks=2)
    rng = np.random.default_rng(0)
    for v in model.weights:
        if "moving" in v.path:
            v.assign(rng.uniform(0.5, 1.5, v.shape))
        elif "gamma" in v.path or "beta" in v.path:
            v.assign(rng.normal(0.5, 0.2, v.shape))
    return model


# ---- networks -------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.neutral
def test_the_generator_is_the_papers():
    generator = SRResNetGenerator()
    convolutions = [
        (layer.filters, *layer.kernel_size)
        for layer in generator.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert convolutions == [
        (64, 9, 9),
        *33 * [(64, 3, 3)],
        *2 * [(256, 3, 3)],
        (3, 9, 9),
    ]
    # Table 4 of Ledig et al. has no count; this is the sum by hand, with a
    # slope per channel and no bias before a normalization.
    trained = sum(np.prod(v.shape) for v in generator.trainable_variables)
    assert trained == (
        (9 * 9 * 3 * 64 + 64)
        + 64  # first, and its slopes
        + 16 * (2 * 9 * 64 * 64 + 2 * 128 + 64)
        + 9 * 64 * 64
        + 128
        + 2 * (9 * 64 * 256 + 256 + 64)
        + 9 * 9 * 64 * 3
        + 3
    )
    assert generator.output_shape == (None, None, None, 3)


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("normalization", ["batch", None])
def test_scales(scale, normalization):
    keras.utils.set_random_seed(0)
    generator = SRResNetGenerator(scale, 1, 4, 16, normalization)
    x = keras.random.normal((2, 5, 7, 1), seed=0)
    y = to_numpy(generator(x, training=True))
    assert y.shape == (2, 5 * scale, 7 * scale, 1)
    # A fresh one neither dies out nor explodes.
    assert 0.05 < y.std() < 20
    assert generator.scale == scale


@pytest.mark.parametrize("size", [1, 3, 5, 7, 9, (9, 3)])
def test_convolution_of_blocks_is_the_convolution(size):
    x = keras.random.normal((2, 6, 8, 4), seed=0)
    plain = keras.layers.Conv2D(
        3, size, padding="same", activation="tanh", bias_initializer="normal"
    )
    expected = to_numpy(plain(x))
    layer = srgan.SpaceToDepthConv2D(3, size, activation="tanh")
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    assert layer.compute_output_shape(x.shape) == (2, 6, 8, 3)
    np.testing.assert_allclose(to_numpy(layer(x)), expected, atol=1e-5)
    again = srgan.SpaceToDepthConv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 4},
        {"padding": "valid"},
        {"strides": 2},
        {"dilation_rate": 2},
        {"groups": 3},
        {"data_format": "channels_first"},
    ],
)
def test_convolution_of_blocks_has_one_form(arguments):
    with pytest.raises(ValueError, match="kernel_size must be odd, padding"):
        srgan.SpaceToDepthConv2D(3, **{"kernel_size": 3, **arguments})


def test_prelu_is_that_of_keras():
    x = np.float32([[[[-2.0, -2.0], [3.0, 0.0]]]])
    layer = prelu()
    np.testing.assert_allclose(
        to_numpy(layer(x)), [[[[-0.5, -0.5], [3, 0]]]], atol=1e-7
    )
    plain = keras.layers.PReLU(shared_axes=[1, 2])
    plain.build(x.shape)
    assert layer.alpha.shape == plain.alpha.shape == (1, 1, 2)
    layer.alpha.assign([[[0.5, -1.5]]])
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(plain(x)))


@pytest.mark.slow
@pytest.mark.neutral
def test_the_discriminator_is_the_papers():
    discriminator = SRGANDiscriminator()
    convolutions = [
        (layer.filters, layer.strides[0])
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert convolutions == [
        (64, 1),
        (64, 2),
        (128, 1),
        (128, 2),
        (256, 1),
        (256, 2),
        (512, 1),
        (512, 2),
    ]
    dense = [
        layer.kernel.shape
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.Dense)
    ]
    assert [tuple(s) for s in dense] == [(6 * 6 * 512, 1024), (1024, 1)]
    norms = [
        layer
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(norms) == 7  # All but the first.


@pytest.mark.neutral
def test_a_discriminator_of_any_size():
    discriminator = SRGANDiscriminator((32, 32, 3), 2, global_pooling=True)
    for size in ((32, 32), (48, 17)):
        assert discriminator(ops.zeros((2, *size, 3))).shape == (2, 1)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: SRResNetGenerator(3), "scale must be one of 2, 4, 8"),
        (lambda: SRResNetGenerator(filters=0), "filters must be"),
        (
            lambda: SRResNetGenerator(normalization="instance"),
            'normalization must be "batch" or None',
        ),
        (lambda: SRGANDiscriminator((90, 96, 3)), "multiples of 16"),
        (lambda: tiny_srgan(content_weight=-1.0), "content_weight"),
        (lambda: tiny_srgan(adversarial_weight="1"), "adversarial_weight"),
        (lambda: tiny_srgan(ema_momentum=2.0), "ema_momentum must be"),
        (
            lambda: tiny_srgan(generator=SRResNetGenerator(2, filters=2)),
            "generator must take images of 1 channels.*and takes 3",
        ),
        (
            lambda: tiny_srgan(image_shape=(18, 17, 1)),
            "multiples of the generator's scale, 2. ",
        ),
        (
            lambda: keras_gans.SRResNet(keras.Sequential()),
            "must have the attributes scale and reach",
        ),
    ],
)
def test_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# ---- the losses -----------------------------------------------------------


@pytest.mark.slow
def test_the_losses_by_hand():
    model = tiny_srgan(content_weight=0.006, adversarial_weight=1e-3, seed=0)
    model.compile(adam(1e-12), adam(1e-12))
    rng = np.random.default_rng(0)
    high = rng.uniform(-1, 1, (4, 16, 16, 1)).astype("float32")
    low = high[:, ::2, ::2]
    logs = model.test_on_batch(low, high, return_dict=True)
    fake = model.generator(low, training=False)
    content = model.content_network
    difference = to_numpy(content(high)) - to_numpy(content(fake))
    expected = (difference**2).mean()
    assert logs["content_loss"] == pytest.approx(expected, rel=1e-4)
    real_logits, fake_logits = (
        to_numpy(model.discriminator(x, training=False)) for x in (high, fake)
    )
    adversarial = np.log1p(np.exp(-fake_logits)).mean()
    assert logs["g_loss"] == pytest.approx(
        0.006 * expected + 1e-3 * adversarial, rel=1e-4
    )
    assert logs["d_loss"] == pytest.approx(
        np.log1p(np.exp(-real_logits)).mean()
        + np.log1p(np.exp(fake_logits)).mean(),
        rel=1e-4,
    )


@pytest.mark.slow
@pytest.mark.neutral
def test_each_term_alone_reaches_the_generator():
    for weights in ((1.0, 0.0), (0.0, 1.0)):
        keras.utils.set_random_seed(0)
        model = tiny_srgan(
            content_weight=weights[0], adversarial_weight=weights[1]
        )
        model.compile(adam(1e-2), adam(1e-9))
        start = [to_numpy(v).copy() for v in model.variables_of("generator")]
        rng = np.random.default_rng(0)
        high = rng.uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
        fit(model, high[:, ::2, ::2], high)
        for a, v in zip(start, model.variables_of("generator")):
            assert (a != to_numpy(v)).any()


@pytest.mark.slow
@pytest.mark.neutral
def test_the_content_network_of_a_classifier():
    network = srgan.content_network("cifar10_classifier", "re_lu_2")
    small, large = ops.zeros((1, 32, 32, 3)), ops.zeros((1, 64, 48, 3))
    assert network(small).shape == (1, 16, 16, 72)
    assert network(large).shape == (1, 32, 24, 72)
    assert not network.trainable_variables
    # The classifier's own features, of images twice as large.
    classifier, _ = presets.load_network("cifar10_classifier")
    part = keras.Model(
        classifier.inputs, classifier.get_layer("re_lu_2").output
    )
    x = keras.random.uniform((2, 16, 16, 3), -1, 1, seed=0)
    large = ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
    np.testing.assert_allclose(
        to_numpy(network(x)), to_numpy(part(large)), atol=1e-5
    )
    # Dots are not lost on it, however fine.
    rows, columns = np.indices((16, 16))
    dots = np.stack([(rows + columns) % 2 * 0.2 - 0.1] * 3, axis=-1)[None]
    dotted, plain = (
        to_numpy(network(pixels.astype("float32")))
        for pixels in (dots, 0 * dots)
    )
    assert abs(dotted - plain).mean() > 0.01
    with pytest.raises(ValueError, match="content_layer must be one of conv2d"):
        srgan.content_network("cifar10_classifier", "nowhere")


@pytest.mark.neutral
def test_vgg19_is_prepared_as_its_weights_want_it(monkeypatch):
    made = []

    def untrained(include_top, weights):
        assert (include_top, weights) == (False, "imagenet")
        inputs = keras.Input((None, None, 3))
        outputs = keras.layers.Identity(name="block5_conv4")(inputs)
        made.append(keras.Model(inputs, outputs))
        return made[-1]

    monkeypatch.setattr(keras.applications, "VGG19", untrained)
    x = np.random.default_rng(0).uniform(-1, 1, (1, 4, 5, 3))
    features = to_numpy(srgan.content_network()(x.astype("float32")))
    pixels = ((x + 1) * 127.5).astype("float32")
    expected = keras.applications.vgg19.preprocess_input(pixels)
    np.testing.assert_allclose(features, expected, atol=1e-3)


@pytest.mark.neutral
def test_vgg19_without_its_weights(monkeypatch):
    def fails(**kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.applications, "VGG19", fails)
    model = tiny_srgan(content_network="vgg19")  # Not yet needed.
    with pytest.raises(ConnectionError, match="no route.*pass content_network"):
        model.compile()


@pytest.mark.slow
@pytest.mark.neutral
def test_what_a_name_stands_for_is_not_in_a_checkpoint(tmp_path):
    model = keras_gans.SRGAN(
        SRResNetGenerator(filters=2, num_residual_blocks=1),
        SRGANDiscriminator((32, 32, 3), 2),
        (32, 32, 3),
        content_network="cifar10_classifier",
        content_layer="re_lu_1",
    )
    count = len(model.weights)
    model.compile()
    assert len(model.weights) == count
    high = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3))
    high = high.astype("float32")
    history = fit(model, high[:, ::4, ::4], high, batch_size=4)
    assert np.isfinite(history["content_loss"]).all()
    model.save_to_preset(tmp_path / "preset")
    loaded = keras_gans.SRGAN.from_preset(tmp_path / "preset")
    assert loaded.content_network == "cifar10_classifier"
    image = np.zeros((8, 8, 3), "uint8")
    np.testing.assert_array_equal(loaded.upscale(image), model.upscale(image))


# ---- the two phases -------------------------------------------------------


@pytest.mark.slow
def test_srresnet_is_a_keras_model_that_learns():
    keras.utils.set_random_seed(0)
    model = keras_gans.SRResNet(
        scale=2, channels=1, filters=8, num_residual_blocks=1
    )
    model.compile(keras.optimizers.Adam(1e-2))
    rng = np.random.default_rng(0)
    low = rng.uniform(-1, 1, (32, 8, 8, 1)).astype("float32")
    high = low.repeat(2, 1).repeat(2, 2)
    history = fit(model, low, high, epochs=12)
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    prediction = model.predict(low, verbose=0)
    loss = model.evaluate(low, high, verbose=0)
    assert loss == pytest.approx(((prediction - high) ** 2).mean(), rel=1e-3)


@pytest.mark.neutral
def test_the_papers_optimizers():
    model = keras_gans.SRResNet(filters=2, num_residual_blocks=1)
    model.compile()
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    assert model.loss == "mean_squared_error"
    for optimizer in tiny_srgan().default_optimizers():
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert optimizer.beta_1 == 0.9


@pytest.mark.slow
@pytest.mark.neutral
def test_srgan_starts_from_srresnet(tmp_path, colors):
    colors.save_to_preset(tmp_path / "srresnet")
    arguments = {
        "discriminator": SRGANDiscriminator((32, 32, 3), 2),
        "image_shape": (32, 32, 3),
    }
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3))
    expected = colors.upscale(image.astype("uint8"))
    for start in (colors.generator, str(tmp_path / "srresnet")):
        gan = keras_gans.SRGAN(start, **arguments)
        np.testing.assert_array_equal(
            gan.upscale(image.astype("uint8")), expected
        )


@pytest.mark.slow
@pytest.mark.neutral
def test_srresnet_round_trips(tmp_path, colors):
    colors.save_to_preset(tmp_path / "preset")
    loaded = keras_gans.SRResNet.from_preset(tmp_path / "preset")
    assert_equal(weights_of(loaded), weights_of(colors))
    colors.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_equal(weights_of(loaded), weights_of(colors))
    with pytest.raises(ValueError, match="SRResNet.from_preset"):
        keras_gans.SRGAN.from_preset(tmp_path / "preset")


@pytest.mark.slow
def test_a_compiled_srresnet_trains_on_after_loading(tmp_path):
    model = keras_gans.SRResNet(scale=2, filters=2, num_residual_blocks=1)
    model.compile(keras.optimizers.SGD(0.1), "mean_absolute_error")
    x = np.zeros((4, 4, 4, 3), "float32")
    y = np.ones((4, 8, 8, 3), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is type(model.optimizer)
    expected = model.fit(x, y, verbose=0).history["loss"]
    assert loaded.fit(x, y, verbose=0).history["loss"] == pytest.approx(
        expected
    )


@pytest.mark.slow
def test_training_stops_when_the_loss_is_no_number():
    model = keras_gans.SRResNet(scale=2, filters=2, num_residual_blocks=1)
    model.compile(keras.optimizers.SGD(0.0))
    start = [to_numpy(v).copy() for v in model.trainable_variables]
    x = np.zeros((4, 4, 4, 3), "float32")
    y = np.zeros((4, 8, 8, 3), "float32")
    with pytest.raises(ValueError, match="x must be finite"):
        model.fit(x * np.nan, y, verbose=0)
    # Of a generator `fit` looks at the first batch alone.
    batches = ((x / i, y) for i in np.float32([1, np.nan]))
    with pytest.raises(ValueError, match="x must be finite.*at step 2"):
        model.fit(batches, steps_per_epoch=2, verbose=0)
    assert_equal(start, [to_numpy(v) for v in model.trainable_variables])
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.neutral
def test_pairs_are_asked_for():
    model = tiny_srgan()
    model.compile()
    low = np.zeros((8, 8, 8, 1), "float32")
    with pytest.raises(ValueError, match="low_res_images, high_res_images"):
        model.fit(low)
    with pytest.raises(ValueError, match="y must have the shape"):
        model.fit(low, low)
    with pytest.raises(TypeError, match="use upscale"):
        model.generate(4)


# ---- upscale --------------------------------------------------------------


@pytest.mark.parametrize("tile", [1000, 32, 17])
def test_tiles_show_no_seams(colors, tile):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (70, 95, 3)).astype("uint8")
    whole = to_numpy(
        colors.generator(
            ops.convert_to_tensor(image[None] / 127.5 - 1, "float32"),
            training=False,
        )
    )
    whole = np.clip(np.rint(whole[0] * 127.5 + 127.5), 0, 255)
    made = colors.upscale(image, tile=tile)
    assert made.shape == (280, 380, 3) and made.dtype == "uint8"
    difference = np.abs(made.astype(int) - whole)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01
    assert made.std() > 10  # And not all black or white.


@pytest.mark.neutral
def test_tiles_need_the_reach_of_the_network(colors):
    """One pixel of surroundings less, and it shows."""
    image = np.zeros((61, 61, 3), "float32")
    reach = colors.generator.reach

    def center(x):
        y = to_numpy(colors.generator(ops.convert_to_tensor(x[None])))[0]
        return y[30 * 4 : 31 * 4, 30 * 4 : 31 * 4]

    plain = center(image)
    for distance, seen in ((reach, True), (reach + 1, False)):
        image[:] = 0
        # Large: the outermost weights are multiplied by eleven others.
        image[30 - distance, 30 - distance :: 2 * distance] = 1e5
        image[30, 30 + distance] = 1e5
        assert (center(image) != plain).any() == seen


@pytest.mark.neutral
def test_spans():
    assert list(_spans(10, 256, 3)) == [(0, 10, 0, 10)]
    # What one window holds is not computed twice.
    assert list(_spans(40, 30, 5)) == [(0, 40, 0, 40)]
    spans = list(_spans(100, 30, 5))
    assert spans == [
        (0, 40, 0, 35),
        (30, 70, 35, 65),
        (60, 100, 65, 100),
    ]


@pytest.mark.neutral
@pytest.mark.parametrize("wrap", [False, True])
def test_spans_lie_side_by_side(wrap):
    """Whatever the sizes: with all that a pixel depends on, and little more."""
    for size, tile, reach, divisor in itertools.product(
        (41, 100, 333, 512, 4000), (16, 48, 192), (4, 40, 64), (1, 4)
    ):
        whole = -(-size // divisor) * divisor
        spans = list(_spans(size, tile, reach, wrap, divisor))
        (length,) = {stop - start for start, stop, *_ in spans}
        ends = [(first, end) for *_, first, end in spans]
        assert [0, *(end for _, end in ends)] == [f for f, _ in ends] + [size]
        for start, stop, first, end in spans:
            assert first < end and start % divisor == 0
            low, high = first - reach, end + reach
            if not wrap:
                low, high = max(low, 0), min(high, whole)
            assert start <= low and high <= stop
        if len(spans) > 1:
            assert length <= tile + 2 * reach
            # Fewer would not do.
            fewer = (len(spans) - 1) * tile + 2 * reach
            assert fewer < whole + 2 * reach * wrap
    # No longer than they must be, up to a multiple of 32.
    for start, stop, *_ in _spans(512, 192, 64):
        assert stop - start == 320
    assert len(list(_spans(512, 192, 64))) == 2
    assert {b - a for a, b, *_ in _spans(512, 192, 40)} == {224}


def test_the_network_is_compiled_once(monkeypatch):
    model = keras_gans.SRResNet(scale=2, filters=2, num_residual_blocks=1)
    image = np.full((8, 8, 3), 99, "uint8")
    first = model.upscale(image)
    names = [w.path for w in model.weights]
    monkeypatch.delattr("keras_gans.backend.compile_function")
    # With the weights that it has now.
    for v in model.weights:
        v.assign(v + 0.1)
    assert (model.upscale(image) != first).any()
    assert [w.path for w in model.weights] == names
    x = ops.convert_to_tensor(image[None] / np.float32(127.5) - 1)
    expected = to_uint8(to_numpy(model.generator(x)))[0]
    difference = model.upscale(image).astype(int) - expected
    assert np.abs(difference).max() <= 1


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_arrays_of_all_kinds(colors, channels, dtype):
    rng = np.random.default_rng(0)
    top = np.iinfo(dtype).max
    shape = (11, 8) if channels is None else (11, 8, channels)
    image = rng.integers(0, top + 1, shape).astype(dtype)
    made = colors.upscale(image)
    assert made.dtype == dtype
    assert made.shape == (44, 32, *shape[2:])
    if channels in (2, 4):  # Transparency is not the network's.
        opaque = image.copy()
        opaque[..., -1] = top
        other = colors.upscale(opaque)
        assert (other[..., -1] == top).all()
        np.testing.assert_array_equal(other[..., :-1], made[..., :-1])
    if dtype == "uint16" and channels == 3:
        eight = colors.upscale((image // 257).astype("uint8"))
        assert np.abs(made / 257 - eight).mean() < 3
        assert len(np.unique(made)) > 1000


@pytest.mark.neutral
def test_a_grey_network_on_colours():
    keras.utils.set_random_seed(0)
    model = keras_gans.SRResNet(
        scale=2, channels=1, filters=4, num_residual_blocks=1
    )
    image = np.random.default_rng(0).integers(0, 256, (9, 6, 3))
    image = image.astype("uint8")
    made = model.upscale(image)
    for i in range(3):
        np.testing.assert_array_equal(
            made[..., i], model.upscale(image[..., i])
        )


@pytest.mark.neutral
def test_self_ensemble_does_not_see_directions(colors):
    image = np.random.default_rng(0).integers(0, 256, (12, 9, 3))
    image = image.astype("uint8")
    made = colors.upscale(image, self_ensemble=True)
    assert (made != colors.upscale(image)).any()
    for turn in (
        lambda x: x[::-1],
        lambda x: np.rot90(x),
        lambda x: x.transpose(1, 0, 2),
    ):
        turned = colors.upscale(turn(image), self_ensemble=True)
        difference = np.abs(turned.astype(int) - turn(made))
        assert difference.max() <= 1 and (difference > 0).mean() < 0.01


@pytest.mark.neutral
@pytest.mark.parametrize(
    "mode, becomes",
    [
        ("L", "L"),
        ("LA", "LA"),
        ("RGB", "RGB"),
        ("RGBA", "RGBA"),
        ("P", "RGB"),
        ("1", "L"),
        ("CMYK", "RGB"),
        ("I;16", "I;16"),
        ("I", "I;16"),
    ],
)
def test_pil_images(colors, mode, becomes):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3))
    image = Image.fromarray(pixels.astype("uint8"))
    if mode == "I;16":
        image = Image.fromarray((pixels[..., 0] * 257).astype("uint16"))
    else:
        image = image.convert(mode)
    assert image.mode == mode
    image.info["icc_profile"] = b"profile"
    made = colors.upscale(image)
    assert made.mode == becomes and made.size == (20, 24)
    # That of CMYK says nothing of RGB.
    assert ("icc_profile" in made.info) == (mode != "CMYK")
    if mode == "RGB":
        np.testing.assert_array_equal(
            np.asarray(made), colors.upscale(np.asarray(image))
        )


@pytest.mark.neutral
def test_a_palette_with_transparency(colors):
    image = Image.new("P", (5, 4), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.info["transparency"] = 0
    image.putpixel((0, 0), 0)
    made = colors.upscale(image)
    assert made.mode == "RGBA"
    assert made.getpixel((19, 15))[3] == 255 and made.getpixel((1, 1))[3] < 50


@pytest.mark.neutral
def test_the_progress_bar(colors, capsys):
    image = np.zeros((40, 60), "uint8")
    colors.upscale(image, tile=20)
    assert capsys.readouterr().out == ""
    colors.upscale(image, tile=20, verbose=1)
    assert "2/2" in capsys.readouterr().out


@pytest.mark.neutral
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 5), "uint8"),
        np.zeros((1, 1, 4, 4, 3), "uint8"),
        np.zeros((0, 4), "uint8"),
        np.zeros((4, 4), "int32"),
    ],
)
def test_what_is_no_image(colors, image):
    with pytest.raises(ValueError, match="image must be"):
        colors.upscale(image)


@pytest.mark.neutral
def test_a_tile_of_nothing(colors):
    with pytest.raises(ValueError, match="tile must be an integer"):
        colors.upscale(np.zeros((4, 4), "uint8"), tile=0)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="exports of images of any size are of the tensorflow backend",
)
def test_an_export_is_upscale(colors, tmp_path, tf):
    colors.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "exported")
    rng = np.random.default_rng(0)
    for size in ((6, 5), (9, 14)):
        image = rng.integers(0, 256, (*size, 3)).astype("uint8")
        made = loaded.serve(image[None]).numpy()[0]
        assert made.dtype == "uint8"
        difference = made.astype(int) - colors.upscale(image)
        assert np.abs(difference).max() <= 1
