"""Runs, scores and exports of models that turn images into images."""

import json
import warnings

import keras
import numpy as np
import pytest
from cases import tiny_cyclegan, tiny_gan, tiny_pix2pix, weights_of
from keras import ops
from PIL import Image

import keras_gans
from keras_gans import cli, metrics, runs, tasks
from keras_gans.tasks.translation import draw_translations

tf = pytest.importorskip("tensorflow", reason="exports to its formats")
# What runs of other backends promise is in test_without_tensorflow.py.
pytestmark = pytest.mark.neutral

LINEAR = {
    "class_name": "Adam",
    "config": {
        "learning_rate": {
            "class_name": "LinearDecay",
            "config": {"initial_learning_rate": 1e-3, "decay_steps": 9},
        },
        "beta_1": 0.5,
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pairs, of which the second is the first with its colours reversed."""
    root = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for split, n in (("train", 12), ("test", 5)):
        for i in range(n):
            image = rng.integers(0, 256, (16, 16)).astype("uint8")
            for side, pixels in (("left", image), ("right", 255 - image)):
                (root / split / side).mkdir(parents=True, exist_ok=True)
                path = root / split / side / f"{i}.png"
                Image.fromarray(pixels).save(path)
    return root


@pytest.fixture(params=["pix2pix", "cyclegan"])
def case(request, folder):
    """A builder, and its recipe."""
    recipe = {
        "batch_size": 4,
        "seed": 0,
        "steps": 9,
        "generator_optimizer": LINEAR,
        "discriminator_optimizer": LINEAR,
    }
    if request.param == "pix2pix":
        pairs = {"sides": ["left", "right"], "augment": True}
        recipe |= {"dataset": str(folder), "pairs": pairs}
        make = tiny_pix2pix
    else:
        sides = [str(folder / "train" / side) for side in ("left", "right")]
        recipe |= {"dataset": sides[0], "dataset_b": sides[1]}
        recipe |= {"unpaired": {"augment": True}}
        make = tiny_cyclegan
    return request.param, make, recipe


def build(make, recipe):
    keras.utils.set_random_seed(0)
    model = make(image_shape=(16, 16, 1), seed=0)
    model.compile(
        runs.optimizer(recipe["generator_optimizer"]),
        runs.optimizer(recipe["discriminator_optimizer"]),
    )
    return model


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    case, tmp_path, monkeypatch, keep_killed
):
    _, make, recipe = case
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)
    keep_killed(tmp_path / "parts")
    whole = build(make, recipe)
    row = runs.train(whole, recipe, tmp_path / "whole", verbose=0)
    assert row["step"] == 9 and np.isfinite(list(row.values())).all()
    rate = whole.generator_optimizer.learning_rate
    assert float(ops.convert_to_numpy(rate)) == 0

    model = build(make, recipe)
    runs.train(model, recipe, tmp_path / "parts", resume=True, verbose=0)
    # The pool, too, and the seeds.
    for a, b in zip(weights_of(model), weights_of(whole), strict=True):
        np.testing.assert_array_equal(a, b)

    pictures = sorted((tmp_path / "whole/samples").glob("*.png"))
    assert len(pictures) == 3
    with Image.open(pictures[0]) as picture:
        # Input, output and a third image of each of 12: six columns of six.
        assert picture.size == (206, 206)


@pytest.mark.slow
def test_train_and_evaluate_from_the_command_line(
    case, folder, tmp_path, capsys, monkeypatch
):
    name, make, recipe = case
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)
    # The folders are named on the command line.
    recipe = {k: v for k, v in recipe.items() if k != "dataset_b"}
    if name == "pix2pix":
        recipe["pairs"] = {"augment": True}
    preset = tmp_path / "preset"
    make(image_shape=(16, 16, 1)).save_to_preset(
        preset, recipe={**recipe, "dataset": "elsewhere"}, weights=False
    )
    data = ["--data", recipe["dataset"]]
    sides = ["--sides", "left,right", "--direction", "ba"]
    if name == "cyclegan":
        data += ["--data-b", str(folder / "train" / "right")]
    out = tmp_path / "run"
    command = ["train", str(preset), *data, "--out", str(out), "--quiet"]
    if name == "cyclegan":
        assert cli.main([*command, *sides]) == 2
        assert "--sides is of presets that train on" in capsys.readouterr().err
        sides = []
    assert cli.main([*command, *sides, "--strategy", "none"]) == 0
    if name == "pix2pix":
        recipe = json.loads((out / "run.json").read_text())["recipe"]
        assert recipe["pairs"] == {
            "augment": True,
            "sides": ["left", "right"],
            "direction": "ba",
        }
        command += ["--resume", "--direction", "ab"]
        assert cli.main(command) == 2
        assert "has the direction ba" in capsys.readouterr().err
    assert (out / "last" / "model.weights.h5").exists()
    scores = tmp_path / "scores.json"
    assert cli.main(["evaluate", str(out), "-o", str(scores)]) == 0
    found = {s["name"]: s for s in json.loads(scores.read_text())["scores"]}
    if name == "pix2pix":
        assert set(found) == {"L1", "SSIM"}
        # The test split: five images.
        assert found["L1"]["protocol"]["n_real"] == 5
        assert found["L1"]["protocol"]["split"] == "test"
    else:
        assert set(found) == {"cycle"}
    assert cli.main(["evaluate", str(out), "--metrics", "fid"]) == 2
    assert "scores of its own" in capsys.readouterr().err
    if name == "pix2pix":
        assert cli.main(["evaluate", str(out), "--direction", "ba"]) == 2
        assert "has no direction ba, only ab" in capsys.readouterr().err


@pytest.mark.slow
def test_export_of_a_direction(tmp_path, monkeypatch, capsys):
    directions = []
    monkeypatch.setattr(
        keras_gans.CycleGAN,
        "export",
        lambda self, out, direction, **kwargs: directions.append(direction),
    )
    tiny_cyclegan().save_to_preset(tmp_path / "preset")
    command = ["export", str(tmp_path / "preset"), "--format", "onnx"]
    assert cli.main(command) == 0
    assert cli.main([*command, "--direction", "ba"]) == 0
    assert directions == ["ab", "ba"]
    tiny_gan().save_to_preset(tmp_path / "gan")
    command[1] = str(tmp_path / "gan")
    assert cli.main([*command, "--direction", "ba"]) == 2
    assert "has no --direction" in capsys.readouterr().err


def test_pictures_of_translations_between_numbers_of_channels():
    images = np.zeros((4, 8, 8, 4), "uint8")
    model = tiny_pix2pix(image_shape=(8, 8, 4), output_channels=1)
    assert draw_translations(model, images).mode == "RGB"


@pytest.mark.slow
@pytest.mark.parametrize(
    "data, words",
    [
        ({"pairs": {}}, "existing folder, which 'facades' is not"),
        # What TFDS says of names that it does not know is no FileNotFound.
        ({"unpaired": {}}, "no TFDS name is like it. Received: source_a='fa"),
    ],
    ids=["pairs", "unpaired"],
)
def test_data_that_is_to_be_downloaded(data, words, tmp_path, capsys):
    recipe = {"dataset": "facades", "batch_size": 4, "steps": 3, **data}
    preset = tmp_path / "preset"
    tiny_pix2pix(image_shape=(16, 16, 1)).save_to_preset(
        preset,
        recipe=recipe,
        metadata={"dataset": {"download": "http://a.b/facades.tar.gz"}},
        weights=False,
    )
    command = ["train", str(preset), "--out", str(tmp_path / "run")]
    assert cli.main(command) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "Download http://a.b/facades.tar.gz, and name the folder" in said
    # A folder that the user named is another matter.
    assert cli.main([*command, "--data", "elsewhere"]) == 1
    assert "Download" not in capsys.readouterr().err


def test_scores_are_of_the_right_images(folder):
    """With an identity as generator every score is known."""

    class Identity(keras.layers.Layer):
        def call(self, x):
            return x

    generator = keras.Sequential([keras.Input((None, None, 1)), Identity()])
    model = tiny_pix2pix(image_shape=(16, 16, 1), generator=generator)
    recipe = {
        "dataset": str(folder),
        "batch_size": 2,
        "seed": 0,
        "pairs": {"sides": ["left", "right"]},
    }
    data = model.task.load(
        model, recipe, "test", drop_remainder=False, shuffle=False
    )

    def mean_and_spread(images):
        flat = images.reshape(len(images), -1) / 255
        return np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)

    scores = metrics.evaluate_translation(
        model,
        data,
        metrics.Extractor(mean_and_spread, "mean_and_spread"),
        paired=True,
    )
    images = []
    for i in range(5):
        with Image.open(folder / "test" / "left" / f"{i}.png") as image:
            images.append(np.asarray(image)[..., None])
    images = np.array(images)
    expected = np.abs(images.astype(int) - (255 - images)).mean()
    assert scores["L1"].value == pytest.approx(expected)
    assert scores["SSIM"].value == pytest.approx(
        metrics.ssim(255 - images, images).mean(), abs=1e-6
    )
    distance = metrics.frechet_distance(
        mean_and_spread(255 - images), mean_and_spread(images)
    )
    assert scores["FID"].value == pytest.approx(distance)
    assert scores["KID"].value == scores["KID of inputs"].value


@pytest.mark.slow
def test_domains_of_two_sizes_and_their_splits(folder):
    """Of the shorter domain no image counts twice."""
    sides = [str(folder / "train" / side) for side in ("left", "right")]
    recipe = {
        "dataset": sides[0],
        "dataset_b": sides[1],
        "batch_size": 4,
        "steps": 3,
        "unpaired": {
            "splits": {"test": ["train[:3]", "train[5:]"]},
        },
    }
    recipe = runs.check_recipe(recipe, tasks.get("translation"))
    model = tiny_cyclegan(image_shape=(16, 16, 1))

    def means(images):
        return images.mean(axis=(1, 2))

    scores = metrics.evaluate_translation(
        model,
        model.task.load(
            model, recipe, "test", drop_remainder=False, shuffle=False
        ),
        metrics.Extractor(means, "means"),
        paired=False,
        direction="ba",
    )
    protocol = scores["FID"].protocol
    assert (protocol.n_real, protocol.n_fake) == (3, 7)
    # What is asked for is not what the recipe says of "test".
    batches = model.task.load(model, recipe, "train")
    assert int(batches.cardinality()) == 12 // 4


@pytest.mark.slow
def test_a_run_on_domains_of_which_one_has_repeats(tmp_path, monkeypatch):
    """What is translated and what it is compared with differ in number."""
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 1)
    rng = np.random.default_rng(0)
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        for i in range(8):
            if side == "right" or i < 7:  # Of the left the last is repeated.
                image = rng.integers(0, 256, (16, 16)).astype("uint8")
            Image.fromarray(image).save(tmp_path / side / f"{i}.png")
    recipe = {"unpaired": {}, "batch_size": 4, "steps": 3}
    for a, b in (("left", "right"), ("right", "left")):
        model = tiny_cyclegan(image_shape=(16, 16, 1))
        model.compile()
        domains = {
            "dataset": str(tmp_path / a),
            "dataset_b": str(tmp_path / b),
        }
        row = runs.train(
            model, recipe | domains, tmp_path / f"run_{a}", verbose=0
        )
        assert row["swd"] > 0


@pytest.mark.neutral
@pytest.mark.parametrize(
    "change, match",
    [
        ({"pairs": {"split": "test"}}, "may have augment, .*Received: split"),
        ({"pairs": {}, "dataset_b": "elsewhere"}, "no other domain"),
        ({"pairs": {}, "extractor": "nothing"}, "extractor='nothing'"),
    ],
)
def test_recipes_that_cannot_be_followed(change, match):
    recipe = {"dataset": "somewhere", "batch_size": 4, "steps": 3, **change}
    with pytest.raises(ValueError, match=match):
        runs.check_recipe(recipe, tasks.get("translation"))


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="exports from the TensorFlow backend",
)
def test_exports_are_translate(tmp_path):
    keras.utils.set_random_seed(0)
    model = tiny_cyclegan(image_shape=(8, 16, 3))
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 16, 3))
    images = images.astype("uint8")
    expected = model.translate(images, direction="ba").astype(int)

    def check(outputs):
        outputs = np.asarray(outputs)
        assert outputs.dtype == np.uint8
        assert np.abs(outputs - expected).max() <= 1

    options = {"direction": "ba", "verbose": False}
    model.export(str(tmp_path / "saved"), **options)
    served = tf.saved_model.load(str(tmp_path / "saved"))
    check(served.serve(images))

    model.export(str(tmp_path / "m.tflite"), format="litert", **options)
    with warnings.catch_warnings():
        # It is to move to a package of its own, ai_edge_litert.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = tf.lite.Interpreter(str(tmp_path / "m.tflite"))
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, images)
    interpreter.invoke()
    check(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))

    pytest.importorskip("tf2onnx", reason="needs the extra `export`: tf2onnx")
    onnxruntime = pytest.importorskip(
        "onnxruntime", reason="needs the extra `export`: onnxruntime"
    )
    model.export(str(tmp_path / "m.onnx"), format="onnx", **options)
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    check(session.run(None, {session.get_inputs()[0].name: images})[0])


@pytest.mark.slow
def test_pix2pix_exports_without_dropout(tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exports from the TensorFlow backend")
    keras.utils.set_random_seed(0)
    model = tiny_pix2pix(dropout_at_test=True, normalization="instance")
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1))
    images = images.astype("uint8")
    model.export(str(tmp_path / "saved"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved"))
    outputs = np.asarray(served.serve(images)).astype(int)
    model.dropout_at_test = False
    difference = outputs - model.translate(images)
    assert np.abs(difference).max() <= 1


def test_health_is_not_asked_of_translations(folder, tmp_path):
    """What it looks at, samples of latents, they do not have."""
    recipe = {
        "dataset": str(folder),
        "batch_size": 4,
        "seed": 0,
        "steps": 3,
        "pairs": {"sides": ["left", "right"]},
    }
    model = tiny_pix2pix(image_shape=(16, 16, 1))
    model.compile()
    run = runs.Run(model, recipe, tmp_path, None, print)
    assert run.watchers == {}
    with pytest.raises(ValueError, match="must have pairs or unpaired"):
        runs.Run(
            model,
            {k: v for k, v in recipe.items() if k != "pairs"},
            tmp_path,
            None,
            print,
        )
