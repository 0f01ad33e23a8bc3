/*
 * Draws one board in the shadow of a `<live-leaderboard>`: a table that screen readers know, whose rows move.
 */

/** @import { Board, Changes } from "./board.js" */
/** @import { Entry } from "./frame.js" */
/** @import { Status } from "./status.js" */

import { styleSheet } from "./element_style.js";

/** What the element says. A page in another language gives its own. */
export const words = {
  place: "Place",
  player: "Player",
  score: "Score",
  connecting: "Connecting",
  empty: "No scores yet. The first one will appear here live.",
  unknown: (/** @type {string} */ board) => `There is no board “${board}”.`,
  stale: (/** @type {string} */ time) => `Connection lost. Showing the board as of ${time}. Reconnecting.`,
  leads: (/** @type {string} */ name, /** @type {string} */ score) => `${name} leads with ${score}`,
  total: (/** @type {string} */ count) => `Players: ${count}`,
};

/** @typedef {typeof words} Words */
/** @typedef {{label: string, locale: string | undefined, words: Words, formatScore?: (score: number, entry: Entry) => string}} Manner */

const MOVE_MILLISECONDS = 400;
const FLASH_MILLISECONDS = 1_200;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} part its name for `::part()`, and for the style
 * @param {...Node} children
 */
function make(tag, part, ...children) {
  const element = document.createElement(tag);
  element.part.value = part;
  element.className = part;
  element.append(...children);
  return element;
}

/** The contents of one element. @internal */
export class BoardView {
  #caption = make("caption", "title");
  #heads = ["place", "player", "score"].map((part) => make("th", part));
  #body = make("tbody", "rows");
  #note = make("p", "note");
  #total = make("p", "total");
  #spoken = make("p", "spoken");
  #frame;
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();
  /** @type {Board | null} */
  #board = null;

  /** @param {ShadowRoot} shadow */
  constructor(shadow) {
    shadow.adoptedStyleSheets = [styleSheet()];
    for (const head of this.#heads) head.scope = "col";
    const table = make("table", "table", this.#caption, make("thead", "head", make("tr", "headings", ...this.#heads)), this.#body);
    this.#frame = make("div", "frame", table);
    this.#frame.role = "region";
    this.#note.role = this.#spoken.role = "status";
    shadow.replaceChildren(this.#frame, this.#total, this.#note, this.#spoken);
  }

  /** Forgets the board: another one follows. */
  clear() {
    this.#board = null;
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#total.textContent = this.#spoken.textContent = "";
  }

  /**
   * Shows a board.
   * @param {Board} board
   * @param {Changes} changes
   * @param {Manner} manner
   */
  show(board, changes, manner) {
    const leader = this.#board?.entries[0]?.userId;
    this.#board = board;
    const before = this.#positions();
    const rows = board.entries.map((entry) => this.#row(entry, manner));
    for (const [userId, row] of this.#rows) if (!rows.includes(row)) this.#rows.delete(userId) && row.remove();
    rows.forEach((row, index) => this.#body.children[index] !== row && this.#body.insertBefore(row, this.#body.children[index] ?? null));
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#move(before, changes);
    // A long board scrolls in its frame, so the keyboard has to reach it.
    this.#frame.tabIndex = this.#frame.scrollHeight > this.#frame.clientHeight ? 0 : -1;
    const [first] = board.entries;
    if (leader !== undefined && first && first.userId !== leader) {
      this.#spoken.textContent = manner.words.leads(first.userName, scoreText(first, manner));
    }
    this.#total.textContent = board.total > board.entries.length ? manner.words.total(board.total.toLocaleString(manner.locale)) : "";
  }

  /**
   * Shows how things stand, beside the board.
   * @param {string} name of the board
   * @param {Status} status
   * @param {Manner} manner
   */
  tell(name, status, { label, locale, words: said }) {
    this.#caption.textContent = this.#frame.ariaLabel = label;
    [said.place, said.player, said.score].forEach((word, index) => (this.#heads[index].textContent = word));
    const note = () => {
      if (status.problems.some(({ code, board }) => code === "board_not_found" && board === name)) return said.unknown(name);
      if (!this.#board) return said.connecting;
      if (status.staleSince) return said.stale(status.staleSince.toLocaleTimeString(locale));
      return this.#board.entries.length === 0 ? said.empty : "";
    };
    const text = note();
    // A status is read out when it is set, so it is set only when it changes.
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }

  /**
   * The row of an entry, as it is now. Names are other people's text.
   * @param {Entry} entry
   * @param {Manner} manner
   */
  #row(entry, manner) {
    let row = this.#rows.get(entry.userId);
    if (!row) {
      const name = make("th", "name", document.createElement("bdi"));
      name.scope = "row";
      row = make("tr", "row", make("td", "place"), name, make("td", "score"));
      this.#rows.set(entry.userId, row);
    }
    const [place, name, score] = row.children;
    place.textContent = entry.place === null ? "–" : entry.place.toLocaleString(manner.locale);
    /** @type {Element} */ (name.firstElementChild).textContent = entry.userName;
    score.textContent = scoreText(entry, manner);
    return row;
  }

  #positions() {
    return new Map([...this.#rows.values()].map((row) => [row, row.offsetTop]));
  }

  /**
   * Rows slide from where they were; a better place lights up, a worse one does not.
   * @param {Map<HTMLTableRowElement, number>} before
   * @param {Changes} changes
   */
  #move(before, changes) {
    for (const [row, top] of before) {
      const by = row.isConnected ? top - row.offsetTop : 0;
      if (by) row.animate({ transform: [`translateY(${by}px)`, "none"] }, { duration: MOVE_MILLISECONDS, easing: "ease-out" });
    }
    const risen = changes.moved.filter(({ from, to }) => from !== null && to !== null && to < from).map(({ entry }) => entry);
    for (const { userId } of [...changes.entered, ...risen]) {
      const light = "var(--leaderboard-accent, color-mix(in srgb, Highlight 40%, transparent))";
      this.#rows.get(userId)?.animate({ backgroundColor: [light, "transparent"] }, FLASH_MILLISECONDS);
    }
  }
}

/**
 * @param {Entry} entry
 * @param {Manner} manner
 */
const scoreText = (entry, { formatScore, locale }) => formatScore?.(entry.userScore, entry) ?? entry.userScore.toLocaleString(locale);
