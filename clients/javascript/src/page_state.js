/*
 * What is known of the page that the client runs in: whether somebody looks at it, and whether it has a network.
 *
 * A hidden page keeps its socket for some minutes, without polling and with few pings. Then the session pauses until
 * the page is seen again. A page that is left pauses at once, since a browser may freeze it with its socket open.
 */

/** @import { PageEvent } from "./events.js" */

/** The page of one session. A server has none, and nothing here ever happens. @internal */
export class PageState {
  #hiddenAt = Infinity;
  #left = false;
  #parts;
  #hurry;

  /**
   * @param {import("./session_parts.js").SessionParts} parts
   * @param {(now: number, wait: number) => void} hurry does whatever waits after `wait` milliseconds at the latest
   */
  constructor(parts, hurry) {
    this.#parts = parts;
    this.#hurry = hurry;
  }

  /** When the session pauses, if nobody looks until then. */
  get pauseAt() {
    return this.#hiddenAt + this.#parts.timing.hiddenAfter;
  }

  /**
   * Whether nobody has looked for so long that no socket is kept.
   * @param {number} now
   */
  isPaused(now) {
    return this.#left || now >= this.pauseAt;
  }

  /**
   * Takes an event of the page. A browser may be wrong when it says that it is offline, so the socket is pinged.
   * @param {PageEvent["type"]} type
   * @param {number} now
   */
  take(type, now) {
    const { connections, random, timing } = this.#parts;
    switch (type) {
      case "hidden":
        this.#hiddenAt = Math.min(this.#hiddenAt, now);
        connections.unwatched = true;
        return;
      case "left":
        this.#left = true;
        return;
      case "visible":
        this.#hiddenAt = Infinity;
        this.#left = connections.unwatched = false;
        return this.#hurry(now, 0);
      case "offline":
        connections.offline = true;
        return connections.current?.probe(now);
      case "online":
        connections.offline = false;
        this.#hurry(now, random() * timing.reconnectBase);
    }
  }
}
