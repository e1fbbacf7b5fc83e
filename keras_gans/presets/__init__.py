"""Presets: find, verify, load and save.

A preset is a folder, laid out as in KerasHub:

    config.json        the inference network, serialized
    model.weights.h5   its weights; `keras.saving.load_model(folder)` works
    task.json          the GAN, serialized, without that network
    task.weights.h5    all other networks (not the optimizers)
    training.json      the recipe that trains it (optional)
    metadata.json      versions, class, SHA-256 of all files, licence, scores
    README.md, samples.png

Loading trusts nothing. Only classes of this package and a list of Keras's are
made from JSON, weights are checked by SHA-256, and their shapes are compared
with the ones that the JSON declares before a byte of memory is taken for them.

Keras is imported inside the functions that need it, so that the command line
lists presets at once.
"""

import collections
import contextlib
import copy
import hashlib
import http.client
import json
import math
import os
import pathlib
import re
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import keras_gans

FORMAT_VERSION = 1
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
TASK, TASK_WEIGHTS = "task.json", "task.weights.h5"
TRAINING, METADATA, INDEX = "training.json", "metadata.json", "index.json"
EXTRAS = ("README.md", "samples.png")
# Nothing else is read, written or downloaded.
FILES = (CONFIG, WEIGHTS, TASK, TASK_WEIGHTS, TRAINING, *EXTRAS)

_MAX_JSON = 16 * 2**20  # bytes
# Without a weights file to compare with, what a preset may declare.
_MAX_PARAMETERS = 10**9
_MAX_EXAMPLE = 2**28  # elements of one input or output of a network
# Declared bytes of a weights file: always fine / as a multiple of its size.
_BOMB_FLOOR, _BOMB_RATIO = 64 * 2**20, 100


# ---- the zoo --------------------------------------------------------------


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
        if (place / INDEX).is_file():
            return place
    raise FileNotFoundError(
        f"The zoo must hold {INDEX}. Received: no such file in "
        f"{', '.join(map(str, places))}"
    )


def names():
    """The names of the built-in presets, sorted.

    Returns:
        List of strings.
    """
    return sorted(_index())


def info(preset):
    """What is known about a preset, without importing Keras.

    Args:
        preset: The name of a built-in preset, or the path of a folder.

    Returns:
        The entry of the zoo's index as a dict, plus `"metadata"` and
        `"training"`: `metadata.json` and `training.json` where they are on
        this disk.
    """
    entry = _index().get(str(preset))
    if entry is None:
        folder = pathlib.Path(_checked_folder(preset))
    else:
        folder = zoo_path() / preset
    details = dict(entry or {})
    if (folder / METADATA).is_file():
        details["metadata"] = _read_metadata(folder, folder)
    if (folder / TRAINING).is_file():
        details["training"] = _read_json(folder, TRAINING, folder)
    return details


def recipe(preset):
    """The training recipe of a preset.

    Args:
        preset: As for `load`.

    Returns:
        `training.json` as a dict.

    Raises:
        FileNotFoundError: If the preset has no recipe.
    """
    folder, root = _locate(preset, weights=False, wanted=TRAINING)
    return _read_json(folder, TRAINING, root)


def class_name(preset):
    """The name of a preset's class, without building it.

    Args:
        preset: As for `load`.

    Returns:
        String, as `"DCGAN"`.
    """
    folder, root = _locate(preset, weights=False, wanted=TASK)
    return str(_read_json(folder, TASK, root).get("class_name"))


def resolve(preset):
    """The local folder of a preset; downloads and verifies it if need be.

    Args:
        preset: As for `load`.

    Returns:
        A `pathlib.Path`.
    """
    return _locate(preset)[0]


def _index():
    try:
        folder = zoo_path()
    except FileNotFoundError:
        return {}
    index = _read_json(folder, INDEX, folder)
    _check_version(index, folder / INDEX)
    presets = index.get("presets")
    if not isinstance(presets, dict) or not all(
        re.fullmatch(r"\w[\w.-]*", name) and isinstance(entry, dict)
        for name, entry in presets.items()
    ):
        raise ValueError(
            f"{folder / INDEX} must map the names of presets to objects. "
            f"Received: presets={_short(presets)}"
        )
    return presets


