"""A file of a server: as many bytes as were declared, in bounded time.

`urllib.request`, and with it the proxies of the environment, with limits.
"""

import contextlib
import http.client
import threading
import urllib.error
import urllib.parse
import urllib.request

READ_TIMEOUT = 30  # seconds of silence
# Seconds in all: some, and more at the least speed, in bytes a second.
PATIENCE, SLOWEST = 60, 20_000


class Refused(ValueError):
    """A server offers something else than what was asked for."""


def check_url(url):
    """Raises a `ValueError` unless `url` is https, or this machine's own."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_own = parts.hostname in ("localhost", "127.0.0.1", "::1")
        valid = (
            parts.scheme in (("http", "https") if is_own else ("https",))
            and parts.hostname
            and (parts.port is None or parts.port)  # Raises for a wrong one.
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(
            "preset must be an https:// address of a folder, without a query, "
            f"in ASCII. Received: {url[:300]!a}"
        )
    return is_own


def fetch(url, size, write, is_exact=True):
    """Reads what is behind an address.

    Args:
        url: String. Redirections stay on https, and come from this machine's
            own server alone to this machine.
        size: Integer, the number of bytes.
        write: Function that is called with each part of the bytes.
        is_exact: Boolean; `False` if `size` is the most that there may be.

    Raises:
        ValueError: If there are more or fewer bytes; if the server sends to
            an address that is none of these.
        OSError, http.client.HTTPException: If it cannot be reached, or takes
            too long.
    """
    is_own = check_url(url)
    seconds = PATIENCE + size / SLOWEST
    with _Deadline(seconds) as deadline:
        opener = urllib.request.build_opener(
            _Redirects(is_own), _Http(deadline), _Https(deadline)
        )
        try:
            with opener.open(url, timeout=READ_TIMEOUT) as reply:
                _read(reply, url, size, write, is_exact)
        except (OSError, ValueError, http.client.HTTPException) as error:
            deadline.check()
            if isinstance(error, (OSError, http.client.HTTPException, Refused)):
                raise
            raise Refused(  # An address that cannot be read.
                f"{url} must lead to a file. Received: {error}"
            ) from None
        deadline.check()


def _read(reply, url, size, write, is_exact):
    length = reply.length  # Of the header; `None` without one.
    left = size
    if length is None or length <= size:
        while left and (part := reply.read1(min(left, 2**16))):
            left -= len(part)
            write(part)
        if reply.length:
            raise ConnectionError(f"{reply.length} bytes too few")
    if length is None and not left and reply.read1(1):
        length = size + 1
    if (length or 0) > size or is_exact and left:
        wanted = f"{size}" if is_exact else f"at most {size}"
        received = f"{size - left}" if (length or 0) <= size else f"{length}"
        raise Refused(
            f"{url} must have {wanted} bytes. Received: {received} bytes"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Looks at where a server sends to before it goes there."""

    def __init__(self, may_be_own):
        self.may_be_own = may_be_own

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        try:
            # A store's addresses are signed, in the query.
            is_own = check_url(newurl)
        except ValueError:
            is_own = None
        if is_own is None or is_own and not self.may_be_own:
            raise Refused(
                f"{req.full_url} must be behind https:// all the way. "
                f"Received: a redirection to {newurl[:300]!a}"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req, fp, code, msg, headers):
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_302
    http_error_307 = http_error_308 = http_error_302


class _Deadline:
    """Shuts connections down when the time is over.

    The timeout of a socket is for each read: of a byte a second it is none.
    """

    def __init__(self, seconds):
        self.seconds = seconds
        self.is_over = False
        self.sockets = []
        self.lock = threading.Lock()
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *args):
        self.timer.cancel()
        for twin in self.sockets:
            twin.close()

    def watch(self, sock):
        """Raises a `TimeoutError` if it comes too late."""
        # A twin: TLS takes the socket itself away.
        with self.lock:
            self.sockets.append(sock.dup())
        self.check()

    def check(self):
        if self.is_over:
            raise TimeoutError(f"not complete after {self.seconds:.0f} s")

    def _end(self):
        with self.lock:  # Whoever comes to watch now will see it.
            self.is_over = True
            for twin in self.sockets:
                with contextlib.suppress(OSError):
                    twin.shutdown(2)


class _Watched(http.client.HTTPConnection):
    """A connection that tells its deadline of its socket."""

    deadline = None

    def connect(self):
        super().connect()
        self.deadline.watch(self.sock)


class _WatchedTLS(http.client.HTTPSConnection, _Watched):
    """`HTTPSConnection.connect` calls `_Watched.connect` first."""


def _connection(cls, deadline):
    return type(cls.__name__, (cls,), {"deadline": deadline})


class _Http(urllib.request.HTTPHandler):
    def __init__(self, deadline):
        super().__init__()
        self.deadline = deadline

    def http_open(self, req):
        self.deadline.check()
        return self.do_open(_connection(_Watched, self.deadline), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, deadline):
        super().__init__()
        self.deadline = deadline

    def https_open(self, req):
        self.deadline.check()
        return self.do_open(_connection(_WatchedTLS, self.deadline), req)
