"""What axe-core finds on a page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from local.service import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# A wait until nothing moves: what is half-way transparent has no contrast yet.
SETTLE = """async () => {
  // A document does not list what moves in the shadow of its elements.
  const shadows = [...document.querySelectorAll("*")].flatMap((it) => it.shadowRoot ?? []);
  const running = () => [document, ...shadows].flatMap((it) => it.getAnimations());
  const ending = () => running().filter((it) =>
    it.playState === "running" && it.effect.getComputedTiming().endTime < Infinity);
  while (ending().length) {
    for (const it of ending()) it.finish();
    await new Promise(requestAnimationFrame);
  }
}"""


def violations(page: Page) -> list[str]:
    page.evaluate(SETTLE)
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{it['id']}: {it['help']} ({', '.join(node['html'][:80] for node in it['nodes'])})"
        for it in found["violations"]
    ]
