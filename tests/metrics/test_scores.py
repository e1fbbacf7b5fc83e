"""Protocols, and `metrics.evaluate` as a stream."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import NUM_CLASSES, tiny_conditional_gan, tiny_gan

from keras_gans import datasets, metrics
from keras_gans.metrics import scores

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROTOCOL = metrics.Protocol(
    "mnist_classifier", "1", 10_000, 10_000, "mnist", "test"
)


def score(value, name="FID", **changes):
    protocol = scores.dataclasses.replace(PROTOCOL, **changes)
    return metrics.Score(name, value, protocol)


# ---- protocols ------------------------------------------------------------


@pytest.mark.neutral
def test_score_prints_its_protocol():
    assert str(score(3.2149)) == (
        "FID (mnist_classifier v1, 10,000/10,000, mnist test): 3.215"
    )
    other = metrics.Score(
        "KID",
        0.00123,
        metrics.Protocol("inception", "2", 50, 60, resize="299x299 bilinear"),
        std=0.0004,
    )
    assert str(other) == (
        "KID (inception v2, 50/60, 299x299 bilinear): 0.00123 ± 0.0004"
    )


@pytest.mark.neutral
def test_scores_print_as_a_table():
    other = metrics.Score("<KID>", 0.00123, PROTOCOL, std=0.0004)
    table = metrics.Scores(FID=score(3.2149), KID=other)
    protocol = "mnist_classifier v1, 10,000/10,000, mnist test"
    assert str(table).splitlines() == [
        "score  value    std     protocol",
        f"FID    3.215            {protocol}",
        f"<KID>  0.00123  0.0004  {protocol}",
    ]
    page = table._repr_html_()
    assert page.count("<tr>") == 3 and "<td>&lt;KID&gt;</td>" in page
    # And a dict as any other.
    assert isinstance(table, dict) and dict(table) == table
    assert float(table["FID"]) == 3.2149


@pytest.mark.neutral
def test_scores_of_one_protocol_compare():
    low, high = score(1.0), score(2.5)
    assert low < high and high > low and low <= high and high >= low
    assert low == score(1.0) and low != high
    assert high - low == 1.5
    assert len({low, score(1.0), high}) == 2
    assert min(high, low) is low


@pytest.mark.neutral
@pytest.mark.parametrize(
    "changes",
    [
        {"extractor": "other"},
        {"version": "2"},
        {"n_real": 5000},
        {"n_fake": 5000},
        {"dataset": "fashion_mnist"},
        {"split": "train"},
        {"resize": "299x299 bilinear"},
        {"name": "KID"},
    ],
)
def test_scores_of_other_protocols_do_not(changes):
    a, b = score(1.0), score(2.0, **changes)
    for compare in (
        lambda: a < b,
        lambda: a <= b,
        lambda: a > b,
        lambda: a >= b,
        lambda: a == b,
        lambda: a != b,
        lambda: a - b,
    ):
        with pytest.raises(ValueError, match="Received: ") as error:
            compare()
        assert str(a) in str(error.value) and str(b) in str(error.value)
    with pytest.raises(TypeError, match="Received: 3"):
        assert a < 3
    assert a != 3


@pytest.mark.neutral
def test_score_as_json():
    for std in (None, 0.5):
        a = metrics.Score("KID", 1.25, PROTOCOL, std)
        b = metrics.Score.from_json(json.loads(json.dumps(a.to_json())))
        assert (a, a.std, a.protocol) == (b, b.std, b.protocol)


# ---- evaluate -------------------------------------------------------------


def brightness(images):
    """Four features: the mean of each quarter's rows."""
    assert images.dtype == np.uint8
    rows = images.astype("float64").mean(axis=(2, 3)) / 100
    return rows.reshape(len(images), 4, -1).mean(axis=-1)


EXTRACTOR = metrics.Extractor(
    brightness,
    "brightness",
    probabilities=lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
)


def images(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 200 + 20 * seed, (n, 8, 8, 1)).astype("uint8")


def in_batches(x, size=37):
    for start in range(0, len(x), size):
        yield x[start : start + size]


def values(result):
    return {name: (s.value, s.std) for name, s in result.items()}


