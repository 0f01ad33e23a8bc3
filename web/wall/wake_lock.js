/**
 * Keeps the screen on, where the browser can.
 */

/** Asks for the screen to stay on, and again whenever the page comes back into sight: the browser takes it away then. */
export function stayAwake() {
  const ask = () => {
    if (document.visibilityState !== "visible") return;
    // A browser without it, or a battery that is low: the wall goes on, and the screen may go dark.
    navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
