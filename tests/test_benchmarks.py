import argparse
import importlib.util
import itertools
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_gans

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPT = BENCHMARKS / "train_step.py"


def load(name):
    path = BENCHMARKS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def need(*packages):
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the benchmark needs {package}")


def smoke_run(folder, *arguments, script=SCRIPT):
    command = [sys.executable, script, "--smoke", "--output", folder]
    run = subprocess.run(
        [*command, *arguments],
        # Busy waiting PyTorch threads crawl on a machine that is not idle.
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text()), run.stdout


def test_a_smoke_run_reports_every_side(tmp_path):
    need("torch", "tensorflow")
    results, text = smoke_run(tmp_path, "--models", "ConditionalGAN")
    assert {"cpu", "cores", "memory_gb", "versions"} <= set(results["machine"])
    speeds = results["models"]["ConditionalGAN"]["images_per_second"]
    assert set(speeds) == {
        "step",
        "fit",
        "step with EMA",
        "step, 2 replicas",
        "generate",
        "pytorch eager",
        "pytorch eager, fakes reused",
        "pytorch eager, generate",
    }
    assert all(s["min"] > 0 for s in speeds.values())
    for task in speeds:
        assert task in text


def test_a_smoke_run_of_image_to_image(tmp_path):
    need("torch", "tensorflow")
    results, text = smoke_run(tmp_path, "--models", "Pix2Pix 64x64")
    speeds = results["models"]["Pix2Pix 64x64"]["images_per_second"]
    assert set(speeds) == {"step", "fit", "step, 2 replicas", "pytorch eager"}
    assert all(s["min"] > 0 for s in speeds.values())
    for task in speeds:
        assert task in text


def test_memory_is_that_of_the_process(monkeypatch):
    need("tensorflow")
    train_step = load("train_step")
    model = train_step.MODELS["CycleGAN 64x64"]
    monkeypatch.setattr(train_step, "MEMORY_MODEL", model)
    options = argparse.Namespace(
        smoke=True, device="cpu", backend="tensorflow", batch_size=8
    )
    memory = train_step.measure_memory(options, subprocess.DEVNULL)
    # TensorFlow alone takes that much.
    assert 0.2 < memory["peak_gb"] < 8
    assert memory["met"]


def test_a_smoke_run_of_upscale(tmp_path):
    need("torch", "tensorflow")
    results, text = smoke_run(
        tmp_path, "--cli", script=BENCHMARKS / "upscale.py"
    )
    rows = results["rows"]
    assert set(rows) == {"keras_gans", "pytorch eager", "Pillow, bicubic"}
    for task, row in rows.items():
        assert row["median"] > 0 and task in text
    # TensorFlow alone takes that much, and Pillow's process has none of it.
    assert rows["Pillow, bicubic"]["peak_gb"] < 0.2
    for row in (rows["keras_gans"], results["cli"]):
        assert 0.2 < row["peak_gb"] < 8


@pytest.mark.parametrize("network", ["srresnet", "msrresnet"])
def test_upscale_in_pytorch_is_the_same(network, monkeypatch):
    need("torch")
    monkeypatch.syspath_prepend(BENCHMARKS)
    # One thread: several crawl on a machine that is not idle.
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # As it was, afterwards.
    upscale = load("upscale")
    settings = {"filters": 4, "blocks": 2, "tile": 16, "size": (40, 24)}
    settings |= {"network": network, "backend": keras.backend.backend()}
    theirs = upscale.PlainPyTorch(settings)
    ours = upscale.make_model(settings)
    copy_weights(ours.generator, theirs.network)
    image = upscale.photograph(*settings["size"])
    made = theirs.upscale(image)
    assert made.shape == (96, 160, 3)
    # As numbers: of uint8, 0 less 1 is 255.
    np.testing.assert_allclose(
        made.astype(int), ours.upscale(image, tile=16).astype(int), atol=1
    )