def _locate(preset, weights=True, wanted=CONFIG):
    """`(folder, root)`: links in the folder must stay inside the root."""
    name = os.fspath(preset)
    if name.startswith("hf://"):
        return _download_from_hub(name, weights)
    if "://" in name:
        folder = _download(name, weights=weights)
        return folder, folder
    entry = _index().get(name)
    if entry is not None:
        folder = zoo_path() / name
        if weights and entry.get("weights"):
            wanted = WEIGHTS
        if "url" in entry and not (folder / wanted).is_file():
            folder = _download(
                entry["url"], entry.get("metadata_sha256"), weights
            )
        return folder, folder
    folder = _checked_folder(name)
    return folder, folder


def _checked_folder(preset):
    folder = pathlib.Path(preset)
    if not folder.is_dir():
        raise FileNotFoundError(
            "preset must be the path of a preset's folder, hf://organisation/"
            "name, https://..., or the name of a built-in preset "
            f"({', '.join(names()) or 'there are none'}). "
            f"Received: preset={str(preset)!r}"
        )
    if not (folder / TASK).is_file() and (folder / "best" / TASK).is_file():
        raise FileNotFoundError(
            f"preset must be a preset's folder, as {folder / 'best'}. "
            f"Received: the folder of a run, {str(preset)!r}"
        )
    return folder


# ---- downloads ------------------------------------------------------------


def _download(url, pin=None, weights=True):
    """The folder behind `url`, in Keras's cache, every file verified.

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
    files = _parse_metadata(content, f"{url}/{METADATA}").get("files", {})
    for old in folder.glob(".part-*"):  # Of downloads that were killed.
        if time.time() - old.stat().st_mtime > 24 * 3600:
            shutil.rmtree(old, ignore_errors=True)
    for name, expected in files.items():
        if name.endswith(".h5") and not weights:
            continue
        if _matches(folder / name, expected):
            continue
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
            try:
                path = keras.utils.get_file(
                    name,
                    f"{url}/{name}",
                    file_hash=expected["sha256"],
                    hash_algorithm="sha256",
                    cache_dir=str(home),
                    cache_subdir=part,
                )
            except ValueError:
                raise ValueError(
                    f"{url}/{name} must have the SHA-256 that {METADATA} "
                    f"states, {expected['sha256']}. Received: other contents"
                ) from None
            except Exception as error:  # get_file raises a plain Exception.
                raise _network_error(f"{url}/{name}", error) from error
            os.replace(path, folder / name)
    for name in FILES:  # Of an earlier version of this preset.
        if name not in files:
            (folder / name).unlink(missing_ok=True)
    _write(folder / METADATA, content)
    return folder


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
        cached = (folder / METADATA).read_bytes()
    if pin and cached and hashlib.sha256(cached).hexdigest() == pin:
        return cached  # Needs no network at all.
    try:
        with urllib.request.urlopen(f"{url}/{METADATA}", timeout=30) as reply:
            _check_url(reply.url.partition("?")[0])  # Of a redirection.
            content = reply.read(_MAX_JSON + 1)
            if reply.length and len(content) <= _MAX_JSON:
                raise ConnectionError(f"{reply.length} bytes too few")
    except (OSError, http.client.HTTPException) as error:
        gone = isinstance(error, urllib.error.HTTPError)
        if cached and not pin and not gone:
            return cached  # Offline; the files are verified all the same.
        raise _network_error(f"{url}/{METADATA}", error) from error
    received = hashlib.sha256(content).hexdigest()
    if pin and received != pin:
        raise ValueError(
            f"{url}/{METADATA} must have the SHA-256 that the zoo's index "
            f"states, {pin}. Received: {received}"
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
        f"{url} must be reachable to download it. Received: {_short(error)}"
    )


def _download_from_hub(preset, weights):
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
    wanted = [METADATA, *(f for f in FILES if weights or f[-3:] != ".h5")]
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
            f"Received: {_short(error)}"
        ) from error
    folder = pathlib.Path(folder)
    # The hub's cache is folders of links: models--x/snapshots/<commit>/file
    # points to models--x/blobs.
    return folder, folder.parent.parent


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


# ---- files ----------------------------------------------------------------


def _file(folder, name, root):
    """The path of a file that is there, and inside the preset."""
    path = folder / name
    if not path.is_file():
        there = sorted(p.name for p in folder.glob("*"))
        raise FileNotFoundError(
            f"{path} must be a file. Received: a folder with "
            f"{', '.join(there) or 'nothing'}"
        )
    if not path.resolve().is_relative_to(root.resolve()):
        raise ValueError(
            f"{path} must not link to a file outside of the preset. "
            f"Received: a link to {path.resolve()}"
        )
    return path


def _read_json(folder, name, root):
    path = _file(folder, name, root)
    if path.stat().st_size > _MAX_JSON:
        raise ValueError(
            f"{path} must have at most {_MAX_JSON} bytes. "
            f"Received: {path.stat().st_size}"
        )
    return _parse_json(path.read_bytes(), path)


def _parse_json(content, source):
    try:
        if len(content) > _MAX_JSON:
            raise ValueError(f"more than {_MAX_JSON} bytes")
        value = json.loads(content)
        if not isinstance(value, dict):
            raise ValueError(f"a {type(value).__name__}")
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{source} must be a JSON object. Received: {_short(error)}"
        ) from None
    return value


def _read_metadata(folder, root):
    path = _file(folder, METADATA, root)
    return _parse_metadata(path.read_bytes(), path)


def _parse_metadata(content, source):
    metadata = _parse_json(content, source)
    _check_version(metadata, source)
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
            f"{', '.join(FILES)}. Received: files={_short(files)}"
        )
    return metadata


def _check_version(metadata, source):
    version = metadata.get("format_version")
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise ValueError(
            f"{source} must have a format_version from 1 to {FORMAT_VERSION} "
            f"(a newer one needs a newer keras-gans, this is "
            f"{keras_gans.__version__}). Received: format_version={version!r}"
        )


def _digest(path):
    with open(path, "rb") as f:
        sha256 = hashlib.file_digest(f, "sha256").hexdigest()
    return {"sha256": sha256, "size": os.path.getsize(path)}


def _matches(path, expected):
    return path.is_file() and _digest(path) == {
        "sha256": expected["sha256"],
        "size": expected["size"],
    }


def _write(path, content):
    if not isinstance(content, bytes):
        content = (
            json.dumps(content, indent=2, allow_nan=False) + "\n"
        ).encode()
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    part.write_bytes(content)
    os.replace(part, path)


def _short(value, length=300):
    """An error or value as one short line, for messages."""
    text = " ".join(str(value).split()) or type(value).__name__
    return text if len(text) <= length else f"{text[:length]}..."


# ---- classes that JSON may name -------------------------------------------

# No layer here runs code from its config (Lambda), wraps another framework
# (JaxLayer, TorchModuleWrapper), or opens files (TFSMLayer, StringLookup).
_LAYERS = """
    Activation ActivityRegularization Add AlphaDropout Attention Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D
    DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten
    GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GRU GRUCell
    Identity InputLayer LayerNormalization LeakyReLU LSTM LSTMCell Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MultiHeadAttention
    Multiply Normalization Permute PReLU ReLU RepeatVector Rescaling Reshape
    Resizing RMSNormalization RNN SeparableConv1D SeparableConv2D SimpleRNN
    SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells Subtract TimeDistributed
    Bidirectional UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
