"""The guard in front of the emulator, asked as a page of somebody else's would ask."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.stack import Running

pytestmark = pytest.mark.e2e

FUNCTION = "planted"
COGNITO = "AWSCognitoIdentityProviderService"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that no page of a stranger may make."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""


PLANTING = {
    "FunctionName": FUNCTION,
    "Runtime": "python3.13",
    "Role": "arn:aws:iam::000000000000:role/any",
    "Handler": "index.handler",
    "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
}
CALLS = {
    "create a function": Call(
        "POST",
        "/2015-03-31/functions",
        {"content-type": "text/plain"},
        json.dumps(PLANTING),
    ),
    "run a function": Call(
        "POST",
        "/2015-03-31/functions/leaderboard-local-boards/invocations",
        {},
        "{}",
    ),
    "create a stack": Call(
        "POST",
        "/",
        {"content-type": "application/x-www-form-urlencoded"},
        "Action=CreateStack&Version=2010-05-15&StackName=planted&TemplateBody=%7B%22Resources%22"
        "%3A%7B%22Topic%22%3A%7B%22Type%22%3A%22AWS%3A%3ASNS%3A%3ATopic%22%7D%7D%7D",
    ),
    "read a table": Call(
        "POST",
        "/",
        {"x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "text/plain"},
        "{}",
    ),
    "make a user": Call("POST", "/", {"x-amz-target": f"{COGNITO}.AdminCreateUser"}, "{}"),
    "name two calls": Call(
        "POST",
        "/",
        {"x-amz-target": f"{COGNITO}.SignUp, DynamoDB_20120810.ListTables"},
        "{}",
    ),
    "list buckets": Call("GET", "/", {}),
    "put an object": Call("PUT", "/bucket/index.html", {}, "<script>"),
    "post to a connection": Call("POST", "/_aws/execute-api/any/local/@connections/c1", {}, "{}"),
    "forget everything": Call("POST", "/_ministack/reset", {}),
    "read the health": Call("GET", "/_ministack/health", {}),
}
FOREIGN = {
    "another site": {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
    "an old browser": {"origin": "http://evil.example"},
    "a sandbox": {"origin": "null"},
    "another port": {"origin": "http://127.0.0.1:1", "sec-fetch-site": "same-site"},
    "an image or a link": {"sec-fetch-site": "cross-site"},
    "an image of another port": {"sec-fetch-site": "same-site"},
}


@dataclass(frozen=True, slots=True)
class Emulator:
    host: str

    def ask(self, call: Call, **headers: str) -> http.client.HTTPResponse:
        """One request with these headers alone, `host` among them."""
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.putrequest(call.method, call.path, skip_host=True, skip_accept_encoding=True)
        sent = {"host": self.host, "content-length": str(len(call.body)), **call.headers, **headers}
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(call.body.encode())
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def emulator(stack: Running) -> Emulator:
    return Emulator(urlsplit(stack.addresses["cognito"]).netloc)


@pytest.fixture
def functions(stack: Running) -> Iterator[Any]:
    client = boto3.client(
        "lambda",
        endpoint_url=stack.addresses["cognito"],
        region_name=stack.addresses["region"],
        aws_access_key_id=stack.addresses["accessKeyId"],
        aws_secret_access_key=stack.addresses["secretAccessKey"],
    )
    yield client
    if FUNCTION in names(client):
        client.delete_function(FunctionName=FUNCTION)


def names(functions: Any) -> set[str]:
    return {it["FunctionName"] for it in functions.list_functions()["Functions"]}


@pytest.mark.parametrize("page", FOREIGN)
@pytest.mark.parametrize("name", CALLS)
def test_page_of_another_origin_is_refused(
    emulator: Emulator,
    functions: Any,
    name: str,
    page: str,
) -> None:
    answer = emulator.ask(CALLS[name], **FOREIGN[page])
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert FUNCTION not in names(functions)


@pytest.mark.parametrize("name", CALLS)
def test_preflight_for_a_page_of_another_origin_allows_no_such_call(
    emulator: Emulator,
    name: str,
) -> None:
    call = CALLS[name]
    preflight = Call("OPTIONS", call.path, {"access-control-request-method": call.method})
    answer = emulator.ask(preflight, origin="http://evil.example")
    # Of a call to the root it does not say which one it is for, and one may be Cognito's.
    allowed = call.path == "/" and call.method == "POST"
    assert (answer.status == 200) == allowed
    assert ("access-control-allow-origin" in answer.headers) == allowed


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "localhost:1", ""],
)
@pytest.mark.parametrize("path", ["/_ministack/health", "/2015-03-31/functions", "{http}/boards"])
def test_foreign_name_is_refused_everywhere(
    stack: Running,
    emulator: Emulator,
    host: str,
    path: str,
) -> None:
    asked = path.replace("{http}", urlsplit(stack.addresses["http"]).path)
    name = host.replace("{port}", emulator.host.rpartition(":")[2])
    assert emulator.ask(Call("GET", asked, {}), host=name).status == 403
    assert emulator.ask(Call("GET", asked, {})).status == 200


def test_programs_and_the_emulators_own_pages_may_do_everything(emulator: Emulator) -> None:
    health = CALLS["read the health"]
    assert emulator.ask(health).status == 200
    assert emulator.ask(health, **{"sec-fetch-site": "none"}).status == 200
    own = {"origin": f"http://{emulator.host}", "sec-fetch-site": "same-origin"}
    assert emulator.ask(health, **own).status == 200


@pytest.mark.parametrize("page", FOREIGN)
def test_services_routes_answer_pages_as_the_service_decides(
    stack: Running,
    emulator: Emulator,
    page: str,
) -> None:
    path = urlsplit(stack.addresses["http"]).path
    assert emulator.ask(Call("GET", f"{path}/boards", {}), **FOREIGN[page]).status == 200


@pytest.mark.parametrize("page", FOREIGN)
def test_public_calls_of_cognito_answer_pages(
    stack: Running,
    emulator: Emulator,
    page: str,
) -> None:
    body = {
        "ClientId": stack.addresses["webClientId"],
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "nobody@example.com", "PASSWORD": "Wrong-1-password"},
    }
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"{COGNITO}.InitiateAuth",
    }
    answer = emulator.ask(Call("POST", "/", headers, json.dumps(body)), **FOREIGN[page])
    # Cognito's own refusal.
    assert answer.status == 400
    assert answer.headers["access-control-allow-origin"] == "*"


def test_socket_under_a_foreign_name_is_refused(stack: Running) -> None:
    address = urlsplit(stack.addresses["socket"])
    foreign = f"ws://evil.example:{address.port}{address.path}"
    with connect(stack.addresses["socket"]):
        pass
    assert address.hostname is not None
    assert address.port is not None
    with (
        socket.create_connection((address.hostname, address.port)) as opened,
        pytest.raises(InvalidStatus) as refusal,
        connect(foreign, sock=opened),
    ):
        pass
    assert refusal.value.response.status_code == 403
