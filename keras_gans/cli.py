"""The command line: `keras-gans list | info | generate | train | ...`.

Keras is imported by the commands that need it, after the backend is chosen,
so that `list` and `--help` answer at once.
"""

import argparse
import difflib
import json
import os
import pathlib
import sys

BACKENDS = ("tensorflow", "jax", "torch")
# Those of `metrics.evaluate`, which imports Keras.
METRICS = ("fid", "kid", "prdc", "is", "swd", "modes")
EXTRACTORS = (
    "mnist_classifier",
    "cifar10_classifier",
    "emoji_classifier",
    "inception_v3",
    "points",
)
# Those of `runs`.
BEST_BY = ("kid", "modes", "swd", "psnr", "content")
DEFAULT_EXTRACTORS = {
    "mnist": "mnist_classifier",
    "cifar10": "cifar10_classifier",
    "ring": "points",
    "grid": "points",
}
UPSCALER = "srgan_x4_bsds500"
TILE = 192  # As in models.super_resolution, which would import Keras.
# Those of `convert`.
TARGETS = ("pix2pix", "cyclegan", "srresnet")
FORMATS = {"saved_model": "tf_saved_model", "onnx": "onnx", "litert": "litert"}


class UsageError(Exception):
    """A mistake in the command itself: exit code 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv=None):
    """Runs one command and returns its exit code.

    0 is success, 1 a failure, 2 a mistake in the command, 130 an interrupt.
    """
    args = _make_parser().parse_args(argv)
    # TensorFlow's start-up chatter is not about the user's command.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if getattr(args, "backend", None):
        os.environ["KERAS_BACKEND"] = args.backend
    try:
        args.command(args)
    except KeyboardInterrupt:
        print(
            f"\nkeras-gans: interrupted{args.after_interrupt}", file=sys.stderr
        )
        return 130
    except BrokenPipeError:  # `keras-gans list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if args.debug:
            raise
        if isinstance(error, ModuleNotFoundError) and error.name in (
            "tensorflow",
            "jax",
            "torch",
        ):
            error = UsageError(
                f"Keras's backend needs the package {error.name}, which is not "
                "installed: install it, or choose another --backend"
            )
        sentence = " ".join(str(error).split()) or type(error).__name__
        print(f"keras-gans: {sentence}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _make_parser():
    parser = _Parser(
        prog="keras-gans",
        description="Train, load and sample GANs in Keras.",
    )
    from keras_gans import __version__

    parser.add_argument("--version", action="version", version=__version__)
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--debug", action="store_true", help="show the traceback of an error"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, function, help):
        command = commands.add_parser(
            name, help=help, description=help, parents=[shared]
        )
        command.set_defaults(command=function, after_interrupt="")
        return command

    add("list", _list, "List the presets.")

    info = add("info", _info, "Show a preset: recipe, scores, licence.")
    info.add_argument("preset", help="name of a preset, or its folder")

    generate = add("generate", _generate, "Draw samples from a preset.")
    _add_preset(generate)
    generate.add_argument(
        "-n", type=_integer(1), default=64, help="number of samples (64)"
    )
    generate.add_argument(
        "--seed", type=_integer(0), help="for the same samples"
    )
    generate.add_argument(
        "--labels", type=_integers, help="classes in turn, as 7 or 0,1,2"
    )
    generate.add_argument(
        "-o",
        "--out",
        type=pathlib.Path,
        help="a picture (PRESET.png), with --separate a folder; .npy for "
        "the array",
    )
    generate.add_argument(
        "--separate", action="store_true", help="one file per image"
    )

    train = add("train", _train, "Train a preset from its recipe.")
    _add_preset(train)
    length = train.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_integer(1), help="generator updates")
    length.add_argument(
        "--epochs", type=_integer(1), help="passes over the data"
    )
    train.add_argument(
        "--data", help="TFDS name, image folder, .npz file, ring or grid"
    )
    train.add_argument("--data-b", help="the other domain's, of a CycleGAN")
    train.add_argument(
        "--sides",
        type=_two_names,
        help="of pairs: the sub-folders with a and b, as outline,color",
    )
    train.add_argument(
        "--direction",
        choices=("ab", "ba"),
        help="of pairs: which of the two is the input (ab: a)",
    )
    train.add_argument(
        "--generator",
        help="of SRGAN: the preset or run/best whose generator to start from",
    )
    train.add_argument("--data-dir", help="where TFDS data sets lie")
    train.add_argument(
        "--batch-size", type=_integer(1), help="global batch size"
    )
    train.add_argument(
        "--seed", type=_integer(0), help="seed of everything (recipe's)"
    )
    train.add_argument(
        "--best-by",
        choices=BEST_BY,
        help="score of the best checkpoint (kid where the zoo has a "
        "classifier of the data, modes of the toys, swd elsewhere)",
    )
    train.add_argument(
        "--strategy",
        choices=("auto", "none", "mirrored", "multiworker", "tpu"),
        default="auto",
        help="how to use several devices (auto: all local GPUs)",
    )
    train.add_argument(
        "--out", type=pathlib.Path, help="run folder (runs/PRESET)"
    )
    train.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint"
    )
    train.add_argument("--quiet", action="store_true", help="no progress bar")
    train.set_defaults(after_interrupt="; --resume goes on from the last epoch")

    evaluate = add("evaluate", _evaluate, "Score a preset, or a run.")
    evaluate.add_argument(
        "preset", help="name, folder of a preset or run, or address"
    )
    evaluate.add_argument(
        "--backend", choices=BACKENDS, help="of Keras (KERAS_BACKEND)"
    )
    evaluate.add_argument(
        "--metrics",
        type=_metrics,
        help=f"of {','.join(METRICS)} (fid,kid,prdc; of toys, modes; "
        "models that translate have their own)",
    )
    evaluate.add_argument(
        "-n", type=_integer(2), default=10000, help="examples (10000)"
    )
    evaluate.add_argument(
        "--seed", type=_integer(0), default=0, help="of the samples (0)"
    )
    evaluate.add_argument("--data", help="as for train (recipe's)")
    evaluate.add_argument("--data-b", help="as for train (recipe's)")
    evaluate.add_argument(
        "--low-res",
        type=pathlib.Path,
        metavar="FOLDER",
        help="of the images of --data, made small (made here)",
    )
    _add_direction(evaluate)
    evaluate.add_argument("--data-dir", help="where TFDS data sets lie")
    evaluate.add_argument("--split", help="of the data (test, or train)")
    evaluate.add_argument(
        "--extractor", choices=EXTRACTORS, help="of features (by data)"
    )
    evaluate.add_argument(
        "--checkpoint",
        choices=("best", "last"),
        default="best",
        help="of a run (best)",
    )
    evaluate.add_argument(
        "-o", "--out", type=pathlib.Path, help="PRESET_scores.json"
    )
    evaluate.add_argument(
        "--quiet", action="store_true", help="no progress bar"
    )

    translate = add("translate", _translate, "Turn images into images.")
    _add_preset(translate)
    translate.add_argument(
        "input", type=pathlib.Path, help="an image, or a folder of images"
    )
    translate.add_argument(
        "-o",
        "--out",
        type=pathlib.Path,
        required=True,
        help="a file, for a folder a folder",
    )
    _add_direction(translate)
    translate.add_argument(
        "--seed", type=_integer(0), help="for the same dropout"
    )
    translate.add_argument(
        "--force", action="store_true", help="overwrite files"
    )
    translate.add_argument(
        "--quiet", action="store_true", help="no progress bar"
    )

    upscale = add("upscale", _upscale, "Make photographs larger.")
    upscale.add_argument(
        "input", type=pathlib.Path, help="an image, or a folder of images"
    )
    upscale.add_argument(
        "-o",
        "--out",
        type=pathlib.Path,
        required=True,
        help="a file, for a folder a folder",
    )
    upscale.add_argument(
        "--preset",
        default=UPSCALER,
        help=f"name, folder, hf://org/name or https:// address ({UPSCALER})",
    )
    upscale.add_argument(
        "--backend", choices=BACKENDS, help="of Keras (KERAS_BACKEND)"
    )
    upscale.add_argument(
        "--tile",
        type=_integer(16),
        default=TILE,
        help=f"side of a tile of the input: less takes less memory ({TILE})",
    )
    upscale.add_argument(
        "--self-ensemble",
        action="store_true",
        help="mean of eight ways: a little better, eight times as long",
    )
    upscale.add_argument("--force", action="store_true", help="overwrite files")
    upscale.add_argument("--quiet", action="store_true", help="no progress bar")

    export = add("export", _export, "Export a preset's generator.")
    _add_preset(export)
    export.add_argument("--format", choices=FORMATS, required=True)
    export.add_argument(
        "-o", "--out", type=pathlib.Path, help="file or folder to write"
    )
    _add_direction(export)

    convert = add(
        "convert",
        _convert,
        "Make a preset of PyTorch weights.",
    )
    convert.add_argument(
        "checkpoint",
        nargs="+",
        help="latest_net_G.pth; for cyclegan one or two, a to b and b to a",
    )
    convert.add_argument("--to", choices=TARGETS, required=True)
    convert.add_argument(
        "--discriminator",
        action="append",
        default=[],
        metavar="CHECKPOINT",
        help="latest_net_D.pth; may be given for each generator, in order",
    )
    convert.add_argument(
        "--image-size",
        type=_integer(1),
        help="of images in training (the authors': 256 or 128)",
    )
    convert.add_argument(
        "--no-dropout",
        action="store_true",
        help="of pix2pix's U-Net, if it was trained without",
    )
    convert.add_argument(
        "--backend", choices=BACKENDS, help="of Keras (KERAS_BACKEND)"
    )
    convert.add_argument(
        "-o", "--out", type=pathlib.Path, required=True, help="a new folder"
    )
    return parser


def _add_direction(parser):
    parser.add_argument(
        "--direction",
        choices=("ab", "ba"),
        default="ab",
        help="of a CycleGAN (ab)",
    )


def _add_preset(command):
    command.add_argument(
        "preset", help="name, folder, hf://org/name or https:// address"
    )
    command.add_argument(
        "--backend", choices=BACKENDS, help="of Keras (KERAS_BACKEND)"
    )


def _name(preset):
    """A name for files, from a preset's name, path or address."""
    return pathlib.PurePosixPath(preset).name