_CLASSES = {
    "keras.layers": _LAYERS.split(),
    "keras": ["DTypePolicy", "Sequential"],
    "keras.src.models.functional": ["Functional"],
    # A whole module: its public classes of this base class.
    "keras.initializers": "Initializer",
    "keras.regularizers": "Regularizer",
    "keras.constraints": "Constraint",
    # `x * 2` or `ops.relu(x)` in a functional network.
    "keras.src.ops.numpy": "Operation",
    "keras.src.ops.nn": "Operation",
}


def _is_allowed(module, name):
    import keras

    allowed = _CLASSES.get(module)
    if isinstance(allowed, list):
        return name in allowed
    if allowed is None or not str(name).isidentifier():
        return False
    if allowed == "Operation":
        space = __import__(module, fromlist=["_"])  # One of the two above.
        base = keras.Operation
    else:
        space = getattr(keras, module.removeprefix("keras."))
        base = getattr(space, allowed)
    value = vars(space).get(name)
    return isinstance(value, type) and issubclass(value, base)


def _check_classes(config, source, custom_objects):
    """Refuses JSON that names anything but known classes and functions.

    Keras would look names up among everything that the running program has
    registered, and among all of Keras.
    """
    import keras

    def custom(name):
        """Whether `name` is a registered object; refuses one of others."""
        found = keras.saving.get_registered_object(name, custom_objects)
        if (
            found is not None
            and not name.startswith("keras_gans>")
            and not any(found is value for value in custom_objects.values())
        ):
            raise refusal(f"{name!r}, which is not of keras_gans or Keras")
        return found is not None

    def refusal(received):
        return ValueError(
            f"{source} must name only classes of keras_gans, Keras's own "
            "layers, initializers, regularizers and constraints, and those "
            f"in custom_objects. Received: {_short(received)}"
        )

    values = [config]
    while values:
        value = values.pop()
        if isinstance(value, str):
            custom(value)
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, dict):
            values.extend(value.values())
            if value.get("compile_config"):
                raise refusal("a compile_config")
            if "class_name" not in value:
                continue
            name, module = value["class_name"], value.get("module")
            inner = value.get("config")
            registered = value.get("registered_name", name)  # As Keras does.
            if not isinstance(name, str) or not isinstance(
                registered or "", str
            ):
                raise refusal(f"class_name={name!r}")
            if name == "__keras_tensor__":
                continue
            if name == "function":
                # Keras looks it up by its config.
                if not isinstance(inner, str) or not custom(inner):
                    raise refusal(f"the function {inner!r}")
            elif registered is not None and custom(registered):
                pass
            elif (
                registered not in (None, name)
                or not isinstance(inner, dict)
                or not _is_allowed(module, name)
            ):
                raise refusal(f"{module}.{name} ({registered})")


