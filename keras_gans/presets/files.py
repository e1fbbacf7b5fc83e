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
EXTRAS = ("README.md", "samples.png")
# Nothing else is read, written or downloaded.
FILES = (CONFIG, WEIGHTS, TASK, TASK_WEIGHTS, TRAINING, *EXTRAS)

MAX_JSON = 16 * 2**20  # bytes


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
            f"{', '.join(there) or 'nothing'}"
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
    path = find(folder, name)
    if path.stat().st_size > MAX_JSON:
        raise ValueError(
            f"{path} must have at most {MAX_JSON} bytes. "
            f"Received: {path.stat().st_size}"
        )
    return parse_json(path.read_bytes(), path)


def parse_json(content, source):
    try:
        if len(content) > MAX_JSON:
            raise ValueError(f"more than {MAX_JSON} bytes")
        value = json.loads(content)
        if not isinstance(value, dict):
            raise ValueError(f"a {type(value).__name__}")
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{source} must be a JSON object. Received: {short(error)}"
        ) from None
    return value


def read_metadata(folder):
    """`metadata.json`, its version and the form of its hashes checked."""
    path = find(folder, METADATA)
    return parse_metadata(path.read_bytes(), path)


def parse_metadata(content, source):
    metadata = parse_json(content, source)
    check_version(metadata, source)
    files = metadata.get("files")
    valid = isinstance(files, dict) and all(
        name in FILES
        and isinstance(file, dict)
        and re.fullmatch("[0-9a-f]{64}", str(file.get("sha256")))
        and isinstance(file.get("size"), int)
        for name, file in files.items()
    )
    if not valid:
        raise ValueError(
            f"{source} must give the sha256 and size of files among "
            f"{', '.join(FILES)}. Received: files={short(files)}"
        )
    return metadata


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
        actual = digest(path)
        raise ValueError(
            f"{path} must be the file that {METADATA} describes, of "
            f"{expected['size']} bytes and SHA-256 {expected['sha256']}. "
            f"Received: {actual['size']} bytes, {actual['sha256']}"
        )
    return path, expected


def digest(path):
    with open(path, "rb") as f:
        sha256 = hashlib.file_digest(f, "sha256").hexdigest()
    return {"sha256": sha256, "size": os.path.getsize(path)}


def matches(path, expected):
    return path.is_file() and digest(path) == {
        "sha256": expected["sha256"],
        "size": expected["size"],
    }


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
    text = " ".join(str(value).split()) or type(value).__name__
    return text if len(text) <= length else f"{text[:length]}..."
