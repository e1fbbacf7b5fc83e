"""Presets whose weights another package brings.

The zoo has their description and not their weights, which are others' work.
An extra installs the package that carries them, as files of ncnn. They are
found without importing it, verified by the SHA-256 that the zoo's index
states, converted once into Keras's cache, and loaded from there as any preset
is, with all its checks.

Nothing here imports Keras, but for the conversion.
"""

import hashlib
import importlib
import json
import os
import pathlib
import shutil
import tempfile
from importlib import metadata

from keras_gans.names import install
from keras_gans.presets import downloads, files

# Another number makes caches of before useless: where what is written changes.
VERSION = 1


def locate(name, package, described):
    """The `Folder` of such a preset with its weights, in Keras's cache.

    Args:
        name: String, that of the preset.
        package: Dict of the zoo's index: the `name` of the package, the
            `extra` that brings it, the `files` in it with `sha256` and
            `size`, and what they are converted `to`.
        described: The `Folder` of the zoo, which says whose they are.

    Raises:
        ImportError: If neither the package nor the cache is there.
        ValueError: If the package has other files.
    """
    folder = cache_of(name, package)
    found = files.Folder(folder, folder, name)
    if not _is_whole(found):
        _convert(name, package, described, folder)
    return found


def cache_of(name, package):
    """Where a preset lies once it was converted."""
    told = json.dumps([VERSION, package["files"]], sort_keys=True)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    return downloads.keras_home() / "keras_gans" / f"{name}-{key}"


def is_there(name, package):
    """Whether a preset can be loaded: installed, or in the cache.

    Nothing is read to say so.
    """
    if (cache_of(name, package) / files.METADATA).is_file():
        return True
    return _distribution(package) is not None


def _is_whole(folder):
    """Whether a conversion is complete, as it was written."""
    try:
        told = files.read_metadata(folder)["files"]
    except (OSError, ValueError):
        return False
    needed = {files.CONFIG, files.WEIGHTS, files.TASK, files.TASK_WEIGHTS}
    return needed <= set(told) and all(
        files.matches(folder.path / name, told[name]) for name in told
    )


def _distribution(package):
    try:
        return metadata.distribution(package["name"])
    except metadata.PackageNotFoundError:
        return None


def _contents(name, package):
    """The files of the package, verified: a dict of suffixes to bytes."""
    found = _distribution(package)
    if found is None:
        raise ImportError(
            f"The weights of {name} are in the package {package['name']}: "
            f"{install(package['extra'])}. Received: preset={name!r}"
        )
    contents = {}
    for file, expected in package["files"].items():
        path = pathlib.Path(found.locate_file(file))
        content = b""
        # Not read, if it has another size.
        if path.is_file() and path.stat().st_size == expected["size"]:
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != expected["sha256"]:
            raise ValueError(
                f"{path} must be the file of {package['name']} "
                f"{package['version']}, of SHA-256 {expected['sha256']}: "
                f"{install(package['extra'])}. Received: {package['name']} "
                f"{found.version} without it"
            )
        contents[path.suffix] = content
    return contents


def _convert(name, package, described, folder):
    contents = _contents(name, package)
    folder.parent.mkdir(parents=True, exist_ok=True)
    downloads.remove_parts(folder.parent)
    # It stands above: only a running program knows it.
    upscalers = importlib.import_module("keras_gans.convert.upscalers")
    model = upscalers.packaged(
        contents[".param"], contents[".bin"], package["to"], name
    )
    told = files.read_metadata(described)
    own = ("license", "notice", "authors", "paper", "source", "dataset")
    with tempfile.TemporaryDirectory(
        prefix=".part-", dir=folder.parent
    ) as part:
        made = pathlib.Path(part) / folder.name
        model.save_to_preset(
            made, metadata={key: told[key] for key in own if key in told}
        )
        if folder.is_dir():  # Of a conversion that was not whole.
            shutil.rmtree(folder)
        folder.unlink(missing_ok=True)
        try:
            os.rename(made, folder)
        except OSError:
            if not folder.is_dir():  # By another process, as fast.
                raise
