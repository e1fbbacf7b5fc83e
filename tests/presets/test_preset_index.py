"""What the zoo holds, and where a preset is."""

import pathlib
import shutil

import pytest
from preset_files import (
    assert_same,
    refuse,
    run,
    tiny,
    write,
    write_index,
)

import keras_gans
from keras_gans import presets

pytestmark = pytest.mark.neutral


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
