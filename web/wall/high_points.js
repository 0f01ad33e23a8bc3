/**
 * The day's high points, as a quiet list: who took the lead, who gained most, who came into the first three, who won. The
 * newest are kept, and midnight begins a new list.
 */

/** @typedef {import("../client/index.js").Board} Board */
/** @typedef {import("../client/index.js").Changes} Changes */
/** @typedef {{title: string, order: "asc" | "desc", written: (score: number) => string}} Look */

import { make, write } from "../elements.js";
import { text } from "../texts/index.js";
import { clockTime } from "../words.js";

const MOST = 6;
/** Within this time a new leader takes the line of the one before, in milliseconds. */
const SETTLING = 60_000;

/** The list. */
export class HighPoints {
  /** @type {{key: string, at: number, said: string}[]} the newest first */
  #points = [];
  /** The largest gain of the day, by board. @type {Map<string, number>} */
  #gains = new Map();
  #day = new Date().toDateString();
  #list = make("ol");
  #quiet = make("p", { class: "hint" }, text("wall.quiet"));
  element = make("section", { class: "high-points", "aria-label": text("wall.today") }, make("h2", {}, text("wall.today")), this.#list, this.#quiet);

  /**
   * Notes what happened on a board, if it is worth it.
   * @param {Board | null} before
   * @param {Board} board
   * @param {Changes} changes
   * @param {Look} look how the board writes
   */
  take(before, board, changes, look) {
    const [first] = board.entries;
    if (!before || !first) return;
    const { title, written } = look;
    if (before.season !== board.season) {
      const winner = before.entries[0];
      if (winner) this.#note(`won ${board.board} ${before.season}`, text("wall.won", { name: apart(winner.userName), board: title, score: written(winner.userScore) }));
      this.#gains.delete(board.board);
      return;
    }
    for (const { userId, userName, rank } of changes.entered) {
      if (rank !== null && rank > 1 && rank <= 3) this.#note(`in ${board.board} ${userId}`, text("wall.entered", { name: apart(userName), board: title, place: rank }));
    }
    this.#gain(board.board, changes, look);
    if (before.entries[0]?.userId !== first.userId) {
      this.#note(`leader ${board.board}`, text("wall.newLeader", { name: apart(first.userName), board: title, score: written(first.userScore) }), SETTLING);
    }
  }

  /**
   * Begins a new list at midnight.
   * @param {Date} now
   */
  pass(now) {
    if (now.toDateString() === this.#day) return;
    this.#day = now.toDateString();
    this.#points = [];
    this.#gains.clear();
    this.#write();
  }

  /**
   * @param {string} board
   * @param {Changes} changes
   * @param {Look} look
   */
  #gain(board, changes, { title, order, written }) {
    if (order === "asc") return;
    const best = changes.scored.reduce((most, it) => (it.to - it.from > most.by ? { by: it.to - it.from, name: it.entry.userName } : most), { by: this.#gains.get(board) ?? 0, name: "" });
    if (best.name === "") return;
    this.#gains.set(board, best.by);
    this.#note(`gain ${board}`, text("wall.gained", { name: apart(best.name), board: title, score: written(best.by) }), Infinity);
  }

  /**
   * @param {string} key
   * @param {string} said
   * @param {number} [settling] a line of the same key that is younger gives way, in milliseconds
   */
  #note(key, said, settling = 0) {
    const now = Date.now();
    this.#points = [{ key, at: now, said }, ...this.#points.filter((it) => it.key !== key || now - it.at > settling)].slice(0, MOST);
    this.#write();
  }

  #write() {
    this.#quiet.hidden = this.#points.length > 0;
    this.#points.forEach(({ at, said }, index) => {
      const line = this.#list.children[index] ?? this.#list.appendChild(make("li", {}, make("time"), make("span")));
      const [time, words] = line.children;
      if (words.textContent !== said) line.animate({ opacity: [0, 1] }, { duration: 900, easing: "ease-out" });
      write(time, clockTime(at));
      write(words, said);
    });
    while (this.#list.children.length > this.#points.length) this.#list.lastElementChild?.remove();
  }
}

/** @param {string} name other people's text, whose direction does not touch the words around it */
function apart(name) {
  return `\u2068${name}\u2069`;
}
