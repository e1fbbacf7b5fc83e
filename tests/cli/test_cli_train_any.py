"""`keras-gans train` of any class, on any folder, from any weights."""

import json
import shutil
import types

import keras
import numpy as np
import pytest
from cases import tiny_pix2pix, weights_of
from PIL import Image

import keras_gans
from keras_gans import cli, presets, registry, runs, tasks
from keras_gans.cli import start
from keras_gans.presets.shapes import without_memory
from keras_gans.runs.lock import lock

pytestmark = pytest.mark.neutral

COUNT = 12  # images of each class
TINY = ["--set", "filters=4", "latent_dim=4"]
SHORT = ["--steps", "2", "--batch-size", "4", "--quiet"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes, in colour, of 8x8; beside them pictures of all sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, level in (("cats", 60), ("dogs", 180)):
        (folder / "two" / name).mkdir(parents=True)
        for i in range(COUNT):
            pixels = rng.normal(level, 20, (8, 8, 3)).clip(0, 255)
            image = Image.fromarray(pixels.astype("uint8"))
            image.save(folder / "two" / name / f"{i}.png")
    (folder / "sizes").mkdir()
    for side in (30, 200):
        image = Image.new("L", (side, side))
        image.save(folder / "sizes" / f"{side}.png")
    (folder / "empty").mkdir()
    return folder


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A conditional preset of three classes in grey, as the zoo keeps them."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    gan = keras_gans.ConditionalGAN(
        image_shape=(8, 8, 1),
        num_classes=3,
        latent_dim=4,
        filters=4,
        ema_momentum=0.9,
    )
    average = [w + 0.5 for w in gan.ema_generator.get_weights()]
    gan.ema_generator.set_weights(average)
    recipe = {"dataset": "mnist", "batch_size": 4, "epochs": 2, "labels": True}
    gan.save_to_preset(folder, recipe=recipe, raw_weights=False)
    return folder


@pytest.fixture
def train(tmp_path, pictures, preset, monkeypatch):
    """Function of a command's words; its code. Pictures lie here."""
    for name in ("two", "sizes", "empty"):
        (tmp_path / name).symlink_to(pictures / name)
    (tmp_path / "tiny").symlink_to(preset)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return cli.main(["train", *map(str, words)])

    return run


# ---- what begins a run ----------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.classes_by_name())
def test_every_class_says_where_to_begin(name):
    """Its networks can be made, and its recipe followed."""
    cls = getattr(keras_gans, registry.classes_by_name()[name])
    arguments, recipe = cls.starting_point((32, 32, 3))
    arguments.pop("ema_momentum", None)  # An average copies values.
    if cls.needs_classes:
        arguments["num_classes"] = 2
    model = without_memory(
        lambda: cls(**{**arguments, **cls.shape_arguments((32, 32, 3))})
    )
    assert model.example_shape[-1] == 3
    task = tasks.get(cls.task_name)
    recipe = runs.check_recipe({"dataset": "x", **recipe}, task)
    for key, value in recipe.items():
        if key.endswith("_optimizer"):
            runs.optimizer(value)
    assert recipe["batch_size"] % model.batch_divisor == 0


