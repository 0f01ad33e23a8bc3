"""AWS: "Configuring partial batch response with DynamoDB and Lambda"."""

import pytest

from local.poller.response import judge
from tests.poller.records import failed

NUMBERS = ["100", "200", "300"]


@pytest.mark.parametrize(
    "response",
    [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"statusCode": 200}],
)
def test_empty_null_or_missing_response_is_complete_success(response: object) -> None:
    assert judge(response, NUMBERS).failed_from is None


@pytest.mark.parametrize(
    "response",
    [
        failed(""),
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"sequenceNumber": "200"}]},
        {"batchItemFailures": [{}]},
        failed("999"),
        failed("300", "999"),
        {"batchItemFailures": [{"itemIdentifier": 200}]},
        {"batchItemFailures": ["200"]},
        {"batchItemFailures": {"itemIdentifier": "200"}},
        {"batchItemFailures": "200"},
        "",
        "done",
        [],
        0,
        True,
    ],
)
def test_bad_identifier_or_malformed_response_is_complete_failure(response: object) -> None:
    assert judge(response, NUMBERS).failed_from == 0


@pytest.mark.parametrize(
    ("response", "failed_from"),
    [(failed("100"), 0), (failed("300"), 2), (failed("300", "200"), 1), (failed("200", "200"), 1)],
)
def test_lowest_reported_sequence_number_is_the_checkpoint(
    response: object, failed_from: int
) -> None:
    assert judge(response, NUMBERS).failed_from == failed_from


def test_lowest_is_lowest_by_number_where_text_sorts_otherwise() -> None:
    assert judge(failed("1000", "999"), ["999", "1000"]).failed_from == 0