# ---- weights files --------------------------------------------------------


def _read_shapes(folder, name, metadata, root):
    """Verifies a weights file and returns `{top group: [shape, ...]}`.

    Reads headers only, no weights.
    """
    import h5py

    path, expected = _verified(folder, name, metadata, root)

    def refusal(received):
        return ValueError(
            f"{path} must hold plain arrays of numbers, as Keras writes them. "
            f"Received: {received}"
        )

    shapes = collections.defaultdict(list)
    declared, seen, groups = 0, set(), []
    try:
        with h5py.File(path, "r") as file:
            groups.append(("", file))
            while groups:
                prefix, group = groups.pop()
                for key in group:
                    inside = f"{prefix}/{key}"
                    link = group.get(key, getlink=True)
                    if not isinstance(link, h5py.HardLink):
                        raise refusal(f"{type(link).__name__} {inside}")
                    item = group[key]
                    address = h5py.h5o.get_info(item.id).addr
                    if address in seen:  # A cycle, or one array used twice.
                        raise refusal(f"a second link, {inside}")
                    seen.add(address)
                    if isinstance(item, h5py.Group):
                        groups.append((inside, item))
                        continue
                    problem = _array_problem(item)
                    if problem:
                        raise refusal(f"{inside} {problem}")
                    declared += math.prod(item.shape) * item.dtype.itemsize
                    shapes[inside.split("/")[1]].append(item.shape)
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise refusal(_short(error)) from None
    if declared > max(_BOMB_FLOOR, _BOMB_RATIO * expected["size"]):
        raise refusal(f"{declared} bytes declared in {expected['size']}")
    return shapes


def _verified(folder, name, metadata, root):
    """`(path, expected)` of a file that is as `metadata.json` says."""
    path = _file(folder, name, root)
    expected = metadata["files"].get(name)
    if expected is None:
        raise ValueError(
            f"{folder / METADATA} must state the SHA-256 of {name}. "
            f"Received: files={', '.join(metadata['files']) or 'nothing'}"
        )
    if not _matches(path, expected):
        actual = _digest(path)
        raise ValueError(
            f"{path} must be the file that {METADATA} describes, of "
            f"{expected['size']} bytes and SHA-256 {expected['sha256']}. "
            f"Received: {actual['size']} bytes, {actual['sha256']}"
        )
    return path, expected


def _array_problem(item):
    import h5py

    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return "that is no array"
    bfloat16 = item.dtype.kind == "V" and item.attrs.get("dtype") == "bfloat16"
    if item.dtype.kind not in "fiu" and not bfloat16:
        return f"of dtype {item.dtype}"
    if item.external or item.is_virtual:
        return "whose data is outside of the file"
    if item.compression not in (None, "gzip"):
        return f"with compression {item.compression}"
    if math.prod(item.chunks or ()) > max(1, item.size):
        return f"in chunks of {item.chunks}"
    return None


