"""Signatures, beside the SDK's for the same request at the same time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, strategies as st

from leaderboard.adapters.aws.handle_pool import Signer, digest

REGION = "eu-central-1"
MIDNIGHT = int(datetime(2028, 2, 29, tzinfo=UTC).timestamp())
KEYS = st.builds(
    Credentials,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=20),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80),
    st.none() | st.text("abc/+=", min_size=1, max_size=900),
)
ENDPOINTS = st.sampled_from(
    [
        "https://abc.execute-api.eu-central-1.amazonaws.com/prod/@connections/",
        "https://abc.execute-api.eu-central-1.amazonaws.com:443/prod/@connections/",
        "https://Abc.example/@connections/",
        "http://127.0.0.1:4566/_aws/execute-api/abc/a~b/@connections/",
    ]
)


def by_botocore(url: str, body: bytes, key: Credentials, seconds: int) -> dict[str, str]:
    """The signed headers, by name, and `authorization`."""
    request = AWSRequest(method="POST", url=url, data=body)
    date = f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"
    request.context["timestamp"] = date
    request.headers["X-Amz-Date"] = date
    if key.token:
        request.headers["X-Amz-Security-Token"] = key.token
    auth = SigV4Auth(key, "execute-api", REGION)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    signed = auth.headers_to_sign(request)
    made = {name.lower(): str(signed[name]) for name in signed.keys()}  # noqa: SIM118 (many of one name)
    made["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, "
        f"SignedHeaders={auth.signed_headers(signed)}, Signature={signature}"
    )
    return made


@given(
    ENDPOINTS,
    KEYS,
    st.lists(
        # `.` and `..` are no ids but steps in a path, which botocore takes out of it.
        st.tuples(
            st.text(min_size=1).filter(lambda it: it not in (".", "..")),
            st.binary(),
            st.integers(MIDNIGHT - 2, MIDNIGHT + 2),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_signature_is_the_one_that_the_sdk_makes_whatever_was_signed_before(
    endpoint: str, key: Credentials, posts: list[tuple[str, bytes, int]]
) -> None:
    signer = Signer(endpoint, REGION, key.get_frozen_credentials())
    with pytest.MonkeyPatch.context() as patch:
        for name, body, seconds in posts:
            patch.setattr(time, "time", lambda now=seconds: now + 0.9)
            path = quote(name, safe="")
            made = [it.decode() for it in signer.headers(path.encode(), digest(body))]
            lines = [it.partition(": ") for it in made]
            ours = {name.lower(): value for name, _, value in lines}
            assert ours == by_botocore(endpoint + path, body, key, seconds)
