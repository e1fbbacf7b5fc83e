import keras
import numpy as np
import pytest
from cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    Case,
    adam,
    tiny_progressive_gan,
    weights_of,
)
from keras import ops

import keras_gans
from keras_gans.models.progressive_gan import (
    ProgressiveGANDiscriminator,
    ProgressiveGANGenerator,
)
from keras_gans.models.progressive_gan.networks import default_filters

CASE = Case(
    keras_gans.ProgressiveGAN,
    tiny_progressive_gan,
    logs=("d_loss", "g_loss", "gp", "stage"),
    only_in_training=("gp", "stage"),
    unseen=3,  # The stage itself, in each network.
)
numpy = ops.convert_to_numpy


def latents(n=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, LATENT_DIM)).astype("float32")


def images(n=8, shape=IMAGE_SHAPE, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, size=(n, *shape)).astype("float32")


def generator(stage, shape=(16, 16, 1)):
    return ProgressiveGANGenerator(shape, LATENT_DIM, filters=4, stage=stage)


def growing(**kwargs):
    """Three resolutions, from the first on."""
    keras.utils.set_random_seed(3)
    arguments = {
        "image_shape": (16, 16, 1),
        "latent_dim": LATENT_DIM,
        "filters": 4,
        "fade_images": 16,
        "stable_images": 8,
        "seed": 0,
    }
    model = keras_gans.ProgressiveGAN(**{**arguments, **kwargs})
    model.compile(adam(1e-3), adam(1e-3))
    return model


