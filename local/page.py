"""The page's server: the files of `web/`, the subscriber package beside them, and the addresses
that they use, on loopback, under a strict content-security policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from local.service import ROOT

LOOPBACK = "127.0.0.1"
# Where the paths of the page lead; the longest wins.
FOLDERS = {"/": ROOT / "web", "/client/": ROOT / "clients" / "javascript" / "src"}
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


class PortInUse(Exception):
    """The text is for people."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the page must know of a stage."""

    stage: str
    http: str
    socket: str
    cognito: str
    web_client_id: str
    # Boards of the patterns, which the service cannot list.
    boards: tuple[str, ...] = ()
    # Whether the pool takes any code, since nobody sends one.
    any_code: bool = False
    # Other origins whose pages may show this one in a frame.
    frame_ancestors: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(
            {
                "stage": self.stage,
                "http": self.http,
                "socket": self.socket,
                "cognito": self.cognito,
                "webClientId": self.web_client_id,
                "boards": self.boards,
                "anyCode": self.any_code,
            }
        )

    def security_headers(self) -> Mapping[str, str]:
        """Nothing inline, nothing from elsewhere, and calls to this stage's addresses alone."""
        addresses = {_origin(it) for it in (self.http, self.socket, self.cognito)}
        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self'",
            "font-src": "'self'",
            "connect-src": " ".join(["'self'", *sorted(addresses)]),
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": " ".join(self.frame_ancestors) or "'none'",
            # No string becomes markup or code, not even by mistake.
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        return {
            "Content-Security-Policy": "; ".join(f"{name} {it}" for name, it in policy.items()),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }


class PageServer:
    """Listens from the start, so that its port is known, and answers once it is configured."""

    def __init__(self, *, port: int) -> None:
        try:
            self._server = _Server((LOOPBACK, port), BaseHTTPRequestHandler)
        except OSError as error:
            raise PortInUse(f"Port {port} is in use; choose another for the page.") from error
        self.port: int = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def origins(self) -> tuple[str, ...]:
        """What a browser may call this server."""
        return (f"http://{LOOPBACK}:{self.port}", f"http://localhost:{self.port}")

    def serve(self, configuration: Configuration) -> None:
        hosts = frozenset(urlsplit(origin).netloc for origin in self.origins)
        self._server.RequestHandlerClass = partial(
            _Request, configuration=configuration, hosts=hosts
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


@contextmanager
def listening(*, port: int) -> Iterator[PageServer]:
    """A server that has its port, 0 being any free one, until the block ends."""
    server = PageServer(port=port)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serving(configuration: Configuration, *, port: int) -> Iterator[PageServer]:
    with listening(port=port) as server:
        server.serve(configuration)
        yield server


def file_of(path: str) -> Path | None:
    """The file that a URL's path names; None for what is not the page's."""
    prefix = max((it for it in FOLDERS if path.startswith(it)), key=len, default=None)
    if prefix is None or "\0" in path:
        return None
    folder = FOLDERS[prefix].resolve()
    file = (folder / (path.removeprefix(prefix) or "index.html")).resolve()
    known = file.suffix in MEDIA_TYPES and file.is_relative_to(folder) and file.is_file()
    return file if known else None


class _Server(ThreadingHTTPServer):
    # A browser that keeps its connection open does not keep the stack from ending.
    daemon_threads = True
    block_on_close = False
    # Two stacks never share a port.
    allow_reuse_port = False


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "leaderboard"
    sys_version = ""
    timeout = 60
    # An answer's head and body leave together: the page loads some eighty files.
    wbufsize = 1 << 16

    def __init__(
        self, *arguments: object, configuration: Configuration, hosts: frozenset[str]
    ) -> None:
        self._configuration = configuration
        self._hosts = hosts
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: the terminal belongs to the board."""

    def _answer(self, *, with_body: bool) -> None:
        status, media_type, body = self._found()
        self.send_response(status)
        for name, value in self._configuration.security_headers().items():
            self.send_header(name, value)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        # One reloads to see an edit, or another stack at the same address.
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _found(self) -> tuple[HTTPStatus, str, bytes]:
        # A name that somebody else's DNS points here must not read the page.
        if self.headers.get("Host") not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"Not this server.\n"
        path = unquote(urlsplit(self.path).path)
        if path == "/config.json":
            return HTTPStatus.OK, "application/json", self._configuration.to_json().encode()
        file = file_of(path)
        if file is None:
            return HTTPStatus.NOT_FOUND, "text/plain", b"There is no such file.\n"
        return HTTPStatus.OK, MEDIA_TYPES[file.suffix], file.read_bytes()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
