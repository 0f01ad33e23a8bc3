/**
 * One board on the wall: its title, how long its season lasts, and its top.
 */

/** @typedef {import("../client/index.js").Board} Board */
/** @typedef {import("../client/index.js").Changes} Changes */
/** @typedef {import("../client/index.js").Leaderboard} Leaderboard */
/** @typedef {import("../rules.js").Rules} Rules */

import "../client/element.js";
import { boardWords } from "../board_words.js";
import { make, tell, write } from "../elements.js";
import { rulesOf, titleOf } from "../rules.js";
import { spokenLocale, text } from "../texts/index.js";
import { amount, duration, seasonName } from "../words.js";
import { Finale } from "./finale.js";

/** More lines than this could not be read from afar: the first ones are shown. */
const MOST_LINES = 20;
const LINES = 10;
/** The part of the lines that stays beside the winners of the season before; wall.css gives it as much of the height. */
const BESIDE_WINNERS = 0.6;

/** The panel of a board. */
export class Panel {
  #name;
  #highPoints;
  #now;
  #finale;
  #title = make("h2");
  #facts = make("p", { class: "facts" });
  #empty = make("p", { class: "empty", hidden: true });
  #live = /** @type {import("../client/element.js").LiveLeaderboard} */ (make("live-leaderboard", { quiet: true, lang: spokenLocale }));
  /** @type {Board | null} */
  #board = null;
  /** @type {Rules | undefined} */
  #rules;
  element = make("section", { class: "panel" });
  /** How many lines it shows. */
  lines = LINES;

  /**
   * @param {string} name the board
   * @param {import("../client/api/index.js").Api} api
   * @param {Leaderboard} leaderboard
   * @param {import("./high_points.js").HighPoints} highPoints
   */
  constructor(name, api, leaderboard, highPoints) {
    this.#name = name;
    this.#highPoints = highPoints;
    this.#now = leaderboard.now;
    this.#finale = new Finale((season) => api.top(name, { season }));
    this.#live.leaderboard = leaderboard;
    this.#live.setAttribute("board", name);
    this.#live.addEventListener("change", (event) => {
      this.#take(/** @type {CustomEvent} */ (event).detail, leaderboard.now());
      this.tick(leaderboard);
    });
    const lines = make("div", { class: "lines" }, this.#live, this.#empty, this.#finale.countdown);
    this.element.append(make("header", {}, this.#title, this.#facts), this.#finale.winners, lines);
    this.#size();
    write(this.#title, name);
  }

  /** Whether the end of its season should be seen now. */
  get isEnding() {
    return this.#finale.isOn;
  }

  /** @param {Rules[]} all the rules of every board */
  rule(all) {
    const rules = rulesOf(all, this.#name);
    const title = titleOf(all, this.#name);
    this.#rules = rules;
    write(this.#title, title);
    this.#live.setAttribute("label", title);
    this.#live.setAttribute("order", rules?.order ?? "desc");
    this.#live.words = boardWords(rules?.format);
    this.#live.formatScore = (score) => amount(score, rules?.format);
    this.lines = Math.min(rules?.topSize ?? LINES, MOST_LINES);
    this.#size();
    this.#recall();
  }

  /**
   * Writes what changes with time.
   * @param {Leaderboard} leaderboard
   */
  tick(leaderboard) {
    this.#finale.tick(this.#board, leaderboard.now());
    this.#size();
    const unknown = leaderboard.status.problems.some(({ code, board }) => code === "board_not_found" && board === this.#name);
    const empty = this.#board?.entries.length === 0;
    tell(this.#empty, unknown ? text("board.unknown") : empty ? text("board.empty") : null);
    write(this.#facts, this.#board ? [text("board.total", { count: this.#board.total }), ...ending(this.#board, leaderboard.now())].join(" · ") : "\u00a0");
  }

  /** Beside the winners there are fewer lines, of the same size. */
  #size() {
    const shown = this.#finale.winners.hidden ? this.lines : Math.ceil(this.lines * BESIDE_WINNERS);
    this.element.style.setProperty("--lines", String(shown));
  }

  /**
   * @param {{board: Board, changes: Changes}} change
   * @param {number} now the service's time
   */
  #take({ board, changes }, now) {
    const before = this.#board;
    this.#board = board;
    const look = { title: this.#title.textContent ?? "", order: this.#rules?.order ?? "desc", written: (/** @type {number} */ score) => amount(score, this.#rules?.format) };
    this.#highPoints.take(before, board, changes, look);
    this.#finale.take(before, board, this.#rules?.format, now);
    this.#recall();
  }

  #recall() {
    if (this.#board && this.#rules) void this.#finale.recall(this.#board, this.#rules, this.#now());
  }
}

/**
 * How long the season of a board lasts, if it ends.
 * @param {Board} board
 * @param {number} now the service's time
 */
function ending({ season, endsAt }, now) {
  if (!endsAt) return [];
  const left = Date.parse(endsAt) - now;
  const name = { season: seasonName(season) };
  return [left > 0 ? `${text("season.endsIn", name)} ${duration(left)}` : `${text("season.is", name)} ${text("season.over")}`];
}
