"""Ports that are taken between being looked up and being used."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.cache import LOOPBACK, free_ports, started
from local.servers import Emulator, ServerFailed


@contextmanager
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as somebody:
        yield somebody.getsockname()[1]


@pytest.mark.parametrize("lost", ["port", "bus"])
def test_valkey_that_finds_a_port_taken_starts_on_others(tmp_path: Path, lost: str) -> None:
    with taken() as port:
        free = free_ports()[0]
        offered = iter([(port, free) if lost == "port" else (free, port), free_ports()])
        server = started(tmp_path, ports=lambda: next(offered))
        try:
            assert server.is_running()
            assert next(offered, None) is None
        finally:
            server.stop()


def test_valkey_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="nonsense"):
        started(tmp_path, {"nonsense": "yes"})


def test_emulators_port_is_its_own_before_it_listens(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, port=0, region="us-east-1")
    try:
        port = urlsplit(emulator.endpoint).port
        assert port
        with pytest.raises(OSError, match="in use"):
            socket.create_server((LOOPBACK, port))
    finally:
        emulator.stop()


def test_chosen_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with taken() as port, pytest.raises(ServerFailed, match=f"Port {port} is in use"):
        Emulator(tmp_path, port=port, region="us-east-1")
