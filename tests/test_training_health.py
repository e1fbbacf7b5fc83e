"""`TrainingHealth`: what it measures, what it says and what it leaves alone."""

import os
import pathlib

import keras
import numpy as np
import pytest
from cases import (
    adam,
    assert_equal,
    cases,
    fit,
    points_gan,
    points_wgan_gp,
    tiny_conditional_gan,
    tiny_pix2pix,
    weights_of,
)

import keras_gans
from keras_gans import datasets, losses, presets
from keras_gans.callbacks import TrainingHealth, training_health
from keras_gans.models.gan import GANDiscriminator, GANGenerator

ROOT = pathlib.Path(__file__).resolve().parent.parent


def points(n=32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype("float32")


def compiled():
    keras.utils.set_random_seed(0)
    model = points_gan(seed=1, ema_momentum=0.9)
    model.compile(adam(), adam())
    return model


class Health(TrainingHealth):
    """Looks after every epoch, and keeps what it says."""

    max_cost = float("inf")

    def __init__(self, *args):
        self.said = []
        super().__init__(*args, report=self.said.append)


def on_the_ring(cls, **kwargs):
    """What is left of a GAN whose discriminator learns 20 times as fast."""
    # A seed whose generator begins narrow, so that every look is twice as far
    # as it must be from the bounds, whatever the processor rounds.
    keras.utils.set_random_seed(1)
    model = cls(
        GANGenerator((2,), 4, units=(32, 32), batch_normalization=False),
        GANDiscriminator((2,), units=(128, 128, 128)),
        latent_dim=4,
        discriminator_steps=5,
        seed=1,
        **kwargs,
    )
    model.compile(
        keras.optimizers.Adam(1e-4, beta_1=0.0),
        keras.optimizers.Adam(2e-3, beta_1=0.0),
    )
    health = Health(datasets.ring(128, seed=1))
    points = datasets.ring(160 * 15, seed=0)
    fit(model, points, batch_size=160, epochs=5, callbacks=[health])
    return health


@pytest.mark.neutral
@pytest.mark.slow
def test_a_minimax_game_that_the_discriminator_wins_is_reported():
    health = on_the_ring(
        keras_gans.GAN,
        generator_loss=losses.minimax_generator_loss,
        discriminator_loss=losses.minimax_discriminator_loss,
    )
    assert "won" in health.findings
    (said,) = (s for s in health.said if "has won" in s)  # Once.
    assert said.endswith(health.findings["won"])
    assert "Training health, step " in said and "What usually helps" in said


@pytest.mark.slow
@pytest.mark.neutral
def test_wgan_gp_beside_it_is_not_reported():
    health = on_the_ring(keras_gans.WGANGP, gp_weight=0.1)
    assert len(health.history) == 5
    assert health.said == [] and health.findings == {}


@pytest.mark.parametrize("make", [points_gan, points_wgan_gp])
def test_a_wasserstein_discriminator_cannot_win(make):
    health = Health(points())
    health.set_model(make())
    health.look = lambda: {**HEALTHY, "gradient": 0.01}
    for epoch in range(4):
        health.on_epoch_end(epoch)
    assert set(health.findings) == ({"won"} if make is points_gan else set())


def linear_gan(**kwargs):
    """G(z) = z / 2 + (1, 0), and D(x) = 4 x_1: all is known in closed form."""
    latents, points = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model(latents, keras.layers.Dense(2)(latents))
    generator.set_weights([np.eye(2) / 2, np.array([1.0, 0.0])])
    discriminator = keras.Model(points, keras.layers.Dense(1)(points))
    discriminator.set_weights([np.array([[4.0], [0.0]]), np.zeros(1)])
    model = keras_gans.GAN(generator, discriminator, latent_dim=2, **kwargs)
    model.compile(adam(), adam())
    return model


@pytest.mark.parametrize(
    "name", ["minimax", "non_saturating", "hinge", "relativistic_average"]
)
def test_what_a_look_measures(name):
    n = 64
    real = np.random.default_rng(1).normal(size=(n, 2)).astype("float32")
    fake = np.random.default_rng(0).standard_normal((n, 2)) / 2 + [1, 0]
    health = Health(real)
    health.set_model(
        linear_gan(
            generator_loss=getattr(losses, f"{name}_generator_loss"),
            discriminator_loss=getattr(losses, f"{name}_discriminator_loss"),
        )
    )
    look = health.look()

    def distances(a, b):
        return np.linalg.norm(a[:, None] - b, axis=-1)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    real_logits, fake_logits = 4 * real[:, 0], 4 * fake[:, 0]
    slope = {
        "minimax": sigmoid(fake_logits),
        "non_saturating": sigmoid(-fake_logits),
        "hinge": 1,
        "relativistic_average": sigmoid(real_logits.mean() - fake_logits)
        + sigmoid(real_logits - fake_logits.mean()).mean(),
    }[name]
    gap = abs(real_logits.mean() - fake_logits.mean())
    itself = np.where(np.eye(n, dtype=bool), np.inf, distances(real, real))
    nearest = [len(set(d.argmin(1))) for d in (distances(fake, real), itself)]
    expected = {
        "step": 0,
        "separation": (real[:, None, 0] > fake[:, 0]).mean(),
        "gradient": np.mean(4 * slope) * distances(fake, real).mean() / gap,
        "spread": distances(fake, fake).mean() / distances(real, real).mean(),
        "moved": 0,
        "variety": nearest[0] / nearest[1],
    }
    assert look == pytest.approx(expected, rel=1e-4)
    bias = health.model.generator.weights[1]
    bias.assign([1.0, 2.0])
    moved = 2 / np.sqrt(real.var(axis=0).sum())
    assert health.look()["moved"] == pytest.approx(moved, rel=1e-4)


HEALTHY = {
    "step": 0,
    "separation": 1.0,  # As of many discriminators with BatchNormalization.
    "gradient": 2.0,
    "spread": 0.9,
    "variety": 0.8,
    "moved": 0.7,  # As of a perceptron's first epochs on MNIST.
}


def diagnose(*looks):
    return set(
        training_health._diagnose([{**HEALTHY, **look} for look in looks])
    )


def test_diagnosis():
    assert diagnose(*[{}] * 20) == set()
    lost = {"gradient": 0.09}
    assert diagnose(lost, lost) == set()
    assert diagnose({}, lost, lost, lost) == {"won"}
    assert diagnose(lost, {}, lost, lost) == set()
    wrong = {**lost, "separation": 0.96}
    assert diagnose(lost, lost, wrong) == set()
    alike = {"spread": 0.24}
    assert diagnose(alike, alike) == set()
    assert diagnose({}, alike, alike, alike) == {"collapse"}
    # A generator that has learned nothing yet is no collapse, for a while.
    assert diagnose(*[alike] * 7) == set()
    assert diagnose(*[alike] * 8) == {"collapse"}
    # Variety counts against the best of this training only.
    few = {"variety": 0.19}
    assert diagnose(few, few, few, few) == set()
    assert diagnose({}, few, few, few) == {"collapse"}
    far = {**few, "spread": 1.5}
    assert diagnose({}, far, far, far) == set()
    assert diagnose({}, few, {"variety": 0.21}, few) == set()
    # The first look cannot have moved.
    far = {"moved": 0.8}
    assert diagnose({}, *[far] * 4, *[{}] * 3, far) == {"oscillation"}
    assert diagnose({}, *[far] * 3, *[{}] * 4, far) == set()
    assert diagnose(*[far] * 8) == set()
    nothing = {key: np.nan for key in HEALTHY}
    assert diagnose(*[nothing] * 10) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [c for c in cases() if c.name in ("gan", "conditional_gan", "wgan")],
    ids=lambda case: case.name,
)
def test_looking_changes_nothing(case):
    """Of networks with batch normalization, seeds and labels too."""
    weights, states = [], []
    for watch in (True, False):
        keras.utils.set_random_seed(0)
        model = case.build(seed=1)
        model.compile(adam(), adam())
        batch = model.task.batch
        health = Health(*batch(model, 100, seed=1))
        fit(model, *batch(model, 32), epochs=3, callbacks=[health] * watch)
        weights.append(weights_of(model))
        states.append([np.array(s) for s in map(to_numpy, seeds_of(model))])
        assert len(health.history) == 3 * watch
    assert_equal(*weights)
    assert_equal(*states)


