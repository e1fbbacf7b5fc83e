"""What a preset's JSON may declare, without memory for it."""

import resource

import keras
import pytest
from preset_files import edit, layer, refuse, write


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
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for load_weights in (True, False):
        refuse(folder, "json", load_weights=load_weights)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024  # KiB


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
