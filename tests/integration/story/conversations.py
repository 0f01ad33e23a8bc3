"""The conversations of clients/conformance: what the service said in a run, in orders that networks
bring about. Each board that a client must show is the service's own snapshot of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from leaderboard import clock
from tests.integration.story.edges import Rig
from tests.integration.story.tape import Place, Tape, place_of, recording

Json = dict[str, Any]
EVENING = datetime(2026, 11, 29, 23, tzinfo=UTC).timestamp()
RATING, ARENA, DAY = "rating-1", "arena", "day"


@dataclass
class Run:
    """A recorded run of a board: each frame, and the snapshots, by version."""

    board: str
    frames: dict[int, Json]
    snapshots: dict[Place, Json]
    boards: dict[Place, Json]
    tops: dict[int, Json] = field(default_factory=dict)
    degraded: Json = field(default_factory=dict)
    pongs: dict[int, Json] = field(default_factory=dict)
    currents: dict[int, Json] = field(default_factory=dict)

    def snapshot(self, version: int) -> Json:
        """The snapshot at a version of the run's only season and epoch."""
        (found,) = (it for place, it in self.snapshots.items() if place[2] == version)
        return found


@dataclass
class Conversation:
    """Lines in their order. Each method adds one, or a few that belong together."""

    name: str
    about: str
    run: Run
    now: float = EVENING
    lines: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines.append(
            {
                "conversation": self.name,
                "about": self.about,
                "board": self.run.board,
                "now": clock.to_text(round(self.now * 1000)),
            }
        )

    def asked(self, *answers: Json) -> Conversation:
        """The client subscribes, and gets these answers."""
        self.lines.append({"client": {"action": "subscribe", "board": self.run.board}})
        return self.said(*answers)

    def said(self, *frames: Json) -> Conversation:
        self.lines += [{"service": it} for it in frames]
        return self

    def read(self, body: Json) -> Conversation:
        """What `GET top` answers from here on."""
        self.lines.append({"http": body})
        return self

    def shows(self, frame: Json, run: Run | None = None) -> Conversation:
        """The client shows the board at the place of this frame."""
        self.lines.append({"shows": (run or self.run).boards[place_of(frame)]})
        return self

    def cut(self) -> Conversation:
        """The connection ends."""
        self.lines.append({"service": "closes"})
        return self

    def live(self, version: int) -> Conversation:
        """Subscribed, and shown at a version."""
        frame = self.run.snapshot(version)
        return self.asked(frame).shows(frame)

    def follow(self, *versions: int) -> Conversation:
        """Frames, each of which is shown."""
        for version in versions:
            frame = self.run.frames[version]
            self.said(frame).shows(frame)
        return self


def _take(tape: Tape, frames: dict[int, Json]) -> None:
    frames.update({it["version"]: it for it in tape.heard()})


def rating(rig: Rig, name: str) -> Run:
    """A board of ratings: players come, tie, leave the top, and take other names."""
    with recording(rig, name, board=RATING, begins=EVENING) as tape:
        run = Run(RATING, {}, tape.snapshots, tape.boards)
        tape.snapshot()
        steps: list[Callable[[], None]] = [
            *(
                lambda user=user, score=score: tape.write(user, score, name=user.title())
                for user, score in (("ann", 1500), ("bob", 1400), ("cyd", 1600), ("dee", 1450))
            ),
            lambda: tape.write("bob", 1500),
            lambda: tape.write("eve", 1480, name="Ève ☃"),
            lambda: tape.rename("cyd", "Cyd | 2"),
            lambda: tape.write("fay", 1000),
            lambda: tape.write("cyd", 1700),
        ]
        for version, step in enumerate(steps, start=1):
            step()
            _take(tape, run.frames)
            run.tops[version] = tape.top()
            run.pongs[version] = tape.ping()
            run.currents[version] = tape.subscribe(run.snapshot(version))
            if version == 8:
                run.degraded = tape.degraded_top()
    assert sorted(run.frames) == list(range(1, len(steps) + 1))
    assert all(run.frames[it]["type"] == "update" for it in range(5, len(steps) + 1))
    assert run.degraded["degraded"]
    return run


def arena(rig: Rig) -> Run:
    """A board on which a name changes and changes back within one frame."""
    with recording(rig, "arena", board=ARENA, begins=EVENING) as tape:
        run = Run(ARENA, {}, tape.snapshots, tape.boards)
        for user, points in (("ann", 30), ("bob", 20), ("cyd", 10)):
            tape.write(user, points, name=user.title())
        tape.heard()
        tape.write("ann", 1, rest=False)
        tape.wait(0.05)
        tape.snapshot()
        for name in ("Annie", "Ann"):
            tape.rename("ann", name, rest=False)
            tape.wait(0.05)
        tape.rest()
        tape.write("bob", 1)
        _take(tape, run.frames)
    return run


def day(rig: Rig) -> tuple[Run, list[Json]]:
    """A board of days, through a midnight; its frames in their order, as versions begin anew."""
    with recording(rig, "day", board=DAY, begins=EVENING) as tape:
        run = Run(DAY, {}, tape.snapshots, tape.boards)
        tape.write("ann", 10, name="Ann")
        tape.write("bob", 12, name="Bob")
        tape.wait(3600)
        tape.minute()
        tape.write("bob", 3)
        tape.write("ann", 5)
        frames = tape.heard()
    assert [it["version"] for it in frames] == [1, 2, 0, 1, 2]
    return run, frames


def all_conversations(rig: Rig) -> list[Conversation]:
    """Every one of them, made anew."""
    first, other = rating(rig, "rating"), rating(rig, "another life")
    return [
        *order_of_frames(first),
        *answers(first),
        *over_http(first),
        *lives(first, other),
        no_change(arena(rig)),
        *seasons(*day(rig)),
    ]