def to_pytorch(values, shapes):
    """Keras's weights, channels last, in the layout of PyTorch's."""
    for value, shape in zip(values, shapes, strict=True):
        if value.ndim == 4:
            value = value.transpose(3, 2, 0, 1)
        elif value.ndim == 3:  # The slopes of a PReLU.
            value = value.reshape(-1)
        elif shape == (1, 256):
            # A 4x4 map to the logit.
            value = value.reshape(4, 4, -1).transpose(2, 0, 1).reshape(shape)
        elif value.ndim == 2 and shape[1] >= 100:
            # The latents to a 7x7 map.
            value = value.reshape(len(value), 7, 7, -1)
            value = value.transpose(3, 1, 2, 0).reshape(shape)
        elif value.ndim == 2 and shape[0] != 10:
            value = value.T  # All but embeddings.
        yield value


def pad_end(layer, inputs):
    """Keras's "same" for strides of 2; PyTorch's users pad both ends by 1."""
    import torch

    return torch.nn.functional.pad(inputs[0], (0, 1, 0, 1))


def copy_weights(network, other):
    import torch

    parameters = list(other.parameters())
    shapes = [tuple(p.shape) for p in parameters]
    # Of a content network none is trained.
    variables = network.trainable_variables or network.variables
    values = map(keras.ops.convert_to_numpy, variables)
    with torch.no_grad():
        for p, v in zip(parameters, to_pytorch(values, shapes), strict=True):
            p.copy_(torch.from_numpy(np.ascontiguousarray(v)))
        # What becomes one block of pixels lies together in PyTorch.
        for layer, after in itertools.pairwise(other.modules()):
            if isinstance(after, torch.nn.PixelShuffle):
                for p in layer.parameters():
                    p.copy_(
                        p.unflatten(0, (4, -1)).transpose(0, 1).flatten(0, 1)
                    )


@pytest.mark.parametrize("kind", ["GAN", "DCGAN", "ConditionalGAN", "WGANGP"])
def test_pytorch_networks_are_the_same_functions(kind):
    need("torch")
    import torch

    shape, filters = (28, 28, 1), 4
    if kind == "GAN":
        ours = keras_gans.GAN(example_shape=shape)
    elif kind == "WGANGP":
        settings = {"image_shape": shape, "filters": filters}
        networks = load("train_step").dcgan_networks(settings)
        ours = keras_gans.WGANGP(**networks, latent_dim=100)
    else:
        ours = getattr(keras_gans, kind)(image_shape=shape, filters=filters)
    theirs = load("plain_pytorch").networks(kind, shape, filters)
    rng = np.random.default_rng(0)
    labels = [np.arange(8, dtype="int32")] if kind == "ConditionalGAN" else []
    latents = rng.standard_normal((8, 100)).astype("float32")
    images = rng.uniform(-1, 1, (8, *shape)).astype("float32")
    for network, other, x in (
        (ours.generator, theirs[0], latents),
        (ours.discriminator, theirs[1], images),
    ):
        parameters = list(other.parameters())
        values = [
            keras.ops.convert_to_numpy(v) for v in network.trainable_variables
        ]
        if kind == "GAN":  # One channel: rows and columns in the same order.
            values = [v.T if v.ndim == 2 else v for v in values]
        else:
            shapes = [tuple(p.shape) for p in parameters]
            values = to_pytorch(values, shapes)
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
            nchw = x.transpose(0, 3, 1, 2) if x.ndim == 4 else x
            # In training mode, so that normalization is compared as well.
            y = other(*(torch.from_numpy(v.copy()) for v in (nchw, *labels)))
        y = y.numpy().transpose(0, 2, 3, 1) if y.ndim == 4 else y.numpy()
        inputs = [x, *labels] if labels else x
        expected = network(inputs, training=True)
        expected = keras.ops.convert_to_numpy(expected)
        np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)


def test_wgan_gp_in_pytorch_has_the_same_penalty():
    need("torch")

    from keras_gans import penalties

    module = load("plain_pytorch")
    trainer = module.Trainer("WGANGP", (28, 28, 1), 4)
    networks = load("train_step").dcgan_networks(
        {"image_shape": (28, 28, 1), "filters": 4}
    )
    network = networks["discriminator"]
    copy_weights(network, trainer.discriminator)
    # Real and fake are equal: whatever alpha is, the points are the same.
    x = np.random.default_rng(0).uniform(-1, 1, (6, 28, 28, 1))
    x = x.astype("float32")
    (images,) = trainer.batch(x)
    theirs = float(trainer.penalty(images, images).detach())
    tensor = keras.ops.convert_to_tensor
    ours = penalties.gradient_penalty(
        network, tensor(x), tensor(x), tensor(np.ones((6, 1, 1, 1), "float32"))
    )
    ours = float(keras.ops.convert_to_numpy(ours))
    assert theirs == pytest.approx(ours, rel=1e-4)
    d_loss, g_loss = trainer.step(trainer.batch(np.repeat(x, 5, 0))[0])
    assert np.isfinite([float(d_loss), float(g_loss)]).all()