def seeds_of(model):
    return model._seed_states()


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_dropout_and_float16_are_looked_at(dtype_policy):
    dtype_policy("mixed_float16")
    image = keras.Input((8, 8, 1))
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(image))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(8)(x))
    discriminator = keras.Model(image, keras.layers.Dense(1)(x))
    model = keras_gans.DCGAN(
        discriminator=discriminator,
        image_shape=(8, 8, 1),
        latent_dim=4,
        filters=4,
    )
    model.compile()
    health = Health(np.random.default_rng(0).normal(size=(64, 8, 8, 1)))
    health.set_model(model)
    before = [np.array(to_numpy(v)) for v in [*model.weights, *seeds_of(model)]]
    look = health.look()
    assert np.isfinite(list(look.values())).all() and look["gradient"] > 0
    after = [to_numpy(v) for v in [*model.weights, *seeds_of(model)]]
    assert_equal(before, after)


@pytest.mark.slow
def test_a_look_in_the_middle_of_an_epoch():
    spreads = []

    class Middle(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            spreads.append(health.look()["spread"])

    model = compiled()
    health = Health(points())
    health.set_model(model)
    fit(model, points(16), callbacks=[Middle()])
    assert len(set(spreads)) == 2 and spreads[1] == health.look()["spread"]


def test_the_discriminator_judges_real_examples_with_their_labels():
    data = tiny_conditional_gan()
    data.compile()
    seen = []
    call = data.discriminator.call

    def spy(inputs, *args, **kwargs):
        seen.append(to_numpy(keras.ops.stop_gradient(inputs[1])))
        return call(inputs, *args, **kwargs)

    data.discriminator.call = spy
    labels = np.array([2, 0, 1, 1])
    health = Health(np.zeros((4, 8, 8, 1)), labels)
    health.set_model(data)
    health.look()
    assert all((s == labels).all() for s in seen) and len(seen) == 2


def test_labels_are_needed_where_there_are_some():
    model = tiny_conditional_gan()
    model.compile()
    x, y = np.zeros((16, 8, 8, 1), "float32"), np.zeros(16, "int32")
    with pytest.raises(ValueError, match="Received: labels=None"):
        fit(model, x, y, callbacks=[TrainingHealth(x)])
    with pytest.raises(ValueError, match="examples must be"):
        TrainingHealth(x[:1])


@pytest.mark.slow
def test_a_model_that_cannot_be_looked_at_is_trained():
    class Own(keras_gans.GAN):
        def draw_inputs(self, n, labels=None, seed=None):
            return keras.ops.ones((n, self.latent_dim))

        def generator_inputs(self, latents, labels):
            raise NotImplementedError("takes\nmore")

    model = points_gan()
    model.__class__ = Own
    model.compile(adam(), adam())
    health = Health(points())
    history = fit(model, points(), epochs=3, callbacks=[health])
    assert len(history["g_loss"]) == 3
    assert health.history == []
    assert health.said == [  # Once.
        "\nTraining health: this Own cannot be looked at (NotImplementedError: "
        "takes more); training goes on."
    ]


@pytest.mark.slow
def test_a_model_without_latents_cannot_be_looked_at():
    health = Health(np.zeros((4, 16, 16, 1)))
    health.set_model(tiny_pix2pix())
    health.on_train_begin()
    for epoch in range(2):
        health.on_epoch_end(epoch)
    (said,) = health.said
    assert "this Pix2Pix cannot be looked at" in said and health.history == []


def test_looks_cost_a_hundredth_of_the_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(
        "keras_gans.callbacks.training_health.time.perf_counter",
        lambda: now[0],
    )
    health = TrainingHealth(points())
    health.set_model(compiled())

    def look():
        now[0] += 1.0
        return HEALTHY

    monkeypatch.setattr(health, "look", look)
    for epoch in range(400):
        health.on_epoch_end(epoch)
        now[0] += 1.0  # An epoch.
    # The first one compiles, and puts nothing off.
    assert len(health.history) == 1 + 4


@pytest.mark.neutral
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "gan_ring",
        "wgan_ring",
        "wgan_gp_ring",
        "gan_mnist",
        "dcgan_mnist",
        "conditional_gan_mnist",
    ],
)
def test_no_alarm_on_the_zoo(name):
    dataset, labels = presets.recipe(name)["dataset"], None
    if dataset == "ring":
        real = datasets.ring(256, seed=1)
    else:
        pytest.importorskip("tensorflow_datasets", reason="reads MNIST")
        data_dir = os.environ.get(
            "TFDS_DATA_DIR", ROOT.parent / "shared" / "tfds"
        )
        if not (pathlib.Path(data_dir) / "mnist").exists():
            pytest.skip("needs the real MNIST: set TFDS_DATA_DIR")
        data = datasets.load("mnist", 256, labels=True, data_dir=data_dir)
        real, labels = (np.asarray(x) for x in next(iter(data)))
    model = keras_gans.AdversarialModel.from_preset(name)
    model.compile()
    health = Health(real, labels if name.startswith("conditional") else None)
    health.set_model(model)
    look = health.look()
    assert training_health._diagnose([look] * 10) == {}
    # Far from every threshold, and not by chance.
    assert look["gradient"] > 1 and look["spread"] > 0.9
    assert look["variety"] > 0.2