def blocks(x, side):
    """The mean of each block of pixels, in the place of all its pixels."""
    n, height, width, c = x.shape
    y = x.reshape(n, height // side, side, width // side, side, c)
    y = y.mean((2, 4), keepdims=True)
    return np.broadcast_to(
        y, (n, height // side, side, width // side, side, c)
    ).reshape(x.shape)


@pytest.mark.neutral
def test_the_papers_widths():
    widths = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert default_filters((1024, 1024, 3)) == widths
    for optimizer in tiny_progressive_gan().default_optimizers():
        settings = optimizer.get_config()
        assert (settings["beta_1"], settings["beta_2"]) == (0.0, 0.99)
        assert settings["epsilon"] == 1e-8


@pytest.mark.parametrize("stage, side", [(0, 4), (1, 2), (2, 1)])
def test_small_images_are_enlarged(stage, side):
    network = generator(stage)
    made = numpy(network(latents()))
    assert made.shape == (2, 16, 16, 1)
    np.testing.assert_allclose(made, blocks(made, side), atol=1e-6)
    if side > 1:
        assert not np.allclose(made, blocks(made, 2 * side))


def test_a_new_resolution_begins_as_the_one_before():
    network = generator(1)
    before = numpy(network(latents()))
    network.grow_to(2)
    network.alpha.assign(0.0)
    np.testing.assert_allclose(numpy(network(latents())), before, atol=1e-5)
    network.alpha.assign(1.0)
    after = numpy(network(latents()))
    assert not np.allclose(after, before, atol=1e-2)
    network.alpha.assign(0.25)
    np.testing.assert_allclose(
        numpy(network(latents())), 0.75 * before + 0.25 * after, atol=1e-5
    )


def test_so_does_the_discriminator():
    network = ProgressiveGANDiscriminator((16, 16, 1), filters=4, stage=1)
    x = images(4, (16, 16, 1))
    before = numpy(network(x))
    np.testing.assert_allclose(before, numpy(network(blocks(x, 2))), atol=1e-5)
    network.grow_to(2)
    network.alpha.assign(0.0)
    np.testing.assert_allclose(numpy(network(x)), before, atol=1e-5)
    network.alpha.assign(1.0)
    assert not np.allclose(numpy(network(x)), before, atol=1e-3)


def test_real_images_are_faded_too():
    model = growing()
    x = images(2, (16, 16, 1))
    np.testing.assert_allclose(numpy(model.blurred(x)), blocks(x, 4), atol=1e-5)
    for network in (model.generator, model.discriminator):
        network.grow_to(1)
        network.alpha.assign(0.25)
    expected = 0.75 * blocks(x, 4) + 0.25 * blocks(x, 2)
    np.testing.assert_allclose(numpy(model.blurred(x)), expected, atol=1e-5)


@pytest.mark.slow
def test_fit_runs_all_stages():
    model = growing()
    history = model.fit(
        images(8, (16, 16, 1)), batch_size=4, epochs=None, verbose=0
    )
    # 8 images of the first resolution; 16 and 8 of each other one. A pass has
    # 8. What is logged is the mean of two batches of four.
    assert len(history.epoch) == 1 + 3 + 3
    np.testing.assert_allclose(
        history.history["stage"],
        [0, 0.375, 0.875, 1, 1.375, 1.875, 2],
        atol=1e-6,
    )
    assert model.stage == 2 and model.images_left() == 0
    for network in (model.generator, model.discriminator, model.ema_generator):
        assert network.stage == 2
        assert float(network.alpha.value) == 1.0
    made = model.generate(4, seed=0)
    assert not np.allclose(made, blocks(made.astype("float32"), 2))


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize("as_function", [True, False])
def test_a_batch_size_for_each_stage(as_function):
    sizes = []
    model = growing(fade_images=8)

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            step = int(self.model.generator_optimizer.iterations.value)
            sizes.append((epoch, self.model.stage, step))

    x = images(8, (16, 16, 1))
    if as_function:
        eight_bits = keras_gans.pixels.to_uint8(x)

        def x(batch_size):
            return keras_gans.datasets.load(eight_bits, batch_size=batch_size)

    history = model.fit(
        x, batch_size=[8, 4, 2], epochs=None, callbacks=[Note()], verbose=0
    )
    # Steps of a stage: one a pass, then two, then four.
    assert sizes == [(0, 0, 1), (1, 1, 2), (2, 1, 4), (3, 2, 4), (4, 2, 8)]
    assert history.epoch == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_optimizers_start_anew():
    model = growing()
    model.fit(images(8, (16, 16, 1)), batch_size=4, epochs=1, verbose=0)
    assert int(model.generator_optimizer.iterations.value) == 2
    assert model.grow_if_due() and not model.grow_if_due()
    for optimizer in model.optimizers.values():
        for variable in optimizer.variables:
            if "learning_rate" in variable.path:
                assert float(variable.value) == pytest.approx(1e-3)
            else:
                assert np.abs(numpy(variable.value)).max() == 0


@pytest.mark.slow
def test_layers_that_are_not_in_use_stay():
    model = growing()
    before = model.generator.blocks[2].get_weights()
    model.fit(images(8, (16, 16, 1)), batch_size=4, epochs=3, verbose=0)
    for a, b in zip(before, model.generator.blocks[2].get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_resumes_in_the_middle_of_a_fade(tmp_path):
    x = images(8, (16, 16, 1))
    whole, half = growing(), growing()
    half.fit(x, batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert 0 < float(half.generator.alpha.value) < 1
    half.save(tmp_path / "half.keras")
    whole.fit(x, batch_size=4, epochs=5, shuffle=False, verbose=0)
    again = keras.saving.load_model(tmp_path / "half.keras")
    assert again.stage == 1
    again.fit(
        x, batch_size=4, epochs=5, initial_epoch=2, shuffle=False, verbose=0
    )
    for a, b in zip(weights_of(whole), weights_of(again), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("by_file", [True, False])
def test_weights_know_their_stage(by_file, tmp_path):
    model = growing()
    model.fit(images(8, (16, 16, 1)), batch_size=4, epochs=2, verbose=0)
    other = growing()
    other.generate(2, seed=0)  # Compiled for the first resolution.
    if by_file:
        model.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
    else:
        other.set_weights(model.get_weights())
    assert other.stage == other.discriminator.stage == 1
    np.testing.assert_array_equal(
        other.generate(2, seed=0), model.generate(2, seed=0)
    )
    assert other.get_config()["generator"]["config"]["stage"] == 1


@pytest.mark.slow
@pytest.mark.neutral
def test_passes_by_number_and_by_steps():
    x = images(8, (16, 16, 1))
    model = growing(fade_images=8)
    history = model.fit(
        x,
        batch_size=[8, 4, 4],
        epochs=7,
        callbacks=keras.callbacks.Callback(),
        verbose=0,
    )
    assert len(history.epoch) == 7 and model.stage == 2
    model = growing(fade_images=8)
    model.fit(
        x, batch_size=[4, 4, 2], epochs=None, steps_per_epoch=1, verbose=0
    )
    assert model.stage == 2 and model.images_left() <= 0


@pytest.mark.neutral
def test_refusals():
    with pytest.raises(ValueError, match="stage must be 0 to 2.*stage=3"):
        generator(3)
    with pytest.raises(ValueError, match="of one stage.*0 and 1"):
        keras_gans.ProgressiveGAN(
            generator(0),
            ProgressiveGANDiscriminator((16, 16, 1), filters=4, stage=1),
            latent_dim=LATENT_DIM,
        )
    with pytest.raises(ValueError, match="stable_images must be one integer"):
        growing(stable_images=[8, 8])
