"""Ways between latents, and directions in them."""

import keras
import numpy as np
import pytest
from cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    points_gan,
    tiny_conditional_gan,
    tiny_dcgan,
    tiny_gan,
)
from keras import layers
from linear_gan import linear_gan, normal

import keras_gans
from keras_gans.models.directions import ganspace, sefa
from keras_gans.models.gan import GANDiscriminator
from keras_gans.models.latents import slerp, walk

# ---- latents of one's own -------------------------------------------------


@pytest.mark.parametrize("model", [tiny_dcgan, tiny_conditional_gan])
def test_given_latents_are_those_of_a_seed(model):
    gan = model()
    latents = np.random.default_rng(3).standard_normal((5, LATENT_DIM))
    expected = gan.generate(5, seed=3)
    np.testing.assert_array_equal(gan.generate(5, latents=latents), expected)
    for size in (1, 2, 8):
        made = gan.generate(5, batch_size=size, latents=latents)
        # Another batch may round otherwise.
        assert np.abs(made.astype(int) - expected).max() <= 1
    cut = gan.generate(5, truncation=0.5, latents=latents)
    np.testing.assert_array_equal(cut, gan.generate(5, seed=3, truncation=0.5))
    assert (cut != expected).any()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"latents": np.zeros((3, 9))}, r"shape \(3, 4\). Received.*\(3, 9\)"),
        ({"latents": np.zeros((2, 4))}, r"shape \(3, 4\). Received.*\(2, 4\)"),
        ({"latents": np.zeros(4)}, r"Received: latents with shape \(4,\)"),
        ({"latents": np.full((3, 4), np.nan)}, "finite numbers. Received"),
        ({"latents": np.full((3, 4), "a")}, "finite numbers. Received"),
        ({"latents": [[1.0], [1.0, 2.0]]}, "one length. Received: .* several"),
        ({"latents": np.zeros((3, 4)), "seed": 1}, "Received: seed=1"),
    ],
)
def test_latents_that_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        points_gan().generate(3, **arguments)


# ---- ways -----------------------------------------------------------------


