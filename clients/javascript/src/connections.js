/**
 * The connection in use, and the one that is to take its place: when to connect, after how long again, when to change.
 */

/** @typedef {import("./frame.js").Place} Place */
/** @typedef {import("./link.js").Message} Message */
/** @typedef {import("./timing.js").Timing} Timing */

/**
 * @typedef {{do: "connect", link: number} | {do: "disconnect", link: number}
 *   | {do: "send", link: number, message: Message}} ConnectionEffect
 */

import { fullJitter } from "./backoff.js";
import { Link } from "./link.js";

export class Connections {
  /** @type {Link | null} */
  current = null;
  /** Connections lost or failed in a row. */
  failures = 0;
  connectAt = Infinity;
  /** Without a network there is no hurry to connect. */
  offline = false;

  #unwatched = false;
  /** @type {Link | null} */
  #spare = null;
  #spareFailures = 0;
  #count = 0;
  #emit;
  #timing;
  #random;

  /** @param {{timing: Timing, random: () => number, emit: (effect: ConnectionEffect) => void}} surroundings */
  constructor({ timing, random, emit }) {
    this.#timing = timing;
    this.#random = random;
    this.#emit = emit;
  }

  /** @returns {Link[]} */
  get all() {
    return [this.current, this.#spare].filter((link) => link !== null);
  }

  /** Whether nobody looks. */
  set unwatched(/** @type {boolean} */ unwatched) {
    this.#unwatched = unwatched;
    for (const link of this.all) link.unwatched = unwatched;
  }

  get due() {
    return Math.min(...this.all.map(({ due }) => due), this.current ? Infinity : this.connectAt);
  }

  /** @param {number} now */
  start(now) {
    this.failures = 0;
    this.connectAt = now;
  }

  stop() {
    for (const { id } of this.all) this.#emit({ do: "disconnect", link: id });
    this.current = this.#spare = null;
    this.connectAt = Infinity;
  }

  /**
   * Somebody looks, or the network is back.
   * @param {number} now
   * @param {number} wait before connecting, if there is no connection
   */
  hurry(now, wait) {
    this.failures = 0;
    this.current?.probe(now);
    this.connectAt = Math.min(this.connectAt, now + wait);
  }

  /**
   * A connection is gone, or given up.
   * @param {Link} link
   * @param {number} now
   */
  lose(link, now) {
    const { reconnectBase: base, reconnectCap: cap, settledAfter } = this.#timing;
    this.#emit({ do: "disconnect", link: link.id });
    if (link === this.#spare) {
      this.#spare = null;
      const wait = base + fullJitter(this.#random, { attempt: this.#spareFailures, base, cap });
      if (this.current) this.current.replaceAt = now + wait;
      this.#spareFailures += 1;
      return;
    }
    if (link.live && now - link.openedAt >= settledAfter) this.failures = 0;
    this.current = this.#spare;
    this.#spare = null;
    this.connectAt = now + (this.offline ? cap : fullJitter(this.#random, { attempt: this.failures, base, cap }));
    this.failures += 1;
  }

  /**
   * The connection cannot tell what is right; a new one, which has no past, can.
   * @param {Link} link
   * @param {number} now
   */
  distrust(link, now) {
    if (link === this.current && !this.#spare) link.replaceAt = now;
  }

  /**
   * Does all that is due.
   * @param {number} now
   * @param {(board: string) => {behind: boolean, held: Place | null}} standing
   */
  advance(now, standing) {
    for (const link of this.all) if (link.expire(now)) this.lose(link, now);
    if (!this.current && now >= this.connectAt) this.current = this.#connect(now);
    for (const link of this.all) {
      for (const message of link.messages(now, standing)) this.#emit({ do: "send", link: link.id, message });
    }
    this.#replace(now);
  }

  /**
   * A connection that is to end soon goes on until the next one has been answered for every board.
   * @param {number} now
   */
  #replace(now) {
    if (this.current && !this.#spare && now >= this.current.replaceAt) {
      this.current.replaceAt = Infinity;
      this.#spare = this.#connect(now);
    }
    if (this.current && this.#spare?.live) {
      this.#emit({ do: "disconnect", link: this.current.id });
      this.current = this.#spare;
      this.#spare = null;
      this.#spareFailures = 0;
    }
  }

  /** @param {number} now */
  #connect(now) {
    this.#count += 1;
    this.#emit({ do: "connect", link: this.#count });
    const link = new Link(this.#count, { now, timing: this.#timing, random: this.#random });
    link.unwatched = this.#unwatched;
    return link;
  }
}