@pytest.mark.slow
@pytest.mark.neutral
def test_stream_equals_the_functions():
    real, fake = images(300, seed=1), images(300, seed=2)
    result = metrics.evaluate(
        in_batches(fake),
        ((x, "label") for x in in_batches(real / np.float32(127.5) - 1)),
        EXTRACTOR,
        scores.METRICS,
    )
    x, y = (brightness(z).astype("float32") for z in (real, fake))
    assert result["FID"].value == metrics.frechet_distance(x, y)
    kid = metrics.kernel_distance(x, y, subset_size=300)
    assert (result["KID"].value, result["KID"].std) == kid
    found = [
        result[name].value
        for name in ("precision", "recall", "density", "coverage")
    ]
    assert tuple(found) == (
        *metrics.precision_recall(x, y),
        *metrics.density_coverage(x, y),
    )
    score, std = metrics.inception_score(EXTRACTOR.probabilities(y))
    assert (result["IS"].value, result["IS"].std) == (score, std)
    assert result["SWD"].value == pytest.approx(
        metrics.sliced_wasserstein(
            real / np.float32(127.5) - 1, fake / np.float32(127.5) - 1
        )
    )
    counts = [np.bincount(z.argmax(1), minlength=4) for z in (x, y)]
    assert result["modes"].value == (counts[1] > 0).sum()
    assert result["reverse_kl"].value == metrics.reverse_kl(
        counts[1], counts[0]
    )
    again = metrics.evaluate(fake, real, EXTRACTOR, scores.METRICS)
    assert values(again) == values(result)


@pytest.mark.neutral
def test_protocol_says_what_was_there():
    result = metrics.evaluate(
        images(90, 1),
        images(50, 2),
        EXTRACTOR,
        ("fid", "swd"),
        n=80,
        dataset="noise",
        split="test",
    )
    assert result["FID"].protocol == metrics.Protocol(
        "brightness", "1", 50, 80, "noise", "test"
    )
    assert result["SWD"].protocol == metrics.Protocol(
        "values", "1", 50, 50, "noise", "test"
    )


@pytest.mark.neutral
def test_sliced_distance_is_of_the_first_examples(monkeypatch):
    monkeypatch.setattr(scores, "SWD_EXAMPLES", 70)
    fake, real = images(90, 1), images(90, 2)
    result = metrics.evaluate(
        in_batches(fake), in_batches(real), EXTRACTOR, ("swd",), n=90
    )["SWD"]
    assert result.protocol.n_fake == result.protocol.n_real == 70
    assert result.value == pytest.approx(
        metrics.sliced_wasserstein(
            real[:70] / np.float32(127.5) - 1, fake[:70] / np.float32(127.5) - 1
        )
    )


@pytest.mark.slow
def test_of_a_model():
    """As many samples as real images, with the classes in turn."""
    gan = tiny_conditional_gan()
    labels = []
    generate = gan.generate

    def spy(n, labels_=None, **kwargs):
        labels.extend(kwargs["labels"])
        return generate(n, **kwargs)

    gan.generate = spy
    real = images(300, 1)
    result = metrics.evaluate(gan, real, EXTRACTOR, ("fid", "kid"), seed=3)
    assert result["FID"].protocol.n_fake == 300
    np.testing.assert_array_equal(labels, np.arange(300) % NUM_CLASSES)
    gan.generate = generate
    again = metrics.evaluate(gan, real, EXTRACTOR, ("fid", "kid"), seed=3)
    assert values(again) == values(result)
    other = metrics.evaluate(gan, real, EXTRACTOR, ("fid",), seed=4)
    assert other["FID"].value != result["FID"].value


def test_of_a_model_whose_examples_are_no_images():
    """Their rank is that of images, and their values are kept."""

    class Field(keras.Model):
        example_kind = "field"

        def generate(self, n, labels, seed, batch_size):
            rng = np.random.default_rng(seed)
            return rng.normal(5, 2, (n, 6, 6, 2)).astype("float32")

    def means(fields):
        assert fields.dtype == "float32" and fields.max() > 1
        return fields.mean(axis=(1, 2))

    real = np.random.default_rng(0).normal(5, 2, (40, 6, 6, 2))
    result = metrics.evaluate(
        Field(), real.astype("float32"), means, ("fid", "swd")
    )
    assert result["FID"].value < 0.5 and result["FID"].protocol.n_fake == 40
    assert result["SWD"].value > 0.1  # In the fields' own units.


