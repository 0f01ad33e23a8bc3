"""Keeps other people's web pages away from the emulator.

The emulator runs any function that it is given, and allows every origin to ask it. So a page that
is open in a browser on this machine could run code here. The guard refuses a foreign `Host`: a name
that somebody's DNS points to loopback. It refuses what a browser sends for a page of another
origin, except what such pages may ask on AWS too: the service's routes, which check for
themselves, and Cognito's public calls. Programs are no browsers: they send neither `Origin` nor
`Sec-Fetch-Site`, and pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from local.emulator.asgi import Application, Message, Receive, Scope, Send

ROUTES = "/_aws/execute-api/"
# Below the socket's address: the API that posts to connections, for programs with AWS credentials.
MANAGEMENT = "/@connections"
# What Cognito answers without AWS credentials: https://docs.aws.amazon.com/cognito/latest/
# developerguide/authentication-flows-public-server-side.html
PUBLIC_CALLS = frozenset(
    f"AWSCognitoIdentityProviderService.{operation}".encode()
    for operation in (
        "AssociateSoftwareToken",
        "ChangePassword",
        "ConfirmDevice",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "DeleteUser",
        "DeleteUserAttributes",
        "ForgetDevice",
        "ForgotPassword",
        "GetDevice",
        "GetTokensFromRefreshToken",
        "GetUser",
        "GetUserAttributeVerificationCode",
        "GlobalSignOut",
        "InitiateAuth",
        "ListDevices",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SetUserMFAPreference",
        "SignUp",
        "UpdateDeviceStatus",
        "UpdateUserAttributes",
        "VerifySoftwareToken",
        "VerifyUserAttribute",
    )
)
REFUSAL = b"Refused: this page, or this name, may not use the local AWS emulator.\n"


class Guard:
    """Passes on what may reach the emulator, and answers the rest with 403."""

    def __init__(self, application: Application, *, port: int) -> None:
        self._application = application
        self._hosts = frozenset(f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost"))
        self._origins = frozenset(b"http://" + host for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._allows(scope):
            await self._application(scope, receive, send)
        else:
            await _refuse(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return False
        return not self._is_foreign(scope) or _is_public(scope)

    def _is_foreign(self, scope: Scope) -> bool:
        """Whether a browser sends it for a page of another origin. Another port is another origin,
        and the same site."""
        origins = _values(scope, b"origin")
        sites = _values(scope, b"sec-fetch-site")
        return not (
            self._origins.issuperset(origins) and {b"same-origin", b"none"}.issuperset(sites)
        )


def _is_public(scope: Scope) -> bool:
    path: str = scope["path"]
    if path.startswith(ROUTES):
        return MANAGEMENT not in path
    if path != "/" or scope["type"] != "http":
        return False
    if scope["method"] == "OPTIONS":
        # It does not say which call it asks for; the call itself is looked at when it comes.
        return _values(scope, b"access-control-request-method") == [b"POST"]
    calls = _values(scope, b"x-amz-target")
    return scope["method"] == "POST" and len(calls) == 1 and calls[0] in PUBLIC_CALLS


def _values(scope: Scope, name: bytes) -> Sequence[bytes]:
    return [value for header, value in scope["headers"] if header.lower() == name]


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    start: Message = {
        "type": "http.response.start",
        "status": 403,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(REFUSAL))],
    }
    await send(start)
    await send({"type": "http.response.body", "body": REFUSAL})
