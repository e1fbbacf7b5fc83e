"""What a run says before it begins, tries, and leaves on one page."""

import html
import re
import shlex

import pytest
from cases import points_gan, tiny_srgan

from keras_gans import cli, presets, runs
from keras_gans.cli.arguments import examples
from keras_gans.runs import plan

pytestmark = pytest.mark.neutral


def train(tiny, out, *arguments):
    command = ["train", str(tiny / "preset"), "--out", str(out), *arguments]
    return cli.main(command)


def parse(*arguments):
    return cli._make_parser().parse_args(arguments)


def told(text):
    """The aligned lines as a dict."""
    pairs = (line.partition("  ")[::2] for line in text.splitlines())
    return {name.strip(): words.strip() for name, words in pairs if words}


@pytest.mark.slow
def test_a_dry_run_tries_and_writes_nothing(tiny, tmp_path, capsys):
    out = tmp_path / "run"
    assert train(tiny, out, "--dry-run", "--tensorboard", "--epochs", "2") == 0
    said = told(capsys.readouterr().out)
    assert said["model"].startswith("DCGAN; parameters: generator ")
    assert said["data"] == f"{tiny / 'data.npz'}: 1,610 images of 8x8x1"
    assert said["length"] == "402 steps of 8 images, 2 passes over the data"
    assert said["device"].startswith("CPU, ")
    assert said["folder"] == str(out)
    assert re.fullmatch(
        r"[\d.]+ s, which compiles, then [\de.-]+ s each", said["step"]
    )
    assert re.fullmatch(r"d_loss [\d.]+, g_loss [\d.]+", said["losses"])
    assert said["scores"].startswith("swd 0.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_from_its_first_word_to_its_last_page(tiny, tmp_path, capsys):
    out = tmp_path / "<b>run"
    assert train(tiny, out, "--steps", "6", "--tensorboard") == 0
    text = capsys.readouterr().out
    assert "Epoch" not in text and "\r" not in text
    assert told(text)["length"].startswith("6 steps of 8 images, 0.03 passes")
    assert re.search(r"^step 6 of 6: d_loss .*, swd .*best so far", text, re.M)
    assert f"all of it on one page: {out}/report.html" in text.splitlines()

    page = (out / "report.html").read_text()
    assert "Step 6 of 6, complete" in page and "<b>run" not in page
    assert html.escape(shlex.quote(f"{out}/best")) in page
    assert "is for you to know" in page
    names = [p.name for p in (out / "samples").iterdir()]
    assert names == ["step_00000006.png"] and page.count("<img") == 1

    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="the extra `tensorboard`",
    )
    (path,) = (out / "tensorboard").iterdir()
    values = {
        (event.step, value.tag)
        for event in loader.EventFileLoader(str(path)).Load()
        for value in event.summary.value
    }
    tags = ("seconds", "d_loss", "g_loss", "swd", "samples")
    assert values == {(6, tag) for tag in tags}

    # On, as the page says.
    (more,) = re.findall(r"<pre>keras-gans (train .*--steps 12)</pre>", page)
    assert cli.main(shlex.split(html.unescape(more))) == 0
    text = capsys.readouterr().out
    assert told(text)["length"].endswith("over the data, from step 6 on")
    page = (out / "report.html").read_text()
    assert "Step 12 of 12, complete" in page and page.count("<img") == 2


def test_the_pages_commands_are_commands(tmp_path):
    gan = points_gan()
    gan.compile()
    recipe = {"dataset": "ring", "batch_size": 256, "seed": 0, "epochs": 9}
    rooms = parse("train", "gan_ring").rooms
    about = {
        "preset": "gan_ring",
        "command": ["keras-gans", "train"],
        "uses": examples(rooms, "sampling", "points"),
    }
    run = runs.Run(gan, recipe, tmp_path / "my run", None, print, about=about)
    facts = run.facts
    assert facts["resume"].endswith("my run' --resume")
    assert facts["commands"][0][1] == f"{facts['resume']} --epochs 18"
    commands = [facts["resume"], *(c for _, c in facts["commands"])]
    for command in "\n".join(commands).splitlines():
        if command.startswith("keras-gans"):
            parsed = parse(*shlex.split(command)[1:])
            assert "my run" in str(parsed)
    assert any(command.startswith("keras-gans gen") for command in commands)
    # In Python, without a word on what the command line was given.
    assert plan.commands(run, {})["resume"] is None


def test_what_is_said_of_data_and_models():
    srgan = tiny_srgan()
    words = plan.model_in_words(srgan)
    assert re.fullmatch(
        r"SRGAN; parameters: generator [\d,]+, discriminator [\d,]+", words
    )
    assert plan.passes(0.5) == "0.5 passes" and plan.passes(1.0) == "1 pass"
    assert plan.passes(1234.4) == "1,234 passes"
    assert plan.lines([("a", "x"), ("long", "y")]) == ["a     x", "long  y"]


def test_a_licence_is_of_the_presets_own_data():
    info = presets.info("dcgan_mnist")
    said = plan.data_licence(info, {"dataset": "mnist"})
    assert said.startswith("Data: MNIST, 60,000 training images")
    assert said.endswith(
        "Licence: CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)."
    )
    assert plan.data_licence(info, {"dataset": "my_photos"}) is None
    assert plan.data_licence({}, {"dataset": "mnist"}) is None


def test_hardware_has_a_name():
    gan = points_gan()
    assert re.search(r", \d+ cores$", plan.hardware(gan))
    assert ", keras 3." in plan.device_in_words(gan)
