"""One device, two, and two workers give the same training."""

import json
import os
import pathlib
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import points_gan

pytestmark = pytest.mark.slow

BACKEND = keras.backend.backend()
SCRIPT = pathlib.Path(__file__).with_name("distributed_training.py")
# Twenty trainings, on cores that others may have.
TIMEOUT = 1500


def start(mode, **environment):
    root = str(SCRIPT.parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), mode],
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "-1",
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def results(*processes):
    outputs = []
    try:
        for process in processes:
            out, errors = process.communicate(timeout=TIMEOUT)
            assert process.returncode == 0, errors[-3000:]
            line = next(x for x in out.splitlines() if x.startswith("RESULT "))
            outputs.append(json.loads(line.removeprefix("RESULT ")))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return outputs


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture(scope="module")
def both():
    if BACKEND == "torch":
        pytest.skip("one device")
    flags = os.environ.get("XLA_FLAGS", "")
    flags += " --xla_force_host_platform_device_count=2"
    return results(start("single"), start("mirrored", XLA_FLAGS=flags.strip()))


@pytest.fixture(scope="module")
def single(both):
    return both[0]


@pytest.fixture(scope="module")
def mirrored(both):
    return both[1]


@pytest.fixture(scope="module")
def workers():
    if BACKEND != "tensorflow":
        pytest.skip("tf.distribute")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    config = [
        json.dumps(
            {
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": index},
            }
        )
        for index in range(2)
    ]
    return results(*(start("worker", TF_CONFIG=c) for c in config))


def assert_same_training(a, b, tolerance=1e-5, atol=1e-5):
    for name, value in a["losses"].items():
        assert b["losses"][name] == pytest.approx(value, rel=tolerance)
    np.testing.assert_allclose(a["weights"], b["weights"], rtol=1e-3, atol=atol)
    np.testing.assert_allclose(
        a.get("evaluation", 0), b.get("evaluation", 0), rtol=1e-4
    )


def test_two_replicas_are_one_device(single, mirrored):
    assert_same_training(single["plain"], mirrored["plain"])


def test_training_health_on_two_replicas(single, mirrored):
    (a,), (b,) = single["plain"]["health"], mirrored["plain"]["health"]
    assert a == pytest.approx(b, rel=1e-3) and a["step"] == 50
    for model in mirrored.get("batch_norm", {}).values():
        assert len(model["health"]) == 1


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan"])
def test_translation_with_masks_and_pools(single, mirrored, name):
    a, b = single["translation"], mirrored["translation"]
    if name not in a:
        pytest.skip("one program, whatever the number of devices")
    # Adam turns rounding of a gradient near 0 into a step of some size.
    assert_same_training(a[name], b[name], tolerance=1e-4, atol=5e-4)
    assert b[name]["replicas_differ"] == []
    difference = np.subtract(a[name]["samples"], b[name]["samples"])
    assert np.abs(difference).max() <= 1
    assert a["pool"] == b["pool"] == 4


@pytest.mark.skipif(
    BACKEND != "tensorflow",
    reason="one program, whatever the number of devices",
)
@pytest.mark.parametrize("name", ["srgan", "srresnet", "esrgan", "real_esrgan"])
def test_both_phases_of_super_resolution(single, mirrored, name):
    a, b = single["upscaling"][name], mirrored["upscaling"][name]
    assert_same_training(a, b, tolerance=1e-4, atol=5e-4)
    assert b["replicas_differ"] == []


def test_three_players_with_lists_and_dicts_of_networks(single, mirrored):
    a, b = single["players"], mirrored["players"]
    assert_same_training(a, b)
    assert set(a["losses"]) == {"d_loss", "g_loss", "e_loss"}
    assert b["replicas_differ"] == []


def test_with_every_random_draw(single, mirrored):
    a, b = single["everything"], mirrored["everything"]
    assert_same_training(a, b)
    np.testing.assert_allclose(a["samples"], b["samples"], atol=1e-4)


@pytest.mark.parametrize(
    "model", ["wgan_gp", "wgan", "spectral", "ebgan", "began"]
)
def test_penalties_clipping_norms_and_balances(model, single, mirrored):
    assert_same_training(
        single["wasserstein"][model], mirrored["wasserstein"][model]
    )


