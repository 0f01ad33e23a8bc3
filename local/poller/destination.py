"""What an on-failure destination receives: where the records were, not the records.

The shape is that of AWS's page "Retain discarded records for a DynamoDB event source in Lambda".
"""

from datetime import UTC, datetime
from typing import Any, Literal

from local.poller.batch import Batch

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


def _instant(moment: float, timespec: str) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec)
    return text.replace("+00:00", "Z")


def failure_document(
    batch: Batch,
    *,
    condition: Condition,
    request_id: str,
    function_arn: str,
    function_error: str | None,
    shard_id: str,
    stream_arn: str,
    now: float,
) -> dict[str, Any]:
    """Describe a batch that was given up.

    `responseContext` is null for one that the function never saw; AWS does not show that case.
    """
    response_context: dict[str, Any] | None = None
    if batch.invocations:
        response_context = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": function_error,
        }
    return {
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.invocations,
        },
        "responseContext": response_context,
        "version": "1.0",
        "timestamp": _instant(now, "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": batch.records[0].sequence_number,
            "endSequenceNumber": batch.records[-1].sequence_number,
            "approximateArrivalOfFirstRecord": _instant(batch.records[0].arrived_at, "seconds"),
            "approximateArrivalOfLastRecord": _instant(batch.records[-1].arrived_at, "seconds"),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }
