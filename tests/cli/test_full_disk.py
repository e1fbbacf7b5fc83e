"""A disk that is full: one sentence, and what was there before stays."""

import os
import subprocess

import keras
import numpy as np
import pytest
from cases import points_gan, tiny_cyclegan
from PIL import Image

import keras_gans
from keras_gans import cli, presets
from keras_gans.runs import folder as files

pytestmark = pytest.mark.neutral


PAGE = 4096  # bytes, which a tmpfs gives at a time


class Disk:
    """A small file system of its own, with some bytes free."""

    def __init__(self, path):
        self.path = path
        self.ballast = path / "ballast"

    def leave(self, pages):
        self.ballast.unlink(missing_ok=True)
        free = os.statvfs(self.path).f_bavail - pages
        self.ballast.write_bytes(bytes(max(0, free * PAGE)))

    def contents(self):
        """What is on it, but for folders and a lock's file."""
        return {
            path.relative_to(self.path): path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file() and path not in (self.ballast, self.lock)
        }

    @property
    def lock(self):
        return self.path / "run" / ".lock"


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)]
        done = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs the command mount")
    if done.returncode:
        pytest.skip("needs to be allowed to mount a tmpfs")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", str(path)], check=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Presets and images, on another disk."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("made")
    points = np.random.default_rng(0).normal(size=(256, 2)).astype("float32")
    np.savez(folder / "data.npz", x=points)
    recipe = {"dataset": str(folder / "data.npz"), "batch_size": 64, "steps": 4}
    points_gan().save_to_preset(folder / "points", recipe=recipe)
    tiny_cyclegan(image_shape=(8, 8, 3)).save_to_preset(folder / "cyclegan")
    model = keras_gans.SRResNet(scale=2, filters=4, num_residual_blocks=1)
    model.save_to_preset(folder / "srresnet")
    (folder / "photos").mkdir()
    for i in range(2):
        pixels = np.random.default_rng(i).integers(0, 256, (48, 48, 3))
        image = Image.fromarray(pixels.astype("uint8"))
        image.save(folder / "photos" / f"{i}.png")
    return folder


def says_full(code, capsys):
    """Asserts it of a command, and returns what was not written."""
    message = capsys.readouterr().err
    assert code == 1, message
    (line,) = [x for x in message.splitlines() if x.startswith("keras-gans:")]
    assert line.startswith("keras-gans: the disk is full, "), line
    assert "Traceback" not in message
    return line


COMMANDS = {
    "upscale": ["upscale", "photos/0.png", "--preset", "srresnet"],
    "translate": ["translate", "cyclegan", "photos"],
    "export": ["export", "points", "--format", "saved_model"],
    "generate": ["generate", "points"],
}
OUT = {"upscale": "x.png", "translate": "x", "export": "x", "generate": "x.png"}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command(name, disk, made, monkeypatch, capsys):
    monkeypatch.chdir(made)
    out = disk.path / OUT[name]
    disk.leave(1)
    code = cli.main([*COMMANDS[name], "-o", str(out)])
    assert str(out) in says_full(code, capsys)
    assert disk.contents() == {}


def test_a_preset_keeps_what_it_was(disk):
    keras.utils.set_random_seed(0)
    points_gan().save_to_preset(disk.path / "preset")
    before = disk.contents()
    disk.leave(2)
    with pytest.raises(OSError, match="No space left"):
        points_gan().save_to_preset(disk.path / "preset")
    assert disk.contents() == before
    presets.load(disk.path / "preset")


def test_the_last_checkpoint_stays(disk):
    gan = points_gan()
    gan.compile()
    run = disk.path / "run"
    files.write_checkpoint(run, 2, gan.save_weights, {"step": 2})
    before = disk.contents()
    for pages in (0, 13):  # One too few.
        disk.leave(pages)
        with pytest.raises(OSError, match="No space left.*step_00000004"):
            files.write_checkpoint(run, 4, gan.save_weights, {"step": 4})
        assert disk.contents() == before
    assert files.how_to_go_on(run) == "--resume goes on from step 2"
    gan.load_weights(files.find_checkpoint(run) / files.MODEL_WEIGHTS)


@pytest.mark.slow
def test_a_training_goes_on_when_there_is_space(
    disk, made, monkeypatch, capsys
):
    monkeypatch.setattr("keras_gans.runs.run.MIN_STEPS", 2)

    def train(*options):
        command = ["train", str(made / "points"), "--out", str(run), "--quiet"]
        return cli.main([*command, *options])

    def checkpoints():
        return {
            path: content
            for path, content in disk.contents().items()
            if path.parts[1] == "checkpoints"
        }

    run = disk.path / "run"
    disk.leave(0)
    line = says_full(train(), capsys)
    assert "run.json was not written; the same command starts it again" in line
    assert disk.contents() == {}
    disk.leave(1000)
    assert train("--steps", "2") == 0
    capsys.readouterr()
    before = checkpoints()
    assert len(before) == 2
    # Less than a picture needs, less than a preset.
    for pages, name in ((1, "samples"), (12, "best")):
        disk.leave(pages)
        line = says_full(train("--resume", "--steps", "4"), capsys)
        assert f"{run / name}" in line
        assert line.endswith("; --resume goes on from step 2")
        assert checkpoints() == before
    disk.leave(1000)
    assert train("--resume", "--steps", "4") == 0
    assert (run / "last" / presets.TASK).is_file()
