"""Values that many types of frames and answers have, and what is to be known of them.

A type names one by a text: `Annotated[str, "Instant"]`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import BOARD, MAX_NAME, USER_ID

Instant = Annotated[
    str,
    Field(
        description="RFC 3339, UTC, with milliseconds",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        examples=["2026-11-23T08:15:30.123Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
UserId = Annotated[str, Field(pattern=f"^{USER_ID.pattern}$", examples=["ada"])]
BoardId = Annotated[str, Field(pattern=f"^{BOARD.pattern}$", examples=["global"])]
UserName = Annotated[str, Field(min_length=1, max_length=MAX_NAME, examples=["Ada"])]
Score = Annotated[int, Field(ge=-MAX_SCORE, le=MAX_SCORE, examples=[990])]
SeasonName = Annotated[
    str,
    Field(
        description="`all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`",
        examples=["all"],
    ),
]

VALUES: dict[str, Any] = {
    "Instant": Instant,
    "BoardId": BoardId,
    "SeasonName": SeasonName,
    "UserId": UserId,
    "UserName": UserName,
    "Score": Score,
    "Epoch": Annotated[
        str, Field(min_length=1, description="Names the counter that `version` belongs to")
    ],
    "Version": Annotated[
        int, Field(ge=0, description="Moves by 1 with each recorded change of the top")
    ],
    "Total": Annotated[int, Field(ge=0, description="Users ranked, as counted with this version")],
    "Rank": Annotated[
        int, Field(ge=1, description="The position in the board's order: 1, 2, 3, 4")
    ],
    "CompetitionRank": Annotated[
        int, Field(ge=1, description="Shared by equal scores: 1, 2, 2, 4")
    ],
    "RequestId": Annotated[str, Field(description="Names the request in the service's logs")],
}
