import argparse
import dataclasses
import importlib
import importlib.util
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_gans.models import tiling

# What is compared is PyTorch beside Keras's default, TensorFlow.
pytestmark = pytest.mark.neutral

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPT = BENCHMARKS / "train_step.py"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    """Where they are run, the benchmarks find each other beside them."""
    monkeypatch.syspath_prepend(BENCHMARKS)


def load(name):
    return importlib.import_module(name)


def tiny(name, **changes):
    """A family, and settings of small networks."""
    settings = {"filters": 4, "batch_size": 2, "device": "cpu"}
    settings |= {"quick": False, "started": time.time(), **changes}
    return load("rows").FAMILIES[name], settings


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


@pytest.mark.slow
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
    first_steps = results["models"]["ConditionalGAN"]["seconds_to_first_step"]
    # Of a process, its start and the networks included.
    assert set(first_steps) == {"step", "step, 2 replicas", "pytorch eager"}
    assert all(1 < s < 300 for s in first_steps.values())
    first_calls = results["models"]["ConditionalGAN"]["seconds_of_first_call"]
    assert set(first_calls) == {"generate", "pytorch eager, generate"}
    assert "| first time, seconds |" in text


@pytest.mark.slow
def test_each_task_of_image_to_image_is_timed(monkeypatch):
    need("torch", "tensorflow")
    # One thread: several crawl on a machine that is not idle.
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    # Sides own their process: here the environment is put back.
    monkeypatch.setattr(os, "environ", dict(os.environ))
    family, settings = tiny("Pix2Pix", image_shape=(32, 32, 3))
    settings |= {"family": family.name, "num_images": 4, "replicas": 1}
    settings |= {"backend": keras.backend.backend(), "compile": False}
    ours = load("ours").Ours(settings)
    theirs = load("plain_side").PlainPyTorch(settings)
    assert sorted(ours.tasks) == ["fit", "step"]
    assert list(theirs.tasks) == ["pytorch eager"]
    assert ours.sizes == theirs.sizes
    for side, first in ((ours, "step"), (theirs, "pytorch eager")):
        assert list(side.first_steps) == [first]
        assert 0 < side.first_steps[first] < 120
    for task in (*ours.tasks.values(), *theirs.tasks.values()):
        assert 0 < task(1) < 60


@pytest.mark.slow
def test_memory_is_that_of_the_process(monkeypatch):
    need("tensorflow")
    train_step = load("train_step")
    name = load("goals").MEMORY_MODEL
    # A quick one in its place.
    family, row = train_step.MODELS["GAN"]
    small = dataclasses.replace(row, memory_goal=8)
    monkeypatch.setitem(train_step.MEMORY, name, (family, small))
    options = argparse.Namespace(
        smoke=True,
        quick=False,
        device="cpu",
        backend="tensorflow",
        batch_size=8,
    )
    memory = train_step.measure_memory(name, options, subprocess.DEVNULL)
    assert memory["model"] == "CycleGAN 256x256" and memory["at_most"] == 8
    # TensorFlow alone takes that much.
    assert 0.2 < memory["peak_gb"] < 8
    assert memory["met"]


@pytest.mark.slow
def test_a_smoke_run_of_upscale(tmp_path):
    need("torch", "tensorflow")
    results, text = smoke_run(
        tmp_path, "--cli", "--whole", script=BENCHMARKS / "upscale.py"
    )
    rows = results["rows"]
    assert set(rows) == {
        "keras_gans",
        "pytorch eager",
        "pytorch eager, no tiles",
        "Pillow, bicubic",
    }
    for task, row in rows.items():
        assert row["median"] > 0 and task in text
    # TensorFlow alone takes that much, and Pillow's process has none of it.
    assert rows["Pillow, bicubic"]["peak_gb"] < 0.2
    for row in (rows["keras_gans"], results["cli"]):
        assert 0.2 < row["peak_gb"] < 8


