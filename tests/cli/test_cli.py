"""The command line, in this process and as a user starts it."""

import json
import os
import pathlib
import resource
import subprocess
import sys

import keras
import numpy as np
import pytest
from cases import points_gan
from PIL import Image

import keras_gans
from keras_gans import cli, metrics, names, presets
from keras_gans.checks import UsageError
from keras_gans.cli import arguments as cli_arguments
from keras_gans.presets import index

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    gan = keras_gans.ConditionalGAN(
        image_shape=(8, 8, 1), num_classes=3, latent_dim=4, filters=4
    )
    recipe = {"dataset": "mnist", "batch_size": 8, "seed": 0, "steps": 10}
    gan.save_to_preset(folder, recipe=recipe)
    return folder


def run(*arguments):
    return cli.main([str(a) for a in arguments])


def subprocess_run(*arguments, **kwargs):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "keras_gans.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        **kwargs,
    )


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["--help"],
        ["--version"],
        ["info", "gan_ring"],
        ["train", "dcgna", "--data", "x"],
        ["train", "dcgan"],
    ],
)
def test_answers_at_once_and_without_a_framework(arguments):
    code = (
        "import sys\nfrom keras_gans import cli\n"
        f"try: cli.main({arguments!r})\nexcept SystemExit: pass\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    seconds = []
    for _ in range(3):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environment,
        )
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(
            end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
        )
        assert done.returncode == 0, done.stderr
    # Of the processor; a quarter of it on an idle core, while the lightest of
    # the frameworks takes three. Neighbours on the same core slow it, too.
    assert min(seconds) < 1
    if arguments == ["list"]:
        for name in presets.names():
            assert name in done.stdout


@pytest.mark.slow
def test_generate_grid_is_the_models_samples(preset, tmp_path):
    out = tmp_path / "new" / "digits.png"
    assert run("generate", preset, "-n", 6, "--seed", 3, "-o", out) == 0
    with Image.open(out) as picture:
        pixels = np.asarray(picture)
    # Two rows of three classes; 8x8 images are enlarged four times.
    assert pixels.shape == (2 * 34 + 2, 3 * 34 + 2, 3)
    gan = keras_gans.ConditionalGAN.from_preset(str(preset))
    expected = gan.generate(6, seed=3)
    tile = pixels[2:34:4, 2:34:4, 0]
    np.testing.assert_array_equal(tile, expected[0, ..., 0])


