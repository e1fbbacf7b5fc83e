"""`keras_gans/__init__.pyi`: what the package serves lazily, for editors.

    python tools/stubs.py

It repeats the registry in the form that editors and type checkers read. Run it
after a line was added there; a test says when it was forgotten.
"""

import pathlib
import subprocess
import sys

import keras_gans
from keras_gans import registry

STUB = pathlib.Path(keras_gans.__file__).with_suffix(".pyi")


def text():
    """The stub's contents."""
    lines = [
        "# What `__init__.py` serves on first use, for editors and type",
        "# checkers. Written by tools/stubs.py.",
        "",
    ]
    imports = [
        *(
            (f"keras_gans.{room}", name)
            for name, room in keras_gans._FUNCTIONS.items()
        ),
        *(("keras_gans", name) for name in keras_gans._MODULES),
        *(
            (f"keras_gans.{module}", name)
            for name, (module, _) in registry.CLASSES.items()
        ),
    ]
    for module, name in sorted(imports):
        line = f"from {module} import {name} as {name}"
        if len(line) > 80:
            line = f"from {module} import (\n    {name} as {name},\n)"
        lines.append(line)
    lines += ["", "__version__: str", "", "def import_models() -> None: ..."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(text())
    subprocess.run([sys.executable, "-m", "ruff", "format", STUB], check=True)
