"""The files of a run, written all or not at all, and read again.

Nothing here imports Keras.
"""

import csv
import json
import os
import pathlib
import shutil

RUN, LOG, STATE = "run.json", "log.csv", "state.json"
MODEL_WEIGHTS = "gan.weights.h5"  # Of a checkpoint: all that Keras saves.


def has_log(folder):
    """Whether a run in this folder has ended an epoch."""
    return (pathlib.Path(folder) / LOG).exists()


def _write(path, text):
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


# ---- run.json -------------------------------------------------------------


def write_run(folder, preset, recipe, command, versions):
    """Writes what a run is, into a folder that is made.

    Args:
        folder: Path of the run.
        preset: String, as the user named it.
        recipe: Dict, see `check_recipe`.
        command: List of strings.
        versions: Dict with those of keras_gans and Keras, and the `backend`.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run = {
        "preset": preset,
        "recipe": recipe,
        "command": command,
        "versions": versions,
    }
    _write(folder / RUN, json.dumps(run, indent=2) + "\n")


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


# ---- log.csv --------------------------------------------------------------


def write_log(folder, rows):
    """Writes a table of dicts of the same keys."""
    temporary = folder / f"{LOG}.tmp"
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    os.replace(temporary, folder / LOG)


# ---- checkpoints ----------------------------------------------------------


def find_checkpoint(folder):
    """The path of the last complete checkpoint, or `None`."""
    checkpoints = pathlib.Path(folder) / "checkpoints"
    return max(checkpoints.glob("step_*"), default=None)


def read_state(checkpoint):
    """What the run knew at a checkpoint, a dict."""
    return json.loads((checkpoint / STATE).read_text())


def write_checkpoint(folder, step, save_weights, state):
    """A checkpoint, which appears under its name when it is complete.

    Args:
        folder: `pathlib.Path` of the run, which has a folder of checkpoints.
        step: Integer.
        save_weights: Function of a path, which writes it.
        state: Dict, for JSON.
    """
    checkpoints = folder / "checkpoints"
    temporary = checkpoints / f"tmp_{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    save_weights(temporary / MODEL_WEIGHTS)
    (temporary / STATE).write_text(json.dumps(state))
    for path in temporary.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    final = checkpoints / f"step_{step:08d}"
    os.replace(temporary, final)
    for path in [*checkpoints.glob("step_*"), *checkpoints.glob("tmp_*")]:
        if path != final:
            shutil.rmtree(path)
