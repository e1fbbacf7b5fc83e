"""Models with networks in lists and dicts, and with one player more."""

import json

import h5py
import keras
import numpy as np
import pytest
from preset_files import change_h5, edit, refuse, write
from three_players import ThreePlayers, perceptron, three_players

import keras_gans
from keras_gans import presets
from keras_gans.presets.parts import networks_of

CUSTOM = {"ThreePlayers": ThreePlayers}


@keras.saving.register_keras_serializable("tests")
class Ensemble(keras_gans.AdversarialModel):
    """Its inference network is in a dict, and a list has averages, too."""

    players = {
        "generator": ("generators",),
        "discriminator": ("discriminator",),
    }
    collections = ("generators",)
    example_kind = "points"

    def __init__(self, generators, experts, expert_momentum=None, **kwargs):
        super().__init__(generators=generators, **kwargs)
        self.experts = experts
        self.expert_momentum = expert_momentum
        if expert_momentum is not None:
            self.ema_experts = [keras.models.clone_model(e) for e in experts]

    def symbolic_inputs(self):
        return keras.KerasTensor((None, 4))

    @property
    def inference_network(self):
        return self.generators["fine"]

    def get_config(self):
        return {
            **super().get_config(),
            "experts": [
                keras.saving.serialize_keras_object(e) for e in self.experts
            ],
            "expert_momentum": self.expert_momentum,
        }


def ensemble(**kwargs):
    return Ensemble(
        {"coarse": perceptron(4, 2), "fine": perceptron(4, 2, width=5)},
        [perceptron(2, 1, width=w) for w in (2, 3)],
        discriminator=perceptron(2, 1),
        **kwargs,
    )


def assert_equal(model, other):
    first, second = networks_of(model), networks_of(other)
    assert list(first) == list(second)
    for name, network in first.items():
        for a, b in zip(network.get_weights(), second[name].get_weights()):
            np.testing.assert_array_equal(a, b)


@pytest.fixture
def folder(tmp_path):
    three_players().save_to_preset(tmp_path / "preset")
    return tmp_path / "preset"


@pytest.mark.slow
def test_lists_and_dicts_and_a_third_player(tmp_path):
    model = three_players(ema_momentum=0.9)
    model.ema_generator.set_weights(
        [w + 1 for w in model.ema_generator.get_weights()]
    )
    model.save_to_preset(tmp_path / "a")
    task = json.loads((tmp_path / "a" / "task.json").read_text())["config"]
    assert [d["class_name"] for d in task["discriminators"]] == [
        "Sequential",
        "Sequential",
    ]
    assert set(task["encoders"]) == {"scale", "shift"}
    with h5py.File(tmp_path / "a" / "task.weights.h5") as file:
        assert set(file) - {"vars"} == {
            "discriminators.0",
            "discriminators.1",
            "encoders.scale",
            "encoders.shift",
            "generator",
        }
    loaded = presets.load(tmp_path / "a", custom_objects=CUSTOM)
    assert type(loaded) is ThreePlayers
    assert_equal(model, loaded)
    loaded.save_to_preset(tmp_path / "b", dtype="float16")
    for name in ("config.json", "task.json"):
        first, second = (tmp_path / x / name for x in "ab")
        assert first.read_bytes() == second.read_bytes()
    again = keras_gans.from_preset(tmp_path / "b", custom_objects=CUSTOM)
    assert set(networks_of(again)) == set(networks_of(model))


@pytest.mark.slow
def test_the_inference_network_may_be_in_a_dict(tmp_path):
    model = ensemble(expert_momentum=0.5)
    for network in model.ema_experts:
        network.set_weights([w + 1 for w in network.get_weights()])
    model.save_to_preset(tmp_path / "a")
    metadata = json.loads((tmp_path / "a" / "metadata.json").read_text())
    assert metadata["network"] == "generators.fine"
    task = json.loads((tmp_path / "a" / "task.json").read_text())["config"]
    assert task["generators"]["fine"] is None
    loaded = Ensemble.from_preset(tmp_path / "a")
    assert {"generators.fine", "ema_experts.1"} <= set(networks_of(loaded))
    assert_equal(model, loaded)
    latents = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "a").predict_on_batch(latents),
        loaded.predict_on_batch(latents),
    )


def test_averages_that_were_not_saved_start_from_the_weights(tmp_path):
    model = ensemble()
    model.save_to_preset(tmp_path / "a")
    loaded = Ensemble.from_preset(tmp_path / "a", expert_momentum=0.5)
    for expert, average in zip(model.experts, loaded.ema_experts):
        for a, b in zip(expert.get_weights(), average.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_a_given_list_keeps_its_weights(folder):
    mine = [perceptron(2, 1), perceptron(2, 1, width=3)]
    before = [w.copy() for d in mine for w in d.get_weights()]
    loaded = presets.load(folder, custom_objects=CUSTOM, discriminators=mine)
    assert list(loaded.discriminators) == mine
    for a, b in zip(before, [w for d in mine for w in d.get_weights()]):
        np.testing.assert_array_equal(a, b)


def test_a_task_of_ones_own(tmp_path):
    model = three_players()
    model.task_name = "sorting"
    model.save_to_preset(tmp_path / "a")
    assert presets.task_name(tmp_path / "a") == "sorting"


@pytest.mark.neutral
@pytest.mark.parametrize(
    "group, match",
    [
        ("discriminators.1", r"discriminators.1 in .*0 arrays"),
        ("encoders.scale", r"encoders.scale in .*0 arrays"),
    ],
)
def test_every_networks_weights_must_be_there(folder, group, match):
    change_h5(folder, "task.weights.h5", lambda file: file.pop(group))
    refuse(folder, match, custom_objects=CUSTOM)


@pytest.mark.neutral
def test_every_networks_shapes_are_compared(folder):
    def swap(file):
        file.move("discriminators.0", "x")
        file.move("discriminators.1", "discriminators.0")
        file.move("x", "discriminators.1")

    change_h5(folder, "task.weights.h5", swap)
    refuse(folder, "discriminators.0 in .* instead of", custom_objects=CUSTOM)


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "network",
    ["discriminators.9", "discriminators.x", "encoders.none", "none.0", "."]
    + ["generator.config.name", "latent_dim.0", "discriminators.0.config.x"],
)
def test_metadata_names_a_network_that_is_there(folder, network):
    edit(folder / "metadata.json", network=network)
    refuse(folder, "json must", custom_objects=CUSTOM)


@pytest.mark.neutral
def test_classes_inside_of_lists_are_checked(folder):
    path = folder / "task.json"
    task = json.loads(path.read_text())
    for holder, key in (
        (task["config"]["discriminators"], 1),
        (task["config"]["encoders"], "scale"),
    ):
        kept, holder[key] = (
            holder[key],
            {
                "module": "keras.layers",
                "class_name": "Lambda",
                "config": {},
                "registered_name": None,
            },
        )
        write(path, task)
        refuse(folder, "task.json must name only", custom_objects=CUSTOM)
        holder[key] = kept


def test_keys_must_be_names(tmp_path):
    model = three_players()
    model.encoders = {"a/b": perceptron(2, 4), "c": perceptron(2, 4)}
    with pytest.raises(ValueError, match="encoders must have keys.*'a/b'"):
        model.save_to_preset(tmp_path / "a")
