"""The most memory that a process has had.

`resource.getrusage` counts from what the parent had when it began the child:
to a worker of the tests that has grown to 5 GB, no child would take anything.
"""

import pathlib
import resource
import sys

STATUS = pathlib.Path("/proc/self/status")


def peak():
    """The most bytes in memory, of this process alone where Linux tells."""
    if STATUS.exists():
        lines = dict(x.split(":", 1) for x in STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak():
    """From here on `peak` is that of what follows, where Linux can."""
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
