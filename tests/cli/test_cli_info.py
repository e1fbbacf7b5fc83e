"""`keras-gans list` and `info`: what people read, and what programs read."""

import json

import pytest
from cases import points_gan

from keras_gans import cli, presets, registry
from keras_gans.cli import run_pages

pytestmark = pytest.mark.neutral
NAMES = presets.names()


@pytest.fixture
def run(capsys):
    """Function of a command's arguments: what it printed."""

    def run(*arguments):
        assert cli.main([str(a) for a in arguments]) == 0
        return capsys.readouterr().out

    return run


# ---- list -----------------------------------------------------------------


def rows(text):
    """The names, and the whole rows, of a list."""
    found = [line for line in text.splitlines()[1:] if line.split()[0] in NAMES]
    return [line.split()[0] for line in found], found


def test_list_is_a_table_of_all_with_weights_first(run):
    text = run("list")
    names, lines = rows(text)
    assert sorted(names) == NAMES
    has_weights = [presets.info(name)["weights"] for name in names]
    assert has_weights == sorted(has_weights, reverse=True)
    assert max(map(len, text.splitlines())) <= 101
    heads = text.splitlines()[0].split()
    assert heads == ["preset", "class", "data", "size", "weights", "score"]
    (line,) = (x for x in lines if x.startswith("dcgan_mnist"))
    assert line.split()[1:] == "DCGAN mnist 28x28x1 3.4 MB FID 0.3932".split()
    (line,) = (x for x in lines if x.startswith("srresnet_x2_div2k"))
    assert line.split()[3:] == ["x2", "recipe"]


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["wgan_gp"], [n for n in NAMES if n.startswith("wgan_gp")]),
        (["dcgan_*"], [n for n in NAMES if n.startswith("dcgan_")]),
        (["--model", "wgan_gp", "--data", "cifar*"], ["wgan_gp_cifar10"]),
        (["--model", "WGANGP", "--data", "grid"], ["wgan_gp_grid"]),
        (["--model", "dcgan", "--weights", "mnist"], ["dcgan_mnist"]),
    ],
)
def test_list_of_what_is_wanted(arguments, expected, run):
    names, _ = rows(run("list", *arguments))
    assert sorted(names) == expected
    assert sorted(json.loads(run("list", *arguments, "--json"))) == expected


def test_weights_alone(run):
    names, _ = rows(run("list", "--weights"))
    assert sorted(names) == presets.list_presets(weights=True)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nothing_like_it"], "no preset fits"),
        (["--model", "dcgan", "--data", "grid"], "no preset fits"),
        (["--model", "stylegan9"], "StyleGAN2"),
    ],
)
def test_nothing_is_a_sentence(arguments, words, capsys):
    try:
        code = cli.main(["list", *arguments])
    except SystemExit as end:  # argparse's.
        code = end.code
    assert code == 2
    message = capsys.readouterr().err
    assert words in message and message.count("\n") == 1


def test_commands_name_classes_in_small_letters():
    named = {
        "dcgan": "DCGAN",
        "wgan_gp": "WGANGP",
        "wgan-gp": "WGANGP",
        "conditional_gan": "ConditionalGAN",
        "SRResNet": "SRResNet",
        "srvggnet": "SRVGGNetCompact",
        "stylegan9": None,
    }
    for name, expected in named.items():
        assert registry.class_named(name) == expected


# ---- a preset -------------------------------------------------------------