@pytest.mark.slow
def test_generate_separate_labels_and_array(preset, tmp_path):
    arguments = ("generate", preset, "-n", 5, "--seed", 0, "--labels", "2,0")
    assert run(*arguments, "--separate", "-o", tmp_path / "many") == 0
    assert run(*arguments, "-o", tmp_path / "all.npy") == 0
    files = sorted((tmp_path / "many").iterdir())
    assert len(files) == 5
    gan = keras_gans.ConditionalGAN.from_preset(str(preset))
    expected = gan.generate(5, labels=[2, 0, 2, 0, 2], seed=0)
    np.testing.assert_array_equal(np.load(tmp_path / "all.npy"), expected)
    for file, image in zip(files, expected):
        with Image.open(file) as picture:
            np.testing.assert_array_equal(picture, image[..., 0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["generate", "dcgan_mnits"], 2, "did you mean dcgan_mnist"),
        (["info", "nothing_like_it"], 2, "keras-gans list"),
        (["generate", "PRESET", "--labels", "7"], 2, "between 0 and 2"),
        (["generate", "PRESET", "--labels", "cat"], 2, "must be integers"),
        (["generate", "PRESET", "-o", "x.what"], 2, "picture's suffix"),
        (["evaluate", "dcgan_fashion_mnist"], 2, "--extractor"),
        (["evaluate", "gan_ring", "--split", "test"], 2, "no split"),
        (["evaluate", "gan_ring", "--metrics", "is"], 1, "probabilities"),
        (["evaluate", "gan_ring", "--low-res", "x"], 2, "models that enlarge"),
        # What does nothing is refused.
        (["evaluate", "gan_ring", "--direction", "ab"], 2, "that translate"),
        (["evaluate", "gan_ring", "--data-b", "x"], 2, "is of a CycleGAN"),
        (["evaluate", "gan_ring", "--checkpoint", "last"], 2, "is of a run"),
        (
            ["export", "gan_ring", "--format", "onnx", "--direction", "ab"],
            2,
            "no --direction",
        ),
        (["generate", "PRESET", "--separate", "-o", "x.npy"], 2, "--separate"),
        (["info", "EMPTY"], 2, "no preset in the folder"),
        (["evaluate", "EMPTY"], 2, "no preset in the folder"),
        (["train", "dcgan_celeb_a", "--resume", "--out", "NONE"], 1, "NONE"),
        # What only other kinds of model have.
        (["train", "gan_ring", "--best-by", "fid"], 2, "kid, modes, swd"),
        (["train", "gan_ring", "--best-by", "psnr"], 2, "kid, modes, swd"),
        (["train", "gan_ring", "--generator", "x"], 2, "is of an SRGAN"),
        (
            ["train", "gan_ring", "--data-b", "x"],
            2,
            "--data-b is of a CycleGAN",
        ),
        (["train", "gan_ring", "--sides", "a,b"], 2, "train on pairs"),
    ],
)
def test_errors_are_one_sentence(
    arguments, code, words, preset, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").mkdir()
    arguments = [str(preset) if a == "PRESET" else a for a in arguments]
    assert cli.main(arguments) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.startswith("keras-gans: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "COMMAND"),
        (["frobnicate"], "frobnicate"),
        (["generate", "dcgan_mnist", "-n", "0"], "1 or more"),
        (["generate", "dcgan_mnist", "-n", "many"], "integer of 1 or more"),
        (["generate", "dcgan_mnist", "--seed", "-1"], "0 or more"),
        (["generate", "dcgan_mnist", "--labels", "a,"], "integers, or names"),
        (["generate", "dcgan_mnist", "--truncation", "0"], "above 0"),
        (["generate", "dcgan_mnist", "--truncation", "nan"], "above 0"),
        (["train", "gan_ring", "--steps", "1", "--epochs", "1"], "--steps"),
        (["export", "dcgan_mnist"], "--format"),
        (["train", "gan_ring", "--strategy", "magic"], "magic"),
        (["evaluate", "gan_ring", "-n", "1"], "2 or more"),
        (["evaluate", "gan_ring", "--metrics", "fid,psnr"], "fid,psnr"),
        (["evaluate", "gan_ring", "--extractor", "vgg"], "vgg"),
        # Of an empty path `pathlib` makes the current folder.
        (["export", "gan_ring", "--format", "onnx", "-o", ""], "be empty"),
        (["train", "gan_ring", "--data", ""], "--data: must not be empty"),
        (["train", "gan_ring", "--out", " "], "--out: must not be empty"),
        (["info", ""], "must not be empty"),
    ],
)
def test_usage_errors(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_debug_shows_the_traceback(preset):
    with pytest.raises(cli.UsageError, match="between 0 and 2"):
        run("generate", preset, "--labels", "7", "--debug")


def test_recipe_without_weights_says_how_to_train(capsys):
    assert cli.main(["generate", "dcgan_celeb_a"]) == 1
    assert "keras-gans train dcgan_celeb_a" in capsys.readouterr().err


@pytest.mark.neutral
@pytest.mark.slow
def test_other_backend_keeps_the_samples(preset, tmp_path):
    """The installed command, with --backend, in a process of its own."""
    pytest.importorskip("torch", reason="another backend")
    out = tmp_path / "array.npy"
    done = subprocess_run(
        *("generate", preset, "-n", 4, "--seed", 1, "-o", out),
        *("--backend", "torch"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    gan = keras_gans.ConditionalGAN.from_preset(str(preset))
    difference = np.load(out).astype(int) - gan.generate(4, seed=1)
    assert np.abs(difference).max() <= 1  # Rounding.


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["train", "--steps", "1", "--out", "run", "--quiet"],
        ["evaluate", "-n", "50", "--quiet"],
    ],
    ids=lambda command: command[0],
)
def test_a_preset_is_located_once(command, tmp_path, monkeypatch):
    """A server is asked once, and all files are of one version."""
    recipe = {"dataset": "ring", "batch_size": 8, "steps": 10}
    points_gan().save_to_preset(tmp_path / "points", recipe=recipe)
    monkeypatch.chdir(tmp_path)
    located, find = [], index._checked_folder
    monkeypatch.setattr(
        index,
        "_checked_folder",
        lambda name: located.append(name) or find(name),
    )
    name, *options = command
    assert cli.main([name, "points", *options]) == 0
    assert located == ["points"]


# ---- evaluate -------------------------------------------------------------


@pytest.mark.neutral
def test_default_extractors_are_known():
    assert set(names.DEFAULT_EXTRACTORS.values()) < set(names.EXTRACTORS)


@pytest.mark.slow
def test_evaluate_a_toy(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("evaluate", "gan_ring", "-n", 2500, "--quiet") == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["score", "value", "std", "protocol"]
    assert table[1].split(maxsplit=2) == [
        "modes",
        "8",
        "points v1, 2,500/2,500, ring train",
    ]
    assert table[-1] == "gan_ring_scores.json"
    report = json.loads((tmp_path / table[-1]).read_text())
    scores = [metrics.Score.from_json(s) for s in report["scores"]]
    assert [s.name for s in scores] == ["modes", "high_quality", "reverse_kl"]
    assert scores[1].value > 0.9
    # The same seed draws the same samples, another one others.
    for seed, equal in ((0, True), (1, False)):
        out = tmp_path / "again" / "scores.json"
        arguments = ("evaluate", "gan_ring", "-n", 2500, "--seed", seed)
        assert run(*arguments, "-o", out) == 0
        again = json.loads(out.read_text())
        assert (again["scores"] == report["scores"]) == equal


@pytest.mark.neutral
def test_what_is_no_number_is_null(tmp_path):
    """A grid of 25, of which a ring's eight cover none: no divergence."""
    out = tmp_path / "scores.json"
    arguments = ("evaluate", "gan_ring", "--data", "grid", "-n", 50, "-o", out)
    assert run(*arguments, "--quiet") == 0

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    report = json.loads(out.read_text(), parse_constant=refuse)
    values = {score["name"]: score["value"] for score in report["scores"]}
    assert values["modes"] == 0 and values["reverse_kl"] is None
    scores = [metrics.Score.from_json(score) for score in report["scores"]]
    assert np.isnan(scores[-1].value)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The folder of a run on noise: `best` and `last` differ."""
    folder = tmp_path_factory.mktemp("digits")
    images = np.random.default_rng(0).integers(0, 256, (120, 28, 28, 1))
    images = images.astype("uint8")
    np.savez(folder / "data.npz", x_train=images, x_test=images[:90])
    recipe = {
        "dataset": str(folder / "data.npz"),
        "batch_size": 8,
        "epochs": 1,
    }
    for name in ("best", "last"):
        gan = keras_gans.DCGAN(image_shape=(28, 28, 1), latent_dim=4, filters=4)
        gan.save_to_preset(folder / "run" / name, recipe=recipe)
    return folder


@pytest.mark.slow
@pytest.mark.neutral
def test_evaluate_a_run(digits, tmp_path, capsys):
    reports = {}
    for checkpoint in ("best", "last"):
        out = tmp_path / f"{checkpoint}.json"
        arguments = ("--extractor", "mnist_classifier", "-o", out)
        assert (
            run(
                *("evaluate", digits / "run", "--checkpoint", checkpoint),
                *("--metrics", "fid,kid,prdc,is,swd,modes", *arguments),
            )
            == 0
        )
        printed = capsys.readouterr().out
        # The test split, and as many samples as it has images.
        assert "data.npz test has 90 examples: -n is 90" in printed
        assert "mnist_classifier v1, 90/90, data.npz test" in printed
        reports[checkpoint] = json.loads(out.read_text())
        assert reports[checkpoint]["checkpoint"] == checkpoint
    assert reports["best"]["scores"] != reports["last"]["scores"]
    out = tmp_path / "train.json"
    arguments = ("--extractor", "mnist_classifier", "-o", out)
    assert (
        run("evaluate", digits / "run/best", "--split=train", *arguments) == 0
    )
    scores = json.loads(out.read_text())["scores"]
    assert scores[0]["protocol"]["split"] == "train"
    assert scores[0]["protocol"]["n_fake"] == 120
    assert [s["name"] for s in scores][:3] == ["FID", "KID", "precision"]


@pytest.mark.slow
@pytest.mark.neutral
def test_evaluate_data_without_a_test_split(digits, tmp_path, capsys):
    data = tmp_path / "more.npz"
    np.savez(data, x=np.zeros((40, 28, 28, 1), "uint8"))
    arguments = ("--data", data, "--extractor", "mnist_classifier")
    out = ("-o", tmp_path / "out.json", "--metrics", "swd")
    run_folder = digits / "run"
    assert run("evaluate", run_folder, *arguments, *out) == 0
    assert "40/40, more.npz train" in capsys.readouterr().out
    assert run("evaluate", run_folder, *arguments, *out, "--split=test") == 1
    assert "`split` must be" in capsys.readouterr().err


@pytest.mark.slow
def test_evaluate_with_the_default_extractor(tmp_path, capsys):
    pytest.importorskip("tensorflow_datasets", reason="reads TFDS sets")
    data_dir = os.environ.get("TFDS_DATA_DIR", ROOT.parent / "shared" / "tfds")
    if not (pathlib.Path(data_dir) / "mnist").exists():
        pytest.skip("needs the real MNIST: set TFDS_DATA_DIR")
    arguments = ("--data-dir", data_dir, "-o", tmp_path / "scores.json")
    assert run("evaluate", "dcgan_mnist", "-n", 300, *arguments) == 0
    printed = capsys.readouterr().out
    assert "mnist_classifier v1, 300/300, mnist test" in printed
    assert "-n is" not in printed


@pytest.mark.parametrize(
    "preset, name",
    [
        ("dcgan_mnist", "dcgan_mnist"),
        ("runs/cats", "cats"),
        ("runs/cats/", "cats"),
        ("runs/cats/best", "cats"),
        ("./best", "best"),
        ("hf://org/cats", "cats"),
        (r"C:\presets\cats", "cats"),
    ],
)
def test_files_are_named_after_a_preset(preset, name):
    assert cli_arguments.file_name(preset) == name


@pytest.mark.parametrize("preset", ["..", ".", "./", "/"])
def test_a_preset_without_a_name(preset):
    with pytest.raises(UsageError, match="must have a name"):
        cli_arguments.file_name(preset)
