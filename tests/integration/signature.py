"""What the SDK would have signed a request with that libcurl has signed."""

from __future__ import annotations

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.sink import Post, Sink


def signed_by_botocore(
    post: Post, key: Credentials, sink: Sink, *, service: str, region: str
) -> str:
    """The header `Authorization` for a post as it came, with the headers that it says it signed."""
    theirs = {name.lower(): value for name, value in post.headers.items()}
    named = theirs["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest(
        method="POST",
        url=sink.endpoint + post.path,
        data=post.body,
        headers={name: theirs[name] for name in named},
    )
    request.context["timestamp"] = theirs["x-amz-date"]
    auth = SigV4Auth(key, service, region)
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    signature = auth.signature(to_sign, request)
    return (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, "
        f"SignedHeaders={';'.join(named)}, Signature={signature}"
    )
