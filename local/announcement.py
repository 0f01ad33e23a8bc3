"""Tells the tools of this folder where the running stack is: `sls ... --stage local` and `watch`
read it from `.env.local`. Of several stacks the first is announced; the others go by addresses."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.service import ROOT
from local.stack import Addresses, StackFailed, variables

FILE = ROOT / ".env.local"
OWNER = "LEADERBOARD_PID"
SOCKET = "LEADERBOARD_SOCKET"


@contextmanager
def announced(addresses: Addresses) -> Iterator[None]:
    if _owner_lives():
        yield
        return
    announcement = variables(addresses.cognito, addresses.cache) | {
        # `sls invoke local` runs the functions with this Python.
        "VIRTUAL_ENV": sys.prefix,
        "LEADERBOARD_HTTP": addresses.http,
        SOCKET: addresses.socket,
        OWNER: str(os.getpid()),
    }
    text = "".join(f"{name}={value}\n" for name, value in announcement.items())
    FILE.write_text(f"# The local stack that runs now; it removes this file when it ends.\n{text}")
    try:
        yield
    finally:
        if _read().get(OWNER) == str(os.getpid()):
            FILE.unlink(missing_ok=True)


def socket_url() -> str:
    """The announced stack's socket."""
    return _announced(otherwise="or name it by --url")[SOCKET]


def tool_variables() -> dict[str, str]:
    """The environment in which AWS's tools work on the announced stack."""
    announced = _announced(otherwise="or choose another stage")
    return {name: value for name, value in announced.items() if name.startswith("AWS_")}


def _announced(*, otherwise: str) -> dict[str, str]:
    if not _owner_lives():
        raise StackFailed(f"No local stack runs here: start one with `make dev`, {otherwise}.")
    return _read()


def _owner_lives() -> bool:
    owner = _read().get(OWNER)
    if owner is None:
        return False
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read() -> dict[str, str]:
    try:
        lines = FILE.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