@pytest.mark.slow
@pytest.mark.parametrize(
    "network", ["srresnet", "msrresnet", "srvggnet", "rrdbnet"]
)
def test_upscale_in_pytorch_is_the_same(network, monkeypatch):
    need("torch")
    # One thread: several crawl on a machine that is not idle.
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # As it was, afterwards.
    upscale = load("upscale")
    settings = {"filters": 4, "blocks": 2, "tile": 16, "size": (40, 24)}
    settings |= {"network": network, "backend": keras.backend.backend()}
    theirs = upscale.PlainPyTorch(settings)
    ours = upscale.make_model(settings)
    # Both compute as much beside a tile.
    assert upscale.reach_of(network, 2) == ours.generator.reach
    assert upscale.tile_of(network) == ours._tile(None)
    for size, tile in ((40, 16), (512, 192), (4000, 512)):
        spans = [upscale.spans, tiling._spans]
        reach = ours.generator.reach
        a, b = (list(function(size, tile, reach)) for function in spans)
        assert a == b
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
                block = after.upscale_factor**2
                for p in layer.parameters():
                    blocks = p.unflatten(0, (block, -1)).transpose(0, 1)
                    p.copy_(blocks.flatten(0, 1))


@pytest.mark.parametrize("kind", ["GAN", "DCGAN", "ConditionalGAN", "WGANGP"])
def test_pytorch_networks_are_the_same_functions(kind):
    need("torch")
    import torch

    shape = (28, 28, 1)
    family, settings = tiny(kind, image_shape=shape)
    ours, theirs = family.ours(settings), family.theirs(settings)
    rng = np.random.default_rng(0)
    labels = [np.arange(8, dtype="int32")] if kind == "ConditionalGAN" else []
    latents = rng.standard_normal((8, 100)).astype("float32")
    images = rng.uniform(-1, 1, (8, *shape)).astype("float32")
    for network, other, x in (
        (ours.generator, theirs["generator"], latents),
        (ours.discriminator, theirs["discriminator"], images),
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

    family, settings = tiny("WGANGP", image_shape=(28, 28, 1))
    trainer = load("plain_side").Trainer(family, settings)
    network = family.ours(settings).discriminator
    copy_weights(network, trainer.discriminator)
    # Real and fake are equal: whatever alpha is, the points are the same.
    x = np.random.default_rng(0).uniform(-1, 1, (6, 28, 28, 1))
    x = x.astype("float32")
    (images,) = trainer.batch(x)
    penalty = load("families.wgan_gp").penalty
    theirs = float(penalty(trainer, images, images).detach())
    tensor = keras.ops.convert_to_tensor
    ours = penalties.gradient_penalty(
        network, tensor(x), tensor(x), tensor(np.ones((6, 1, 1, 1), "float32"))
    )
    ours = float(keras.ops.convert_to_numpy(ours))
    assert theirs == pytest.approx(ours, rel=1e-4)
    d_loss, g_loss = trainer.step(trainer.batch(np.repeat(x, 5, 0))[0])
    assert np.isfinite([float(d_loss), float(g_loss)]).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Pix2Pix", "CycleGAN", "SRResNet", "SRGAN"])
def test_image_to_image_in_pytorch_is_the_same(kind):
    need("torch")
    import torch

    shape = (32, 32, 3)
    if kind.startswith("SR"):
        shape = (16, 16, 3)  # A 1x1 map in the end: in any order.
    family, settings = tiny(kind, image_shape=shape)
    trainer = load("plain_side").Trainer(family, settings)
    ours = family.ours(settings)
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

    pool = load("families.cyclegan").ImagePool()
    batch = torch.arange(50.0).reshape(50, 1, 1, 1)
    assert torch.equal(pool(batch), batch)
    returned = pool(batch + 50)
    assert 0 < int((returned < 50).sum()) < 50
    # Every image came back or is kept.
    values = [float(x) for x in [*returned, *torch.cat(pool.images)]]
    assert sorted(values) == list(range(100))


def shapes(batch):
    batch = batch if isinstance(batch, (tuple, list)) else (batch,)
    return [tuple(x.shape) for x in batch]


@pytest.mark.slow
def test_both_sides_are_alike_and_learn_from_the_same():
    """Whatever families there are: they need no test of their own for it."""
    need("torch", "tensorflow")
    trainers = load("plain_side")
    for name in load("rows").FAMILIES:
        family, settings = tiny(name)
        row = next(iter(family.rows.values()))
        settings["image_shape"] = row.image_shape
        batch = family.batch({**settings, "batch_size": 3})
        assert all(len(x) == 3 and abs(x).max() > 0 for x in batch), name
        assert all(
            x.min() >= -1 and x.max() <= 1
            for x in batch
            if x.dtype == "float32"
        )
        data = family.dataset(family.arrays(settings, 5), batch_size=3)
        assert shapes(next(iter(data))) == shapes(batch), name
        trainer = trainers.Trainer(family, settings)
        theirs = [p for each in trainer.parameters.values() for p in each]
        # Where samples are drawn, there is a step with EMA to be timed.
        options = {"ema_momentum": 0.9} if family.generate else {}
        ours = family.ours(settings, **options).trainable_variables
        assert sorted(p.numel() for p in theirs) == sorted(
            int(np.prod(v.shape)) for v in ours
        ), name
        if family.generate:
            samples = family.generate(trainer, 3)
            assert samples.shape == (3, *row.image_shape)
            assert samples.dtype == "uint8"


def test_frozen_networks_have_no_gradients():
    need("torch")
    import torch

    family, settings = tiny("GAN", image_shape=(4, 4, 1))
    trainer = load("plain_side").Trainer(family, settings)
    x = torch.zeros(2, 1, 4, 4)
    with trainer.frozen("discriminator"):
        assert not trainer.discriminator(x).requires_grad
    assert trainer.discriminator(x).requires_grad


def test_readme_table_is_replaced_between_its_markers(tmp_path, monkeypatch):
    table, readme = load("table"), tmp_path / "README.md"
    monkeypatch.setattr(table, "README", readme)
    readme.write_text("a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n")
    table.update_readme("x", "new\n")
    assert readme.read_text() == (
        "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n"
    )


def stored(name):
    return json.loads((BENCHMARKS / "results" / f"{name}.json").read_text())


RESULTS = ["train_step_cpu_tensorflow", "train_step_super_resolution"]


OTHERS = ["train_step_gpu_jax_quick", "upscale", "upscale_small"]


@pytest.mark.parametrize("name", [*RESULTS, *OTHERS])
def test_readme_has_the_results_that_are_stored(name):
    report = load("upscale" if "upscale" in name else "table").report
    readme = (BENCHMARKS / "README.md").read_text()
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    assert begin + report(stored(name)) + end in readme


@pytest.mark.parametrize("name", RESULTS)
def test_goals_are_those_of_the_results(name):
    goals, results = load("goals"), stored(name)
    options = argparse.Namespace(
        smoke=False, device="cpu", backend="tensorflow"
    )
    found = goals.check(results["models"], options)

    def in_order(found):
        return sorted(found, key=lambda g: (g["model"], g["of"], g["to"]))

    assert in_order(found) == in_order(results["goals"])
    memory = results["memory"]
    if memory:
        assert memory == goals.check_memory(memory["model"], memory["peak_gb"])
    options.smoke = True
    assert goals.check(results["models"], options) == []


FAMILY = """
import families.gan
import dataclasses
FAMILIES = (
    dataclasses.replace(
        families.gan.FAMILIES[0],
        name="NewGAN",
        rows={
            "NewGAN": families.gan.Row(
                (8, 8, 1), 0, goals=(("fit", "step", 0.5),)
            )
        },
    ),
)
"""


def test_a_family_is_a_file_and_nothing_else(tmp_path, monkeypatch):
    rows, folder = load("rows"), load("families")
    (tmp_path / "new_gan.py").write_text(FAMILY)
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    known = list(rows.FAMILIES)
    # Families of the package in its order, and then the others.
    assert known == [n for n in rows.keras_gans.__all__ if n in known]
    assert list(rows.find()) == [*known, "NewGAN"]
    (row,) = rows.find()["NewGAN"].rows.values()
    assert row.goals == (("fit", "step", 0.5),)


@pytest.mark.slow
@pytest.mark.parametrize("module", ["train_step", "plain_side"])
def test_sides_do_not_import_each_others_framework(module):
    if module == "plain_side":
        need("torch")
    code = f"""
import sys
import {module}
assert not {{"keras", "tensorflow", "jax"}} & set(sys.modules)
assert ("torch" in sys.modules) == ({module!r} == "plain_side")
"""
    subprocess.run([sys.executable, "-c", code], cwd=BENCHMARKS, check=True)