def _integer(minimum):
    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        # NumPy's and Keras's seeds end there, and nothing else comes near.
        if not minimum <= value < 2**31:
            raise argparse.ArgumentTypeError(
                f"must be an integer of {minimum} or more, not {text!r}"
            )
        return value

    return parse


def _integers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be integers with commas between, not {text!r}"
        ) from None


def _two_names(text):
    names = text.split(",")
    if len(names) != 2 or not all(names):
        raise argparse.ArgumentTypeError(
            f"must be two names with a comma between, not {text!r}"
        )
    return names


def _metrics(text):
    names = tuple(text.split(","))
    if not set(names) <= set(METRICS):
        raise argparse.ArgumentTypeError(
            f"must be of {','.join(METRICS)}, not {text!r}"
        )
    return names


def _check_preset(preset):
    from keras_gans import presets

    names = presets.names()
    if preset in names or "://" in preset or pathlib.Path(preset).is_dir():
        return
    close = difflib.get_close_matches(preset, names, n=1)
    hint = f"did you mean {close[0]}?" if close else "see keras-gans list."
    raise UsageError(f"there is no preset or folder {preset!r}: {hint}")


# ---- list and info, without Keras -----------------------------------------


def _list(args):
    from keras_gans import presets

    rows = []
    for name in presets.names():
        entry = presets.info(name)
        rows.append(
            (
                name,
                entry["class"],
                entry["dataset"],
                "yes" if entry["weights"] else "recipe",
                entry["description"],
            )
        )
    rows.insert(0, ("preset", "class", "data", "weights", "description"))
    _print_table(rows)