def _compare_shapes(source, received, declared, origin):
    received, declared = map(collections.Counter, (received, declared))
    if received != declared:
        raise ValueError(
            f"{source} must hold the {declared.total()} arrays that {origin} "
            f"declares. Received: {received.total()} arrays, of shapes "
            f"{_short(list((received - declared).elements()))} instead of "
            f"{_short(list((declared - received).elements()))}"
        )


# ---- load -----------------------------------------------------------------


def load(preset, cls=None, load_weights=True, custom_objects=None, **kwargs):
    """Loads a model from a preset.

    Args:
        preset: The name of a built-in preset, the path of a preset's folder
            (`./name` where a built-in one has that name), `hf://organisation/
            name[@revision]`, or the `https://` address of a preset's folder.
        cls: The class that the caller wants, or `None` for any.
        load_weights: `False` for freshly initialised weights; no weights file
            is needed, or downloaded, then.
        custom_objects: Dict of names to classes and functions of your own
            that the preset may use. Registered ones are not used without it.
        **kwargs: Arguments of the model that override the preset's. A network
            that is given keeps its own weights.

    Returns:
        An instance of the preset's class.

    Raises:
        FileNotFoundError: If the preset, or a file of it, does not exist.
        ValueError: If a file is damaged, names a class that is not allowed,
            or does not fit the others; if `cls` or `kwargs` do not fit.
        ConnectionError: If a download fails.
        ImportError: If `hf://` is used without huggingface_hub.
    """
    import keras

    keras_gans.import_models()
    folder, root = _locate(preset, weights=load_weights)
    has_weights = (folder / WEIGHTS).exists()
    metadata = {"files": {}}
    if (folder / METADATA).exists() or has_weights:
        metadata = _read_metadata(folder, root)
    if load_weights and not has_weights and WEIGHTS not in metadata["files"]:
        raise ValueError(
            f"{preset} is a recipe without weights: train it (`keras-gans "
            f"train {preset}`), or pass load_weights=False for fresh weights. "
            "Received: load_weights=True"
        )
    config = _read_json(folder, CONFIG, root)
    task = _read_json(folder, TASK, root)

    custom_objects = dict(custom_objects or {})
    if cls is not None:  # Whoever calls its from_preset trusts it.
        custom_objects[cls.__name__] = cls
    for value in list(custom_objects.values()):
        custom_objects[keras.saving.get_registered_name(value)] = value
    _check_classes(config, folder / CONFIG, custom_objects)
    _check_classes(task, folder / TASK, custom_objects)
    _check_task(task, folder / TASK, cls, custom_objects)
    network = str(metadata.get("network", "generator"))
    valid = sorted({*task["config"], network} - {"name"}) + ["name"]
    for name in kwargs:
        if name not in valid:
            raise ValueError(
                f"from_preset({str(preset)!r}) takes, of the arguments of "
                f"{task['class_name']}, {', '.join(valid)}. "
                f"Received: {name}={_short(kwargs[name])}"
            )

    shapes = {}
    if load_weights:
        shapes[WEIGHTS] = _read_shapes(folder, WEIGHTS, metadata, root)
        shapes[TASK_WEIGHTS] = _read_shapes(
            folder, TASK_WEIGHTS, metadata, root
        )
    declared = _declared_shapes(folder, config, task, network, custom_objects)
    if load_weights:
        _check_shapes(folder, shapes, declared, network)
    else:
        count = sum(math.prod(s) for group in declared.values() for s in group)
        if count > _MAX_PARAMETERS:
            raise ValueError(
                f"{folder / CONFIG} and {TASK} must declare at most "
                f"{_MAX_PARAMETERS} parameters. Received: {count}"
            )

    # `kwargs` are the caller's own, so they come after all checks.
    task["config"] = {**task["config"], network: config, **kwargs}
    model = keras.saving.deserialize_keras_object(
        task, custom_objects=custom_objects, safe_mode=True
    )
    if load_weights:
        _load_weights(model, folder, network, shapes[TASK_WEIGHTS], kwargs)
    return model


