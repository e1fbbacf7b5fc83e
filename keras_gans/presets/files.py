"""The files of a preset: their names, JSON, digests."""

import hashlib
import json
import os
import pathlib
import re
import typing

import keras_gans
from keras_gans import writing

FORMAT_VERSION = 1
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
TASK, TASK_WEIGHTS = "task.json", "task.weights.h5"
TRAINING, METADATA, INDEX = "training.json", "metadata.json", "index.json"
# The card and its pictures: samples, and what each code of a model does.
EXTRAS = ("README.md", "samples.png", "codes.png")
# Nothing else is read, written or downloaded.
FILES = (CONFIG, WEIGHTS, TASK, TASK_WEIGHTS, TRAINING, *EXTRAS)

# What a file may take, before any of it is read: bytes, and of JSON the
# values in it and how deep they lie.
MAX_JSON, MAX_VALUES, MAX_DEPTH = 8 * 2**20, 2**18, 100
MAX_WEIGHTS, MAX_EXTRAS = 2**33, 2**26


class Folder(typing.NamedTuple):
    """Where a preset is on this disk, as `locate` found it.

    Attributes:
        path: `pathlib.Path` of the folder with the preset's files.
        root: `pathlib.Path`: links among the files must stay inside of it.
        name: String, what the preset was asked for by.
    """

    path: pathlib.Path
    root: pathlib.Path
    name: str


def local(path):
    """The `Folder` of a path."""
    path = pathlib.Path(path)
    return Folder(path, path, str(path))


def find(folder, name):
    """The path of a file that is there, and inside the preset."""
    path = folder.path / name
    if not path.is_file():
        there = sorted(p.name for p in folder.path.glob("*"))
        raise FileNotFoundError(
            f"{path} must be a file. Received: a folder with "
            f"{short(', '.join(there) or 'nothing')}"
        )
    if not path.resolve().is_relative_to(folder.root.resolve()):
        raise ValueError(
            f"{path} must not link to a file outside of the preset. "
            f"Received: a link to {path.resolve()}"
        )
    return path


# ---- JSON -----------------------------------------------------------------


def read_json(folder, name):
    """The object in a JSON file, as a dict."""
    return parse_json(*_content(folder, name))


def _content(folder, name):
    """`(bytes, path)` of a JSON file that is not huge."""
    path = find(folder, name)
    if path.stat().st_size > MAX_JSON:
        raise ValueError(
            f"{path} must have at most {MAX_JSON} bytes. "
            f"Received: {path.stat().st_size}"
        )
    with path.open("rb") as file:
        return file.read(MAX_JSON + 1), path


def parse_json(content, source):
    try:
        if len(content) > MAX_JSON:
            raise ValueError(f"more than {MAX_JSON} bytes")
        # Of lists alone, 8 MB of text would be 500 MB of objects.
        if sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES} values")
        value = json.loads(content, parse_constant=_no_number)
        if not isinstance(value, dict):
            raise ValueError(f"a {type(value).__name__}")
        _check_values(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{source} must be a JSON object. Received: {short(error)}"
        ) from None
    return value


def _no_number(name):
    raise ValueError(f"{name}, which is no JSON")


def _check_values(value):
    """Raises a `ValueError` for what lies too deep, and for half letters."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item)
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            elif isinstance(item, str):
                item.encode()  # Not what `"\ud800"` is.
        if not inner:
            return
        level = inner
    raise ValueError(f"values at a depth of more than {MAX_DEPTH}")


def read_metadata(folder):
    """`metadata.json`, its version and the form of its hashes checked."""
    return parse_metadata(*_content(folder, METADATA))


def parse_metadata(content, source):
    metadata = parse_json(content, source)
    check_version(metadata, source)
    files = metadata.get("files")
    valid = isinstance(files, dict) and all(
        name in FILES
        and isinstance(file, dict)
        and isinstance(file.get("sha256"), str)
        and re.fullmatch("[0-9a-f]{64}", file["sha256"])
        and type(file.get("size")) is int
        and 0 <= file["size"] <= _most(name)
        for name, file in files.items()
    )
    if not valid:
        raise ValueError(
            f"{source} must give the sha256 and size of files among "
            f"{', '.join(FILES)}. Received: files={short(files)}"
        )
    return metadata


def _most(name):
    """The most bytes that a file of this name may have."""
    if name.endswith(".json"):
        return MAX_JSON
    return MAX_WEIGHTS if name.endswith(".h5") else MAX_EXTRAS


def check_version(metadata, source):
    version = metadata.get("format_version")
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise ValueError(
            f"{source} must have a format_version from 1 to {FORMAT_VERSION} "
            f"(a newer one needs a newer keras-gans, this is "
            f"{keras_gans.__version__}). Received: format_version={version!r}"
        )


# ---- digests --------------------------------------------------------------


def verified(folder, name, metadata):
    """`(path, expected)` of a file that is as `metadata.json` says."""
    path = find(folder, name)
    expected = metadata["files"].get(name)
    if expected is None:
        raise ValueError(
            f"{folder.path / METADATA} must state the SHA-256 of {name}. "
            f"Received: files={', '.join(metadata['files']) or 'nothing'}"
        )
    if not matches(path, expected):
        size = path.stat().st_size
        received = f"{size} bytes"
        if size == expected["size"]:
            received += f", {digest(path)['sha256']}"
        raise ValueError(
            f"{path} must be the file that {METADATA} describes, of "
            f"{expected['size']} bytes and SHA-256 {expected['sha256']}. "
            f"Received: {received}"
        )
    return path, expected


def digest(path):
    with open(path, "rb") as f:
        sha256 = hashlib.file_digest(f, "sha256").hexdigest()
    return {"sha256": sha256, "size": os.path.getsize(path)}


def matches(path, expected):
    return (
        path.is_file()
        and path.stat().st_size == expected["size"]  # Before it is read.
        and digest(path)["sha256"] == expected["sha256"]
    )


def with_files(details, path):
    """Metadata with the digests of the files that are in a folder."""
    there = [name for name in FILES if (path / name).is_file()]
    return {**details, "files": {name: digest(path / name) for name in there}}


# ---- writing and messages -------------------------------------------------


def write(path, content):
    """Writes bytes or JSON, all of it or nothing."""
    if not isinstance(content, bytes):
        content = (
            json.dumps(content, indent=2, allow_nan=False) + "\n"
        ).encode()
    writing.write(path, content)


def short(value, length=300):
    """An error or value as one short line, for messages."""
    text = str(value)[: 10 * length]
    text = " ".join(text.split()) or type(value).__name__
    # Names of files need not be of letters.
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= length else f"{text[:length]}..."
