"""The tools call the service by the Python package. No second client lives beside it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.structure.source import imports, modules

CALLERS = ("local", "tools", "bench")
HTTP = {"aiohttp", "http.client", "httpx", "requests", "urllib3", "urllib.request", "websockets"}
OTHER_ENDS = {
    "local.stack": "whether the first answer comes",
    "local.servers": "whether the emulator is up",
    "bench.path": "frames themselves, to count holes that the package would mend",
    "bench.crowd": "frames themselves, to count those that were missed",
}
"""Who speaks HTTP or WebSocket by itself, and for what."""


def speakers() -> Iterator[str]:
    for package in CALLERS:
        for name, path in modules(package).items():
            found = {".".join(it.split(".")[:2]) for it in imports(path)}
            if found & HTTP or {it.partition(".")[0] for it in found} & HTTP:
                yield name


def test_tools_call_the_service_by_the_package() -> None:
    assert sorted(speakers()) == sorted(OTHER_ENDS)
