"""The machine's own Chrome or Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
)
SHARED = Path("/dev/shm")  # noqa: S108 - the kernel's, and Chromium's own choice
SHARED_BYTES = 1 << 30
"""What the browsers of a few workers share at a time, and far more."""
MISSING = (
    "no Chrome or Chromium on PATH or in its usual places (Debian: apt-get install chromium); "
    "CHROME names another"
)


def find() -> str | None:
    """Where it is; None on a machine without one."""
    named = os.environ.get("CHROME")
    if named:
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return next((place for place in PLACES if Path(place).exists()), None)


def options(path: str) -> dict[str, Any]:
    """How Playwright launches the browser that is there."""
    # Chromium's sandbox does not work for root.
    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # Playwright has the memory that its processes share in files on the disk, for containers that
    # have next to none: each request of a page costs half as much again of the processor there.
    default = ["--disable-dev-shm-usage"] if _has_shared_memory() else []
    return {"executable_path": path, "args": arguments, "ignore_default_args": default}


def _has_shared_memory() -> bool:
    return SHARED.is_dir() and shutil.disk_usage(SHARED).free >= SHARED_BYTES
