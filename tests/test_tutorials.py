"""The tutorials run from top to bottom, offline, each in a fresh kernel.

    python tests/test_tutorials.py 01_first_gan

runs one in full (minutes, and MNIST) and stores it with fresh outputs, without
what a reader has no use for: what libraries print to stderr, and times.
"""

import base64
import hashlib
import importlib.util
import inspect
import io
import json
import operator
import os
import pathlib
import re
import sys
import textwrap

import pytest

import keras_gans

pytestmark = pytest.mark.neutral

ROOT = pathlib.Path(__file__).resolve().parent.parent
TUTORIALS = sorted((ROOT / "tutorials").glob("*.ipynb"))
MAX_BYTES = 1_500_000  # of a file: GitHub shows it, and clones stay small
NEEDED = ("nbclient", "nbformat", "ipykernel", "tensorflow")

# Absolute paths, of Unix and Windows, and the addresses of objects.
MACHINE = re.compile(
    r"(?<![\w.:/)])/(?:home|root|opt|tmp|usr|var|mnt|work|Users|content)/"
    r"|[A-Z]:\\|0x[0-9a-f]{6,}|site-packages"
)

# What TensorFlow's libraries write, by C++ and by Python.
LIBRARIES = re.compile(r"^(?:[IWEF]0000 |WARNING:)", re.M)

missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
needs_jupyter = pytest.mark.skipif(
    bool(missing), reason=f"needs {', '.join(missing)}"
)
each_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)


