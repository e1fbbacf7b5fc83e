"""The files of a run, written all or not at all, and read again.

Nothing here imports Keras.
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import re

from keras_gans import writing

RUN, LOG, STATE = "run.json", "log.csv", "state.json"
MODEL_WEIGHTS = "gan.weights.h5"  # Of a checkpoint: all that Keras saves.
_CHECKPOINT = re.compile("step_([0-9]{8,})")
_PICTURE = re.compile(r"step_([0-9]{8,})\.png")


def holds_run(folder):
    """Whether a run in this folder has anything to lose."""
    log = pathlib.Path(folder) / LOG
    return log.exists() or find_checkpoint(folder) is not None


def check_new(folder):
    """Raises a `FileExistsError` if a run in this folder would be lost."""
    if holds_run(folder):
        raise FileExistsError(
            f"{folder} holds a run already: resume it (--resume), or "
            "choose another folder (--out)."
        )


def clean(folder):
    """Removes what a run that was killed had not completed, or not removed."""
    folder = pathlib.Path(folder)
    for place in (folder, folder / "samples", folder / "checkpoints"):
        writing.clean(place)
    _remove_all_but(find_checkpoint(folder), folder / "checkpoints")


# ---- run.json -------------------------------------------------------------


def write_run(folder, recipe, about, steps):
    """Writes what a run is.

    A run that goes on keeps the command and the versions that began it.

    Args:
        folder: Path of the run, which is there.
        recipe: Dict, see `check_recipe`.
        about: Dict with `preset`, as the user named it, `command`, a list of
            strings, and `versions`, a dict with those of keras_gans and Keras
            and the `backend`; `options`, which neither the recipe nor the
            model keeps, a list of strings.
        steps: Integer, how long it is.
    """
    now = {"command": about["command"], "versions": about["versions"]}
    run = {"preset": about["preset"], "recipe": recipe, "steps": steps, **now}
    run["options"] = list(about.get("options", ()))
    path = pathlib.Path(folder) / RUN
    if find_checkpoint(folder) is not None and path.is_file():
        before = json.loads(path.read_text())
        run |= {key: before[key] for key in now if key in before}
        run["resumed"] = now
    writing.write(path, json.dumps(run, indent=2) + "\n")


def read_run(folder):
    """What a run is: a dict with `preset`, `recipe` and `backend`.

    `None` for a run that died before its start.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If its `run.json` is no run's.
    """
    folder = pathlib.Path(folder)
    if not folder.exists():
        raise FileNotFoundError(f"there is no run in {folder} to resume.")
    path = folder / RUN
    if not path.exists():
        return None
    try:
        run = json.loads(path.read_text())
        return {
            "preset": run["preset"],
            "recipe": run["recipe"],
            "backend": run["versions"]["backend"],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a run's. Received: {error}") from None


# ---- samples/ -------------------------------------------------------------


def picture_name(step):
    return f"step_{step:08d}.png"


def sample_pictures(folder):
    """Dict of a step to the path of its picture; others there are the user's.

    Args:
        folder: `pathlib.Path` of the run.
    """
    found = {}
    for path in (folder / "samples").glob("step_*.png"):
        match = _PICTURE.fullmatch(path.name)
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


# ---- log.csv --------------------------------------------------------------


def write_log(folder, rows):
    """Writes a table of dicts of the same keys."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    writing.write(folder / LOG, text.getvalue())


# ---- checkpoints ----------------------------------------------------------


def find_checkpoint(folder):
    """The path of the last complete checkpoint, or `None`."""
    complete = [
        path
        for path in _checkpoints(pathlib.Path(folder) / "checkpoints")
        if (path / STATE).is_file()
    ]
    return max(complete, key=_step, default=None)


def _checkpoints(folder):
    """Folders of a checkpoint's name. Whatever else is there is the user's."""
    return [
        path
        for path in folder.glob("step_*")
        if _CHECKPOINT.fullmatch(path.name) and path.is_dir()
    ]


def _step(checkpoint):
    return int(_CHECKPOINT.fullmatch(checkpoint.name)[1])


def read_state(checkpoint):
    """What the run knew at a checkpoint, a dict."""
    return json.loads((checkpoint / STATE).read_text())


def write_checkpoint(folder, step, save_weights, state):
    """A checkpoint, which appears under its name when it is complete.

    Args:
        folder: `pathlib.Path` of the run.
        step: Integer.
        save_weights: Function of a file, as `model.save_weights`.
        state: Dict, for JSON.
    """
    checkpoints = folder / "checkpoints"
    final = checkpoints / f"step_{step:08d}"
    with writing.temporary(final) as part:
        part.mkdir()
        for name, content in (
            (MODEL_WEIGHTS, writing.weights(save_weights)),
            (STATE, json.dumps(state).encode()),
        ):
            with (part / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        writing.move(part, final, own=(MODEL_WEIGHTS, STATE))
    _remove_all_but(final, checkpoints)


def _remove_all_but(checkpoint, checkpoints):
    for path in _checkpoints(checkpoints):
        if path == checkpoint or path.is_symlink():
            continue
        # First what makes it complete.
        for name in (STATE, MODEL_WEIGHTS):
            (path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # It holds files of the user's.
            path.rmdir()


def how_to_go_on(folder):
    """A clause about a run that ends here and now, for its last sentence."""
    checkpoint = find_checkpoint(folder)
    if checkpoint is not None:
        return f"--resume goes on from step {_step(checkpoint):,}"
    if holds_run(folder):
        return "--resume starts it again, there is no checkpoint yet"
    return "the same command starts it again, there is no checkpoint yet"