def _print_table(rows):
    *widths, _ = [max(map(len, column)) for column in zip(*rows)]
    for *row, last in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  ".join([*cells, last]))


def _info(args):
    from keras_gans import presets

    _check_preset(args.preset)
    if "://" in args.preset:
        raise UsageError("info is of the zoo's presets and of folders")
    print(json.dumps(presets.info(args.preset), indent=2))


# ---- commands with Keras --------------------------------------------------


def _load(preset, **kwargs):
    _check_preset(preset)
    from keras_gans import presets

    return presets.load(preset, **kwargs)


def _generate(args):
    gan = _load(args.preset)
    if hasattr(gan, "upscale"):
        raise UsageError(
            f"a {type(gan).__name__} makes images larger: keras-gans upscale"
        )
    import numpy as np
    from PIL import Image

    from keras_gans.runs import draw_samples

    name = _name(args.preset)
    labels = args.labels and np.resize(args.labels, args.n)
    is_array = args.out is not None and args.out.suffix == ".npy"
    suffix = args.out.suffix if args.out is not None else ".png"
    if not (is_array or args.separate) and (
        suffix not in Image.registered_extensions()
    ):
        raise UsageError(
            f"-o must end in a picture's suffix, as .png, or in .npy. "
            f"Received: {args.out}"
        )
    try:
        gan.check_labels(labels, args.n)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if args.separate or is_array:
        samples = gan.generate(args.n, labels=labels, seed=args.seed)
    if is_array:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        np.save(args.out, samples)
        print(args.out)
    elif args.separate:
        if samples.ndim != 4:
            raise UsageError(f"{args.preset} makes no images; use -o FILE.npy")
        folder = args.out or pathlib.Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(samples):
            gray = image.shape[-1] == 1
            picture = Image.fromarray(image[..., 0] if gray else image)
            picture.save(folder / f"{name}_{i:05d}.png")
        print(f"{folder}: {len(samples)} images")
    else:
        out = args.out or pathlib.Path(f"{name}.png")
        out.parent.mkdir(parents=True, exist_ok=True)
        picture = draw_samples(gan, args.seed, n=args.n, labels=labels)
        picture.save(out)
        print(out)


