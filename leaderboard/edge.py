"""The check that a request came through the edge, on a stage that has one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from leaderboard.errors import EdgeRequired

HEADER = "x-leaderboard-edge"
"""What the edge adds to every request; it overwrites what a client sends under that name.

The edge's stack reads the name here. CloudFront adds no header that begins with x-edge- or x-amz-.
"""


@dataclass(frozen=True)
class Edge:
    """The stage's edge. `accepted` gives the values of its header that are valid now.

    There are two while the secret is rotated. A stage without an edge accepts every request.
    """

    accepted: Callable[[], Mapping[str, str]] | None = None

    def require(self, headers: Iterable[tuple[str, str]]) -> None:
        """Raise EdgeRequired unless the headers hold an accepted value, once.

        Takes as long whatever the value. Raises Unavailable if the secret cannot be read.
        """
        if self.accepted is None:
            return
        sent = [value for name, value in headers if name.lower() == HEADER]
        offered = sent[0].encode() if len(sent) == 1 else b""
        good = [hmac.compare_digest(offered, it.encode()) for it in self.accepted().values()]
        if not any(good):
            raise EdgeRequired("This address is not public; use the one that the page uses.")