@pytest.mark.skipif(
    BACKEND != "tensorflow",
    reason="one program, whatever the number of devices",
)
def test_options_on_two_replicas(single, mirrored):
    assert_same_training(
        single["regularized"], mirrored["regularized"], 1e-4, 5e-4
    )
    assert mirrored["regularized"]["replicas_differ"] == []


def test_unrolled_steps_on_two_replicas(single, mirrored):
    assert_same_training(single["unrolled"], mirrored["unrolled"])
    assert mirrored["unrolled"]["replicas_differ"] == []


def test_few_labels_on_two_replicas(single, mirrored):
    assert_same_training(single["few_labels"], mirrored["few_labels"])
    assert mirrored["few_labels"]["replicas_differ"] == []


@pytest.mark.parametrize("model", ["acgan", "infogan"])
def test_heads_on_two_replicas(model, single, mirrored):
    a, b = single["heads"][model], mirrored["heads"][model]
    assert_same_training(a, b)
    assert b["replicas_differ"] == []


@pytest.mark.parametrize(
    "model", ["stylegan2", "progressive_gan", "inpainting_gan"]
)
def test_styles_on_two_replicas(model, single, mirrored):
    a, b = single["styles"][model], mirrored["styles"][model]
    assert_same_training(a, b, tolerance=1e-4, atol=1e-4)
    assert b["replicas_differ"] == []


def test_two_workers_are_one_device(single, workers):
    for worker in workers:
        assert_same_training(single["plain"], worker["plain"])
    assert workers[0]["plain"] == workers[1]["plain"]


def test_a_worker_generates_without_the_other(single, workers):
    np.testing.assert_allclose(
        workers[0]["samples"], single["samples"], atol=1e-5
    )


@pytest.mark.skipif(BACKEND != "tensorflow", reason="draws are not per device")
def test_no_two_replicas_draw_the_same_latents(mirrored):
    first, second = mirrored["latents"]
    assert {tuple(z) for z in first}.isdisjoint({tuple(z) for z in second})
    assert len(first) == len(second) == 3


def test_no_two_workers_draw_the_same_latents(workers, mirrored):
    drawn = [worker["latents"][0] for worker in workers]
    np.testing.assert_allclose(drawn, mirrored["latents"], rtol=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
@pytest.mark.parametrize("model", ["dcgan", "conditional_gan"])
def test_batch_norm_on_two_replicas(model, single, mirrored):
    # Each replica normalizes by its own half: not the same training, but a
    # training, and one model at its end.
    result = mirrored["batch_norm"][model]
    alone = single["batch_norm"][model]
    assert result["replicas_differ"] == []
    for name, value in alone["losses"].items():
        assert result["losses"][name] == pytest.approx(value, rel=0.1)
    difference = np.subtract(result["generated"], alone["generated"])
    assert np.abs(difference).max() <= 8  # Of 255.


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
def test_mixed_precision_on_two_replicas(mirrored):
    losses = mirrored["float16"].get("result")
    assert losses, mirrored["float16"]
    assert np.isfinite(list(losses.values())).all()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
def test_compile_outside_of_the_scope(mirrored):
    losses = mirrored["compiled_outside"].get("result")
    assert losses, mirrored["compiled_outside"]
    # Optimizers that were made outside have variables of no replica.
    message = mirrored["outside"]["error"]
    assert message.startswith("ValueError: generator_optimizer must be made")
    assert "Received: " in message
    message = mirrored["made_outside"]["error"]
    assert message.startswith("ValueError: The model and all of its networks")
    assert "Received: " in message


@pytest.mark.parametrize("what", ["smaller", "odd", "last", "ragged"])
def test_batches_that_replicas_cannot_share_are_refused(what, mirrored):
    if what not in mirrored["refused"]:
        pytest.skip("tf.data")
    message = mirrored["refused"][what]
    assert message.startswith("ValueError: ") and "Received: " in message
    assert ("static size" if what == "ragged" else "batch_size") in message


@pytest.mark.skipif(BACKEND == "jax", reason="works there")
def test_keras_distribution_is_refused(monkeypatch):
    monkeypatch.setattr(keras.distribution, "distribution", object)
    with pytest.raises(ValueError, match="keras.distribution.*Received:"):
        points_gan().compile()
