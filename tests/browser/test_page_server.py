"""The page's server, asked without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from os.path import normpath
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from local.page import Configuration, PortInUse, listening, serving
from local.service import ROOT

CONFIGURATION = Configuration(
    stage="dev",
    http="https://a1.execute-api.eu-central-1.amazonaws.com",
    socket="wss://b2.execute-api.eu-central-1.amazonaws.com/dev",
    cognito="https://cognito-idp.eu-central-1.amazonaws.com/",
    web_client_id="client",
)
# A module that another one runs; those of types alone are never asked for.
IMPORT = re.compile(r'^(?:import|export) .* from "(\.\.?/\w+\.js)"', re.MULTILINE)
# The folders of the views that the page itself is not.
VIEWS = ("embed/", "wall/", "dress.js", "state.js")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(CONFIGURATION, port=0) as server:
        yield server.url


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, retries=False, timeout=10)


def test_addresses_are_those_of_the_stage(url: str) -> None:
    answer = get(f"{url}config.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(CONFIGURATION.to_json())


@pytest.mark.parametrize("path", ["", "page.js", "client/index.js", "config.json", "nothing"])
def test_every_answer_has_the_security_headers(url: str, path: str) -> None:
    headers = get(url + path).headers
    policy = dict(it.strip().split(" ", 1) for it in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert set(policy["connect-src"].split()) == {
        "'self'",
        "https://a1.execute-api.eu-central-1.amazonaws.com",
        "wss://b2.execute-api.eu-central-1.amazonaws.com",
        "https://cognito-idp.eu-central-1.amazonaws.com",
    }
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        "../boards.yml",
        "%2e%2e/boards.yml",
        "client/../../../package.json",
        "client/%2e%2e/package.json",
        "fonts",
        "fonts/LICENSE",
        "%00",
    ],
)
def test_nothing_but_the_page_is_served(url: str, path: str) -> None:
    server = urlsplit(url)
    connection = urllib3.HTTPConnectionPool(str(server.hostname), server.port)
    # By hand, since clients tidy paths up.
    assert connection.urlopen("GET", f"/{path}", retries=False).status == 404
    connection.close()


def test_other_names_for_this_machine_are_refused(url: str) -> None:
    assert get(url, host="rebound.example").status == 421
    port = urlsplit(url).port
    assert get(url, host=f"localhost:{port}").status == 200


def test_port_in_use_is_said(url: str) -> None:
    with pytest.raises(PortInUse, match="is in use"), listening(port=urlsplit(url).port or 0):
        pass


def test_modules_are_asked_for_at_once() -> None:
    """One after the other, as each names the next, would take a round trip for each level."""
    page = (ROOT / "web" / "index.html").read_text(encoding="utf-8")
    web = ROOT / "web"
    modules = {script.relative_to(web).as_posix() for script in web.rglob("*.js")}
    # What the page runs at once, and what it has no use for: those of the other views.
    modules = {it for it in modules if not it.startswith(VIEWS)} - {"start.js"}
    client = ROOT / "clients" / "javascript" / "src"
    imported: set[str] = set()
    # What reads over HTTP is loaded by the client itself, but needed at once.
    named = {"reads.js"} | {
        name
        for script in web.rglob("*.js")
        for name in re.findall(r'"\./client/([a-z_/]+\.js)";', script.read_text(encoding="utf-8"))
    }
    while named:
        imported |= named
        texts = {name: (client / name).read_text(encoding="utf-8") for name in named}
        named = {
            normpath(Path(name).parent / it)
            for name, text in texts.items()
            for it in re.findall(IMPORT, text)
        } - imported
    asked = set(re.findall(r'rel="modulepreload" href="\./([^"]+)"', page))
    assert asked == modules | {f"client/{name}" for name in imported}


def test_no_file_of_the_page_has_anything_inline() -> None:
    page = (ROOT / "web" / "index.html").read_text(encoding="utf-8")
    assert "style=" not in page
    assert "<style" not in page
    assert " on" not in page.replace(" one", "").replace(" on ", "")
    for script in (ROOT / "web").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in text, f"{script.name} uses {sink}"
