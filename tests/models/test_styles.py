"""Directions and projection of a model with styles, on linear networks."""

import keras
import numpy as np
import pytest
from cases import tiny_stylegan2
from keras import layers, ops

import keras_gans
from keras_gans.models.directions import sefa
from keras_gans.models.gan import GANDiscriminator
from keras_gans.models.styles import Styles

MEAN = np.array([1.0, -2.0, 0.5], "float32")


class Styled(layers.Layer):
    """A dense layer of one style."""

    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number
        self.affine = layers.Dense(4, use_bias=False)
        self.affine.build((None, 3))
        kernel = np.random.default_rng(number).normal(size=(3, 4))
        self.affine.set_weights([kernel])

    def call(self, inputs):
        return self.affine(inputs[:, self.number])


class StyleGenerator(keras.Model):
    """Points: the sum of two affine maps of styles, which are 2 z + MEAN."""

    num_styles = 2

    def __init__(self):
        latents = keras.Input((3,))
        mapping = keras.Model(latents, layers.Rescaling(2.0, MEAN)(latents))
        styles = keras.Input((2, 3))
        x = layers.Add()([Styled(i)(styles) for i in range(2)])
        synthesis = keras.Model(styles, x)
        w = mapping(latents)
        super().__init__(latents, synthesis(ops.stack([w, w], axis=1)))
        self.mapping, self.synthesis = mapping, synthesis
        self.average_style = ops.convert_to_tensor(MEAN)


class StyleGAN(Styles, keras_gans.GAN):
    def all_styles(self, styles):
        return ops.stack([styles, styles], axis=1)

    def truncated_styles(self, inputs, truncation):
        styles = self.inference_network.mapping(inputs)
        mean = self.inference_network.average_style
        return self.all_styles(mean + truncation * (styles - mean))


@pytest.fixture
def gan():
    discriminator = GANDiscriminator((4,), units=(4,))
    return StyleGAN(StyleGenerator(), discriminator, latent_dim=3)


def kernels(gan):
    return [
        ops.convert_to_numpy(layer.affine.kernel)
        for layer in gan.generator.synthesis.layers
        if isinstance(layer, Styled)
    ]


@pytest.mark.neutral
def test_directions_are_of_styles(gan):
    maps = np.concatenate([kernel.T for kernel in kernels(gan)])
    assert maps.shape == (8, 3)
    np.testing.assert_allclose(gan.directions(3), sefa(maps, 3), atol=1e-4)
    found = gan.directions(3, "ganspace")
    latents = np.random.default_rng(0).standard_normal((2048, 3))
    latents -= latents.mean(axis=0)
    _, _, components = np.linalg.svd(latents, full_matrices=False)
    np.testing.assert_allclose(
        np.abs(found @ components.T), np.eye(3), atol=1e-3
    )


def test_edit_moves_styles(gan):
    direction = gan.directions(1)[0]
    step = direction @ sum(kernels(gan))
    made = gan.edit(direction, [0, 2], n=3, seed=1)
    np.testing.assert_allclose(made[:, 0], gan.generate(3, seed=1), atol=1e-4)
    moved = made[:, 1] - made[:, 0]
    np.testing.assert_allclose(moved, np.tile(2 * step, (3, 1)), atol=1e-4)
    # Truncation moves styles towards their mean.
    near = gan.edit(direction, [0], n=3, seed=1, truncation=1e-6)
    mean = MEAN @ sum(kernels(gan))
    np.testing.assert_allclose(near[:, 0], np.tile(mean, (3, 1)), atol=1e-3)
    # Given styles, one for all layers or one for each.
    for styles in (np.ones((2, 3)), np.ones((2, 2, 3))):
        made = gan.edit(direction, [0, 1], styles=styles)
        plain = np.ones(3) @ sum(kernels(gan))
        np.testing.assert_allclose(
            made, np.tile([plain, plain + step], (2, 1, 1)), atol=1e-4
        )


