/*
 * The lines of a board: each moves to its new place, comes in from below, falls off the end, or fades where it is taken
 * out. A line moves only while it is in sight, so a board of a hundred costs no more than what is seen of it. If several
 * boards come between two frames of the screen, only the last one is drawn.
 */

/** @import { Board } from "./board.js" */
/** @import { Entry } from "./frame.js" */
/** @import { Manner } from "./element_words.js" */

import { Row } from "./element_row.js";
import { Bars, distanceOf, storyOf, wayOut } from "./element_story.js";
import { make, scoreText } from "./element_words.js";

const EASING = "cubic-bezier(0.22, 1, 0.36, 1)";
const TRAVEL = { duration: 520, easing: EASING, id: "journey" };
const ENTER = { duration: 420, easing: EASING, id: "journey" };
const LEAVE = { duration: 420, easing: "ease-in", fill: /** @type {const} */ ("forwards") };
/** How often notes are looked at whose time may be over, in milliseconds. */
const REST_MILLISECONDS = 500;

/** The lines, with what is on its way out of them. @internal */
export class Rows {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #bars = new Bars();
  /** What is drawn. @type {Board | null} */
  #drawn = null;
  /** What is to be drawn. @type {{board: Board, manner: Manner} | null} */
  #next = null;
  /** How it is drawn. @type {Manner | null} */
  #manner = null;
  #frame = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #resting;
  body = make("tbody", "rows");
  ghosts = make("div", "ghosts");

  constructor() {
    this.body.role = "rowgroup";
    this.ghosts.ariaHidden = "true";
  }

  /**
   * Draws a board with the next frame of the screen.
   * @param {Board} board
   * @param {Manner} manner
   */
  show(board, manner) {
    this.#next = { board, manner };
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  /** Forgets all lines. */
  clear() {
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#resting);
    this.#frame = 0;
    this.#resting = undefined;
    this.#next = this.#drawn = null;
    this.#rows.clear();
    this.#bars.clear();
    this.body.replaceChildren();
    this.ghosts.replaceChildren();
  }

  #paint() {
    this.#frame = 0;
    if (!this.#next) return;
    const { board, manner } = this.#next;
    const before = this.#drawn;
    const follows = before !== null && before.board === board.board && before.season === board.season;
    if (!follows) {
      this.#rows.clear();
      this.#bars.clear();
    }
    const moves = follows && !document.hidden && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const seen = moves ? this.#tops() : new Map();
    this.#drop(board.entries, manner, moves);
    const written = this.#write(board.entries, manner);
    this.#drawn = board;
    // All positions are read before anything moves: reading between changes would compute the layout again each time.
    for (const row of this.#rows.values()) row.top = row.element.offsetTop;
    const inSight = sight(this.body);
    for (const row of this.#rows.values()) row.element.classList.toggle("seen", inSight(row.top));
    if (moves) this.#travel(seen, inSight);
    if (follows) this.#tell(written, { board, manner, moves, inSight });
  }

  /** Where each line is seen now, which may be in the middle of an earlier move. */
  #tops() {
    const start = this.body.getBoundingClientRect().top;
    return new Map(
      [...this.#rows].map(([userId, row]) => {
        const onItsWay = row.journey?.playState === "running";
        return [userId, onItsWay ? row.element.getBoundingClientRect().top - start : row.top];
      }),
    );
  }

  /**
   * Takes out the lines that are gone.
   * @param {readonly Readonly<Entry>[]} entries
   * @param {Manner} manner
   * @param {boolean} moves
   */
  #drop(entries, manner, moves) {
    const kept = new Set(entries.map(({ userId }) => userId));
    const inSight = moves ? sight(this.body) : () => false;
    for (const [userId, row] of this.#rows) {
      if (kept.has(userId)) continue;
      this.#rows.delete(userId);
      if (row.entry && inSight(row.top)) this.#leave(row, wayOut(row.entry, entries.at(-1), manner.order));
      row.element.remove();
    }
  }

