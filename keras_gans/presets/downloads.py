"""Presets from elsewhere: an `https://` address, or the Hugging Face Hub.

Keras and huggingface_hub are imported where they are used, so that presets on
this disk are listed at once.
"""

import contextlib
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import tempfile
import time
import urllib.error

import keras_gans
from keras_gans import optional
from keras_gans.presets import fetching, files

_MAX_METADATA = 2**20  # bytes: nothing says beforehand how many there are


def from_url(url, name, pin=None, weights=True):
    """The `Folder` behind `url`, in Keras's cache, every file verified.

    Each file becomes visible only when its hash is right, and every call
    checks every hash: what a killed download left is never taken as complete.
    """
    url = url.rstrip("/")
    if "?" in url or "#" in url:
        raise ValueError(
            "preset must be an https:// address of a folder, without a query. "
            f"Received: preset={url!r}"
        )
    fetching.check_url(url)
    key = hashlib.sha256(url.encode()).hexdigest()[:16]
    last = url.rsplit("/", 1)[-1][:100]  # Most of what a file system takes.
    folder = keras_home() / "keras_gans" / f"{last}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    content = _download_metadata(url, folder, pin)
    metadata = files.parse_metadata(content, f"{url}/{files.METADATA}")
    remove_parts(folder)
    for file, expected in metadata["files"].items():
        if file.endswith(".h5") and not weights:
            continue
        if files.matches(folder / file, expected):
            continue
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
            path = pathlib.Path(part, file)
            download(f"{url}/{file}", path, expected)
            os.replace(path, folder / file)
    for file in files.FILES:  # Of an earlier version of this preset.
        if file not in metadata["files"]:
            (folder / file).unlink(missing_ok=True)
    files.write(folder / files.METADATA, content)
    return files.Folder(folder, folder, name)


def remove_parts(folder):
    """Removes what downloads that were killed left in a folder of the cache."""
    for old in folder.glob(".part-*"):
        with contextlib.suppress(FileNotFoundError):  # It is over by now.
            if time.time() - old.stat().st_mtime > 24 * 3600:
                shutil.rmtree(old, ignore_errors=True)


class _DiskError(OSError):
    """It is the disk's fault and not the server's."""


def download(url, path, expected, declared_by=files.METADATA):
    """Writes a file that has the size and the hash that were declared.

    Args:
        url: String.
        path: `pathlib.Path` in a folder `.part-*` of the cache.
        expected: Dict with the `size` in bytes and the `sha256`.
        declared_by: String, who states them, for the error.

    Raises:
        FileNotFoundError, ConnectionError: If the server has no such file, or
            cannot be reached.
        OSError: If the disk has no room.
        ValueError: If the server has another file.
    """
    free = shutil.disk_usage(path.parent).free
    if expected["size"] > free:
        raise _DiskError(
            f"{path.parent.parent} must have room for {expected['size']} "
            f"bytes of {url}. Received: {free} bytes free"
        )
    with path.open("wb") as file, _progress(expected["size"]) as progress:

        def write(part):
            try:
                file.write(part)
            except OSError as error:
                raise _DiskError(
                    f"{path.parent.parent} must have room for {url}. "
                    f"Received: {error}"
                ) from None
            progress(len(part))

        try:
            fetching.fetch(url, expected["size"], write)
        except _DiskError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise _network_error(url, error) from error
    if not files.matches(path, expected):
        raise ValueError(
            f"{url} must have the SHA-256 that {declared_by} states, "
            f"{expected['sha256']}. Received: other contents"
        )


@contextlib.contextmanager
def _progress(size):
    """Function of a number of bytes more, which shows a bar if it is long."""
    if size < 2**20:
        yield lambda count: None
        return
    import keras

    bar = keras.utils.Progbar(size, unit_name="byte")
    yield bar.add


