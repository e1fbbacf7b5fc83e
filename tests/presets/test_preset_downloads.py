"""Presets from a server and from a hub, on this machine."""

import hashlib
import os
import pathlib
import shutil
import socket
import sys
import threading
import time
import urllib.request

import pytest
from hub_server import COMMIT, Folder, Hub, Lying, serve
from preset_files import (
    assert_same,
    edit,
    refuse,
    run,
    tiny,
    write,
    write_index,
)

import keras_gans
from keras_gans import presets
from keras_gans.presets import fetching

pytestmark = pytest.mark.neutral


@pytest.mark.slow
def test_download(saved, cache):
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        assert_same(model, keras_gans.DCGAN.from_preset(url))
        assert len(server.requests) == 6
        assert presets.resolve(f"{url}/").is_relative_to(cache / "keras_gans")
        assert len(server.requests) == 7  # metadata.json again, no more
    # Offline, from the cache.
    assert_same(model, presets.load(url))
    kept = presets.resolve(url)
    assert not list(kept.glob(".*"))


def test_a_server_is_asked_once_for_a_located_preset(saved, cache):
    with serve(Folder, folder=saved[1]) as server:
        folder = presets.locate(f"{server.url}/tiny")
        count = len(server.requests)
        assert presets.info(folder)["training"] == {"epochs": 3}
        assert presets.recipe(folder) == {"epochs": 3}
        assert presets.class_name(folder) == "DCGAN"
        assert presets.task_name(folder) == "sampling"
        assert_same(saved[0], presets.load(folder))
        assert len(server.requests) == count == 6


def test_located_without_weights_it_has_none(saved, cache):
    with serve(Folder, folder=saved[1]) as server:
        folder = presets.locate(f"{server.url}/tiny", weights=False)
        assert presets.load(folder, load_weights=False).built
        refuse(folder, "weights.h5 must be a file", error=FileNotFoundError)
        assert not [path for path in server.requests if path.endswith(".h5")]


def test_download_without_weights(saved, cache):
    with serve(Folder, folder=saved[1]) as server:
        presets.load(f"{server.url}/tiny", load_weights=False)
    assert not [path for path in server.requests if path.endswith(".h5")]


def test_only_known_files_are_downloaded(folder, cache):
    write(folder / "evil.py", "x")
    edit(
        folder / "metadata.json",
        "files",
        **{"evil.py": {"sha256": "0" * 64, "size": 1}},
    )
    with serve(Folder, folder=folder) as server:
        refuse(f"{server.url}/tiny", "metadata.json must give")
    assert server.requests == ["/tiny/metadata.json"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["metadata.json", "config.json", "task.weights.h5"]
)
def test_cut_download(saved, cache, name):
    model, folder = saved
    with serve(Folder, folder=folder, cut={name}) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must be reachable", error=ConnectionError)
        refuse(url, f"{name} must be reachable", error=ConnectionError)
        server.cut = ()
        assert_same(model, presets.load(url))
    # A file that was complete is not fetched again.
    for other in ("config.json", "model.weights.h5", "task.json"):
        count = server.requests.count(f"/tiny/{other}")
        assert count == (3 if other == name else 1)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_download_with_a_wrong_hash(saved, folder, cache, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + b" ")
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must have the SHA-256")
        (folder / name).write_bytes(content)
        assert_same(saved[0], presets.load(url))


def test_two_that_tidy_the_cache(saved, cache, monkeypatch):
    """A part that another process removes in between."""
    glob = pathlib.Path.glob

    def with_one_that_is_gone(self, pattern):
        gone = [self / ".part-gone"] if pattern == ".part-*" else []
        return [*glob(self, pattern), *gone]

    monkeypatch.setattr(pathlib.Path, "glob", with_one_that_is_gone)
    with serve(Folder, folder=saved[1]) as server:
        assert_same(saved[0], presets.load(f"{server.url}/tiny"))


