/**
 * Tells screen readers what matters, but seldom: at most one sentence in ten seconds, and only the newest.
 */

/** @typedef {import("./client/index.js").Board} Board */

import { find } from "./elements.js";
import { text } from "./texts/index.js";
import { amount } from "./words.js";

/** Between two sentences, in milliseconds. */
const PAUSE = 10_000;

/** Speaks through a live region of the page. */
export class Announcer {
  #region = find("announcer");
  /** @type {string | null} */
  #next = null;
  #quietUntil = 0;
  #timer = 0;
  /** @type {{board: string, leader: string | undefined, place: number | null | undefined} | null} */
  #known = null;

  /**
   * Says a sentence as soon as the pause is over.
   * @param {string} sentence replaces one that was not said yet
   */
  say(sentence) {
    this.#next = sentence;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#speak(), Math.max(0, this.#quietUntil - performance.now()));
  }

  /**
   * Says what changed on a board, if it matters: another leader, or another own place.
   * @param {Board} board
   * @param {string | null} ownId
   * @param {import("./rules.js").Format} [format]
   */
  heed(board, ownId, format) {
    const [first] = board.entries;
    const place = board.entries.find(({ userId }) => userId === ownId)?.place;
    const known = this.#known;
    this.#known = { board: board.board, leader: first?.userId, place };
    if (known?.board !== board.board || !first) return;
    if (place !== known.place && place) this.say(text("spoken.place", { place }));
    else if (known.place && !place && ownId) this.say(text("spoken.left"));
    else if (first.userId !== known.leader) this.say(text("spoken.leader", { name: first.userName, score: amount(first.userScore, format) }));
  }

  #speak() {
    if (this.#next === null) return;
    this.#region.textContent = this.#next;
    this.#next = null;
    this.#quietUntil = performance.now() + PAUSE;
  }
}