def _train(args):
    from keras_gans import presets

    _check_preset(args.preset)
    folder = args.out or pathlib.Path("runs") / _name(args.preset)
    stored = _read_run(folder, args) if args.resume else None
    recipe = stored or presets.recipe(args.preset)
    if stored:
        stored.setdefault("best_by", "swd")  # Runs of before there was one.
    elif args.data is not None:
        recipe.pop("best_by", None)  # It suits the preset's own data.
    for key in (
        "data",
        "data_b",
        "batch_size",
        "seed",
        "best_by",
        "generator",
    ):
        given, key = getattr(args, key), key.replace("data", "dataset")
        _put(recipe, key, given, stored and folder, 0)
    for key, default in (("sides", None), ("direction", "ab")):
        given = getattr(args, key)
        if given is not None and "pairs" not in recipe:
            raise UsageError(
                f"--{key} is of presets that train on pairs of images, which "
                f"{args.preset} does not"
            )
        _put(recipe.get("pairs"), key, given, stored and folder, default)
    for key in ("steps", "epochs"):
        if getattr(args, key):
            recipe.pop("steps", None)
            recipe.pop("epochs", None)
            recipe[key] = getattr(args, key)

    import keras

    from keras_gans import __version__, runs

    kind = presets.class_name(args.preset)
    if "generator" in recipe and kind != "SRGAN":
        raise UsageError(f"--generator is of an SRGAN, which a {kind} is not")
    if "loss" in recipe and kind != "SRResNet":
        raise UsageError(f"loss is of an SRResNet, which a {kind} is not")
    if kind in ("SRResNet", "SRGAN"):
        recipe.setdefault("high_res", {})
    recipe = runs.check_recipe(recipe)
    keras.utils.set_random_seed(recipe["seed"])
    _make_deterministic()
    with _strategy_scope(args.strategy):
        # It draws nothing.
        own = {} if kind == "SRResNet" else {"seed": recipe["seed"]}
        gan = presets.load(args.preset, load_weights=False, **own)
        if "generator" in recipe and not _has_checkpoint(folder):
            _start_from(gan, recipe["generator"])
        gan.compile(
            *(
                runs.optimizer(recipe.get(f"{player}_optimizer", "auto"))
                for player in gan.players
            ),
            **({"loss": recipe["loss"]} if "loss" in recipe else {}),
        )
    recipe.setdefault(
        "best_by", runs.default_best_by(recipe, gan.example_shape)
    )
    if runs.is_chief(gan) and (stored or not (folder / "log.csv").exists()):
        folder.mkdir(parents=True, exist_ok=True)
        run = {
            "preset": args.preset,
            "recipe": recipe,
            "command": ["keras-gans", *sys.argv[1:]],
            "versions": {
                "keras_gans": __version__,
                "keras": keras.__version__,
                "backend": keras.backend.backend(),
            },
        }
        temporary = folder / "run.json.tmp"
        temporary.write_text(json.dumps(run, indent=2) + "\n")
        os.replace(temporary, folder / "run.json")
    try:
        row = runs.train(
            gan,
            recipe,
            folder,
            data_dir=args.data_dir,
            resume=args.resume,
            verbose=0 if args.quiet else 1 if sys.stdout.isatty() else 2,
        )
    except FileNotFoundError as error:
        metadata = presets.info(args.preset).get("metadata", {})
        download = metadata.get("dataset", {}).get("download")
        if args.data is not None or stored or download is None:
            raise
        raise FileNotFoundError(
            f"{error} Download {download}, and name the folder: --data FOLDER"
        ) from None
    if row is None:  # One of several workers, and not the one that writes.
        return
    picture = sorted((folder / "samples").glob("step_*.png"))[-1]
    print(f"{row['step']} steps; the last samples: {picture}")
    if "modes" in row:
        from keras_gans import datasets

        centers, _ = getattr(datasets, f"{recipe['dataset']}_modes")()
        print(
            f"{row['modes']} of {len(centers)} modes covered, "
            f"{row['high_quality']:.1%} of 2,500 samples of high quality"
        )
    print(f'keras_gans.{kind}.from_preset("{folder}/best")')


