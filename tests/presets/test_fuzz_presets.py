"""A hundred presets of strangers; `tools/fuzz_presets.py` makes more."""

import importlib
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.neutral, pytest.mark.slow]


@pytest.mark.filterwarnings("ignore")
def test_a_hundred_strangers(monkeypatch):
    if not (ROOT / "tools").is_dir():
        pytest.skip("the package is installed elsewhere")
    monkeypatch.syspath_prepend(ROOT / "tools")
    fuzz = importlib.import_module("fuzz_presets")
    lines = []
    try:
        failures = fuzz.run(100, seed="gate", report=lines.append)
    finally:
        for name in ("fuzz_presets", "fuzz_json", "fuzz_h5"):
            sys.modules.pop(name, None)
    assert not failures, "\n".join(lines)
    loaded = int(lines[-1].split()[2])
    assert 10 < loaded < 60  # Neither refuses, nor takes all.
