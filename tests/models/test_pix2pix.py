import keras
import numpy as np
import pytest
from cases import Case, fit, tiny_pix2pix, weights_of
from keras import layers, ops

import keras_gans
from keras_gans.layers import BatchStatisticsNormalization, Dropout
from keras_gans.models.pix2pix import PatchGANDiscriminator, UNetGenerator

CASE = Case(
    keras_gans.Pix2Pix,
    tiny_pix2pix,
    logs=("d_loss", "g_loss", "l1_loss"),
    turns=("generator", "discriminator"),
    drift=1e-3,
)


def pairs(n=8, shape=(8, 8, 1), seed=0):
    rng = np.random.default_rng(seed)
    x, y = np.tanh(rng.normal(size=(2, n, *shape))).astype("float32")
    return x, y


def pictures(n=3, shape=(8, 8, 1), seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *shape)).astype("uint8")


# ---- the networks ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.neutral
def test_sizes_are_the_papers():
    # The authors' counts, less the biases that a normalization takes away:
    # their U-Net with batch normalization has none either, but for the first
    # and the innermost convolution, which have one here.
    unet = UNetGenerator((256, 256, 3))
    assert unet.count_params() == 54_413_955 + 64 + 512
    assert unet.divisor == 256
    assert UNetGenerator((128, 128, 3), filters=4).divisor == 128
    assert UNetGenerator((64, 64, 3), filters=4).divisor == 64
    assert UNetGenerator((256, 384, 3), filters=4).divisor == 128
    patch = PatchGANDiscriminator()
    assert patch.count_params() == 2_768_705
    assert patch(ops.zeros((1, 256, 256, 6))).shape == (1, 30, 30, 1)


@pytest.mark.neutral
@pytest.mark.parametrize("size", [1, 16, 34, 70])
def test_a_logit_sees_a_patch_of_its_size(size):
    network = PatchGANDiscriminator(1, size, filters=2, normalization="batch")
    # Statistics see the whole image: without them, what is left is the patch.
    for layer in network._flatten_layers():
        if isinstance(layer, BatchStatisticsNormalization):
            layer.normalize = lambda x: x
        if isinstance(layer, layers.Conv2D):
            layer.kernel.assign(ops.ones(layer.kernel.shape))
    side = 2 * max(size, 16) + 32
    base = ops.ones((1, side, side, 1))
    before = ops.convert_to_numpy(network(base))
    y, x = before.shape[1] // 2, before.shape[2] // 2
    changed = []
    rows = np.repeat(np.ones((side, side, side, 1), "float32"), 1, axis=0)
    rows[np.arange(side), np.arange(side)] += 1  # One row in each image.
    after = ops.convert_to_numpy(network(ops.convert_to_tensor(rows)))
    changed = np.flatnonzero(after[:, y, x, 0] != before[0, y, x, 0])
    assert len(changed) == size
    assert changed[-1] - changed[0] == size - 1


@pytest.mark.neutral
def test_no_normalization_where_a_value_would_become_zero():
    unet = UNetGenerator((8, 8, 1), 1, filters=2)
    convolutions = [x for x in unet.layers if type(x) is layers.Conv2D]
    bottleneck = keras.Model(unet.input, convolutions[-1].output)
    x = ops.convert_to_tensor(pairs(1)[0])
    values = ops.convert_to_numpy(bottleneck(x))
    assert values.shape == (1, 1, 1, 8) and np.abs(values).min() > 0
    # The layer that follows it in the graph is a ReLU, not a normalization.
    (node,) = convolutions[-1].output._keras_history.operation._outbound_nodes
    assert isinstance(node.operation, layers.ReLU)


@pytest.mark.neutral
def test_skip_connections_reach_the_output():
    unet = UNetGenerator((8, 8, 1), 1, filters=2, normalization="instance")
    x, _ = pairs(1)
    before = ops.convert_to_numpy(unet(x))
    # Without the innermost layer's output, all that is left is the skips.
    up = next(
        layer
        for layer in unet.layers
        if isinstance(layer, layers.Conv2DTranspose)
    )
    up.kernel.assign(ops.zeros(up.kernel.shape))
    after = ops.convert_to_numpy(unet(x))
    assert np.abs(after).max() > 0 and (after != before).any()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "shape, works", [((60, 64, 3), r"\(56, 64\) and \(64, 64\)")]
)
def test_sizes_that_do_not_halve_are_refused(shape, works):
    with pytest.raises(ValueError, match=works):
        UNetGenerator(shape, filters=2)
    with pytest.raises(ValueError, match="multiples of 256"):
        UNetGenerator((64, 64, 3), filters=2, depth=8)