def test_a_damaged_cache_is_repaired(saved, cache):
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        path = presets.resolve(url) / "model.weights.h5"
        path.write_bytes(path.read_bytes()[:100])  # As a full disk would.
        assert_same(model, presets.load(url))
        path.write_bytes(b"")
    refuse(url, "must be reachable", error=ConnectionError)


@pytest.mark.slow
def test_killed_download(saved, cache):
    """A process that dies in the middle of a file leaves nothing usable."""
    model, folder = saved
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        code = (
            "import os\n"
            "from keras_gans import presets\n"
            "from keras_gans.presets import fetching\n"
            "def killed(url, size, write, is_exact=True):\n"
            "    if url.endswith('.h5'):\n"
            "        write(b'x')\n"
            "        print('killed', flush=True)\n"
            "        os._exit(0)\n"
            "    return fetch(url, size, write, is_exact)\n"
            "fetch, fetching.fetch = fetching.fetch, killed\n"
            f"presets.resolve({url!r})"
        )
        assert "killed" in run(code)
        assert list(cache.rglob("config.json"))
        assert not list(cache.rglob("metadata.json"))
        assert_same(model, presets.load(url))


def test_download_of_a_new_version(saved, folder, cache):
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        assert presets.load(url).seed == 7
        assert (presets.resolve(url) / "training.json").exists()
        shutil.rmtree(folder)
        tiny(seed=8).save_to_preset(folder)
        assert presets.load(url).seed == 8
        assert not (presets.resolve(url) / "training.json").exists()


@pytest.mark.parametrize("name", ["metadata.json", "task.json"])
def test_download_of_what_is_not_there(folder, cache, name):
    (folder / name).unlink()
    with serve(Folder, folder=folder) as server:
        url = f"{server.url}/tiny"
        refuse(url, f"{name} must exist.*404", error=FileNotFoundError)


def test_nobody_listens(cache):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}/tiny"
    refuse(url, "must be reachable", error=ConnectionError)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/tiny",
        "https://example.com/tiny?x=1",
        "https:///tiny",
        "ftp://example.com/tiny",
        "file:///etc",
        "http://127.0.0.1@example.com/tiny",
        "https://[::1/tiny",
        "https://example.com:x/tiny",
        "https://example.com/t\xfcny",
        "https://ex\xe4mple.com/tiny",
        "https://example.com/a b",
    ],
)
def test_other_addresses_are_refused(url, cache):
    refuse(url, "preset must be an https://")


# ---- servers that do not mean well ----------------------------------------


@pytest.fixture
def lying(folder, cache):
    """A server to be told what to do, and for which file."""
    over = threading.Event()
    with serve(Lying, folder=folder, over=over, sent=0) as server:
        yield server
        over.set()


@pytest.mark.parametrize("file", ["metadata.json", "task.weights.h5"])
@pytest.mark.parametrize("lie", ["silence", "drip", "drip_headers"])
def test_a_slow_server_is_left(lying, file, lie, monkeypatch):
    monkeypatch.setattr(fetching, "READ_TIMEOUT", 0.3)
    monkeypatch.setattr(fetching, "PATIENCE", 0.6)
    monkeypatch.setattr(fetching, "SLOWEST", 10**9)
    lying.file, lying.lie = file, lie
    start = time.monotonic()
    refuse(
        f"{lying.url}/tiny",
        f"{file} must be reachable.*(timed out|not complete after 1 s)",
        error=ConnectionError,
    )
    assert time.monotonic() - start < 20  # The server would never end.


