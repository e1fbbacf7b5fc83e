"""What the machine is, and whether it has other things to do."""

import os
import pathlib
import platform
import resource
import subprocess
import time
from importlib import metadata

SECONDS = 1.0  # that a look at the processor takes


def describe(options):
    versions = {"python": platform.python_version()}
    for package in ("keras", "tensorflow", "jax", "torch", "numpy", "pillow"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    machine = {
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        ),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }
    if options.device == "gpu":
        query = ["nvidia-smi", "--query-gpu=name,driver_version"]
        machine["gpu"] = subprocess.run(
            [*query, "--format=csv,noheader"], capture_output=True, text=True
        ).stdout.splitlines()[0]
    return machine


def cpu_name():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    fields = dict(
        [part.strip() for part in line.split(":", 1)]
        for line in reversed(lines)
        if ":" in line
    )
    return (
        f"{fields.get('model name', platform.machine())}, family "
        f"{fields.get('cpu family')}, model {fields.get('model')}"
    )


def peak_memory():
    """The most bytes that this process has had in memory.

    `getrusage` counts from what its parent had, where Linux tells no better.
    """
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return int(status["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def load():
    """The load before a run: what ended a minute ago is in the average."""
    return {"before": os.getloadavg()[0], "busy_cores": busy_cores()}


def busy_cores():
    """How many cores are at work, `None` where the system does not tell."""
    begin = processor_times()
    time.sleep(SECONDS)
    total, idle = (y - x for x, y in zip(begin, processor_times()))
    return (1 - idle / total) * os.cpu_count() if total else None


def processor_times():
    """Those of all cores together, since the start: all of it, and idle."""
    try:
        with open("/proc/stat") as file:
            times = [int(x) for x in file.readline().split()[1:9]]
    except OSError:
        return 0, 0
    return sum(times), sum(times[3:5])