def test_samples_differ_between_batches_and_seeds():
    gan = tiny_gan()
    first, second, rest = scores.sample_batches(gan, 600, seed=0)
    assert [len(x) for x in (first, second, rest)] == [256, 256, 88]
    other, _, _ = scores.sample_batches(gan, 600, seed=1)
    for x in (second, other):
        assert (first != x).any(axis=(1, 2, 3)).mean() > 0.9


@pytest.mark.neutral
def test_of_points():
    points = datasets.ring(2500, seed=1)
    points[:100] = 0
    points = points[np.abs(points - datasets.ring_modes()[0][2]).max(1) > 0.2]
    result = metrics.evaluate(
        points,
        datasets.ring(2500, seed=2),
        "points",
        ("modes", "fid"),
        dataset="ring",
    )
    covered, good = metrics.mode_coverage(points, *datasets.ring_modes())
    assert result["modes"].value == covered == 7
    assert result["high_quality"].value == good
    assert result["reverse_kl"].value == pytest.approx(np.log(8 / 7), abs=0.01)
    assert result["FID"].value > 0


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"metrics": ("fid", "psnr")}, "Received: metrics="),
        ({"metrics": "fid"}, "Received: metrics='fid'"),
        ({"n": 1}, "Received: n=1"),
        ({"extractor": brightness, "metrics": ("is",)}, "'brightness'"),
        ({"fake": iter([])}, "2 generated examples. Received: 0"),
    ],
)
def test_refuses(arguments, words):
    arguments = {
        "fake": images(9, 1),
        "real": images(9, 2),
        "extractor": EXTRACTOR,
        **arguments,
    }
    with pytest.raises(ValueError, match=words):
        metrics.evaluate(**arguments)


@pytest.mark.neutral
def test_progress_bars(capsys):
    arguments = (images(9, 1), images(9, 2), EXTRACTOR, ("fid",))
    metrics.evaluate(*arguments)
    assert capsys.readouterr().out == ""
    metrics.evaluate(*arguments, n=9, verbose=1)
    out = capsys.readouterr().out
    assert "real examples" in out and "generated examples" in out
    assert "9/9" in out


MEMORY = """
import memory
import numpy as np
from keras_gans import metrics

def features(images):
    return images.reshape(len(images), 128, -1).mean(axis=2) / 255

def batches(seed):
    rng = np.random.default_rng(seed)
    for _ in range(500):
        images = rng.integers(0, 256, (100, 32, 32, 3)).astype("float32")
        yield images / 127.5 - 1

result = metrics.evaluate(
    batches(0), batches(1), features, ("fid", "kid", "swd"), 50_000
)
assert result["FID"].protocol.n_fake == 50_000
print(memory.peak())
"""


@pytest.mark.neutral
@pytest.mark.slow
def test_memory_of_50_000_images():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 1.5e9


@pytest.mark.neutral
def test_what_batches_drop_is_scored_too(tmp_path):
    """70 and 100 files in batches of 64 are 70 and 100, not 64 and 64."""
    from PIL import Image

    for name, n in (("a", 70), ("b", 100)):
        (tmp_path / name).mkdir()
        for i, image in enumerate(images(n, n)):
            path = tmp_path / name / f"{i}.png"
            Image.fromarray(image[..., 0]).save(path)
    a, b = (datasets.load(tmp_path / name) for name in "ab")
    found = metrics.evaluate(a, b, brightness, ("fid",))["FID"]
    assert (found.protocol.n_fake, found.protocol.n_real) == (70, 100)
    want = metrics.evaluate(
        images(70, 70), images(100, 100), brightness, ("fid",)
    )
    assert found.value == pytest.approx(want["FID"].value, rel=1e-4)


@pytest.mark.neutral
def test_fields_are_scored_as_they_are():
    x, y = 3 * np.random.default_rng(0).normal(size=(2, 50, 4, 4, 1))
    with pytest.raises(ValueError, match="real must be images in"):
        metrics.evaluate(x, y, "points", ("fid",))
    found = metrics.evaluate(x, y, "points", ("fid",), example_kind="field")
    flat = [z.reshape(50, 16) for z in (y, x)]
    assert found["FID"].value == pytest.approx(
        metrics.frechet_distance(*flat), rel=1e-4
    )
