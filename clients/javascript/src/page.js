/**
 * What the page tells: hidden or seen, left or come back to, with a network or without. Nothing, where there is no page.
 */

/**
 * @typedef {object} Page
 * @property {(EventTarget & {visibilityState: string}) | undefined} [document]
 * @property {EventTarget | undefined} [window]
 * @property {{onLine?: boolean} | undefined} [navigator]
 */

/**
 * @param {Page} page
 * @param {(type: "hidden" | "visible" | "left" | "offline" | "online") => void} tell
 * @returns {() => void} stops it
 */
export function watchPage({ document, window, navigator }, tell) {
  const seen = () => tell(document?.visibilityState === "hidden" ? "hidden" : "visible");
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const watched = [
    [document, "visibilitychange", seen],
    [window, "pagehide", () => tell("left")],
    [window, "pageshow", seen],
    [window, "offline", () => tell("offline")],
    [window, "online", () => tell("online")],
  ];
  for (const [target, type, listener] of watched) target?.addEventListener(type, listener);
  if (document?.visibilityState === "hidden") tell("hidden");
  if (window && navigator?.onLine === false) tell("offline");
  return () => {
    for (const [target, type, listener] of watched) target?.removeEventListener(type, listener);
  };
}
