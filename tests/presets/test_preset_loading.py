"""Loading presets: exact, with other arguments, of any class."""

import os
import pathlib
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
from preset_files import assert_same, edit, refuse, tiny

import keras_gans
from keras_gans import presets


@pytest.mark.slow
@pytest.mark.parametrize("ema_momentum", [None, 0.9])
@pytest.mark.parametrize(
    "cls", [keras_gans.GAN, keras_gans.DCGAN, keras_gans.ConditionalGAN]
)
def test_round_trip_is_exact(cls, ema_momentum, tmp_path):
    if cls is keras_gans.GAN:
        model = cls(example_shape=(2,), latent_dim=4, ema_momentum=ema_momentum)
    else:
        model = tiny(cls, ema_momentum=ema_momentum)
    model.save_to_preset(tmp_path / "a")
    loaded = cls.from_preset(tmp_path / "a")
    assert_same(model, loaded)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        model.generate(3, seed=0), loaded.generate(3, seed=0)
    )
    loaded.save_to_preset(tmp_path / "b")
    for name in ("config.json", "task.json"):
        first, second = (tmp_path / x / name for x in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_plain_keras_opens_the_folder(saved):
    model, folder = saved
    network = keras.saving.load_model(folder)
    latents = np.random.default_rng(0).standard_normal((2, 4)).astype("float32")
    np.testing.assert_array_equal(
        model.predict_on_batch(latents), network.predict_on_batch(latents)
    )


def test_ema_goes_to_the_copy_and_raw_to_the_generator(saved):
    model, folder = saved
    with h5py.File(folder / "model.weights.h5") as file:
        kernel = np.array(file["layers/dense/vars/0"])
    loaded = presets.load(folder)
    np.testing.assert_array_equal(loaded.ema_generator.get_weights()[0], kernel)
    assert not np.array_equal(loaded.generator.get_weights()[0], kernel)
    assert_same(model, loaded)


@pytest.mark.slow
def test_ema_can_be_dropped_and_added(saved, tmp_path):
    model, folder = saved
    plain = presets.load(folder, ema_momentum=None)
    assert plain.ema_generator is None
    np.testing.assert_array_equal(
        plain.generate(2, seed=1), model.generate(2, seed=1)
    )
    plain.save_to_preset(tmp_path / "plain")
    again = presets.load(tmp_path / "plain", ema_momentum=0.5)
    for network in (again.generator, again.ema_generator):
        for a, b in zip(network.get_weights(), plain.generator.get_weights()):
            np.testing.assert_array_equal(a, b)
    assert not again.ema_generator.trainable


def test_keyword_arguments_override_the_config(saved):
    model, folder = saved
    loaded = presets.load(folder, label_smoothing=0.25, seed=1)
    assert (loaded.label_smoothing, loaded.seed) == (0.25, 1)
    assert_same(model, loaded)
    with pytest.raises(ValueError, match="label_smoothing.*Received: filters"):
        presets.load(folder, filters=8)
    with pytest.raises(ValueError, match="between 0 and 0.5. Received"):
        presets.load(folder, label_smoothing=2.0)


def test_a_given_network_keeps_its_weights(saved):
    model, folder = saved
    mine = tiny().discriminator
    before = [w.copy() for w in mine.get_weights()]
    loaded = presets.load(folder, discriminator=mine)
    assert loaded.discriminator is mine
    for a, b in zip(mine.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(
        loaded.generate(2, seed=1), model.generate(2, seed=1)
    )


def test_config_can_be_edited_by_hand(saved, folder):
    edit(folder / "config.json", "config", filters=2)
    loaded = presets.load(folder, load_weights=False)
    assert loaded.generator.get_config()["filters"] == 2
    with pytest.raises(ValueError, match="config.json declares. Received"):
        presets.load(folder)


def test_load_without_weights_needs_no_weights_files(folder):
    for path in folder.glob("*.h5"):
        path.unlink()
    loaded = presets.load(folder, load_weights=False)
    assert loaded.generate(2).shape == (2, 8, 8, 1)
    with pytest.raises(FileNotFoundError, match="model.weights.h5"):
        presets.load(folder)


def test_class_must_fit(saved):
    _, folder = saved
    assert type(keras_gans.GAN.from_preset(folder)) is keras_gans.DCGAN
    assert type(presets.load(folder)) is keras_gans.DCGAN
    with pytest.raises(
        ValueError,
        match=r"DCGAN.from_preset\(...\) or keras_gans.from_p.*ConditionalGAN",
    ):
        keras_gans.ConditionalGAN.from_preset(folder)


def test_functional_networks_with_operations(tmp_path):
    inputs = keras.Input((3,))
    x = keras.layers.Dense(
        4,
        activation="relu",
        kernel_regularizer=keras.regularizers.L2(1e-3),
        kernel_constraint=keras.constraints.MaxNorm(3),
    )(inputs)
    generator = keras.Model(inputs, keras.ops.tanh(x * 2.0))
    discriminator = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    )
    model = keras_gans.GAN(generator, discriminator, latent_dim=3)
    model.save_to_preset(tmp_path / "a")
    assert_same(model, presets.load(tmp_path / "a"))


def test_loading_leaves_no_traces(saved, folder):
    # Neither counters of layer names nor variables that wait to be made.
    first = keras.layers.Dense(1).name
    edit(folder / "config.json", "config", filters=10**6)
    with pytest.raises(ValueError, match="Received"):
        presets.load(folder)
    assert keras.layers.Dense(1).name == (
        f"dense_{int(first.removeprefix('dense').strip('_') or 0) + 1}"
    )
    with keras.StatelessScope():
        pass  # Would make all of them at its end.


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize("name", presets.names())
def test_built_in_presets(name):
    details = presets.info(name)
    if not details["weights"]:
        refuse(name, f"keras-gans train {name}")
        return
    if "package" in details:
        pytest.skip("of another package: test_packaged.py")
    model = presets.load(name)
    assert type(model).__name__ == details["class"]
    for weight in model.inference_network.get_weights():
        assert np.isfinite(weight).all()


@pytest.mark.slow
@pytest.mark.neutral
def test_all_that_is_registered_is_known_in_a_fresh_process():
    """Whatever a preset names, and whatever was imported before."""
    package = pathlib.Path(keras_gans.__file__).parent
    registering = {
        "keras_gans."
        + ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if "@keras.saving.register_keras_serializable(" in path.read_text()
    }
    assert "keras_gans.schedules" in registering and len(registering) > 25
    code = (
        "import sys, keras_gans\nkeras_gans.import_models()\n"
        f"print(sorted({registering!r} - set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.neutral
def test_notices_go_with_weights(tmp_path):
    gan = tiny()
    gan.keep_notices(["of one", "of another", "of one"])
    assert gan.notices == ("of one", "of another")
    gan.save_to_preset(tmp_path / "a", metadata={"notices": ["a third"]})
    told = presets.info(str(tmp_path / "a"))["metadata"]["notices"]
    assert told == ["of one", "of another", "a third"]
    again = keras_gans.DCGAN.from_preset(tmp_path / "a")
    assert again.notices == tuple(told)
    # A recipe has no weights, and whoever begins anew owes nobody anything.
    gan.save_to_preset(tmp_path / "b", weights=False)
    assert "notices" not in presets.info(str(tmp_path / "b"))["metadata"]
    fresh = keras_gans.DCGAN.from_preset(tmp_path / "a", load_weights=False)
    assert fresh.notices == ()
    # A stranger's are words and nothing else.
    path = tmp_path / "a" / "metadata.json"
    edit(path, notices=["\x1b[2J" + 5000 * "x", 3])
    (notice,) = keras_gans.DCGAN.from_preset(tmp_path / "a").notices
    assert "\x1b" not in notice and 4000 <= len(notice) < 4010
    edit(path, notices={"a": 1})
    assert keras_gans.DCGAN.from_preset(tmp_path / "a").notices == ()
