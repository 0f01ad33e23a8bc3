/**
 * The end of a season: its winners stay beside the new season's board, with their scores and how far apart they are.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {import("./client/index.js").Entry} Entry */
/** @typedef {import("./rules.js").Rules} Rules */

import { find, write } from "./elements.js";
import { steps } from "./steps.js";
import { text } from "./texts/index.js";
import { amount, seasonName } from "./words.js";

/** Scores of the last moment are still counted for a while after the end, in milliseconds. */
const SETTLED = 4_000;
/** How long after a season's end a page that opens still shows how it ended, in milliseconds. */
const RECENT = 3_600_000;

/** The final standings of the season before the one that is shown. */
export class SeasonEnd {
  #parts;
  #element = find("season-end");
  /** The newest state of the board that is shown. @type {Board | null} */
  #newest = null;
  /** What is shown. @type {{board: string, season: string, entries: readonly Entry[]} | null} */
  #ended = null;
  /** @type {string | null} */
  #own = null;
  /** @type {Rules | undefined} */
  #rules;
  #timer = 0;

  /**
   * @param {{api: import("./client/api/index.js").Api, announcer: import("./announcer.js").Announcer, now: () => number}} parts
   *   `now`: the service's time
   */
  constructor(parts) {
    this.#parts = parts;
    find("season-end-close").addEventListener("click", () => {
      this.#clear();
      find("board").focus({ preventScroll: true });
    });
  }

  /**
   * Another board, or another state of it, is shown.
   * @param {Board | null} board
   * @param {Rules} [rules]
   */
  show(board, rules) {
    const before = this.#newest;
    this.#newest = board;
    this.#rules = rules;
    if (board?.board !== before?.board) this.#clear();
    if (!board || !rules) return;
    if (before?.board !== board.board) this.#lookBack(board, rules);
    else if (before.season !== board.season && before.entries.length > 0) {
      this.#take(before);
      const [first] = before.entries;
      const said = { name: first.userName, season: seasonName(before.season), score: amount(first.userScore, rules.format) };
      this.#parts.announcer.say(text("seasons.wins", said));
      this.#timer = setTimeout(() => this.#read(before.board, before.season), SETTLED);
    }
  }

  /**
   * Marks the player.
   * @param {string | null} userId
   */
  own(userId) {
    this.#own = userId;
    this.#write();
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#ended = null;
    this.#element.hidden = true;
  }

  /**
   * A page that opens soon after the end has not seen it.
   * @param {Board} board
   * @param {Rules} rules
   */
  #lookBack({ board, season }, { season: current, seasons }) {
    const last = seasons?.[seasons.indexOf(season) + 1];
    const age = current?.startsAt ? this.#parts.now() - Date.parse(current.startsAt) : Infinity;
    if (last && age < RECENT) this.#read(board, last);
  }

  /**
   * @param {string} board
   * @param {string} season
   */
  async #read(board, season) {
    try {
      const top = await this.#parts.api.top(board, { season });
      if (this.#newest?.board === board && top.entries.length > 0) this.#take(top);
    } catch {
      // What was seen last stays.
    }
  }

  /** @param {{board: string, season: string, entries: readonly Entry[]}} ended */
  #take(ended) {
    this.#ended = ended;
    this.#write();
  }

  #write() {
    if (!this.#ended) return;
    const { season, entries } = this.#ended;
    write(find("season-end-title"), text("seasons.over", { season: seasonName(season) }));
    find("steps").replaceChildren(...steps(entries, this.#rules?.format, this.#own));
    const own = entries.find(({ userId }) => userId === this.#own);
    write(find("season-end-own"), own?.place ? text("seasons.own", { place: own.place }) : "");
    const whole = /** @type {HTMLAnchorElement} */ (find("season-end-whole"));
    whole.href = `?${new URLSearchParams({ board: this.#ended.board, view: "ranking", season })}`;
    write(whole, text("seasons.whole", { season: seasonName(season) }));
    this.#element.hidden = false;
  }
}
