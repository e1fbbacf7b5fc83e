"""Exported generators draw what `generate` draws."""

import warnings

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import cli

tf = pytest.importorskip("tensorflow", reason="exports through TensorFlow")
if keras.backend.backend() != "tensorflow":
    pytest.skip("exports from the TensorFlow backend", allow_module_level=True)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    gan = keras_gans.ConditionalGAN(
        image_shape=(8, 8, 1), num_classes=3, latent_dim=4, filters=4
    )
    gan.save_to_preset(folder)
    return folder


@pytest.fixture
def case(preset):
    """Inputs, and the images that `generate` makes of them."""
    latents = np.random.default_rng(5).standard_normal((4, 4))
    labels = np.array([0, 1, 2, 1], "int32")
    gan = keras_gans.ConditionalGAN.from_preset(str(preset))
    expected = gan.generate(4, labels=labels, seed=5)
    return latents.astype("float32"), labels, expected


def export(preset, format, out):
    arguments = ["export", str(preset), "--format", format, "-o", str(out)]
    assert cli.main(arguments) == 0
    assert out.exists()


def check(images, expected):
    images = np.asarray(images)
    assert images.dtype == np.uint8
    # Another runtime may round a value on the border the other way.
    assert np.abs(images.astype(int) - expected).max() <= 1


def test_saved_model(preset, case, tmp_path):
    latents, labels, expected = case
    export(preset, "saved_model", tmp_path / "model")
    served = tf.saved_model.load(str(tmp_path / "model"))
    check(served.serve([latents, labels]), expected)


def test_litert(preset, case, tmp_path):
    latents, labels, expected = case
    export(preset, "litert", tmp_path / "model.tflite")
    with warnings.catch_warnings():
        # It is to move to a package of its own, ai_edge_litert.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    inputs = interpreter.get_input_details()
    by_type = {np.dtype(i["dtype"]).kind: i["index"] for i in inputs}
    interpreter.resize_tensor_input(by_type["f"], latents.shape)
    interpreter.resize_tensor_input(by_type["i"], labels.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(by_type["f"], latents)
    interpreter.set_tensor(by_type["i"], labels)
    interpreter.invoke()
    output = interpreter.get_output_details()[0]["index"]
    check(interpreter.get_tensor(output), expected)


def test_onnx(preset, case, tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the extra `export`: tf2onnx")
    onnxruntime = pytest.importorskip(
        "onnxruntime", reason="needs the extra `export`: onnxruntime"
    )
    latents, labels, expected = case
    export(preset, "onnx", tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    feed = {
        i.name: latents if "float" in i.type else labels
        for i in session.get_inputs()
    }
    check(session.run(None, feed)[0], expected)
