"""A double of Service Quotas' one call that the doctor makes, held to botocore's model: what is
asked and what is answered must be valid there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
from botocore.model import OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

Quotas = Mapping[tuple[str, str], float]


class Double(ThreadingHTTPServer):
    """Answers GetServiceQuota for the quotas that were applied, and the default for the others."""

    def __init__(self, applied: Quotas, defaults: Quotas) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.model = botocore.session.Session().get_service_model("service-quotas")
        self.quotas = {"GetServiceQuota": applied, "GetAWSDefaultServiceQuota": defaults}

    def answer(self, target: str, asked: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        prefix, _, name = target.partition(".")
        assert prefix == self.model.metadata["targetPrefix"]
        operation: OperationModel = self.model.operation_model(name)
        _validate(asked, operation.input_shape)
        service, quota = asked["ServiceCode"], asked["QuotaCode"]
        value = self.quotas[name].get((service, quota))
        if value is None:
            (error,) = (it for it in operation.error_shapes if it.name == "NoSuchResourceException")
            return 400, {"__type": error.name, "Message": "The quota does not exist."}
        answer = {"Quota": {"ServiceCode": service, "QuotaCode": quota, "Value": value}}
        _validate(answer, operation.output_shape)
        return 200, answer


def _validate(value: Mapping[str, Any], shape: Shape | None) -> None:
    assert shape is not None
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()
    assert isinstance(shape, StructureShape)
    assert not value.keys() - shape.members.keys()


class _Request(BaseHTTPRequestHandler):
    server: Double

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, answer = self.server.answer(self.headers["X-Amz-Target"], asked)
        except AssertionError as error:
            status, answer = 400, {"__type": "IllegalArgumentException", "Message": str(error)}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def double(*, applied: Quotas, defaults: Quotas) -> Iterator[str]:
    """Its address."""
    server = Double(applied, defaults)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
