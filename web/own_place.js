/**
 * The player's own place where the top does not show it: from the player's own scores, and the board's ranking.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {{userScore: number, scoreUpdatedAt: string}} Score */

import { find, make } from "./elements.js";
import { Failure } from "./failures.js";
import { amount, count } from "./words.js";

/** A place outside the top is asked for at most this often, in milliseconds. */
const PACE = 5_000;
/** A score that was just made is asked for when it has had the time to be ranked. */
const SOON = 1_000;
/** How often one asks again for a score that is not ranked, or not yet: a hidden player never is. */
const PATIENCE = 5;

export class Standing {
  #service;
  #element = find("own");
  /** @type {Board | null} */
  #board = null;
  /** @type {string | null} */
  #userId = null;
  #userName = "";
  /** @type {import("./service.js").Format | undefined} */
  #format;
  /** @type {Map<string, Score & {season: string}>} */
  #scores = new Map();
  /** @type {{place: number, total: number} | null} */
  #outside = null;
  #asking = false;
  #askedAt = -Infinity;
  #timer = 0;
  #patience = PATIENCE;

  /** @param {import("./service.js").Service} service */
  constructor(service) {
    this.#service = service;
  }

  /**
   * @param {Board | null} board
   * @param {import("./service.js").Format} [format]
   */
  show(board, format) {
    this.#format = format;
    if (board?.board !== this.#board?.board || board?.season !== this.#board?.season) this.#outside = null;
    const changed = board !== this.#board;
    if (board?.board !== this.#board?.board) this.#patience = PATIENCE;
    this.#board = board;
    this.#write();
    if (changed) this.#ask();
  }

  /**
   * @param {{userId: string, userName: string, scores: (Score & {board: string, season: string})[]} | null} player
   */
  of(player) {
    this.#userId = player?.userId ?? null;
    this.#userName = player?.userName ?? "";
    this.#scores.clear();
    // Current seasons come first.
    for (const { board, ...score } of player?.scores ?? []) {
      if (!this.#scores.has(board)) this.#scores.set(board, score);
    }
    this.#outside = null;
    this.#write();
    this.#ask();
  }

  /** @param {string} userName */
  rename(userName) {
    this.#userName = userName;
    this.#write();
  }

  /**
   * A score that was just made; null after an attempt of a player without one.
   * @param {string} board
   * @param {Score | null} score
   */
  scored(board, score) {
    if (score === null) return;
    const { userScore, scoreUpdatedAt } = score;
    this.#scores.set(board, { season: this.#board?.season ?? "", userScore, scoreUpdatedAt });
    this.#askedAt = performance.now() - PACE + SOON;
    this.#patience = PATIENCE;
    this.#write();
    this.#ask();
  }

  get #score() {
    const own = this.#board && this.#scores.get(this.#board.board);
    return own && own.season === this.#board?.season ? own : null;
  }

  get #inTop() {
    return this.#board?.entries.some(({ userId }) => userId === this.#userId) ?? false;
  }

  #write() {
    const element = this.#element;
    element.hidden = !this.#userId || !this.#board || this.#inTop;
    if (element.hidden || !this.#board) return;
    const score = this.#score;
    const name = make("bdi", { class: "name" }, this.#userName);
    const you = make("span", { class: "you" }, "You");
    if (score === null) {
      element.replaceChildren(name, you, make("span", { class: "where" }, "no score here yet"));
      return;
    }
    const { place, total } = this.#outside ?? {};
    const where = place && total ? `place ${count(place)} of ${count(total)}` : "below the top";
    const points = make("span", { class: "points" }, amount(score.userScore, this.#format));
    element.replaceChildren(name, you, make("span", { class: "where" }, where), points);
  }

  #ask() {
    clearTimeout(this.#timer);
    if (!this.#userId || !this.#board || this.#score === null || this.#inTop || this.#asking || document.hidden) return;
    const wait = this.#askedAt + PACE - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#ask(), wait);
    else this.#find(this.#board, this.#userId);
  }

  /**
   * @param {Board} board
   * @param {string} userId
   */
  async #find({ board, season }, userId) {
    this.#asking = true;
    this.#askedAt = performance.now();
    let again = false;
    try {
      const { entry, total } = await this.#service.standing(board, season, userId);
      again = !this.#take(board, season, userId, entry, total);
    } catch (failure) {
      // Not ranked yet, though there is a score. After other failures the place stays as it was known; the next change of
      // the board asks again.
      again = failure instanceof Failure && failure.code === "user_not_ranked";
    } finally {
      this.#asking = false;
    }
    if (again && this.#patience-- > 0) this.#ask();
  }

  /**
   * Takes an answer; false if it is of something else than what is shown now, or of before the newest score.
   * @param {string} board
   * @param {string} season
   * @param {string} userId
   * @param {import("./client/index.js").Entry} entry
   * @param {number} total
   */
  #take(board, season, userId, { place, userScore, scoreUpdatedAt }, total) {
    const known = this.#score;
    if (this.#board?.board !== board || this.#board.season !== season || this.#userId !== userId) return false;
    // Times of one form compare as texts do.
    if (!known || scoreUpdatedAt < known.scoreUpdatedAt) return false;
    this.#scores.set(board, { season, userScore, scoreUpdatedAt });
    this.#outside = place === null ? null : { place, total };
    this.#write();
    return true;
  }
}
