"""A deployed stage's addresses, for a page that is served from here."""

from __future__ import annotations

from local.page import Configuration
from local.stack import RATING_BOARD


def configuration(stage: str, *, region: str | None, prefix: str) -> Configuration:
    """What the page must know of the stage; with this shell's credentials, or those of the local
    stack that runs here. Raises StackFailed."""
    from tools import stage as stages

    found = stages.find(stage, region=region, prefix=prefix)
    return Configuration(
        stage=stage,
        http=found.http,
        socket=found.socket,
        cognito=found.cognito,
        web_client_id=found.outputs["WebClientId"],
        boards=(RATING_BOARD,) if found.emulated else (),
        any_code=found.emulated,
    )
