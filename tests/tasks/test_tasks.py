"""Kinds of model: each is found by its name, and says what it needs."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from cases import cases

from keras_gans import example_kinds, presets, registry, tasks

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.neutral
def test_there_is_a_file_for_each():
    kinds = {"inpainting", "sampling", "translation", "upscaling"}
    assert kinds <= set(tasks.names())
    for name in tasks.names():
        task = tasks.get(name)
        assert task is tasks.get(name)
        assert task.name == name
    of_classes = {task for _, task in registry.CLASSES.values() if task}
    assert of_classes <= set(tasks.names())
    for wrong in ("shared", "painting", None):
        with pytest.raises(ValueError, match=", ".join(tasks.names())):
            tasks.get(wrong)


@pytest.mark.neutral
def test_a_commands_name_is_one_tasks():
    commands = [tasks.get(name).command for name in tasks.names()]
    assert {"generate", "inpaint", "translate", "upscale"} <= set(commands)
    assert len(set(commands)) == len(commands)
    advice = tasks.get("sampling").advice
    assert advice == "draws samples: keras-gans generate"


@pytest.mark.neutral
def test_names_are_known_without_keras():
    code = (
        "import sys\nfrom keras_gans import tasks\nfrom keras_gans.tasks "
        "import task\ntasks.names()\nassert 'keras' not in sys.modules\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.neutral
def test_the_best_is_the_highest_or_the_lowest():
    modes, kid = (tasks.get("sampling").best_by[n] for n in ("modes", "kid"))
    rows = [{"modes": 3, "high_quality": 0.9}, {"modes": 4, "high_quality": 0}]
    assert min(rows, key=modes.key) is rows[1]
    rows = [{"kid": 0.2}, {"kid": -0.1}]
    assert min(rows, key=kid.key) is rows[1]


@pytest.fixture(scope="module", params=cases(), ids=lambda case: case.name)
def model(request):
    return request.param.build(seed=0)


@pytest.mark.slow
def test_random_examples_suit_the_model(model):
    batch = model.task.batch(model, 6, seed=1)
    again = model.task.batch(model, 6, seed=1)
    other = model.task.batch(model, 6, seed=2)
    for a, b in zip(batch, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (batch[0] != other[0]).any()
    # As `fit` checks them.
    x, y = batch if len(batch) == 2 else (batch[0], None)
    assert len(x) == 6
    model.check_batch(x, y)
    outputs = model.predict(model.task.inputs(model, 6), verbose=0)
    assert outputs.shape == (6, *model.example_shape)


@pytest.mark.slow
def test_samples_are_always_the_same(model):
    samples = model.task.samples(model)
    kind = example_kinds.get(model.example_kind)
    assert samples.dtype == ("uint8" if kind.eight_bits else "float32")
    assert len(samples) == 4
    np.testing.assert_array_equal(samples, model.task.samples(model))
    golden = model.task.golden(model)
    axes = tuple(range(1, samples.ndim))
    means = samples.mean(axis=axes, dtype="float64")
    np.testing.assert_allclose(golden, means, atol=1e-4)
    assert len(set(golden)) > 1


def test_golden_samples_are_without_dropout():
    (case,) = (case for case in cases() if case.name == "pix2pix")
    model = case.build(seed=0)
    golden = model.task.golden(model)
    model.dropout_at_test = True
    assert model.task.golden(model) == golden
    assert model.dropout_at_test


@pytest.mark.neutral
@pytest.mark.parametrize(
    "name, headline",
    [
        ("gan_ring", "modes 8 (points v1, 10,000/10,000, ring train)"),
        (
            "pix2pix_emoji",
            "L1 34.31, SSIM 0.5068, FID 4.124 (emoji_classifier v1, 100/100, "
            "emojitwo test)",
        ),
        (
            "srgan_x4_bsds500",
            "PSNR 29.72, SSIM 0.856 (luma v1, 5/5, set5 test, x4 given "
            "inputs, border of 4 left out)",
        ),
    ],
)
def test_headlines(name, headline):
    task = tasks.get(presets.task_name(name))
    assert task.headline(presets.info(name)["metadata"]) == headline


@pytest.mark.neutral
def test_a_toys_run_ends_with_its_modes():
    summary = tasks.get("sampling").summary
    row = {"modes": 8, "high_quality": 0.9484}
    assert summary({"dataset": "ring"}, row) == [
        "8 of 8 modes covered, 94.8% of 2,500 samples of high quality"
    ]
    assert summary({"dataset": "mnist"}, {"swd": 0.1}) == []