@pytest.mark.neutral
def test_slerp_by_hand():
    a, b = np.array([3.0, 0.0]), np.array([0.0, 3.0])
    # A third of a right angle.
    half = np.sqrt(3) / 2
    np.testing.assert_allclose(slerp(a, b, 1 / 3), [3 * half, 1.5])
    np.testing.assert_allclose(slerp(a, b, 2 / 3), [1.5, 3 * half])
    # With (1, 1): of an eighth of a circle, sin(w / 2) / sin(w) of each.
    share = np.sin(np.pi / 8) / np.sin(np.pi / 4)
    np.testing.assert_allclose(
        slerp(a, [1.0, 1.0], 0.5), [4 * share, share], rtol=1e-12
    )
    # What has no great circle: a straight line.
    np.testing.assert_allclose(slerp(a, -a, 0.25), [1.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(slerp(a, 2 * a, 0.5), [4.5, 0.0])
    assert np.isfinite(slerp(np.zeros(2), a, 0.5)).all()


@pytest.mark.neutral
def test_slerp_is_along_a_great_circle():
    a, b = normal(2, 50)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    t = np.linspace(0, 1, 7)
    path = slerp(np.tile(a, (7, 1)), np.tile(b, (7, 1)), t)
    np.testing.assert_array_equal(path[[0, -1]], [a, b])
    lengths = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)
    # Equal angles, and nothing outside of the plane of both.
    cosines = (path[1:] * path[:-1]).sum(axis=1) / lengths[0] ** 2
    np.testing.assert_allclose(cosines, cosines[0], rtol=1e-6)
    assert np.linalg.matrix_rank(path, tol=1e-4) == 2


@pytest.mark.neutral
def test_a_walk_leads_through_all_points_and_closes():
    points = normal(3, 8)
    path = walk(points, 5)
    assert path.dtype == "float32"
    np.testing.assert_array_equal(path[[0, 2, 4]], points)
    closed = walk(points, 12, closed=True)
    np.testing.assert_array_equal(closed[[0, 4, 8]], points)
    # The step from the last to the first is one like the others of its leg.
    steps = np.linalg.norm(np.roll(closed, -1, axis=0) - closed, axis=1)
    expected = slerp(points[2], points[0], 0.75)
    np.testing.assert_allclose(closed[11], expected, rtol=1e-5)
    assert steps[11] < 1.5 * steps[8]


def test_interpolate_is_generate_of_the_walk():
    gan = tiny_dcgan()
    latents = np.random.default_rng(1).standard_normal((3, LATENT_DIM))
    latents = latents.astype("float32")
    film = gan.interpolate(6, seed=1, n_points=3, closed=True)
    assert film.shape == (6, *IMAGE_SHAPE) and film.dtype == "uint8"
    expected = gan.generate(6, latents=walk(latents, 6, closed=True))
    np.testing.assert_array_equal(film, expected)
    again = gan.interpolate(6, latents, closed=True)
    np.testing.assert_array_equal(again, film)
    assert (gan.interpolate(6, seed=2, n_points=3, closed=True) != film).any()
    two = gan.interpolate(2, seed=1)
    ends = gan.generate(2, seed=1)
    np.testing.assert_array_equal(two, ends)
    cut = gan.interpolate(2, seed=1, truncation=0.3)
    np.testing.assert_array_equal(cut, gan.generate(2, seed=1, truncation=0.3))


def test_a_walk_has_one_label():
    gan = tiny_conditional_gan()
    latents = normal(2, LATENT_DIM)
    path = walk(latents, 4)
    for labels in (0, 2, [0, 1, 2, 0]):
        np.testing.assert_array_equal(
            gan.interpolate(4, latents, labels),
            gan.generate(4, labels, latents=path),
        )
    np.testing.assert_array_equal(
        gan.interpolate(4, latents), gan.interpolate(4, latents, 0)
    )


@pytest.mark.neutral
def test_an_infogans_film_keeps_its_category():
    gan = infogan()
    film = gan.interpolate(9, seed=0)
    assert set(film[:, 1:4].argmax(axis=1)) == {0}
    drawn = gan.generate(50, seed=0)
    assert set(drawn[:, 1:4].argmax(axis=1)) == {0, 1, 2}


def infogan():
    """Shows its latents: a number, three categories and two codes."""
    z = keras.Input((6,))
    show = layers.Dense(6, use_bias=False)
    generator = keras.Model(z, show(z))
    show.set_weights([np.eye(6)])
    x = keras.Input((6,))
    discriminator = keras.Model(x, [layers.Dense(1)(x), layers.Dense(5)(x)])
    return keras_gans.InfoGAN(
        generator,
        discriminator,
        latent_dim=6,
        categorical_codes=(3,),
        continuous_codes=2,
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"n_steps": 1}, "n_steps must be .* 2. Received: n_steps=1"),
        ({"n_points": 1}, "n_points must be .* 2. Received: n_points=1"),
        ({"latents": np.zeros((1, 4))}, r"2 or more .*Received.*\(1, 4\)"),
        ({"latents": np.zeros((2, 9))}, r"\(n, 4\). Received.*\(2, 9\)"),
        ({"latents": np.zeros((2, 4)), "n_points": 2}, "n_points=2"),
        ({"latents": np.zeros((2, 4)), "seed": 0}, "Received: seed=0"),
        ({"labels": 0}, "labels must be None. Received: labels=0"),
    ],
)
def test_ways_that_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        points_gan().interpolate(**{"n_steps": 3, **arguments})


# ---- directions -----------------------------------------------------------


