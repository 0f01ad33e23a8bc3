"""A moving picture of a page: Chrome takes each frame as WebP, and they are put into one file."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Page

QUALITY = 72


def film(
    page: Page,
    *,
    frames: int,
    every: float,
    scale: float = 1,
    during: Callable[[int], None] = lambda _: None,
) -> bytes:
    """So many frames of what the window shows, at least `every` seconds apart. `during` is told
    the number of each frame before it is taken."""
    size = page.viewport_size
    assert size is not None
    devtools = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": scale}
    taken: list[tuple[float, bytes]] = []
    for number in range(frames):
        during(number)
        started = time.monotonic()
        answer = devtools.send(
            "Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "clip": clip}
        )
        taken.append((started, base64.b64decode(answer["data"])))
        page.wait_for_timeout(max(0, 1000 * (every - (time.monotonic() - started))))
    devtools.detach()
    starts = [started for started, _ in taken] + [time.monotonic()]
    seconds = [after - before for before, after in pairwise(starts)]
    return joined(
        [(picture, 1000 * wait) for (_, picture), wait in zip(taken, seconds, strict=True)],
        width=round(size["width"] * scale),
        height=round(size["height"] * scale),
    )


def joined(frames: list[tuple[bytes, float]], *, width: int, height: int) -> bytes:
    """One animated WebP that repeats for ever, from whole ones of the same size and how many
    milliseconds each is shown."""
    is_animated = 0b10
    header = struct.pack("<I", is_animated) + _three(width - 1) + _three(height - 1)
    white, for_ever = b"\xff\xff\xff\xff", b"\0\0"
    # A frame takes the place of the one before it, with nothing mixed.
    replaces = b"\x02"
    chunks = [_chunk(b"VP8X", header), _chunk(b"ANIM", white + for_ever)]
    for picture, milliseconds in frames:
        place = _three(0) * 2 + _three(width - 1) + _three(height - 1)
        shown = place + _three(round(milliseconds)) + replaces
        chunks.append(_chunk(b"ANMF", shown + _image(picture)))
    return _chunk(b"RIFF", b"WEBP" + b"".join(chunks))


def _image(picture: bytes) -> bytes:
    """The chunks of a WebP that hold its pixels, without what is said of the whole file."""
    found, at = b"", len(b"RIFF....WEBP")
    while at < len(picture):
        name, size = struct.unpack_from("<4sI", picture, at)
        end = at + 8 + size + size % 2
        if name in {b"ALPH", b"VP8 ", b"VP8L"}:
            found += picture[at:end]
        at = end
    return found


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]