def test_a_connection_that_is_late_is_left(saved, lying, monkeypatch):
    """It comes after the time is over, and would drip for ever."""
    monkeypatch.setattr(fetching, "PATIENCE", 0.3)
    monkeypatch.setattr(fetching, "SLOWEST", 10**9)
    lying.file, lying.lie = "metadata.json", "drip"
    connect = socket.create_connection

    def late(*args, **kwargs):
        time.sleep(0.6)
        return connect(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", late)
    timer = threading.Timer(60, lying.over.set)
    timer.daemon = True
    timer.start()
    start = time.monotonic()
    refuse(f"{lying.url}/x", "not complete after 0 s", error=ConnectionError)
    timer.cancel()
    assert time.monotonic() - start < 20  # Nor here.
    deadline = fetching._Deadline(0.1)
    deadline.is_over = True
    http, https = fetching._Http(deadline), fetching._Https(deadline)
    for begin in (http.http_open, https.https_open):
        with pytest.raises(TimeoutError):  # Nor is another one begun.
            begin(None)


@pytest.mark.parametrize("lie", ["flood", "announce"])
@pytest.mark.parametrize("file", ["metadata.json", "config.json", "s.h5"])
def test_no_more_than_the_declared_size_is_taken(lying, file, lie):
    lying.file, lying.lie = file, lie
    most = "at most 1048576" if file == "metadata.json" else r"\d+"
    refuse(f"{lying.url}/tiny", f"{file} must have {most} bytes. Received")
    assert lying.sent < 16 * 2**20  # What the sockets hold.


@pytest.mark.parametrize(
    "target, match",
    [
        ("http://example.invalid/x", "https:// all the way. Received: a redir"),
        ("https://[::1/x", "must lead to a file. Received: Invalid IPv6"),
        ("ftp://example.invalid/x", "https:// all the way. Received: a redir"),
        ("file:///etc/hostname", "must be reachable.*not allowed"),
    ],
)
def test_redirections_are_looked_at_before_they_are_followed(
    lying, target, match, monkeypatch
):
    lying.file, lying.lie, lying.target = "config.json", "send_away", target
    connect = socket.create_connection

    def only_here(address, *args, **kwargs):
        assert address[0] == "127.0.0.1"
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", only_here)
    refuse(f"{lying.url}/tiny", match, error=(ValueError, ConnectionError))


def test_a_stranger_does_not_send_to_this_machine():
    handler = fetching._Redirects(may_be_own=False)
    request = urllib.request.Request("https://example.com/config.json")
    for target in ("http://127.0.0.1/x", "https://localhost/x"):
        with pytest.raises(ValueError, match="all the way. Received: a redi"):
            handler.redirect_request(request, None, 302, "", {}, target)
    followed = handler.redirect_request(
        request, None, 302, "", {}, "https://example.com/y?signature=1"
    )
    assert followed.full_url == "https://example.com/y?signature=1"


def test_redirections_are_followed(saved, lying):
    lying.file, lying.lie = "/a/config.json", "send_away"
    lying.target = f"{lying.url}/b/config.json"
    assert_same(saved[0], presets.load(f"{lying.url}/a"))
    assert "/b/config.json" in lying.requests


def test_no_room_on_the_disk(saved, cache, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with serve(Folder, folder=saved[1]) as server:
        refuse(f"{server.url}/tiny", "must have room for", error=OSError)


@pytest.mark.slow
def test_names_as_long_as_nobody_has_them(saved, cache):
    with serve(Folder, folder=saved[1]) as server:
        assert_same(saved[0], presets.load(f"{server.url}/{'x' * 300}"))
    for name in ("x" * 300, "x\0y", "hf://a/" + "b" * 300):
        with pytest.raises((FileNotFoundError, ConnectionError)) as caught:
            presets.load(name)
        assert "Received" in str(caught.value)


def test_index_pins_a_download(saved, zoo, folder, cache):
    model, _ = saved
    pin = hashlib.sha256((folder / "metadata.json").read_bytes()).hexdigest()
    with serve(Folder, folder=folder) as server:
        write_index(
            zoo,
            far={
                "class": "DCGAN",
                "weights": True,
                "url": f"{server.url}/far",
                "metadata_sha256": pin,
            },
        )
        edit(folder / "metadata.json", licence="changed")
        refuse("far", "metadata.json must have the SHA-256")
        shutil.copy(saved[1] / "metadata.json", folder / "metadata.json")
        assert_same(model, presets.load("far"))
        before = len(server.requests)
        presets.load("far")  # Pinned and complete: nothing to ask for.
        assert len(server.requests) == before
    assert presets.recipe("far") == {"epochs": 3}
    assert presets.info("far")["class"] == "DCGAN"


@pytest.mark.slow
def test_hub(saved, folder, tmp_path):
    pytest.importorskip("huggingface_hub", reason="an optional dependency")
    write(folder / "evil.py", "raise SystemExit")
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    with open(damaged / "model.weights.h5", "ab") as file:
        file.write(b"x")
    huge = shutil.copytree(folder, tmp_path / "huge")
    os.truncate(huge / "metadata.json", 2**20 + 1)
    folders = {"org/name": folder, "org/damaged": damaged, "org/huge": huge}
    environ = {  # huggingface_hub reads them when it is imported.
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }
    code = (
        "import sys\n"
        "from keras_gans import presets\n"
        "for call in sys.argv[1:]:\n"
        "    try:\n"
        "        print(eval(call))\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, ' '.join(str(error).split()))\n"
    )
    generate = "presets.load('hf://org/name').generate(1, seed=0).tolist()"
    located = (
        "(lambda f: [presets.info(f)['training'], presets.recipe(f), "
        "presets.class_name(f), presets.task_name(f), presets.load(f).built])"
        "(presets.locate('hf://org/name'))"
    )
    images = str(saved[0].generate(1, seed=0).tolist())
    with serve(Hub, folders=folders) as server:
        environ["HF_ENDPOINT"] = server.url
        (recipe,) = run(
            code, "presets.recipe('hf://org/name')", **environ
        ).splitlines()
        assert recipe == "{'epochs': 3}"
        assert not [path for path in server.requests if ".h5" in path]
        before = len(server.requests)
        loaded, once, tagged, unknown, revision, broken, large = run(
            code,
            generate,
            located,
            "presets.resolve('hf://org/name@v2')",
            "presets.resolve('hf://org/none')",
            "presets.resolve('hf://org/name@v3')",
            "presets.load('hf://org/damaged')",
            "presets.load('hf://org/huge')",
            **environ,
        ).splitlines()[-7:]
        assert loaded.endswith(images)
        expected = [{"epochs": 3}, {"epochs": 3}, "DCGAN", "sampling", True]
        assert once == str(expected)
        assert tagged.endswith(COMMIT)
        assert unknown.startswith("FileNotFoundError preset must be a public")
        assert revision.startswith("FileNotFoundError preset must be a public")
        assert broken.startswith("ValueError")
        assert "model.weights.h5 must be a preset's file" in broken
        assert large.startswith("ValueError hf://org/huge/metadata.json must")
        assert large.endswith("at most 1048576 bytes. Received: 1048577 bytes")
        asked = str(server.requests)
        assert f"/org/huge/resolve/{COMMIT}/metadata.json" not in asked
        assert f"GET /org/name/resolve/{COMMIT}/task.json" in server.requests
        # By `load`, and once for the located preset.
        asked = server.requests[before:]
        assert sum("/org/name/revision/main" in path for path in asked) == 2
        assert not [path for path in server.requests if "evil" in path]
    # The server is gone: from the hub's cache.
    cached, other = run(
        code,
        "presets.resolve('hf://org/name')",
        "presets.resolve('hf://org/other')",
        **environ,
    ).splitlines()
    assert cached.endswith(COMMIT)
    assert other.startswith("ConnectionError hf://org/other must be reachable")


@pytest.mark.parametrize(
    "preset", ["hf://name", "hf://a/b/c", "hf://org/na me", "hf://../../x/y"]
)
def test_hub_addresses(preset):
    refuse(preset, "preset must be hf://organisation/name")


def test_hub_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    refuse(
        "hf://org/name", r"pip install 'keras-gans\[hub\]'", error=ImportError
    )
