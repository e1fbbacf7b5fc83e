"""Holes filled by a search of what a generator can draw."""

import keras
import numpy as np
import pytest
from cases import (
    LATENT_DIM,
    points_gan,
    tiny_conditional_gan,
    tiny_dcgan,
    tiny_gan,
    tiny_pix2pix,
)
from keras import layers, ops

import keras_gans
from keras_gans import SemanticInpainting
from keras_gans.models.semantic_inpainting import (
    context_weights,
    gives_one_logit,
)


def test_weights_by_hand():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 4, 4] = mask[0, 4, 5] = True
    weights = context_weights(mask)[0, ..., 0]
    assert weights.shape == (9, 9) and weights.dtype == np.float32
    # In the hole nothing is known.
    assert weights[4, 4] == weights[4, 5] == 0
    # Of 49 pixels around it two, or one, or none are hole;
    assert weights[3, 4] == weights[3, 3] == np.float32(2 / 49)
    # at the border fewer are in the image: rows 1 to 7, columns 0 to 4.
    assert weights[4, 1] == np.float32(1 / 35)
    assert weights[4, 0] == weights[0, 4] == 0
    # Rows 0 to 4; columns 5 to 8, and 4 to 8.
    assert weights[1, 8] == np.float32(1 / 20)
    assert weights[1, 7] == np.float32(2 / 25)


class Draw(layers.Layer):
    """The latents themselves, as pixels."""

    def call(self, latents):
        return ops.reshape(ops.tanh(latents), (-1, 2, 2, 1))


def drawing(prior=True):
    """A generator that can draw all images of 2x2, and a D that likes light."""
    generator = keras.Sequential([keras.Input((4,)), Draw()])
    last = layers.Dense(1, kernel_initializer="ones")
    discriminator = keras.Sequential(
        [keras.Input((2, 2, 1)), layers.Flatten(), *([last] if prior else [])]
    )
    return keras_gans.GAN(generator, discriminator, latent_dim=4)


def test_the_loss_by_hand():
    search = SemanticInpainting(drawing(), prior_weight=0.5)
    latents = np.arctanh(np.array([[0.5, -0.5, 0.25, 0.0]], "float32"))
    images = np.zeros((1, 2, 2, 1), "float32")
    weights = np.array([1, 2, 0, 0], "float32").reshape(1, 2, 2, 1)
    loss = search._losses(
        *map(ops.convert_to_tensor, (latents, images, weights))
    )
    # log(1 - sigmoid(l)) of the logit 0.25.
    expected = 0.5 + 2 * 0.5 - 0.5 * np.logaddexp(0, 0.25)
    np.testing.assert_allclose(
        ops.convert_to_numpy(loss), [expected], rtol=1e-5
    )


def test_a_step_is_adams():
    search = SemanticInpainting(drawing(), learning_rate=0.1, prior_weight=0.0)
    state = np.zeros((1, 3, 4), "float32")
    state[0, 0] = 0.5, 0.5, -0.5, 0.5
    fixed = np.zeros((1, 2, 2, 1), "float32"), np.ones((1, 2, 2, 1), "float32")
    fixed[1][0, 1, 1] = 0  # What has no weight stays.
    made = search._descend(*map(ops.convert_to_tensor, (1.0, state, *fixed)))
    latents = ops.convert_to_numpy(made)[0, 0]
    np.testing.assert_allclose(latents, [0.4, 0.4, -0.4, 0.5], rtol=1e-4)


def test_it_finds_what_is_known_and_fills_what_the_prior_likes():
    images = np.array([[90, 200], [30, 60]], "uint8").reshape(1, 2, 2, 1)
    mask = np.array([[False, False], [False, True]])
    search = SemanticInpainting(
        drawing(), steps=150, restarts=3, prior_weight=0.05, blend=False
    )
    made = search.inpaint(images, mask, seed=0)
    np.testing.assert_array_equal(made[0][~mask], images[0][~mask])
    assert made[0, 1, 1, 0] > 200  # D likes it light.
    np.testing.assert_array_equal(made, search.inpaint(images, mask, seed=0))
    latents = search._search(images, mask[None], None, np.random.default_rng(0))
    found = latents[0, ..., 0] * 127.5 + 127.5
    np.testing.assert_allclose(found[~mask], images[0, ..., 0][~mask], atol=6)


@pytest.mark.neutral
def test_the_best_of_several_starts_is_kept():
    images = np.full((3, 2, 2, 1), 60, "uint8")
    mask = np.array([[False, False], [False, True]])
    losses = {}
    for restarts in (1, 6):
        search = SemanticInpainting(
            drawing(), steps=1, restarts=restarts, prior_weight=0.0
        )
        made = search._search(
            images, np.stack([mask] * 3), None, np.random.default_rng(0)
        )
        difference = np.abs(made[..., 0] - (60 / 127.5 - 1))[:, ~mask]
        losses[restarts] = difference.sum()
    assert losses[6] < losses[1]


@pytest.mark.slow
@pytest.mark.neutral
def test_any_model_of_images():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 8, 8, 1)).astype("uint8")
    masks = np.zeros((3, 8, 8), bool)
    masks[:, 2:5, 3:6] = True
    for model in (
        tiny_gan(ema_momentum=0.9),
        tiny_dcgan(packing=2),
        tiny_conditional_gan(),
    ):
        search = SemanticInpainting(model, steps=2, restarts=2)
        made = search.inpaint(images, masks, seed=1)
        assert made.shape == images.shape and made.dtype == np.uint8
        np.testing.assert_array_equal(made[~masks], images[~masks])
        assert search.inpaint(images[0], masks[0], seed=1).shape == (8, 8, 1)
    # The classes in turn, or those that are known.
    by_label = search.inpaint(images, masks, labels=[0, 1, 2], seed=1)
    assert by_label.shape == images.shape
    with pytest.raises(ValueError, match="labels must"):
        search.inpaint(images, masks, labels=[0, 1], seed=1)


@pytest.mark.neutral
def test_who_has_a_prior():
    assert gives_one_logit(tiny_gan()) and gives_one_logit(tiny_dcgan())
    assert gives_one_logit(tiny_conditional_gan())
    # Of two examples together, or of several patches.
    assert not gives_one_logit(tiny_dcgan(packing=2))
    assert not gives_one_logit(drawing(prior=False))
    assert not SemanticInpainting(tiny_gan(), prior_weight=0.0).has_prior


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"model": points_gan()}, "draws images of latents.*GAN of points"),
        ({"model": tiny_pix2pix()}, "draws images of latents.*Pix2Pix"),
        ({"steps": 0}, "steps must be an integer"),
        ({"restarts": 0}, "restarts must be an integer"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"prior_weight": -1}, "prior_weight must be a number, 0 or more"),
    ],
)
def test_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        SemanticInpainting(**{"model": tiny_gan(), **arguments})


@pytest.mark.neutral
def test_images_are_of_the_models_size():
    search = SemanticInpainting(tiny_gan(), steps=1)
    assert search.model.latent_dim == LATENT_DIM
    with pytest.raises(ValueError, match=r"shape, \(8, 8, 1\).*Received"):
        search.inpaint(np.zeros((9, 8, 1), "uint8"), np.zeros((9, 8), bool))
    with pytest.raises(ValueError, match="masks must be"):
        search.inpaint(np.zeros((8, 8, 1), "uint8"), np.zeros((9, 8), bool))
