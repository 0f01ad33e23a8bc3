"""What Lambda makes of a function's answer when ReportBatchItemFailures is on.

From AWS's page "Configuring partial batch response with DynamoDB and Lambda". It names as a
complete success: an empty or null list, an empty or null response; as a complete failure: an
item identifier that is empty, null, or under a wrong key. AWS is silent on identifiers that are not
in the batch and on answers of another shape; here both are a complete failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failed_from` is the index of the first record to retry; None: the batch succeeded."""

    failed_from: int | None
    outcome: str


SUCCESS = Verdict(None, "success")
MALFORMED = Verdict(0, "malformed")


def judge(response: object, sequence_numbers: Sequence[str]) -> Verdict:
    """Read a function's response to a batch with these sequence numbers, in their order."""
    if response is None:
        return SUCCESS
    if not isinstance(response, Mapping):
        return MALFORMED
    failures = response.get("batchItemFailures")
    if failures is None:
        return SUCCESS
    if not isinstance(failures, list):
        return MALFORMED
    positions = {number: position for position, number in enumerate(sequence_numbers)}
    found = [positions.get(_identifier(failure)) for failure in failures]
    known = [position for position in found if position is not None]
    if len(known) < len(found):
        return MALFORMED
    return Verdict(min(known), "partial") if known else SUCCESS


def _identifier(failure: object) -> str:
    """The item identifier, or an empty string, which no record has."""
    identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
    return identifier if isinstance(identifier, str) else ""
