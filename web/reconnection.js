/**
 * The button that tries to reconnect at once, for who does not want to wait.
 */

import { find } from "./elements.js";

/** A first try may work within moments: from this many failures in a row the button is shown. */
const FAILURES = 2;

/** Shows the button while the connection is lost. */
export class Reconnection {
  #place = find("remedy");

  /** @param {import("./client/index.js").Leaderboard} leaderboard */
  constructor(leaderboard) {
    const show = (/** @type {import("./client/index.js").Status} */ { state, attempt }) => {
      const isLost = state === "reconnecting" || state === "polling" || state === "offline";
      // It stays while a try runs, so that the keyboard's focus does too.
      if (state === "live" || state === "idle") this.#place.hidden = true;
      else if (isLost && (attempt >= FAILURES || state === "offline")) this.#place.hidden = false;
    };
    find("reconnect").addEventListener("click", () => leaderboard.reconnect());
    leaderboard.on("status", show);
    show(leaderboard.status);
  }
}
