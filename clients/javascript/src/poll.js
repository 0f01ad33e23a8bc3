/*
 * When to read one board over HTTP: at an interval, with longer waits after failures, and never twice at once.
 */

/** @import { Timing } from "./timing.js" */

/** The reads of one board. All times are milliseconds. @internal */
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

  /**
   * A read is sent.
   * @param {number} now
   */
  start(now) {
    this.sentAt = now;
  }

  /** The read under way is given up, and counts neither as a success nor as a failure. */
  stop() {
    this.sentAt = null;
  }

  /**
   * The read brought a top: the next one follows after an interval.
   * @param {number} now
   */
  succeed(now) {
    this.failures = 0;
    this.#plan(now, this.#timing.pollInterval);
  }

  /**
   * The read brought nothing: the wait doubles.
   * @param {number} now
   * @param {number} retryAfter what the service asked for
   */
  fail(now, retryAfter) {
    this.failures += 1;
    const { pollInterval, pollCap } = this.#timing;
    this.#plan(now, Math.max(retryAfter, Math.min(pollCap, pollInterval * 2 ** this.failures)));
  }

  /**
   * Somebody looks: the next read does not wait longer than this.
   * @param {number} at
   */
  hurry(at) {
    this.#nextAt = Math.min(this.#nextAt, at);
  }

  /**
   * Whether the read under way has taken too long.
   * @param {number} now
   */
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
