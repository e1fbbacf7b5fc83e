"""What a weights file may hold, and what JSON may declare.

The shapes in weights files are compared with the ones that the JSON declares
before a byte of memory is taken for them.
"""

import collections
import copy
import math
import threading

import h5py
import keras

from keras_gans.presets import files
from keras_gans.presets.parts import networks_of, place

# Without a weights file to compare with, what a preset may declare.
MAX_PARAMETERS = 10**9
_MAX_EXAMPLE = 2**28  # elements of one input or output of a network
# Declared bytes of a weights file: always fine / as a multiple of its size.
_BOMB_FLOOR, _BOMB_RATIO = 64 * 2**20, 100


def read_shapes(folder, name, metadata):
    """Verifies a weights file and returns `{top group: [shape, ...]}`.

    Reads headers only, no weights.
    """
    path, expected = files.verified(folder, name, metadata)

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
        raise refusal(files.short(error)) from None
    if declared > max(_BOMB_FLOOR, _BOMB_RATIO * expected["size"]):
        raise refusal(f"{declared} bytes declared in {expected['size']}")
    return shapes


def _array_problem(item):
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


def compare_shapes(source, received, declared, origin):
    received, declared = map(collections.Counter, (received, declared))
    if received != declared:
        raise ValueError(
            f"{source} must hold the {declared.total()} arrays that {origin} "
            f"declares. Received: {received.total()} arrays, of shapes "
            f"{files.short(list((received - declared).elements()))} instead of "
            f"{files.short(list((declared - received).elements()))}"
        )


def declared_shapes(folder, config, task, network, custom_objects):
    """Builds a preset's networks without memory for their weights.

    Inside of the scope, variables have a shape and no value. A thread of its
    own, because Keras keeps what it would initialise later, and the counters
    of layer names, per thread: nothing of this is left behind.

    Returns:
        Dict of the networks' names to the shapes of their weights.
    """

    def build(source, value):
        try:
            return keras.saving.deserialize_keras_object(
                copy.deepcopy(value), custom_objects=custom_objects
            )
        except Exception as error:
            raise ValueError(
                f"{source} must describe a model that can be built. "
                f"Received: {files.short(error)}"
            ) from error

    def declare():
        with keras.StatelessScope(initialize_variables=False):
            inference = build(folder.path / files.CONFIG, config)
            if not isinstance(inference, keras.Model):
                raise ValueError(
                    f"{folder.path / files.CONFIG} must describe a "
                    "keras.Model. Received: class_name="
                    f"{config.get('class_name')!r}"
                )
            arguments = place(copy.deepcopy(task["config"]), network, inference)
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
                    f"{folder.path / files.TASK} must describe a model that "
                    f"can be built. Received: {files.short(error)}"
                ) from error
            networks = networks_of(model)
            if network not in networks:
                raise ValueError(
                    f"{folder.path / files.METADATA} must have as network one "
                    f"of {', '.join(networks)}. Received: "
                    f"network={files.short(network)}"
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
                f"{folder.path} must have networks for examples of at most "
                f"{_MAX_EXAMPLE} values. Received: {name} with {tensor.shape}"
            )


def check_shapes(folder, shapes, declared, network):
    """Refuses weights files that do not hold what the JSON declares."""
    received = [s for group in shapes[files.WEIGHTS].values() for s in group]
    compare_shapes(
        folder.path / files.WEIGHTS, received, declared[network], files.CONFIG
    )
    groups = shapes[files.TASK_WEIGHTS]
    for name in groups:
        if name.removeprefix("ema_") not in declared:
            raise ValueError(
                f"{folder.path / files.TASK_WEIGHTS} must hold the weights of "
                f"{', '.join(declared)}. Received: {name}"
            )
    for name, expected in declared.items():
        for key in (name, f"ema_{name}"):
            if key in groups or (key == name and name != network):
                compare_shapes(
                    f"{key} in {folder.path / files.TASK_WEIGHTS}",
                    groups.get(key, []),
                    expected,
                    files.CONFIG if name == network else files.TASK,
                )
