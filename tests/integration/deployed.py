"""Valkey as a deployed stage reaches it: TLS 1.3, a token of IAM, a user with few rights.

ElastiCache Serverless is a proxy in front of its nodes, too. What only AWS can show is that it
takes the token: here the user has no password, so that any will do.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leaderboard.adapters.valkey.cache import ValkeyCache
from local.cache import LOOPBACK
from tests.integration.aws import ROOT
from tests.integration.valkey import Valkey
from tools import cloudformation

STAGE = "stage"
"""The name of the cache, and of its user."""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class DeployedValkey(Valkey):
    def __init__(self, folder: Path) -> None:
        self.certificate = self_signed(folder)
        door = socket.create_server((LOOPBACK, 0))
        self._port: int = door.getsockname()[1]
        super().__init__(folder, announced_port=self._port)
        self.client.execute_command("ACL SETUSER", STAGE, "reset", "nopass", *rights())
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(door, ready)), daemon=True)
        self._thread.start()
        ready.wait()

    def cache(self) -> ValkeyCache:
        """The adapter as a deployed stage makes it. It trusts who `trust` says."""
        return ValkeyCache(f"{LOOPBACK}:{self._port}", STAGE, STAGE)

    def trust(self, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("SSL_CERT_FILE", str(self.certificate))
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        super().stop()

    async def _serve(self, door: socket.socket, ready: Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificate)
        server = await asyncio.start_server(self._pass_on, sock=door, ssl=context)
        ready.set()
        await self._stopping.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.endpoint.partition(":")
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        with suppress(asyncio.CancelledError):  # the server stops
            await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while words := await reader.read(65536):
                writer.write(words)
                await writer.drain()
    finally:
        writer.close()


def rights() -> list[str]:
    """What the user of a deployed stage may do, as an ACL says it."""
    cache = cloudformation.read(ROOT / "infra" / "cache.yml")["valkey"]["Resources"]["CacheUser"]
    access: str = cache["Properties"]["AccessString"]
    return access.split()


def self_signed(folder: Path) -> Path:
    """A certificate for loopback that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "valkey")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "valkey.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path