@pytest.mark.slow
def test_a_dry_run_of_a_class_leaves_nothing(train, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    assert train("dcgan", "--data", "two", *TINY, *SHORT, "--dry-run") == 0
    assert "DCGAN; parameters: generator" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_a_class_is_resumed_without_its_data(train, tmp_path, capsys):
    """As the report and `info` say how to go on."""
    assert train("dcgan", "--data", "two", *TINY, *SHORT) == 0
    assert train("dcgan", "--resume", "--steps", 3) == 0
    assert "\n3 steps; the last samples:" in capsys.readouterr().out
    log = (tmp_path / "runs/dcgan/log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log[1:]] == ["2", "3"]
    # Where there is nothing to resume, the folder of pictures is asked for.
    assert train("dcgan", "--resume", "--out", "other") in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_run_whose_name_has_a_space(train, tmp_path, capsys):
    """And in whose folder there is something of the user's."""
    run = tmp_path / "my run"
    (run / "samples").mkdir(parents=True)
    Image.new("L", (2, 2)).save(run / "samples" / "step_final.png")
    length = ["--epochs", "1", "--batch-size", "12", "--quiet"]
    words = ["dcgan", "--data", "two", *TINY, *length, "--out", "my run"]
    assert train(*words) == 0
    about = json.loads((run / "run.json").read_text())
    assert about["command"] == ["keras-gans", "train", *words]
    assert about["steps"] == 2
    assert cli.main(["info", "my run"]) == 0
    text = capsys.readouterr().out
    assert "2 of 2 steps" in text and "has 1 epoch of batch 12" in text
    assert "train dcgan --resume --out 'my run' --epochs 2\n" in text
    assert "keras-gans generate 'my run/best'" in text
    # A try is refused where the run itself would be.
    assert train(*words, "--dry-run") == 1
    assert "holds a run already" in capsys.readouterr().err
    # A run that is complete may have its pictures elsewhere.
    shutil.rmtree(run / "samples")
    assert train("dcgan", "--resume", "--out", "my run") == 0
    assert "last samples" not in capsys.readouterr().out
    about = json.loads((run / "run.json").read_text())
    assert about["command"] == ["keras-gans", "train", *words]
    assert about["resumed"]["command"][3] == "--resume"


@pytest.mark.slow
def test_a_folder_in_which_another_one_begins(train, tmp_path, capsys):
    with lock(tmp_path / "runs" / "dcgan"):
        assert train("dcgan", "--data", "two", *TINY, *SHORT) == 1
    assert "another training is at work in" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "dcgan" / "start").exists()


@pytest.mark.slow
def test_points_from_the_weights_of_points(train, tmp_path):
    assert train("--from", "gan_ring", "--data", "ring", *SHORT) == 0
    run = json.loads((tmp_path / "runs/gan/run.json").read_text())
    assert run["recipe"]["batch_size"] == 4


@pytest.mark.slow
def test_a_class_on_a_folder(train, tmp_path, capsys):
    assert train("dcgan", "--data", "two", *TINY, *SHORT) == 0
    out = capsys.readouterr().out
    assert "new DCGAN for images of 8x8, the size of all images, in" in out
    assert "two: 24 images of 8x8 in colour." in out
    assert "Of so few images" in out and "--augment color,tran" in out
    assert 'keras_gans.DCGAN.from_preset("runs/dcgan/best")' in out
    run = json.loads((tmp_path / "runs/dcgan/run.json").read_text())
    assert run["preset"] == "dcgan" and run["recipe"]["dataset"] == "two"
    # The schedule is of this run, and nobody has to be told.
    rate = run["recipe"]["generator_optimizer"]["config"]["learning_rate"]
    assert rate["config"]["decay_steps"] == 2 and "decay_steps" not in out
    gan = keras_gans.from_preset("runs/dcgan/best")
    assert gan.example_shape == (8, 8, 3) and gan.latent_dim == 4
    assert gan.discriminator_loss is keras_gans.losses.hinge_discriminator_loss
    assert not (tmp_path / "runs/dcgan/start/model.weights.h5").exists()
    # The same command, and what a resumed run keeps.
    words = ["dcgan", "--data", "two", *SHORT]
    assert train(*words) == 1
    assert "--resume" in capsys.readouterr().err
    assert train(*words, *TINY, "--resume") == 0
    for other in (["--image-size", "16"], ["--augment", "color"]):
        assert train(*words, *other, "--resume") == 2
        assert "a resumed run keeps it" in capsys.readouterr().err
    assert train(*words, "--mirror", "--resume") == 2
    assert "has the mirror False" in capsys.readouterr().err


@pytest.mark.slow
def test_small_and_large_pictures_of_ones_own(train, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name, side in (("small", 8), ("large", 16)):
        (tmp_path / "both" / name).mkdir(parents=True)
        for i in range(5):
            pixels = rng.integers(0, 256, (side, side, 3), "uint8")
            image = Image.fromarray(pixels)
            image.save(tmp_path / "both" / name / f"{i}.png")
    words = ["--data", "both", "--sides", "small,large", "--image-size", "16"]
    words += ["--set", "filters=2", "num_residual_blocks=1", "scale=2"]
    assert train("srresnet", *words, *SHORT) == 0
    assert "5 images of 16x16" in capsys.readouterr().out
    recipe = presets.recipe("runs/srresnet/last")
    assert recipe["high_res"]["sides"] == ["small", "large"]
    # A class that damages its pictures has nothing to damage here.
    assert train("srresnet", "--steps", "3", "--resume") == 0
    words[-3:] = ["discriminator_filters=2"]
    words += ["--from", "runs/srresnet/last", "--dry-run"]
    assert train("real_esrgan", *words) == 0


@pytest.mark.slow
def test_few_images_make_small_batches(train, capsys):
    words = ["--data", "two", "--image-size", "16x8", "--channels", "1"]
    words += ["--mirror", "--augment", "color,cutout", "--steps", "1"]
    assert train("dcgan", *words, *TINY, "--quiet") == 0
    out = capsys.readouterr().out
    assert "Batches of 24, for there are 24 images." in out
    assert "resized and cut to 16x8, made grey" in out
    assert "Of so few" not in out
    gan = keras_gans.from_preset("runs/dcgan/last")
    assert gan.example_shape == (16, 8, 1)
    assert gan.augment.policy == "color,cutout"
    assert presets.recipe("runs/dcgan/last")["mirror"] is True


@pytest.mark.slow
def test_classes_have_the_names_of_their_folders(train, tmp_path, capsys):
    words = ["--data", "two", "--set", "filters=4", "embedding_dim=4"]
    assert train("conditional_gan", *words) == 2
    assert "filters, gene" in capsys.readouterr().err
    words = ["--data", "two", *TINY, *SHORT]
    assert train("conditional_gan", *words) == 0
    assert "2 classes (cats, dogs)" in capsys.readouterr().out
    best = "runs/conditional_gan/best"
    assert presets.info(best)["metadata"]["classes"] == ["cats", "dogs"]
    gan = keras_gans.from_preset(best)
    assert gan.class_names == ("cats", "dogs") and gan.num_classes == 2
    both = gan.generate(3, labels=["dogs", "cats", 1], seed=0)
    np.testing.assert_array_equal(both, gan.generate(3, [1, 0, 1], seed=0))
    words = ["generate", best, "-n", "2", "--seed", "0", "-o", "x.npy"]
    assert cli.main([*words, "--labels", "dogs"]) == 0
    made = gan.generate(2, labels=1, seed=0)
    np.testing.assert_array_equal(np.load("x.npy"), made)
    assert cli.main([*words, "--labels", "dogs,owls"]) == 2
    assert "one of cats, dogs" in capsys.readouterr().err
    # Who saves it again keeps them.
    gan.save_to_preset("again")
    assert keras_gans.from_preset("again").class_names == gan.class_names


@pytest.mark.slow
def test_classes_where_they_are_asked_for(train):
    words = ["--data", "two", "--set", "latent_dim=4", "filters=4"]
    assert train("stylegan2", *words, *SHORT, "--labels") == 0
    gan = keras_gans.from_preset("runs/stylegan2/last")
    assert gan.num_classes == 2 and gan.class_names == ("cats", "dogs")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words, code, message",
    [
        ([], 2, "name a preset (keras-gans list) or a class (gan, dcgan,"),
        (["dcgna", "--data", "two"], 2, "did you mean dcgan?"),
        (["conditional_gan_mnits"], 2, "did you mean conditional_gan_mnist?"),
        (["dcgan"], 2, "dcgan is a class, which learns from your pictures"),
        (["dcgan", "--data", "./none"], 1, "--data must exist. Received: ./n"),
        (["dcgan", "--data", "none/"], 1, "--data must exist"),
        (["dcgan", "--data", "two/cats/0.png"], 2, "0.png, a file"),
        (["dcgan", "--data", "empty"], 1, "must hold images"),
        (["dcgan", "--data", "ring"], 2, "ring holds no images"),
        (
            ["dcgan", "--data", "sizes"],
            2,
            "--image-size is needed, as 64: the images of sizes are of 30x30 "
            "to 200x200",
        ),
        (
            ["dcgan", "--data", "two", "--image-size", "33"],
            2,
            "--image-size must have a height and a width that halve",
        ),
        (["dcgan", "--data", "two", "--set", "fliters=3"], 2, "ers, generator"),
        (["dcgan", "--data", "two", "--set", "filters=x"], 2, "an integer"),
        (["dcgan", "--data", "two", "--set", "top_k=2"], 2, "top_k must be"),
        (
            ["dcgan", "--data", "two", "--set", "generator_loss=ls"],
            2,
            "hinge_generator_loss",
        ),
        (["dcgan", "--data", "two", "--labels"], 2, "conditional_gan, acgan"),
        (["infogan", "--data", "two", "--labels"], 2, "take no labels"),
        (["conditional_gan", "--data", "sizes"], 2, "sizes/cat/1.png"),
        (
            ["acgan", "--data", "two", "--set", "num_classes=3"],
            2,
            "2 (cats, dogs). Received: 3",
        ),
        (["wgan_gp", "--data", "two", "--augment", "ada"], 2, "but color, tra"),
        (["srresnet", "--data", "two", "--augment", "color"], 2, "nothing"),
        (["srresnet", "--data", "two", "--mirror"], 2, "draw samples or tra"),
        (["dcgan", "--data", "two", "--sides", "a,b"], 2, "train on pairs"),
        (["srresnet", "--data", "two", "--sides", "a,b"], 1, "sub-folders of"),
        (["dcgan", "--data", "caf\udce9"], 2, "a name that is UTF-8"),
        (["pix2pix", "--data", "two", "--sides", "a,b"], 1, "sub-folders of"),
        (["srgan", "--data", "two"], 2, "--generator runs/srresnet/best"),
        (
            ["dcgan", "--data", "two", "--from", "tiny"],
            2,
            "Received: tiny",
        ),
        (["dcgan", "--data", "two", "--from", "x"], 2, "no preset or folder"),
        (["tiny", "--data", "two"], 2, "has 3 classes, and two 2 (cats, dogs)"),
        (["tiny", "--data", "sizes"], 2, "sizes has none"),
        (["tiny", "--data", "two", "--set", "filters=3"], 2, "--set takes, of"),
        (
            ["dcgan", "--data", "two", "--strategy", "multiworker"],
            2,
            "train runs/dcgan/start on all",
        ),
    ],
)
def test_mistakes_are_one_sentence(
    words, code, message, train, capsys, tmp_path
):
    # Whatever is not refused would be a short run.
    assert train(*words, *([] if "tiny" in words else SHORT)) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("keras-gans: ") and error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "words, message",
    [
        (["--channels", "2"], "1, 3, 4"),
        (["--image-size", "big"], "as 64, or HEIGHTxWIDTH"),
        (["--image-size", "0"], "as 64, or HEIGHTxWIDTH"),
        (["--set", "filters"], "NAME=VALUE"),
        (["--augment", "colour"], "color,translation,cutout, or ada"),
    ],
)
def test_what_options_may_say(words, message, capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "dcgan", "--data", "two", *words])
    assert message in capsys.readouterr().err


