/*
 * The connection in use, and the one that is to take its place.
 *
 * A client has one connection for all boards. After a loss it waits a random time, whose limit doubles with each
 * failure, so that a crowd does not come back at once. Before the gateway's limit of two hours a second connection,
 * the spare, opens beside the first. It takes over when it has answered for every board, so no board is ever without
 * one. If the spare fails, the first goes on.
 */

/** @import { Effect } from "./effects.js" */
/** @import { BoardState } from "./link.js" */
/** @import { Timing } from "./timing.js" */

import { fullJitter } from "./backoff.js";
import { Link } from "./link.js";

/** The links of one session: the current one, and a spare while it is being replaced. @internal */
export class Connections {
  /** @type {Link | null} */
  current = null;
  /** Connections lost or failed in a row. */
  failures = 0;
  /** When to connect, if there is no current link. */
  connectAt = Infinity;
  /** Whether the browser says that there is no network: then there is no hurry to connect. */
  offline = false;
  /** Whether nobody looks at the page. */
  unwatched = false;

  /** @type {Link | null} */
  #spare = null;
  #spareFailures = 0;
  #count = 0;
  #emit;

  /** @param {{timing: Timing, random: () => number, emit: (effect: Effect) => void}} surroundings */
  constructor({ timing, random, emit }) {
    this.timing = timing;
    this.random = random;
    this.#emit = emit;
  }

  /** The current link first. @returns {Link[]} */
  get all() {
    return [this.current, this.#spare].filter((link) => link !== null);
  }

  /**
   * The link with this number; undefined if it is gone.
   * @param {number} number
   */
  find(number) {
    return this.all.find((link) => link.number === number);
  }

  /** When there is something to do next; Infinity if nothing is. */
  get due() {
    return Math.min(...this.all.map(({ due }) => due), this.current ? Infinity : this.connectAt);
  }

  /**
   * Connects with the next `advance`.
   * @param {number} now
   */
  start(now) {
    this.failures = 0;
    this.connectAt = now;
  }

  /** Closes every link and opens none. */
  stop() {
    for (const { number } of this.all) this.#emit({ do: "disconnect", link: number });
    this.current = this.#spare = null;
    this.connectAt = Infinity;
  }

  /**
   * Somebody looks, or the network is back: the current link has to answer soon.
   * @param {number} now
   * @param {number} wait before connecting, if there is no connection
   */
  hurry(now, wait) {
    this.failures = 0;
    this.current?.probe(now);
    this.connectAt = Math.min(this.connectAt, now + wait);
  }

  /**
   * Lets a link go whose socket is lost or given up, and plans the next try.
   * @param {Link} link
   * @param {number} now
   */
  lose(link, now) {
    const { reconnectBase: base, reconnectCap: cap, settledAfter } = this.timing;
    this.#emit({ do: "disconnect", link: link.number });
    if (link === this.#spare) {
      this.#spare = null;
      const wait = base + fullJitter(this.random, { attempt: this.#spareFailures, base, cap });
      if (this.current) this.current.replaceAt = now + wait;
      this.#spareFailures += 1;
      return;
    }
    // One that opened and ended at once does not end a row of failures.
    if (link.live && now - link.openedAt >= settledAfter) this.failures = 0;
    this.current = this.#spare;
    this.#spare = null;
    this.connectAt = now + (this.offline ? cap : fullJitter(this.random, { attempt: this.failures, base, cap }));
    this.failures += 1;
  }

  /**
   * Replaces the current link now: it cannot tell what is right. A new one can, since it has no past.
   * @param {Link} link
   * @param {number} now
   */
  distrust(link, now) {
    if (link === this.current && !this.#spare) link.replaceAt = now;
  }

  /**
   * Does all that is due.
   * @param {number} now
   * @param {(board: string) => BoardState} boardState what is known of a board, by its name
   */
  advance(now, boardState) {
    for (const link of this.all) if (link.expire(now)) this.lose(link, now);
    if (!this.current && now >= this.connectAt) this.current = this.#connect(now);
    for (const link of this.all) {
      for (const message of link.messages(now, boardState)) this.#emit({ do: "send", link: link.number, message });
    }
    this.#replace(now);
  }

  /** @param {number} now */
  #replace(now) {
    if (this.current && !this.#spare && now >= this.current.replaceAt) {
      this.current.replaceAt = Infinity;
      this.#spare = this.#connect(now);
    }
    if (this.current && this.#spare?.live) {
      this.#emit({ do: "disconnect", link: this.current.number });
      this.current = this.#spare;
      this.#spare = null;
      this.#spareFailures = 0;
    }
  }

  /** @param {number} now */
  #connect(now) {
    this.#count += 1;
    this.#emit({ do: "connect", link: this.#count });
    return new Link(this.#count, now, this);
  }
}
