"""The command line: `keras-gans list | info | generate | train | ...`.

A command a room, each with `add(commands)`. Keras is imported by the commands
that need it, when they run and after the backend is chosen, so that `list` and
`--help` answer at once.
"""

import os
import sys

from keras_gans import __version__, quiet, writing
from keras_gans.checks import UsageError
from keras_gans.cli import ending
from keras_gans.names import BACKENDS, PACKAGES

__all__ = ["UsageError", "main"]


def main(argv=None):
    """Runs one command and returns its exit code.

    0 is success, 1 a failure, 2 a mistake in the command, 130 an interrupt
    (Ctrl-C) and 143 a request to end (SIGTERM).

    Args:
        argv: List of strings; `None` for those of the process, which then is
            this command alone.
    """
    ending.say_then(str)
    if argv is None:
        ending.take_over()
    args = _make_parser().parse_args(argv)
    args.argv = sys.argv[1:] if argv is None else list(argv)
    ending.say_then(lambda: args.how_to_go_on(args))
    if not args.debug:
        quiet.start()
    # TensorFlow uses it by itself on some processors alone; on others steps
    # of convolutions take up to twice as long without it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if getattr(args, "backend", None):
        os.environ["KERAS_BACKEND"] = args.backend
    try:
        args.command(args)
    except KeyboardInterrupt:
        print(ending.interrupted(), file=sys.stderr)
        return 130
    except BrokenPipeError:  # `keras-gans list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if args.debug:
            raise
        if isinstance(error, ModuleNotFoundError) and error.name in BACKENDS:
            error = UsageError(
                f"Keras's backend needs the package {error.name}, which is not "
                f"installed: {PACKAGES[error.name]}, or choose another "
                "--backend"
            )
        elif writing.is_full(error):
            what = getattr(error, "filename", None) or "a file"
            error = OSError(
                f"the disk is full, {what} was not written{ending.then()}"
            )
        sentence = " ".join(str(error).split()) or type(error).__name__
        print(f"keras-gans: {sentence}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _make_parser():
    # Here, where a signal finds who answers it.
    from keras_gans.cli import (
        edit,
        evaluate,
        export_convert,
        generate,
        images,
        list_info,
        project,
        train,
        upscale,
        walk,
    )
    from keras_gans.cli.arguments import Parser

    parser = Parser(
        prog="keras-gans",
        description="Train, load and sample GANs in Keras.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (
        list_info,
        generate,
        walk,
        edit,
        project,
        train,
        evaluate,
        images,
        upscale,
        export_convert,
    ):
        room.add(commands)
    return parser