@pytest.mark.neutral
def test_sefa_is_the_eigenproblem():
    maps = normal(30, 6)
    values, vectors = np.linalg.eigh(maps.T @ maps)
    found = sefa(maps, 6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    cosines = np.abs((found * vectors.T[::-1]).sum(axis=1))
    np.testing.assert_allclose(cosines, 1, rtol=1e-5)
    moved = np.linalg.norm(maps @ found.T, axis=0)
    np.testing.assert_allclose(moved**2, values[::-1], rtol=1e-4)
    largest = np.abs(found).argmax(axis=1)
    assert (found[np.arange(6), largest] > 0).all()
    # By hand: the first latent moves twice as far as the second.
    np.testing.assert_allclose(sefa([[0, 1.0], [-2, 0]], 2), np.eye(2))


@pytest.mark.neutral
def test_ganspace_is_the_components_and_a_regression():
    # Few directions, each half as strong as the one before.
    z = normal(400, 5, seed=1)
    z, _ = np.linalg.qr(z - z.mean(axis=0))
    mix, _ = np.linalg.qr(normal(40, 5, seed=2))
    turn, _ = np.linalg.qr(normal(5, 5, seed=3))
    features = z @ turn @ np.diag([16, 8, 4, 2, 1]) @ mix.T + 7
    found = ganspace(z, features, 5)
    np.testing.assert_allclose(np.abs(found @ turn), np.eye(5), atol=1e-4)
    # Of features that are the positions: the components.
    _, _, components = np.linalg.svd(features - features.mean(axis=0))
    found = ganspace(features, features, 5)
    np.testing.assert_allclose(
        np.abs(found @ components[:5].T), np.eye(5), atol=1e-4
    )


@pytest.mark.parametrize(
    "model", [tiny_gan, tiny_dcgan, tiny_conditional_gan, points_gan]
)
def test_directions_of_models(model):
    gan = model()
    layer = next(x for x in gan.generator.layers if hasattr(x, "kernel"))
    kernel = keras.ops.convert_to_numpy(layer.kernel)[:LATENT_DIM]
    np.testing.assert_allclose(
        gan.directions(LATENT_DIM), sefa(kernel.T, LATENT_DIM), atol=1e-4
    )
    found = gan.directions(2, "ganspace")
    assert found.shape == (2, LATENT_DIM) and found.dtype == "float32"
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found, gan.directions(2, "ganspace"))
    assert (found != gan.directions(2, "ganspace", seed=1)).any()


@pytest.mark.neutral
def test_both_methods_agree_on_a_linear_generator():
    turn, _ = np.linalg.qr(normal(4, 4))
    kernel = turn @ np.diag([8.0, 4.0, 2.0, 1.0]) @ normal(4, 9, seed=1)
    kernel = kernel.astype("float32")
    gan = linear_gan(kernel)
    one, other = gan.directions(3), gan.directions(3, "ganspace")
    np.testing.assert_allclose(one, sefa(kernel.T, 3), atol=1e-5)
    np.testing.assert_allclose(np.abs(one @ other.T), np.eye(3), atol=0.15)


@pytest.mark.neutral
def test_directions_see_what_comes_before_the_dense_layers():
    """Labels are joined in front, and each block has a part of the latents."""
    latents = keras.Input((4,))
    labels = keras.Input((), dtype="int32")
    embedded = layers.Embedding(3, 5)(labels)
    first, second = latents[:, :1], latents[:, 1:]
    one = layers.Dense(6, activation="relu")
    other = layers.Dense(7)
    last = layers.Dense(2)
    x = layers.Concatenate()([embedded, first])
    x = layers.Concatenate()([one(x), other(2.0 * second)])
    generator = keras.Model([latents, labels], last(x))
    x = keras.Input((2,))
    discriminator = keras.Model([x, labels], layers.Dense(1)(x))
    gan = keras_gans.GAN(generator, discriminator, latent_dim=4, num_classes=3)
    maps = np.zeros((13, 4))
    maps[:6, 0] = one.get_weights()[0][5]
    maps[6:, 1:] = 2 * other.get_weights()[0].T
    np.testing.assert_allclose(gan.directions(4), sefa(maps, 4), atol=1e-4)
    assert gan.directions(1, "ganspace").shape == (1, 4)


