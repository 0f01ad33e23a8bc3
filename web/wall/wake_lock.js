/**
 * Keeps the screen on, where the browser can.
 */

/** How long after the browser took the screen away it is asked again, in milliseconds. At once could be a loop without end. */
const PAUSE = 1_000;

/** Asks for the screen to stay on, and again whenever the browser gave that up or the page comes back into sight. */
export function stayAwake() {
  /** @type {WakeLockSentinel | undefined} */
  let held;
  const ask = async () => {
    if (document.visibilityState !== "visible" || held?.released === false) return;
    try {
      held = await navigator.wakeLock?.request("screen");
      held?.addEventListener("release", () => setTimeout(ask, PAUSE), { once: true });
    } catch {
      // A browser without it, or a battery that is low: the wall goes on, and the screen may go dark.
    }
  };
  document.addEventListener("visibilitychange", ask);
  void ask();
}
