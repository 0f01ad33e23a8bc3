"""Fields of requests: what a path, a query and a body may hold, and what that means."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints as Text,
)
from pydantic.alias_generators import to_camel

from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import BOARD, USER_ID


class RequestBody(BaseModel):
    """A request's body: camelCase, nothing unknown, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


UserId = Annotated[str, Text(pattern=f"^(?:{USER_ID.pattern})$")]
Score = Annotated[int, Field(strict=True, ge=-MAX_SCORE, le=MAX_SCORE)]
SubmissionId = Annotated[
    str,
    Text(pattern=r"^[\x20-\x7e]{1,64}$"),
    Field(description="A name that you give this write: the same when it is sent again"),
]

# The path comes percent-encoded from `admit`, so that every id reaches its check.
BoardPath = Annotated[
    str,
    BeforeValidator(unquote),
    Path(
        description="A board's id, or one that matches a pattern of `boards.yml`",
        # Not checked here: any other text names no board, which is 404 and not 422.
        json_schema_extra={"pattern": f"^{BOARD.pattern}$", "examples": ["global"]},
    ),
]
UserPath = Annotated[
    UserId, BeforeValidator(unquote), Path(description="The user", examples=["ada"])
]


def _digits(text: Any) -> Any:
    """Digits as they are; Python's own reading takes 1_0, +5 and other scripts' digits as well."""
    if isinstance(text, str) and not re.fullmatch("[0-9]+", text):
        raise ValueError("send digits alone")
    return text


QueryNumber = Annotated[int, BeforeValidator(_digits)]
"""A number in a query."""
SeasonQuery = Annotated[
    str | None,
    Query(
        max_length=16,
        description="The season; the current one if left out",
        examples=["2026-W48"],
    ),
]


def _clean_name(text: str) -> str:
    from leaderboard.scoring.display_names import (
        clean_name,  # its tables: reads of boards need none
    )

    return clean_name(text)


UserName = Annotated[
    str,
    AfterValidator(_clean_name),
    Field(
        description="1 to 32 characters after NFC, trimming and folding of spaces, none of them "
        "control or direction characters; invisible ones only where emoji and scripts need them"
    ),
]


def _fold_beginning(text: str) -> str:
    from leaderboard.scoring.folded_names import (
        fold_beginning,  # its tables: reads of boards need none
    )

    return fold_beginning(text)


NameBeginning = Annotated[
    str,
    AfterValidator(_fold_beginning),
    Query(
        min_length=1,
        description="The beginning of a name, of 1 to 32 characters. Case and diacritics do not "
        "count. No character is a wildcard",
        examples=["ad"],
    ),
]
"""What a person typed to find names, folded."""
