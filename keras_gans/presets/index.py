"""What the zoo holds, and where on this disk a preset is."""

import fnmatch
import os
import pathlib
import re

import keras_gans
from keras_gans import registry
from keras_gans.checks import NoRecipe
from keras_gans.names import BEST_UPSCALER, UPSCALER, install
from keras_gans.presets import downloads, files, packaged, recipes
from keras_gans.presets.files import Folder


def zoo_path():
    """The folder of the built-in presets.

    `$KERAS_GANS_ZOO`, the installed `keras_gans/_zoo_data`, or `zoo` beside
    the package in a checkout: the first that holds `index.json`.

    Returns:
        A `pathlib.Path`.

    Raises:
        FileNotFoundError: If there is none.
    """
    package = pathlib.Path(keras_gans.__file__).resolve().parent
    places = [package / "_zoo_data", package.parent / "zoo"]
    if os.environ.get("KERAS_GANS_ZOO"):
        places.insert(0, pathlib.Path(os.environ["KERAS_GANS_ZOO"]))
    for place in places:
        if (place / files.INDEX).is_file():
            return place
    raise FileNotFoundError(
        f"The zoo must hold {files.INDEX}. Received: no such file in "
        f"{', '.join(map(str, places))}"
    )


def entries():
    """The zoo's index: dict of the names of presets to their entries."""
    try:
        folder = files.local(zoo_path())
    except FileNotFoundError:
        return {}
    path = folder.path / files.INDEX
    index = files.read_json(folder, files.INDEX)
    files.check_version(index, path)
    presets = index.get("presets")
    if not isinstance(presets, dict) or not all(
        re.fullmatch(r"\w[\w.-]*", name) and isinstance(entry, dict)
        for name, entry in presets.items()
    ):
        raise ValueError(
            f"{path} must map the names of presets to objects. "
            f"Received: presets={files.short(presets)}"
        )
    return presets


def names():
    """The names of the built-in presets, sorted.

    Returns:
        List of strings.
    """
    return sorted(entries())


def list_presets(filter=None, model=None, weights=None, data=None):
    """The names of the built-in presets that are wanted, sorted.

    Args:
        filter: String that names must match, as `"*mnist*"`, or `None`.
        model: A class, or the name of one of this package's: only presets
            that its `from_preset` loads, those of its subclasses included.
        weights: `True` for presets with weights, `False` for recipes alone,
            `None` for both.
        data: String that the name of the data set must match, as `"cifar*"`,
            or `None`.

    Returns:
        List of strings.

    Raises:
        ValueError: If there is no class of the name `model`.
    """
    loadable = entries() if model is None else of_class(model)
    return sorted(select(loadable, filter, weights, data))


def select(presets, filter=None, weights=None, data=None):
    """Those of some entries of the index that are wanted.

    Args:
        presets: Dict of names to entries.
        filter, weights, data: See `list_presets`.

    Returns:
        Dict, in the order of `presets`.
    """
    return {
        name: entry
        for name, entry in presets.items()
        if _matches(name, filter)
        and _matches(str(entry.get("dataset", "")), data)
        and (weights is None or bool(entry.get("weights")) == weights)
    }


def best_upscaler():
    """The preset that enlarges best, of those that are there.

    Returns:
        `(name, advice)`: the preset, and a sentence on how to get a better
        one, or `None` if there is none.
    """
    package = entries().get(BEST_UPSCALER, {}).get("package")
    if package is None:
        return UPSCALER, None
    if packaged.is_there(BEST_UPSCALER, package):
        return BEST_UPSCALER, None
    brings = install(package["extra"])
    return UPSCALER, f"sharper, with {BEST_UPSCALER}: {brings}"


def _matches(text, pattern):
    return pattern is None or fnmatch.fnmatchcase(text, pattern)


def of_class(model):
    """The index's entries of the presets that a class can load.

    Args:
        model: A class, or the name of one of this package's.
    """
    if isinstance(model, str):
        if model not in registry.CLASSES:
            raise ValueError(
                "model must be a class, or the name of one of "
                f"{', '.join(registry.CLASSES)}. Received: model={model!r}"
            )
        model = getattr(keras_gans, model)
    return {
        name: entry
        for name, entry in entries().items()
        if entry.get("class") in registry.CLASSES
        and issubclass(getattr(keras_gans, entry["class"]), model)
    }


# ---- where a preset is ----------------------------------------------------


def locate(preset, weights=True):
    """Finds a preset; downloads and verifies it if need be.

    All functions that take a preset take what this returns as well, and then
    ask neither a server nor the index where it is.

    Args:
        preset: As for `load`, or a `Folder`, which is returned as it is.
        weights: Whether weights are needed, too. `load` cannot get them later
            from a `Folder` that was located without.

    Returns:
        A `Folder`: its `path`, and the `name` that it was asked for by.

    Raises:
        FileNotFoundError: If the preset, or a file of it, does not exist.
        ConnectionError: If a download fails.
        ImportError: If `hf://` is used without huggingface_hub, or the
            package that has the weights is not installed.
    """
    return _locate(preset, weights)