@pytest.mark.parametrize("kind", ["Pix2Pix", "CycleGAN", "SRResNet", "SRGAN"])
def test_image_to_image_in_pytorch_is_the_same(kind):
    need("torch")
    import torch

    shape, filters = (32, 32, 3), 4
    if kind.startswith("SR"):
        shape = (16, 16, 3)  # A 1x1 map in the end: in any order.
    trainer = load("plain_pytorch").Trainer(kind, shape, filters)
    if kind == "SRResNet":
        ours = keras_gans.SRResNet(filters=filters)
    elif kind == "SRGAN":
        settings = {"image_shape": shape, "filters": filters}
        networks = load("train_step").srgan_networks(settings)
        ours = keras_gans.SRGAN(image_shape=shape, **networks)
    else:
        ours = getattr(keras_gans, kind)(image_shape=shape, filters=filters)
    if kind == "Pix2Pix":
        networks = [ours.generator, ours.discriminator]
        others = [trainer.generator, trainer.discriminator]
    elif kind == "SRResNet":
        networks, others = [ours.generator], [trainer.generator]
    elif kind == "SRGAN":
        networks = [ours.generator, ours.discriminator, ours.content_network]
        others = [trainer.generator, trainer.discriminator, trainer.content]
        for layer in others[1]:
            if getattr(layer, "stride", 1) == (2, 2):
                layer.padding = 0
                layer.register_forward_pre_hook(pad_end)
    else:
        networks = [ours.generator_ab, ours.generator_ba]
        networks += [ours.discriminator_b, ours.discriminator_a]
        others = [*trainer.generator, *trainer.discriminator]
    rng = np.random.default_rng(0)
    for network, other in zip(networks, others):
        copy_weights(network, other)
        # As many dropouts on both sides, and then none.
        dropouts = [x for x in network.layers if hasattr(x, "rate")]
        for dropout in dropouts:
            dropout.rate = 0.0
        theirs = [x for x in other.modules() if isinstance(x, torch.nn.Dropout)]
        for dropout in theirs:
            dropout.p = 0.0
        assert len(theirs) == len(dropouts)
        x = rng.uniform(-1, 1, (2, *shape[:2], network.input_shape[-1]))
        x = x.astype("float32")
        with torch.no_grad():
            y = other(*trainer.batch(x)).movedim(1, -1).numpy()
        expected = keras.ops.convert_to_numpy(network(x, training=True))
        np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)

    batch = list(rng.uniform(-1, 1, (2, 2, *shape)).astype("float32"))
    if kind.startswith("SR"):
        batch[0] = batch[0][:, ::4, ::4]
    ours.compile(run_eagerly=True)
    logs = ours.train_on_batch(*batch, return_dict=True)
    losses = trainer.step(*trainer.batch(*batch))
    names = ["loss"] if kind == "SRResNet" else ["d_loss", "g_loss"]
    np.testing.assert_allclose(
        [float(loss) for loss in losses],
        [logs[name] for name in names],
        rtol=1e-4,
    )


def test_image_pool_in_pytorch_gives_back_what_it_took():
    need("torch")
    import torch

    pool = load("plain_pytorch").ImagePool()
    batch = torch.arange(50.0).reshape(50, 1, 1, 1)
    assert torch.equal(pool(batch), batch)
    returned = pool(batch + 50)
    assert 0 < int((returned < 50).sum()) < 50
    # Every image came back or is kept.
    values = [float(x) for x in [*returned, *torch.cat(pool.images)]]
    assert sorted(values) == list(range(100))


def test_readme_table_is_replaced_between_its_markers(tmp_path):
    train_step = load("train_step")
    train_step.HERE = tmp_path
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n")
    train_step.update_readme("x", "new\n")
    assert readme.read_text() == (
        "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n"
    )
