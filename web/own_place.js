/**
 * The line with the player's own place: under the board, where the top does not show it, and always in sight on a phone. It
 * comes from the board, or from the player's own scores and the board's ranking.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {import("./client/index.js").Entry} Entry */
/** @typedef {{userScore: number, scoreUpdatedAt: string}} Score */

import { distanceOf } from "./client/element_story.js";
import { find, make } from "./elements.js";
import { isCode } from "./failures.js";
import { text } from "./texts/index.js";
import { amount } from "./words.js";

/** The least time between two requests for a place outside the top, in milliseconds. */
const INTERVAL = 5_000;
/** How long a new score may take to be ranked, before its place is asked for, in milliseconds. */
const RANKING_TIME = 1_000;
/** How many times to ask again for a score that is not ranked yet. That of a hidden player never is. */
const MOST_TRIES = 5;

/** Where the player is on the board that is shown. */
export class OwnPlace {
  #api;
  #element = find("own");
  /** @type {Board | null} */
  #board = null;
  /** @type {string | null} */
  #userId = null;
  #userName = "";
  /** @type {import("./rules.js").Format | undefined} */
  #format;
  /** @type {Map<string, Score & {season: string}>} */
  #scores = new Map();
  /** What was read of a place outside the top. @type {{place: number, total: number, around: Entry[]} | null} */
  #outside = null;
  #asking = false;
  #askedAt = -Infinity;
  #timer = 0;
  #triesLeft = MOST_TRIES;

  /** @param {import("./client/api/index.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Another board, or another state of it, is shown.
   * @param {Board | null} board
   * @param {import("./rules.js").Format} [format]
   */
  show(board, format) {
    this.#format = format;
    if (board?.board !== this.#board?.board || board?.season !== this.#board?.season) this.#outside = null;
    const changed = board !== this.#board;
    if (board?.board !== this.#board?.board) this.#triesLeft = MOST_TRIES;
    this.#board = board;
    this.#write();
    if (changed) this.#ask();
  }

  /**
   * Another player is signed in, or nobody.
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

  /**
   * The player has another name.
   * @param {string} userName
   */
  rename(userName) {
    this.#userName = userName;
    this.#write();
  }

  /**
   * The player completed an action. The score is null if the player has none yet.
   * @param {string} board
   * @param {Score | null} score
   */
  scored(board, score) {
    if (score === null) return;
    const { userScore, scoreUpdatedAt } = score;
    this.#scores.set(board, { season: this.#board?.season ?? "", userScore, scoreUpdatedAt });
    this.#askedAt = performance.now() - INTERVAL + RANKING_TIME;
    this.#triesLeft = MOST_TRIES;
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
    element.hidden = !this.#userId || !this.#board;
    element.classList.toggle("in-top", this.#inTop);
    if (element.hidden || !this.#board) return;
    const inTop = this.#board.entries.find(({ userId }) => userId === this.#userId);
    const name = make("bdi", { class: "name" }, this.#userName);
    const you = make("span", { class: "you" }, text("board.you"));
    const score = inTop ?? this.#score;
    const where = make("span", { class: "where" }, this.#where(inTop, score !== null));
    if (score === null) return element.replaceChildren(name, you, where);
    const points = make("span", { class: "points" }, amount(score.userScore, this.#format));
    element.replaceChildren(name, you, where, points);
  }

  /**
   * The own place, and how far the next one is.
   * @param {Entry | undefined} inTop
   * @param {boolean} hasScore
   */
  #where(inTop, hasScore) {
    if (!hasScore) return text("board.noScoreYet");
    const place = inTop?.place ?? this.#outside?.place;
    const total = inTop ? this.#board?.total : this.#outside?.total;
    if (!place || !total) return text("board.belowTheTop");
    const said = text("board.placeOf", { place, total });
    const distance = distanceOf(inTop ? (this.#board?.entries ?? []) : (this.#outside?.around ?? []), this.#userId ?? "");
    if (!distance) return said;
    const points = amount(distance.points, this.#format);
    return `${said} · ${"ahead" in distance ? text("board.ahead", { points }) : text("board.toPlace", { points, place: distance.place })}`;
  }

  #ask() {
    clearTimeout(this.#timer);
    if (!this.#userId || !this.#board || this.#score === null || this.#inTop || this.#asking || document.hidden) return;
    const wait = this.#askedAt + INTERVAL - performance.now();
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
      const answer = await this.#api.user(board, userId, { season, around: 1 });
      again = !this.#take(board, season, userId, answer);
    } catch (error) {
      // There is a score, but it is not ranked yet. After other failures the last known place stays, and the next change of
      // the board asks again.
      again = isCode(error, "user_not_ranked");
    } finally {
      this.#asking = false;
    }
    if (again && this.#triesLeft-- > 0) this.#ask();
  }

  /**
   * Takes an answer. Returns false if it is about something else than what is shown now, or older than the newest score.
   * @param {string} board
   * @param {string} season
   * @param {string} userId
   * @param {{entry: Entry, total: number, around: Entry[]}} answer
   */
  #take(board, season, userId, { entry: { place, userScore, scoreUpdatedAt }, total, around }) {
    const known = this.#score;
    if (this.#board?.board !== board || this.#board.season !== season || this.#userId !== userId) return false;
    // Times in one format can be compared as texts.
    if (!known || scoreUpdatedAt < known.scoreUpdatedAt) return false;
    this.#scores.set(board, { season, userScore, scoreUpdatedAt });
    this.#outside = place === null ? null : { place, total, around };
    this.#write();
    return true;
  }
}
