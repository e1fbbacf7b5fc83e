import os
import pathlib

import keras
import numpy as np
import pytest
from cases import (
    CASES,
    adam,
    assert_equal,
    changed,
    fit,
    points_gan,
    points_wgan_gp,
    tiny_conditional_gan,
    weights_of,
)

import keras_gans
from keras_gans import callbacks, datasets, losses, presets
from keras_gans.callbacks import StopOnNonFinite, TrainingHealth
from keras_gans.models.gan import GANDiscriminator, GANGenerator

ROOT = pathlib.Path(__file__).resolve().parent.parent

BACKEND = keras.backend.backend()


def points(n=32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype("float32")


def compiled(**kwargs):
    keras.utils.set_random_seed(0)
    model = points_gan(seed=1, ema_momentum=0.9)
    model.compile(adam(), adam(), **kwargs)
    return model


def batches_with_nan(bad, n=8):
    for i in range(n):
        x = points(8, seed=i)
        if i == bad:
            x[3, 1] = np.nan
        yield (x,)


# ---- the guard against NaN ------------------------------------------------


def test_nan_stops_training_and_gives_the_weights_back():
    model = compiled()
    before = weights_of(model)
    with pytest.raises(FloatingPointError) as error:
        fit(
            model,
            batches_with_nan(bad=4),
            batch_size=None,
            steps_per_epoch=8,
        )
    message = str(error.value)
    assert "d_loss became nan at step 5 of" in message
    assert "learning rate" in message and "compile()" in message
    weights = weights_of(model)
    assert all(np.isfinite(w).all() for w in weights)
    # The copy of some step before the bad one; after compile() training goes
    # on from there.
    step = int(message.split("those of step ")[1].split(",")[0])
    assert 0 <= step <= 4
    assert changed(weights, before) == (step > 0)
    model.compile(adam(), adam())
    assert np.isfinite(list(fit(model, points()).values())).all()


@pytest.mark.skipif(BACKEND != "jax", reason="the state is in the model")
def test_threads_leave_the_state_alone(monkeypatch):
    model = compiled()
    guard = StopOnNonFinite()
    guard.set_model(model)
    guard.on_train_begin()

    def sync():
        raise AssertionError("attached beside a running step")

    monkeypatch.setattr(model, "jax_state_sync", sync)
    guard.on_train_batch_end(0, {"d_loss": np.nan})
    assert guard.bad


def test_the_copy_is_exact(monkeypatch):
    # A clock that stands still between steps: every step is copied.
    monkeypatch.setattr(
        "keras_gans.callbacks.time.perf_counter", iter(range(10**6)).__next__
    )
    good = compiled()
    fit(
        good,
        (b for b in batches_with_nan(None, 4)),
        batch_size=None,
        steps_per_epoch=4,
    )
    copies = []
    monkeypatch.setattr(
        "keras_gans.callbacks.StopOnNonFinite.on_train_batch_begin",
        lambda self, batch, logs=None: (
            copies.append(self)
            or self._take_snapshot(self.steps_before_epoch + batch)
        ),
    )
    model = compiled()
    with pytest.raises(FloatingPointError, match="those of step 4,"):
        fit(
            model,
            batches_with_nan(bad=4),
            batch_size=None,
            steps_per_epoch=8,
        )
    assert_equal(weights_of(model), weights_of(good))


def test_a_learning_rate_that_explodes():
    model = points_gan(seed=1)
    model.compile(keras.optimizers.SGD(1e30), keras.optimizers.SGD(1e30))
    with pytest.raises(FloatingPointError, match="_loss became"):
        fit(model, points(80), epochs=3)
    assert all(np.isfinite(w).all() for w in weights_of(model))


def test_steps_are_counted_over_epochs():
    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                variable = self.model.discriminator.trainable_variables[0]
                variable.assign(variable.value * np.nan)

    model = compiled()
    with pytest.raises(FloatingPointError, match="at step 9 of"):
        fit(model, points(32), epochs=4, callbacks=[Poison()])
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="one loop on the device")
def test_nan_within_an_execution_of_several_steps():
    model = compiled(steps_per_execution=4)
    with pytest.raises(FloatingPointError, match="became nan at step 8 of"):
        fit(
            model,
            batches_with_nan(bad=5, n=12),
            batch_size=None,
            steps_per_epoch=12,
        )
    assert all(np.isfinite(w).all() for w in weights_of(model))


def test_weights_that_are_not_finite_to_begin_with():
    model = compiled()
    variable = model.generator.trainable_variables[-1]
    variable.assign(variable.value * np.nan)
    with pytest.raises(FloatingPointError, match="not finite since fit began"):
        fit(model, points())


