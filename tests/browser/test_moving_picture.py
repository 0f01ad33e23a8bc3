"""The moving picture is one that browsers play."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Browser

from tests.browser.moving_picture import film
from tests.browser.played import PlayedBoard, playing

pytestmark = pytest.mark.browser

COLOURS = ["rgb(255, 0, 0)", "rgb(0, 255, 0)", "rgb(0, 0, 255)"]
# What a browser sees in it: each frame's size, how long it is shown, and its pixel in the middle.
DECODE = """async (text) => {
  const data = Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
  const decoder = new ImageDecoder({ data, type: "image/webp" });
  await decoder.tracks.ready;
  const { frameCount, repetitionCount } = decoder.tracks.selectedTrack;
  const frames = [];
  for (let frameIndex = 0; frameIndex < frameCount; frameIndex += 1) {
    const { image } = await decoder.decode({ frameIndex });
    const { displayWidth: width, displayHeight: height, duration } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const [...pixel] = context.getImageData(width / 2, height / 2, 1, 1).data;
    frames.push({ width, height, seconds: duration / 1e6, pixel });
  }
  return { frames, isEndless: repetitionCount === Infinity };
}"""


def test_browser_plays_every_frame(browser: Browser) -> None:
    size = {"width": 200, "height": 100}
    with playing(browser, PlayedBoard(), viewport=size) as (visitor, _):
        page = visitor.page
        visitor.open("arena")

        def paint(number: int) -> None:
            page.evaluate(
                """(colour) => {
                     const cover = document.createElement("div");
                     cover.style.cssText = `position: fixed; inset: 0; background: ${colour}`;
                     document.body.append(cover); }""",
                COLOURS[number],
            )

        picture = film(page, frames=3, every=0.2, scale=0.5, during=paint)
        seen = page.evaluate(DECODE, base64.b64encode(picture).decode())
    assert seen["isEndless"]
    assert [(it["width"], it["height"]) for it in seen["frames"]] == [(100, 50)] * 3
    assert all(0.15 < it["seconds"] < 5 for it in seen["frames"])
    strongest = [it["pixel"].index(max(it["pixel"][:3])) for it in seen["frames"]]
    assert strongest == [0, 1, 2]