def _check_task(task, path, cls, custom_objects):
    import keras

    from keras_gans.presets.preset_model import PresetModel

    name = task.get("registered_name") or task.get("class_name")
    found = keras.saving.get_registered_object(name, custom_objects)
    if (
        not isinstance(found, type)
        or not issubclass(found, PresetModel)
        or not isinstance(task.get("config"), dict)
    ):
        raise ValueError(
            f"{path} must be a serialized model of this package. Received: "
            f"class_name={task.get('class_name')!r}, config="
            f"{_short(task.get('config'))}"
        )
    if cls is not None and not issubclass(found, cls):
        raise ValueError(
            f"{path} holds a {found.__name__}: load it with "
            f"{found.__name__}.from_preset(...) or "
            "keras_gans.presets.load(...). "
            f"Received: {cls.__name__}.from_preset(...)"
        )


def _declared_shapes(folder, config, task, network, custom_objects):
    """Builds a preset's networks without memory for their weights.

    Inside of the scope, variables have a shape and no value. A thread of its
    own, because Keras keeps what it would initialise later, and the counters
    of layer names, per thread: nothing of this is left behind.

    Returns:
        Dict of the networks' names to the shapes of their weights.
    """
    import keras

    def build(source, value):
        try:
            return keras.saving.deserialize_keras_object(
                copy.deepcopy(value), custom_objects=custom_objects
            )
        except Exception as error:
            raise ValueError(
                f"{source} must describe a model that can be built. "
                f"Received: {_short(error)}"
            ) from error

    def declare():
        with keras.StatelessScope(initialize_variables=False):
            inference = build(folder / CONFIG, config)
            if not isinstance(inference, keras.Model):
                raise ValueError(
                    f"{folder / CONFIG} must describe a keras.Model. "
                    f"Received: class_name={config.get('class_name')!r}"
                )
            arguments = {**copy.deepcopy(task["config"]), network: inference}
            if "ema_momentum" in arguments:
                arguments["ema_momentum"] = None  # It would copy values.
            cls = keras.saving.get_registered_object(
                task.get("registered_name") or task["class_name"],
                custom_objects,
            )
            try:
                with keras.saving.custom_object_scope(custom_objects):
                    model = cls.from_config(arguments)
            except Exception as error:
                raise ValueError(
                    f"{folder / TASK} must describe a model that can be "
                    f"built. Received: {_short(error)}"
                ) from error
            networks = _networks(model)
            if network not in networks:
                raise ValueError(
                    f"{folder / METADATA} must have as network one of "
                    f"{', '.join(networks)}. Received: network={network!r}"
                )
            for name, value in networks.items():
                _check_examples(folder, name, value)
            return {
                name: [tuple(v.shape) for v in value.weights]
                for name, value in networks.items()
            }

    outcome = []

    def run():
        try:
            outcome.append(declare())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _check_examples(folder, name, network):
    ends = [getattr(network, end, None) or () for end in ("inputs", "outputs")]
    for tensor in [*ends[0], *ends[1]]:
        if math.prod(s or 1 for s in tensor.shape) > _MAX_EXAMPLE:
            raise ValueError(
                f"{folder} must have networks for examples of at most "
                f"{_MAX_EXAMPLE} values. Received: {name} with {tensor.shape}"
            )


def _networks(model):
    """The networks that a model's config holds, and their EMA copies.

    A network that the config does not hold, such as a pretrained one inside
    of a loss, is made by the constructor and is not part of a preset.
    """
    import keras

    networks = {}
    for name in model.get_config():
        for key in (name, f"ema_{name}"):
            value = getattr(model, key, None)
            if isinstance(value, keras.Model):
                networks[key] = value
    return networks


def _check_shapes(folder, shapes, declared, network):
    received = [s for group in shapes[WEIGHTS].values() for s in group]
    _compare_shapes(folder / WEIGHTS, received, declared[network], CONFIG)
    groups = shapes[TASK_WEIGHTS]
    for name in groups:
        if name.removeprefix("ema_") not in declared:
            raise ValueError(
                f"{folder / TASK_WEIGHTS} must hold the weights of "
                f"{', '.join(declared)}. Received: {name}"
            )
    for name, expected in declared.items():
        for key in (name, f"ema_{name}"):
            if key in groups or (key == name and name != network):
                _compare_shapes(
                    f"{key} in {folder / TASK_WEIGHTS}",
                    groups.get(key, []),
                    expected,
                    CONFIG if name == network else TASK,
                )