# ---- training health ------------------------------------------------------


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
    return set(callbacks._diagnose([{**HEALTHY, **look} for look in looks]))


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_looking_changes_nothing(case):
    """Of networks with batch normalization, seeds and labels too."""
    weights, states = [], []
    for watch in (True, False):
        keras.utils.set_random_seed(0)
        model = case.build(seed=1)
        model.compile(adam(), adam())
        health = Health(*case.data(100, seed=1))
        fit(model, *case.data(), epochs=3, callbacks=[health] * watch)
        weights.append(weights_of(model))
        states.append([np.array(s) for s in map(to_numpy, seeds_of(model))])
        # Where generators take no latents there is nothing to look at.
        assert len(health.history) == 3 * watch * (not case.translates)
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


def test_a_model_that_cannot_be_looked_at_is_trained():
    class Own(keras_gans.GAN):
        def generator_inputs(self, latents, labels):
            raise NotImplementedError

    model = points_gan()
    model.__class__ = Own
    model.compile(adam(), adam())
    health = Health(points())
    history = fit(model, points(), epochs=2, callbacks=[health])
    assert len(history["g_loss"]) == 2
    assert health.history == [] and health.said == []


def test_looks_cost_a_hundredth_of_the_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(
        "keras_gans.callbacks.time.perf_counter", lambda: now[0]
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
        pytest.importorskip("tensorflow", reason="reads MNIST with tensorflow")
        data_dir = os.environ.get(
            "TFDS_DATA_DIR", ROOT.parent / "shared" / "tfds"
        )
        if not (pathlib.Path(data_dir) / "mnist").exists():
            pytest.skip("needs the real MNIST: set TFDS_DATA_DIR")
        data = datasets.load("mnist", 256, labels=True, data_dir=data_dir)
        real, labels = (x.numpy() for x in next(iter(data)))
    model = keras_gans.AdversarialModel.from_preset(name)
    model.compile()
    health = Health(real, labels if name.startswith("conditional") else None)
    health.set_model(model)
    look = health.look()
    assert callbacks._diagnose([look] * 10) == {}
    # Far from every threshold, and not by chance.
    assert look["gradient"] > 1 and look["spread"] > 0.9
    assert look["variety"] > 0.2


# ---- Keras's own ----------------------------------------------------------


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("power failure")


def test_backup_and_restore_is_as_if_nothing_had_happened(tmp_path):
    whole = compiled()
    fit(whole, points(), epochs=4)
    folder = str(tmp_path / "backup")
    interrupted = compiled()
    with pytest.raises(RuntimeError, match="power failure"):
        fit(
            interrupted,
            points(),
            epochs=4,
            callbacks=[keras.callbacks.BackupAndRestore(folder), Interrupt()],
        )
    # Another process, with other random numbers until it has read the backup.
    keras.utils.set_random_seed(99)
    resumed = points_gan(seed=5, ema_momentum=0.9)
    resumed.compile(adam(), adam())
    history = fit(
        resumed,
        points(),
        epochs=4,
        callbacks=[keras.callbacks.BackupAndRestore(folder)],
    )
    assert len(history["d_loss"]) == 2
    assert_equal(weights_of(resumed), weights_of(whole))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(resumed.seed_generator.state),
        keras.ops.convert_to_numpy(whole.seed_generator.state),
    )


def test_checkpoint_early_stopping_and_csv_in_one_fit(tmp_path):
    model = compiled()
    history = fit(
        model,
        points(),
        epochs=5,
        validation_data=(points(8, seed=1),),
        callbacks=[
            keras.callbacks.ModelCheckpoint(tmp_path / "last.keras"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "{epoch}.weights.h5", save_weights_only=True
            ),
            keras.callbacks.EarlyStopping(
                "g_loss", min_delta=100.0, patience=1, mode="min"
            ),
            keras.callbacks.EarlyStopping(
                "d_loss", min_delta=100.0, patience=3, mode="min"
            ),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    )
    assert len(history["d_loss"]) == 2  # Nothing falls by 100.
    loaded = keras.saving.load_model(tmp_path / "last.keras")
    assert_equal(weights_of(loaded), weights_of(model))
    other = compiled()
    other.load_weights(tmp_path / "2.weights.h5")
    assert_equal(weights_of(other), weights_of(model))
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert set(rows[0].split(",")) == {
        "epoch",
        "d_loss",
        "g_loss",
        "val_d_loss",
        "val_g_loss",
    }
    assert len(rows) == 3


def test_one_callback_without_a_list_and_generate_in_the_middle():
    sizes = []

    class Sample(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            sizes.append(self.model.generate(2, seed=0))

    with_callback, without = compiled(), compiled()
    fit(with_callback, points(16), callbacks=Sample())
    fit(without, points(16))
    assert len(sizes) == 2 and changed(sizes[:1], sizes[1:])
    assert_equal(weights_of(with_callback), weights_of(without))


def test_tensorboard(tf, tmp_path):
    pytest.importorskip("tensorboard")
    fit(
        compiled(),
        points(),
        callbacks=[keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)],
    )
    events = list(tmp_path.glob("train/events*"))
    assert events
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(events[0]))
        for value in event.summary.value
    }
    assert {"epoch_d_loss", "epoch_g_loss"} <= tags
