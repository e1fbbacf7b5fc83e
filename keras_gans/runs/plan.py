"""What a run is about to do, in words, and whether it can."""

import os
import pathlib
import platform
import shlex
import statistics
import time

import keras

import keras_gans
from keras_gans import backend
from keras_gans.names import some
from keras_gans.runs.progress import advice, duration
from keras_gans.tasks.shared import data_name


def describe(run, step=0):
    """What a run is about to do.

    Args:
        run: `Run`.
        step: Integer, where it begins.

    Returns:
        List of pairs of strings: what it is about, and what there is to say.
    """
    total, recipe = run.total_steps, run.recipe
    steps = f"{total:,} step{'s' * (total != 1)} of "
    steps += f"{recipe['batch_size']:,} {run.unit}"
    length = f"{steps}, {passes(total / run.one_pass)} over the data"
    if step:
        length += f", from step {step:,} on"
    folder = str(run.folder)
    return [
        ("model", model_in_words(run.gan)),
        ("data", data_in_words(run)),
        ("length", length),
        ("device", device_in_words(run.gan)),
        ("folder", folder),
    ]


def lines(pairs):
    """Such pairs as aligned lines."""
    width = max(len(name) for name, _ in pairs)
    return [f"{name.ljust(width)}  {text}" for name, text in pairs]


def passes(count):
    """A number of passes in words."""
    text = f"{count:,.0f}" if count >= 10 else f"{count:.2g}"
    return f"{text} pass{'' if text == '1' else 'es'}"


def model_in_words(model):
    """The class, and what each player has to learn."""
    parts = []
    for player in model.players:
        networks = keras.tree.flatten(
            [getattr(model, name) for name in model.players[player]]
        )
        count = sum(network.count_params() for network in networks)
        parts.append(f"{player} {count:,}")
    return f"{type(model).__name__}; parameters: {', '.join(parts)}"


def data_in_words(run):
    data, shape = run.load("train"), run.gan.example_shape
    kind, recipe = run.gan.example_kind, run.recipe
    size = f"of shape {tuple(shape)}"
    if kind == "image":
        size = f"of {'x'.join(str(side or 'any') for side in shape)}"
        seen = data._keras_gans_seen
        if seen is not None and tuple(seen) != tuple(shape):
            size += f" (the first one is of {'x'.join(map(str, seen))})"
    names = [recipe["dataset"], *filter(None, [recipe.get("dataset_b")])]
    text = f"{' and '.join(names)}: {data._keras_gans_size:,} {run.unit} {size}"
    classes = data._keras_gans_classes
    count = run.task.num_classes(run.gan)
    if classes:
        text += f", {len(classes)} classes ({some(classes)})"
    elif count:
        text += f", {count} classes"
    return text


def device_in_words(model):
    """The devices, the backend and its version."""
    framework = keras.backend.backend()
    version = __import__(framework).__version__
    name = f"CPU, {_cores()} cores"
    if backend.is_accelerated(model):
        name = backend.device_name()
    count = model.num_devices()
    several = f"{count} x " if count > 1 else ""
    return f"{several}{name}; {framework} {version}, keras {keras.__version__}"


def hardware(model):
    """The device, by the name of its maker where the system tells."""
    if backend.is_accelerated(model):
        return device_in_words(model)
    processor = pathlib.Path("/proc/cpuinfo")
    name = "CPU"
    if processor.is_file():
        for line in processor.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {_cores()} cores"


def _cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


# ---- what the report says ---------------------------------------------------


