"""The server with bad weather, from the JavaScript client's tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

JAVASCRIPT = Path(__file__).parent.parent.parent / "javascript"


@contextmanager
def bad_weather() -> Iterator[str]:
    """Host and port of the model service in bad weather."""
    with subprocess.Popen(
        ["node", "test/weather/server.js"],  # noqa: S607
        cwd=JAVASCRIPT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        page = server.stdout.readline()
        assert page.startswith("http://"), "npm ci in clients/javascript prepares it"
        yield page[len("http://") :].partition("/")[0]
        server.terminate()
