"""What a weights file may hold, and what JSON may declare.

The shapes in weights files are compared with the ones that the JSON declares
before a byte of memory is taken for them.
"""

import collections
import copy
import dataclasses
import math
import re
import threading

import h5py
import keras

from keras_gans.presets import files
from keras_gans.presets.parts import networks_of, place

_MAX_EXAMPLE = 2**28  # elements of one input or output of a network
_MAX_OBJECTS, _MAX_DEPTH = 2**15, 50  # groups and arrays of a weights file
_FILTERS = {
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
}
# Bytes of memory. Of weights that a file holds: what is always fine, and what
# is as a multiple of its size; arrays of zeros compress a thousandfold.
_FINE, _RATIO = 64 * 2**20, 16
# Of what a model has besides, as a pool of images; of all without a file.
_MAX_OTHERS, _MAX_FRESH = 2**29, 2**30
# Elements of a matrix that an orthogonal initializer decomposes.
_MAX_ORTHOGONAL = 2**24


def read_shapes(folder, name, metadata):
    """Verifies a weights file and returns `{top group: [shape, ...]}`.

    Reads headers only, no weights.
    """
    path, expected = files.verified(folder, name, metadata)

    def refusal(received):
        return ValueError(
            f"{path} must hold plain arrays of numbers, as Keras writes them. "
            f"Received: {files.short(received)}"
        )

    try:
        shapes, declared = _read_headers(path)
    except _Refused as refused:
        raise refusal(refused) from None
    except Exception as error:  # HDF5 and h5py have any, for damaged files.
        raise refusal(error) from None
    if declared > max(_FINE, _RATIO * expected["size"]):
        raise refusal(f"{declared} bytes declared in {expected['size']}")
    return shapes


class _Refused(Exception):
    pass


