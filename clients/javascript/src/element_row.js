/*
 * One line of a board: what it shows, and how it looks when something happens to it.
 */

/** @import { Entry } from "./frame.js" */
/** @import { Story } from "./element_story.js" */
/** @import { Manner } from "./element_words.js" */

import { make, scoreText, write } from "./element_words.js";

const FLASH = { duration: 1_400, easing: "ease-out", pseudoElement: "::after", id: "flash" };
const MOMENT = { duration: 2_400, easing: "ease-out", pseudoElement: "::after", id: "moment" };
const RENAME = { duration: 900, easing: "ease-out", id: "rename" };
/** How long a note beside a name or a score can be read, in milliseconds. */
const NOTE_MILLISECONDS = 4_000;

/** The line of a user. @internal */
export class Row {
  #medal = make("span", "medal");
  #name = document.createElement("bdi");
  #you = make("span", "you");
  #distance = make("span", "distance");
  #move = make("span", "move");
  #gain = make("span", "gain");
  #points = make("span", "points");
  #player;
  /** When the notes are over. */
  #notesEnd = 0;
  /** How it was drawn last. @type {Readonly<Entry> | null} */
  entry = null;
  /** Where it stood when it was drawn last, in pixels below the first line. */
  top = 0;
  /** Its way to its place. @type {Animation | null} */
  journey = null;
  /** Whether it has its light already. @type {Animation | null} */
  #light = null;
  element;

  constructor() {
    this.#player = make("th", "name", this.#name, this.#move);
    this.#player.scope = "row";
    this.#move.ariaHidden = this.#gain.ariaHidden = "true";
    this.element = make("tr", "row", make("td", "place", this.#medal), this.#player, make("td", "score", this.#gain, this.#points));
    // The style makes a grid of the table, which would hide from screen readers that it is one.
    this.element.role = "row";
    for (const cell of this.element.cells) cell.role = cell === this.#player ? "rowheader" : "cell";
  }

  /**
   * Writes an entry. Names are other people's text.
   * @param {Readonly<Entry>} entry
   * @param {Manner} manner
   */
  write(entry, manner) {
    this.entry = entry;
    const place = entry.place ?? entry.rank;
    write(this.#medal, place === null ? "–" : place.toLocaleString(manner.locale));
    write(this.#name, entry.userName);
    write(this.#points, scoreText(entry.userScore, entry, manner));
    const medal = place !== null && place <= 3 ? String(place) : "";
    if (this.element.dataset.place !== medal) this.element.dataset.place = medal;
  }

  /**
   * Marks the line as the viewer's own, with how far it is from the next place; null marks it as another's.
   * @param {{you: string, distance: string} | null} own
   */
  mark(own) {
    if (own) {
      write(this.#you, own.you);
      write(this.#distance, own.distance);
    }
    if (this.#you.isConnected === Boolean(own)) return;
    if (own) this.#player.append(this.#you, this.#distance);
    else for (const part of [this.#you, this.#distance]) part.remove();
    this.element.part.toggle("own", Boolean(own));
    if (own) this.element.ariaCurrent = "true";
    else this.element.removeAttribute("aria-current");
  }

  /** @param {number | null} length of its bar, as a part of the longest one; null for no bar */
  stretch(length) {
    const { style } = this.element;
    const share = length === null ? "" : length.toFixed(4);
    if (style.getPropertyValue("--share") !== share) style.setProperty("--share", share);
  }

  /**
   * Shows what happened to it: words that can be read for some seconds, and a light.
   * @param {Story} story
   * @param {{manner: Manner, moves: boolean, now: number}} context
   */
  tell({ move, score, renamed }, { manner, moves, now }) {
    const { words } = manner;
    if (score) this.#note(this.#gain, score.kind, `${score.by > 0 ? "+" : "−"}${scoreText(Math.abs(score.by), /** @type {Entry} */ (this.entry), manner)}`);
    if (move) this.#note(this.#move, move.kind, "by" in move ? `${move.kind === "up" ? "▲" : "▼"} ${move.by.toLocaleString(manner.locale)}` : words[`${move.kind}Note`]);
    else if (renamed) this.#note(this.#move, "renamed", words.renamedNote);
    if (move || score || renamed) this.#notesEnd = now + NOTE_MILLISECONDS;
    if (!moves) return;
    if (renamed) this.#name.animate({ opacity: [0, 1], letterSpacing: ["0.12em", "0"] }, RENAME);
    if (move?.kind === "leads") this.#shine("leads");
    else if (score || move?.kind === "entered") this.#shine(score?.kind ?? "entered");
  }

  /**
   * Takes the notes away whose time is over.
   * @param {number} now
   * @returns {boolean} whether there are notes left
   */
  rest(now) {
    if (this.#notesEnd > now) return true;
    if (this.#notesEnd) for (const note of [this.#move, this.#gain]) delete note.dataset.note;
    this.#notesEnd = 0;
    return false;
  }

  /**
   * A note is drawn by the style and is no text of the table, so that who copies or reads the board gets the board.
   * @param {HTMLElement} note
   * @param {string} kind
   * @param {string} text
   */
  #note(note, kind, text) {
    note.dataset.kind = kind;
    note.dataset.note = text;
  }

  /** @param {"leads" | "gained" | "lost" | "entered"} kind */
  #shine(kind) {
    this.#light?.cancel();
    this.element.dataset.light = kind;
    this.#light = this.element.animate({ opacity: [1, 1, 0], offset: [0, 0.25, 1] }, kind === "leads" ? MOMENT : FLASH);
  }
}
