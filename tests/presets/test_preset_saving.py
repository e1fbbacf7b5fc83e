"""Saving presets, saving over them, adding to them."""

import hashlib
import json
import os

import h5py
import keras
import numpy as np
import pytest
from preset_files import assert_same, tiny, write

import keras_gans
from keras_gans import presets


def test_layout(saved):
    model, folder = saved
    assert sorted(p.name for p in folder.iterdir()) == [
        "config.json",
        "metadata.json",
        "model.weights.h5",
        "task.json",
        "task.weights.h5",
        "training.json",
    ]
    config = (folder / "config.json").read_text()
    assert len(config.splitlines()) < 20
    assert "compile_config" not in config
    task = json.loads((folder / "task.json").read_text())
    assert "generator" not in task["config"]
    assert task["config"]["discriminator"]["class_name"] == "DCGANDiscriminator"
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["format_version"] == 1
    assert metadata["class"] == "DCGAN"
    assert metadata["task"] == "sampling"
    assert metadata["example_shape"] == list(model.example_shape)
    assert metadata["parameters"] == {
        "generator": model.generator.count_params(),
        "discriminator": model.discriminator.count_params(),
    }
    assert metadata["licence"] == "CC0"
    assert metadata["keras_version"] == keras.__version__
    assert len(metadata["files"]) == 5
    with h5py.File(folder / "task.weights.h5") as file:
        assert set(file) == {"discriminator", "generator", "vars"}


@pytest.mark.slow
def test_optimizers_are_not_saved(saved, tmp_path):
    model = tiny()
    model.save_to_preset(tmp_path / "a")
    model.compile()
    model.fit(np.zeros((4, 8, 8, 1), "float32"), batch_size=4, verbose=0)
    model.save_to_preset(tmp_path / "b")
    sizes = [(tmp_path / x / "task.weights.h5").stat().st_size for x in "ab"]
    assert sizes[0] == sizes[1]


def test_float16(tmp_path):
    model = tiny(ema_momentum=0.9)
    model.save_to_preset(tmp_path / "a")
    model.save_to_preset(tmp_path / "b", dtype="float16")
    for name in ("model.weights.h5", "task.weights.h5"):
        with h5py.File(tmp_path / "b" / name) as file:
            items = []
            file.visititems(lambda _, item, items=items: items.append(item))
            arrays = [x for x in items if isinstance(x, h5py.Dataset)]
            assert {a.dtype for a in arrays} == {np.dtype("float16")}
            assert {a.compression for a in arrays} == {"gzip"}
    loaded = keras_gans.DCGAN.from_preset(tmp_path / "b")
    assert loaded.generator.weights[0].dtype == "float32"
    for a, b in zip(
        model.ema_generator.get_weights(), loaded.ema_generator.get_weights()
    ):
        np.testing.assert_allclose(a, b, rtol=1e-3)


def test_the_average_alone(saved, tmp_path):
    model, _ = saved
    model.save_to_preset(tmp_path / "average", raw_weights=False)
    with h5py.File(tmp_path / "average" / "task.weights.h5") as file:
        assert set(file) == {"discriminator", "vars"}
    loaded = presets.load(tmp_path / "average")
    average = model.ema_generator.get_weights()
    for network in (loaded.generator, loaded.ema_generator):
        for a, b in zip(network.get_weights(), average, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(
        loaded.discriminator.get_weights(), model.discriminator.get_weights()
    ):
        np.testing.assert_array_equal(a, b)


def test_without_an_average_there_is_nothing_to_leave_out(tmp_path):
    model = tiny()
    model.save_to_preset(tmp_path / "plain", raw_weights=False)
    assert_same(model, presets.load(tmp_path / "plain"))


def test_float16_refuses_what_does_not_fit(tmp_path):
    model = tiny()
    weights = model.generator.get_weights()
    model.generator.set_weights([w * 1e6 for w in weights])
    with pytest.raises(ValueError, match="65504. Received"):
        model.save_to_preset(tmp_path / "a", dtype="float16")
    assert list(tmp_path.iterdir()) == []


def test_saving_over_keeps_what_is_not_given(folder):
    write(folder / "README.md", "# Mine")
    write(folder / "notes.txt", "mine, too")
    model = tiny()
    model.save_to_preset(folder, metadata={"scores": {"kid": 0.1}})
    assert_same(model, presets.load(folder))
    assert (folder / "README.md").read_text() == "# Mine"
    assert (folder / "notes.txt").read_text() == "mine, too"
    assert presets.recipe(folder) == {"epochs": 3}
    metadata = presets.info(folder)["metadata"]
    assert metadata["scores"] == {"kid": 0.1}
    assert "README.md" in metadata["files"]
    model.save_to_preset(folder, recipe={"epochs": 9})
    assert presets.info(folder)["training"] == {"epochs": 9}
    assert len(list(folder.parent.iterdir())) == 1


@pytest.mark.parametrize("moment", ["writing", "moving"])
def test_interrupted_saving_leaves_the_old_preset(
    saved, folder, monkeypatch, moment
):
    def interrupted(*args):
        raise KeyboardInterrupt

    if moment == "writing":
        monkeypatch.setattr(keras.saving, "save_weights", interrupted)
    else:
        rename, calls = os.rename, []

        def second_fails(a, b):
            calls.append(a)
            return interrupted() if len(calls) == 2 else rename(a, b)

        monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(KeyboardInterrupt):
        tiny().save_to_preset(folder)
    monkeypatch.undo()
    assert_same(saved[0], presets.load(folder))
    assert [p.name for p in folder.parent.iterdir()] == ["preset"]


def test_save_refuses_a_folder_with_something_else(tmp_path):
    write(tmp_path / "thesis.txt", "years of work")
    with pytest.raises(ValueError, match="one that holds a preset. Received"):
        tiny().save_to_preset(tmp_path)


def test_save_refuses_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="dtype must be .* Received"):
        tiny().save_to_preset(tmp_path / "a", dtype="int8")
    with pytest.raises(ValueError, match="model must be .* Received"):
        presets.save(tiny().generator, tmp_path / "a")
    with pytest.raises(ValueError, match="metadata must not .* Received"):
        tiny().save_to_preset(tmp_path / "a", metadata={"files": {}})


def test_save_refuses_what_load_would_refuse(tmp_path):
    generator = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda x: x)]
    )
    discriminator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model = keras_gans.GAN(generator, discriminator, latent_dim=4)
    with pytest.raises(ValueError, match="Received: keras.layers.Lambda"):
        model.save_to_preset(tmp_path / "a")


def test_update_adds_scores_and_hashes(folder):
    write(folder / "README.md", "# Card")
    presets.update(folder, recipe={"epochs": 5}, metadata={"scores": [1]})
    details = presets.info(folder)
    assert details["training"] == {"epochs": 5}
    assert details["metadata"]["scores"] == [1]
    assert details["metadata"]["licence"] == "CC0"
    for name, file in details["metadata"]["files"].items():
        content = (folder / name).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    # It must not vouch for weights that are damaged.
    with open(folder / "model.weights.h5", "ab") as file:
        file.write(b"x")
    presets.update(folder)
    with pytest.raises(ValueError, match="SHA-256"):
        presets.load(folder)


@pytest.mark.neutral
def test_a_save_that_was_killed_between_two_names(folder):
    """Saving again finds what is the user's, and leaves nothing beside it."""
    write(folder / "notes.txt", "mine")
    folder.rename(folder.with_name(f".{folder.name}-{'0' * 32}-old"))
    tiny().save_to_preset(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert list(folder.parent.iterdir()) == [folder]
    presets.load(folder)