# ---- presets on other data, and their weights -----------------------------


@pytest.mark.slow
def test_a_preset_says_what_it_does_to_pictures(train, preset, capsys):
    words = ["tiny", "--data", "two", "--labels", "--channels", "3", *SHORT]
    assert train(*words) == 0
    gan = keras_gans.from_preset("runs/tiny/last")
    assert gan.num_classes == 2 and gan.example_shape == (8, 8, 3)
    # Its own recipe, and no weights.
    assert presets.recipe("runs/tiny/start")["epochs"] == 2
    out = capsys.readouterr().out
    assert "of tiny; all of its weights start anew." in out
    assert train(*words[:4], "--out", "grey", "--channels", "1", *SHORT) == 0
    assert "2 classes (cats, dogs), made grey." in capsys.readouterr().out


@pytest.fixture
def fine_tune(train):
    def run(*words):
        return train("--from", "tiny", "--data", "two", *SHORT, *words)

    return run


@pytest.mark.slow
def test_fine_tuning_keeps_what_fits_and_names_the_rest(
    fine_tune, preset, capsys
):
    assert fine_tune("--channels", "3") == 0
    out = capsys.readouterr().out
    # Of the generator the last layer and the embedding.
    words = "generator: 2 of 4 layers go on from the weights; anew start "
    assert f"{words}embedding, conv2d_transpose." in out
    source = keras_gans.from_preset(str(preset))
    start = keras_gans.from_preset("runs/conditional_gan/start")
    assert start.num_classes == 2 and start.example_shape == (8, 8, 3)
    for name in ("generator", "ema_generator"):
        # The zoo has the average alone: both go on from it.
        own, kept = (getattr(m, name).get_weights() for m in (source, start))
        for i in range(1, len(own) - 2):
            np.testing.assert_array_equal(own[i], kept[i])
        assert own[0].shape != kept[0].shape