def order_of_frames(run: Run) -> list[Conversation]:
    """Frames that come as they should, late, twice, or not at all."""
    say = run.frames
    return [
        Conversation("plain", "Every frame comes, once and in order.", run)
        .live(4)
        .follow(5, 6, 7, 8, 9),
        Conversation("first-score", "A board without scores, then its first frames.", run)
        .live(0)
        .follow(1, 2)
        .said(run.snapshot(0))
        .follow(3),
        Conversation("total-only", "Only the number of players changes.", run).live(7).follow(8),
        Conversation("gap", "An update is lost: the client asks, and takes the snapshot.", run)
        .live(4)
        .said(say[6])
        .asked(run.snapshot(6))
        .shows(say[6])
        .follow(7),
        Conversation("reordered", "Two updates change places.", run)
        .live(4)
        .said(say[6])
        .asked()
        .follow(5)
        .said(run.snapshot(6))
        .shows(say[6])
        .follow(7),
        Conversation("doubled", "Frames come twice, and late.", run)
        .live(4)
        .follow(5)
        .said(say[5], run.snapshot(4), run.snapshot(5), say[3])
        .follow(6)
        .said(say[5], say[6])
        .follow(7),
        Conversation("before-snapshot", "An update overtakes the first snapshot.", run)
        .asked(say[5], run.snapshot(4))
        .shows(run.snapshot(4))
        .asked(run.snapshot(5))
        .shows(say[5])
        .follow(6),
        Conversation("spanning", "An update is lost, and the answer is older than it.", run)
        .live(4)
        .said(say[7])
        .asked(run.snapshot(6))
        .shows(say[6])
        .asked(run.snapshot(7))
        .shows(say[7])
        .follow(8),
        Conversation("noise", "Messages of the gateway and of a newer protocol.", run)
        .live(4)
        .said({"message": "Internal server error", "connectionId": "c=", "requestId": "r"})
        .said({"type": "novelty", "board": run.board, "season": "all", "version": 99})
        .follow(5),
    ]


def answers(run: Run) -> list[Conversation]:
    """What the service answers to a client that holds a board."""
    return [
        Conversation("current", "Back after a cut: what the client has is up to date.", run)
        .live(5)
        .cut()
        .asked(run.currents[5])
        .follow(6),
        Conversation("away", "Back after a cut, in which the board has moved.", run)
        .live(4)
        .cut()
        .asked(run.snapshot(7))
        .shows(run.snapshot(7))
        .follow(8),
        Conversation("pong-ahead", "A pong names a newer version: a frame was lost.", run)
        .live(5)
        .said(run.pongs[6])
        .asked(run.snapshot(6))
        .shows(run.snapshot(6))
        .follow(7),
        Conversation("pong-same", "A pong names the version that is shown.", run)
        .live(5)
        .said(run.pongs[5])
        .follow(6),
    ]


def over_http(run: Run) -> list[Conversation]:
    """The first board comes over HTTP, before the socket has answered."""

    def first(name: str, about: str, body: Json) -> Conversation:
        return Conversation(name, about, run).read(body).shows(body)

    return [
        first("http-first", "The first board is that of HTTP.", run.tops[5])
        .asked(run.snapshot(5))
        .follow(6),
        first("http-ahead", "HTTP is ahead of the socket's first answer.", run.tops[6])
        .asked(run.snapshot(5), run.frames[6])
        .follow(7),
        first("http-degraded", "The ranking is away: HTTP has the top as recorded.", run.degraded)
        .asked(run.currents[8])
        .follow(9),
    ]


def lives(run: Run, other: Run) -> list[Conversation]:
    """The counter of versions was lost, and another one began."""
    return [
        Conversation("epoch-change", "Frames of another epoch cannot be applied.", run)
        .live(5)
        .said(other.frames[6])
        .asked(other.snapshot(6))
        .shows(other.snapshot(6), other)
        .said(other.frames[7])
        .shows(other.frames[7], other),
        Conversation("epoch-late", "A frame of the lost epoch comes late.", other)
        .live(5)
        .said(run.frames[8])
        .asked(other.currents[5])
        .follow(6),
    ]


def no_change(run: Run) -> Conversation:
    """A name changed and changed back within one frame."""
    first, *_ = sorted(run.frames)
    (empty,) = (it for it in run.frames.values() if not (it.get("upsert") or it.get("remove")))
    assert empty["version"] == empty["from"] + 2
    assert empty["from"] == first
    about = "The top changed and came back within one frame: only the version moves."
    later = max(run.frames)
    return Conversation("no-change", about, run).live(first).follow(empty["version"], later)


def seasons(run: Run, frames: list[Json]) -> list[Conversation]:
    """One season ends, and the next begins."""
    _, last, empty, score, second = frames
    midnight = EVENING + 3600
    held = run.snapshots[place_of(last)]
    new = run.snapshots[place_of(score)]
    return [
        Conversation("season-turn", "The new season comes by itself.", run, now=midnight - 60)
        .asked(held)
        .shows(last)
        .said(empty)
        .shows(empty)
        .said(score)
        .shows(score),
        Conversation(
            "season-asked", "The season ends in a second: the client asks.", run, now=midnight - 1
        )
        .asked(held)
        .shows(last)
        .asked(run.snapshots[place_of(empty)])
        .shows(empty)
        .said(score)
        .shows(score),
        Conversation(
            "season-late", "Frames of the season before come late.", run, now=midnight + 60
        )
        .asked(new)
        .shows(score)
        .said(last, held, empty)
        .said(second)
        .shows(second),
    ]
