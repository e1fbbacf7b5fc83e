"""Weights files as strangers could make them, for `fuzz_presets.py`."""

import h5py
import numpy as np


def change(rng, path):
    """Changes an HDF5 file; returns what was done."""
    if rng.random() < 0.35:
        return _change_bytes(rng, path)
    how = rng.choice(CHANGES)
    try:
        with h5py.File(path, "r+") as file:
            items = []
            file.visititems(lambda name, item: items.append(item))
            arrays = [i for i in items if isinstance(i, h5py.Dataset)]
            # What a change before this one declared is not to be read.
            arrays = [a for a in arrays if (a.size or 0) < 2**20]
            if not arrays:
                return "nothing"
            how(rng, file, rng.choice(arrays), rng.choice(items))
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        return f"{how.__name__} failed: {error}"
    return how.__name__


def _change_bytes(rng, path):
    content = bytearray(path.read_bytes())
    # What a change before this one has emptied can only grow.
    kind = rng.randrange(4) if content else 1
    if kind == 0:
        content = content[: rng.randrange(len(content))]
    elif kind == 1:
        content += rng.randbytes(100)
    else:  # Mostly in the headers, which come first.
        for _ in range(rng.choice([1, 3, 30])):
            most = rng.choice([200, 4000, len(content)])
            content[rng.randrange(min(most, len(content)))] = rng.randrange(256)
    path.write_bytes(content)
    return "bytes"


def rename(rng, file, array, item):
    file.move(item.name, item.name + "x")


def add_no_letters(rng, file, array, item):
    item.parent.create_group(b"\xff\xfe")


def remove(rng, file, array, item):
    del file[item.name]


def move_to_the_top(rng, file, array, item):
    file.move(item.name, "/elsewhere")


def swap(rng, file, array, item):
    name = array.name
    others = []
    file.visititems(
        lambda n, i: (
            others.append(i)
            if isinstance(i, h5py.Dataset) and i.shape == array.shape
            else None
        )
    )
    other = rng.choice(others).name
    if other != name:
        file.move(name, "/swapped")
        file.move(other, name)
        file.move("/swapped", other)


def _again(file, array, **options):
    name = array.name
    del file[name]
    file.create_dataset(name, **options)


def retype(rng, file, array, item):
    value, kind = (
        array[()],
        rng.choice(
            ["i1", "u2", "i8", "f2", "f8", ">f4", "S4", "c8", "bool", "f4,f4"]
        ),
    )
    with np.errstate(all="ignore"):
        value = (
            np.zeros(value.shape, kind)
            if kind[0] in "Sf" and "," in (kind)
            else value.astype(kind)
        )
    _again(file, array, data=value)


def reshape(rng, file, array, item):
    shape = rng.choice(
        [array.shape[::-1], (array.size,), (), (*array.shape, 1), (0, 3)]
    )
    _again(file, array, shape=shape, dtype="f4")


def declare_much(rng, file, array, item):
    shape = rng.choice([(22_000, 22_000), (2**40,), (10**9, 2), (10**4,) * 2])
    _again(
        file,
        array,
        shape=shape,
        dtype=rng.choice(["i1", "f4"]),
        chunks=True,
        compression="gzip",
    )


def strange_numbers(rng, file, array, item):
    value = array[()]
    _again(file, array, data=value * np.float32(rng.choice([np.nan, 1e38])))


def strange_filters(rng, file, array, item):
    rank = max(1, array.ndim)
    options = rng.choice(
        [
            {"compression": "lzf"},
            {"compression": "gzip", "shuffle": True, "fletcher32": True},
            {"scaleoffset": 2},
            {"chunks": (2**10,) * rank, "maxshape": (None,) * rank},
        ]
    )
    shape = array.shape or (1,)
    _again(file, array, shape=shape, dtype="f4", **options)


def text(rng, file, array, item):
    _again(file, array, data=["x"], dtype=h5py.string_dtype())


def data_outside(rng, file, array, item):
    _again(
        file,
        array,
        shape=array.shape,
        dtype="f4",
        external=[("/etc/hostname", 0, 4 * array.size)],
    )


def link(rng, file, array, item):
    name = item.name
    del file[name]
    file[name] = rng.choice(
        [
            h5py.SoftLink("/"),
            h5py.SoftLink("/nowhere"),
            h5py.ExternalLink("/etc/hostname", "/x"),
            file["/"],
        ]
    )


def nest_deeply(rng, file, array, item):
    group = file
    for _ in range(rng.choice([20, 100, 2000])):
        group = group.create_group("g")


def add_groups(rng, file, array, item):
    for number in range(rng.choice([3, 1000])):
        file.create_group(f"more{number}")


def add_array(rng, file, array, item):
    parent = rng.choice([file, array.parent])
    parent.create_dataset("more", data=np.zeros((2, 2), "f4"))


def add_attributes(rng, file, array, item):
    name = rng.choice(["dtype", "name", "metadata", "sharded"])
    item.attrs[name] = rng.choice(
        ["bfloat16", "float16", b"\xff", 3, np.zeros(1000), "x" * 1000]
    )


def nothing(rng, file, array, item):
    """Written again as it is: other bytes, the same weights."""
    _again(file, array, data=array[()])


CHANGES = [
    rename, add_no_letters, remove, move_to_the_top, swap, retype,
    reshape, declare_much, strange_numbers, strange_filters, text,
    data_outside, link, nest_deeply, add_groups, add_array, add_attributes,
    nothing,
]  # fmt: skip
