import keras
import numpy as np
import pytest
from cases import Case, assert_equal, fit, tiny_cyclegan, weights_of
from keras import layers, ops

import keras_gans
from keras_gans.models.cyclegan import CycleGANGenerator
from keras_gans.schedules import LinearDecay

CASE = Case(
    keras_gans.CycleGAN,
    tiny_cyclegan,
    logs=("d_loss", "g_loss", "cycle_loss", "identity_loss"),
    turns=("generator", "discriminator"),
    drift=1e-3,
)


def domains(n=8, shape=(8, 8, 1), seed=0):
    rng = np.random.default_rng(seed)
    a, b = np.tanh(rng.normal(size=(2, n, *shape))).astype("float32")
    return a, b


@pytest.mark.slow
@pytest.mark.neutral
def test_sizes_are_the_papers():
    nine = CycleGANGenerator((256, 256, 3))
    # The authors' 11,378,179, less the biases before a normalization.
    biases = 64 + 128 + 256 + 18 * 256 + 128 + 64
    assert nine.count_params() == 11_378_179 - biases
    assert nine.get_config()["num_residual_blocks"] == 9
    six = CycleGANGenerator((128, 128, 3), filters=2)
    assert six.get_config()["num_residual_blocks"] == 6
    with pytest.raises(ValueError, match=r"\(128, 64\) and \(132, 64\)"):
        CycleGANGenerator((130, 64, 3))


# ---- the step, by hand ----------------------------------------------------


class Add(layers.Layer):
    """x + w: a generator whose losses are known."""

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, shape):
        start = keras.initializers.Constant(self.start)
        self.w = self.add_weight((), start, name="w")

    def call(self, x):
        return x + self.w


def known(**kwargs):
    def generator(start):
        return keras.Sequential([keras.Input((8, 8, 1)), Add(start)])

    def discriminator():
        mean = layers.GlobalAveragePooling2D(keepdims=True)
        score = layers.Dense(1, kernel_initializer="ones")
        return keras.Sequential([keras.Input((8, 8, 1)), mean, score])

    model = keras_gans.CycleGAN(
        generator(0.25),
        generator(-0.5),
        discriminator(),
        discriminator(),
        image_shape=(8, 8, 1),
        seed=0,
        **kwargs,
    )
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return model


def constant(value, n=1):
    return np.full((n, 8, 8, 1), value, "float32")


@pytest.mark.slow
def test_losses_by_hand():
    logs = known(cycle_weight=10.0, identity_weight=5.0).train_on_batch(
        constant(0.1), constant(0.2), return_dict=True
    )
    fake_b, fake_a = 0.1 + 0.25, 0.2 - 0.5
    cycle = abs(fake_b - 0.5 - 0.1) + abs(fake_a + 0.25 - 0.2)
    identity = 0.25 + 0.5
    assert logs["cycle_loss"] == pytest.approx(cycle, rel=1e-5)
    assert logs["identity_loss"] == pytest.approx(identity, rel=1e-5)
    adversarial = (fake_a - 1) ** 2 + (fake_b - 1) ** 2
    assert logs["g_loss"] == pytest.approx(
        adversarial + 10 * cycle + 5 * identity, rel=1e-5
    )
    judged = (0.1 - 1) ** 2 + fake_a**2 + (0.2 - 1) ** 2 + fake_b**2
    assert logs["d_loss"] == pytest.approx(0.5 * judged, rel=1e-5)


@pytest.mark.slow
@pytest.mark.neutral
def test_without_identity_loss():
    logs = known(identity_weight=0.0).train_on_batch(
        constant(0.1), constant(0.2), return_dict=True
    )
    assert logs["identity_loss"] == 0


@pytest.mark.slow
def test_discriminators_see_the_history():
    model = known(pool_size=4, cycle_weight=0.0, identity_weight=0.0)
    fakes, seen = [], []
    for i in range(12):
        a = 0.01 * i
        model.reset_metrics()
        logs = model.train_on_batch(
            constant(a), constant(0.0), return_dict=True
        )
        fakes.append(a + 0.25)
        # All terms of the discriminators' loss but that of fake_b are known.
        known_terms = (a - 1) ** 2 + (-0.5) ** 2 + (0.0 - 1) ** 2
        seen.append(np.sqrt(2 * logs["d_loss"] - known_terms))
    np.testing.assert_allclose(seen[:4], fakes[:4], atol=1e-4)
    old = [s for s, now in zip(seen[4:], fakes[4:]) if abs(s - now) > 1e-3]
    assert old  # Images of earlier steps.
    assert all(min(abs(s - f) for f in fakes) < 1e-4 for s in seen)


