"""Loopback HTTP servers for the tests of downloads: a folder, and a hub."""

import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextlib.contextmanager
def serve(handler, **attributes):
    """Runs a handler class in a thread; yields the server.

    `server.url` is its address, `server.requests` the paths it was asked for,
    and `attributes` are the server's, for the handler to read.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.requests = []
    vars(server).update(attributes)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, content, status=200, size=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(size or len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_HEAD(self):
        self.do_GET()


class Folder(_Handler):
    """Serves `server.folder`; cuts the connection in files of `server.cut`."""

    def do_GET(self):
        self.server.requests.append(self.path)
        path = self.server.folder / self.path.rsplit("/", 1)[-1]
        if not path.is_file():
            return self.reply(b"gone", 404)
        content = path.read_bytes()
        if path.name in getattr(self.server, "cut", ()):
            self.reply(content[: len(content) // 2], size=len(content))
            self.close_connection = True
            return None
        return self.reply(content)


class Lying(Folder):
    """`Folder`, but for `server.file` does what `server.lie` says."""

    def do_GET(self):
        if not self.path.endswith(self.server.file):
            return super().do_GET()
        self.server.requests.append(self.path)
        return getattr(self, self.server.lie)()

    def silence(self):
        self.server.over.wait()
        self.close_connection = True

    def drip(self):
        """A byte at a time, of as many as were asked for."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.over.wait(0.05):
                self.wfile.write(b"x")
        self.close_connection = True

    def drip_headers(self):
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.server.over.wait(0.05):
                self.wfile.write(b"x")
        self.close_connection = True

    def flood(self):
        """Without end, and without a length."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.over.is_set():
                self.server.sent += self.wfile.write(bytes(2**16))
        self.close_connection = True

    def announce(self):
        self.reply(b"x", size=3 * 10**9)
        self.close_connection = True

    def send_away(self):
        self.send_response(302)
        self.send_header("Location", self.server.target)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Hub(_Handler):
    """What huggingface_hub asks of a hub with the repos `server.folders`."""

    def do_GET(self):
        self.server.requests.append(f"{self.command} {self.path}")
        path = urllib.parse.urlsplit(self.path).path
        for repo, folder in self.server.folders.items():
            api, files = f"/api/models/{repo}/", f"/{repo}/resolve/{COMMIT}/"
            if path.startswith(f"{api}revision/"):
                if path.rsplit("/", 1)[-1] not in ("main", "v2"):
                    return self.missing("RevisionNotFound")
                return self.json({"id": repo, "sha": COMMIT, "siblings": []})
            if path == f"{api}tree/{COMMIT}":
                return self.json(
                    [
                        {
                            "type": "file",
                            "path": file.name,
                            "size": file.stat().st_size,
                            "oid": _sha1(file.read_bytes()),
                        }
                        for file in sorted(folder.iterdir())
                    ]
                )
            if path.startswith(files):
                content = (folder / path.removeprefix(files)).read_bytes()
                return self.reply(
                    content, ETag=f'"{_sha1(content)}"', X_Repo_Commit=COMMIT
                )
        return self.missing("RepoNotFound")

    def missing(self, code):
        self.reply(b"", 404, X_Error_Code=code)

    def json(self, value):
        self.reply(json.dumps(value).encode(), Content_Type="application/json")


def _sha1(content):
    return hashlib.sha1(content).hexdigest()