def _has_checkpoint(folder):
    return any((folder / "checkpoints").glob("step_*"))


def _start_from(gan, preset):
    """Gives an SRGAN the weights of another model's generator."""
    from keras_gans import presets

    try:
        start = presets.load(preset).inference_network
    except ValueError as error:
        if "is a recipe without weights" not in str(error):
            raise
        raise ValueError(
            f"SRGAN starts from the generator of {preset}, which is a recipe "
            f"without weights: `keras-gans train {preset}`, and then "
            f"--generator runs/{preset}/best"
        ) from None
    shapes, wanted = (
        [tuple(w.shape) for w in network.weights]
        for network in (start, gan.generator)
    )
    if shapes != wanted:
        raise ValueError(
            f"The generator of {preset} must have the layers of the one to "
            "be trained. Received: weights of other shapes"
        )
    gan.generator.set_weights(start.get_weights())


def _put(recipe, key, given, stored, default):
    """Sets what the user gave; in the folder of a `stored` run it is set."""
    if given is None:
        return
    if stored and given != recipe.get(key, default):
        raise UsageError(
            f"the run in {stored} has the {key} {recipe.get(key, default)}, "
            f"and a resumed run keeps it. Received: {given}"
        )
    recipe[key] = given


def _read_run(folder, args):
    """The recipe of the run to resume; `None` if it died before its start."""
    if not folder.exists():
        raise FileNotFoundError(f"there is no run in {folder} to resume.")
    path = folder / "run.json"
    if not path.exists():
        return None
    try:
        run = json.loads(path.read_text())
        recipe, preset = run["recipe"], run["preset"]
        backend = run["versions"]["backend"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a run's. Received: {error}") from None
    wanted = args.backend or os.environ.get("KERAS_BACKEND", backend)
    for name, given, kept in (
        ("preset", args.preset, preset),
        ("backend", wanted, backend),
    ):
        if given != kept:
            raise UsageError(
                f"the run in {folder} has the {name} {kept}, and a resumed "
                f"run keeps it. Received: {given}"
            )
    os.environ["KERAS_BACKEND"] = backend
    return recipe


def _make_deterministic():
    """Equal seeds give equal bits, which exact resuming stands on."""
    import keras

    # cuBLAS asks for it before PyTorch's first matrix product.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def _strategy_scope(name):
    import contextlib

    import keras

    if keras.backend.backend() != "tensorflow":
        if name not in ("auto", "none"):
            raise UsageError(
                f"--strategy {name} is TensorFlow's; on "
                f"{keras.backend.backend()} it must be auto or none"
            )
        if name == "auto" and keras.backend.backend() == "jax":
            import jax

            if jax.device_count() > 1:
                keras.distribution.set_distribution(
                    keras.distribution.DataParallel()
                )
        return contextlib.nullcontext()
    import tensorflow as tf

    if name == "auto":
        several = len(tf.config.list_physical_devices("GPU")) > 1
        name = "mirrored" if several else "none"
    if name == "mirrored":
        return tf.distribute.MirroredStrategy().scope()
    if name == "multiworker":
        if "TF_CONFIG" not in os.environ:
            raise UsageError(
                "--strategy multiworker needs the environment variable "
                "TF_CONFIG on every worker"
            )
        return tf.distribute.MultiWorkerMirroredStrategy().scope()
    if name == "tpu":  # Untested: the same path as the others, on no TPU.
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver).scope()
    return contextlib.nullcontext()


