"""How a command ends that is told to: at once, and with one sentence.

Everything that is written appears under its name when it is complete, so that
no moment is a bad one. An exception would be: libraries swallow it, or turn it
into others, and show tracebacks of it.
"""

import contextlib
import os
import signal
import sys
import warnings

from keras_gans import quiet, writing

# What a signal finds, for a process that is not told to ignore it.
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# A function of nothing: a clause on how to go on, or an empty string.
_how_to_go_on = str


def take_over():
    """Prepares a process that is this command alone: its signals, its words.

    A character that the terminal does not have is escaped, as it is no reason
    to fail. A warning is a sentence, without the line of code that gave it.
    """
    warnings.formatwarning = _warning
    for number in _SIGNALS:
        if signal.getsignal(number) in _DEFAULTS:
            signal.signal(number, _end)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _warning(message, *where, **more):
    return f"keras-gans: {' '.join(str(message).split())}\n"


def say_then(how_to_go_on):
    """Sets what is said beside that the command was interrupted."""
    global _how_to_go_on
    _how_to_go_on = how_to_go_on


def interrupted():
    """The sentence."""
    return f"keras-gans: interrupted{then()}"


def then():
    """How to go on, to be put behind another clause."""
    clause = ""
    # A signal's handler says this, where an exception would be lost.
    with contextlib.suppress(Exception):
        clause = _how_to_go_on()
    return f"; {clause}" if clause else ""


def _end(number, frame):
    for other in _SIGNALS:  # A second one does not wait for this.
        signal.signal(other, signal.SIG_DFL)
    with contextlib.suppress(Exception):  # It ends, whatever this meets.
        writing.discard()
    with contextlib.suppress(Exception):  # As when it was about to write.
        sys.stdout.flush()
    # A progress bar's line is not ended.
    start = "\n" if sys.stderr.isatty() else ""
    sentence = f"{start}{interrupted()}\n"
    with contextlib.suppress(OSError):
        os.write(quiet.stderr, sentence.encode("ascii", "backslashreplace"))
    os._exit(128 + number)
