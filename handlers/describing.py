"""What the reference says of a route, written at the route.

    @app.get("/boards/<board>/entries")
    @describe(answer=PageJson, example={...}, cached=True)
    def list_entries(board: BoardPath, season: SeasonQuery = None) -> Response[str]:
        \"\"\"Page through the ranking.

        From the beginning, or with a `cursor` from behind the last entry of a page.
        \"\"\"

`python -m tools.reference` makes `docs/openapi.json` and `docs/http.md` of that: the summary and
the text are the docstring, parameters and body come from the signature, who may ask comes from
`serverless.yml`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from leaderboard.errors import LeaderboardError

Json = dict[str, Any]
Route = TypeVar("Route", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Description:
    """What the reference says of a route beyond its signature.

    `answer` is the type of its body, None without one; `example` is one of them, and `request` one
    of the bodies that it takes. `refuses` are the errors beyond those of every route like it. With
    `tagged` the answer has an `ETag`, with `cached` a `Cache-Control`.
    """

    docstring: str
    answer: Any
    example: Json | None
    request: Json | None
    refuses: tuple[type[LeaderboardError], ...]
    status: int
    tagged: bool
    cached: bool


DESCRIPTIONS: dict[str, Description] = {}
"""By the name of the route's function."""


def describe(
    *,
    answer: Any = None,
    example: Json | None = None,
    request: Json | None = None,
    refuses: Sequence[type[LeaderboardError]] = (),
    status: int = 200,
    tagged: bool = False,
    cached: bool = False,
) -> Callable[[Route], Route]:
    """Note what a `Description` has of the route's function below; the function stays as it is."""

    def note(route: Route) -> Route:
        DESCRIPTIONS[route.__name__] = Description(
            docstring=route.__doc__ or "",
            answer=answer,
            example=example,
            request=request,
            refuses=tuple(refuses),
            status=status,
            tagged=tagged,
            cached=cached,
        )
        return route

    return note