@pytest.mark.slow
def test_project_finds_styles(gan):
    points = gan.generate(2, seed=5)
    latents = np.random.default_rng(5).standard_normal((2, 3))
    arguments = {"n_steps": 400, "n_restarts": 2, "norm_weight": 0, "seed": 0}
    arguments["learning_rate"] = 0.3
    found = gan.project(points, **arguments)
    np.testing.assert_allclose(found.latents, 2 * latents + MEAN, atol=0.05)
    np.testing.assert_allclose(found.images, points, atol=0.05)
    np.testing.assert_allclose(
        gan.generate_from_styles(found.latents), found.images, atol=1e-5
    )
    # What no single style makes, two make.
    first, second = kernels(gan)
    styles = 3 * np.eye(3)
    far = styles[:2] @ first - styles[1:] @ second
    far = far.astype("float32")
    one = gan.project(far, **arguments)
    both = gan.project(far, space="w+", **arguments)
    assert both.latents.shape == (2, 2, 3)
    assert (both.distances < 0.1 * one.distances).all()


@pytest.mark.slow
@pytest.mark.neutral
def test_the_first_start_is_the_mean_style(gan):
    mean = (MEAN @ sum(kernels(gan)))[None].astype("float32")
    found = gan.project(mean, n_steps=1, n_restarts=1, learning_rate=1e-9)
    np.testing.assert_allclose(found.latents, MEAN[None], atol=1e-5)
    # The prior is on the distance from the mean, in units of the styles'.
    far = np.full((1, 4), 100.0, "float32")
    held = gan.project(far, n_restarts=8, norm_weight=1e6, seed=0)
    length = np.sqrt(np.square(held.latents - MEAN).mean())
    assert length == pytest.approx(2.0, rel=0.4)


@pytest.mark.neutral
def test_styles_that_are_refused(gan):
    with pytest.raises(ValueError, match="Received: space='z'"):
        gan.project(np.zeros((1, 4), "float32"), space="z")
    with pytest.raises(ValueError, match=r"\(n, 2, 3\). Received.*\(1, 5\)"):
        gan.generate_from_styles(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="finite numbers. Received.*NaN"):
        gan.generate_from_styles(np.full((1, 3), np.nan))
    with pytest.raises(ValueError, match="must be None. Received.*seed=1"):
        gan.edit(MEAN, [0], styles=np.zeros((1, 3)), seed=1)


# ---- of StyleGAN2 ---------------------------------------------------------


@pytest.mark.slow
def test_a_stylegan2():
    gan = tiny_stylegan2(style_dim=6)
    latents = np.random.default_rng(0).standard_normal((3, 4))
    plain = gan.generate(3, seed=0)
    np.testing.assert_array_equal(gan.generate(3, latents=latents), plain)
    near = gan.generate(3, seed=0, truncation=0.5)
    again = gan.generate(3, latents=latents, truncation=0.5)
    np.testing.assert_array_equal(again, near)
    direction = gan.directions(1)[0]
    assert direction.shape == (6,)
    made = gan.edit(direction, [0, 5], latents=latents)
    np.testing.assert_array_equal(made[:, 0], plain)
    assert (made[:, 1] != plain).any()
    made = gan.edit(direction, [0], latents=latents, truncation=0.5)
    np.testing.assert_array_equal(made[:, 0], near)
    for space, shape in (("w", (1, 6)), ("w+", (1, 4, 6))):
        found = gan.project(plain[:1], n_steps=3, n_restarts=2, space=space)
        assert found.latents.shape == shape
        np.testing.assert_array_equal(
            gan.generate_from_styles(found.latents), found.images
        )
        made = gan.edit(direction, [0], styles=found.latents)
        np.testing.assert_array_equal(made[:, 0], found.images)


@pytest.mark.slow
@pytest.mark.neutral
def test_directions_of_a_stylegan2_are_those_of_its_affine_layers():
    gan = tiny_stylegan2(style_dim=6)
    maps = []
    for layer in gan.generator.synthesis.layers:
        if hasattr(layer, "affine"):
            kernel = ops.convert_to_numpy(layer.affine.scaled_kernel())
            maps.append(kernel.T)
    # Three for images of 4x4 and 8x8 each, but for the first.
    assert len(maps) == 5
    expected = sefa(np.concatenate(maps), 3)
    np.testing.assert_allclose(gan.directions(3), expected, atol=1e-4)
    assert gan.directions(2, "ganspace").shape == (2, 6)
