"""Any number of players, with networks in lists and dicts."""

import keras
import numpy as np
import pytest
from cases import adam, assert_equal, changed, fit, weights_of
from keras import ops
from three_players import ThreePlayers, perceptron, three_players

import keras_gans

PLAYERS = ("generator", "discriminator", "encoder")


def points(n=32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype("float32")


def build(**kwargs):
    keras.utils.set_random_seed(5)
    model = three_players(seed=1, **kwargs)
    model.compile(adam(), adam(2e-3), encoder_optimizer=adam(3e-3))
    return model


def optimizers_state(model):
    return [
        np.array(ops.convert_to_numpy(v), "float64")
        for optimizer in model.optimizers.values()
        for v in optimizer.variables
    ]


@pytest.mark.slow
def test_every_player_trains_its_own_networks():
    model = build()
    assert tuple(model.optimizers) == PLAYERS
    assert [len(model.networks_of(p)) for p in PLAYERS] == [1, 2, 2]
    before = weights_of(model)
    history = fit(model, points())
    assert set(history) == {"d_loss", "g_loss", "e_loss"}
    after = weights_of(model)
    assert len(after) == 5 * 4
    # The discriminators' last biases are in both logits of their loss.
    still = [b for b, a in zip(before, after) if (b == a).all()]
    assert len(still) <= 2
    for player in PLAYERS:
        count = sum(1 for _ in model.variables_of(player))
        optimizer = model.optimizers[player]
        assert len(optimizer.variables) > 2 * count
        assert int(ops.convert_to_numpy(optimizer.iterations)) == 4


def test_minimize_trains_one_players_networks_alone():
    model = build()
    before = {p: weights_of_player(model, p) for p in PLAYERS}
    x = ops.convert_to_tensor(points(4))
    model.minimize(
        lambda: ops.mean(sum(d(x) for d in model.discriminators)),
        model.discriminator_optimizer,
        model.discriminators,
    )
    moved = [changed(before[p], weights_of_player(model, p)) for p in PLAYERS]
    assert moved == [False, True, False]


def weights_of_player(model, player):
    return [
        np.array(ops.convert_to_numpy(v)) for v in model.variables_of(player)
    ]


def test_default_optimizers_are_the_models_own():
    model = three_players()
    model.compile()
    assert model.encoder_optimizer.beta_1 == 0.5


@pytest.mark.slow
def test_mixed_float16_scales_every_loss(dtype_policy):
    dtype_policy("mixed_float16")
    model = build()
    scaled = keras.optimizers.LossScaleOptimizer
    assert all(isinstance(o, scaled) for o in model.optimizers.values())
    assert np.isfinite(fit(model, points())["e_loss"]).all()


@pytest.mark.slow
def test_keras_file_goes_on_as_if_nothing_had_happened(tmp_path):
    model = build(ema_momentum=0.9)
    fit(model, points())
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is ThreePlayers
    assert isinstance(loaded.discriminators, list)
    assert set(loaded.encoders) == {"shift", "scale"}
    assert_equal(weights_of(loaded), weights_of(model))
    assert_equal(optimizers_state(loaded), optimizers_state(model))
    assert fit(loaded, points(seed=1)) == fit(model, points(seed=1))
    assert_equal(weights_of(loaded), weights_of(model))


@pytest.mark.slow
def test_checkpoint_resumes_exactly(tmp_path):
    whole = build()
    fit(whole, points())
    fit(whole, points(seed=1))
    first = build()
    fit(first, points())
    first.save_weights(tmp_path / "model.weights.h5")
    second = build()
    second.load_weights(tmp_path / "model.weights.h5")
    assert_equal(optimizers_state(second), optimizers_state(first))
    fit(second, points(seed=1))
    assert_equal(weights_of(second), weights_of(whole))
    assert_equal(optimizers_state(second), optimizers_state(whole))


def test_the_order_of_a_dict_is_not_the_files(tmp_path):
    model = three_players()
    model.save_weights(tmp_path / "model.weights.h5")
    given = {key: perceptron(2, 4) for key in ("shift", "scale")}
    assert list(given) != list(model.encoders)
    other = ThreePlayers(
        generator=perceptron(4, 2),
        discriminators=[perceptron(2, 1), perceptron(2, 1, width=3)],
        encoders=given,
        latent_dim=4,
    )
    other.load_weights(tmp_path / "model.weights.h5")
    for key, network in given.items():
        assert_equal(weights_of(network), weights_of(model.encoders[key]))


@pytest.mark.slow
def test_preset_keeps_all_networks(tmp_path):
    model = build(ema_momentum=0.9)
    fit(model, points())
    model.save_to_preset(tmp_path / "preset")
    loaded = ThreePlayers.from_preset(tmp_path / "preset")
    assert_equal(weights_of(loaded), weights_of(model))
    np.testing.assert_array_equal(
        loaded.generate(5, seed=0), model.generate(5, seed=0)
    )
    fresh = keras_gans.from_preset(
        tmp_path / "preset",
        load_weights=False,
        custom_objects={"ThreePlayers": ThreePlayers},
    )
    assert type(fresh) is ThreePlayers
    assert changed(weights_of(fresh), weights_of(model))


@pytest.mark.parametrize(
    "value", [None, [], [perceptron(2, 1), "network"], {"a": 3}]
)
def test_what_is_no_network_is_refused(value):
    with pytest.raises(ValueError, match="discriminators must be.*Received:"):
        ThreePlayers(
            generator=perceptron(4, 2),
            discriminators=value,
            encoders=perceptron(2, 4),
            latent_dim=4,
        )


def test_one_optimizer_for_two_players_is_refused():
    one = adam()
    with pytest.raises(ValueError, match="generator_optimizer and encoder_opt"):
        three_players().compile(one, adam(), encoder_optimizer=one)


def test_evaluate_has_what_there_is_one_of():
    model = three_players()

    class Distance(keras.metrics.Mean):
        def update_state(self, real, fake):
            super().update_state(ops.abs(ops.mean(real) - ops.mean(fake)))

    model.compile(metrics=[Distance(name="distance")])
    logs = model.evaluate(points(), return_dict=True, verbose=0)
    assert set(logs) == {"distance"}
    with pytest.raises((TypeError, ValueError), match="discriminator"):
        three_players(discriminator=perceptron(2, 1))


def test_one_network_is_no_list():
    d = perceptron(2, 1)
    with pytest.raises(ValueError, match="discriminator must be a keras.Model"):
        keras_gans.GAN(perceptron(4, 2), [d, d], latent_dim=4)
    with pytest.raises(ValueError, match="generator must be a keras.Model"):
        keras_gans.GAN([perceptron(4, 2)], d, latent_dim=4)


def test_a_player_without_an_optimizer_is_named():
    class More(keras_gans.GAN):
        players = {**keras_gans.GAN.players, "teacher": ("teacher",)}

    model = More(
        perceptron(4, 2),
        perceptron(2, 1),
        latent_dim=4,
        teacher=perceptron(2, 2),
    )
    with pytest.raises(ValueError, match="pass teacher_optimizer"):
        model.compile()
    model.compile(teacher_optimizer="adam")
    assert model.generator_optimizer.beta_1 == 0.5


def test_who_draws_is_one_generator():
    class Several(keras_gans.SamplingModel):
        players = {"generator": ("generators",)}

    with pytest.raises(TypeError, match="must have one that draws"):
        Several(generators=[perceptron(4, 2)])


def test_optimizers_know_the_variables_in_the_order_of_the_step():
    gan = keras_gans.CycleGAN(
        image_shape=(8, 8, 1), filters=2, num_residual_blocks=1, patch_size=16
    )
    gan.compile()
    wanted = [
        *gan.discriminator_a.trainable_variables,
        *gan.discriminator_b.trainable_variables,
    ]
    known = gan.discriminator_optimizer._trainable_variables
    assert [id(v) for v in known] == [id(v) for v in wanted]


@keras.saving.register_keras_serializable("tests")
class WithMetric(ThreePlayers):
    """Logs a metric of its own, as Keras's guides write it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.size = keras.metrics.Mean(name="size")

    def train_step(self, data):
        logs = super().train_step(data)
        self.size.update_state(ops.mean(ops.abs(data[0])))
        return {**logs, "size": self.size.result()}


@pytest.mark.slow
def test_a_metric_of_ones_own(tmp_path):
    model = WithMetric(
        generator=perceptron(4, 2),
        discriminators=[perceptron(2, 1)],
        encoders={"shift": perceptron(2, 4), "scale": perceptron(2, 4)},
        latent_dim=4,
    )
    model.compile()
    x = np.repeat([1.0, 3.0], 16)[:, None] * np.ones((1, 2), "float32")
    # The mean of an epoch, and of no earlier one.
    assert fit(model, x[:16])["size"] == [pytest.approx(1.0)]
    assert fit(model, x[16:], epochs=2)["size"] == pytest.approx([3.0, 3.0])
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert_equal(optimizers_state(loaded), optimizers_state(model))
    model.more_optimizer = adam()
    with pytest.raises(ValueError, match="more_optimizer must be a player's"):
        fit(model, x)


class Late(keras.Model):
    """Has no weights before it is called."""

    scale, reach = 2, 1

    def __init__(self, units=4):
        super().__init__()
        self.dense = keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)


@pytest.mark.slow
@pytest.mark.neutral
def test_a_network_without_weights_is_refused():
    def build(late):
        return ThreePlayers(
            generator=perceptron(4, 2),
            discriminators=[perceptron(2, 1)],
            encoders={"shift": perceptron(2, 4), "scale": late},
            latent_dim=4,
        )

    for late in (Late(), keras.Sequential([keras.layers.Dense(4)])):
        model = build(late)
        with pytest.raises(ValueError, match="encoders must.*never called"):
            model.compile()
        late(np.zeros((1, 2), "float32"))
        model.compile()
        before = weights_of(late)
        fit(model, points())
        assert changed(weights_of(late), before)
    with pytest.raises(ValueError, match="generator must.*never called"):
        keras_gans.SRResNet(Late()).compile()


def test_compile_names_the_players():
    with pytest.raises(ValueError, match="encoder_optimizer, metrics.*teacher"):
        three_players().compile(teacher_optimizer=adam())
