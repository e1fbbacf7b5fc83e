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
import urllib.parse
import urllib.request

import keras_gans
from keras_gans.presets import files


def from_url(url, name, pin=None, weights=True):
    """The `Folder` behind `url`, in Keras's cache, every file verified.

    Each file becomes visible only when its hash is right, and every call
    checks every hash: what a killed download left is never taken as complete.
    """
    import keras

    url = url.rstrip("/")
    _check_url(url)
    key = hashlib.sha256(url.encode()).hexdigest()[:16]
    home = _keras_home()
    folder = home / "keras_gans" / f"{url.rsplit('/', 1)[-1]}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    content = _download_metadata(url, folder, pin)
    metadata = files.parse_metadata(content, f"{url}/{files.METADATA}")
    for old in folder.glob(".part-*"):  # Of downloads that were killed.
        if time.time() - old.stat().st_mtime > 24 * 3600:
            shutil.rmtree(old, ignore_errors=True)
    for file, expected in metadata["files"].items():
        if file.endswith(".h5") and not weights:
            continue
        if files.matches(folder / file, expected):
            continue
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
            try:
                path = keras.utils.get_file(
                    file,
                    f"{url}/{file}",
                    file_hash=expected["sha256"],
                    hash_algorithm="sha256",
                    cache_dir=str(home),
                    cache_subdir=part,
                )
            except ValueError:
                raise ValueError(
                    f"{url}/{file} must have the SHA-256 that {files.METADATA} "
                    f"states, {expected['sha256']}. Received: other contents"
                ) from None
            except Exception as error:  # get_file raises a plain Exception.
                raise _network_error(f"{url}/{file}", error) from error
            os.replace(path, folder / file)
    for file in files.FILES:  # Of an earlier version of this preset.
        if file not in metadata["files"]:
            (folder / file).unlink(missing_ok=True)
    files.write(folder / files.METADATA, content)
    return files.Folder(folder, folder, name)


def _check_url(url):
    parts = urllib.parse.urlsplit(url)
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if (
        parts.scheme not in (("http", "https") if loopback else ("https",))
        or not parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise ValueError(
            "preset must be an https:// address of a folder, without a query. "
            f"Received: preset={url!r}"
        )


def _download_metadata(url, folder, pin):
    cached = None
    with contextlib.suppress(FileNotFoundError):
        cached = (folder / files.METADATA).read_bytes()
    if pin and cached and hashlib.sha256(cached).hexdigest() == pin:
        return cached  # Needs no network at all.
    try:
        with urllib.request.urlopen(
            f"{url}/{files.METADATA}", timeout=30
        ) as reply:
            _check_url(reply.url.partition("?")[0])  # Of a redirection.
            content = reply.read(files.MAX_JSON + 1)
            if reply.length and len(content) <= files.MAX_JSON:
                raise ConnectionError(f"{reply.length} bytes too few")
    except (OSError, http.client.HTTPException) as error:
        gone = isinstance(error, urllib.error.HTTPError)
        if cached and not pin and not gone:
            return cached  # Offline; the files are verified all the same.
        raise _network_error(f"{url}/{files.METADATA}", error) from error
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
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError:
        raise ImportError(
            "Presets of the Hugging Face Hub need huggingface_hub: pip "
            f"install 'keras-gans[hub]'. Received: preset={preset!r}"
        ) from None
    wanted = [
        files.METADATA,
        *(f for f in files.FILES if weights or f[-3:] != ".h5"),
    ]
    try:
        folder = huggingface_hub.snapshot_download(
            match[1],
            revision=match[2],
            allow_patterns=wanted,
            library_name="keras-gans",
            library_version=keras_gans.__version__,
        )
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
    folder = pathlib.Path(folder)
    # The hub's cache is folders of links: models--x/snapshots/<commit>/file
    # points to models--x/blobs.
    return files.Folder(folder, folder.parent.parent, preset)


def _keras_home():
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