def _download_metadata(url, folder, pin):
    cached = None
    with contextlib.suppress(FileNotFoundError):
        cached = (folder / files.METADATA).read_bytes()
    if pin and cached and hashlib.sha256(cached).hexdigest() == pin:
        return cached  # Needs no network at all.
    parts = []
    try:
        fetching.fetch(
            f"{url}/{files.METADATA}", _MAX_METADATA, parts.append, False
        )
    except (OSError, http.client.HTTPException) as error:
        gone = isinstance(error, urllib.error.HTTPError)
        if cached and not pin and not gone:
            return cached  # Offline; the files are verified all the same.
        raise _network_error(f"{url}/{files.METADATA}", error) from error
    content = b"".join(parts)
    received = hashlib.sha256(content).hexdigest()
    if pin and received != pin:
        raise ValueError(
            f"{url}/{files.METADATA} must have the SHA-256 that the zoo's "
            f"index states, {pin}. Received: {received}"
        )
    return content


def _network_error(url, error):
    for cause in (error, error.__context__):
        if isinstance(cause, urllib.error.HTTPError):
            cause.close()
            if cause.code in (404, 410):
                return FileNotFoundError(
                    f"{url} must exist. Received: HTTP status {cause.code}"
                )
    return ConnectionError(
        f"{url} must be reachable to download it. "
        f"Received: {files.short(error)}"
    )


def from_hub(preset, weights=True):
    """The `Folder` of a repository, `hf://organisation/name[@revision]`."""
    match = re.fullmatch(
        r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?", preset, re.ASCII
    )
    if not match:
        raise ValueError(
            "preset must be hf://organisation/name or hf://organisation/"
            f"name@revision. Received: preset={preset!r}"
        )
    repo, revision = match.groups()
    huggingface_hub = optional.load(
        "huggingface_hub",
        "hub",
        "Presets of the Hugging Face Hub need huggingface_hub",
        f". Received: preset={preset!r}",
    )

    def snapshot(revision, wanted):
        with _hub_errors(preset):
            path = huggingface_hub.snapshot_download(
                repo,
                revision=revision,
                allow_patterns=wanted,
                library_name="keras-gans",
                library_version=keras_gans.__version__,
            )
        path = pathlib.Path(path)
        # The hub's cache is folders of links: models--x/snapshots/<commit>/
        # file points to models--x/blobs.
        return files.Folder(path, path.parent.parent, preset)

    def take(commit, most):
        """The snapshot with these files, which have at most so many bytes."""
        with _hub_errors(preset):
            tree = huggingface_hub.HfApi().list_repo_tree(repo, revision=commit)
            sizes = {file.path: getattr(file, "size", None) for file in tree}
        for name, limit in most.items():
            size = sizes.get(name, 0)
            if size is None or size > limit:
                raise ValueError(
                    f"{preset}/{name} must be a preset's file, of at most "
                    f"{limit} bytes. Received: {size} bytes"
                )
        return snapshot(commit, list(most))

    folder = snapshot(revision, [])  # Which commit it is.
    commit = folder.path.name
    most = {files.METADATA: _MAX_METADATA}
    if not (folder.path / files.METADATA).is_file():
        folder = take(commit, most)
    for name, file in files.read_metadata(folder)["files"].items():
        if weights or not name.endswith(".h5"):
            most[name] = file["size"]
    if all((folder.path / name).is_file() for name in most):
        return folder  # Nothing more to ask for.
    return take(commit, most)


@contextlib.contextmanager
def _hub_errors(preset):
    """What the hub's client raises, as sentences."""
    from huggingface_hub import errors

    try:
        yield
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise FileNotFoundError(
            "preset must be a public repository and revision of the Hugging "
            f"Face Hub, or one that your token reads. Received: {preset!r}"
        ) from None
    except Exception as error:
        raise ConnectionError(
            f"{preset} must be reachable to download it. "
            f"Received: {files.short(error)}"
        ) from error


def keras_home():
    """The cache folder that `keras.utils.get_file` uses."""
    home = os.environ.get("KERAS_HOME")
    if not home:
        user = os.path.expanduser("~")
        home = os.path.join(
            user if os.access(user, os.W_OK) else "/tmp", ".keras"
        )
    home = os.path.expanduser(home)
    with contextlib.suppress(OSError):
        os.makedirs(home, exist_ok=True)
    if not os.access(home, os.W_OK):
        home = os.path.join(tempfile.gettempdir(), ".keras")
    return pathlib.Path(home).absolute()