def final(folder):
    """The weights that a run ended with, and its seeds."""
    gan = keras_gans.from_preset(str(folder / "last"), load_weights=False)
    gan.compile()
    (checkpoint,) = (folder / "checkpoints").iterdir()
    gan.load_weights(checkpoint / "gan.weights.h5")
    return weights_of(gan)


@pytest.mark.slow
def test_a_fine_tuned_run_that_is_killed_at_once_goes_on_exactly(
    fine_tune, tmp_path, preset, monkeypatch
):
    words = ["--mirror", "--augment", "translation"]
    assert fine_tune("--out", "whole", *words) == 0
    with monkeypatch.context() as patch:

        def die(*_):
            raise KeyboardInterrupt

        patch.setattr(runs.Run, "fit", die)
        assert fine_tune("--out", "parts", *words) == 130
    assert not (tmp_path / "parts" / "checkpoints").exists()
    # What the preset is by then does not matter.
    (tmp_path / "tiny").unlink()
    words = ["conditional_gan", "--data", "two", "--quiet", "--out", "parts"]
    assert cli.main(["train", *words, "--resume"]) == 0
    whole, parts = (final(tmp_path / name) for name in ("whole", "parts"))
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_fine_tuning_of_the_zoos_presets(train, capsys):
    words = ["--data", "two", *SHORT, "--image-size", "32", "--channels", "3"]
    assert train("dcgan", "--from", "dcgan_mnist", *words) == 0
    assert "generator: 6 of 7 layers go on" in capsys.readouterr().out
    words = ["--from", "conditional_gan_mnist", *words[:-2], "--out", "c"]
    assert train("conditional_gan", *words) == 0
    gan = keras_gans.from_preset("c/last")
    assert gan.num_classes == 2 and gan.example_shape == (32, 32, 1)
    assert keras_gans.from_preset("c/start").discriminator.num_classes == 2


def test_square_pictures_that_are_cut_into_pairs(pictures, tmp_path):
    """A folder of pictures, where two folders were meant."""
    model = tiny_pix2pix()

    def words(folder):
        args = types.SimpleNamespace(
            data=str(folder), data_dir=None, preset="pix2pix", resume=False
        )
        recipe = {"dataset": str(folder), "pairs": {}}
        return " ".join(start.describe(args, model, recipe))

    assert "2 pairs side by side" in words(pictures / "sizes")
    assert "where the sides are sub-folders" in words(pictures / "sizes")
    Image.new("RGB", (16, 8)).save(tmp_path / "0.png")
    assert "None of its pictures" not in words(tmp_path)
