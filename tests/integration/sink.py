"""A small server in the place of the management API: it takes posts, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]


@dataclass(frozen=True)
class Post:
    connection_id: str
    status: int
    body: bytes
    path: str
    at: float

    @property
    def json(self) -> Json:
        frame: Json = json.loads(self.body)
        return frame


@dataclass
class Sink:
    """`answers` are the statuses for a connection's next posts; after them, 200."""

    endpoint: str = ""
    posts: list[Post] = field(default_factory=list)
    answers: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, int] = field(default_factory=dict)
    delay: float = 0
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, body: bytes) -> int:
        connection_id = unquote(path.rpartition("/")[2])
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            waiting = self.answers[connection_id]
            fixed = self.always.get(connection_id, 200)
            status = waiting.popleft() if waiting else fixed
            self.posts.append(Post(connection_id, status, body, path, time.monotonic()))
        if self.delay:
            time.sleep(self.delay)
        with self._lock:
            self._now -= 1
        return status

    def frames(self, connection_id: str) -> list[Json]:
        """What a connection received."""
        return [
            it.json for it in self.posts if it.connection_id == connection_id and it.status == 200
        ]


@contextmanager
def listening() -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = sink.take(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    sink.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
