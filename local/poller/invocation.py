"""What a function sees of its invocation, and what the test sees of it afterwards."""

import uuid
from dataclasses import dataclass

from local.poller.clock import Time


@dataclass(slots=True)
class Context:
    """The second argument of a Lambda handler, in virtual time."""

    clock: Time
    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    deadline: float
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1024
    log_group_name: str = "/aws/lambda/poller"
    log_stream_name: str = "poller"

    def get_remaining_time_in_millis(self) -> int:
        """Virtual milliseconds until the invocation is killed."""
        return max(0, round((self.deadline - self.clock.time()) * 1000))


def request_id(name: str) -> str:
    """A request id that depends on nothing but the invocation's name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