  /**
   * Writes all lines, each in its place.
   * @param {readonly Readonly<Entry>[]} entries
   * @param {Manner} manner
   * @returns {{row: Row, entry: Readonly<Entry>, known: Readonly<Entry> | null}[]} those that changed, with how they were
   */
  #write(entries, manner) {
    const looksNew = this.#manner?.formatScore !== manner.formatScore || this.#manner?.locale !== manner.locale;
    const lengths = manner.bars ? this.#bars.lengths(entries, manner.order) : null;
    this.body.part.toggle("barred", lengths !== null);
    this.body.classList.toggle("rescaled", this.#bars.rescaled);
    /** @type {{row: Row, entry: Readonly<Entry>, known: Readonly<Entry> | null}[]} */
    const written = [];
    entries.forEach((entry, index) => {
      const row = this.#rows.get(entry.userId) ?? new Row();
      const known = row.entry;
      this.#rows.set(entry.userId, row);
      if (known !== entry || looksNew) row.write(entry, manner);
      row.mark(entry.userId === manner.own ? { you: manner.words.you, distance: distanceText(entries, entry, manner) } : null);
      row.stretch(lengths && lengths[index]);
      if (known !== entry) written.push({ row, entry, known });
      if (this.body.children[index] !== row.element) this.body.insertBefore(row.element, this.body.children[index] ?? null);
    });
    while (this.body.children.length > entries.length) this.body.lastElementChild?.remove();
    this.#manner = manner;
    return written;
  }

  /**
   * @param {Map<string, number>} seen where each line was
   * @param {(top: number) => boolean} inSight
   */
  #travel(seen, inSight) {
    for (const [userId, row] of this.#rows) {
      const from = seen.get(userId);
      if (from !== undefined && Math.abs(from - row.top) < 0.5) continue;
      row.journey?.cancel();
      row.journey = null;
      if (!inSight(row.top) && (from === undefined || !inSight(from))) continue;
      if (from === undefined) {
        row.journey = row.element.animate({ opacity: [0, 1], transform: ["translateY(60%)", "none"] }, ENTER);
        continue;
      }
      // Lines that climb pass in front.
      row.element.classList.toggle("climbing", from > row.top);
      row.journey = row.element.animate({ transform: [`translateY(${from - row.top}px)`, "none"] }, TRAVEL);
    }
  }

  /**
   * Says at each line in sight what happened to it.
   * @param {{row: Row, entry: Readonly<Entry>, known: Readonly<Entry> | null}[]} written
   * @param {{board: Board, manner: Manner, moves: boolean, inSight: (top: number) => boolean}} context
   */
  #tell(written, { board, manner, moves, inSight }) {
    /** @type {Map<number | null, number>} */
    const onPlace = new Map();
    for (const { place } of board.entries) onPlace.set(place, (onPlace.get(place) ?? 0) + 1);
    const now = performance.now();
    for (const { row, entry, known } of written) {
      if (!inSight(row.top)) continue;
      const shares = entry.place !== null && (onPlace.get(entry.place) ?? 0) > 1;
      row.tell(storyOf(known, entry, { order: manner.order, shares }), { manner, moves, now });
    }
    this.#resting ??= setInterval(() => this.#rest(), REST_MILLISECONDS);
  }

  #rest() {
    const now = performance.now();
    const left = [...this.#rows.values()].filter((row) => row.rest(now));
    if (left.length > 0) return;
    clearInterval(this.#resting);
    this.#resting = undefined;
  }

  /**
   * @param {Row} row
   * @param {"pushed" | "removed"} way
   */
  #leave({ element, top }, way) {
    const ghost = make("div", "row", ...element.childNodes);
    ghost.classList.add("ghost");
    ghost.part.add("ghost");
    ghost.dataset.way = way;
    ghost.style.setProperty("--top", `${top + this.body.offsetTop}px`);
    this.ghosts.append(ghost);
    const to = way === "pushed" ? "translateY(70%)" : "scale(0.96)";
    const going = ghost.animate({ opacity: [1, 0], transform: ["none", to] }, LEAVE);
    const end = () => ghost.remove();
    going.finished.then(end, end);
  }
}

/**
 * Tells which heights of the lines can be seen: of the window, and of the frame that a long board scrolls in.
 * @param {HTMLElement} body
 * @returns {(top: number) => boolean}
 */
function sight(body) {
  const start = body.getBoundingClientRect().top;
  const frame = body.closest(".frame")?.getBoundingClientRect();
  const row = body.firstElementChild?.clientHeight ?? 0;
  const from = Math.max(0, frame?.top ?? 0) - start - row;
  const to = Math.min(innerHeight, frame?.bottom ?? Infinity) - start;
  return (top) => top > from && top < to;
}

/**
 * @param {readonly Readonly<Entry>[]} entries
 * @param {Readonly<Entry>} own
 * @param {Manner} manner
 */
function distanceText(entries, own, manner) {
  const distance = distanceOf(entries, own.userId);
  if (!distance) return "";
  const points = scoreText(distance.points, own, manner);
  if ("ahead" in distance) return manner.words.ahead(points);
  return manner.words.toPlace(points, distance.place.toLocaleString(manner.locale));
}