def facts(run, about):
    """What the report of a run says that does not change, see `report_page`.

    Args:
        run: `Run`.
        about: See `train`.
    """
    about = about or {}
    own = [*describe(run)[:3], ("device", hardware(run.gan))]
    if "command" in about:
        own.append(("command", shlex.join(about["command"])))
    framework = keras.backend.backend()
    data = data_name(run.recipe["dataset"])
    return {
        "title": f"{type(run.gan).__name__} on {data}",
        "total": run.total_steps,
        "about": own,
        "recipe": run.recipe,
        "versions": {
            "keras_gans": keras_gans.__version__,
            "keras": keras.__version__,
            framework: __import__(framework).__version__,
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        **commands(run, about),
        "licence": about.get("licence") or YOUR_DATA,
    }


def commands(run, about):
    """Dict of `resume` and `commands`, see `report_page.page`."""
    best = run.folder / "best"
    pairs, go_on = [], None
    if "preset" in about:
        go_on = ["keras-gans", "train", about["preset"], "--out"]
        go_on += [str(run.folder), "--resume", *about.get("options", ())]
        go_on = shlex.join(go_on)
        key = "steps" if "steps" in run.recipe else "epochs"
        more = f"{go_on} --{key} {2 * run.recipe[key]}"
        pairs = [("Train on, to twice the length:", more)]
    uses = [
        command.format(preset=shlex.quote(str(best)))
        for command in about.get("uses", ())
    ]
    if uses:
        pairs.append(("Use the best checkpoint:", "\n".join(uses)))
    export = shlex.join(["keras-gans", "export", str(best), "--format", "onnx"])
    load = f"keras_gans.{type(run.gan).__name__}.from_preset({str(best)!r})"
    pairs += [
        ("Hand it to another program:", export),
        ("In Python:", f"import keras_gans\n\nmodel = {load}"),
    ]
    return {"resume": go_on, "commands": pairs}


YOUR_DATA = (
    "Whose data these are, and what may be done with a model of them, is for "
    "you to know: say it where you pass the model on."
)


def with_notices(licence, model):
    """What is said of a licence, and what must go with the weights."""
    said = "What these weights began as carries a notice, which goes with them:"
    return " ".join([licence, *(f"{said} {note}" for note in model.notices)])


def data_licence(info, recipe):
    """What a preset says of its data's licence; `None` of other data.

    Args:
        info: Dict, what `presets.info` says of it.
        recipe: Dict, the run's.
    """
    data = info.get("metadata", {}).get("dataset", {})
    own = info.get("training", {}).get("dataset")
    if recipe["dataset"] != own or "license" not in data:
        return None
    return f"Data: {data['name']}. Licence: {data['license']}."


# ---- a try ----------------------------------------------------------------


TRIED = 4  # steps


def rehearse(run):
    """Takes a few steps, scores and a picture, and writes nothing.

    The first step compiles what the others run.

    Args:
        run: `Run`, of a model that nobody goes on with.

    Returns:
        List of pairs of strings, see `describe`.
    """
    times = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: times.append(_now(run.gan)),
        on_train_end=lambda logs: times.append(_now(run.gan)),
    )
    data = run.load("train", repeat=True)
    history = run.gan.fit(
        data, steps_per_epoch=TRIED, callbacks=[watch], verbose=0
    ).history
    first, *others = (b - a for a, b in zip(times, times[1:]))
    pace = statistics.median(others)
    losses = ", ".join(f"{k} {v[-1]:.4g}" for k, v in history.items())
    whole = pace * run.total_steps
    said = [
        ("step", f"{first:.2f} s, which compiles, then {pace:.3g} s each"),
        ("losses", losses),
        (
            "time",
            f"about {duration(whole)} for all steps, by these{advice(whole)}",
        ),
    ]
    if run.is_chief:
        start = time.perf_counter()
        with backend.alone():
            scores = run.scores()
            run.task.picture(run.gan, run.reference, run.sample_seed)
        seconds = time.perf_counter() - start
        numbers = ", ".join(f"{k} {v:.4g}" for k, v in scores.items())
        said.append(
            ("scores", f"{numbers}; they and a picture took {seconds:.2f} s")
        )
    return said


def _now(model):
    """The time when all that was begun has ended."""
    backend.sync(model)
    keras.ops.convert_to_numpy(model.iterations)
    return time.perf_counter()
