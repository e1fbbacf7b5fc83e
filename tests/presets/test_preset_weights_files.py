"""Weights files that are damaged, or made to harm."""

import h5py
import numpy as np
import pytest
from preset_files import KERNEL, change_h5, refuse, rehash, relink, replace

from keras_gans.presets import files, shapes

pytestmark = pytest.mark.neutral


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
@pytest.mark.parametrize("known", [False, True], ids=["damaged", "malicious"])
@pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "text"])
def test_damaged_weights(folder, name, how, known):
    path = folder / name
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "flipped":
        content[3] ^= 4  # In the signature, so that HDF5 sees it, too.
    else:
        content = b"" if how == "empty" else b"weights"
    path.write_bytes(content)
    if known:
        rehash(folder)
        refuse(folder, f"{name} must hold plain arrays")
    else:
        refuse(folder, f"{name} must be the file that metadata.json describes")


def test_flipped_weight_is_found(folder):
    path = folder / "model.weights.h5"
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"][0, 0] += 1
    refuse(folder, "model.weights.h5 must be the file")


@pytest.mark.parametrize(
    "change, match",
    [
        (replace(KERNEL, shape=(3, 3)), "7 arrays that config.json declares"),
        (lambda f: f.pop(KERNEL), "7 arrays that config.json declares"),
        (lambda f: f.create_dataset("more", (2,), "f4"), "8 arrays"),
        (replace(KERNEL, shape=(2**40,), chunks=(1024,)), "bytes declared in"),
        (
            replace(KERNEL, data=np.array(["x"], "S1")),
            r"dtype \|S1",
        ),
        (
            replace(KERNEL, data=["x"], dtype=h5py.string_dtype()),
            "dtype object",
        ),
        (
            replace(KERNEL, shape=(4, 128), chunks=True, compression="lzf"),
            "compression lzf",
        ),
        (
            replace(
                KERNEL,
                shape=(4, 4),
                maxshape=(None, None),
                chunks=(2**10, 2**10),
            ),
            "in chunks",
        ),
        (
            replace(
                KERNEL,
                shape=(4, 32),
                external=[("/etc/hostname", 0, 512)],
            ),
            "outside of the file",
        ),
        (relink(KERNEL, h5py.ExternalLink("other.h5", "/x")), "ExternalLink"),
        (relink(KERNEL, h5py.SoftLink("/layers")), "SoftLink"),
        (lambda f: f.__setitem__("cycle", f["layers"]), "a second link"),
        (lambda f: f.__setitem__("root", f["/"]), "a second link|in chunks"),
        (lambda f: f.__setitem__("type", np.dtype("f4")), "that is no array"),
    ],
    ids=[
        "wrong shape",
        "missing array",
        "extra array",
        "bomb",
        "bytes",
        "objects",
        "filter",
        "chunks",
        "external data",
        "external link",
        "soft link",
        "linked twice",
        "cycle",
        "datatype",
    ],
)
def test_malicious_weights(folder, change, match):
    change_h5(folder, "model.weights.h5", change)
    refuse(folder, f"model.weights.h5 must hold .*({match})")


def nested(file):
    for _ in range(2000):
        file = file.create_group("g")


def not_utf_8(file):
    file["layers"].create_group(b"\xff\xfe")


def twice_compressed(file):
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_chunk((4, 32))
    created.set_deflate(9)
    created.set_deflate(9)
    space = h5py.h5s.create_simple((4, 32))
    del file[KERNEL]
    group, name = KERNEL.encode().rsplit(b"/", 1)
    h5py.h5d.create(file[group].id, name, h5py.h5t.IEEE_F32LE, space, created)


@pytest.mark.parametrize(
    "change, match",
    [
        (nested, "groups at a depth of more than 50"),
        (not_utf_8, "surrogate|utf-8|codec|object|open"),
        (twice_compressed, r"with the filters \[1, 1\]"),
        (
            lambda f: f[KERNEL].attrs.update(dtype="bfloat16"),
            "that call themselves bfloat16",
        ),
        (
            lambda f: [f.create_group(f"g{i}") for i in range(30)],
            "more than 30 objects",
        ),
    ],
    ids=["nested", "no UTF-8", "gzip twice", "bfloat16", "many groups"],
)
def test_files_that_ask_for_work(folder, change, match, monkeypatch):
    if "30" in match:
        monkeypatch.setattr(shapes, "_MAX_OBJECTS", 30)
    change_h5(folder, "model.weights.h5", change)
    refuse(folder, f"model.weights.h5 must hold .*({match})")


def test_a_file_of_another_size_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(files, "digest", None)
    with open(folder / "model.weights.h5", "ab") as file:
        file.truncate(3 * 2**30)  # Of nothing, and not on the disk.
    refuse(folder, "model.weights.h5 must be the file .*: 3221225472 bytes")


def test_virtual_dataset(folder):
    def change(file):
        del file[KERNEL]
        layout = h5py.VirtualLayout((4, 32), "f4")
        layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4, 32))
        file.create_virtual_dataset(KERNEL, layout)

    change_h5(folder, "model.weights.h5", change)
    refuse(folder, "outside of the file")


def test_same_shapes_in_the_wrong_place(folder):
    def change(file):
        file.move("layers", "elsewhere")

    change_h5(folder, "model.weights.h5", change)
    refuse(folder, "model.weights.h5 must hold the weights of DCGAN")


@pytest.mark.parametrize(
    "change, match",
    [
        (lambda f: f.pop("discriminator"), "discriminator in .*0 arrays"),
        (lambda f: f.create_dataset("evil/x", (2,), "f4"), "Received: evil"),
        (lambda f: f.create_dataset("generator/x", (2,), "f4"), "generator in"),
    ],
)
def test_malicious_task_weights(folder, change, match):
    change_h5(folder, "task.weights.h5", change)
    refuse(folder, match)
