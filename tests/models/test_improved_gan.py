"""Improved GAN: who counts in which loss, and what is found by few labels."""

import keras
import numpy as np
import pytest
from cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    NUM_CLASSES,
    Case,
    adam,
    assert_equal,
    changed,
    fit,
    weights_of,
)
from keras import layers, ops

import keras_gans
from keras_gans.metrics import scores
from keras_gans.models.improved_gan import (
    GaussianNoise,
    ImprovedGANDiscriminator,
    ImprovedGANGenerator,
    WeightNormalizedDense,
    feature_matching_generator_loss,
    semi_supervised_discriminator_loss,
)
from keras_gans.models.improved_gan.losses import example_weights


def tiny(example_shape=IMAGE_SHAPE, num_classes=NUM_CLASSES, **kwargs):
    return keras_gans.ImprovedGAN(
        ImprovedGANGenerator(example_shape, LATENT_DIM, units=(8, 8)),
        kwargs.pop("discriminator", None)
        or ImprovedGANDiscriminator(example_shape, num_classes, units=(16, 8)),
        num_classes=num_classes,
        latent_dim=LATENT_DIM,
        **{
            "discriminator_ema_momentum": 0.9,
            "historical_averaging_weight": 1e-3,
            **kwargs,
        },
    )


CASE = Case(keras_gans.ImprovedGAN, tiny, logs=("d_loss", "g_loss", "error"))
BACKEND = keras.backend.backend()


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def tensor(x):
    x = np.asarray(x)
    return ops.convert_to_tensor(x.astype("float32") if x.dtype == float else x)


CENTERS = np.array([[2, 0], [-1, 2], [-1, -2]])


