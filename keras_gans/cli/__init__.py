"""The command line: `keras-gans list | info | generate | train | ...`.

A command a room, each with `add(commands)`. Keras is imported by the commands
that need it, when they run and after the backend is chosen, so that `list` and
`--help` answer at once.
"""

import os
import sys

from keras_gans import __version__
from keras_gans.checks import UsageError
from keras_gans.cli import (
    evaluate,
    export_convert,
    generate,
    images,
    list_info,
    train,
)
from keras_gans.cli.arguments import Parser

__all__ = ["UsageError", "main"]


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
    parser = Parser(
        prog="keras-gans",
        description="Train, load and sample GANs in Keras.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (list_info, generate, train, evaluate, images, export_convert):
        room.add(commands)
    return parser
