"""A small server in the place of the management API: it takes posts, and answers as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

Json = dict[str, Any]

Mishap = Literal["reset", "silent", "cut", "closes"]
"""Instead of a status: the connection is reset before the answer; nothing is answered; the answer
breaks off before its status; it is answered, and the connection closed without a word."""


@dataclass(frozen=True)
class Post:
    connection_id: str
    status: int | Mishap
    body: bytes
    path: str
    at: float
    headers: Mapping[str, str]
    socket: int
    """Tells apart the connections that posts came over."""

    @property
    def json(self) -> Json:
        frame: Json = json.loads(self.body)
        return frame


@dataclass
class Sink:
    """`answers` are those for a connection's next posts; after them `always`, or 200."""

    endpoint: str = ""
    posts: list[Post] = field(default_factory=list)
    answers: dict[str, deque[int | Mishap]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, int | Mishap] = field(default_factory=dict)
    otherwise: int | Mishap = 200
    delay: float = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    idle: set[socket.socket] = field(default_factory=set)
    """Connections that wait for a post."""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> int | Mishap:
        path, headers = handler.path, dict(handler.headers.items())
        connection_id = unquote(path.rpartition("/")[2])
        port = handler.client_address[1]
        with self._lock:
            self.idle.discard(handler.connection)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            waiting = self.answers[connection_id]
            fixed = self.always.get(connection_id, self.otherwise)
            status = waiting.popleft() if waiting else fixed
            self.posts.append(
                Post(connection_id, status, body, path, time.monotonic(), headers, port)
            )
        if self.delay:
            time.sleep(self.delay)
        with self._lock:
            self._now -= 1
        return status

    def close_idle(self) -> None:
        """As a server does with connections that nothing went over for long."""
        with self._lock:
            for connection in self.idle:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status: int, handler: BaseHTTPRequestHandler) -> None:
        text = b"" if status == 200 else b'{"message":"no"}'
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)
        with self._lock:
            self.idle.add(handler.connection)

    def frames(self, connection_id: str) -> list[Json]:
        """What a connection received."""
        return [json.loads(body) for body in self.bodies(connection_id)]

    def bodies(self, connection_id: str) -> list[bytes]:
        taken = (200, "closes")
        return [
            it.body for it in self.posts if it.connection_id == connection_id and it.status in taken
        ]


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            match sink.take(self, body):
                case "silent":
                    sink.released.wait()
                    self.close_connection = True
                case "reset":
                    # Unsent data is thrown away: the other side sees a reset.
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                case "cut":
                    self.wfile.write(b"HTTP/1.1 2")
                    self.close_connection = True
                case "closes":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    self.close_connection = True
                case status:
                    sink.answer(status, self)

        def log_message(self, *_arguments: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def shutdown_request(self, request: Any) -> None:
            request.close()

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away in the middle is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "http" if tls is None else "https"
    sink.endpoint = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        sink.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def certified(folder: Path) -> Iterator[tuple[ssl.SSLContext, Path]]:
    """What a server of 127.0.0.1 needs for TLS, and the file that its clients trust it by."""
    import datetime as dt
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    trusted = folder / "sink.pem"
    private = folder / "sink.key"
    trusted.write_bytes(certificate.public_bytes(pem))
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    yield context, trusted
