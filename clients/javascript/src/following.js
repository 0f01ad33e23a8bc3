/**
 * One followed board: what is held, what is known to be newer, and the contract's rules for what may replace what.
 * Knows frames and times, no connection.
 */

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./frame.js").Place} Place */
/** @typedef {import("./frame.js").Snapshot} Snapshot */
/** @typedef {import("./frame.js").Update} Update */

import { applyUpdate, compare, fromSnapshot } from "./board.js";
import { instant } from "./frame.js";

/** Updates kept while the one before them is missing. */
const AHEAD_LIMIT = 32;

export class Following {
  /** @type {Board | null} */
  held = null;

  /** Snapshots in a row that could not be told newer or older than what is held. */
  undecided = 0;

  /** When the held board's counter was last named: whatever the service read after this is not older. */
  #heldAt = -Infinity;

  /** @type {Update[]} received, but what they start from is not held (yet) */
  #ahead = [];

  /** @type {(Place & {at: number}) | null} the newest place named that is not held */
  #named = null;

  /** @type {number | null} since when it has been unclear which of two counters is the newer one */
  #doubtAt = null;

  /**
   * A whole top, from the socket or over HTTP.
   * @param {Snapshot} snapshot
   * @param {{now: number, readAfter: number, askedAt?: number}} times the service read it after `readAfter`, and probably
   *   after `askedAt`, when the last `subscribe` was sent that still waits for an answer
   * @returns {boolean} whether the held board is another one now
   */
  snapshot(snapshot, { now, readAfter, askedAt = -Infinity }) {
    const place = this.held ? compare(snapshot, this.held) : "newer";
    if (place === "apart" && !this.#isLater(snapshot, readAfter, askedAt)) {
      this.undecided += 1;
      this.#doubtAt = now;
      return false;
    }
    if (place === "older" || place === "same") {
      this.#agree(snapshot, now);
      return false;
    }
    const crossed = this.held !== null && !sameCounter(snapshot, this.held);
    this.#take(fromSnapshot(snapshot), now, crossed);
    return true;
  }

  /**
   * @param {Update} update
   * @param {number} now
   * @returns {boolean} whether the held board is another one now
   */
  update(update, now) {
    if (this.#ahead.length === AHEAD_LIMIT) this.#ahead.shift();
    this.#ahead.push(update);
    this.name(update, now);
    return this.#catchUp(now);
  }

  /**
   * The service says that the board's counter is here.
   * @param {Place} place
   * @param {number} now
   */
  name({ season, epoch, version }, now) {
    const named = { season, epoch, version, at: now };
    if (!this.held) {
      if (!this.#named || compare(named, this.#named) !== "older") this.#named = named;
      return;
    }
    const place = compare(named, this.held);
    if (place === "apart") this.#doubtAt = now;
    if (place === "newer" && (!this.#named || compare(named, this.#named) === "newer")) this.#named = named;
    if (place !== "apart") this.#agree(named, now);
  }

  /**
   * The service answered a `subscribe` that was sent at `askedAt` with a place of the held counter: it had not moved to
   * another one by then.
   * @param {Place} place
   * @param {number} askedAt
   */
  answered(place, askedAt) {
    if (!this.held || !sameCounter(place, this.held)) return;
    this.undecided = 0;
    if (this.#doubtAt !== null && askedAt >= this.#doubtAt) this.#settleDoubt();
  }

  /**
   * Over HTTP `total` is the ranking's as it is now, so it may change while the version stays.
   * @param {Snapshot} top
   */
  count(top) {
    if (!this.held || compare(top, this.held) !== "same" || top.total === this.held.total) return;
    this.held = Object.freeze({ ...this.held, total: top.total });
  }

  /** Whether something newer than the held board is known to exist, or may. */
  get behind() {
    return this.held === null || this.#named !== null || this.#doubtAt !== null;
  }

  /** When the held season ends, in milliseconds of server time; Infinity if never. */
  get endsAt() {
    return this.held?.endsAt ? instant(this.held.endsAt) : Infinity;
  }

  /**
   * Of two counters time must tell: read after the held one was last named, or published later. A board without a score
   * is published just before its first one, and the service's clocks are not that exact.
   * @param {Snapshot} snapshot
   * @param {number} readAfter
   * @param {number} askedAt
   */
  #isLater({ epoch, publishedAt }, readAfter, askedAt) {
    if (readAfter > this.#heldAt) return true;
    if (epoch === null) return false;
    const ahead = instant(publishedAt) - instant(this.held?.publishedAt);
    return ahead > 0 || (!(ahead < 0) && askedAt >= this.#heldAt);
  }

  /**
   * @param {Place} place
   * @param {number} now
   */
  #agree(place, now) {
    if (this.held && sameCounter(place, this.held)) this.#heldAt = now;
  }

  /**
   * @param {Board} board
   * @param {number} now
   * @param {boolean} crossed from one counter to another
   */
  #take(board, now, crossed) {
    const left = this.held;
    this.held = board;
    this.#heldAt = now;
    if (crossed) {
      this.undecided = 0;
      this.#doubtAt = null;
      this.#ahead = this.#ahead.filter((update) => !left || !sameCounter(update, left));
    }
    const named = this.#named;
    const place = named && compare(named, board);
    if (place !== "newer") this.#named = null;
    if (named && place === "apart" && !(crossed && left && sameCounter(named, left))) this.#doubtAt = named.at;
    this.#catchUp(now);
  }

  /**
   * Applies what waited for the held version.
   * @param {number} now
   * @returns {boolean} whether the held board is another one now
   */
  #catchUp(now) {
    const { held } = this;
    if (!held) return false;
    this.#ahead = this.#ahead.filter((update) => !["older", "same"].includes(compare(update, held)));
    const next = this.#ahead.find((update) => sameCounter(update, held) && update.from === held.version);
    if (!next) return false;
    const board = applyUpdate(held, next);
    if (!board) {
      this.#ahead = this.#ahead.filter((update) => update !== next);
      return false;
    }
    this.#take(board, now, false);
    return true;
  }

  #settleDoubt() {
    this.#doubtAt = null;
    this.#ahead = this.#ahead.filter((update) => this.held && compare(update, this.held) === "newer");
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function sameCounter(a, b) {
  return a.season === b.season && a.epoch === b.epoch;
}