# ---- use ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.neutral
def test_both_directions():
    model = tiny_cyclegan()
    images = ((domains()[0] + 1) * 127.5).astype("uint8")[:, :6, :7]
    there = model.translate(images)
    back = model.translate(images, direction="ba")
    assert there.shape == back.shape == images.shape
    assert (there != back).any()
    network = ops.convert_to_numpy(model.predict(domains()[0], verbose=0))
    np.testing.assert_allclose(
        network,
        ops.convert_to_numpy(model.generator_ab(domains()[0])),
        atol=1e-5,
    )
    with pytest.raises(ValueError, match="ab, ba. Received: direction='aa'"):
        model.translate(images, direction="aa")


@pytest.mark.slow
def test_checkpoint_has_the_pool_and_the_schedule(tmp_path):
    def build():
        keras.utils.set_random_seed(0)
        model = known(pool_size=6)  # A small graph: the networks hardly count.
        rate = LinearDecay(1e-2, 16)
        model.compile(keras.optimizers.Adam(rate), keras.optimizers.Adam(rate))
        return model

    data = domains(16)
    whole = build()
    fit(whole, *data, epochs=2, batch_size=2)
    first = build()
    fit(first, *data, batch_size=2)
    first.save_weights(tmp_path / "half.weights.h5")
    second = build()
    second.load_weights(tmp_path / "half.weights.h5")
    for pool in ("pool_a", "pool_b"):
        assert_equal(
            weights_of_pool(getattr(second, pool)),
            weights_of_pool(getattr(first, pool)),
        )
    fit(second, *data, batch_size=2)
    assert_equal(weights_of(second), weights_of(whole))
    # The schedule has ended: the last of the 16 steps had a rate of nearly 0.
    rate = second.generator_optimizer.learning_rate
    assert float(ops.convert_to_numpy(rate)) == 0


def weights_of_pool(pool):
    return [np.array(ops.convert_to_numpy(v)) for v in pool.weights]


@pytest.mark.slow
@pytest.mark.neutral
def test_preset_holds_four_networks_and_no_pool(tmp_path):
    model = tiny_cyclegan()
    model.save_to_preset(tmp_path / "preset")
    loaded = keras_gans.CycleGAN.from_preset(str(tmp_path / "preset"))
    images = ((domains()[0] + 1) * 127.5).astype("uint8")
    for direction in ("ab", "ba"):
        np.testing.assert_array_equal(
            loaded.translate(images, direction),
            model.translate(images, direction),
        )
    assert_equal(
        weights_of(loaded.discriminator_a), weights_of(model.discriminator_a)
    )
    # Plain Keras opens the folder: the direction ab.
    plain = keras.saving.load_model(tmp_path / "preset")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(plain(domains()[0])),
        ops.convert_to_numpy(model.generator_ab(domains()[0])),
    )


@pytest.mark.neutral
def test_channels_must_be_the_same():
    with pytest.raises(ValueError, match="generator_ba must make images of 1"):
        tiny_cyclegan(generator_ba=CycleGANGenerator((8, 8, 1), 3, 2, 1))


@pytest.mark.slow
@pytest.mark.neutral
def test_small_images_are_padded():
    model = tiny_cyclegan(image_shape=(8, 8, 1))
    for height, width in ((4, 4), (3, 30), (1, 1)):
        images = np.zeros((1, height, width, 1), "uint8")
        assert model.translate(images).shape == images.shape
    with pytest.raises(ValueError, match="sides of at least 8"):
        CycleGANGenerator((4, 8, 1))


@pytest.mark.neutral
def test_a_network_that_is_none_is_named():
    for name in ("generator_ab", "generator_ba", "discriminator_b"):
        with pytest.raises(ValueError, match=f"{name} must be a keras.Model"):
            tiny_cyclegan(**{name: 3})
