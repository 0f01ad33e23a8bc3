"""This repository's command lines, run as people run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from local.service import ROOT


def command(
    module: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """`python -m module`, with this environment unless another is given. Raises TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