@pytest.mark.slow
@pytest.mark.neutral
def test_rectangles():
    model = tiny_pix2pix(image_shape=(8, 24, 1))
    model.compile()
    x, y = pairs(shape=(8, 24, 1))
    assert np.isfinite(list(fit(model, x, y).values())).all()
    assert model.translate(pictures(shape=(8, 24, 1))).shape == (3, 8, 24, 1)


@pytest.mark.slow
@pytest.mark.neutral
def test_other_channels_out_than_in():
    model = tiny_pix2pix(output_channels=3)
    model.compile()
    x, y = pairs()
    fit(model, x, np.repeat(y, 3, axis=-1))
    assert model.translate(pictures()).shape == (3, 8, 8, 3)


# ---- the step -------------------------------------------------------------


class Add(layers.Layer):
    """x + w: a generator whose loss is known."""

    def build(self, shape):
        self.w = self.add_weight((), "zeros", name="w")

    def call(self, x):
        return x + self.w


def known(l1_weight=100.0, **kwargs):
    generator = keras.Sequential([keras.Input((8, 8, 1)), Add()])
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(1, 1, kernel_initializer="ones"),
        ]
    )
    model = keras_gans.Pix2Pix(
        generator,
        discriminator,
        image_shape=(8, 8, 1),
        l1_weight=l1_weight,
        seed=0,
        **kwargs,
    )
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.1))
    return model


def test_losses_by_hand():
    model = known()
    x = np.full((4, 8, 8, 1), 0.25, "float32")
    y = np.full((4, 8, 8, 1), 0.75, "float32")
    logs = model.train_on_batch(x, y, return_dict=True)
    # The generator is the identity: D(x, G(x)) = 0.25 + 0.25.
    assert logs["l1_loss"] == pytest.approx(0.5)
    softplus = np.logaddexp(0, -0.5)
    assert logs["g_loss"] == pytest.approx(softplus + 50, rel=1e-6)
    # D sees the fakes of before the generator's update; half of the sum.
    expected = 0.5 * (np.logaddexp(0, -1.0) + np.logaddexp(0, 0.5))
    assert logs["d_loss"] == pytest.approx(expected, rel=1e-6)


def test_the_generator_runs_once_per_step():
    model = known()
    calls = []
    generator = model.generator.call
    model.generator.call = lambda *a, **k: calls.append(1) or generator(*a, **k)
    model.run_eagerly = True
    x, y = (ops.convert_to_tensor(v) for v in pairs(4))
    model.generator(x)
    count = len(calls)
    if keras.backend.backend() == "jax":
        model.train_step((x, y))
    else:
        model.train_on_batch(x, y)
    assert len(calls) - count == count


@pytest.mark.slow
@pytest.mark.neutral
def test_l1_pulls_towards_the_truth():
    x = np.full((8, 8, 8, 1), 0.25, "float32")
    y = np.full((8, 8, 8, 1), 0.75, "float32")
    close, free = known(l1_weight=10.0), known(l1_weight=0.0)
    for model in (close, free):
        fit(model, x, y, epochs=5)
    # 0.01 * 10 per step: five steps reach the difference of 0.5.
    assert weights_of(close.generator)[0] == pytest.approx(0.5, abs=0.06)
    assert abs(weights_of(free.generator)[0]) < 0.1


@pytest.mark.neutral
def test_pairs_are_checked():
    model = tiny_pix2pix()
    model.compile()
    x, y = pairs()
    for data, message in (
        ((x, None), "trains on pairs"),
        ((x[:, :4], y), "x must have the shape"),
        ((x, y[:, :4]), "y must have the shape"),
        ((x, (y * 127.5).astype("int32")), "y must be images of uint8"),
        ((x, y * 3), r"y must be images in \[-1, 1\]"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(model, *data)


# ---- dropout and statistics -----------------------------------------------


def noisy(**kwargs):
    keras.utils.set_random_seed(0)
    model = tiny_pix2pix(dropout_at_test=True, seed=0, **kwargs)
    # Random kernels of 0.02 hardly show in a pixel.
    for layer in model.generator.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            layer.kernel.assign(10 * layer.kernel)
    return model


def test_dropout_stays_on_at_test_and_a_seed_repeats_it():
    model = noisy()
    images = pictures(4)
    first = model.translate(images, seed=1)
    np.testing.assert_array_equal(first, model.translate(images, seed=1))
    assert (first != model.translate(images, seed=2)).any()
    assert (model.translate(images) != model.translate(images)).any()
    off = tiny_pix2pix(generator=model.generator, dropout_at_test=False)
    np.testing.assert_array_equal(
        off.translate(images), off.translate(images, seed=3)
    )


def test_translate_leaves_the_seeds_of_training_alone():
    model = noisy()

    def states():
        return [
            ops.convert_to_numpy(layer.seed_generator.state).tolist()
            for layer in model.generator._flatten_layers()
            if isinstance(layer, Dropout)
        ]

    before = states()
    assert before
    model.translate(pictures(), seed=1)
    assert states() == before


@pytest.mark.slow
@pytest.mark.neutral
def test_a_result_does_not_depend_on_its_neighbours():
    for normalization in ("batch", "instance"):
        model = tiny_pix2pix(normalization=normalization)
        images = pictures(5)
        together = model.translate(images).astype(int)
        alone = [model.translate(image) for image in images]
        assert np.abs(together - alone).max() <= 1
    # Unless that is asked for.
    model = tiny_pix2pix(normalization="batch")
    for layer in model.generator.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            layer.kernel.assign(10 * layer.kernel)
    mixed = model.translate(images, batch_size=5).astype(int)
    assert np.abs(mixed - model.translate(images)).max() > 1


def test_dropout_layer():
    layer = Dropout(0.25, seed=3)
    x = ops.ones((64, 50))
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), 1)
    y = ops.convert_to_numpy(layer(x, training=True))
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.03)
    with pytest.raises(ValueError, match="Received: rate=1"):
        Dropout(1)


