"""A page of somebody else's, at an origin of its own, that uses the packages of
`clients/javascript`."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from local.service import ROOT

PACKAGE = ROOT / "clients" / "javascript"
SECONDS = 15


@dataclass(slots=True)
class Stranger:
    """The page in a browser, and what its console said."""

    page: Page
    origin: str
    said: list[str] = field(default_factory=list)

    def wait_for(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=SECONDS * 1000)


class _Files(BaseHTTPRequestHandler):
    """A page at `/` with the package's sources below `/client/`, or the files of a folder."""

    def __init__(self, *arguments: object, html: str, folder: Path | None, policy: str) -> None:
        self.html = html
        self.folder = folder
        self.policy = policy
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/") or "index.html"
        body = self._content(path)
        self.send_response(404 if body is None else 200)
        kind = mimetypes.guess_type(path)[0] or "text/plain"
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body or b"")))
        if self.policy:
            self.send_header("content-security-policy", self.policy)
        self.end_headers()
        self.wfile.write(body or b"")

    def _content(self, path: str) -> bytes | None:
        if path == "favicon.ico":
            return b""
        if self.folder is None and path == "index.html":
            return self.html.encode()
        folder = self.folder or PACKAGE / "src"
        file = folder / path.removeprefix("client/")
        return file.read_bytes() if file.is_file() else None

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stranger(
    browser: Browser,
    html: str = "",
    *,
    folder: Path | None = None,
    port: int = 0,
    policy: str = "",
    **options: object,
) -> Iterator[Stranger]:
    """Opens a page with this content, or the one in a folder, under the content security policy
    `policy`. Port 0 is one that no stack allows."""
    files = partial(_Files, html=html, folder=folder, policy=policy)
    server = ThreadingHTTPServer(("127.0.0.1", port), files)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    opened = Stranger(page, f"http://localhost:{server.server_port}")
    page.on("console", lambda message: opened.said.append(message.text))
    page.on("pageerror", lambda error: opened.said.append(str(error)))
    try:
        page.goto(f"{opened.origin}/")
        yield opened
    finally:
        context.close()
        server.shutdown()
        server.server_close()
