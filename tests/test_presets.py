import hashlib
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
from hub_server import COMMIT, Folder, Hub, serve

import keras_gans
from keras_gans import presets


def tiny(cls=None, **kwargs):
    """A model with weights of every kind that differ from their start."""
    cls = cls or keras_gans.DCGAN
    model = cls(image_shape=(8, 8, 1), latent_dim=4, filters=4, **kwargs)
    rng = np.random.default_rng(0)
    for network in networks(model).values():
        network.set_weights(
            [rng.uniform(0.1, 0.4, w.shape) for w in network.get_weights()]
        )
    return model


def networks(model):
    names = ("generator", "discriminator", "ema_generator")
    pairs = ((name, getattr(model, name, None)) for name in names)
    return {name: network for name, network in pairs if network is not None}


def assert_same(model, other):
    assert type(other) is type(model)
    assert networks(other).keys() == networks(model).keys()
    for name, network in networks(model).items():
        for a, b in zip(
            network.get_weights(), networks(other)[name].get_weights()
        ):
            np.testing.assert_array_equal(a, b)


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def edit(path, *keys, **values):
    """Sets entries of a dict inside of a JSON file."""
    content = json.loads(path.read_text())
    target = content
    for key in keys:
        target = target[key]
    target.update(values)
    write(path, content)


