/**
 * The player's own place where the top does not show it: from the player's own scores, and the best hundred.
 */

/** @typedef {import("./client/index.js").Board} Board */

import { find, make } from "./elements.js";
import { count } from "./words.js";

/** A place outside the top is asked for at most this often, in milliseconds. */
const PACE = 5_000;
const REACH = 100;

export class Standing {
  #service;
  #element = find("own");
  /** @type {Board | null} */
  #board = null;
  /** @type {string | null} */
  #userId = null;
  #userName = "";
  /** @type {Map<string, {season: string, userScore: number}>} */
  #scores = new Map();
  /** @type {{place: number | null, score: number} | null} */
  #outside = null;
  #asking = false;
  #askedAt = -Infinity;
  #timer = 0;

  /** @param {import("./service.js").Service} service */
  constructor(service) {
    this.#service = service;
  }

  /** @param {Board | null} board */
  show(board) {
    if (board?.board !== this.#board?.board || board?.season !== this.#board?.season) this.#outside = null;
    const changed = board !== this.#board;
    this.#board = board;
    this.#write();
    if (changed) this.#ask();
  }

  /**
   * @param {{userId: string, userName: string, scores: {board: string, season: string, userScore: number}[]} | null} player
   */
  of(player) {
    this.#userId = player?.userId ?? null;
    this.#userName = player?.userName ?? "";
    this.#scores.clear();
    // Current seasons come first.
    for (const { board, season, userScore } of player?.scores ?? []) {
      if (!this.#scores.has(board)) this.#scores.set(board, { season, userScore });
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
   * A score that was just made.
   * @param {string} board
   * @param {number} userScore
   */
  scored(board, userScore) {
    this.#scores.set(board, { season: this.#board?.season ?? "", userScore });
    this.#askedAt = -Infinity;
    this.#write();
    this.#ask();
  }

  get #score() {
    const own = this.#board && this.#scores.get(this.#board.board);
    return own && own.season === this.#board?.season ? own.userScore : null;
  }

  get #inTop() {
    return this.#board?.entries.some(({ userId }) => userId === this.#userId) ?? false;
  }

  #write() {
    const element = this.#element;
    element.hidden = !this.#userId || !this.#board || this.#inTop;
    if (element.hidden || !this.#board) return;
    const score = this.#outside?.score ?? this.#score;
    const name = make("bdi", { class: "name" }, this.#userName);
    const you = make("span", { class: "you" }, "You");
    if (score === null) {
      element.replaceChildren(name, you, make("span", { class: "where" }, "no score here yet"));
      return;
    }
    const place = this.#outside?.place;
    const where = place ? `place ${count(place)}` : this.#outside ? `outside the top ${REACH}` : "below the top";
    element.replaceChildren(name, you, make("span", { class: "where" }, where), make("span", { class: "points" }, count(score)));
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
    try {
      const best = await this.#service.best(board);
      if (this.#board?.board !== board || best.season !== season || this.#userId !== userId) return;
      const own = best.entries.find((entry) => entry.userId === userId);
      this.#outside = own
        ? { place: own.place ?? own.rank, score: own.userScore }
        : { place: null, score: /** @type {number} */ (this.#score) };
      this.#write();
    } catch {
      // The place stays as it was known; the next change of the board asks again.
    } finally {
      this.#asking = false;
    }
  }
}
