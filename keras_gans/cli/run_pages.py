"""What `keras-gans info` says of a run's folder, without Keras."""

import csv
import json
import math
import pathlib
import shlex

from keras_gans import presets
from keras_gans.cli.arguments import file_name
from keras_gans.cli.pages import Page, preset_page
from keras_gans.presets.files import short
from keras_gans.runs import folder as files

# Of a row of the log what is not a loss or a score.
NO_SCORES = ("step", "seconds")
# What a run writes for people to look at.
PICTURES = ("report.html", "samples.gif", "losses.png")


def is_run(folder):
    """Whether a path is a run's folder, and no preset's."""
    folder = pathlib.Path(folder)
    signs = (files.RUN, f"best/{presets.TASK}")
    try:
        return any((folder / sign).is_file() for sign in signs)
    except OSError:  # A name as long as no file's.
        return False


def read(folder):
    """What is known about a run.

    Args:
        folder: Path of it.

    Returns:
        Dict: `"run"`, its `run.json`; `"log"`, the rows of its log as strings;
        `"best"` and `"last"`, what `presets.info` says of these presets. What
        is not there yet is left out.

    Raises:
        ValueError: If `run.json` is no JSON.
    """
    folder = pathlib.Path(folder)
    found = {}
    if (folder / files.RUN).is_file():
        try:
            found["run"] = json.loads((folder / files.RUN).read_text())
        except ValueError as error:
            raise ValueError(
                f"{folder / files.RUN} is not a run's. Received: {short(error)}"
            ) from None
    if (folder / files.LOG).is_file():
        with (folder / files.LOG).open(newline="") as log:
            found["log"] = list(csv.DictReader(log))
    for name in ("best", "last"):
        if (folder / name / presets.TASK).is_file():
            found[name] = presets.info(folder / name)
    return found


def page(name, folder, found, examples, width):
    """How far a run is, its best preset, and how to go on.

    Args:
        name: String, the folder as the user named it.
        folder: `pathlib.Path` of it.
        found: Dict, see `read`.
        examples, width: See `pages.preset_page`.

    Returns:
        String.
    """
    page = Page(width)
    run, rows = found.get("run", {}), found.get("log", [])
    recipe = run.get("recipe", {})
    page.lines += [name, "A run of keras-gans train.", ""]
    page.fact("preset", run.get("preset"))
    if run.get("command"):
        page.literal("command", short(shlex.join(run["command"]), 1000))
    versions = run.get("versions", {})
    page.fact("made with", ", ".join(f"{k} {v}" for k, v in versions.items()))
    total = run.get("steps", recipe.get("steps"))
    page.fact("so far", _progress(total, rows))
    if rows:
        scores = [
            f"{key} {float(value):.4g}"
            for key, value in rows[-1].items()
            if key not in NO_SCORES
        ]
        page.fact("last row", ", ".join(scores))
    for label, path in _pictures(folder):
        page.literal(label, str(path))
    if "run" in found:
        page.title("To go on")
        more = list(run.get("options", ()))
        if rows and int(rows[-1]["step"]) >= (total or math.inf):
            # It is complete.
            key = "steps" if "steps" in recipe else "epochs"
            more += [f"--{key}", str(2 * recipe[key])]
        page.code(_resume(name, run["preset"], more))
    if "best" in found:
        best = f"{name.rstrip('/')}/best"
        page.title("The best of it so far is a preset")
        page.lines += [
            "",
            preset_page(best, folder / "best", found["best"], examples, width),
        ]
    return str(page)


def _progress(total, rows):
    if not rows:
        return "nothing is in the log yet"
    step = int(rows[-1]["step"])
    words = f"{step:,} step{'s' * (step != 1)}"
    if total is not None:
        words = f"{step:,} of {total:,} step{'s' * (total != 1)}"
    minutes = sum(float(row["seconds"]) for row in rows) / 60
    return f"{words}, {minutes:.1f} minutes"


def _pictures(folder):
    paths = [folder / name for name in PICTURES if (folder / name).is_file()]
    paths = [*files.sample_pictures(folder).values()][-1:] + paths
    return [("pictures" if not i else "", path) for i, path in enumerate(paths)]


def _resume(name, preset, more):
    out = pathlib.Path("runs") / file_name(preset)
    own = [] if pathlib.Path(name) == out else ["--out", name]
    return shlex.join(["keras-gans", "train", preset, "--resume", *own, *more])