def points(n=32, seed=0):
    """Three blobs, and their numbers: -1 but for every fourth."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = rng.normal(size=(n, 2)) * 0.1 + CENTERS[y]
    y = np.where(np.arange(n) % 4, -1, y)
    return x.astype("float32"), y.astype("int32")


def logsumexp(x):
    return np.log(np.exp(x).sum(axis=-1))


def softplus(x):
    return np.log1p(np.exp(x))


# ---- losses, by hand ------------------------------------------------------

REAL = np.array([[1.0, 0.0, -1.0], [2.0, 2.0, 0.0], [0.5, -0.5, 0.0]])
FAKE = np.array([[0.0, 0.0, 0.0], [-3.0, 1.0, 0.5], [1.0, 1.0, 1.0]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_discriminator_loss_by_hand(smoothing):
    labels = np.array([2, -1, -1], "int32")
    z, z_fake = logsumexp(REAL), logsumexp(FAKE)
    # One example has a label, and the other two are the real ones.
    expected = z[0] - REAL[0, 2]
    expected += 0.5 * (softplus(-z[1:]) + smoothing * z[1:]).mean()
    expected += 0.5 * softplus(z_fake).mean()
    found = semi_supervised_discriminator_loss(
        tensor(REAL), tensor(FAKE), tensor(labels), smoothing
    )
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.neutral
def test_known_numbers():
    # Two classes of logit 0: Z = log 2, a class costs log 2, and the chance
    # of real is 2/3, of real and of generated ones.
    zeros = ops.zeros((2, 2))
    loss = semi_supervised_discriminator_loss(
        zeros, zeros, tensor(np.array([0, -1], "int32"))
    )
    expected = np.log(2) - 0.5 * np.log(2 / 3) - 0.5 * np.log(1 / 3)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    # No softmax of K + 1 beside it: logits that grow together are real, and
    # the class costs what it did.
    real = semi_supervised_discriminator_loss(
        zeros + 9.0, zeros - 9.0, tensor(np.array([0, -1], "int32"))
    )
    assert float(real) == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "labels, labelled, unlabelled",
    [
        ([2, -1, -1, 0], [2, 0, 0, 2], [0, 2, 2, 0]),
        ([-1, -1, 1, -1], [0, 0, 4, 0], [4 / 3, 4 / 3, 0, 4 / 3]),
        ([-1, -1, -1], [0, 0, 0], [1, 1, 1]),
        # All are labelled: they are the real ones as well.
        ([0, 1, 2], [1, 1, 1], [1, 1, 1]),
    ],
)
def test_weights_of_examples(labels, labelled, unlabelled):
    found = example_weights(tensor(np.array(labels, "int32")))
    np.testing.assert_allclose(numpy(found[0]), labelled, rtol=1e-6)
    np.testing.assert_allclose(numpy(found[1]), unlabelled, rtol=1e-6)


@pytest.mark.parametrize("norm, expected", [("l2", 4.5), ("l1", 1.5)])
def test_feature_matching_by_hand(norm, expected):
    real = tensor([[1.0, 9.0], [3.0, 9.0], [90.0, 90.0]])
    fake = tensor([[4.0, 9.0], [6.0, 9.0]])
    # Of means (2, 9), the third has a label, and (5, 9).
    labels = tensor(np.array([-1, -1, 1], "int32"))
    found = feature_matching_generator_loss(real, fake, labels, norm)
    assert float(found) == pytest.approx(expected)
    found = feature_matching_generator_loss(real[:2], fake, norm=norm)
    assert float(found) == pytest.approx(expected)


# ---- the networks ---------------------------------------------------------


@pytest.mark.neutral
def test_columns_have_one_length():
    layer = WeightNormalizedDense(3, gain=2.0, train_gain=True)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    layer(tensor(x))
    layer.bias.assign([1.0, 2.0, 3.0])
    layer.lengths.assign([2.0, 1.0, 0.5])
    kernel = numpy(layer.kernel)
    kernel = kernel / np.linalg.norm(kernel, axis=0) * [2.0, 1.0, 0.5]
    np.testing.assert_allclose(
        numpy(layer(tensor(x))), x @ kernel + [1, 2, 3], rtol=1e-4
    )
    fixed = WeightNormalizedDense(3, gain=2.0)
    fixed(tensor(x))
    assert len(fixed.weights) == 2
    # Columns of which only the direction counts.
    before = numpy(fixed(tensor(x)))
    assert before.std() > 0.1
    fixed.kernel.assign(5.0 * fixed.kernel)
    np.testing.assert_allclose(numpy(fixed(tensor(x))), before, rtol=1e-4)


@pytest.mark.neutral
def test_noise_is_of_training_alone_and_drawn_anew():
    noise = GaussianNoise(0.5, seed=0)
    x = ops.ones((200, 50))
    np.testing.assert_array_equal(numpy(noise(x)), 1)
    one, other = (numpy(noise(x, training=True)) - 1 for _ in range(2))
    assert one.std() == pytest.approx(0.5, rel=0.02)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


@pytest.mark.neutral
def test_the_authors_networks():
    gan = keras_gans.ImprovedGAN(num_classes=10)
    noises = [
        layer.stddev
        for layer in gan.discriminator.layers
        if isinstance(layer, GaussianNoise)
    ]
    assert noises == [0.3, 0.5, 0.5, 0.5, 0.5, 0.5]
    widths = [
        layer.units
        for layer in gan.discriminator.layers
        if isinstance(layer, WeightNormalizedDense)
    ]
    assert widths == [1000, 500, 250, 250, 250, 10]
    # Noise is meant for pixels in [0, 1], and units begin with a variance of
    # about one.
    scaled = gan.discriminator.layers[2]
    black_and_white = numpy(scaled(tensor([[-1.0, 1.0]])))
    np.testing.assert_array_equal(black_and_white, [[0, 1]])
    for optimizer in gan.default_optimizers():
        assert float(optimizer.learning_rate) == pytest.approx(3e-3)
        assert optimizer.beta_1 == 0.5


# ---- features -------------------------------------------------------------


def chain(*last):
    return keras.Sequential(
        [keras.Input((2,)), layers.Dense(5), layers.ReLU(name="f"), *last]
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "last",
    [
        (layers.Dense(1),),
        (GaussianNoise(0.5), layers.Dense(1)),
        (layers.Dropout(0.5), GaussianNoise(0.5), layers.Dense(1)),
        (layers.Dense(1), layers.Reshape((1,)), layers.Identity()),
    ],
)
def test_features_are_before_the_logits_and_their_noise(last):
    gan = tiny((2,), None, discriminator=chain(*last))
    x = tensor(points()[0])
    features, logits = gan.judge(x, training=False)
    layer = gan.discriminator.get_layer("f")
    expected = layer(gan.discriminator.layers[0](x))
    np.testing.assert_allclose(numpy(features), numpy(expected), rtol=1e-6)
    np.testing.assert_allclose(
        numpy(logits), numpy(gan.discriminator(x)), rtol=1e-6
    )


class Unseen(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)


def two_ways():
    x = keras.Input((2,))
    both = layers.Add()([layers.Dense(1)(x), layers.Dense(1)(x)])
    return keras.Model(x, both)


@pytest.mark.neutral
@pytest.mark.parametrize("make", [Unseen, two_ways])
def test_discriminators_without_such_features(make):
    network = make()
    arguments = {"discriminator": network, "discriminator_ema_momentum": None}
    with pytest.raises(ValueError, match="features to match.*Received: "):
        tiny((2,), None, **arguments)
    tiny((2,), None, feature_matching=None, **arguments)


# ---- the step -------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    """A model of points that has learned from one label in 32, or so."""
    keras.utils.set_random_seed(3)
    gan = tiny((2,), seed=1, historical_averaging_weight=0.0)
    gan.compile(adam(1e-2), adam(1e-2))
    x, y = points(1024)
    y = np.where(np.arange(1024) % 32, -1, y)
    fit(gan, x, y, batch_size=64, epochs=6)
    return gan


@pytest.mark.slow
def test_few_labels_are_enough_for_blobs(trained):
    x, _ = points(300, seed=1)
    truth = np.argmin([np.square(x - c).sum(1) for c in CENTERS], axis=0)
    assert (trained.classify(x) == truth).mean() > 0.95


@pytest.mark.slow
def test_error_is_of_labelled_examples(trained):
    x, y = points()
    # Others than the truth, so that there are errors.
    y = np.where(np.arange(32) % 8, y, np.roll(y, 8))
    known = y >= 0
    for kept in (known, known & (np.arange(32) < 9), known & (x[:, 0] > 1)):
        labels = np.where(kept, y, -1)
        logs = trained.evaluate(
            x, labels, batch_size=8, verbose=0, return_dict=True
        )
        expected = (trained.classify(x[kept]) != y[kept]).mean()
        assert logs["error"] == pytest.approx(expected, abs=1e-6)


def test_labels_are_classes_or_unknown(trained):
    x, y = points()
    for wrong in (-2, 3):
        y[5] = wrong
        with pytest.raises(ValueError, match=f"between -1 and 2.*{wrong}"):
            fit(trained, x, y)
    y[5], y[31] = 0, -2

    def batches():
        for i in range(0, 32, 16):
            yield x[i : i + 16], y[i : i + 16]

    with pytest.raises(ValueError, match="between -1 and 2 in every.* 1 val"):
        trained.evaluate(batches(), steps=2, verbose=0)
    with pytest.raises(ValueError, match="-1 where the class is not known"):
        trained.fit(x, verbose=0)


def test_preset_keeps_the_classifier(trained, tmp_path):
    trained.save_to_preset(tmp_path / "preset")
    loaded = keras_gans.from_preset(str(tmp_path / "preset"))
    x, _ = points()
    np.testing.assert_array_equal(
        loaded.classify(x, probabilities=True),
        trained.classify(x, probabilities=True),
    )
    for name in ("discriminator", "ema_discriminator"):
        one, other = (weights_of(getattr(g, name)) for g in (loaded, trained))
        assert_equal(one, other)
    assert changed(one, weights_of(trained.discriminator))


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "jax", reason="nothing that others have not")
def test_without_classes_there_is_one_logit():
    x, _ = points()
    gan = tiny((2,), None, label_smoothing=0.1)
    gan.compile(adam(), adam(), run_eagerly=True)
    assert set(fit(gan, x[:8])) == {"d_loss", "g_loss"}
    assert "num_classes" not in gan.get_config()
    again = keras_gans.ImprovedGAN.from_config(gan.get_config())
    assert again.num_classes is None and again.label_smoothing == 0.1
    with pytest.raises(ValueError, match="classif.*Received: num_classes=None"):
        gan.classify(x)


@pytest.mark.neutral
def test_losses_without_classes():
    gan = tiny((2,), None, feature_matching=None, label_smoothing=0.1)
    x, fake = (tensor(points(seed=s)[0]) for s in (0, 1))
    real_logits, fake_logits = (numpy(gan.discriminator(e)) for e in (x, fake))
    found = gan.loss_of_generator(x, fake, None, training=False)
    expected = softplus(-fake_logits).mean()
    assert float(found) == pytest.approx(expected, rel=1e-5)
    found, _ = gan.loss_of_discriminator(x, fake, None, training=False)
    expected = (softplus(-real_logits) + 0.1 * real_logits).mean()
    expected += softplus(fake_logits).mean()
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.neutral
def test_historical_averaging_by_hand():
    """The mean is of all steps, this one's weights included."""
    gan = tiny((2,), seed=1, historical_averaging_weight=2.0)
    gan.compile(adam(1e-2), adam(1e-2), run_eagerly=True)
    x, y = points(24)
    history = gan.discriminator_history
    variables = gan.variables_of("discriminator")
    seen = []
    for step in range(2):
        seen.append([numpy(v) for v in variables])
        some = slice(8 * step, 8 * step + 8)
        fit(gan, x[some], y[some])
        assert float(numpy(history.count)) == step + 1
        assert_equal(
            [numpy(m) for m in history.means],
            [np.mean(values, axis=0) for values in zip(*seen)],
            rtol=1e-4,
            atol=1e-6,
        )
    now = [numpy(v) for v in variables]
    means = [np.mean(values, axis=0) for values in zip(*seen, now)]
    expected = sum(np.square(a - b).sum() for a, b in zip(now, means))
    found = gan.distance_from_history("discriminator")
    assert expected > 1e-3
    assert float(found) == pytest.approx(2.0 * expected, rel=1e-3)
    assert float(numpy(gan.generator_history.count)) == 2


