"""What commands share that make image files of image files."""

import contextlib
import sys

from keras_gans import writing
from keras_gans.checks import UsageError
from keras_gans.cli.arguments import add_quiet, path


def add(parser, more=""):
    """Adds what is read and what is written.

    Args:
        parser: The command's.
        more: String, what else may be read.
    """
    parser.add_argument(
        "input", type=path, help=f"an image, or a folder of images{more}"
    )
    parser.add_argument(
        "-o",
        "--out",
        type=path,
        required=True,
        help="a file, for a folder a folder",
    )
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--force", action="store_true", help="overwrite files")
    there.add_argument(
        "--skip-existing",
        action="store_true",
        help="leave out what is there, as after a stop",
    )
    add_quiet(parser)


def to_write(args):
    """Pairs of an image of the input and the file that it becomes."""
    from keras_gans import image_files

    found = image_files.find(args.input)
    if args.input.is_dir() and (
        args.out.is_file()
        or args.out.resolve().is_relative_to(args.input.resolve())
    ):
        raise UsageError(
            f"--out must be a folder outside of {args.input}. Received: "
            f"{args.out}"
        )
    return missing(
        args,
        [
            (file, output(args, file, image_files.IMAGE_SUFFIXES))
            for file in found
        ],
    )


def output(args, file, suffixes):
    """What one file of the input becomes."""
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


def missing(args, pairs):
    """Those that are to be written, of what may be there already."""
    there = [out for _, out in pairs if out.exists()]
    if there and args.skip_existing:
        return [(file, out) for file, out in pairs if not out.exists()]
    if there and not args.force:
        raise UsageError(
            f"{len(there)} of the files to write exist, such as {there[0]}; "
            "--force overwrites them, --skip-existing leaves them out"
        )
    return pairs


def for_each(args, pairs, function, done):
    """Calls `function(file, out)`; a file that fails is reported."""
    report = Report(args, len(pairs), done)
    for file, out in pairs:
        with report.of(file):
            function(file, out)
    report.close()


class Report:
    """Shows how far a command is, and says which files failed.

    Args:
        args: The command's arguments.
        count: Integer, how many files there are.
        done: String, what is done to a file, as `"upscaled"`.
    """

    def __init__(self, args, count, done):
        self.out, self.count, self.done = args.out, count, done
        self.failed, self.bar = 0, None
        if count > 1 and not args.quiet:
            import keras

            self.bar = keras.utils.Progbar(count, unit_name="image")

    @contextlib.contextmanager
    def of(self, *files, last=True):
        """What is done to files, whose errors are reported.

        Args:
            *files: Paths.
            last: Boolean, whether they are done with where nothing fails.
        """
        try:
            yield
        except Exception as error:  # Pillow raises all kinds of things.
            if writing.is_full(error):  # The others would not fit, too.
                raise
            self.failed += len(files)
            last = True
            words = " ".join(str(error).split())[:300]
            for file in files:
                print(f"{file}: not {self.done} ({words})", file=sys.stderr)
        if self.bar and last:
            self.bar.add(len(files))

    def close(self):
        """Says how many were done.

        Raises:
            RuntimeError: If any failed.
        """
        count = self.count - self.failed
        print(f"{self.out}: {count} image{'s' * (count != 1)}")
        if self.failed:
            raise RuntimeError(
                f"{self.failed} of {self.count} files were not {self.done}"
            )