def _load_weights(model, folder, network, groups, given):
    import keras

    def read(target, name):
        try:
            keras.saving.load_weights(target, folder / name)
        except Exception as error:
            raise ValueError(
                f"{folder / name} must hold the weights of "
                f"{type(model).__name__}. Received: {_short(error)}"
            ) from error

    networks = {
        name: value
        for name, value in _networks(model).items()
        if name.removeprefix("ema_") not in given
    }
    inference = f"ema_{network}" if f"ema_{network}" in networks else network
    if inference in networks:
        read(networks[inference], WEIGHTS)
        if inference != network and network not in groups:
            # The EMA was asked for now: both start from the same weights.
            networks[network].set_weights(networks[inference].get_weights())
    rest = {n: v for n, v in networks.items() if n in groups and n != inference}
    if rest:
        read(_container(rest), TASK_WEIGHTS)
    for name, value in networks.items():
        raw = name.removeprefix("ema_")
        if name not in (inference, raw) and name not in groups:
            value.set_weights(networks[raw].get_weights())


def _container(networks):
    """One object that holds networks, for Keras's weights files."""
    import keras

    container = keras.layers.Layer(name="task")
    for name, network in networks.items():
        setattr(container, name, network)
    container.built = True
    return container


# ---- save -----------------------------------------------------------------


