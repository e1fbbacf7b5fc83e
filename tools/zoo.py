r"""Maintains zoo/: writes the recipes, and publishes trained runs.

    python tools/zoo.py recipes                  # all recipes, and index.json
    keras-gans train dcgan_mnist --out runs/dcgan_mnist
    python tools/zoo.py publish dcgan_mnist runs/dcgan_mnist
    python tools/zoo.py score dcgan_mnist runs/dcgan_mnist

    keras-gans train pix2pix_emoji --data emojitwo --out runs/ours
    python tools/zoo.py ablate pix2pix_emoji "L1 alone" runs/l1 --data emojitwo
    python tools/zoo.py ablate pix2pix_emoji "GAN alone" runs/gan --data ...
    python tools/zoo.py publish pix2pix_emoji runs/ours --data emojitwo \
        --ablation "L1 alone" runs/l1 --ablation "GAN alone" runs/gan

A preset is an entry of a file of `presets/`: the model, the recipe, and the
words of its card. `publish` stores the weights (float16, where that costs
nothing visible), measures them as `measuring/` does for the kind of model,
draws the picture and writes the card; `measure` does so again for weights that
the zoo has. `score` adds FID, KID, precision and
recall of the run's best and last checkpoint, as `keras-gans evaluate` measures
them, with their protocol, for kinds that `publish` has not measured so. Of
weights that have no log, `publish` is told the `--length` of their training.
"""

import argparse
import pathlib

import publishing
from presets import PRESETS


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("recipes")
    for action in ("publish", "measure", "score", "ablate"):
        command = commands.add_parser(action)
        command.add_argument("name", choices=PRESETS)
        if action == "ablate":
            command.add_argument("ablation")
        if action != "measure":
            command.add_argument("run", type=pathlib.Path, help="run folder")
        command.add_argument("--data", help="in place of the recipe's")
        if action == "score":
            continue
        command.add_argument("--data-b")
        if action == "publish":
            command.add_argument(
                "--checkpoint", choices=("best", "last"), default="best"
            )
            command.add_argument("--hardware", required=True)
            command.add_argument(
                "--length",
                nargs=2,
                type=float,
                metavar=("STEPS", "MINUTES"),
                help="of weights without a log: `run` is their folder",
            )
        if action in ("publish", "measure"):
            command.add_argument(
                "--ablation", nargs=2, action="append", default=[]
            )
            command.add_argument("--test-data", help="folder of HR and LR")
    return parser


def main(arguments=None):
    args = make_parser().parse_args(arguments)
    if args.command == "recipes":
        return publishing.write_recipes()
    if args.command == "score":
        return publishing.score(args.name, args.run, args.data)
    recipe = dict(PRESETS[args.name]["recipe"])
    if args.data:
        recipe["dataset"] = args.data
    if args.data_b:
        recipe["dataset_b"] = args.data_b
    if args.command == "ablate":
        return publishing.ablate(args.name, args.ablation, recipe, args.run)
    if args.command == "measure":
        return publishing.measure(
            args.name, recipe, args.ablation, args.test_data
        )
    publishing.publish(
        args.name,
        args.run,
        args.checkpoint,
        args.hardware,
        recipe,
        args.ablation,
        args.test_data,
        args.length and (int(args.length[0]), args.length[1]),
    )


if __name__ == "__main__":
    main()
