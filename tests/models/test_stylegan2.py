import keras
import numpy as np
import pytest
from cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    NUM_CLASSES,
    Case,
    adam,
    fit,
    tiny_stylegan2,
)
from keras import ops

import keras_gans
from keras_gans.models.stylegan2 import (
    PathLength,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleMixing,
)
from keras_gans.models.stylegan2.networks import default_filters

# The noise that is fixed, of three layers of the generator and its average.
CASE = Case(keras_gans.StyleGAN2, tiny_stylegan2, unseen=6)
numpy = ops.convert_to_numpy


def latents(n, dim=LATENT_DIM, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype("float32")


@pytest.mark.neutral
def test_the_defaults_are_the_papers():
    assert default_filters((1024, 1024, 3)) == [
        *[512] * 5,
        *(256, 128, 64, 32),
    ]
    assert default_filters((64, 64, 3)) == [512] * 5
    model = tiny_stylegan2(r1_weight=None, penalty_fraction=0.25)
    assert model.r1_weight == pytest.approx(2e-4 * 64 / 16)
    for optimizer in model.default_optimizers():
        settings = optimizer.get_config()
        assert (settings["beta_1"], settings["beta_2"]) == (0.0, 0.99)
        assert settings["learning_rate"] == pytest.approx(0.0025)


@pytest.mark.slow
@pytest.mark.neutral
def test_signals_keep_their_size_at_the_start():
    generator = StyleGAN2Generator((32, 32, 3), 64, filters=32)
    z = latents(64, 64)
    styles = numpy(generator.mapping(z))
    assert 0.5 < styles.std() < 2.0
    images = numpy(generator(z))
    assert 0.3 < images.std() < 4.0
    logits = numpy(StyleGAN2Discriminator((32, 32, 3), filters=32)(images))
    assert 0.05 < logits.std() < 5.0


@pytest.mark.slow
def test_truncation_moves_styles_to_their_mean():
    model = tiny_stylegan2()
    average = np.linspace(-1, 1, LATENT_DIM).astype("float32")
    model.inference_network.get_layer("style_average").average.assign(average)
    z = latents(3)
    styles = numpy(model.inference_network.mapping(z))
    for psi in (0.0, 0.3, 1.0):
        moved = numpy(model.truncated_styles(z, psi))
        assert moved.shape == (3, model.generator.num_styles, LATENT_DIM)
        expected = average + psi * (styles - average)
        for i in range(moved.shape[1]):
            np.testing.assert_allclose(moved[:, i], expected, rtol=1e-5)
    alike = model.generate(8, seed=1, truncation=1e-6)
    assert np.abs(alike.astype(int) - alike[:1]).max() <= 1
    np.testing.assert_array_equal(
        model.generate(8, seed=1), model.generate(8, seed=1, truncation=1.0)
    )


@pytest.mark.slow
def test_what_is_made_of_styles_is_what_the_network_makes():
    model = tiny_stylegan2()
    rng = np.random.default_rng(5)
    z = rng.standard_normal((4, LATENT_DIM)).astype("float32")
    expected = keras_gans.pixels.to_uint8(numpy(model(z)))
    np.testing.assert_allclose(
        model.generate(4, seed=5).astype(int), expected, atol=1
    )


@pytest.mark.neutral
def test_two_styles_in_training_alone():
    one, two = np.zeros((500, 3), "float32"), np.ones((500, 3), "float32")
    layer = StyleMixing(6, rate=0.9, seed=0)
    np.testing.assert_array_equal(
        numpy(layer([one, two])), np.zeros((500, 6, 3))
    )
    mixed = numpy(layer([one, two], training=True))
    assert (mixed == mixed[..., :1]).all()
    number = (1 - mixed[..., 0]).sum(axis=1)  # Of the first style.
    # A run of the first, then the second, from a layer of one's own on.
    assert (np.diff(mixed[..., 0], axis=1) >= 0).all()
    assert set(number) == {1, 2, 3, 4, 5, 6}
    assert (number == 6).mean() == pytest.approx(0.1, abs=0.05)
    assert numpy(StyleMixing(6, rate=0.0)([one, two], training=True)).max() == 0


def test_the_second_styles_are_of_other_latents():
    # With the model's seed, too: both would draw the same.
    model = tiny_stylegan2(seed=3, path_length_weight=0.0)
    layer = model.generator.get_layer("other_latents")
    for _ in range(2):
        first = model.sample_latents(4)
        other = numpy(layer(first, training=True))
        assert np.abs(other - numpy(first)).min() > 1e-4
        np.testing.assert_array_equal(numpy(layer(first)), numpy(first))


def test_the_path_length_of_a_linear_synthesis():
    # Images W s: J^T y = W^T y, whose squares are known.
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(2 * 3, 8 * 8)).astype("float32")
    noise = rng.normal(size=(5, 8, 8, 1)).astype("float32")
    layer = PathLength(decay=0.25)

    def synthesis(styles):
        flat = ops.reshape(styles, (-1, 6))
        return ops.reshape(ops.matmul(flat, kernel), (-1, 8, 8, 1))

    styles = ops.convert_to_tensor(rng.normal(size=(5, 2, 3)).astype("float32"))
    penalty = layer.penalty(
        synthesis,
        styles,
        lambda distribution, shape: ops.convert_to_tensor(noise),
    )
    y = noise.reshape(5, 64) / 8
    slopes = (y @ kernel.T).reshape(5, 2, 3)
    lengths = np.sqrt((slopes**2).sum(2).mean(1))
    average = 0.25 * lengths.mean()
    assert float(layer.average.value) == pytest.approx(average, rel=1e-4)
    assert float(penalty) == pytest.approx(
        ((lengths - average) ** 2).mean(), rel=1e-4
    )


@pytest.mark.slow
def test_the_mapping_learns_from_path_lengths():
    model = tiny_stylegan2(r1_weight=0.0, path_length_weight=1e6, seed=0)
    model.compile(
        generator_optimizer=keras.optimizers.SGD(1e-6),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
    )
    # The logits alone move the weights a millionth as far.
    before = model.generator.mapping.get_weights()
    fit(model, *model.task.batch(model, 8, 0))
    after = model.generator.mapping.get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(before, after))
    assert moved > 1e-5


@pytest.mark.slow
def test_labels():
    model = tiny_stylegan2(num_classes=NUM_CLASSES, seed=0)
    model.compile(adam(1e-3), adam(1e-3))
    history = fit(model, *model.task.batch(model, 16, 0))
    assert np.isfinite(history["d_loss"]).all()
    ones, twos = (model.generate(4, labels=i, seed=3) for i in (1, 2))
    assert (ones != twos).any()
    assert model.get_config()["num_classes"] == NUM_CLASSES


@pytest.mark.slow
@pytest.mark.neutral
def test_a_config_keeps_the_whole_batch():
    for fraction in (1.0, 0.25):
        model = tiny_stylegan2(penalty_fraction=fraction)
        again = keras_gans.StyleGAN2.from_config(model.get_config())
        assert again.penalty_fraction == fraction
        assert again.batch_divisor == model.batch_divisor


@pytest.mark.neutral
def test_refuses_a_generator_without_styles():
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            keras.layers.Dense(64),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )
    with pytest.raises(ValueError, match="network `mapping`.*Sequential"):
        tiny_stylegan2(generator=generator)