def _evaluate(args):
    _check_preset(args.preset)
    from keras_gans import presets

    name, path, checkpoint = _name(args.preset), args.preset, None
    if (pathlib.Path(path) / args.checkpoint / presets.TASK).is_file():
        checkpoint = args.checkpoint  # The folder of a run.
        path = str(pathlib.Path(path) / checkpoint)
    kind = presets.class_name(path)
    upscales = kind in ("SRResNet", "SRGAN")
    if args.low_res is not None and not upscales:
        raise UsageError(
            f"--low-res is of models that enlarge, not of a {kind}"
        )
    # Which is of training alone, and a converted network has none.
    recipe = {} if upscales else presets.recipe(path)
    data = args.data or recipe.get("dataset")
    translates = "pairs" in recipe or "unpaired" in recipe
    extractor = args.extractor
    if not upscales:  # Whose scores want none.
        extractor = (
            extractor or recipe.get("extractor") or DEFAULT_EXTRACTORS.get(data)
        )
    if extractor is None and not translates and not upscales:
        raise UsageError(
            f"no features are known to suit the data {data!r}: choose an "
            "--extractor, as inception_v3"
        )
    gan = _load(path)
    import keras

    from keras_gans import __version__

    evaluate = _evaluate_samples
    if upscales:
        evaluate = _evaluate_upscaling
    elif translates:
        evaluate = _evaluate_translation
    scores = evaluate(args, gan, {**recipe, "dataset": data}, extractor)
    split = next(iter(scores.values())).protocol.split
    n = next(iter(scores.values())).protocol.n_fake
    if n < args.n:
        data = f"{_name(data)} {split}".strip()
        print(f"{data} has {n:,} examples: -n is {n:,}")
    rows = [("score", "value", "std", "protocol")]
    for score in scores.values():
        std = "" if score.std is None else f"{score.std:.2g}"
        rows.append(
            (score.name, f"{score.value:.4g}", std, str(score.protocol))
        )
    _print_table(rows)
    out = args.out or pathlib.Path(f"{name}_scores.json")
    report = {
        "preset": args.preset,
        "checkpoint": checkpoint,
        "seed": args.seed,
        "versions": {
            "keras_gans": __version__,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        },
        "scores": [score.to_json() for score in scores.values()],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(out)


def _evaluate_samples(args, gan, recipe, extractor):
    from keras_gans import metrics, runs

    data = recipe["dataset"]
    real, split = _real_examples(args, gan, data)
    return metrics.evaluate(
        gan,
        real,
        extractor,
        args.metrics
        or (("modes",) if runs.toy(data) else ("fid", "kid", "prdc")),
        args.n,
        dataset=_name(data),
        split=split,
        seed=args.seed,
        verbose=0 if args.quiet else "auto",
    )


def _evaluate_translation(args, gan, recipe, extractor):
    from keras_gans import metrics, runs

    if args.metrics:
        raise UsageError(
            f"a {type(gan).__name__} has scores of its own: leave --metrics out"
        )
    _check_direction(gan, args)
    if args.data_b is not None:
        recipe["dataset_b"] = args.data_b
    recipe = runs.check_recipe(recipe)
    data, split = _first_split(
        args,
        lambda split: runs.load_translation_data(
            gan,
            recipe,
            split,
            args.data_dir,
            augment=False,
            shuffle=False,
            drop_remainder=False,
        ),
    )
    return metrics.evaluate_translation(
        gan,
        data,
        extractor,
        paired="pairs" in recipe,
        direction=args.direction,
        n=args.n,
        dataset=_name(recipe["dataset"]),
        split=split,
        seed=args.seed,
    )


def _evaluate_upscaling(args, model, recipe, extractor):
    import dataclasses

    from keras_gans import image_files, metrics

    if args.metrics or args.split:
        raise UsageError(
            f"an {type(model).__name__} has scores of its own, of a folder: "
            "leave --metrics and --split out"
        )
    if args.data is None:
        raise UsageError(
            "whole photographs are needed: name their folder, --data FOLDER"
        )
    files = image_files.find(args.data)[: args.n]

    def read(paths):
        return (image_files.read(path, 3)[0] for path in paths)

    def score(upscale):
        low_res = None
        if args.low_res is not None:
            names = (file.relative_to(args.data) for file in files)
            low_res = read(args.low_res / name for name in names)
        scores, _ = metrics.evaluate_upscaling(
            upscale,
            read(files),
            model.scale,
            low_res=low_res,
            extractor=extractor,
            dataset=_name(args.data),
        )
        return scores

    scores = score(model)
    for name, other in score("bicubic").items():
        if "truth" not in name:
            name = f"{name} of bicubic"
            scores[name] = dataclasses.replace(other, name=name)
    return scores


def _real_examples(args, gan, data):
    """The batches of a split, and its name: `test` where there is one."""
    from keras_gans import datasets, runs

    if runs.toy(data):
        if args.split not in (None, "train"):
            raise UsageError(f"{data} has no split {args.split!r}")
        # Of a seed that training does not use.
        return getattr(datasets, data)(args.n, seed=2**31), "train"
    shape = gan.example_shape
    is_image = len(shape) == 3
    return _first_split(
        args,
        lambda split: datasets.load(
            data,
            250,
            split=split,
            image_size=shape[:2] if is_image else None,
            channels=shape[2] if is_image else None,
            drop_remainder=False,
            data_dir=args.data_dir,
        ),
    )


def _first_split(args, load):
    """What `load` gives for `--split`, or else for test or train; its name."""
    if args.split:
        return load(args.split), args.split
    try:
        return load("test"), "test"
    except ValueError as error:
        if "`split`" not in str(error):
            raise
    return load("train"), "train"  # The data have no test split.


def _translate(args):
    from keras_gans import image_files

    files = _files_to_write(args)
    gan = _load(args.preset)
    if not hasattr(gan, "translate"):
        raise UsageError(
            f"{args.preset} is a {type(gan).__name__}, which does not "
            "translate images; keras-gans generate draws its samples"
        )
    _check_direction(gan, args)
    channels = gan.image_shape[-1]

    def translate(file, out):
        pixels, alpha = image_files.read(file, channels)
        result = gan.translate(pixels, direction=args.direction, seed=args.seed)
        image_files.write(out, result, alpha)

    bar = len(files) > 1 and not args.quiet
    _for_each(files, translate, "translated", bar, args.out)


def _upscale(args):
    from keras_gans import image_files

    files = _files_to_write(args)
    model = _load(args.preset)
    if not hasattr(model, "upscale"):
        raise UsageError(
            f"{args.preset} is a {type(model).__name__}, which does not "
            "upscale images"
        )
    one = len(files) == 1

    def upscale(file, out):
        image = image_files.open_image(file)
        result = model.upscale(
            image,
            tile=args.tile,
            self_ensemble=args.self_ensemble,
            verbose=int(one and not args.quiet),
        )
        image_files.save(out, result)

    bar = not one and not args.quiet
    _for_each(files, upscale, "upscaled", bar, args.out)


def _files_to_write(args):
    """Pairs of an image of the input and the file that it becomes."""
    from keras_gans import image_files

    files = image_files.find(args.input)
    if args.input.is_dir() and (
        args.out.is_file()
        or args.out.resolve().is_relative_to(args.input.resolve())
    ):
        raise UsageError(
            f"--out must be a folder outside of {args.input}. Received: "
            f"{args.out}"
        )
    outputs = [
        _output(args, file, image_files.IMAGE_SUFFIXES) for file in files
    ]
    there = [path for path in outputs if path.exists()]
    if there and not args.force:
        raise UsageError(
            f"{len(there)} of the files to write exist, such as {there[0]}; "
            "--force overwrites them"
        )
    return list(zip(files, outputs))


def _for_each(files, function, done, bar, out):
    """Calls `function(file, out)`; a file that fails is reported."""
    import keras

    bar = keras.utils.Progbar(len(files), unit_name="image") if bar else None
    failed = 0
    for file, target in files:
        try:
            function(file, target)
        except Exception as error:  # Pillow raises all kinds of things.
            failed += 1
            words = " ".join(str(error).split())[:300]
            print(f"{file}: not {done} ({words})", file=sys.stderr)
        if bar:
            bar.add(1)
    count = len(files) - failed
    print(f"{out}: {count} image{'s' * (count != 1)}")
    if failed:
        raise RuntimeError(f"{failed} of {len(files)} files were not {done}")


def _check_direction(gan, args):
    if args.direction not in gan.directions:
        raise UsageError(
            f"a {type(gan).__name__} has no direction {args.direction}, only "
            f"{', '.join(gan.directions)}"
        )


def _output(args, file, suffixes):
    """Where the translation of one file goes."""
    if args.input.is_dir():
        return args.out / file.relative_to(args.input)
    out = args.out / file.name if args.out.is_dir() else args.out
    if out.suffix.lower() not in suffixes:
        raise UsageError(
            f"--out must end in one of {' '.join(suffixes)}. Received: {out}"
        )
    if out.resolve() == file.resolve():
        raise UsageError(f"--out must not be the input. Received: {out}")
    return out


def _export(args):
    gan = _load(args.preset)
    name = _name(args.preset)
    suffix = {"saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
    out = args.out or pathlib.Path(name + suffix[args.format])
    options = {}
    if hasattr(gan, "translate"):
        _check_direction(gan, args)
        options["direction"] = args.direction
    elif args.direction != "ab":
        raise UsageError(f"a {type(gan).__name__} has no --direction")
    gan.export(str(out), format=FORMATS[args.format], verbose=False, **options)
    print(out)


def _convert(args):
    from keras_gans import convert, presets

    try:
        convert.check_numbers(
            args.to, len(args.checkpoint), len(args.discriminator)
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    sentences = convert.pytorch_to_preset(
        args.checkpoint,
        args.out,
        args.to,
        args.discriminator,
        image_size=args.image_size,
        dropout=not args.no_dropout,
    )
    for sentence in sentences:
        print(sentence)
    print(f"The licence of the weights is {convert.LICENSE}.")
    kind = presets.class_name(args.out)
    print(f'keras_gans.{kind}.from_preset("{args.out}")')


if __name__ == "__main__":
    sys.exit(main())
