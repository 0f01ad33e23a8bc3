/*
 * Draws one board in the shadow of a `<live-leaderboard>`: a table that screen readers know, and how things stand with it.
 */

/** @import { Board } from "./board.js" */
/** @import { Status } from "./status.js" */
/** @import { Manner } from "./element_words.js" */

import { Rows } from "./element_rows.js";
import { styleSheet } from "./element_style.js";
import { make, scoreText, write } from "./element_words.js";

/** The contents of one element. @internal */
export class BoardView {
  #caption = make("caption", "title");
  #heads = ["place", "player", "score"].map((part) => make("th", part));
  #rows = new Rows();
  #note = make("p", "note");
  #total = make("p", "total");
  #spoken = make("p", "spoken");
  #frame;
  /** @type {Board | null} */
  #board = null;

  /** @param {ShadowRoot} shadow */
  constructor(shadow) {
    shadow.adoptedStyleSheets = [styleSheet()];
    const headings = make("tr", "headings", ...this.#heads);
    const head = make("thead", "head", headings);
    for (const cell of this.#heads) [cell.scope, cell.role] = ["col", "columnheader"];
    // The style makes a grid of the table, which would hide from screen readers that it is one.
    [head.role, headings.role] = ["rowgroup", "row"];
    const table = make("table", "table", this.#caption, head, this.#rows.body);
    table.role = "table";
    this.#frame = make("div", "frame", make("div", "stage", table, this.#rows.ghosts));
    shadow.replaceChildren(this.#frame, this.#total, this.#note, this.#spoken);
  }

  /** Forgets the board: another one follows. */
  clear() {
    this.#board = null;
    this.#rows.clear();
    for (const part of [this.#total, this.#note, this.#spoken]) part.textContent = "";
  }

  /**
   * Shows a board.
   * @param {Board} board
   * @param {Manner} manner
   */
  show(board, manner) {
    const leader = this.#board?.entries[0]?.userId;
    this.#board = board;
    this.#rows.show(board, manner);
    requestAnimationFrame(() => this.#open());
    if (manner.quiet) return;
    const [first] = board.entries;
    if (leader !== undefined && first && first.userId !== leader) {
      this.#spoken.textContent = manner.words.leads(first.userName, scoreText(first.userScore, first, manner));
    }
    this.#total.textContent = board.total > board.entries.length ? manner.words.total(board.total.toLocaleString(manner.locale)) : "";
  }

  /** A long board scrolls in its frame, so the keyboard has to reach it. */
  #open() {
    const scrolls = this.#frame.scrollHeight > this.#frame.clientHeight + 1;
    this.#frame.tabIndex = scrolls ? 0 : -1;
    this.#frame.role = scrolls ? "region" : null;
  }

  /**
   * Shows how things stand, beside the board.
   * @param {string} name of the board
   * @param {Status} status
   * @param {Manner} manner
   */
  tell(name, status, { label, locale, words, quiet }) {
    write(this.#caption, label);
    if (this.#frame.ariaLabel !== label) this.#frame.ariaLabel = label;
    [words.place, words.player, words.score].forEach((word, index) => write(this.#heads[index], word));
    const unknown = status.problems.some(({ code, board }) => code === "board_not_found" && board === name);
    this.#rows.body.part.toggle("waiting", !this.#board && !unknown);
    // Two voices at once would be too many: a page that speaks itself has a quiet element.
    this.#note.role = this.#spoken.role = quiet ? null : "status";
    for (const part of [this.#note, this.#total, this.#spoken]) part.hidden = quiet;
    if (quiet) return;
    const note = () => {
      if (unknown) return words.unknown(name);
      if (!this.#board) return words.connecting;
      if (status.staleSince) return words.stale(status.staleSince.toLocaleTimeString(locale));
      return this.#board.entries.length === 0 ? words.empty : "";
    };
    write(this.#note, note());
  }
}