@pytest.mark.slow
@pytest.mark.neutral
def test_history_is_part_of_both_losses():
    x, y = points(8)
    logs, sizes = [], {}
    for weight in (1e-9, 3.0):
        keras.utils.set_random_seed(0)
        gan = tiny((2,), seed=1, historical_averaging_weight=weight)
        gan.compile(adam(1e-9), adam(1e-9), run_eagerly=True)
        for player in gan.players:
            # So long that the mean stays where it begins, at zero.
            getattr(gan, f"{player}_history").count.assign(1e9)
            sizes[f"{player[0]}_loss"] = sum(
                np.square(numpy(v)).sum() for v in gan.variables_of(player)
            )
        logs.append(fit(gan, x, y))
    for name, size in sizes.items():
        grown = logs[1][name][0] - logs[0][name][0]
        assert grown == pytest.approx(3.0 * size, rel=1e-3)


# ---- classes --------------------------------------------------------------


def bright():
    """A discriminator that says whether an image is bright."""
    network = keras.Sequential(
        [
            keras.Input((2, 2, 1)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    network.set_weights([np.array([[-1.0, 1.0]]), np.zeros(2)])
    return network


@pytest.mark.neutral
def test_classify():
    gan = keras_gans.ImprovedGAN(
        ImprovedGANGenerator((2, 2, 1), LATENT_DIM, units=(4,)),
        bright(),
        num_classes=2,
        latent_dim=LATENT_DIM,
    )
    levels = np.array([0, 200, 250, 10, 255, 3, 90], "uint8")
    images = np.broadcast_to(levels[:, None, None, None], (7, 2, 2, 1))
    found = gan.classify(images)
    np.testing.assert_array_equal(found, levels > 127)
    assert found.dtype == np.int64
    floats = images / np.float32(127.5) - 1
    np.testing.assert_array_equal(gan.classify(floats, batch_size=3), found)
    chances = gan.classify(images, probabilities=True, batch_size=2)
    scale = floats[:, 0, 0, 0]
    np.testing.assert_allclose(
        chances[:, 1], 1 / (1 + np.exp(-2 * scale)), rtol=1e-5
    )
    assert chances.dtype == np.float32 and chances.shape == (7, 2)
    assert gan.classify(images[:0]).shape == (0,)
    with pytest.raises(ValueError, match="Received: images with shape"):
        gan.classify(images[..., 0])
    with pytest.raises(ValueError, match="images must be images in"):
        gan.classify(floats * 9)


@pytest.mark.neutral
def test_samples_are_scored_without_classes():
    # It tells classes apart, and draws none that is asked for.
    (samples,) = scores.sample_batches(tiny(), 5, seed=0)
    assert samples.shape == (5, *IMAGE_SHAPE)
    with pytest.raises(ValueError, match="not conditional"):
        tiny().generate(2, labels=1)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"num_classes": 1}, "num_classes must be.*Received: num_classes=1"),
        ({"feature_matching": "l3"}, "Received: feature_matching='l3'"),
        ({"label_smoothing": 0.6}, "Received: label_smoothing=0.6"),
        (
            {"historical_averaging_weight": -1},
            "Received: historical_averaging_weight=-1",
        ),
        (
            {"discriminator_ema_momentum": 1.0},
            "Received: discriminator_ema_momentum=1.0",
        ),
        ({"num_classes": 4, "discriminator": chain(layers.Dense(3))}, "=4"),
        ({"num_classes": None, "discriminator": chain(layers.Dense(3))}, "=N"),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        tiny((2,), **arguments)


@pytest.mark.neutral
def test_classes_of_a_folder_must_be_as_many():
    tiny().check_classes(["a", "b", "c"])
    tiny((2,), None).check_classes(["a", "b"])
    with pytest.raises(ValueError, match=r"2 \(a, b\).*num_classes=3"):
        tiny().check_classes(["a", "b"])
