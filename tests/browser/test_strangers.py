"""A page of a stranger, open in a browser while the local stack runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

LIST_FUNCTIONS = "/2015-03-31/functions"
TABLES = "DynamoDB_20120810.ListTables"
SIGN_UP = "AWSCognitoIdentityProviderService.SignUp"
# The status of the answer, or null where the browser keeps it from the page.
ASK = """async ([url, options]) => {
  try { return (await fetch(url, options)).status; } catch { return null; }
}"""
IMAGE = """(url) => new Promise((resolve) => {
  const image = new Image();
  image.onerror = () => resolve(null);
  image.src = url;
})"""


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>stranger</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def serving() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=["localhost", "127.0.0.1"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """`localhost` is another site than the emulator's 127.0.0.1; another port is the same site."""
    with serving() as port, browser.new_page() as page:
        page.goto(f"http://{request.param}:{port}/")
        yield page


def test_page_of_a_stranger_cannot_use_the_emulator(stack: Running, page: Page) -> None:
    emulator = stack.addresses["cognito"]
    seen: dict[str, int] = {}
    page.on("response", lambda it: seen.update({f"{it.request.method} {it.url}": it.status}))
    read = page.evaluate(ASK, [emulator + LIST_FUNCTIONS, {}])
    tables = page.evaluate(
        ASK, [emulator, {"method": "POST", "headers": {"x-amz-target": TABLES}, "body": "{}"}]
    )
    plain = {"method": "POST", "mode": "no-cors", "body": "{}"}
    page.evaluate(ASK, [emulator + LIST_FUNCTIONS, plain])
    page.evaluate(IMAGE, f"{emulator}/_ministack/health")
    assert (read, tables) == (None, None)
    assert seen[f"POST {emulator}{LIST_FUNCTIONS}"] == 403
    assert seen[f"GET {emulator}/_ministack/health"] == 403


def test_page_of_a_stranger_reads_boards_and_may_offer_a_sign_up(
    stack: Running, page: Page
) -> None:
    assert page.evaluate(ASK, [stack.addresses["http"] + "/boards", {"mode": "no-cors"}]) == 0
    options = {
        "method": "POST",
        "headers": {"x-amz-target": SIGN_UP, "content-type": "application/x-amz-json-1.1"},
        "body": json.dumps({"ClientId": stack.addresses["webClientId"]}),
    }
    # Cognito's own refusal.
    assert page.evaluate(ASK, [stack.addresses["cognito"], options]) == 400
