"""What a picture of samples shows, by what the examples are."""

import numpy as np
import pytest
from cases import LATENT_DIM, tiny_gan

import keras_gans
from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.tasks.sampling import draw_samples

pytestmark = pytest.mark.neutral


def of_shape(shape, kind=None):
    return keras_gans.GAN(
        GANGenerator(shape, LATENT_DIM, units=(8,), example_kind=kind),
        GANDiscriminator(shape, units=(8,)),
        latent_dim=LATENT_DIM,
    )


@pytest.mark.parametrize(
    "shape, kind", [((6, 1), None), ((6,), None), ((4, 4, 2), "field")]
)
def test_sequences_and_fields_are_drawn_as_curves(shape, kind, monkeypatch):
    drawn = {}

    def plot(x, lines):
        drawn.update(lines, x=list(x))
        return "picture"

    monkeypatch.setattr("keras_gans.pictures.line_plot", plot)
    model = of_shape(shape, kind)
    assert draw_samples(model, seed=0) == "picture"
    x = drawn.pop("x")
    assert x == list(range(shape[0]))
    curves = model.generate(4, seed=0).reshape(4, shape[0], -1)[..., 0]
    np.testing.assert_array_equal(list(drawn.values()), curves)


def test_images_are_a_grid_and_points_a_cloud():
    grid = draw_samples(tiny_gan(), seed=0, n=4)
    cloud = draw_samples(of_shape((2,)), seed=0)
    assert grid.size != cloud.size
    assert len(np.unique(grid)) > 4 and len(np.unique(cloud)) > 1


@pytest.mark.parametrize("shape", [(2,), (8, 1)])
def test_what_is_no_image_follows_labels_too(shape, monkeypatch):
    model, seen = of_shape(shape), []

    def generate(n, labels=None, seed=None, truncation=None):
        seen.append((np.bincount(labels, minlength=4)[3] / n, truncation))
        return np.zeros((n, *shape), "float32")

    monkeypatch.setattr(model, "generate", generate)
    draw_samples(model, seed=0, n=5, labels=[3] * 5, truncation=0.5)
    assert seen == [(1.0, 0.5)]
