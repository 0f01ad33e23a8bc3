"""What the reference says of each route beyond its code: what it is for, answers, refuses."""

from __future__ import annotations

from dataclasses import dataclass

from tools.reference import answers
from tools.reference.answers import MOMENT, Answer, Json


@dataclass(frozen=True)
class Operation:
    """`codes` are those that the route refuses with beyond what every route like it does."""

    summary: str
    answer: type[Answer] | None
    description: str = ""
    codes: tuple[str, ...] = ()
    status: int = 200
    tagged: bool = False
    cached: bool = False
    request: Json | None = None
    example: Json | None = None


LATER = "2026-11-23T08:20:30.123Z"
ADA: Json = {
    "rank": 2,
    "place": 2,
    "userId": "ada",
    "userName": "Ada",
    "userScore": 990,
    "scoreUpdatedAt": MOMENT,
}
BOB: Json = {**ADA, "rank": 3, "userId": "bob", "userName": "Bob", "scoreUpdatedAt": LATER}
CYD: Json = {**ADA, "rank": 1, "place": 1, "userId": "cyd", "userName": "Cyd", "userScore": 1200}
SCORE: Json = {"userId": "ada", "userName": "Ada", "userScore": 990, "scoreUpdatedAt": MOMENT}
OUTCOME: Json = {"entry": SCORE, "changed": True, "replayed": False}
TICKET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
OF_BOARD: Json = {"board": "global", "season": "all"}
ALL_TIME: Json = {
    "board": "global",
    "title": "All-time",
    "order": "desc",
    "operator": "increment",
    "topSize": 10,
    "season": {"season": "all", "startsAt": None, "endsAt": None},
    "actions": {
        "visit": {"points": 1, "evidence": False, "minSeconds": 2, "expiresSeconds": 300},
        "quiz": {
            "points": {"min": 0, "max": 10},
            "evidence": True,
            "minSeconds": 2,
            "expiresSeconds": 300,
        },
    },
    "format": {"kind": "number"},
    "frameIntervalMs": 250,
    "viewers": 311,
}

