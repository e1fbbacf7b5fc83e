"""What the zoo holds, and where a preset is."""

import pathlib
import shutil

import pytest
from preset_files import (
    assert_same,
    edit,
    refuse,
    run,
    tiny,
    write,
    write_index,
)

import keras_gans
from keras_gans import presets, registry

pytestmark = pytest.mark.neutral


@pytest.mark.slow
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


# ---- a preset is located once ---------------------------------------------


@pytest.mark.slow
def test_locate(zoo, saved):
    model, path = saved
    for preset in (path, str(path)):
        folder = presets.locate(preset)
        assert folder == presets.Folder(path, path, str(path))
        assert presets.locate(folder) is folder
    shutil.copytree(path, zoo / "dcgan_tiny")
    write_index(zoo, dcgan_tiny={"class": "DCGAN", "weights": True})
    folder = presets.locate("dcgan_tiny")
    assert folder == presets.Folder(
        zoo / "dcgan_tiny", zoo / "dcgan_tiny", "dcgan_tiny"
    )
    details = presets.info("dcgan_tiny")
    (zoo / "index.json").unlink()  # Nobody asks again.
    assert presets.resolve(folder) == folder.path
    assert presets.recipe(folder) == {"epochs": 3}
    assert presets.class_name(folder) == "DCGAN"
    assert presets.task_name(folder) == "sampling"
    assert_same(model, presets.load(folder))
    assert_same(model, keras_gans.DCGAN.from_preset(folder))
    presets.update(folder, metadata={"scores": [1]})
    assert presets.info(folder)["metadata"]["scores"] == [1]
    write_index(zoo, dcgan_tiny={"class": "DCGAN", "weights": True})
    del details["metadata"]
    assert presets.info(folder).items() >= details.items()


def test_errors_name_a_preset_as_it_was_asked_for(zoo):
    tiny().save_to_preset(zoo / "a", weights=False)
    write_index(zoo, a={"class": "DCGAN", "weights": False})
    refuse(presets.locate("a"), "keras-gans train a`")
    refuse(
        presets.locate("a"),
        r"from_preset\('a'\) takes",
        load_weights=False,
        more=1,
    )


# ---- tasks ----------------------------------------------------------------


def test_task_name(zoo, folder):
    assert presets.task_name(folder) == "sampling"
    edit(folder / "metadata.json", task="sorting")
    # What a class of this package does is not for a stranger's file to say.
    assert presets.task_name(folder) == "sampling"
    edit(folder / "task.json", class_name="Mine")
    assert presets.task_name(folder) == "sorting"


def test_presets_that_name_no_task_go_by_their_class(folder):
    edit(folder / "metadata.json", task=None)
    assert presets.task_name(folder) == "sampling"
    (folder / "metadata.json").unlink()
    assert presets.task_name(folder) == "sampling"
    edit(folder / "task.json", class_name="SRResNet")
    assert presets.task_name(folder) == "upscaling"
    edit(folder / "task.json", class_name="Mine")
    assert presets.task_name(folder) is None


@pytest.mark.parametrize("name", ["os.path", "../x", "", 1, ["sampling"]])
def test_a_task_must_be_a_name(folder, name):
    edit(folder / "task.json", class_name="Mine")
    edit(folder / "metadata.json", task=name)
    with pytest.raises(ValueError, match="name of a task. Received: task="):
        presets.task_name(folder)


@pytest.mark.parametrize("name", presets.names())
def test_the_zoo_names_tasks(name):
    details = presets.info(name)
    kind = registry.task_of(details["class"])
    assert kind is not None
    assert details["task"] == details["metadata"]["task"] == kind
    assert presets.task_name(name) == kind
    assert presets.class_name(name) == details["class"]


# ---- lists ----------------------------------------------------------------


def test_list_presets(zoo):
    def entry(name, weights=True):
        return {"class": name, "weights": weights}

    write_index(
        zoo,
        gan_ring=entry("GAN"),
        dcgan_mnist=entry("DCGAN", weights=False),
        conditional_gan_mnist={**entry("ConditionalGAN"), "dataset": "mnist"},
        srresnet_x4=entry("SRResNet"),
        mine_mnist=entry("Mine"),
    )
    find = keras_gans.list_presets
    digits = ["conditional_gan_mnist", "dcgan_mnist", "mine_mnist"]
    assert find() == presets.names()
    assert find("*mnist*") == find(filter="*mnist*") == digits
    assert find("*MNIST*") == []
    assert find("*mnist*", weights=False) == ["dcgan_mnist"]
    assert find("*mnist*", weights=True) == [digits[0], digits[2]]
    assert find(data="mni*") == find(data="mnist") == ["conditional_gan_mnist"]
    assert find(data="mni") == find("dcgan*", data="m*") == []
    assert find(model="DCGAN") == ["dcgan_mnist"]
    gans = ["conditional_gan_mnist", "dcgan_mnist", "gan_ring"]
    for base in ("GAN", "SamplingModel", "AdversarialModel"):
        assert find(model=base) == find(model=getattr(keras_gans, base)) == gans
    assert find("*mnist*", "GAN", weights=True) == ["conditional_gan_mnist"]
    assert find(model=keras_gans.SRResNet) == ["srresnet_x4"]
    with pytest.raises(ValueError, match="model must be .*Received: .*'Mine'"):
        find(model="Mine")


def test_presets_of_a_class(zoo):
    index = {
        "gan_ring": {"class": "GAN", "weights": True, "dataset": "ring"},
        "dcgan_mnist": {"class": "DCGAN", "weights": False},
    }
    write_index(zoo, **index)
    assert keras_gans.GAN.presets == index
    assert list(keras_gans.DCGAN.presets) == ["dcgan_mnist"]
    assert keras_gans.SRResNet.presets == {}
    # Keras visits all attributes of a model that it saves.
    with pytest.raises(AttributeError, match="of the class: DCGAN.presets"):
        tiny().presets  # noqa: B018
