"""What a preset's JSON may declare, without memory for it."""

import shutil
import time

import h5py
import keras
import memory
import numpy as np
import pytest
from preset_files import (
    KERNEL,
    change_h5,
    edit,
    layer,
    refuse,
    rehash,
    replace,
    write,
)

import keras_gans
from keras_gans import presets
from keras_gans.presets import grammar, shapes, trust


def test_config_must_be_a_network(folder):
    write(folder / "config.json", layer("Dense", units=1))
    refuse(folder, "config.json must describe a keras.Model")


def test_config_that_cannot_be_built(folder):
    edit(folder / "config.json", "config", filters=-1)
    refuse(folder, "config.json must give a DCGANGenerator .*: filters=-1")
    edit(folder / "config.json", "config", filters=4, crop=100)
    refuse(folder, "config.json must describe a model that can be built")
    edit(folder / "config.json", "config", crop=0)
    edit(folder / "task.json", "config", label_smoothing=2.0)
    refuse(folder, "task.json must describe a model that can be built")


@pytest.mark.parametrize(
    "file, keys, values",
    [
        ("config.json", ["config"], {"filters": 10**9}),
        ("config.json", ["config"], {"latent_dim": 10**12}),
        ("config.json", ["config"], {"image_shape": [2**20, 2**20, 3]}),
        ("config.json", ["config"], {"image_shape": [10**6, 10**6, 3]}),
        ("task.json", ["config", "discriminator", "config"], {"filters": 9**9}),
    ],
)
def test_huge_declared_shapes(folder, file, keys, values):
    edit(folder / file, *keys, **values)
    memory.forget_peak()
    before = memory.peak()
    for load_weights in (True, False):
        refuse(folder, "json", load_weights=load_weights)
    grown = memory.peak() - before
    assert grown < 200 * 2**20


def test_huge_default_networks(folder):
    # task.json need not name the networks: the class then makes its own.
    write(
        folder / "task.json",
        {
            **layer("DCGAN", "x", "keras_gans>DCGAN"),
            "config": {"image_shape": [8, 8, 1], "filters": 10**9},
        },
    )
    edit(folder / "config.json", "config", latent_dim=100)
    for load_weights in (True, False):
        refuse(folder, "must", load_weights=load_weights)


def test_huge_networks_of_plain_layers(folder):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    config = keras.saving.serialize_keras_object(network)
    config["config"]["layers"][1]["config"]["units"] = 10**11
    del config["compile_config"]
    write(folder / "config.json", config)
    write(
        folder / "task.json",
        {
            **layer("GAN", "x", "keras_gans>GAN"),
            "config": {
                "latent_dim": 4,
                "discriminator": layer(
                    "GANDiscriminator",
                    "x",
                    "keras_gans>GANDiscriminator",
                    example_shape=[10**11],
                ),
            },
        },
    )
    for load_weights in (True, False):
        refuse(folder, "must", load_weights=load_weights)


@pytest.mark.parametrize("network", ["seed", "discriminators", ["x"], None])
def test_metadata_names_the_network(folder, network):
    edit(folder / "metadata.json", network=network)
    refuse(folder, "json must")


ZEROS = {"shape": (22_000, 22_000), "chunks": True, "compression": "gzip"}


def test_bytes_are_counted_in_the_type_of_the_model(folder, monkeypatch):
    """int8 zeros compress a thousandfold, and become float32."""
    monkeypatch.setattr(shapes, "_FINE", 0)
    monkeypatch.setattr(shapes, "_RATIO", 1)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2**11)])
    presets_of_plain(folder, network)
    presets.load(folder)  # As it was saved.
    with h5py.File(folder / "model.weights.h5", "w") as file:
        for number, shape in enumerate([(4, 2**11), (2**11,)]):
            file.create_dataset(
                f"layers/dense/vars/{number}",
                data=np.zeros(shape, "i1"),
                compression="gzip",
            )
    rehash(folder)
    refuse(folder, "must hold a model of at most .* Received: one of 4")
    change_h5(folder, "model.weights.h5", replace(KERNEL, dtype="i1", **ZEROS))
    refuse(folder, "bytes declared in|arrays that config.json declares")


