/**
 * How long the season lasts. Its last ten seconds count down large.
 */

/** @typedef {import("./client/index.js").Board} Board */

import { find, write } from "./elements.js";
import { text } from "./texts/index.js";
import { count, duration, seasonName } from "./words.js";

/** From when on the time left is shown large, in milliseconds. */
const CLIMAX = 10_000;
/** How often the time is looked at, in milliseconds. */
const TICK = 200;

/** The clock of the board that is shown. */
export class SeasonClock {
  #leaderboard;
  #announcer;
  /** @type {Board | null} */
  #board = null;
  /** The season whose last seconds were said. */
  #said = "";
  #large = find("countdown");

  /**
   * @param {import("./client/index.js").Leaderboard} leaderboard whose clock is the service's
   * @param {import("./announcer.js").Announcer} announcer
   */
  constructor(leaderboard, announcer) {
    this.#leaderboard = leaderboard;
    this.#announcer = announcer;
    setInterval(() => this.#write(), TICK);
  }

  /**
   * Another board, or another state of it, is shown.
   * @param {Board | null} board
   */
  show(board) {
    this.#board = board;
    this.#write();
  }

  #write() {
    const endsAt = this.#board?.endsAt;
    find("season").hidden = !endsAt;
    const left = endsAt ? Date.parse(endsAt) - this.#leaderboard.now() : Infinity;
    const last = left > 0 && left <= CLIMAX;
    this.#large.hidden = !last;
    if (!this.#board || !endsAt) return;
    const season = seasonName(this.#board.season);
    const seconds = Math.ceil(left / 1000);
    write(find("season-name"), text(left > 0 ? "season.endsIn" : "season.is", { season }));
    write(find("season-left"), left > 0 ? duration(1000 * seconds) : text("season.over"));
    find("season-left").setAttribute("datetime", endsAt);
    if (!last) return;
    write(this.#large, count(seconds));
    if (this.#said !== this.#board.season) this.#announcer.say(text("seasons.lastSeconds", { season }));
    this.#said = this.#board.season;
  }
}