OPERATIONS: dict[str, Operation] = {
    "GET /boards": Operation(
        "List the boards",
        answers.Boards,
        "Every board and pattern of `boards.yml`, with its rules, its current season and its pace; "
        "a board with `listed: false` is left out.",
        cached=True,
        example={"boards": [ALL_TIME]},
    ),
    "HEAD /boards": Operation("Read the headers of the list", None, cached=True),
    "GET /boards/{board}/top": Operation(
        "Read the top",
        answers.Top,
        "Up to the board's `topSize` (the default limit) it is the top as recorded, with its "
        "version, as subscribers of the WebSocket API see it; `total` is the ranking's as it is "
        "now. Past it it is the ranking as it is now, and `epoch` and `version` are null. A board "
        "without "
        "scores has `version` 0. The `ETag` names the content: send it back in `If-None-Match`, "
        "and an unchanged top is a 304 without a body.",
        tagged=True,
        cached=True,
        example={
            **OF_BOARD,
            "epoch": "k3v9",
            "version": 41,
            "total": 1204,
            "entries": [CYD, ADA, BOB],
            "endsAt": None,
        },
    ),
    "HEAD /boards/{board}/top": Operation(
        "Read the headers of the top",
        None,
        "Whether the top has changed.",
        tagged=True,
        cached=True,
    ),
    "GET /boards/{board}/entries": Operation(
        "Page through the ranking",
        answers.Page,
        "From the beginning, or with a `cursor` from behind the last entry of the page that gave "
        "it out. A cursor is a place in the board's order, not a number of entries: a user who "
        "does not move meanwhile is shown exactly once, however the others move. It belongs to its "
        "board and season (send the same `season` along) and does not expire. Any other text is "
        "refused with a 422. Leave the cursor out to start again.",
        cached=True,
        example={
            **OF_BOARD,
            "entries": [CYD, ADA],
            "total": 1204,
            "nextCursor": "1i3vTx0mUCz3OTkw",
        },
    ),
    "GET /boards/{board}/users/{userId}": Operation(
        "Read a user's entry and its neighbours",
        answers.Neighbourhood,
        "The rank on the whole board, exact however many are ranked; the share of users at or "
        "below; and who stands around.",
        codes=("user_not_ranked",),
        cached=True,
        example={
            **OF_BOARD,
            "entry": ADA,
            "total": 4,
            "percentile": 75.0,
            "around": [CYD, ADA, BOB],
        },
    ),
    "POST /boards/{board}/entries/query": Operation(
        "Rank some users among themselves",
        answers.Found,
        "For friends, teams and guilds: the entries of up to 100 users in board order. Doubles "
        "count once. A request for reading, so it needs no token and may be repeated.",
        request={"userIds": ["bob", "ada", "eve"]},
        example={**OF_BOARD, "entries": [ADA, BOB], "unranked": ["eve"]},
    ),
    "GET /me/scores": Operation(
        "Read one's own scores",
        answers.OwnScores,
        "On every board and in every season, the current seasons first. From the table: a score "
        "that was just accepted is there. A score that is stored in a form that cannot be read is "
        "left out, and reported to those who run the service.",
        example={
            "userId": "ada",
            "userName": "Ada",
            "scores": [{**OF_BOARD, "userScore": 990, "scoreUpdatedAt": MOMENT}],
        },
    ),
    "PUT /me": Operation(
        "Choose a display name",
        answers.Name,
        "On every board: at once on current seasons, within seconds on past ones. The same name "
        "again writes nothing; more than 5 new names an hour are refused. 1 to 32 characters after "
        "NFC, trimming and folding of spaces, no control or direction characters, at most 3 "
        "combining marks on a letter (5 in scripts that stack letters, as Tibetan and Burmese do). "
        "Invisible characters pass only inside emoji and in scripts that need them; letters of all "
        "scripts pass, also those that look like others. A new player is `player-` and six "
        "characters of a digest of its id.",
        codes=("barred", "rate_limited", "unreadable"),
        request={"userName": "Ada"},
        example={"userId": "ada", "userName": "Ada"},
    ),
    "DELETE /me": Operation(
        "Delete one's account",
        None,
        "Every score, the name, the open sockets and the sign-in; scores of past seasons follow "
        "within seconds. It takes a sign-in within the last 10 minutes: renewing a token is none. "
        "May be repeated until it is a 204.",
        status=204,
        codes=("sign_in_again",),
    ),
    "POST /boards/{board}/tickets": Operation(
        "Begin an action",
        answers.Ticket,
        "The ticket is good once, from `notBefore` to `expiresAt`, for this player, board and "
        "action. `points` is what completing the action is worth. An action with a `challenge` "
        "asks something: then taking the ticket is the attempt. It counts in the board's limit of "
        "actions a minute, and the ticket before it does not count any more.",
        codes=(
            "action_not_found",
            "barred",
            "board_limit",
            "judge_failed",
            "rate_limited",
            "unreadable",
        ),
        status=201,
        request={"action": "quiz"},
        example={
            "ticket": TICKET,
            "action": "quiz",
            "points": {"min": 0, "max": 10},
            "challenge": {
                "question": "Which number is CLXVI?",
                "choices": ["165", "166", "167", "171"],
            },
            "notBefore": MOMENT,
            "expiresAt": LATER,
        },
    ),
    "POST /boards/{board}/scores": Operation(
        "Complete an action",
        answers.Outcome,
        "Takes the ticket and adds its points by the board's rules. `evidence` is what the player "
        "did, for actions whose points are judged: any JSON of up to 4 KB, in the form that the "
        "game asks for. Evidence of a wrong form is a 422, and the ticket stays good. A wrong "
        "answer is a 200 that changes nothing, and the ticket is used up; `entry` is null while "
        "the player has no score. Each of the last three tickets taken for an action, sent again, "
        "gets its answer again, with `replayed: true`. Nothing is written when a code is answered. "
        "After `ticket_superseded` take a new ticket: the one that was sent may have counted "
        "before. After `judge_failed` send the same request again later: nothing was used up.",
        codes=(
            "barred",
            "board_limit",
            "judge_failed",
            "rate_limited",
            "score_limit",
            "ticket_expired",
            "ticket_invalid",
            "ticket_superseded",
            "ticket_too_early",
            "unreadable",
        ),
        request={"ticket": TICKET, "evidence": {"answer": 1}},
        example=OUTCOME,
    ),
    "POST /socket-tickets": Operation(
        "Get a ticket for a socket",
        answers.SocketTicket,
        "For one authenticated connection to the WebSocket API.",
        status=201,
        codes=("barred", "unreadable"),
        example={"ticket": TICKET, "expiresAt": LATER},
    ),
    "PUT /boards/{board}/users/{userId}/score": Operation(
        "Write a score",
        answers.Outcome,
        "One trusted write: `delta` on `increment` boards, `score` on `best` and `latest` ones. "
        "Idempotent by `submissionId` for at least 24 hours; the same id with another body is "
        "refused.",
        codes=("barred", "score_limit", "submission_conflict", "unreadable"),
        request={"delta": 500, "submissionId": "match-1", "userName": "Ada"},
        example=OUTCOME,
    ),
    "POST /boards/{board}/submissions": Operation(
        "Write many scores",
        answers.Results,
        "Up to 100 trusted writes in at most 64 KB. Each is idempotent by its `submissionId` and "
        "fails alone: its result has the status and the code of a request of its own. Those of one "
        "user are written in their order. What could not be done says 503, and so do that user's "
        "later ones: send the batch again as it is, and each counts once.",
        request={
            "submissions": [
                {"userId": "ada", "delta": 500, "submissionId": "match-1"},
                {"userId": "bob", "delta": -1, "submissionId": "match-1"},
            ]
        },
        example={
            "results": [
                {"status": 200, **OUTCOME},
                {
                    "status": 422,
                    "code": "invalid",
                    "errors": [
                        {
                            "path": "body.submissions.1.delta",
                            "message": "'global' takes no negative points.",
                        }
                    ],
                },
            ],
        },
    ),
    "DELETE /boards/{board}/users/{userId}": Operation(
        "Remove a score",
        None,
        "Of the season named, or the current one; also of a user who is hidden. Viewers see it "
        "within one update. The user may score again. `reason` is kept with the act. Sent again, "
        "it answers 404: the score is not there any more. A score that cannot be read is removed "
        "too.",
        status=204,
        codes=("unreadable", "user_not_ranked"),
    ),
    "PUT /users/{userId}/standing": Operation(
        "Hide, bar or show a user",
        answers.UserStanding,
        "`hidden`: off every board, still playing. `barred`: off every board, and may not score. "
        "`visible` takes either back. The act is recorded with who, when and why.",
        codes=("user_deleted",),
        request={"standing": "hidden", "reason": "name under review"},
        example={"userId": "ada", "standing": "hidden"},
    ),
    "GET /users/{userId}/standing": Operation(
        "Read a user's standing and the acts on it",
        answers.StandingActs,
        codes=("unreadable",),
        example={
            "userId": "ada",
            "standing": "hidden",
            "acts": [
                {
                    "standing": "hidden",
                    "by": "moderator",
                    "at": MOMENT,
                    "reason": "name under review",
                }
            ],
        },
    ),
    "DELETE /users/{userId}": Operation(
        "Erase a user",
        None,
        "Any user, also one whose id a game server made: the profile, every score, the name, the "
        "acts on it, the open sockets, and the sign-in if there is one; scores of past seasons "
        "follow within seconds. There is no way back; for 8 days the id is refused with `barred`. "
        "May be repeated until it is a 204, which also answers for an id that was never seen.",
        status=204,
    ),
    "GET /openapi.json": Operation(
        "Read this document",
        None,
        "OpenAPI 3.1.",
        tagged=True,
    ),
    "GET /health": Operation(
        "Look whether the API answers",
        answers.Health,
        "Touches neither the cache nor the tables.",
        example={"status": "ok"},
    ),
    "HEAD /health": Operation("Look whether the API answers, without a body", None),
}
