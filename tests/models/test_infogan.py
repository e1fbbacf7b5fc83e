import keras
import numpy as np
import pytest
from cases import IMAGE_SHAPE, Case, adam, fit
from keras import layers, ops

import keras_gans
from keras_gans.models.infogan import InfoGANDiscriminator, infogan_info_loss


def tiny_infogan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "latent_dim": 7,
        "categorical_codes": (3,),
        "continuous_codes": 2,
        "filters": 4,
    }
    return keras_gans.InfoGAN(**{**arguments, **kwargs})


CASE = Case(keras_gans.InfoGAN, tiny_infogan, ("d_loss", "g_loss", "info_loss"))


def number(x):
    return float(ops.convert_to_numpy(x))


def test_info_loss():
    # Two categories, three categories, one number.
    found = np.zeros((2, 6), "float32")
    found[:, :5] = np.log([[1, 3, 2, 2, 4], [1, 1, 1, 1, 2]])
    found[:, 5] = [0.5, -1.0]
    codes = np.array([[0, 1, 0, 0, 1, -0.5], [1, 0, 1, 0, 0, -0.8]], "float32")
    loss = infogan_info_loss(
        *map(ops.convert_to_tensor, (found, codes)), (2, 3)
    )
    expected = -np.log([3 / 4, 4 / 8, 1 / 2, 1 / 4]).sum() / 2
    expected += 0.5 * (1.0**2 + 0.2**2) / 2
    assert number(loss) == pytest.approx(expected, rel=1e-6)
    # Without a number; the logits of what is certain are no trouble.
    loss = infogan_info_loss(
        ops.convert_to_tensor([[1e4, -1e4]]),
        ops.convert_to_tensor([[1.0, 0.0]]),
        (2,),
    )
    assert number(loss) == 0.0


def test_codes_are_drawn_as_the_paper_does():
    gan = tiny_infogan(latent_dim=8)
    latents = np.random.default_rng(0).standard_normal((6000, 8))
    latents = latents.astype("float32")
    made = gan.generator_inputs(latents, None)
    assert isinstance(made, np.ndarray) and made.dtype == "float32"
    np.testing.assert_array_equal(made[:, :3], latents[:, :3])
    assert set(made[:, 3:6].ravel()) == {0.0, 1.0}
    assert (made[:, 3:6].sum(axis=1) == 1).all()
    np.testing.assert_allclose(made[:, 3:6].mean(axis=0), 1 / 3, atol=0.02)
    # Uniform: as many in each tenth of [-1, 1].
    for code in made[:, 6:].T:
        shares = np.histogram(code, 10, (-1, 1))[0] / len(code)
        np.testing.assert_allclose(shares, 0.1, atol=0.015)
    assert abs(np.corrcoef(made.T) - np.eye(8))[6:].max() < 0.05
    labels = np.arange(6000) % 3
    chosen = gan.generator_inputs(ops.convert_to_tensor(latents), labels)
    chosen = ops.convert_to_numpy(chosen)
    np.testing.assert_array_equal(chosen[:, 3:6], np.eye(3)[labels])
    np.testing.assert_allclose(
        np.delete(chosen, [3, 4, 5], 1),
        np.delete(made, [3, 4, 5], 1),
        rtol=1e-5,
    )


def showing(latent_dim=6, find=1.0, **kwargs):
    """The generator shows its latents; Q reads them, the logits are 0."""
    codes = {"categorical_codes": (3,), "continuous_codes": 2, **kwargs}
    size = sum(codes["categorical_codes"]) + codes["continuous_codes"]
    z = keras.Input((latent_dim,))
    show = layers.Dense(latent_dim, use_bias=False)
    generator = keras.Model(z, show(z))
    show.set_weights([np.eye(latent_dim)])
    x = keras.Input((latent_dim,))
    read = layers.Dense(size, use_bias=False)
    logits = layers.Dense(1, kernel_initializer="zeros")(x)
    discriminator = keras.Model(x, [logits, read(x)])
    kernel = find * np.eye(latent_dim)[:, latent_dim - size :]
    # A large logit is a sure one.
    kernel[:, : sum(codes["categorical_codes"])] *= 30
    read.set_weights([kernel])
    return keras_gans.InfoGAN(
        generator, discriminator, latent_dim=latent_dim, seed=0, **codes
    )


def losses_of_step(gan, n=64):
    gan.compile(adam(), adam(), run_eagerly=True)
    gan.minimize = lambda loss_fn, *_: loss_fn()
    logs = gan.train_step(ops.zeros((n, gan.latent_dim)))
    return {name: number(value) for name, value in logs.items()}


@pytest.mark.neutral
def test_both_players_minimize_what_is_not_found():
    found = losses_of_step(showing())
    assert found["info_loss"] < 1e-3
    assert found["d_loss"] == pytest.approx(2 * np.log(2), abs=1e-3)
    assert found["g_loss"] == pytest.approx(np.log(2), abs=1e-3)
    lost = losses_of_step(showing(find=0.0, info_weight=2.0), n=2000)
    # Uniform over three, and the variance of [-1, 1] for each of two.
    expected = np.log(3) + 2 * 0.5 / 3
    assert lost["info_loss"] == pytest.approx(expected, rel=0.02)
    assert lost["g_loss"] == pytest.approx(
        np.log(2) + 2 * lost["info_loss"], rel=1e-5
    )
    # Of other codes than the generator's.
    assert lost["d_loss"] == pytest.approx(
        2 * np.log(2) + 2 * expected, rel=0.02
    )


