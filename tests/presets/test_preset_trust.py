"""What a preset's JSON may name, and that nothing else is made or run."""

import copy
import json
import os
import shutil

import keras
import numpy as np
import pytest
from preset_files import assert_same, layer, refuse, rehash, tiny, write

import keras_gans
from keras_gans import presets

pytestmark = pytest.mark.neutral


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


@pytest.mark.slow
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
    task = json.loads((folder / "task.json").read_text())
    write(path, bad)
    refuse(folder, f"{file} must name only", load_weights=False)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    as_layer = keras.saving.serialize_keras_object(network)
    as_part, as_call = copy.deepcopy(as_layer), copy.deepcopy(as_layer)
    as_layer["config"]["layers"].append(bad)
    as_part["config"]["layers"][1]["config"]["kernel_initializer"] = bad
    as_call["config"]["layers"][1]["config"]["activation"] = bad
    for content in (as_layer, as_part, as_call):
        if file == "task.json":
            task["config"]["discriminator"] = content
            content = task
        write(path, content)
        refuse(folder, f"{file} must (name only|give a)", load_weights=False)
    task["config"]["seed"] = bad
    task["config"]["label_smoothing"] = [{"deep": bad}]
    write(folder / "task.json", task)
    refuse(folder, "json must (name only|give a)", load_weights=False)
    assert MARKER == []


def test_task_must_be_a_gan(folder):
    shutil.copy(folder / "config.json", folder / "task.json")
    refuse(folder, "task.json must be a serialized model of this package")
