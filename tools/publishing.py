"""Writes zoo/: recipes and cards, weights of runs, and their scores."""

import csv
import json
import pathlib

import cards
import keras
import measuring
from presets import PRESETS, in_order

import keras_gans
from keras_gans import cli, metrics, presets, runs, tasks
from keras_gans.presets.uninitialized import uninitialized

# Of the metadata, what the index says as well.
SIZES = ("example_kind", "example_shape", "scale", "num_classes")
ZOO = pathlib.Path(__file__).resolve().parent.parent / "zoo"


def make_model(name):
    keras_gans.import_models()
    # Keras numbers the names of models: as if this were the only one.
    keras.utils.clear_session()
    return PRESETS[name]["model"]()


def read_metadata(name):
    return json.loads((ZOO / name / "metadata.json").read_text())


def has_weights(name):
    return (ZOO / name / "model.weights.h5").exists()


def write_recipes():
    """Every preset's config and recipe, and all that `write_listing` does.

    Weights that are there stay.
    """
    for name, entry in PRESETS.items():
        if not has_weights(name):
            with uninitialized():
                model = make_model(name)
            presets.save(
                model,
                ZOO / name,
                recipe=entry.get("recipe"),
                metadata={
                    "dataset": entry["data"],
                    **entry.get("metadata", {}),
                },
                weights=False,
            )
    write_listing()


def write_listing():
    """Cards and recipes of the presets that the zoo has, index and README."""
    before = json.loads((ZOO / "index.json").read_text())
    index = {}
    for name in in_order(before["presets"]):
        folder = ZOO / name
        if not folder.is_dir():
            continue  # `write_recipes` makes it.
        (folder / "README.md").write_text(make_card(name))
        presets.update(folder, recipe=PRESETS[name].get("recipe"))
        index[name] = index_entry(name, read_metadata(name))
    (ZOO / "index.json").write_text(
        json.dumps({**before, "presets": index}, indent=2) + "\n"
    )
    path = ZOO.parent / "README.md"
    path.write_text(make_readme(path.read_text()))


def index_entry(name, facts):
    """What `index.json` says of a preset with this metadata."""
    entry = PRESETS[name]
    package = entry.get("package")
    if package:
        return {
            "class": facts["class"],
            "task": facts["task"],
            "description": entry["description"],
            **{key: facts[key] for key in SIZES if key in facts},
            "weights": True,
            "bytes": sum(file["size"] for file in package["files"].values()),
            "package": package,
        }
    found = {
        "class": facts["class"],
        "task": facts["task"],
        "description": entry["description"],
        "dataset": entry["recipe"]["dataset"],
        **{key: facts[key] for key in SIZES if key in facts},
        "weights": has_weights(name),
    }
    if found["weights"]:
        found["bytes"] = sum(
            file["size"]
            for file_name, file in facts["files"].items()
            if file_name.endswith(".h5")
        )
        found["score"] = tasks.get(facts["task"]).brief(facts)
        found["beside"] = measuring.get(facts["task"]).beside(facts)
    if found["weights"] and entry.get("demonstration"):
        found["demonstration"] = True
    return found


def make_card(name):
    """The card of a preset whose metadata are in the zoo."""
    entry = PRESETS[name]
    if "package" in entry:
        has_picture = (ZOO / name / "samples.png").is_file()
        return cards.packaged_card(name, entry, has_picture)
    if not has_weights(name):
        start = entry.get("starts_from")
        can_start = start is not None and has_weights(start)
        return cards.recipe_card(name, entry, can_start)
    facts = read_metadata(name)
    return cards.card(name, entry, facts, measuring.get(facts["task"]))


def make_readme(text):
    """The project's README, given as it was, with the zoo's tables of now."""
    index = json.loads((ZOO / "index.json").read_text())["presets"]
    facts = {name: read_metadata(name) for name in index}
    sizes = {
        name: sum(f.stat().st_size for f in (ZOO / name).glob("*.h5"))
        for name in index
    }
    return cards.readme(text, index, facts, sizes)


def publish(
    name,
    run,
    checkpoint,
    hardware,
    recipe,
    ablations=(),
    test_data=None,
    length=None,
):
    """Takes a run's preset into the zoo, in float16, with a sample grid.

    Of a network with a moving average it takes the average alone.

    Args:
        name: The preset.
        run: Path of the run folder; of weights that have no log, that of the
            preset.
        checkpoint: `"best"` or `"last"`.
        hardware: String, what the run was made on.
        recipe: The preset's, with the data to score on.
        ablations: Pairs of label and run folder, see `measuring`.
        test_data: Folder of what to score on, see `measuring`.
        length: `(steps, minutes)` of weights that have no log.
    """
    for label, _ in ablations:
        ablation(name, label)
    if length is None:
        check_recipe_of_run(name, run)
    keras_gans.import_models()
    entry = PRESETS[name]
    source = run / checkpoint if length is None else run
    model = presets.load(source)
    measuring.get(model.task.name)  # Before anything is written.
    presets.save(
        model,
        ZOO / name,
        dtype="float16",
        # The package index takes wheels of 100 MB.
        raw_weights=False,
        recipe=entry["recipe"],
        metadata={
            "dataset": entry["data"],
            "license": "Apache-2.0",
            "training": {
                **(
                    log_of_run(run, checkpoint, model.task)
                    if length is None
                    else without_log(*length)
                ),
                **made_with(source),
                "hardware": hardware,
            },
        },
    )
    measure(name, recipe, ablations, test_data)