@pytest.mark.neutral
def test_evaluate_has_the_info_loss_in_all():
    gan = showing(find=0.0, info_weight=2.0)
    gan.compile()
    data = np.zeros((2000, 6), "float32")
    logs = gan.evaluate(data, batch_size=2000, verbose=0, return_dict=True)
    expected = np.log(3) + 2 * 0.5 / 3
    assert logs["info_loss"] == pytest.approx(expected, rel=0.02)
    for name, without in (("d_loss", 2 * np.log(2)), ("g_loss", np.log(2))):
        assert logs[name] == pytest.approx(
            without + 2 * logs["info_loss"], rel=1e-5
        )


def test_generate_obeys_labels():
    gan = showing()
    samples = gan.generate(7, labels=2, seed=0)
    np.testing.assert_array_equal(samples[:, 1:4], [[0, 0, 1]] * 7)
    samples = gan.generate(5, labels=[2, 0, 1, 1, 0], seed=0, batch_size=2)
    np.testing.assert_array_equal(samples[:, 1:4], np.eye(3)[[2, 0, 1, 1, 0]])
    drawn = gan.generate(50, seed=0)
    assert set(drawn[:, 1:4].argmax(axis=1)) == {0, 1, 2}


def test_traverse_changes_one_code_alone():
    gan = showing()
    made = gan.traverse(0, n_rows=4, seed=1)
    assert made.shape == (4, 3, 6) and made.dtype == "float32"
    np.testing.assert_array_equal(made[..., 1:4], [np.eye(3)] * 4)
    others = np.delete(made, [1, 2, 3], axis=-1)
    np.testing.assert_array_equal(others, others[:, :1].repeat(3, axis=1))
    assert len({tuple(row) for row in others[:, 0]}) == 4
    for code, place in ((1, 4), (2, 5)):
        made = gan.traverse(code, n_rows=4, n_columns=5, seed=1)
        assert made.shape == (4, 5, 6)
        np.testing.assert_allclose(
            made[..., place], [[-2, -1, 0, 1, 2]] * 4, atol=1e-6
        )
        others = np.delete(made, place, axis=-1)
        np.testing.assert_array_equal(others, others[:, :1].repeat(5, axis=1))
        np.testing.assert_array_equal(made[:, 0, 1:4], np.eye(3)[[0, 1, 2, 0]])
    np.testing.assert_array_equal(made, gan.traverse(2, 4, 5, seed=1))
    assert np.abs(gan.traverse(1, reach=0.5)[..., 4]).max() == 0.5


@pytest.mark.neutral
def test_codes_of_one_kind_alone():
    two = showing(7, categorical_codes=(3, 2), continuous_codes=0)
    samples = two.generate(30, labels=1, seed=0)
    assert (samples[:, 3] == 1).all()  # The first code; the second is drawn.
    assert set(samples[:, 5:].argmax(axis=1)) == {0, 1}
    assert two.traverse(1, n_rows=2).shape == (2, 2, 7)
    assert losses_of_step(two)["info_loss"] < 1e-3
    none = showing(2, categorical_codes=(), continuous_codes=2)
    assert none.traverse(0, n_rows=2, n_columns=3).shape == (2, 3, 2)
    assert losses_of_step(none)["info_loss"] < 1e-3
    with pytest.raises(ValueError, match="labels must be None.*labels=1"):
        none.generate(2, labels=1)


@pytest.mark.slow
@pytest.mark.neutral
def test_images_are_uint8_and_health_looks_at_the_logits():
    gan = tiny_infogan(r1_weight=1.0, discriminator_steps=2)
    gan.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (8, *IMAGE_SHAPE))
    images = images.astype("float32")
    said = []
    health = keras_gans.callbacks.TrainingHealth(images, report=said.append)
    logs = fit(gan, images, callbacks=[health])
    assert np.isfinite(list(logs.values())).all()
    assert len(health.history) == 1 and not said
    made = gan.traverse(1, n_rows=2, n_columns=3)
    assert made.shape == (2, 3, *IMAGE_SHAPE) and made.dtype == "uint8"


@pytest.mark.neutral
def test_papers_optimizers():
    generator, discriminator = tiny_infogan().default_optimizers()
    assert float(generator.learning_rate) == pytest.approx(1e-3)
    assert float(discriminator.learning_rate) == pytest.approx(2e-4)
    assert generator.beta_1 == discriminator.beta_1 == 0.5


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"categorical_codes": 10}, "categorical_codes.*Received: .*=10"),
        ({"categorical_codes": (1,)}, "at least 2.*categorical_codes=1"),
        ({"continuous_codes": -1}, "Received: continuous_codes=-1"),
        ({"latent_dim": 4}, "room for the codes.*Received: latent_dim=4"),
        (
            {"categorical_codes": (), "continuous_codes": 0},
            "room for the codes.*categorical_codes=()",
        ),
        ({"info_weight": -1}, "info_weight.*Received: info_weight=-1"),
        (
            {"discriminator": InfoGANDiscriminator(IMAGE_SHAPE, 6, 4)},
            r"find codes of shape \(batch, 5\).*Received.*\(None, 6\)",
        ),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        tiny_infogan(**arguments)


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ((-1,), "code=-1"),
        ((3,), "number of codes, 3.*code=3"),
        ((0, 0), "n_rows=0"),
        ((1, 2, 0), "n_columns=0"),
    ],
)
def test_traverse_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        tiny_infogan().traverse(*arguments)
