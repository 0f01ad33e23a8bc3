/**
 * One board of the model service: its rules, its ranking, its counter, and every top that was ever recorded.
 */

/** @typedef {{rank: number, place: number, userId: string, userName: string, userScore: number, scoreUpdatedAt: string}} Entry */
/**
 * @typedef {{board: string, season: string, epoch: string | null, version: number, total: number, endsAt: string | null,
 *   entries: Entry[], scoredAt: string | null, recordedAt: number}} Record
 */
/**
 * `seasons`: their lengths in milliseconds; the last one goes on.
 * @typedef {{name: string, topSize: number, users: number, seasons: number[], frameInterval: number}} Rules
 */

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
