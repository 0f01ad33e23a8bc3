"""The options of an event source mapping, under the names that serverless.yml gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

_NAMES = {
    "batchSize": "batch_size",
    "batchWindow": "batch_window",
    "startingPosition": "starting_position",
    "parallelizationFactor": "parallelization_factor",
    "maximumRetryAttempts": "maximum_retry_attempts",
    "maximumRecordAgeInSeconds": "maximum_record_age",
    "bisectBatchOnFunctionError": "bisect",
}
_DEPLOYED = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "batch_window",
    "StartingPosition": "starting_position",
    "ParallelizationFactor": "parallelization_factor",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "MaximumRecordAgeInSeconds": "maximum_record_age",
    "BisectBatchOnFunctionError": "bisect",
}
_IGNORED = {"type", "arn", "destinations", "enabled"}
_RESPONSE_TYPE = "functionResponseType"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Defaults and bounds are AWS's: "Lambda parameters for Amazon DynamoDB event source
    mappings".

    Times are in seconds; -1 is endless for `maximum_retry_attempts` and `maximum_record_age`.
    """

    batch_size: int = 100
    batch_window: float = 0
    starting_position: Literal["TRIM_HORIZON", "LATEST"] = "TRIM_HORIZON"
    parallelization_factor: int = 1
    maximum_retry_attempts: int = -1
    maximum_record_age: int = -1
    bisect: bool = False
    report_batch_item_failures: bool = False

    def __post_init__(self) -> None:
        within = {
            "batch_size": 1 <= self.batch_size <= 10_000,
            "batch_window": 0 <= self.batch_window <= 300,
            "starting_position": self.starting_position in {"TRIM_HORIZON", "LATEST"},
            "parallelization_factor": 1 <= self.parallelization_factor <= 10,
            "maximum_retry_attempts": -1 <= self.maximum_retry_attempts <= 10_000,
            "maximum_record_age": self.maximum_record_age == -1
            or 60 <= self.maximum_record_age <= 604_800,
        }
        wrong = [f"{name}={getattr(self, name)!r}" for name, fits in within.items() if not fits]
        if wrong:
            message = f"AWS refuses {', '.join(wrong)}"
            raise ValueError(message)

    @classmethod
    def from_serverless(cls, stream: Mapping[str, Any]) -> Self:
        """Read the `stream:` event of a function in serverless.yml, so that tests run what deploys.

        Options that this double does not model are refused, rather than left out in silence.
        """
        unknown = set(stream) - set(_NAMES) - _IGNORED - {_RESPONSE_TYPE}
        if unknown:
            message = f"not modelled: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        # The framework deploys 10 where AWS itself would take 100.
        given: dict[str, Any] = {"batch_size": 10}
        given |= {_NAMES[name]: value for name, value in stream.items() if name in _NAMES}
        return cls(
            **given,
            report_batch_item_failures=stream.get(_RESPONSE_TYPE) == "ReportBatchItemFailures",
        )

    @classmethod
    def from_deployed(cls, mapping: Mapping[str, Any]) -> Self:
        """Read an event source mapping as Lambda's API describes it."""
        given = {_DEPLOYED[name]: value for name, value in mapping.items() if name in _DEPLOYED}
        return cls(
            **given,
            report_batch_item_failures="ReportBatchItemFailures"
            in mapping.get("FunctionResponseTypes", ()),
        )