def save(model, path, *, dtype=None, recipe=None, metadata=None, weights=True):
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

    Raises:
        ValueError: If `path` is a folder with something else in it, if a
            weight does not fit into float16, or if a network is of a class
            that a preset cannot hold.
    """
    import keras

    from keras_gans.presets.preset_model import PresetModel

    if dtype not in (None, "float16"):
        raise ValueError(
            f"dtype must be None or 'float16'. Received: dtype={dtype!r}"
        )
    if not isinstance(model, PresetModel):
        raise ValueError(
            "model must be one of this package's models. "
            f"Received: model={model!r}"
        )
    path = pathlib.Path(path).resolve()
    if path.exists() and (
        not path.is_dir()
        or any(path.iterdir())
        and not (path / METADATA).is_file()
    ):
        raise ValueError(
            "path must be a new or empty folder, or one that holds a preset. "
            f"Received: path={str(path)!r}"
        )
    networks = _networks(model)
    (inference,) = [
        name
        for name, value in networks.items()
        if value is model.inference_network
    ] or [None]
    if inference is None:
        raise ValueError(
            "model.inference_network must be one of the networks in "
            f"get_config(). Received: networks {', '.join(networks)}"
        )
    network = inference.removeprefix("ema_")
    config = _tidy(keras.saving.serialize_keras_object(model.inference_network))
    task = _tidy(keras.saving.serialize_keras_object(model))
    del task["config"][network]
    # What could not be loaded is better refused now.
    registered = keras.saving.get_custom_objects()
    _check_classes(config, "inference_network", registered)
    _check_classes(task, type(model).__name__, registered)
    details = {
        "format_version": FORMAT_VERSION,
        "class": type(model).__name__,
        "network": network,
        "keras_gans_version": keras_gans.__version__,
        "keras_version": keras.__version__,
        "backend": keras.backend.backend(),
    }
    if weights:
        details["dtype"] = dtype or model.inference_network.variable_dtype
    _merge(details, metadata, reserved=("files", "dtype", *details))

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    part.mkdir()
    try:
        _write(part / CONFIG, config)
        _write(part / TASK, task)
        if weights:
            del networks[inference]
            _write_weights(model.inference_network, part / WEIGHTS, dtype)
            _write_weights(_container(networks), part / TASK_WEIGHTS, dtype)
        for name in (TRAINING, *EXTRAS):
            if (path / name).is_file():
                shutil.copy2(path / name, part / name)
        if recipe is not None:
            _write(part / TRAINING, recipe)
        _write(part / METADATA, _with_files(details, part))
        _move_into_place(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def update(path, *, recipe=None, metadata=None):
    """Adds to a preset on disk: scores, a recipe; states all hashes anew.

    Call it after `README.md`, `samples.png` or JSON was edited by hand, too:
    downloads are verified against the hashes. Weights that are damaged are
    not made good by it, they keep their hash.

    Args:
        path: A preset's folder.
        recipe: Dict for `training.json`, or `None` to leave it.
        metadata: Dict of entries to add to `metadata.json`.
    """
    path = pathlib.Path(path)
    details = _read_metadata(path, path)
    weights = {n: f for n, f in details.pop("files").items() if ".h5" in n}
    own = ("format_version", "class", "network", "backend", "dtype")
    _merge(details, metadata, reserved=("files", *own))
    if recipe is not None:
        _write(path / TRAINING, recipe)
    details = _with_files(details, path)
    details["files"].update(weights)
    _write(path / METADATA, details)


# ---- networks that are not presets ----------------------------------------


def load_network(name):
    """Loads a network of the zoo that is no GAN, as a metric's classifier.

    Its folder has a preset's files but for `task.json` and
    `task.weights.h5`, and is not in the index.

    Args:
        name: The folder's name in the zoo.

    Returns:
        `(network, metadata)`: a `keras.Model`, and `metadata.json` as a dict.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a file is damaged, names a class that is not allowed,
            or does not fit the other.
    """
    import keras

    folder = zoo_path() / name
    metadata = _read_metadata(folder, folder)
    # Not to be edited: what it computes is what its name stands for.
    _verified(folder, CONFIG, metadata, folder)
    config = _read_json(folder, CONFIG, folder)
    _check_classes(config, folder / CONFIG, {})
    groups = _read_shapes(folder, WEIGHTS, metadata, folder)
    network = keras.saving.deserialize_keras_object(config)
    _compare_shapes(
        folder / WEIGHTS,
        [shape for group in groups.values() for shape in group],
        [tuple(v.shape) for v in network.weights],
        CONFIG,
    )
    keras.saving.load_weights(network, folder / WEIGHTS)
    return network, metadata


def save_network(network, path, metadata, card):
    """Writes the folder that `load_network` reads, in float16.

    Args:
        network: A `keras.Model`.
        path: The folder, made if it does not exist.
        metadata: Dict of entries for `metadata.json`.
        card: String, the contents of `README.md`.
    """
    import keras

    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    config = _tidy(keras.saving.serialize_keras_object(network))
    _check_classes(config, path / CONFIG, {})
    _write(path / CONFIG, config)
    part = path / "part.weights.h5"
    # A compiled network would bring its optimizer's state along.
    copied = keras.saving.deserialize_keras_object(config)
    copied.set_weights(network.get_weights())
    _write_weights(copied, part, "float16")
    os.replace(part, path / WEIGHTS)
    _write(path / "README.md", card.encode())
    details = {
        "format_version": FORMAT_VERSION,
        "keras_gans_version": keras_gans.__version__,
        "keras_version": keras.__version__,
        "backend": keras.backend.backend(),
        "dtype": "float16",
    }
    _merge(details, metadata, reserved=("files", *details))
    _write(path / METADATA, _with_files(details, path))


def _merge(details, metadata, reserved):
    for name, value in (metadata or {}).items():
        if name in reserved:
            raise ValueError(
                f"metadata must not contain {', '.join(reserved)}, which "
                f"are written by save(). Received: {name}={value!r}"
            )
        details[name] = value


def _with_files(details, folder):
    there = [name for name in FILES if (folder / name).is_file()]
    return {
        **details,
        "files": {name: _digest(folder / name) for name in there},
    }


def _tidy(value):
    """Serialized objects without what loading ignores or refuses."""
    if isinstance(value, list):
        return [_tidy(v) for v in value]
    if not isinstance(value, dict):
        return value
    value = {k: _tidy(v) for k, v in value.items() if k != "compile_config"}
    if value.get("build_config") == {"input_shape": None}:
        del value["build_config"]
    return value


def _write_weights(saveable, path, dtype):
    import h5py
    import keras
    import numpy as np

    keras.saving.save_weights(saveable, path)
    if dtype is None:
        return
    part = path.with_name("exact.h5")
    os.replace(path, part)

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

    with h5py.File(part, "r") as exact, h5py.File(path, "w") as file:
        exact.visititems(copy_item)
    part.unlink()


def _move_into_place(part, path):
    if not path.exists() or not any(path.iterdir()):
        os.replace(part, path)
        return
    old = part.with_name(f"{part.name}-old")
    os.rename(path, old)
    try:
        os.rename(part, path)
    except BaseException:
        os.rename(old, path)
        raise
    for item in old.iterdir():  # What is not a preset's stays.
        if item.name not in (METADATA, *FILES):
            os.rename(item, path / item.name)
    shutil.rmtree(old)
