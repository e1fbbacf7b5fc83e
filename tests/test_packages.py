"""The package as a whole: its folders, its names, and who sees them."""

import ast
import configparser
import graphlib
import importlib.util
import inspect
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import presets, registry

pytestmark = pytest.mark.neutral
PACKAGE = pathlib.Path(keras_gans.__file__).resolve().parent
ROOT = PACKAGE.parent


@pytest.fixture(scope="module")
def config():
    if not (ROOT / "setup.cfg").is_file():
        pytest.skip("the package is installed elsewhere")
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_room_is_in_the_wheel(config):
    """setuptools' `find:` cannot add the zoo, so they are listed by hand."""
    rooms = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in PACKAGE.rglob("__init__.py")
    }
    listed = config["options"]["packages"].split()
    assert sorted(listed) == sorted({*rooms, "keras_gans._zoo_data"})


def test_what_editors_read_is_in_the_wheel(config):
    """Of the package itself and of every room with a stub."""
    data = config["options.package_data"]
    assert (PACKAGE / "py.typed").is_file()
    assert "py.typed" in data["keras_gans"].split()
    for stub in PACKAGE.rglob("*.pyi"):
        room = ".".join(stub.parent.relative_to(ROOT).parts)
        assert "*.pyi" in data[room].split(), room


# ---- names ----------------------------------------------------------------


@pytest.mark.parametrize("module", [keras_gans, keras_gans.callbacks, presets])
def test_every_name_is_there(module):
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)
    with pytest.raises(AttributeError, match="no attribute 'StyleGAN9'"):
        module.StyleGAN9  # noqa: B018


@pytest.mark.parametrize("module", [keras_gans, keras_gans.callbacks, presets])
def test_stubs_have_the_names_that_are_served_lazily(module):
    stub = pathlib.Path(module.__file__).with_suffix(".pyi")
    found = {}
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:  # `as` makes it public.
                assert alias.asname == alias.name
                found[alias.name] = node.module
    assert sorted(found) == sorted(module.__all__)
    for name, room in found.items():
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__ == room
        elif inspect.ismodule(value):
            assert value.__name__ == f"{room}.{name}"


def test_the_stub_is_what_the_registry_says(config, tmp_path, monkeypatch):
    path = ROOT / "tools" / "stubs.py"
    spec = importlib.util.spec_from_file_location("stubs", path)
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    wanted, there = (
        " ".join(text.replace("(", "").replace(",", "").split())
        for text in (stubs.text(), stubs.STUB.read_text())
    )
    assert there == wanted, "run python tools/stubs.py"


def complete(code):
    import jedi  # Here: other lanes collect this file, and have no jedi.

    script = jedi.Script(code, project=jedi.Project(ROOT))
    return {completion.name for completion in script.complete()}


def test_editors_complete_names():
    assert "DCGAN" in complete("import keras_gans\nkeras_gans.DC")
    assert "list_presets" in complete("import keras_gans\nkeras_gans.li")
    assert {"load", "load_network"} <= complete(
        "from keras_gans import presets\npresets.lo"
    )


@pytest.mark.slow
def test_editors_show_a_constructor_and_complete_an_instance():
    import jedi

    script = jedi.Script(
        "import keras_gans\nkeras_gans.DCGAN(", project=jedi.Project(ROOT)
    )
    (signature,) = script.get_signatures()
    names = [parameter.name for parameter in signature.params]
    assert names[:4] == [
        "generator",
        "discriminator",
        "image_shape",
        "latent_dim",
    ]
    made = "import keras_gans\ngan = keras_gans.DCGAN()\ngan."
    assert {"generator", "generate"} <= complete(f"{made}gen")
    assert "ema_generator" in complete(f"{made}ema")
    made = made.replace("DCGAN", "CycleGAN")
    assert {"generator_ab", "generator_ba"} <= complete(f"{made}gen")


# ---- the registry ---------------------------------------------------------


@pytest.mark.parametrize("name", registry.CLASSES)
def test_registry_says_what_the_classes_are(name):
    cls = getattr(keras_gans, name)
    if registry.task_of(name) is not None:
        assert cls.task_name == registry.task_of(name)
    assert issubclass(cls, presets.preset_model.PresetModel)


def test_registry_knows_no_others():
    assert registry.task_of("StyleGAN9") is None


# ---- who knows the classes, and when --------------------------------------


def run(code):
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    [
        "import keras; import keras_gans",
        "import keras_gans; import keras",
        "import keras_gans.losses; import keras",
        "from keras_gans import losses; import keras",
    ],
)
def test_plain_keras_opens_a_preset(imports):
    folder = presets.resolve("gan_ring")
    network = keras.saving.load_model(folder)
    points = network.predict_on_batch(np.ones((1, *network.input_shape[1:])))
    out = run(
        f"{imports}; import numpy as np\n"
        f"network = keras.saving.load_model({str(folder)!r})\n"
        "x = np.ones((1, *network.input_shape[1:]))\n"
        "print(network.predict_on_batch(x).tolist())"
    )
    np.testing.assert_allclose(
        ast.literal_eval(out.splitlines()[-1]), points, rtol=1e-5, atol=1e-6
    )


@pytest.mark.slow
def test_two_threads_import():
    run(
        "import importlib, threading, keras_gans\n"
        "def load(name):\n"
        "    importlib.import_module(name)\n"
        "    done.append(name)\n"
        "names, done = ['keras', 'keras_gans.models'], []\n"
        "threads = [threading.Thread(target=load, args=[n]) for n in names]\n"
        "[t.start() for t in threads]\n"
        "[t.join(100) for t in threads]\n"
        "assert sorted(done) == names, done\n"
        "import keras\n"
        "known = keras.saving.get_custom_objects()\n"
        "assert any(name.endswith('>GANGenerator') for name in known)"
    )


def test_nothing_heavy_is_imported_to_list():
    run(
        "import sys, keras_gans\n"
        "from keras_gans import cli\n"
        "assert keras_gans.list_presets('gan*', weights=True)\n"
        "assert cli.main(['list']) in (None, 0)\n"
        "assert cli.main(['generate', 'gan_rin']) == 2\n"
        "heavy = {'keras', 'numpy', 'h5py', 'PIL', 'tensorflow'}\n"
        "assert not heavy & set(sys.modules)"
    )


@pytest.mark.slow
def test_no_circle_of_imports():
    """Imports within functions count as well."""
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts).removesuffix(".__init__")] = path
    graph = {
        name: {
            imported
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for imported in imported_by(node, modules)
        }
        - {name}
        for name, path in modules.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # Raises a `CycleError`.


def imported_by(node, modules):
    """Those of some modules that a statement imports."""
    names = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            names.append(name if name in modules else node.module)
    return modules.keys() & set(names)
