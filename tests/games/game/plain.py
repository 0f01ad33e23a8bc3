"""Judges that behave, and one record of what they were asked."""

from __future__ import annotations

from typing import Any

from leaderboard.scoring.judges import FAILED, Failed

calls: list[dict[str, Any]] = []
"""What the judge `told` was called with, the newest last."""


def told(*, action: str, seed: bytes, evidence: Any, elapsed_ms: int) -> int | Failed | None:
    """As many points as the evidence says; `fail` is FAILED, anything else a wrong form."""
    calls.append({"action": action, "seed": seed, "evidence": evidence, "elapsed_ms": elapsed_ms})
    if evidence == "fail":
        return FAILED
    return evidence if isinstance(evidence, int) else None


def echoed(*, seed: bytes, evidence: Any, **_: Any) -> int | Failed | None:
    """Ten points for the answer to `question`."""
    if not isinstance(evidence, dict) or set(evidence) != {"answer"}:
        return None
    return 10 if evidence["answer"] == answer(seed) else FAILED


def question(*, action: str, seed: bytes) -> Any:
    """What the seed asks: half of it. The answer is in the other half."""
    return {"action": action, "question": seed[:4].hex(), "nested": {"list": [1, 2, {"three": 3}]}}


def answer(seed: bytes) -> str:
    return seed[4:8].hex()
