import argparse
import importlib
import io
import json
import pathlib
import sys

import pytest

pytestmark = pytest.mark.neutral

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def quick_workers(tmp_path, monkeypatch):
    """`train_step`, whose workers need nothing.

    Compiled, that of WGANGP is ready when DCGAN is timed, and that of SRGAN
    never.
    """
    monkeypatch.syspath_prepend(BENCHMARKS)
    train_step = importlib.import_module("train_step")
    script = tmp_path / "worker.py"
    script.write_text(WORKER)

    class Worker(train_step.Worker):
        def __init__(self, settings, log):
            super().__init__(settings, log, script)

    monkeypatch.setattr(train_step, "Worker", Worker)
    monkeypatch.setattr(train_step, "READY", 2.0)
    monkeypatch.setattr(train_step.machine, "SECONDS", 0.0)
    return train_step


WORKER = """
import json, pathlib, sys, time

settings = json.loads(sys.argv[2])
family, compiled = settings["family"], settings["compile"] == "alone"
folder = pathlib.Path(__file__).parent

def wait_for(name):
    for _ in range(1000):  # 10 seconds, not for ever.
        if (folder / name).exists():
            break
        time.sleep(0.01)

if compiled:
    wait_for({"DCGAN": "worker.py", "WGANGP": "timed"}.get(family, "never"))
name = f"pytorch {'compiled' if compiled else 'eager'}"
name = "step" if settings["side"] == "ours" else name
first = {name: time.time() - settings["started"]}
ready = {"tasks": [name], "sizes": [1], "notes": {}, "first_steps": first}
print(json.dumps({**ready, "first_calls": {}}), flush=True)
if compiled and family == "WGANGP":
    (folder / "answered").touch()
for line in sys.stdin:
    if family == "DCGAN" and not (folder / "timed").exists():
        (folder / "timed").touch()
        wait_for("answered")
    print(json.dumps({"seconds": 0.1, "peak_memory": 1}), flush=True)
"""


def run_quickly(folder, monkeypatch, train_step, *models):
    arguments = ["--quick", "--backend", "jax", "--output", str(folder)]
    arguments = ["train_step.py", *arguments, "--models", *models]
    monkeypatch.setattr(sys, "argv", arguments)
    train_step.main()


def results_in(folder):
    (path,) = folder.glob("*.json")
    assert path.name == "train_step_cpu_jax_quick.json"
    return json.loads(path.read_text())


def test_a_quick_run_keeps_what_it_has(tmp_path, monkeypatch, quick_workers):
    measure = quick_workers.measure_quickly

    def cut_short(names, options, log):
        yield next(measure(names, options, log))
        raise KeyboardInterrupt

    monkeypatch.setattr(quick_workers, "measure_quickly", cut_short)
    with pytest.raises(KeyboardInterrupt):
        run_quickly(tmp_path, monkeypatch, quick_workers, "SRGAN", "WGANGP")
    results = results_in(tmp_path)
    assert list(results["models"]) == ["SRGAN"]
    model = results["models"]["SRGAN"]
    assert set(model["images_per_second"]) == {"step", "pytorch eager"}
    assert set(model["seconds_to_first_step"]) == {"step", "pytorch eager"}
    # What was not ready in time is left out, and named.
    note = model["notes"]["pytorch compiled"]
    assert note.startswith("not ready within ") and note.endswith(" s")
    text = quick_workers.table.report(results)
    assert f"| pytorch compiled: {note} |" in text
    assert "| first time, seconds |" in text


def test_who_is_late_has_until_the_others_were_timed(
    tmp_path, monkeypatch, quick_workers
):
    models = ["WGANGP", "DCGAN"]
    run_quickly(tmp_path, monkeypatch, quick_workers, *models)
    results = results_in(tmp_path)
    assert list(results["models"]) == models[::-1]
    for model in results["models"].values():
        speeds = model["images_per_second"]
        assert set(speeds) == {"step", "pytorch eager", "pytorch compiled"}
        assert all(len(speed["rounds"]) == 3 for speed in speeds.values())
        assert model["notes"] == {}
    text = quick_workers.table.report(results)
    note = "Timed while pytorch compiled of WGANGP still compiled."
    assert text.count("still compiled") == text.count(note) == 1


class Side:
    """Its `generate` compiles for every new size of its batches."""

    sizes, notes, first_steps = [1], {}, {"step": 2.0}

    def __init__(self, settings):
        self.known = set()
        self.tasks = {"step": float, "generate": self.generate}

    def generate(self, n):
        new, _ = n not in self.known, self.known.add(n)
        return 10.0 if new else 1.0


def test_generate_is_warm_when_it_is_timed(monkeypatch, quick_workers):
    """What is timed is what the worker has called, as often as it did."""
    options = argparse.Namespace(smoke=False, seconds=1.0)
    n = quick_workers.repetitions(None, "generate", options)
    requests = io.StringIO(json.dumps({"task": "generate", "n": n}))
    answers = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", requests)
        patch.setattr(quick_workers.os, "dup", lambda _: 1)
        patch.setattr(quick_workers.os, "dup2", lambda *_: None)
        patch.setattr(quick_workers.os, "fdopen", lambda *_, **__: answers)
        settings = {"side": "ours", "samples": quick_workers.SAMPLES}
        quick_workers.work(settings, {"ours": Side})
    ready, timed = map(json.loads, answers.getvalue().splitlines())
    assert ready["first_calls"] == {"generate": 10.0}
    assert timed["seconds"] == 1.0
    assert ready["first_steps"] == {"step": 2.0}


def test_what_ended_before_the_run_does_not_count(monkeypatch, quick_workers):
    times = iter([(100, 90), (200, 189)])  # One of a hundred, of all cores.
    machine = quick_workers.machine
    monkeypatch.setattr(machine, "processor_times", lambda: next(times))
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 16)
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (3.8, 0, 0))
    load = machine.load()
    assert load["busy_cores"] == pytest.approx(0.16)

    def text(**load):
        versions = {"versions": {}, "cpu": "x", "cores": 16, "memory_gb": 1}
        results = {"date": "x", "backend": "jax", "rounds": 3}
        results["machine"] = {**versions, "system": "x"}
        results["load_average"] = {"after": 7.0, **load}
        return "\n".join(quick_workers.table.conditions(results))

    assert "not idle" not in text(**load)
    assert "before the run 3.8 (0.2 cores at work at its start)" in text(**load)
    assert "not idle" in text(before=0.1, busy_cores=0.6)
    assert "not idle" in text(before=0.6)  # As of earlier results.
    assert "not idle" in text(before=0.6, busy_cores=None)
