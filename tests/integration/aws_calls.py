"""The one method that every call of AWS goes through, for tests that watch or change calls.

moto's documentation names it for this purpose ("Patching other services"). It is private to
botocore, so its name stands here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

METHOD = "_make_api_call"
Call = Callable[[Any, str, dict[str, Any]], Any]
"""A client, the operation's name and its parameters; the answer."""


def real() -> Call:
    """The method as it is now, whoever has taken it over before."""
    call: Call = getattr(BaseClient, METHOD)
    return call


def take_over(patch: pytest.MonkeyPatch, call: Call) -> None:
    """Have every call made by `call`, a function, until the patch ends."""
    patch.setattr(BaseClient, METHOD, call)