def _read_headers(path):
    shapes = collections.defaultdict(list)
    declared, seen = 0, set()
    with h5py.File(path, "r") as file:
        groups = [("", file)]
        while groups:
            prefix, group = groups.pop()
            if prefix.count("/") > _MAX_DEPTH:
                raise _Refused(f"groups at a depth of more than {_MAX_DEPTH}")
            for key in group:
                inside = f"{prefix}/{key}"
                link = group.get(key, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise _Refused(f"{type(link).__name__} {inside}")
                item = group[key]
                address = h5py.h5o.get_info(item.id).addr
                if address in seen:  # A cycle, or one array used twice.
                    raise _Refused(f"a second link, {inside}")
                seen.add(address)
                if len(seen) > _MAX_OBJECTS:
                    raise _Refused(f"more than {_MAX_OBJECTS} objects")
                if isinstance(item, h5py.Group):
                    groups.append((inside, item))
                    continue
                problem = _array_problem(item)
                if problem:
                    raise _Refused(f"{inside} {problem}")
                declared += math.prod(item.shape) * item.dtype.itemsize
                shapes[inside.split("/")[1]].append(item.shape)
    return shapes, declared


def _array_problem(item):
    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return "that is no array"
    # An array with this attribute is read as one.
    bfloat16 = "dtype" in item.attrs and item.attrs["dtype"] == "bfloat16"
    if item.dtype.kind not in "fiu" and not (
        bfloat16 and item.dtype.kind == "V" and item.dtype.itemsize == 2
    ):
        return f"of dtype {item.dtype}"
    if bfloat16 and item.dtype.kind != "V":
        return f"of dtype {item.dtype} that call themselves bfloat16"
    if item.external or item.is_virtual:
        return "whose data is outside of the file"
    if item.compression not in (None, "gzip"):
        return f"with compression {item.compression}"
    created = item.id.get_create_plist()
    codes = [created.get_filter(i)[0] for i in range(created.get_nfilters())]
    if not _FILTERS.issuperset(codes) or len(set(codes)) < len(codes):
        return f"with the filters {codes}"
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


@dataclasses.dataclass
class Declared:
    """What a preset's JSON declares.

    Attributes:
        shapes: Dict of the networks' names to the shapes of their weights.
        num_bytes: Integer, of the weights of all networks and of their
            averages, in the types that the model has them in.
        other_bytes: Integer, of what else the model holds.
        orthogonal: Whether an orthogonal initializer would make weights.
    """

    shapes: dict
    num_bytes: int
    other_bytes: int
    orthogonal: bool


def declare(folder, config, task, network, custom_objects):
    """Builds a preset's networks without memory for their weights.

    Returns:
        A `Declared`.
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

    def declared():
        inference = build(folder.path / files.CONFIG, config)
        if not isinstance(inference, keras.Model):
            raise ValueError(
                f"{folder.path / files.CONFIG} must describe a "
                "keras.Model. Received: class_name="
                f"{config.get('class_name')!r}"
            )
        arguments = place(copy.deepcopy(task["config"]), network, inference)
        averages = [k for k in arguments if k.endswith("ema_momentum")]
        copies = any(arguments[k] is not None for k in averages)
        # They would copy values.
        arguments.update(dict.fromkeys(averages))
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
        inside = [v for n in networks.values() for v in n.variables]
        known = {id(v) for v in inside}
        others = [v for v in model.variables if id(v) not in known]
        return Declared(
            {
                name: [tuple(v.shape) for v in value.weights]
                for name, value in networks.items()
            },
            sum(map(_num_bytes, inside)) * (2 if copies else 1),
            sum(map(_num_bytes, others)),
            "orthogonal" in str((config, task)).lower(),
        )

    return without_memory(declared)


def without_memory(function):
    """What a function returns whose variables have a shape and no value.

    In a thread of its own, because Keras keeps what it would initialise
    later, and the counters of layer names, per thread: nothing of this is
    left behind. A model in there must have no averages, which copy values.
    """
    outcome = []

    def run():
        try:
            with keras.StatelessScope(initialize_variables=False):
                outcome.append(function())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _num_bytes(variable):
    bits = re.search(r"\d*$", variable.dtype)[0] or "8"  # A bool's.
    return math.prod(variable.shape) * int(bits) // 8


def _check_examples(folder, name, network):
    ends = [getattr(network, end, None) or () for end in ("inputs", "outputs")]
    for tensor in [*ends[0], *ends[1]]:
        if math.prod(s or 1 for s in tensor.shape) > _MAX_EXAMPLE:
            raise ValueError(
                f"{folder.path} must have networks for examples of at most "
                f"{_MAX_EXAMPLE} values. Received: {name} with {tensor.shape}"
            )


def check_work(folder, declared, metadata):
    """Refuses a model that takes more than its weights files are worth.

    Args:
        folder: The `Folder` of the preset.
        declared: A `Declared`.
        metadata: Dict, or `None` if weights are not read, but initialized.
    """

    def refusal(most, received):
        return ValueError(
            f"{folder.path} must hold a model of at most {most}. "
            f"Received: one of {received}"
        )

    others, count = declared.other_bytes, declared.num_bytes
    if others > _MAX_OTHERS:
        raise refusal(f"{_MAX_OTHERS} bytes beside its weights", others)
    if metadata is None:
        if count + others > _MAX_FRESH:
            raise refusal(f"{_MAX_FRESH} bytes", count + others)
        largest = max(
            (math.prod(s) for group in declared.shapes.values() for s in group),
            default=0,
        )
        if declared.orthogonal and largest > _MAX_ORTHOGONAL:
            raise refusal(
                f"{_MAX_ORTHOGONAL} weights in a matrix that an orthogonal "
                "initializer makes",
                largest,
            )
        return
    names = (files.WEIGHTS, files.TASK_WEIGHTS)
    stored = sum(metadata["files"][name]["size"] for name in names)
    most = max(_FINE, _RATIO * stored)
    if count > most:
        raise refusal(f"{most} bytes with files of {stored}", count)


def check_shapes(folder, shapes, declared, network):
    """Refuses weights files that do not hold what the JSON declares."""
    declared = declared.shapes
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
