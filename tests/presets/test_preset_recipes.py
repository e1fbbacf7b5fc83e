"""What the recipe of a stranger may say."""

import keras
import pytest
from hub_server import Folder, serve
from preset_files import edit, write

import keras_gans
from keras_gans import checks, cli, presets
from keras_gans.tasks.shared import optimizer

pytestmark = pytest.mark.neutral


@pytest.mark.parametrize(
    "name",
    [
        "huggingface:mnist",
        "kubric:nerf/x:1.0.0",
        "mnist/data_dir=x",
        "https://example.com/x.npz",
        "gs://bucket/x",
        "/nowhere/at/all",
        "../../nowhere",
        "x" * 5000 + "!",
        "x\0",
        "",
    ],
)
def test_data_of_no_known_kind(folder, name):
    edit(folder / "training.json", dataset=name)
    with pytest.raises(
        ValueError, match="--data.*Received: dataset="
    ) as caught:
        presets.recipe(folder)
    assert len(str(caught.value)) < 1000
    assert presets.recipe(folder, given={"dataset"})["dataset"] == name


@pytest.mark.parametrize(
    "name",
    ["ring", "mnist", "cycle_gan/maps", "mnist:3.0.1", "emojitwo/train/color"],
)
def test_data_of_known_kinds(folder, name):
    edit(folder / "training.json", dataset=name, dataset_b=name)
    assert presets.recipe(folder)["dataset"] == name


@pytest.mark.parametrize("name", presets.names())
def test_the_zoos_recipes(name):
    if "package" in presets.info(name):  # Others have trained it.
        with pytest.raises(ValueError, match="has no recipe"):
            presets.recipe(name)
        return
    assert presets.recipe(name)["dataset"]


def test_a_folder_of_ones_own_and_that_of_a_server(folder, tmp_path, cache):
    """A run's preset names the folder that it was trained on."""
    edit(folder / "training.json", dataset=str(tmp_path))
    assert presets.recipe(folder)["dataset"] == str(tmp_path)
    presets.update(folder)
    with serve(Folder, folder=folder) as server:
        with pytest.raises(ValueError, match="Received: dataset="):
            presets.recipe(f"{server.url}/tiny")


def test_another_preset_on_a_server(folder):
    edit(folder / "training.json", generator="https://example.com/x")
    with pytest.raises(ValueError, match="--generator.*Received: generator="):
        presets.recipe(folder)
    edit(folder / "training.json", generator="srresnet_x4_bsds500")
    presets.recipe(folder)


def test_the_command_line_asks(folder, tmp_path, capsys):
    edit(folder / "training.json", dataset="huggingface:mnist", batch_size=4)
    out = ["--out", str(tmp_path / "run")]
    assert cli.main(["train", str(folder), *out]) == 1
    assert "name them yourself (--data)" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert cli.main(["evaluate", str(folder)]) == 1
    assert "name them yourself (--data)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "key, value",
    [
        ("dataset", 3),
        ("dataset", ["ring"]),
        ("best_by", ["kid"]),
        ("extractor", {}),
        ("labels", "yes"),
        ("pairs", 3),
        ("unpaired", {"splits": ["train"]}),
        ("high_res", None),
        ("generator_optimizer", 0.1),
        ("generator_optimizer", ["Adam"]),
    ],
)
def test_types(folder, key, value):
    edit(folder / "training.json", **{"dataset": "ring", key: value})
    with pytest.raises(
        ValueError, match="training.json must have a .*Received"
    ):
        presets.recipe(folder)


@pytest.mark.parametrize(
    "value",
    [
        {"class_name": ["Adam"]},
        {"class_name": "Adam", "config": 3},
        {"class_name": "Adam", "config": {"learning_rate": {"config": 1}}},
        {"class_name": "Adam", "config": {"learning_rate": "fast"}},
        {"class_name": "Adam", "config": {"unknown": 1}},
        {"class_name": "Adam", "config": {"learning_rate": [1, 2]}},
        {
            "class_name": "Adam",
            "config": {"learning_rate": {"class_name": "LinearDecay"}},
        },
        {"class_name": "system", "module": "os", "config": {}},
    ],
    ids=str,
)
def test_optimizers(value):
    with pytest.raises(ValueError, match="An optimizer of a recipe .*Received"):
        optimizer(value)
    good = {"class_name": "Adam", "config": {"learning_rate": 0.25}}
    assert isinstance(optimizer(good), keras.optimizers.Adam)


def test_a_recipe_that_is_none(folder):
    write(folder / "training.json", [])
    with pytest.raises(ValueError, match="training.json must be a JSON object"):
        presets.recipe(folder)
    assert keras_gans.DCGAN.from_preset(folder).built


def test_long_values_are_shown_in_part():
    with pytest.raises(ValueError, match="at least 1. Received: x=") as caught:
        checks.check_integer("x", list(range(10**4)), minimum=1)
    assert len(str(caught.value)) < 300
