import keras
import numpy as np
import pytest
from cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    Case,
    adam,
    assert_equal,
    fit,
    weights_of,
)
from keras import layers, ops

import keras_gans
from keras_gans import backend
from keras_gans.models.ebgan import (
    EBGANDiscriminator,
    began_discriminator_loss,
    ebgan_discriminator_loss,
    ebgan_generator_loss,
    pulling_away_term,
    reconstruction_energy,
)
from keras_gans.models.gan import GANGenerator


def tiny_ebgan(example_shape=IMAGE_SHAPE, **kwargs):
    arguments = {
        "generator": GANGenerator(example_shape, LATENT_DIM, units=(8, 8)),
        "discriminator": EBGANDiscriminator(example_shape, units=(8, 6)),
        "latent_dim": LATENT_DIM,
        # What the generator makes at first is below it.
        "margin": 2.0,
    }
    return keras_gans.EBGAN(**{**arguments, **kwargs})


LOGS = ("d_loss", "g_loss", "real_energy", "pulling_away")
CASE = Case(keras_gans.EBGAN, tiny_ebgan, LOGS, ("pulling_away",))


def tensor(x):
    return ops.convert_to_tensor(np.array(x, "float32"))


def number(x):
    return float(ops.convert_to_numpy(x))


def images(n=16, seed=0):
    x = np.random.default_rng(seed).uniform(-1, 1, (n, *IMAGE_SHAPE))
    return x.astype("float32")


# ---- losses ---------------------------------------------------------------


def test_energy_is_the_mean_square_of_each_example():
    x = tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    y = tensor([[[1.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 3.0]]])
    energy = ops.convert_to_numpy(reconstruction_energy(y, x))
    np.testing.assert_allclose(energy, [1.0, 3.0])


def test_losses():
    real, fake = tensor([1.0, 2.0]), tensor([0.5, 4.0])
    # The second fake example is above the margin of 3.
    assert number(ebgan_discriminator_loss(real, fake, 3.0)) == 1.5 + 1.25
    assert number(ebgan_generator_loss(fake)) == 2.25
    assert number(began_discriminator_loss(real, fake, 0.5)) == 1.5 - 1.125


def test_pulling_away_term():
    codes = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    # Squared cosines of the three pairs: 1/2, 0 and 1/2.
    assert number(pulling_away_term(tensor(codes))) == pytest.approx(1 / 3)
    scaled = codes * [[-5.0], [0.1], [30.0]]
    assert number(pulling_away_term(tensor(scaled))) == pytest.approx(1 / 3)
    # The square: opposite directions are as near as equal ones.
    opposite = tensor([[1.0, 2.0], [-2.0, -4.0]])
    assert number(pulling_away_term(opposite)) == pytest.approx(1.0)
    assert number(pulling_away_term(tensor([[1.0, 2.0]]))) == 0.0
    maps = tensor(codes.reshape(3, 1, 2, 1))
    assert number(pulling_away_term(maps)) == pytest.approx(1 / 3)


