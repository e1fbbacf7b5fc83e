"""Writes models as presets, and adds to presets on disk."""

import functools
import io
import itertools
import pathlib
import shutil

import h5py
import keras
import numpy as np

import keras_gans
from keras_gans import registry, writing
from keras_gans.presets import files
from keras_gans.presets.parts import (
    container,
    is_preset_model,
    networks_of,
    remove,
)
from keras_gans.presets.trust import rebuild


def save(
    model,
    path,
    *,
    dtype=None,
    recipe=None,
    metadata=None,
    weights=True,
    raw_weights=True,
):
    """Writes a preset's folder, all of it or nothing.

    A folder that holds a preset is replaced; its `README.md`, `samples.png`
    and `training.json`, and files that are not a preset's, stay.

    Args:
        model: A model of this package, as every `AdversarialModel`.
        path: The folder.
        dtype: `"float16"` stores compressed half precision, half the size or
            less; `None` stores the exact weights.
        recipe: Dict for `training.json`, the options of `keras-gans train`.
        metadata: Dict of more entries for `metadata.json`: licence, dataset,
            scores.
        weights: `False` writes a recipe without weights.
        raw_weights: `False` leaves out those that the moving average of the
            inference network was taken of, a third of the bytes: training
            goes on from the average then. Without such an average it changes
            nothing.

    Raises:
        ValueError: If `path` is a folder with something else in it, if a
            weight does not fit into float16, or if a network is of a class
            that a preset cannot hold.
    """
    if dtype not in (None, "float16"):
        raise ValueError(
            f"dtype must be None or 'float16'. Received: dtype={dtype!r}"
        )
    if not is_preset_model(type(model)):
        raise ValueError(
            "model must be one of this package's models. "
            f"Received: model={model!r}"
        )
    path = pathlib.Path(path).resolve()
    writing.clean(path.parent, path.name)  # What one left that was killed.
    if path.exists() and (
        not path.is_dir()
        or any(path.iterdir())
        and not (path / files.METADATA).is_file()
    ):
        raise ValueError(
            "path must be a new or empty folder, or one that holds a preset. "
            f"Received: path={str(path)!r}"
        )
    networks = networks_of(model)
    is_inference = [n is model.inference_network for n in networks.values()]
    inference = next(itertools.compress(networks, is_inference), None)
    if inference is None:
        raise ValueError(
            "model.inference_network must be one of the networks in "
            f"get_config(). Received: networks {', '.join(networks)}"
        )
    network = inference.removeprefix("ema_")
    config = tidy(keras.saving.serialize_keras_object(model.inference_network))
    task = tidy(keras.saving.serialize_keras_object(model))
    task["config"] = remove(task["config"], network)
    # What could not be loaded is better refused now.
    registered = keras.saving.get_custom_objects()
    rebuild(config, "inference_network", registered)
    rebuild(task, type(model).__name__, registered)
    details = {
        "format_version": files.FORMAT_VERSION,
        "class": type(model).__name__,
        "task": task_of(model),
        "network": network,
        "keras_gans_version": keras_gans.__version__,
        "keras_version": keras.__version__,
        "backend": keras.backend.backend(),
        **model.facts(),
    }
    if details["task"] is None:
        del details["task"]
    if weights:
        details["dtype"] = dtype or model.inference_network.variable_dtype
    if model.class_names:
        details["classes"] = list(model.class_names)
    metadata = dict(metadata or {})
    notices = [*model.notices] if weights else []
    notices += metadata.pop("notices", ())
    if notices:
        details["notices"] = list(dict.fromkeys(notices))
    merge(details, metadata, reserved=("files", "task", "dtype", *details))

    with writing.temporary(path) as part:
        part.mkdir()
        files.write(part / files.CONFIG, config)
        files.write(part / files.TASK, task)
        if weights:
            del networks[inference]
            if not raw_weights:
                networks.pop(network, None)
            write_weights(model.inference_network, part / files.WEIGHTS, dtype)
            write_weights(container(networks), part / files.TASK_WEIGHTS, dtype)
        for name in (files.TRAINING, *files.EXTRAS):
            if (path / name).is_file():
                shutil.copy2(path / name, part / name)
        if recipe is not None:
            files.write(part / files.TRAINING, recipe)
        files.write(part / files.METADATA, files.with_files(details, part))
        writing.move(part, path, own=(files.METADATA, *files.FILES))


def update(path, *, recipe=None, metadata=None):
    """Adds to a preset on disk: scores, a recipe; states all hashes anew.

    Call it after `README.md`, `samples.png` or JSON was edited by hand, too:
    downloads are verified against the hashes. Weights that are damaged are
    not made good by it, they keep their hash.

    Args:
        path: A preset's folder, a path or what `locate` returned.
        recipe: Dict for `training.json`, or `None` to leave it.
        metadata: Dict of entries to add to `metadata.json`.
    """
    folder = path if isinstance(path, files.Folder) else files.local(path)
    path = folder.path
    details = files.read_metadata(folder)
    weights = {n: f for n, f in details.pop("files").items() if ".h5" in n}
    own = ("format_version", "class", "task", "network", "backend", "dtype")
    merge(details, metadata, reserved=("files", *own))
    if recipe is not None:
        files.write(path / files.TRAINING, recipe)
    details = files.with_files(details, path)
    details["files"].update(weights)
    files.write(path / files.METADATA, details)


def task_of(model):
    """The name of a model's task, or `None`."""
    name = getattr(model, "task_name", None)
    return name or registry.task_of(type(model).__name__)


def merge(details, metadata, reserved):
    for name, value in (metadata or {}).items():
        if name in reserved:
            raise ValueError(
                f"metadata must not contain {', '.join(reserved)}, which "
                f"are written by save(). Received: {name}={value!r}"
            )
        details[name] = value


def tidy(value):
    """Serialized objects without what loading ignores or refuses."""
    if isinstance(value, list):
        return [tidy(v) for v in value]
    if not isinstance(value, dict):
        return value
    value = {k: tidy(v) for k, v in value.items() if k != "compile_config"}
    if value.get("build_config") == {"input_shape": None}:
        del value["build_config"]
    return value


def write_weights(saveable, path, dtype):
    exact = writing.weights(
        functools.partial(keras.saving.save_weights, saveable)
    )
    files.write(path, bytes(exact) if dtype is None else _halved(exact))


def _halved(exact):
    """The bytes of a file of weights, in float16 and compressed."""

    def copy_item(name, item):
        if isinstance(item, h5py.Group):
            target = file.require_group(name)
        else:
            value, options = np.asarray(item), {}
            if value.dtype.kind == "f":
                with np.errstate(over="ignore"):
                    value = value.astype("float16")
                if not np.isfinite(value).all():
                    raise ValueError(
                        "dtype='float16' needs weights between -65504 and "
                        f"65504. Received: {name} with others"
                    )
            if value.ndim:  # Scalars cannot be compressed.
                options = {"compression": "gzip", "shuffle": True}
            target = file.create_dataset(name, data=value, **options)
        target.attrs.update(item.attrs)

    half = io.BytesIO()
    with (
        h5py.File(io.BytesIO(exact), "r") as source,
        h5py.File(half, "w") as file,
    ):
        source.visititems(copy_item)
    return half.getvalue()
