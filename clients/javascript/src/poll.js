/**
 * When to read one board over HTTP: at an interval, with backoff after failures, never twice at once.
 */

/** @typedef {import("./timing.js").Timing} Timing */

export class Poll {
  /** Reads in a row that brought nothing. */
  failures = 0;
  /** When the read that is under way was sent; null if none is. @type {number | null} */
  sentAt = null;
  #nextAt = -Infinity;
  #timing;
  #random;

  /** @param {{timing: Timing, random: () => number}} surroundings */
  constructor({ timing, random }) {
    this.#timing = timing;
    this.#random = random;
  }

  /** @param {number} now */
  start(now) {
    this.sentAt = now;
  }

  stop() {
    this.sentAt = null;
  }

  /** @param {number} now */
  succeed(now) {
    this.failures = 0;
    this.#plan(now, this.#timing.pollInterval);
  }

  /**
   * @param {number} now
   * @param {number} retryAfter what the service asked for, in milliseconds
   */
  fail(now, retryAfter) {
    this.failures += 1;
    const { pollInterval, pollCap } = this.#timing;
    this.#plan(now, Math.max(retryAfter, Math.min(pollCap, pollInterval * 2 ** this.failures)));
  }

  /** @param {number} at somebody wants to know by then */
  hurry(at) {
    this.#nextAt = Math.min(this.#nextAt, at);
  }

  /** @param {number} now */
  isOverdue(now) {
    return this.sentAt !== null && now >= this.sentAt + this.#timing.fetchTimeout;
  }

  /**
   * When to start the next read, or to give up the one that is under way.
   * @param {number} from polling is not wanted before
   */
  due(from) {
    return this.sentAt === null ? Math.max(from, this.#nextAt) : this.sentAt + this.#timing.fetchTimeout;
  }

  /**
   * @param {number} now
   * @param {number} wait
   */
  #plan(now, wait) {
    this.sentAt = null;
    this.#nextAt = now + wait * (0.8 + 0.4 * this.#random());
  }
}