def rehash(folder):
    """States the hashes that are right for the files, as an attacker can."""
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["files"] = {
        file.name: {
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "size": file.stat().st_size,
        }
        for file in folder.iterdir()
        if file.name != "metadata.json"
    }
    write(path, metadata)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """`(model, folder)`, not to be changed."""
    folder = tmp_path_factory.mktemp("saved") / "tiny"
    model = tiny(ema_momentum=0.9, seed=7, label_smoothing=0.1)
    model.save_to_preset(
        folder, recipe={"epochs": 3}, metadata={"licence": "CC0"}
    )
    return model, folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of the saved preset, to be damaged."""
    return pathlib.Path(shutil.copytree(saved[1], tmp_path / "preset"))


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    path = tmp_path / "zoo"
    path.mkdir()
    monkeypatch.setenv("KERAS_GANS_ZOO", str(path))
    write_index(path)
    return path


def write_index(zoo, **entries):
    index = {"format_version": 1, "presets": entries}
    write(zoo / "index.json", index)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    path = tmp_path / "cache"
    monkeypatch.setenv("KERAS_HOME", str(path))
    return path


# ---- save and load --------------------------------------------------------


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


def test_layout(saved):
    _, folder = saved
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
    assert metadata["licence"] == "CC0"
    assert metadata["keras_version"] == keras.__version__
    assert len(metadata["files"]) == 5
    with h5py.File(folder / "task.weights.h5") as file:
        assert set(file) == {"discriminator", "generator", "vars"}


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


def test_float16_refuses_what_does_not_fit(tmp_path):
    model = tiny()
    weights = model.generator.get_weights()
    model.generator.set_weights([w * 1e6 for w in weights])
    with pytest.raises(ValueError, match="65504. Received"):
        model.save_to_preset(tmp_path / "a", dtype="float16")
    assert list(tmp_path.iterdir()) == []


def test_ema_goes_to_the_copy_and_raw_to_the_generator(saved):
    model, folder = saved
    with h5py.File(folder / "model.weights.h5") as file:
        kernel = np.array(file["layers/dense/vars/0"])
    loaded = presets.load(folder)
    np.testing.assert_array_equal(loaded.ema_generator.get_weights()[0], kernel)
    assert not np.array_equal(loaded.generator.get_weights()[0], kernel)
    assert_same(model, loaded)


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
        match=r"DCGAN.from_preset\(...\) or keras_gans.pres.*ConditionalGAN",
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


# ---- saving over and update -----------------------------------------------


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


# ---- custom classes -------------------------------------------------------


def test_custom_classes_must_be_given(tmp_path):
    @keras.saving.register_keras_serializable("test_presets")
    class Mine(keras.layers.Identity):
        made = 0

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            Mine.made += 1

    generator = keras.Sequential([keras.Input((4,)), Mine()])
    discriminator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model = keras_gans.GAN(generator, discriminator, latent_dim=4)
    model.save_to_preset(tmp_path / "a")
    made = Mine.made
    with pytest.raises(ValueError, match="custom_objects. Received.*Mine"):
        presets.load(tmp_path / "a")
    assert Mine.made == made
    loaded = presets.load(tmp_path / "a", custom_objects={"Mine": Mine})
    assert_same(model, loaded)


def test_a_class_may_load_itself(tmp_path):
    @keras.saving.register_keras_serializable("test_presets")
    class MyGAN(keras_gans.DCGAN):
        pass

    model = tiny(MyGAN)
    model.save_to_preset(tmp_path / "a")
    assert_same(model, MyGAN.from_preset(tmp_path / "a"))
    with pytest.raises(ValueError, match="task.json .* Received: .*MyGAN"):
        keras_gans.AdversarialModel.from_preset(tmp_path / "a")


# ---- malice and damage ----------------------------------------------------


def refuse(folder, match, error=ValueError, **kwargs):
    with pytest.raises(error, match=match) as caught:
        presets.load(folder, **kwargs)
    assert "Received" in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_lambda_is_not_executed(folder, tmp_path):
    marker = tmp_path / "executed"
    network = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Lambda(lambda x, m=str(marker): (os.mkdir(m), x)[1]),
        ]
    )
    marker.rmdir()  # Keras called it, to find the shape.
    write(folder / "config.json", keras.saving.serialize_keras_object(network))
    assert "__lambda__" in (folder / "config.json").read_text()
    for load_weights in (True, False):
        refuse(folder, "config.json must name only", load_weights=load_weights)
    assert not marker.exists()


def test_pickles_are_not_executed(folder, tmp_path):
    marker = tmp_path / "executed"

    class Evil:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    with open(folder / "model.weights.h5", "wb") as file:
        np.savez(file, np.array([Evil()], dtype=object))
    shutil.copy(folder / "model.weights.h5", folder / "model.weights.npz")
    rehash_known(folder)
    refuse(folder, "model.weights.h5 must hold plain arrays")
    write(
        folder / "config.json",
        {
            "class_name": "__numpy__",
            "config": {"value": ["x"], "dtype": "object"},
        },
    )
    refuse(folder, "config.json must name only")
    assert not marker.exists()


def rehash_known(folder):
    stray = folder / "model.weights.npz"
    content = stray.read_bytes()
    stray.unlink()
    rehash(folder)
    stray.write_bytes(content)


MARKER = []


@keras.saving.register_keras_serializable("test_presets")
class Evil(keras.layers.Layer):
    def __init__(self, **kwargs):
        MARKER.append("made")
        super().__init__(**kwargs)


@keras.saving.register_keras_serializable("test_presets")
def evil_function(x):
    MARKER.append("called")
    return x


def layer(class_name, module="keras.layers", registered_name=None, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }


@pytest.mark.parametrize(
    "bad",
    [
        layer("Lambda", function="x"),
        layer("TorchModuleWrapper"),
        layer("JaxLayer"),
        layer("FlaxLayer"),
        layer("TFSMLayer", filepath="model"),
        layer("StringLookup", vocabulary="/etc/hostname"),
        layer("TextVectorization", vocabulary="/etc/hostname"),
        layer("Layer"),
        layer("Dense", module="keras.src.layers.core.dense", units=1),
        layer("Dense", module=None, units=1),
        layer("Dense", registered_name="test_presets>Evil", units=1),
        layer("Evil", registered_name="test_presets>Evil"),
        layer("test_presets>Evil"),
        layer("Dense", units=1, activation="test_presets>evil_function"),
        layer("system", module="os"),
        layer("eval", module="builtins"),
        layer("get_file", module="keras.utils", origin="http://127.0.0.1/x"),
        layer("utils.get_file", module="keras", origin="http://127.0.0.1/x"),
        layer("load_model", module="keras.saving", filepath="x.keras"),
        layer("layers.Lambda", module="keras"),
        layer("get", module="keras.initializers", identifier="x"),
        layer("deserialize", module="keras.regularizers"),
        layer("subprocess", module="keras.src.ops.numpy"),
        {"class_name": "Dense", "config": {"units": 1}},
        {"class_name": ["Dense"], "module": "keras.layers", "config": {}},
        {"class_name": "function", "module": "builtins", "config": "eval"},
        {
            "class_name": "function",
            "module": "builtins",
            "config": "test_presets>evil_function",
        },
        {"class_name": "__lambda__", "config": {"value": "x"}},
        {
            "class_name": "__typespec__",
            "spec_name": "x",
            "module": "os",
            "registered_name": None,
            "config": [],
        },
        {
            **layer("Dense", units=1),
            "compile_config": {"optimizer": "adam"},
        },
    ],
    ids=lambda bad: str(bad["class_name"]),
)
@pytest.mark.parametrize("file", ["config.json", "task.json"])
def test_only_known_classes(folder, bad, file):
    """Wherever in the JSON: at the top, in a list, in a config."""
    path = folder / file
    original = path.read_text()
    nested = json.loads(original)
    nested["config"]["anything"] = [{"deep": bad}]
    for content in (bad, nested):
        write(path, content)
        refuse(folder, f"{file} must name only", load_weights=False)
    assert MARKER == []


@pytest.mark.parametrize("name", ["config.json", "task.json", "metadata.json"])
@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "[" * 100_000, '{"a": ' * 5_000, "\0\1"],
    ids=["empty", "cut", "list", "null", "deep", "deep objects", "binary"],
)
def test_broken_json(folder, name, content):
    write(folder / name, content)
    refuse(folder, f"{name} must be a JSON object")


def test_json_must_not_be_huge(zoo, folder, monkeypatch):
    monkeypatch.setattr(presets, "_MAX_JSON", 5000)
    write(folder / "config.json", " " * 5001)
    refuse(folder, "config.json must have at most 5000 bytes. Received: 5001")


def test_task_must_be_a_gan(folder):
    shutil.copy(folder / "config.json", folder / "task.json")
    refuse(folder, "task.json must be a serialized model of this package")


def test_config_must_be_a_network(folder):
    write(folder / "config.json", layer("Dense", units=1))
    refuse(folder, "config.json must describe a keras.Model")


def test_config_that_cannot_be_built(folder):
    edit(folder / "config.json", "config", filters=-1)
    refuse(folder, "config.json must describe a model that can be built")
    edit(folder / "config.json", "config", filters=4)
    edit(folder / "task.json", "config", discriminator_steps="many")
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


@pytest.mark.parametrize("version", [2, 0, "1", None, True])
def test_format_version(folder, version):
    edit(folder / "metadata.json", format_version=version)
    refuse(folder, "metadata.json must have a format_version from 1 to 1")


@pytest.mark.parametrize(
    "name", ["../../evil.h5", "/etc/passwd", "sub/config.json", "evil.py", ""]
)
def test_metadata_names_only_known_files(folder, name):
    edit(
        folder / "metadata.json",
        "files",
        **{name: {"sha256": "0" * 64, "size": 1}},
    )
    refuse(folder, "metadata.json must give the sha256 and size of files among")


@pytest.mark.parametrize("network", ["seed", "discriminators", ["x"], None])
def test_metadata_names_the_network(folder, network):
    edit(folder / "metadata.json", network=network)
    refuse(folder, "json must")


def test_huge_examples(folder):
    # A network of few weights can still make what fills the memory.
    network = keras.Sequential(
        [keras.Input((4,)), keras.layers.RepeatVector(2**28)]
    )
    write(folder / "config.json", keras.saving.serialize_keras_object(network))
    edit(folder / "config.json", compile_config=None)
    write(
        folder / "task.json",
        {
            **layer("GAN", "x", "keras_gans>GAN"),
            "config": {
                "latent_dim": 4,
                "discriminator": keras.saving.serialize_keras_object(
                    keras.Sequential(
                        [
                            keras.Input((None, 4)),
                            keras.layers.GlobalAveragePooling1D(),
                        ]
                    )
                ),
            },
        },
    )
    refuse(folder, "examples of at most", load_weights=False)


@pytest.mark.parametrize(
    "files", [None, [], {"config.json": 1}, {"config.json": {"sha256": "x"}}]
)
def test_metadata_files_must_be_complete(folder, files):
    edit(folder / "metadata.json", files=files)
    refuse(folder, "metadata.json must give the sha256")


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
def test_weights_must_be_in_metadata(folder, name):
    metadata = json.loads((folder / "metadata.json").read_text())
    del metadata["files"][name]
    write(folder / "metadata.json", metadata)
    refuse(folder, f"metadata.json must state the SHA-256 of {name}")


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "task.json",
        "metadata.json",
        "model.weights.h5",
        "task.weights.h5",
    ],
)
def test_missing_files(folder, name):
    (folder / name).unlink()
    refuse(folder, f"{name} must be a file", error=FileNotFoundError)


@pytest.mark.parametrize(
    "name", ["config.json", "task.json", "metadata.json", "model.weights.h5"]
)
def test_links_must_stay_inside(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "outside")
    (folder / name).symlink_to(tmp_path / "outside")
    refuse(folder, f"{name} must not link to a file outside")
    (tmp_path / "outside").rename(folder / "inside")
    (folder / name).unlink()
    (folder / name).symlink_to("inside")
    presets.load(folder)


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
@pytest.mark.parametrize("known", [False, True], ids=["damaged", "malicious"])
@pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "text"])
def test_damaged_weights(folder, name, how, known):
    path = folder / name
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "flipped":
        content[3] ^= 4  # In the signature, so that HDF5 sees it, too.
    else:
        content = b"" if how == "empty" else b"weights"
    path.write_bytes(content)
    if known:
        rehash(folder)
        refuse(folder, f"{name} must hold plain arrays")
    else:
        refuse(folder, f"{name} must be the file that metadata.json describes")


def test_flipped_weight_is_found(folder):
    path = folder / "model.weights.h5"
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"][0, 0] += 1
    refuse(folder, "model.weights.h5 must be the file")


def change_h5(folder, name, change):
    with h5py.File(folder / name, "r+") as file:
        change(file)
    rehash(folder)


def replace(key, **kwargs):
    def change(file):
        del file[key]
        dtype = None if "data" in kwargs else "f4"
        file.create_dataset(key, **{"dtype": dtype, **kwargs})

    return change


def relink(key, link):
    def change(file):
        del file[key]
        file[key] = link

    return change


KERNEL = "layers/dense/vars/0"


@pytest.mark.parametrize(
    "change, match",
    [
        (replace(KERNEL, shape=(3, 3)), "7 arrays that config.json declares"),
        (lambda f: f.pop(KERNEL), "7 arrays that config.json declares"),
        (lambda f: f.create_dataset("more", (2,), "f4"), "8 arrays"),
        (replace(KERNEL, shape=(2**40,), chunks=(1024,)), "bytes declared in"),
        (
            replace(KERNEL, data=np.array(["x"], "S1")),
            r"dtype \|S1",
        ),
        (
            replace(KERNEL, data=["x"], dtype=h5py.string_dtype()),
            "dtype object",
        ),
        (
            replace(KERNEL, shape=(4, 128), chunks=True, compression="lzf"),
            "compression lzf",
        ),
        (
            replace(
                KERNEL,
                shape=(4, 4),
                maxshape=(None, None),
                chunks=(2**10, 2**10),
            ),
            "in chunks",
        ),
        (
            replace(
                KERNEL,
                shape=(4, 32),
                external=[("/etc/hostname", 0, 512)],
            ),
            "outside of the file",
        ),
        (relink(KERNEL, h5py.ExternalLink("other.h5", "/x")), "ExternalLink"),
        (relink(KERNEL, h5py.SoftLink("/layers")), "SoftLink"),
        (lambda f: f.__setitem__("cycle", f["layers"]), "a second link"),
        (lambda f: f.__setitem__("root", f["/"]), "a second link|in chunks"),
        (lambda f: f.__setitem__("type", np.dtype("f4")), "that is no array"),
    ],
    ids=[
        "wrong shape",
        "missing array",
        "extra array",
        "bomb",
        "bytes",
        "objects",
        "filter",
        "chunks",
        "external data",
        "external link",
        "soft link",
        "linked twice",
        "cycle",
        "datatype",
    ],
)
def test_malicious_weights(folder, change, match):
    change_h5(folder, "model.weights.h5", change)
    refuse(folder, f"model.weights.h5 must hold .*({match})")


def test_virtual_dataset(folder):
    def change(file):
        del file[KERNEL]
        layout = h5py.VirtualLayout((4, 32), "f4")
        layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4, 32))
        file.create_virtual_dataset(KERNEL, layout)

    change_h5(folder, "model.weights.h5", change)
    refuse(folder, "outside of the file")


def test_same_shapes_in_the_wrong_place(folder):
    def change(file):
        file.move("layers", "elsewhere")

    change_h5(folder, "model.weights.h5", change)
    refuse(folder, "model.weights.h5 must hold the weights of DCGAN")


@pytest.mark.parametrize(
    "change, match",
    [
        (lambda f: f.pop("discriminator"), "discriminator in .*0 arrays"),
        (lambda f: f.create_dataset("evil/x", (2,), "f4"), "Received: evil"),
        (lambda f: f.create_dataset("generator/x", (2,), "f4"), "generator in"),
    ],
)
def test_malicious_task_weights(folder, change, match):
    change_h5(folder, "task.weights.h5", change)
    refuse(folder, match)


# ---- the zoo --------------------------------------------------------------


def test_zoo(zoo, saved):
    assert presets.zoo_path() == zoo
    assert presets.names() == []
    model, folder = saved
    shutil.copytree(folder, zoo / "dcgan_tiny")
    tiny().save_to_preset(
        zoo / "dcgan_big", recipe={"epochs": 9}, weights=False
    )
    write_index(
        zoo,
        dcgan_tiny={"class": "DCGAN", "weights": True, "dataset": "mnist"},
        dcgan_big={"class": "DCGAN", "weights": False},
    )
    assert presets.names() == ["dcgan_big", "dcgan_tiny"]
    assert presets.recipe("dcgan_big") == {"epochs": 9}
    assert presets.resolve("dcgan_tiny") == zoo / "dcgan_tiny"
    details = presets.info("dcgan_tiny")
    assert details["dataset"] == "mnist"
    assert details["metadata"]["licence"] == "CC0"
    assert details["training"] == {"epochs": 3}
    assert_same(model, keras_gans.DCGAN.from_preset("dcgan_tiny"))
    refuse("dcgan_big", "keras-gans train dcgan_big.*load_weights=False")
    assert presets.load("dcgan_big", load_weights=False).built


def test_a_recipe_needs_no_metadata(zoo):
    tiny().save_to_preset(zoo / "a", weights=False)
    (zoo / "a" / "metadata.json").unlink()
    write_index(zoo, a={"class": "DCGAN", "weights": False})
    assert presets.load("a", load_weights=False).built
    refuse("a", "keras-gans train a")


@pytest.mark.parametrize(
    "preset", ["no_such_preset", "/no/such/folder", pathlib.Path("nowhere")]
)
def test_unknown_preset_names_the_known_ones(zoo, preset):
    write_index(zoo, dcgan_tiny={"class": "DCGAN", "weights": True})
    for function in (presets.load, presets.info, presets.resolve):
        with pytest.raises(FileNotFoundError, match="dcgan_tiny.*Received"):
            function(preset)


@pytest.mark.parametrize(
    "index",
    [
        {"format_version": 2, "presets": {}},
        {"format_version": 1, "presets": []},
        {"format_version": 1, "presets": {"../up": {}}},
        {"format_version": 1, "presets": {"a": 1}},
    ],
)
def test_broken_index(zoo, index):
    write(zoo / "index.json", index)
    with pytest.raises(ValueError, match="index.json must .* Received"):
        presets.names()


def test_listing_does_not_import_keras(zoo, folder):
    shutil.copytree(folder, zoo / "dcgan_tiny")
    write_index(zoo, dcgan_tiny={"class": "DCGAN", "weights": True})
    code = (
        "import sys; from keras_gans import presets; "
        "assert presets.names() == ['dcgan_tiny']; "
        "presets.info('dcgan_tiny'); presets.recipe('dcgan_tiny'); "
        "assert not {'keras', 'numpy', 'h5py'} & set(sys.modules)"
    )
    run(code)


def run(code, *arguments, **environ):
    """Runs Python code in a process of its own; returns what it printed."""
    root = str(pathlib.Path(keras_gans.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, **environ},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", presets.names())
def test_built_in_presets(name):
    details = presets.info(name)
    if not details["weights"]:
        refuse(name, f"keras-gans train {name}")
        return
    model = presets.load(name)
    assert type(model).__name__ == details["class"]
    for weight in model.inference_network.get_weights():
        assert np.isfinite(weight).all()


# ---- downloads ------------------------------------------------------------


def test_download(saved, cache):
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        assert_same(model, keras_gans.DCGAN.from_preset(url))
        assert len(server.requests) == 6
        assert presets.resolve(f"{url}/").is_relative_to(cache / "keras_gans")
        assert len(server.requests) == 7  # metadata.json again, no more
    # Offline, from the cache.
    assert_same(model, presets.load(url))
    kept = presets.resolve(url)
    assert not list(kept.glob(".*"))


def test_download_without_weights(saved, cache):
    with serve(Folder, folder=saved[1]) as server:
        presets.load(f"{server.url}/tiny", load_weights=False)
    assert not [path for path in server.requests if path.endswith(".h5")]


def test_only_known_files_are_downloaded(folder, cache):
    write(folder / "evil.py", "x")
    edit(
        folder / "metadata.json",
        "files",
        **{"evil.py": {"sha256": "0" * 64, "size": 1}},
    )
    with serve(Folder, folder=folder) as server:
        refuse(f"{server.url}/tiny", "metadata.json must give")
    assert server.requests == ["/tiny/metadata.json"]


@pytest.mark.parametrize(
    "name", ["metadata.json", "config.json", "task.weights.h5"]
)
def test_cut_download(saved, cache, name):
    model, folder = saved
    with serve(Folder, folder=folder, cut={name}) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must be reachable", error=ConnectionError)
        refuse(url, f"{name} must be reachable", error=ConnectionError)
        server.cut = ()
        assert_same(model, presets.load(url))
    # A file that was complete is not fetched again.
    for other in ("config.json", "model.weights.h5", "task.json"):
        count = server.requests.count(f"/tiny/{other}")
        assert count == (3 if other == name else 1)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_download_with_a_wrong_hash(saved, folder, cache, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" ")
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must have the SHA-256")
        (folder / name).write_bytes(content)
        assert_same(saved[0], presets.load(url))


def test_a_damaged_cache_is_repaired(saved, cache):
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        path = presets.resolve(url) / "model.weights.h5"
        path.write_bytes(path.read_bytes()[:100])  # As a full disk would.
        assert_same(model, presets.load(url))
        path.write_bytes(b"")
    refuse(url, "must be reachable", error=ConnectionError)


def test_killed_download(saved, cache):
    """A process that dies in the middle of a file leaves nothing usable."""
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        code = (
            "import os, keras\n"
            "from keras_gans import presets\n"
            "def killed(name, origin, cache_subdir, **kwargs):\n"
            "    if name.endswith('.h5'):\n"
            "        open(os.path.join(cache_subdir, name), 'w').write('x')\n"
            "        print('killed', flush=True)\n"
            "        os._exit(0)\n"
            "    return get_file(name, origin, cache_subdir=cache_subdir,"
            " **kwargs)\n"
            "get_file, keras.utils.get_file = keras.utils.get_file, killed\n"
            f"presets.resolve({url!r})"
        )
        assert "killed" in run(code)
        assert list(cache.rglob("config.json"))
        assert not list(cache.rglob("metadata.json"))
        assert_same(model, presets.load(url))


def test_download_of_a_new_version(saved, folder, cache):
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        assert presets.load(url).seed == 7
        assert (presets.resolve(url) / "training.json").exists()
        shutil.rmtree(folder)
        tiny(seed=8).save_to_preset(folder)
        assert presets.load(url).seed == 8
        assert not (presets.resolve(url) / "training.json").exists()


@pytest.mark.parametrize("name", ["metadata.json", "task.json"])
def test_download_of_what_is_not_there(folder, cache, name):
    (folder / name).unlink()
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must exist.*404", error=FileNotFoundError)


def test_nobody_listens(cache):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}/tiny"
    refuse(url, "must be reachable", error=ConnectionError)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/tiny",
        "https://example.com/tiny?x=1",
        "https:///tiny",
        "ftp://example.com/tiny",
        "file:///etc",
        "http://127.0.0.1@example.com/tiny",
    ],
)
def test_other_addresses_are_refused(url, cache):
    refuse(url, "preset must be an https://")


def test_index_pins_a_download(saved, zoo, folder, cache):
    model, _ = saved
    pin = hashlib.sha256((folder / "metadata.json").read_bytes()).hexdigest()
    with serve(Folder, folder=folder) as server:
        write_index(
            zoo,
            far={
                "class": "DCGAN",
                "weights": True,
                "url": f"{server.url}/far",
                "metadata_sha256": pin,
            },
        )
        edit(folder / "metadata.json", licence="changed")
        refuse("far", "metadata.json must have the SHA-256")
        shutil.copy(saved[1] / "metadata.json", folder / "metadata.json")
        assert_same(model, presets.load("far"))
        before = len(server.requests)
        presets.load("far")  # Pinned and complete: nothing to ask for.
        assert len(server.requests) == before
    assert presets.recipe("far") == {"epochs": 3}
    assert presets.info("far")["class"] == "DCGAN"


# ---- the Hugging Face Hub -------------------------------------------------


def test_hub(saved, folder, tmp_path):
    pytest.importorskip("huggingface_hub", reason="an optional dependency")
    write(folder / "evil.py", "raise SystemExit")
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    with open(damaged / "model.weights.h5", "ab") as file:
        file.write(b"x")
    folders = {"org/name": folder, "org/damaged": damaged}
    environ = {  # huggingface_hub reads them when it is imported.
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }
    code = (
        "import sys\n"
        "from keras_gans import presets\n"
        "for call in sys.argv[1:]:\n"
        "    try:\n"
        "        print(eval(call))\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, ' '.join(str(error).split()))\n"
    )
    generate = "presets.load('hf://org/name').generate(1, seed=0).tolist()"
    images = str(saved[0].generate(1, seed=0).tolist())
    with serve(Hub, folders=folders) as server:
        environ["HF_ENDPOINT"] = server.url
        (recipe,) = run(
            code, "presets.recipe('hf://org/name')", **environ
        ).splitlines()
        assert recipe == "{'epochs': 3}"
        assert not [path for path in server.requests if ".h5" in path]
        loaded, tagged, unknown, revision, broken = run(
            code,
            generate,
            "presets.resolve('hf://org/name@v2')",
            "presets.resolve('hf://org/none')",
            "presets.resolve('hf://org/name@v3')",
            "presets.load('hf://org/damaged')",
            **environ,
        ).splitlines()[-5:]
        assert loaded.endswith(images)
        assert tagged.endswith(COMMIT)
        assert unknown.startswith("FileNotFoundError preset must be a public")
        assert revision.startswith("FileNotFoundError preset must be a public")
        assert broken.startswith("ValueError")
        assert "must be the file that metadata.json describes" in broken
        assert f"GET /org/name/resolve/{COMMIT}/task.json" in server.requests
        assert not [path for path in server.requests if "evil" in path]
    # The server is gone: from the hub's cache.
    cached, other = run(
        code,
        "presets.resolve('hf://org/name')",
        "presets.resolve('hf://org/other')",
        **environ,
    ).splitlines()
    assert cached.endswith(COMMIT)
    assert other.startswith("ConnectionError hf://org/other must be reachable")


@pytest.mark.parametrize(
    "preset", ["hf://name", "hf://a/b/c", "hf://org/na me", "hf://../../x/y"]
)
def test_hub_addresses(preset):
    refuse(preset, "preset must be hf://organisation/name")


def test_hub_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    refuse(
        "hf://org/name", r"pip install 'keras-gans\[hub\]'", error=ImportError
    )
