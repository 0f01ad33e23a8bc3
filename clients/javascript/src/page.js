/*
 * Listens to the page that the client runs in: whether it is visible, was left, and has a network. A server has no page.
 */

/**
 * The parts of a browser that are listened to; tests give their own.
 * @typedef {object} Page
 * @property {(EventTarget & {visibilityState: string}) | undefined} [document]
 * @property {EventTarget | undefined} [window]
 * @property {{onLine?: boolean} | undefined} [navigator]
 */

/**
 * Calls `tell` at every change, and at once if the page is hidden or offline already.
 * @param {Page} page
 * @param {(type: import("./events.js").PageEvent["type"]) => void} tell
 * @returns {() => void} stops listening
 * @internal
 */
export function watchPage({ document, window, navigator }, tell) {
  const look = () => tell(document?.visibilityState === "hidden" ? "hidden" : "visible");
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const watched = [
    [document, "visibilitychange", look],
    [window, "pagehide", () => tell("left")],
    [window, "pageshow", look],
    [window, "offline", () => tell("offline")],
    [window, "online", () => tell("online")],
  ];
  const each = (/** @type {"addEventListener" | "removeEventListener"} */ change) => {
    for (const [target, type, listener] of watched) target?.[change](type, listener);
  };
  each("addEventListener");
  if (document?.visibilityState === "hidden") look();
  if (window && navigator?.onLine === false) tell("offline");
  return () => each("removeEventListener");
}
