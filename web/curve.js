/**
 * The player's curve: how the own score on the board that is shown came to be, drawn from the last lines of the history.
 */

/** @typedef {import("./rules.js").Rules} Rules */

import { find, write } from "./elements.js";
import { text } from "./texts/index.js";
import { amount } from "./words.js";

/** How many scores are drawn. */
const MOST = 50;
/** The picture's size, in its own units; the style says how large it is shown. */
const WIDTH = 300;
const HEIGHT = 60;
/** What the line keeps off the picture's edges. */
const MARGIN = 4;

/** The curve of the player who is signed in. It is hidden where there are less than two scores. */
export class Curve {
  #api;
  #element = find("curve");
  #line = find("curve-line");
  #picture = find("curve-picture");
  /** @type {string | null} */
  #userId = null;
  /** @type {{board: string, season: string} | null} */
  #shown = null;
  /** @type {Rules | undefined} */
  #rules;
  /** The scores, the oldest first. @type {number[]} */
  #scores = [];
  /** Where the player had a score when signing in: nothing else is asked for. @type {Set<string>} */
  #scored = new Set();

  /** @param {import("./client/api/index.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Another player is signed in, or nobody.
   * @param {{userId: string, scores: {board: string, season: string}[]} | null} player
   */
  of(player) {
    this.#userId = player?.userId ?? null;
    this.#scored = new Set(player?.scores.map(({ board, season }) => `${board}#${season}`));
    this.#read();
  }

  /**
   * Another board, or another season of it, is shown; null if none is.
   * @param {{board: string, season: string} | null} board
   * @param {Rules} [rules]
   */
  show(board, rules) {
    const same = board?.board === this.#shown?.board && board?.season === this.#shown?.season;
    const hadRules = this.#rules !== undefined;
    this.#shown = board && { board: board.board, season: board.season };
    this.#rules = rules;
    if (!same) this.#read();
    else if (!hadRules && rules) this.#draw();
  }

  /**
   * The player completed an action. Its line follows later, so the score is drawn at once.
   * @param {string} board
   * @param {{userScore: number} | null} entry null if the player has no score yet
   */
  scored(board, entry) {
    if (entry === null || board !== this.#shown?.board) return;
    this.#scored.add(`${board}#${this.#shown.season}`);
    this.#scores.push(entry.userScore);
    this.#draw();
  }

  async #read() {
    const [userId, shown] = [this.#userId, this.#shown];
    this.#scores = [];
    this.#draw();
    if (!userId || !shown || !this.#scored.has(`${shown.board}#${shown.season}`)) return;
    try {
      const lines = [];
      for await (const line of this.#api.history(shown.board, userId, { season: shown.season, limit: MOST })) {
        if (lines.push(line) === MOST) break;
      }
      if (userId !== this.#userId || shown !== this.#shown) return;
      // A removed score is where the curve begins anew.
      const removed = lines.findIndex(({ userScore }) => userScore === null);
      const kept = removed === -1 ? lines : lines.slice(0, removed);
      const earlier = kept.map(({ userScore }) => Number(userScore)).reverse();
      this.#scores = [...earlier, ...this.#scores];
      this.#draw();
    } catch {
      // The player is hidden, or the service does not answer: the page does without the curve.
    }
  }

  #draw() {
    const scores = this.#scores.slice(-MOST);
    this.#element.hidden = scores.length < 2 || !this.#rules;
    if (this.#element.hidden) return;
    const format = this.#rules?.format;
    this.#line.setAttribute("points", pointsOf(scores, this.#rules?.order === "asc"));
    const [first, last] = [scores[0], scores[scores.length - 1]].map((score) => amount(score, format));
    const said = text("curve.said", { count: scores.length, first, last });
    this.#picture.setAttribute("aria-label", said);
    write(find("curve-said"), text("curve.fromTo", { first, last }));
  }
}

/**
 * The corners of the line, one for each score. What is better is higher.
 * @param {number[]} scores
 * @param {boolean} ascending whether less is better
 */
function pointsOf(scores, ascending) {
  const least = Math.min(...scores);
  const span = Math.max(...scores) - least || 1;
  return scores
    .map((score, index) => {
      const share = ascending ? (score - least) / span : 1 - (score - least) / span;
      const x = MARGIN + ((WIDTH - 2 * MARGIN) * index) / (scores.length - 1);
      return `${x.toFixed(1)},${(MARGIN + (HEIGHT - 2 * MARGIN) * share).toFixed(1)}`;
    })
    .join(" ");
}