def presets_of_plain(folder, network):
    discriminator = keras.Sequential(
        [keras.Input((2**11,)), keras.layers.Dense(1)]
    )
    shutil.rmtree(folder)
    model = keras_gans.GAN(network, discriminator, latent_dim=4)
    model.save_to_preset(folder)


@pytest.mark.parametrize(
    "keys, values",
    [
        (["config"], {"units": [1] * 20_000}),
        (["config"], {"num_residual_blocks": 10**9}),
        (["config"], {"filters": 0.5}),
        (["config"], {"image_shape": [8] * 100}),
        (["config"], {"name": "x" * 300}),
        (["config"], {"name": ["x"]}),
    ],
)
def test_work_is_bounded_before_anything_is_made(folder, keys, values):
    edit(folder / "config.json", *keys, **values)
    refuse(folder, "config.json must give a DCGANGenerator arguments")


def test_residual_blocks_are_counted(tmp_path):
    model = keras_gans.SRResNet(filters=4, num_residual_blocks=1)
    model.save_to_preset(tmp_path / "a")
    edit(tmp_path / "a/config.json", "config", num_residual_blocks=10**9)
    start = time.monotonic()
    refuse(tmp_path / "a", "Received: num_residual_blocks=1000000000")
    assert time.monotonic() - start < 20  # Not the hours that they take.


@pytest.mark.parametrize("momentum", [[0.9], "0.9", {"a": 1}, True, 10**400])
def test_arguments_of_other_types(folder, momentum):
    edit(folder / "task.json", "config", ema_momentum=momentum)
    refuse(folder, "task.json must")


def test_too_many_layers(tmp_path, monkeypatch):
    monkeypatch.setattr(grammar, "MAX_LAYERS", 10)
    many = [keras.layers.Flatten() for _ in range(10)]
    network = keras.Sequential([keras.Input((4,)), *many])
    config = keras.saving.serialize_keras_object(network)
    with pytest.raises(ValueError, match="at most 10 layers"):
        trust.rebuild(config, "config.json", {})


def test_fresh_weights_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(shapes, "_MAX_FRESH", 10**3)
    refuse(folder, "model of at most 1000 bytes", load_weights=False)
    presets.load(folder)  # Which have a file.


@pytest.mark.slow
def test_a_pool_of_images_is_bounded(tmp_path):
    options = {"image_shape": (8, 8, 1), "filters": 2, "pool_size": 2}
    options["patch_size"] = 1
    model = keras_gans.CycleGAN(num_residual_blocks=1, **options)
    model.save_to_preset(tmp_path / "a")
    edit(tmp_path / "a/task.json", "config", pool_size=2**22)
    refuse(tmp_path / "a", "model of at most 536870912 bytes beside")


def test_fresh_orthogonal_weights_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(shapes, "_MAX_ORTHOGONAL", 100)
    orthogonal = keras.layers.Dense(2**11, kernel_initializer="orthogonal")
    network = keras.Sequential([keras.Input((4,)), orthogonal])
    presets_of_plain(folder, network)
    refuse(folder, "orthogonal initializer makes", load_weights=False)
    presets.load(folder)  # None runs.


def test_huge_examples(folder):
    # A network of few weights can still make what fills the memory.
    network = keras.Sequential(
        [keras.Input((512,)), keras.layers.RepeatVector(2**20)]
    )
    write(folder / "config.json", keras.saving.serialize_keras_object(network))
    edit(folder / "config.json", compile_config=None)
    write(
        folder / "task.json",
        {
            **layer("GAN", "x", "keras_gans>GAN"),
            "config": {
                "latent_dim": 512,
                "discriminator": keras.saving.serialize_keras_object(
                    keras.Sequential(
                        [
                            keras.Input((None, 512)),
                            keras.layers.GlobalAveragePooling1D(),
                        ]
                    )
                ),
            },
        },
    )
    refuse(folder, "examples of at most", load_weights=False)
