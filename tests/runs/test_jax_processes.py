"""`train` on several devices and in several processes of JAX."""

import os
import pathlib
import socket
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest

from keras_gans import cli, runs
from keras_gans.checks import UsageError

ROOT = pathlib.Path(__file__).resolve().parents[2]
BACKEND = keras.backend.backend()
COMMAND = ["train", "gan_ring", "--steps", "30", "--quiet"]
only_jax = pytest.mark.skipif(BACKEND != "jax", reason="JAX's")


def start(*arguments, devices=1):
    flags = os.environ.get("XLA_FLAGS", "")
    flags += f" --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-m", "keras_gans.cli", *COMMAND, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": flags.strip(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def state(folder):
    """Everything that a run goes on from: weights, optimizers, seeds."""
    (path,) = folder.glob("checkpoints/*/gan.weights.h5")
    found = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item, "float64")

    with h5py.File(path) as file:
        file.visititems(add)
    return found


@only_jax
@pytest.mark.slow
def test_devices_and_processes_train_as_one_device(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    both = ["--strategy", "multiworker", "--out", str(tmp_path / "processes")]
    both += ["--coordinator", address, "--num-processes", "2", "--process-id"]
    devices = ["--out", str(tmp_path / "devices")]
    started = [start(*both, "0"), start(*both, "1"), start(*devices, devices=2)]
    one = ["--strategy", "none", "--out", str(tmp_path / "one")]
    assert cli.main([*COMMAND, *one]) == 0
    outputs = [process.communicate(timeout=300) for process in started]
    for process, (_, errors) in zip(started, outputs):
        assert process.returncode == 0, errors
    # One of the two writes. What connects them has its own line.
    assert "30 steps" in outputs[0][0]
    assert [x for x in outputs[1][0].splitlines() if "[Gloo]" not in x] == []
    expected = state(tmp_path / "one")
    for name in ("processes", "devices"):
        found = state(tmp_path / name)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            # Sums in another order, which a kink of ReLU makes a step of.
            difference = np.linalg.norm(found[key] - value)
            assert difference <= 5e-3 * np.linalg.norm(value), (name, key)


@only_jax
def test_what_is_missing_is_said():
    for strategy, workers, words in (
        ("mirrored", (), "--strategy mirrored is TensorFlow's; on jax"),
        ("auto", ("a:1",), "are of --strategy multiworker"),
        ("multiworker", ("a:1", 2), "are given together"),
        ("multiworker", ("a:1", 2, 2), "less than --num-processes, which is 2"),
        ("multiworker", (), "needs --coordinator HOST:PORT"),
    ):
        with pytest.raises(UsageError, match=words):
            runs.strategy_scope(strategy, runs.Workers(*workers))


@pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's")
def test_one_device_of_pytorch():
    for strategy, words in (
        ("mirrored", "--strategy must be auto or none"),
        ("multiworker", "with --backend jax or tensorflow"),
    ):
        with pytest.raises(UsageError, match=words):
            runs.strategy_scope(strategy)
