"""`keras-gans evaluate`: the scores of a preset or of a run."""

import json
import pathlib

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import (
    add_backend,
    add_command,
    add_direction,
    add_quiet,
    check_preset,
    file_name,
    given_sources,
    integer,
    locate,
    metrics,
    path,
    refuse_options,
    text,
    versions,
)
from keras_gans.names import EXTRACTORS, METRICS


def add(commands):
    parser = add_command(
        commands, "evaluate", _evaluate, "Score a preset, or a run."
    )
    parser.add_argument(
        "preset",
        type=text,
        help="name, folder of a preset or run, or address",
    )
    add_backend(parser)
    parser.add_argument(
        "--metrics",
        type=metrics,
        help=f"of {','.join(METRICS)} (fid,kid,prdc; of toys, modes; "
        "models that translate have their own)",
    )
    parser.add_argument(
        "-n", type=integer(2), default=10000, help="examples (10000)"
    )
    parser.add_argument(
        "--seed", type=integer(0), default=0, help="of the samples (0)"
    )
    parser.add_argument("--data", type=text, help="as for train (recipe's)")
    parser.add_argument("--data-b", type=text, help="as for train (recipe's)")
    parser.add_argument(
        "--low-res",
        type=path,
        metavar="FOLDER",
        help="of the images of --data, made small (made here)",
    )
    add_direction(parser)
    parser.add_argument(
        "--data-dir", type=text, help="where TFDS data sets lie"
    )
    parser.add_argument("--split", help="of the data (test, or train)")
    parser.add_argument(
        "--extractor", choices=EXTRACTORS, help="of features (by data)"
    )
    parser.add_argument(
        "--statistics",
        type=path,
        metavar="FILE",
        help=".npz with mu and sigma, in the place of real examples",
    )
    parser.add_argument(
        "--save-statistics",
        type=path,
        metavar="FILE",
        help="write those of the real examples, as .npz",
    )
    parser.add_argument(
        "--checkpoint",
        choices=("best", "last"),
        help="of a run (best)",
    )
    parser.add_argument("-o", "--out", type=path, help="PRESET_scores.json")
    add_quiet(parser)


def _evaluate(args):
    from keras_gans import presets, tasks

    name, preset = file_name(args.preset), args.preset
    checkpoint = args.checkpoint or "best"
    folder = pathlib.Path(preset) / checkpoint
    if (folder / presets.TASK).is_file():  # Of a run.
        preset = str(folder)
    elif args.checkpoint is None:
        checkpoint = None
    else:
        check_preset(preset)
        raise UsageError(
            f"--checkpoint is of a run that has a folder {checkpoint}, which "
            f"{preset} has not"
        )
    preset = locate(preset)
    task = tasks.get(presets.task_name(preset))
    refuse_options(args, task, "evaluate_options", presets.class_name(preset))
    # Converted weights have no recipe; who needs one misses it.
    recipe = presets.info(preset).get("training", {})
    if recipe:
        from keras_gans import runs

        recipe = presets.recipe(preset, given_sources(args))
        recipe = runs.check_recipe(recipe, task)
    task.check_evaluation(recipe, args)
    scores = task.evaluate(presets.load(preset), recipe, args)

    protocol = next(iter(scores.values())).protocol
    if protocol.n_fake < args.n:
        data = f"{protocol.dataset} {protocol.split}".strip()
        n = f"{protocol.n_fake:,}"
        print(f"{data} has {n} examples: -n is {n}")
    print(scores)
    out = args.out or pathlib.Path(f"{name}_scores.json")
    report = {
        "preset": args.preset,
        "checkpoint": checkpoint,
        "seed": args.seed,
        "versions": versions(),
        "scores": [score.to_json() for score in scores.values()],
    }
    writing.write(out, json.dumps(report, indent=2, allow_nan=False) + "\n")
    print(out)