def test_info_is_a_page(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = run("info", "dcgan_mnist")
    words = " ".join(text.split())
    folder = presets.zoo_path() / "dcgan_mnist"
    for part in (
        "dcgan_mnist DCGAN on digits.",
        "model DCGAN (task: sampling)",
        "makes images of 28x28, grey",
        "generator 1,067,777, discriminator 662,081",
        "3.4 MB, float16; licence: Apache-2.0",
        "licence of the data: CC BY-SA",
        "53,400 steps of batch 64, 5.8 minutes on one NVIDIA H100",
        f"pictures {folder}/samples.png",
        "mnist_classifier v1, 10,000/10,000, mnist test FID 0.3932 (less is "
        "better; training images: 0.079)",
        "precision 0.7472 (more is better)",
        "of real test images 0.97 share of samples",
        "keras-gans generate dcgan_mnist -n 64",
        "keras-gans walk dcgan_mnist -o walk.gif",
        "keras-gans train dcgan_mnist",
        'keras_gans.DCGAN.from_preset("dcgan_mnist")',
    ):
        assert part in words, part


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_page_fits_and_has_its_commands(name, run, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    text = run("info", name)
    for line in text.splitlines():
        # What is copied stays in one piece.
        whole = ("keras-gans ", "keras_gans.", "https://", "/")
        assert len(line) <= 60 or any(part in line for part in whole), line
    details = presets.info(name)
    used = name if details["weights"] else f"runs/{name}/best"
    train = name
    if "package" in details:  # Which others have trained.
        train = f"{registry.command_of(details['class'])} --from {name}"
    assert f"  keras-gans train {train}" in text
    assert f'from_preset("{used}")' in text
    commands = [
        line.split()[1:]
        for line in text.splitlines()
        if line.startswith("  keras-gans ")
    ]
    for command in commands:  # They are taken.
        cli._make_parser().parse_args(command)
    first = {command[0] for command in commands} - {"train", "walk"}
    task = {
        "sampling": "generate",
        "translation": "translate",
        "upscaling": "upscale",
        "inpainting": "inpaint",
    }
    assert first == {task[details["task"]]}
    is_demonstration = bool(details.get("demonstration"))
    assert ("A demonstration:" in text) == is_demonstration


def test_programs_read_json(run):
    assert json.loads(run("info", "dcgan_mnist", "--json")) == presets.info(
        "dcgan_mnist"
    )


def test_a_preset_of_ones_own(run, tmp_path):
    points_gan().save_to_preset(
        tmp_path / "mine", metadata={"license": "CC0\x1b[2J\nand\u202emore"}
    )
    text = run("info", tmp_path / "mine")
    assert "makes       points of 2 numbers" in text
    # Nothing of a stranger's acts on the terminal.
    assert r"licence: CC0\x1b[2J and\u202emore" in text
    assert "keras-gans walk" not in text  # It makes no images.
    assert "keras-gans train" not in text  # It has no recipe.


# ---- a run ----------------------------------------------------------------


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "one"
    (folder / "samples").mkdir(parents=True)
    about = {
        "preset": "gan_ring",
        "recipe": {"dataset": "ring", "batch_size": 8, "steps": 900},
        "command": ["keras-gans", "train", "gan_ring"],
        "versions": {"keras_gans": "0.1.0", "backend": "jax"},
    }
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "log.csv").write_text(
        "step,seconds,d_loss,g_loss,modes\n300,30,1.5,0.7,3\n600,60,1.4,0.8,8\n"
    )
    for step in (300, 600):
        (folder / "samples" / f"step_{step:08d}.png").write_bytes(b"")
    return folder


def test_a_run(run, run_folder):
    assert run_pages.is_run(run_folder)
    text = run("info", run_folder)
    words = " ".join(text.split())
    assert "600 of 900 steps, 1.5 minutes" in words
    assert "last row d_loss 1.4, g_loss 0.8, modes 8" in words
    assert "step_00000600.png" in text and "step_00000300.png" not in text
    assert f"keras-gans train gan_ring --resume --out {run_folder}" in text
    assert "from_preset" not in text  # There is nothing to load yet.
    points_gan().save_to_preset(
        run_folder / "best",
        recipe={"batch_size": 8, "steps": 900},
        metadata={"step": 600},
    )
    text = run("info", run_folder)
    assert f"keras-gans generate {run_folder}/best -n 64" in text
    assert "step 600; the recipe has 900 steps of batch 8" in text
    assert "--steps" not in text
    log = run_folder / "log.csv"
    log.write_text(log.read_text() + "900,30,1.3,0.8,8\n")
    assert "--resume --out" in run("info", run_folder)
    assert " --steps 1800\n" in run("info", run_folder)  # It is complete.
    found = json.loads(run("info", run_folder, "--json"))
    assert set(found) == {"run", "log", "best"}
    assert found["log"][1]["step"] == "600"


def test_a_run_that_has_just_begun(run, run_folder):
    (run_folder / "log.csv").unlink()
    assert "nothing is in the log yet" in run("info", run_folder)


def test_a_damaged_run(run_folder, capsys):
    (run_folder / "run.json").write_text("{")
    assert cli.main(["info", str(run_folder)]) == 1
    message = capsys.readouterr().err
    assert "is not a run's" in message and message.count("\n") == 1
