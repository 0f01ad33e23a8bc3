"""The command line: `up` runs a stack here, `watch` follows a board, `rotate` renews a key."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any

from leaderboard_client import BoardNotFound
from local import announcement
from local.page import PortInUse
from local.players import playing
from local.service import ToolFailed
from local.stack import Addresses, Stack, StackFailed, StartProgress, running

Commands = Any  # argparse names the type in a private way

BOARD = "global"
# `allowedOrigins` in serverless.yml has http://localhost:5173.
PAGE_PORT = 5173
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def main() -> int:
    arguments = parse()
    # Said again, because a shell starts background commands with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        command: Callable[[argparse.Namespace], None] = arguments.command
        command(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, such as `head -1`, has enough. What is left to print goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (BoardNotFound, PortInUse, StackFailed, ToolFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """A polite kill is Ctrl-C by another name, and once is enough."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The whole service on this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_up, add_watch, add_page, add_rotate):
        add(commands)
    return parser.parse_args()


def add_up(commands: Commands) -> None:
    parser = commands.add_parser(
        "up",
        help="run the service until Ctrl-C",
        description="Run the whole service here, on loopback, until Ctrl-C or SIGTERM.",
    )
    parser.add_argument(
        "--players", type=count, default=0, metavar="N", help="sample players that play (default 0)"
    )
    parser.add_argument(
        "--port", type=port, default=0, metavar="P", help="the gateway's port (default: a free one)"
    )
    parser.add_argument(
        "--page-port",
        type=port,
        default=0,
        metavar="P",
        help="the page's port (default: a free one)",
    )
    parser.add_argument(
        "--origin",
        type=origin,
        action="append",
        default=[],
        metavar="URL",
        help="another page that may use it or show it in a frame, e.g. http://localhost:3000 "
        "(repeatable)",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--json",
        action="store_true",
        help="print the addresses as one line of JSON once all is ready",
    )
    shown.add_argument(
        "--watch",
        nargs="?",
        const=BOARD,
        metavar="BOARD",
        help=f"then show a board live in the terminal (default {BOARD})",
    )
    parser.set_defaults(command=up)


def add_watch(commands: Commands) -> None:
    parser = commands.add_parser(
        "watch",
        help="follow a board in the terminal",
        description="Follow a board of a running stack in the terminal.",
    )
    parser.add_argument("board", metavar="BOARD")
    parser.add_argument(
        "--url",
        metavar="URL",
        help="the socket's address (default: that of the stack that was started first)",
    )
    parser.set_defaults(command=watch)


def add_page(commands: Commands) -> None:
    parser = commands.add_parser(
        "page",
        help="serve the page against a deployed stage",
        description="Serve the page here until Ctrl-C, against a deployed stage.",
    )
    parser.add_argument("--stage", default="dev", help="the stage (default dev)")
    parser.add_argument(
        "--prefix", default="", help="its param `prefix` (default: as serverless.yml says)"
    )
    parser.add_argument(
        "--region", help="its Region (default: the shell's, as `make doctor` says it)"
    )
    parser.add_argument(
        "--port",
        type=port,
        default=PAGE_PORT,
        metavar="P",
        help=f"on the stage's list of allowed origins (default {PAGE_PORT})",
    )
    parser.set_defaults(command=serve_page)


def add_rotate(commands: Commands) -> None:
    parser = commands.add_parser(
        "rotate",
        help="give a deployed stage a new key for its tickets",
        description="Put a new key in place of the one that signs a deployed stage's tickets. "
        "Tickets already issued stay valid.",
    )
    parser.add_argument("--stage", default="dev", help="the stage (default dev)")
    parser.add_argument(
        "--prefix", default="", help="its param `prefix` (default: as serverless.yml says)"
    )
    parser.add_argument(
        "--region", help="its Region (default: the shell's, as `make doctor` says it)"
    )
    parser.add_argument(
        "--revoke",
        action="store_true",
        help="accept no other key any more, after a leak: tickets already issued are refused",
    )
    parser.set_defaults(command=rotate)


def count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 200:
        raise argparse.ArgumentTypeError("0 to 200 players")
    return number


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return number


def origin(text: str) -> str:
    """Browsers compare origins by the letter, so a slash or a path would never match."""
    if not ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text} is no origin: scheme, host and port alone, e.g. http://localhost:3000"
        )
    return text


def up(arguments: argparse.Namespace) -> None:
    report = StartProgress()
    with ExitStack() as stack:
        service = stack.enter_context(
            running(
                port=arguments.port,
                page_port=arguments.page_port,
                origins=arguments.origin,
                report=report,
            )
        )
        stack.enter_context(announcement.announced(service.addresses))
        if arguments.players:
            stack.enter_context(
                playing(service.addresses, players=arguments.players, report=report)
            )
        report("ready; Ctrl-C stops it")
        with suppress(KeyboardInterrupt):
            show(service, arguments)
        report("stopping")
    report("stopped")


def show(service: Stack, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(service.addresses.to_json(), flush=True)
        service.wait()
    elif arguments.watch:
        from local import view

        view.run(service.addresses.socket, arguments.watch, header=summary(service.addresses))
    else:
        print(summary(service.addresses), flush=True)
        service.wait()


def summary(addresses: Addresses) -> str:
    return "\n".join(
        (
            f"page       {addresses.page}",
            f"HTTP API   {addresses.http}",
            f"socket     {addresses.socket}",
            f"user pool  {addresses.user_pool_id} at {addresses.cognito}",
            f"web client {addresses.web_client_id}",
            f"logs       {addresses.log}",
        )
    )


def watch(arguments: argparse.Namespace) -> None:
    from local import view

    url, header = followed(arguments.url)
    view.run(url, arguments.board, header=header)


def followed(url: str | None) -> tuple[str, str]:
    """The socket to follow, and what to say of it; nothing of one that was named.

    Raises StackFailed where no stack runs.
    """
    if url is not None:
        return url, ""
    found = announcement.socket_url()
    return found, f"{found} (of several stacks the first; --url follows another, by its socket)"


def serve_page(arguments: argparse.Namespace) -> None:
    from local import deployed
    from local.page import serving

    configuration = deployed.configuration(
        arguments.stage, region=arguments.region, prefix=arguments.prefix
    )
    with serving(configuration, port=arguments.port) as page, suppress(KeyboardInterrupt):
        # By this name, since browsers compare origins by the letter.
        print(f"page       http://localhost:{page.port}/ (stage {arguments.stage})", flush=True)
        signal.pause()


def rotate(arguments: argparse.Namespace) -> None:
    from local import keys

    told = keys.rotate_stage(
        arguments.stage, region=arguments.region, prefix=arguments.prefix, revoke=arguments.revoke
    )
    print(told)


if __name__ == "__main__":
    sys.exit(main())
