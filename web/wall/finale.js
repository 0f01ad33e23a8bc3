/**
 * The end of a season on the wall: its last ten seconds count down over the board, and then its winners stand above the new
 * season for some minutes, and until that has as many players as there are steps. A wall that opens later shows them too.
 */

/** @typedef {import("../client/index.js").Board} Board */
/** @typedef {import("../client/index.js").Entry} Entry */
/** @typedef {import("../rules.js").Format} Format */

import { make, write } from "../elements.js";
import { STEPS, steps } from "../steps.js";
import { text } from "../texts/index.js";
import { count, seasonName } from "../words.js";

/** From when on the time left is shown large, in milliseconds. */
const CLIMAX = 10_000;
/** Scores of the last moment are still counted for a while after the end, in milliseconds. */
const SETTLED = 4_000;
/** How long after the end the winners are shown at least, and for how long first without a turn of the boards, in milliseconds. */
const STAYS = 600_000;
const HOLDS = 20_000;

/** The end of one board's season. */
export class Finale {
  #read;
  #timer = 0;
  /** The season whose winners are shown, and when it ended. @type {{season: string, at: number, entries: readonly Entry[]} | null} */
  #ended = null;
  /** Whether the season before was looked for. */
  #recalled = false;
  #title = make("h3");
  #steps = make("ol", { class: "steps" });
  /** Lies over the board. */
  countdown = make("p", { class: "countdown", "aria-hidden": "true", hidden: true });
  /** Stands above the board. */
  winners = make("section", { class: "winners", hidden: true }, this.#title, this.#steps);
  /** Whether it should be in sight: in the last seconds, and while the winners are new. */
  isOn = false;

  /** @param {(season: string) => Promise<{entries: Board["entries"]}>} read reads the top of a season that ended */
  constructor(read) {
    this.#read = read;
  }

  /**
   * Another state of the board is there.
   * @param {Board | null} before
   * @param {Board} board
   * @param {Format | undefined} format
   * @param {number} now the service's time
   */
  take(before, board, format, now) {
    if (!before || before.season === board.season || before.entries.length === 0) return;
    const { season, endsAt, entries } = before;
    this.#ended = { season, at: endsAt ? Date.parse(endsAt) : now, entries };
    this.#write(format);
    setTimeout(() => this.#settle(season, format), SETTLED);
  }

  /**
   * Looks for the winners of the season before, once, where the wall did not see its end.
   * @param {Board} board
   * @param {import("../rules.js").Rules} rules
   * @param {number} now the service's time
   */
  async recall(board, rules, now) {
    const { season, startsAt } = rules.season ?? {};
    const kept = rules.seasons ?? [];
    const before = kept[kept.indexOf(board.season) + 1];
    if (this.#recalled || this.#ended || season !== board.season || !before || before === season) return;
    const at = startsAt ? Date.parse(startsAt) : -Infinity;
    this.#recalled = true;
    if (isPast(now - at, board)) return;
    try {
      const { entries } = await this.#read(before);
      if (this.#ended || entries.length === 0) return;
      this.#ended = { season: before, at, entries };
      this.#write(rules.format);
    } catch {
      this.#recalled = false; // the next change of the board or of its rules tries again
    }
  }

  /**
   * Shows what the time asks for.
   * @param {Board | null} board
   * @param {number} now the service's time
   */
  tick(board, now) {
    clearTimeout(this.#timer);
    const left = board?.endsAt ? Date.parse(board.endsAt) - now : Infinity;
    const isLast = left > 0 && left <= CLIMAX;
    this.countdown.hidden = !isLast;
    if (isLast) write(this.countdown, count(Math.ceil(left / 1000)));
    // The number changes with the service's second, and not with the wall's own.
    if (left > 0 && left <= CLIMAX + 1000) {
      const began = Date.now();
      this.#timer = setTimeout(() => this.tick(board, now + Date.now() - began), (left % 1000) + 1);
    }
    const since = this.#ended ? now - this.#ended.at : Infinity;
    if (isPast(since, board)) this.#ended = null;
    this.winners.hidden = !this.#ended;
    this.isOn = isLast || since < HOLDS;
  }

  /**
   * @param {string} season
   * @param {Format | undefined} format
   */
  async #settle(season, format) {
    try {
      const { entries } = await this.#read(season);
      if (this.#ended?.season !== season || entries.length === 0) return;
      this.#ended.entries = entries;
      this.#write(format);
    } catch {
      // What was seen last stays.
    }
  }

  /** @param {Format | undefined} format */
  #write(format) {
    if (!this.#ended) return;
    write(this.#title, text("seasons.over", { season: seasonName(this.#ended.season) }));
    this.#steps.replaceChildren(...steps(this.#ended.entries, format));
  }
}

/**
 * Whether the winners of a season have been shown for long enough.
 * @param {number} since milliseconds since its end
 * @param {Board | null} board the new season's
 */
function isPast(since, board) {
  return since > STAYS && (board?.total ?? 0) >= STEPS;
}