def test_pulling_away_has_a_slope_at_codes_of_zero():
    codes = keras.Variable(np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    (term, _), (slopes,) = backend.value_and_gradients(
        lambda: (pulling_away_term(codes.value), ()), [codes], [codes]
    )
    assert number(term) == 0.0
    assert np.isfinite(ops.convert_to_numpy(slopes)).all()


# ---- the step -------------------------------------------------------------


def one_step(**kwargs):
    keras.utils.set_random_seed(0)
    gan = tiny_ebgan(seed=0, **kwargs)
    gan.compile(adam(), adam())
    return gan, gan.train_on_batch(images(), return_dict=True)


@pytest.mark.slow
@pytest.mark.neutral
def test_the_term_is_the_generators_alone():
    without, logs = one_step(pulling_away_weight=0.0)
    weighted, other = one_step(pulling_away_weight=3.0)
    # Logged with and without a weight, so that both can be compared.
    assert 0.01 < logs["pulling_away"] < 1
    assert other["pulling_away"] == pytest.approx(logs["pulling_away"])
    assert other["d_loss"] == pytest.approx(logs["d_loss"])
    assert other["g_loss"] == pytest.approx(
        logs["g_loss"] + 3 * logs["pulling_away"], rel=1e-5
    )
    assert_equal(
        weights_of(weighted.discriminator), weights_of(without.discriminator)
    )
    different = zip(
        weights_of(weighted.generator), weights_of(without.generator)
    )
    assert any(np.abs(a - b).max() > 1e-5 for a, b in different)


@pytest.mark.slow
@pytest.mark.neutral
def test_logs_and_evaluate_are_of_the_energies():
    gan, _ = one_step(margin=1.5)
    logs = gan.test_on_batch(images(seed=1), return_dict=True)
    seen = ops.convert_to_tensor(images(seed=1))
    outputs = gan.discriminator(seen, training=False)
    energy = reconstruction_energy(outputs[0], seen)
    assert logs["real_energy"] == pytest.approx(number(ops.mean(energy)))
    assert logs["d_loss"] == pytest.approx(
        logs["real_energy"] + 1.5 - logs["g_loss"], rel=1e-5
    )
    # What says how real they look, as a logit does, is the other way round.
    np.testing.assert_allclose(
        ops.convert_to_numpy(gan.logits_of(outputs, seen)),
        -ops.convert_to_numpy(energy),
    )


@pytest.mark.slow
@pytest.mark.neutral
def test_health_looks_at_the_energies():
    gan = tiny_ebgan()
    gan.compile(keras.optimizers.SGD(0.0), adam(1e-2))
    fit(gan, images(), epochs=30)
    said = []
    health = keras_gans.callbacks.TrainingHealth(images(), report=said.append)
    fit(gan, images(), callbacks=[health])
    assert not said
    # Real ones are known by now: theirs is the lower energy.
    assert health.history[-1]["separation"] > 0.8


# ---- BEGAN ----------------------------------------------------------------


def k_of(gan):
    return number(gan.equilibrium.k)


@pytest.mark.slow
def test_the_balance_moves_k(tmp_path):
    gan, logs = one_step(balance=0.5, balance_rate=0.3, pulling_away_weight=0.0)
    assert set(logs) == {*LOGS, "convergence"}
    real, fake = logs["real_energy"], logs["g_loss"]
    assert logs["d_loss"] == pytest.approx(real)  # k is 0 at first.
    missing = 0.5 * real - fake
    assert k_of(gan) == pytest.approx(max(0.3 * missing, 0), abs=1e-6)
    assert logs["convergence"] == pytest.approx(real + abs(missing), rel=1e-5)
    gan.equilibrium.k.assign(0.5)
    gan.reset_metrics()
    logs = gan.train_on_batch(images(), return_dict=True)
    assert logs["d_loss"] < logs["real_energy"]
    missing = 0.5 * logs["real_energy"] - logs["g_loss"]
    assert k_of(gan) == pytest.approx(0.5 + 0.3 * missing, rel=1e-5)
    gan.save_weights(tmp_path / "a.weights.h5")
    again = tiny_ebgan(balance=0.5)
    again.compile(adam(), adam())
    again.load_weights(tmp_path / "a.weights.h5")
    assert k_of(again) == k_of(gan)
    logs = gan.evaluate(images(), verbose=0, return_dict=True)
    assert logs["d_loss"] == pytest.approx(
        logs["real_energy"] - k_of(gan) * logs["g_loss"], rel=1e-5
    )


@pytest.mark.neutral
def test_k_stays_between_0_and_1():
    gan = tiny_ebgan(balance=0.5, balance_rate=10.0)
    for real, fake, expected in ((9.0, 1.0, 1.0), (1.0, 9.0, 0.0)):
        measure = gan.update_balance(tensor([real, real]), tensor([fake]))
        assert k_of(gan) == expected
        assert number(measure) == real + abs(0.5 * real - fake)
    gan.balance_rate = 0.1
    gan.update_balance(tensor([5.0, 7.0]), tensor([1.0, 2.0]))
    assert k_of(gan) == pytest.approx(0.1 * (0.5 * 6.0 - 1.5))


# ---- networks -------------------------------------------------------------


def autoencoder(code, reconstruction):
    x = keras.Input(IMAGE_SHAPE)
    made = code(x)
    return keras.Model(x, [reconstruction(made), made])


@pytest.mark.slow
@pytest.mark.neutral
def test_any_encoder_and_decoder():
    encoder = keras.Sequential(
        [layers.Conv2D(4, 3, 2, "same"), layers.LeakyReLU(0.2)]
    )
    decoder = keras.Sequential(
        [layers.Conv2DTranspose(1, 4, 2, "same", activation="tanh")]
    )
    gan = tiny_ebgan(discriminator=autoencoder(encoder, decoder))
    gan.compile()
    logs = fit(gan, images())
    assert np.isfinite(list(logs.values())).all()


@pytest.mark.neutral
def test_points_have_a_linear_reconstruction():
    network = EBGANDiscriminator((2,), units=(4, 3))
    assert network.layers[-2].activation is keras.activations.linear
    shapes = [tuple(x.shape) for x in network.outputs]
    assert shapes == [(None, 2), (None, 3)]
    again = EBGANDiscriminator.from_config(network.get_config())
    assert again.count_params() == network.count_params()


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"margin": -1.0}, "margin.*Received: margin=-1.0"),
        ({"pulling_away_weight": -1.0}, "Received: pulling_away_weight=-1.0"),
        ({"balance": 0.0}, "balance must.*Received: balance=0.0"),
        ({"balance": 1.5}, "balance must.*Received: balance=1.5"),
        ({"balance_rate": -1}, "Received: balance_rate=-1"),
        (
            {"discriminator": keras.Sequential([layers.Dense(1)])},
            "list of 2 tensors, reconstruction and code.*with 1 output",
        ),
        (
            {"discriminator": autoencoder(layers.Flatten(), layers.Dense(64))},
            r"the examples' shape.*Received: .*\(None, 64\)",
        ),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        tiny_ebgan(**arguments)


@pytest.mark.neutral
def test_units_are_the_codes_too():
    with pytest.raises(ValueError, match=r"units must.*Received: units=\(\)"):
        EBGANDiscriminator(units=())