def _locate(preset, weights=False, wanted=files.CONFIG):
    if isinstance(preset, Folder):
        return preset
    name = os.fspath(preset)
    if name.startswith("hf://"):
        return downloads.from_hub(name, weights)
    if "://" in name:
        return downloads.from_url(name, name, weights=weights)
    entry = entries().get(name)
    if entry is None:
        return _checked_folder(name)
    path = zoo_path() / name
    if weights and "package" in entry:
        described = Folder(path, path, name)
        return packaged.locate(name, entry["package"], described)
    if weights and entry.get("weights"):
        wanted = files.WEIGHTS
    if "url" in entry and not (path / wanted).is_file():
        return downloads.from_url(
            entry["url"], name, entry.get("metadata_sha256"), weights
        )
    return Folder(path, path, name)


def _checked_folder(name):
    path = pathlib.Path(name)
    try:
        is_there = path.is_dir()
    except OSError:  # A name as long as no file's, as one example.
        is_there = False
    if not is_there:
        raise FileNotFoundError(
            "preset must be the path of a preset's folder, hf://organisation/"
            "name, https://..., or the name of a built-in preset "
            f"({', '.join(names()) or 'there are none'}). "
            f"Received: preset={files.short(repr(name))}"
        )
    best = path / "best"
    if not (path / files.TASK).is_file() and (best / files.TASK).is_file():
        raise FileNotFoundError(
            f"preset must be a preset's folder, as {best}. "
            f"Received: the folder of a run, {name!r}"
        )
    return Folder(path, path, name)


# ---- what its files say ---------------------------------------------------


def info(preset):
    """What is known about a preset, without importing Keras.

    Args:
        preset: The name of a built-in preset, the path of a folder, or a
            `Folder`.

    Returns:
        The entry of the zoo's index as a dict, plus `"metadata"` and
        `"training"`: `metadata.json` and `training.json` where they are on
        this disk.
    """
    located = isinstance(preset, Folder)
    name = preset.name if located else os.fspath(preset)
    entry = entries().get(name)
    if located:
        folder = preset
    elif entry is None:
        folder = _checked_folder(name)
    else:  # Whatever is here; nothing is downloaded to be told.
        path = zoo_path() / name
        folder = Folder(path, path, name)
    details = dict(entry or {})
    if (folder.path / files.METADATA).is_file():
        details["metadata"] = files.read_metadata(folder)
    if (folder.path / files.TRAINING).is_file():
        details["training"] = files.read_json(folder, files.TRAINING)
    return details


def recipe(preset, given=()):
    """The training recipe of a preset.

    Args:
        preset: As for `load`, or a `Folder`.
        given: Collection of strings, the keys that the caller replaces, as
            `"dataset"`; the preset may name anything there.

    Returns:
        `training.json` as a dict.

    Raises:
        FileNotFoundError: If the preset has no recipe.
        ValueError: A `checks.NoRecipe` if others have trained it; if the
            recipe has an entry of a wrong type, or data that
            are no built-in ones, of TFDS, or in a folder.
    """
    folder = _locate(preset, wanted=files.TRAINING)
    if "package" in entries().get(folder.name, ()):
        cls = registry.command_of(class_name(folder))
        raise NoRecipe(
            f"{folder.name} has no recipe, for others have trained it; from "
            f"its weights go on by `keras-gans train {cls} --from "
            f"{folder.name} --data FOLDER`. Received: preset={folder.name!r}"
        )
    content = files.read_json(folder, files.TRAINING)
    recipes.check(content, folder, given)
    return content


def class_name(preset):
    """The name of a preset's class, without building it.

    Args:
        preset: As for `load`, or a `Folder`.

    Returns:
        String, as `"DCGAN"`.
    """
    folder = _locate(preset, wanted=files.TASK)
    return str(files.read_json(folder, files.TASK).get("class_name"))


def arguments(preset):
    """The names of the arguments that a preset gives its class.

    Args:
        preset: As for `load`, or a `Folder`.

    Returns:
        Set of strings, without that of the inference network.
    """
    folder = _locate(preset, wanted=files.TASK)
    return set(files.read_json(folder, files.TASK).get("config") or ())


def task_name(preset):
    """The name of a preset's task: what kind of model it holds.

    Args:
        preset: As for `load`, or a `Folder`.

    Returns:
        String, as `"sampling"`: that of its class, or for a class that is not
        of this package what `metadata.json` says; `None` if it says nothing.

    Raises:
        ValueError: If the entry is no name.
    """
    folder = _locate(preset, wanted=files.TASK)
    name = registry.task_of(class_name(folder))
    if name is not None or not (folder.path / files.METADATA).is_file():
        return name
    name = files.read_metadata(folder).get("task")
    if name is None:
        return None
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(
            f"{folder.path / files.METADATA} must have the name of a task. "
            f"Received: task={files.short(name)!r}"
        )
    return name


def resolve(preset):
    """The local folder of a preset; downloads and verifies it if need be.

    Args:
        preset: As for `load`, or a `Folder`.

    Returns:
        A `pathlib.Path`.
    """
    return locate(preset).path
