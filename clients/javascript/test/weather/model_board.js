/**
 * One board of the model service: its rules, its ranking, its counter, and every top that was ever recorded.
 */

/** @typedef {{rank: number, place: number, userId: string, userName: string, userScore: number, scoreUpdatedAt: string,
 *   was: number | null}} Entry */
/**
 * @typedef {{board: string, season: string, epoch: string | null, version: number, total: number, endsAt: string | null,
 *   since: string | null, entries: Entry[], scoredAt: string | null, recordedAt: number}} Record
 */
/**
 * `seasons`: their lengths in milliseconds; the last one goes on.
 * @typedef {{name: string, topSize: number, users: number, seasons: number[], frameInterval: number}} Rules
 */

/** When the day of these boards began, and the rank that a user had then. Two of three were in the top. */
export const MIDNIGHT = "2026-11-23T00:00:00.000Z";
export const rankAtMidnight = (/** @type {string} */ userId) => {
  const number = Number(userId.replace(/\D/g, ""));
  return number % 3 === 0 ? null : number;
};

export const rfc3339 = (/** @type {number} */ time) => new Date(time).toISOString();

/** The state of a board; the service changes it. */
export class ModelBoard {
  /** @type {Record[]} every top that was ever recorded, in order */
  history = [];
  /** @type {Map<string, {userName: string, userScore: number, at: number}>} */
  ranking = new Map();
  /** @type {string | null} */
  epoch = null;
  version = 0;
  /** @type {Record | null} what subscribers were last sent */
  sent = null;
  framePlanned = false;
  recordPlanned = false;
  /** The counter is lost and not yet made anew. */
  counterLost = false;
  seasonNumber = 0;
  seasonEnds;

  /**
   * @param {Rules} rules
   * @param {number} now
   */
  constructor(rules, now) {
    this.rules = rules;
    this.seasonEnds = rules.seasons.length > 1 ? now + rules.seasons[0] : Infinity;
  }

  get season() {
    if (this.rules.seasons.length === 1) return "all";
    return new Date(Date.UTC(2026, 10, 23 + this.seasonNumber)).toISOString().slice(0, 10);
  }

  get record() {
    return this.history[this.history.length - 1];
  }
}
