import importlib
import json
import pathlib
import sys

import pytest

pytestmark = pytest.mark.neutral

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def quick_workers(tmp_path, monkeypatch):
    """`train_step`, whose workers need nothing; the compiled one is late."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    train_step = importlib.import_module("train_step")
    script = tmp_path / "worker.py"
    script.write_text(WORKER)

    class Worker(train_step.Worker):
        def __init__(self, settings, log):
            super().__init__(settings, log, script)

    monkeypatch.setattr(train_step, "Worker", Worker)
    monkeypatch.setattr(train_step, "READY", 1.0)
    return train_step


WORKER = """
import json, sys, time
settings = json.loads(sys.argv[2])
if settings["compile"] == "alone":
    time.sleep(60)
name = {"ours": "step"}.get(settings["side"], settings["side"])
first = {name: time.time() - settings["started"]}
ready = {"tasks": [name], "sizes": [1], "notes": {}, "first_steps": first}
print(json.dumps(ready), flush=True)
for line in sys.stdin:
    print(json.dumps({"seconds": 0.1, "peak_memory": 1}), flush=True)
"""


def test_a_quick_run_keeps_what_it_has(tmp_path, monkeypatch, quick_workers):
    measure = quick_workers.measure_quickly

    def cut_short(names, options, log):
        yield next(measure(names, options, log))
        raise KeyboardInterrupt

    monkeypatch.setattr(quick_workers, "measure_quickly", cut_short)
    arguments = ["--quick", "--backend", "jax", "--output", str(tmp_path)]
    arguments += ["--models", "DCGAN", "WGANGP", "SRGAN"]
    monkeypatch.setattr(sys, "argv", ["train_step.py", *arguments])
    with pytest.raises(KeyboardInterrupt):
        quick_workers.main()
    (path,) = tmp_path.glob("*.json")
    assert path.name == "train_step_cpu_jax_quick.json"
    results = json.loads(path.read_text())
    assert list(results["models"]) == ["DCGAN"]
    model = results["models"]["DCGAN"]
    assert set(model["images_per_second"]) == {"step", "pytorch"}
    assert set(model["seconds_to_first_step"]) == {"step", "pytorch"}
    # What was not ready in time is left out, and named.
    (note,) = model["notes"].values()
    assert "not ready in time" in note
    text = quick_workers.table.report(results)
    assert note in text and "| seconds to the first step |" in text
