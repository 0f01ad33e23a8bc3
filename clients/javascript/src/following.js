/*
 * The client's copy of one board, and the protocol's rules for what may replace it.
 *
 * An update is applied only to the version that it starts from; others wait here, since frames may change places on
 * the way. While a newer version is known, the copy is behind, and the link subscribes again. Within one counter
 * (season and epoch) the version says what is newer. Between two epochs only time can: when the service read the
 * board, or published it. Where it cannot, the copy is in doubt, which is behind, too, until a later answer decides.
 */

/** @import { Board } from "./board.js" */
/** @import { Place, Snapshot, Update } from "./frame.js" */

import { applyUpdate, compare, fromSnapshot } from "./board.js";
import { instant } from "./frame.js";

/** Updates kept while the one before them is missing. */
const AHEAD_LIMIT = 32;

/** The copy of one followed board. @internal */
export class Following {
  /** The copy; null before the first snapshot. @type {Board | null} */
  held = null;

  /** Snapshots in a row that could not be told newer or older than what is held. */
  undecided = 0;

  /** When the held counter was last named: what the service read after this is not older. */
  #heldAt = -Infinity;

  /** @type {Update[]} received, but what they start from is not held (yet) */
  #ahead = [];

  /** @type {(Place & {at: number}) | null} the newest place named that is not held */
  #named = null;

  /** @type {number | null} since when it has been unclear which of two counters is the newer one */
  #doubtAt = null;

  /**
   * Takes a whole top, from the socket or over HTTP.
   * @param {Snapshot} snapshot
   * @param {{now: number, readAfter: number, askedAt?: number}} times the service read the top after `readAfter`, and
   *   probably after `askedAt`: that is when the `subscribe` was sent that it seems to answer
   * @returns {boolean} whether it replaced the copy
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
   * Takes an update.
   * @param {Update} update
   * @param {number} now
   * @returns {boolean} whether the copy has changed
   */
  update(update, now) {
    if (this.#ahead.length === AHEAD_LIMIT) this.#ahead.shift();
    this.#ahead.push(update);
    this.name(update, now);
    return this.#catchUp(now);
  }

  /**
   * The service says where the board's counter stands, without the entries.
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
   * The service answered a `subscribe`, sent at `askedAt`. If it named the held counter, doubts from before are settled.
   * @param {Place} place
   * @param {number} askedAt
   */
  answered(place, askedAt) {
    if (!this.held || !sameCounter(place, this.held)) return;
    this.undecided = 0;
    if (this.#doubtAt !== null && askedAt >= this.#doubtAt) this.#settleDoubt();
  }

  /**
   * Takes `total` from a top read over HTTP: there it is counted now, so it may change while the version stays.
   * @param {Snapshot} top
   */
  count(top) {
    if (!this.held || compare(top, this.held) !== "same" || top.total === this.held.total) return;
    this.held = Object.freeze({ ...this.held, total: top.total });
  }

  /** Whether a newer board than the copy is known to exist, or may exist. */
  get behind() {
    return this.held === null || this.#named !== null || this.#doubtAt !== null;
  }

  /** When the held season ends, in milliseconds of server time; Infinity if never. */
  get endsAt() {
    return this.held?.endsAt ? instant(this.held.endsAt) : Infinity;
  }

  /**
   * Whether a snapshot of another counter is newer than the copy, as far as times say it. The time of publishing does not
   * count for a board without a score: its first score follows at once, and the service's clocks are not that exact.
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
   * Replaces the copy.
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
   * Applies the updates that waited for the held version.
   * @param {number} now
   * @returns {boolean} whether there was one
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
 * Whether the versions of two places can be compared.
 * @param {Place} a
 * @param {Place} b
 */
function sameCounter(a, b) {
  return a.season === b.season && a.epoch === b.epoch;
}