@pytest.mark.neutral
def test_directions_of_a_nested_network():
    body = keras.Sequential([keras.Input((4,)), layers.Dense(9)])
    latents = keras.Input((4,))
    generator = keras.Model(latents, layers.Dense(2)(body(latents)))
    gan = keras_gans.GAN(
        generator, GANDiscriminator((2,), units=(4,)), latent_dim=4
    )
    kernel = body.get_weights()[0]
    np.testing.assert_allclose(gan.directions(4), sefa(kernel.T, 4), atol=1e-4)
    assert gan.directions(1, "ganspace").shape == (1, 4)


@pytest.mark.neutral
def test_directions_that_are_refused():
    gan = points_gan()
    for method in ("sefa", "ganspace"):
        with pytest.raises(ValueError, match="directions, 4. Received: n=5"):
            gan.directions(5, method)
    with pytest.raises(ValueError, match="Received: method='pca'"):
        gan.directions(1, "pca")
    with pytest.raises(ValueError, match="Received: n=0"):
        gan.directions(0)
    latents = keras.Input((4,))
    generator = keras.Model(latents, layers.Reshape((4, 1))(latents))
    gan = keras_gans.GAN(
        generator, GANDiscriminator((4, 1), units=(4,)), latent_dim=4
    )
    with pytest.raises(ValueError, match="takes the latents. Received"):
        gan.directions(1)


# ---- editing --------------------------------------------------------------


def test_edit_moves_along_the_direction():
    kernel = normal(4, 3)
    gan = linear_gan(kernel)
    direction = gan.directions(1)[0]
    made = gan.edit(direction, [-2, 0, 3], n=5, seed=0)
    assert made.shape == (5, 3, 3)
    np.testing.assert_allclose(made[:, 1], gan.generate(5, seed=0), atol=1e-5)
    step = direction @ kernel
    np.testing.assert_allclose(
        made[:, 0] - made[:, 1], np.tile(-2 * step, (5, 1)), atol=1e-4
    )
    np.testing.assert_allclose(
        made[:, 2] - made[:, 1], np.tile(3 * step, (5, 1)), atol=1e-4
    )
    latents = normal(2, 4, seed=5)
    made = gan.edit(direction, [0], latents=latents)
    np.testing.assert_allclose(made[:, 0], latents @ kernel, atol=1e-5)
    # Cut off before they are moved.
    made = gan.edit(direction, [50], 5, seed=0, truncation=0.5)
    near = gan.generate(5, seed=0, truncation=0.5)
    np.testing.assert_allclose(
        made[:, 0] - near, np.tile(50 * step, (5, 1)), rtol=1e-3
    )


def test_a_row_of_an_edit_has_one_label():
    gan = tiny_conditional_gan()
    made = gan.edit(np.zeros(LATENT_DIM), [1, 2], 4, seed=0)
    expected = gan.generate(4, seed=0)
    assert made.dtype == "uint8"
    np.testing.assert_array_equal(made[:, 0], expected)
    np.testing.assert_array_equal(made[:, 1], expected)
    made = gan.edit(np.zeros(LATENT_DIM), [1], 2, labels=[2, 1], seed=0)
    np.testing.assert_array_equal(
        made[:, 0], gan.generate(2, labels=[2, 1], seed=0)
    )


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"direction": np.zeros(3)}, r"\(4,\). Received.*\(3,\)"),
        ({"strengths": []}, r"one or more numbers. Received.*\(0,\)"),
        ({"strengths": 2.0}, r"one or more numbers. Received.*\(\)"),
        ({"strengths": [np.nan]}, "strengths must be finite"),
        ({"direction": np.full(4, np.inf)}, "direction must be finite"),
        ({"n": 0}, "Received: n=0"),
        ({"n": 2, "latents": np.zeros((3, 4))}, r"\(2, 4\). Received"),
        ({"truncation": -1}, "Received: truncation=-1"),
        ({"latents": np.zeros((8, 4)), "seed": 1}, "Received: seed=1"),
    ],
)
def test_edits_that_are_refused(arguments, words):
    arguments = {"direction": np.zeros(4), "strengths": [0.0], **arguments}
    with pytest.raises(ValueError, match=words):
        points_gan().edit(**arguments)
