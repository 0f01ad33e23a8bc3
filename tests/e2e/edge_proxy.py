"""Stands where CloudFront stands: the page, `/api` and `/ws` at one address, before the emulator's
gateway, with the header that the APIs of a stage with an edge ask for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from leaderboard.edge import HEADER

CHUNK = 64 * 1024
PAGE = b"<!doctype html><title>Leaderboard</title>"


class EdgeProxy:
    def __init__(self, addresses: Mapping[str, str], secret: str) -> None:
        gateway = urlsplit(addresses["http"])
        self._host, self._port = gateway.hostname or "", gateway.port or 0
        self._secret = secret
        self._paths = {"/api": gateway.path, "/ws": urlsplit(addresses["socket"]).path}
        self.url = ""

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _version = head.partition("\r\n")[0].split()
        behind = next((it for it in self._paths if path.startswith(it)), None)
        if behind is None:
            writer.write(self._page(path))
            await writer.drain()
        else:
            target = self._paths[behind] + path.removeprefix(behind)
            await self._forward(self._head(head, method, target), reader, writer)

    def _page(self, path: str) -> bytes:
        body, kind = PAGE, "text/html; charset=utf-8"
        if path == "/config.json":
            body, kind = json.dumps({"http": f"{self.url}/api"}).encode(), "application/json"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        return f"{head}connection: close\r\n\r\n".encode() + body

    def _head(self, head: str, method: str, target: str) -> bytes:
        """The request's head as the origin gets it: its own host, and the secret."""
        kept = [
            line
            for line in head.split("\r\n")[1:-2]
            if line.partition(":")[0].lower() not in ("host", HEADER)
        ]
        if not any(line.lower().startswith("upgrade:") for line in kept):
            kept = [line for line in kept if not line.lower().startswith("connection:")]
            kept.append("connection: close")
        own = [f"{method} {target} HTTP/1.1", f"host: {self._host}:{self._port}"]
        return "\r\n".join([*own, f"{HEADER}: {self._secret}", *kept, "", ""]).encode("latin-1")

    async def _forward(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_origin, to_origin = await asyncio.open_connection(self._host, self._port)
        to_origin.write(head)
        sending = asyncio.create_task(_copy(reader, to_origin))
        try:
            await _copy(from_origin, writer)
        finally:
            sending.cancel()
            to_origin.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()


@contextmanager
def serving(addresses: Mapping[str, str], secret: str) -> Iterator[str]:
    """The edge's URL, until the block ends."""
    proxy = EdgeProxy(addresses, secret)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(proxy.listen())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy.url
    finally:

        async def end() -> None:
            server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
