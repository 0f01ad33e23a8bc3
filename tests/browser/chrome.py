"""The machine's own Chrome or Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
)
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


def arguments() -> list[str]:
    # Chromium's sandbox does not work for root.
    return ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