def execute(path, folder):
    """Runs a notebook in `folder` and returns it with its outputs."""
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    # The package that is tested here, be it installed or not.
    package = str(pathlib.Path(keras_gans.__file__).resolve().parents[1])
    places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(places),
        "KERAS_BACKEND": "tensorflow",
    }
    nbclient.NotebookClient(
        notebook,
        timeout=None if folder is None else 300,  # of a cell, in seconds
        resources={"metadata": {"path": str(folder or path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute(env=env)
    return notebook


def is_install(cell):
    """Whether a cell only prepares the kernel: it has no outputs."""
    return cell["metadata"].get("tags") == ["install"]


def code_of(notebook):
    """The cells with code that outputs come from."""
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not is_install(cell)
    ]


def digest(notebook):
    """Of the code of all cells that outputs come from."""
    code = code_of(notebook)
    sources = json.dumps(["".join(c["source"]) for c in code])
    return hashlib.sha256(sources.encode()).hexdigest()


def pictures(notebook):
    return [
        output["data"]["image/png"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


@each_tutorial
def test_source_that_is_shown_is_the_source(path):
    """What a cell prints of the package, as it was stored, is not old."""
    shown = re.compile(r"inspect\.getsource\(keras_gans\.([\w.]+)\)")
    for cell in json.loads(path.read_text())["cells"]:
        found = shown.search("".join(cell["source"]))
        if cell["cell_type"] != "code" or not found:
            continue
        value = operator.attrgetter(found[1])(keras_gans)
        source = textwrap.dedent(inspect.getsource(value))
        text = "".join(cell["outputs"][0]["text"])
        assert text.strip() == source.strip()


def test_there_are_tutorials():
    assert [path.stem for path in TUTORIALS] == [
        "01_first_gan",
        "02_conditional_gan",
        "03_wasserstein",
        "04_scoring_gans",
        "05_pix2pix",
        "06_cyclegan",
        "07_super_resolution",
        "08_your_own_pictures",
        "09_latent_space",
        "10_upscaling_for_people",
        "11_why_gans_collapse",
    ]


@pytest.mark.slow
@needs_jupyter
@each_tutorial
def test_runs_offline_in_smoke_mode(path, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GANS_TUTORIAL_SMOKE", "1")
    # Nobody listens there: a download fails, and does not wait.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    # Neither the user's startup files nor traces in the user's home.
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    work = tmp_path / "work"
    work.mkdir()
    notebook = execute(path, work)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            text = "".join(output.get("text", []))
            assert not LIBRARIES.search(text), text
    shown = len(pictures(notebook))
    stored = len(pictures(_read(path)))
    # Training shows fewer pictures, as it takes fewer steps.
    assert stored // 2 <= shown <= stored
    assert not list(work.iterdir())


@each_tutorial
def test_is_stored_with_fresh_and_clean_outputs(path):
    notebook = _read(path)
    assert path.stat().st_size < MAX_BYTES
    code = code_of(notebook)
    # One run from top to bottom, in full.
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    for cell in notebook["cells"]:
        assert cell["metadata"] == {} or is_install(cell)
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            text = "".join(output.get("text", []))
            for kind, value in output.get("data", {}).items():
                if not kind.startswith("image/"):
                    text += "".join(value)
            assert not MACHINE.search(text), text
            assert "Warning" not in text and "WARNING" not in text
        assert not MACHINE.search("".join(cell["source"]))


@each_tutorial
def test_outputs_are_those_of_its_cells(path):
    """Whoever changes a cell runs the notebook again: `refresh`, below."""
    notebook = _read(path)
    assert notebook["metadata"]["keras_gans"] == {"ran": digest(notebook)}


# Where the badge leads; a fork of this project names itself.
COLAB = "https://colab.research.google.com/github/keras-gans/keras-gans/blob/"


@each_tutorial
def test_begins_with_how_to_run_it(path):
    first, install = _read(path)["cells"][:2]
    text = "".join(first["source"])
    assert text.startswith("# ") and text.count(COLAB) == 1
    assert f"({COLAB}main/tutorials/{path.name})" in text
    readme = path.with_name("README.md").read_text()
    (row,) = (x for x in readme.splitlines() if f"]({path.name})" in x)
    (minutes,) = re.findall(r"about (\d+) minutes", row)
    assert f"It takes about {minutes} minutes on two CPU cores" in text
    assert is_install(install)
    assert install["execution_count"] is None and not install["outputs"]
    code = "".join(install["source"])
    assert code.startswith("# %pip install 'keras-gans[tutorials]'\n")
    assert code.rstrip().splitlines()[-1].startswith("quiet.start()")
    # On JAX, or why not.
    words = " ".join(text.split())
    assert ("# %env KERAS_BACKEND=jax" in code) == (
        "It runs on JAX as well" in words
    )
    assert "It runs on JAX as well" in words or "runs on TensorFlow" in words


# A paragraph of one word in capitals, or a note to its writer.
PLACEHOLDER = re.compile(
    r"[^\w#]*[A-Z]{2,}\W*|.*\b(?:TODO|FIXME|XXX)\b.*", re.S
)


def placeholders(text):
    return [p for p in text.split("\n\n") if PLACEHOLDER.fullmatch(p)]


@each_tutorial
def test_no_word_stands_for_a_text_to_come(path):
    for cell in _read(path)["cells"]:
        text = "".join(cell["source"])
        assert text.strip()
        if cell["cell_type"] == "markdown":
            assert not placeholders(text)


def test_a_placeholder_is_found():
    for text in ("SCALE", "A.\n\nBIAS\n\nB.", "A.\n\n**TEN**", "TODO: text"):
        assert placeholders(text), text
    for text in ("The FID.", "## WGAN", "A line, and\nKID).\n\nB."):
        assert not placeholders(text), text


@each_tutorial
def test_pictures_show_something(path):
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    shown = pictures(_read(path))
    assert len(shown) >= 8
    for png in shown:
        with image.open(io.BytesIO(base64.b64decode(png))) as picture:
            assert max(picture.size) <= 1300
            assert numpy.asarray(picture.convert("L")).std() > 5


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def packed(png):
    """The same picture in fewer bytes."""
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        picture.convert("RGB").save(file, "png", optimize=True)
    return min(base64.b64encode(file.getvalue()).decode(), png, key=len)


def refresh(path):
    """Runs a notebook in full and stores it with clean outputs."""
    import nbformat

    os.environ.pop("KERAS_GANS_TUTORIAL_SMOKE", None)
    notebook = execute(path, None)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02d}"
        if is_install(cell):
            cell.execution_count, cell.outputs = None, []
            continue
        cell.metadata.clear()
        if cell.cell_type != "code":
            continue
        cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                output.data = {"image/png": packed(output.data["image/png"])}
                output.metadata.clear()
    for number, cell in enumerate(code_of(notebook), 1):
        cell.execution_count = number
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
        "keras_gans": {"ran": digest(notebook)},
    }
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        refresh(ROOT / "tutorials" / f"{name.removesuffix('.ipynb')}.ipynb")
