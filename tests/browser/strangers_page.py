"""A page of somebody else's, at an origin of its own, that uses the packages of
`clients/javascript`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

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
    """The page at `/`, and the package's sources below `/client/`."""

    def __init__(self, *arguments: object, html: str, policy: str) -> None:
        self.html = html
        self.policy = policy
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = b""
        if self.path.startswith("/client/"):
            body = (PACKAGE / "src" / self.path.removeprefix("/client/")).read_bytes()
        elif self.path == "/":
            body = self.html.encode()
        self.send_response(200 if body else 204)
        self.send_header("content-type", "text/html" if self.path == "/" else "text/javascript")
        self.send_header("content-length", str(len(body)))
        if self.policy:
            self.send_header("content-security-policy", self.policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stranger(
    browser: Browser, html: str, *, port: int = 0, policy: str = "", **options: object
) -> Iterator[Stranger]:
    """Opens a page with this content, under the content security policy `policy`. Port 0 is one
    that no stack allows."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Files, html=html, policy=policy))
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