# ---- translate ------------------------------------------------------------


@pytest.mark.neutral
def test_translate_takes_any_size():
    model = tiny_pix2pix(normalization="instance")
    for height, width in ((8, 8), (13, 9), (3, 21), (1, 1)):
        images = pictures(2, (height, width, 1))
        result = model.translate(images)
        assert result.shape == images.shape and result.dtype == np.uint8
        assert model.translate(images[0]).shape == images.shape[1:]


@pytest.mark.neutral
def test_padding_is_a_reflection_and_is_cut_off():
    # The identity: what comes back is the picture itself.
    class Identity(layers.Layer):
        def call(self, x):
            return x

    generator = keras.Sequential([keras.Input((None, None, 1)), Identity()])
    generator.divisor = 8
    model = tiny_pix2pix(generator=generator)
    images = pictures(2, (11, 5, 1))
    np.testing.assert_array_equal(model.translate(images), images)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8, 3), "uint8"),
        np.zeros((2, 8, 8, 1), "int32"),
        np.zeros((8, 8), "uint8"),
        np.zeros((0, 8, 8, 1), "uint8"),
    ],
)
def test_translate_refuses_what_it_cannot_take(images):
    with pytest.raises(ValueError, match="images must be"):
        tiny_pix2pix().translate(images)


@pytest.mark.neutral
def test_there_is_one_direction_and_no_sampling():
    model = tiny_pix2pix()
    with pytest.raises(ValueError, match="direction must be one of ab"):
        model.translate(pictures(), direction="ba")
    with pytest.raises(TypeError, match="use translate"):
        model.generate(4)


# ---- what others may bring ------------------------------------------------


class Halves(keras.Model):
    """A network of a user's own: a subclass, which has no output_shape."""

    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(1, 3, padding="same")

    def call(self, x, training=False):
        return ops.tanh(self.convolution(x))


@pytest.mark.slow
@pytest.mark.neutral
def test_networks_of_ones_own(dtype_policy):
    for policy in ("float32", "mixed_float16"):
        dtype_policy(policy)
        model = tiny_pix2pix(generator=Halves())
        model.compile()
        assert np.isfinite(list(fit(model, *pairs()).values())).all()
        assert model.translate(pictures()).shape == (3, 8, 8, 1)


def test_flat_images_stay_finite():
    x = ops.full((1, 64, 64, 1), 30.7)
    for layer in (
        keras_gans.layers.InstanceNormalization(),
        BatchStatisticsNormalization(),
    ):
        np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), 0, atol=0.1)
    # A faint pattern on a bright ground is all there is.
    rng = np.random.default_rng(0)
    pattern = rng.normal(size=(1, 8, 8, 1)).astype("float32")
    y = keras_gans.layers.InstanceNormalization()(100 + 0.1 * pattern)
    expected = (pattern - pattern.mean()) / pattern.std()
    np.testing.assert_allclose(ops.convert_to_numpy(y), expected, atol=2e-2)


@pytest.mark.slow
def test_evaluation_repeats_itself_and_leaves_training_alone():
    x, y = pairs(16)

    def train(**kwargs):
        model = noisy(normalization="instance")
        model.compile()
        fit(model, x, y, epochs=2, **kwargs)
        return model

    model = train()
    first = model.evaluate(x, y, batch_size=8, verbose=0)
    assert model.evaluate(x, y, batch_size=8, verbose=0) == first
    watched = train(validation_data=(x, y))
    for a, b in zip(weights_of(model), weights_of(watched)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_seed_is_that_of_the_masks():
    def loss(seed):
        keras.utils.set_random_seed(0)
        model = tiny_pix2pix(seed=seed)
        model.compile()
        keras.utils.set_random_seed(seed or 0)
        return fit(model, *pairs())["g_loss"]

    one = loss(1)
    assert one == loss(1)
    assert one != loss(2)
