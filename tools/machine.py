"""Prints ready commands for a stage's first trusted write, or its first moderator's act: with the
addresses that the stack knows, and the client's secret that the user pool keeps."""

from __future__ import annotations

import argparse
import sys
from shlex import quote

from leaderboard.boards.snapshots import USER_ID
from local.stack import StackFailed
from tools import stage as stages
from tools.stage import Client, Stage

PREAMBLE = r"""# The client {client} of stage {stage} ({region}). These lines hold its secret: keep them to yourself.
token=$(curl -sSf -u {credentials} \
  -d 'grant_type=client_credentials&scope={scope}' {token_url} \
  | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
"""  # noqa: E501
MACHINE = """\
[ -n "$token" ] && curl -sS --fail-with-body -X PUT {http}/boards/global/users/{user}/score \\
  -H "authorization: Bearer $token" -H 'content-type: application/json' \\
  -d '{{"delta": 500, "submissionId": "first-write"}}'
"""
MODERATOR = """\
[ -n "$token" ] && curl -sS --fail-with-body {http}/users/{user}/standing \\
  -H "authorization: Bearer $token"

# Off every board, and back again with "visible" (docs/operations.md, Moderating):
# curl -sS -X PUT {http}/users/{user}/standing \\
#   -H "authorization: Bearer $token" -H 'content-type: application/json' \\
#   -d '{{"standing": "hidden", "reason": "name under review"}}'
"""
COMMANDS = {
    "machine": ("leaderboard/scores.write", MACHINE),
    "moderator": ("leaderboard/moderate", MODERATOR),
}


def commands(stage: Stage, name: str, client: Client, *, user: str) -> str:
    """What to run in a shell as that client."""
    scope, call = COMMANDS[name]
    return (PREAMBLE + call).format(
        client=name,
        stage=stage.name,
        region=stage.region,
        credentials=quote(f"{client.id}:{client.secret}"),
        scope=scope,
        token_url=stage.token_url,
        http=stage.http,
        user=user,
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.machine",
        description="Print ready commands that get a client-credentials token of a stage and use "
        "it. Pipe them into `sh` to run them: so the secret is not shown.",
    )
    parser.add_argument("--stage", default="dev", help="the stage (default dev)")
    parser.add_argument("--region", help="its Region (default: as README says)")
    parser.add_argument(
        "--prefix", default="", help="its param `prefix` (default: as serverless.yml says)"
    )
    parser.add_argument(
        "--client",
        choices=COMMANDS,
        default="machine",
        help="machine writes a score, moderator reads a standing (default machine)",
    )
    parser.add_argument(
        "--user", type=user_id, default="ada", help="whom the commands name (default ada)"
    )
    return parser.parse_args()


def user_id(text: str) -> str:
    if not USER_ID.fullmatch(text):
        raise argparse.ArgumentTypeError("a user id is 1 to 64 of A-Z a-z 0-9 . _ : -")
    return text


def main() -> int:
    arguments = parse()
    try:
        stage = stages.find(arguments.stage, region=arguments.region, prefix=arguments.prefix)
        client = stage.secret_client(arguments.client)
    except StackFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print(commands(stage, arguments.client, client, user=arguments.user), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