def measure(name, recipe, ablations=(), test_data=None):
    """Measures what the zoo has of a preset, as a user will see it.

    That is from the stored float16. Arguments as of `publish`.
    """
    keras_gans.import_models()
    entry, folder = PRESETS[name], ZOO / name
    model = presets.load(folder)
    metadata, pictures = measuring.get(model.task.name).facts(
        folder, entry, recipe, ablations=ablations, test_data=test_data
    )
    golden = model.task.golden(model)
    presets.update(folder, metadata={**metadata, "golden": golden})
    for picture, image in pictures.items():
        image.save(folder / f"{picture}.png")
    write_listing()


def check_recipe_of_run(name, run):
    """Raises a `SystemExit` for a run that followed another recipe.

    As those for a GPU do, whose steps the time decides: `keras-gans train`
    is to give what the card says.
    """
    own = PRESETS[name]["recipe"]
    followed = json.loads((run / "run.json").read_text())["recipe"]
    # What is said of where the data lie, and what the task knows by itself.
    keys = {*own, *followed} - {"dataset", "dataset_b", "best_by"}
    others = sorted(k for k in keys if own.get(k) != followed.get(k))
    if others:
        values = {key: followed.get(key) for key in others}
        raise SystemExit(
            f"The recipe of {name} in tools/presets must become that of "
            f"{run}, which has {json.dumps(values)}; and its `on_gpu`, if it "
            "was trained by that, the entry's."
        )


def made_with(preset):
    """What trained it, which need not be what publishes it."""
    found = json.loads((preset / "metadata.json").read_text())
    return {key: found[key] for key in ("keras_version", "backend")}


def without_log(steps, minutes):
    """What the card says of a training of which there are weights alone."""
    return {
        "steps": steps,
        "minutes": minutes,
        "checkpoint": f"last checkpoint (step {steps:,})",
    }


def log_of_run(run, checkpoint, task):
    """What the card says of the training."""
    with (run / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The run's own choice. Runs of before there was one went by "swd".
    recipe = json.loads((run / "run.json").read_text())["recipe"]
    by = task.best_by[recipe.get("best_by", "swd")].columns[-1]
    best = json.loads((run / "best" / "metadata.json").read_text())["step"]
    (best,) = (row for row in rows if int(row["step"]) == best)
    chosen = best if checkpoint == "best" else rows[-1]
    return {
        "steps": int(rows[-1]["step"]),
        "minutes": sum(float(row["seconds"]) for row in rows) / 60,
        "checkpoint": f"{checkpoint} checkpoint (step {int(chosen['step']):,})",
        f"best_{by}": float(best[by]),
        "best_step": int(best["step"]),
        f"last_{by}": float(rows[-1][by]),
    }


def score(name, run, data=None):
    """Scores a run's two checkpoints, into the metadata, card and README.

    Of weights that have no log, in a preset's folder, there is one.

    Args:
        name: The preset.
        run: Path of the run folder.
        data: The data to score on, where they lie; the recipe's by default.
    """
    recipe = PRESETS[name]["recipe"]
    which = {"best": run / "best", "last": run / "last"}
    if not which["best"].is_dir():
        which = {"last": run}
    task = presets.task_name(which["last"])
    chosen = measuring.get(task).metrics_of(recipe)
    if chosen is None:
        raise SystemExit(f"{name} is scored when it is published.")
    evaluation = {}
    for checkpoint, folder in which.items():
        out = run / f"scores_{checkpoint}.json"
        command = ["evaluate", str(folder), "--data", data or recipe["dataset"]]
        command += ["-o", str(out), "--metrics", chosen]
        if cli.main(command):
            raise SystemExit(1)
        scores = [
            metrics.Score.from_json(item)
            for item in json.loads(out.read_text())["scores"]
        ]
        evaluation["protocol"] = str(scores[0].protocol)
        evaluation[checkpoint] = {s.name: [s.value, s.std] for s in scores}
    presets.update(ZOO / name, metadata={"evaluation": evaluation})
    write_listing()


def ablation(name, label):
    """What is changed for one of the ablations of a preset's entry."""
    known = PRESETS[name].get("ablations", {})
    if label not in known:
        raise SystemExit(
            f"{name} has no ablation {label!r}: it has "
            f"{', '.join(known) or 'none'}"
        )
    return known[label]


def ablate(name, label, recipe, folder):
    """Trains a preset's model without a part of its loss, into a run folder.

    Args:
        name: The preset.
        label: String, one of the `ablations` of its entry.
        recipe: The preset's, with the data to train on.
        folder: `pathlib.Path`.
    """
    change = ablation(name, label)
    keras.utils.set_random_seed(recipe["seed"])
    model = make_model(name)
    if callable(change):
        return change(model, recipe, folder)
    for key, value in change.items():
        setattr(model, key, value)
    model.compile(**model.task.compile_arguments(model, recipe))
    runs.train(model, recipe, folder, verbose=2)
