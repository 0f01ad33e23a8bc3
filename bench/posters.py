"""One client posting to a sink, in a process of its own: `python -m bench.posters CLIENT URL …`.

Prints one line of JSON. Each client has what it needs imported by itself alone, so that the one of
another environment runs there.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import select
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from urllib.parse import quote, urlsplit

FRAME = b"x" * 1000
REGION = "eu-central-1"
BOTO3_THREADS = 32
AIO_AT_ONCE = 64
FLOOR_SOCKETS = 64
NO_LIMIT = 1e9

Post = Callable[[list[str]], int]


def names(count: int) -> list[str]:
    """Connection ids as API Gateway's look."""
    return [f"JKJaXmPL{number:06d}HcESHA=" for number in range(count)]


def service(url: str, ca_file: str, handles: int) -> Post:
    from pathlib import Path

    from leaderboard.adapters.aws.clients import CA_FILE
    from leaderboard.adapters.aws.posting import PostingDelivery
    from leaderboard.frames.messages import Frame

    trusted = Path(ca_file) if ca_file else CA_FILE
    delivery = PostingDelivery(url, REGION, handles, trusted)

    def post(connections: list[str]) -> int:
        frame = Frame(board="global", body=FRAME, patience=5.0)
        (delivered,) = delivery.deliver(
            [(frame, connections)], seconds=120, posts_per_second=NO_LIMIT
        )
        return delivered.sent

    return post


def boto3_threads(url: str, ca_file: str, _handles: int) -> Post:
    import boto3
    from botocore.config import Config

    client: Any = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name=REGION,
        verify=ca_file or True,
        config=Config(max_pool_connections=BOTO3_THREADS),
    )
    pool = ThreadPoolExecutor(BOTO3_THREADS)

    def one(connection: str) -> int:
        client.post_to_connection(ConnectionId=connection, Data=FRAME)
        return 1

    return lambda connections: sum(pool.map(one, connections))


def aiobotocore(url: str, ca_file: str, _handles: int) -> Post:
    from aiobotocore.config import AioConfig  # type: ignore[import-not-found]
    from aiobotocore.session import get_session  # type: ignore[import-not-found]

    async def post_all(connections: list[str]) -> int:
        waiting = iter(connections)
        options = {
            "endpoint_url": url,
            "region_name": REGION,
            "verify": ca_file or True,
            "config": AioConfig(max_pool_connections=AIO_AT_ONCE),
        }
        async with get_session().create_client("apigatewaymanagementapi", **options) as client:

            async def work() -> int:
                done = 0
                for connection in waiting:
                    await client.post_to_connection(ConnectionId=connection, Data=FRAME)
                    done += 1
                return done

            return sum(await asyncio.gather(*(work() for _ in range(AIO_AT_ONCE))))

    return lambda connections: asyncio.run(post_all(connections))


def floor(url: str, ca_file: str, _handles: int) -> Post:
    """Kept sockets and epoll, nothing signed, no answer understood: what is left is the system."""
    at = urlsplit(url)
    assert at.hostname
    assert at.port
    head = (
        f"POST {at.path}/@connections/%s HTTP/1.1\r\nHost: {at.hostname}\r\n"
        f"Content-Length: {len(FRAME)}\r\nAuthorization: {'x' * 400}\r\n\r\n"
    )
    sockets: dict[int, socket.socket] = {}
    for _ in range(FLOOR_SOCKETS):
        opened = socket.create_connection((at.hostname, at.port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if at.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file)
            opened = context.wrap_socket(opened, server_hostname=at.hostname)
        sockets[opened.fileno()] = opened
    poll = select.epoll()
    for number in sockets:
        poll.register(number, select.EPOLLIN)

    def post(connections: list[str]) -> int:
        waiting: Iterator[str] = iter(connections)

        def start(opened: socket.socket) -> bool:
            connection = next(waiting, None)
            if connection is None:
                return False
            opened.sendall((head % quote(connection, safe="")).encode() + FRAME)
            return True

        going = sum(start(it) for it in sockets.values())
        done = 0
        while going:
            for number, _ in poll.poll():
                if sockets[number].recv(4096).startswith(b"HTTP/1.1 200"):
                    done += 1
                    going -= not start(sockets[number])
        return done

    return post


POSTERS = {
    "service": service,
    "boto3": boto3_threads,
    "aiobotocore": aiobotocore,
    "floor": floor,
}


def main() -> None:
    name, url, ca_file, handles, count = sys.argv[1:]
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    post = POSTERS[name](url, ca_file, int(handles))
    connections = names(int(count))
    post(list(islice(connections, max(64, len(connections) // 10))))  # opens the connections
    began, used = time.perf_counter(), time.process_time()
    done = post(connections)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert done == len(connections), f"{name} sent {done} of {len(connections)}"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "posts": done, "memory": memory}))


if __name__ == "__main__":
    main()
