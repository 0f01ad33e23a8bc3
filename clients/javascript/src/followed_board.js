/*
 * The state of one followed board: its copy, its reads over HTTP and what is known of its freshness.
 */

/** @import { Poll } from "./poll.js" */

import { Following } from "./following.js";

/** One board that somebody listens to, or did until a moment ago. @internal */
export class FollowedBoard {
  following = new Following();
  /** Its reads over HTTP, from the moment at which it may be read. @type {Poll} */
  poll = /** @type {any} */ (null);
  /** When to stop following it; Infinity while it has a listener. */
  forgetAt = Infinity;
  /** The last time at which the held board was known to be the service's own. */
  freshAt = -Infinity;
  fresh = false;
  /** Whether the service's last answer was that there is no such board. */
  refused = false;
  #rollDelay;

  /**
   * @param {string} name
   * @param {number} rollDelay milliseconds after a season's end, when to ask for the next one
   */
  constructor(name, rollDelay) {
    this.name = name;
    this.#rollDelay = rollDelay;
  }

  /**
   * When to ask for the next season, if it has not come by itself; Infinity if there is none.
   * @param {number} offset the time of the service minus this client's
   */
  nextSeasonAt(offset) {
    return this.following.endsAt - offset + this.#rollDelay;
  }

  /**
   * What a link has to know of the board.
   * @param {number} now
   * @param {number} offset
   * @returns {import("./link.js").BoardState}
   */
  state(now, offset) {
    const { behind, held } = this.following;
    return { behind: behind || now >= this.nextSeasonAt(offset), held };
  }
}
