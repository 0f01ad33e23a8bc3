/**
 * The top of a board as a table. Its rows move to their new places, come in from below, and fall out. If several boards come
 * between two frames of the screen, only the last one is drawn.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {import("./client/index.js").Entry} Entry */

import { find, make, motion, write } from "./elements.js";
import { amount, signed } from "./words.js";

const TRAVEL = { duration: 520, easing: "cubic-bezier(0.22, 1, 0.36, 1)" };
const ENTER = { duration: 420, easing: "cubic-bezier(0.22, 1, 0.36, 1)" };
const LEAVE = { duration: 320, easing: "ease-in", fill: /** @type {const} */ ("forwards") };
const FLASH = { duration: 1_400, easing: "ease-out" };
/** How long the arrow beside a name, or the points beside a score, can be read. */
const NOTE = { duration: 4_000, easing: "linear" };

/**
 * A user's line.
 * @typedef {object} Row
 * @property {HTMLElement} element
 * @property {HTMLElement} place
 * @property {HTMLElement} name
 * @property {HTMLElement} you
 * @property {HTMLElement} move
 * @property {HTMLElement} gain
 * @property {HTMLElement} points
 * @property {Entry} entry
 * @property {string} share
 * @property {Record<"journey" | "flash" | "move" | "gain", Animation | null>} animations what runs on it, or ran last
 */

/** The table of one board. */
export class Table {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Board | null} */
  #board = null;
  /** @type {Board | null} what is drawn */
  #drawn = null;
  /** @type {string | null} */
  #ownId = null;
  #best = "desc";
  /** @type {import("./service.js").Format | undefined} */
  #format;
  #frame = 0;
  #body = find("rows");
  #ghosts = find("ghosts");

  /**
   * Draws a board with the next frame of the screen.
   * @param {Board} board
   * @param {{order?: "asc" | "desc", format?: import("./service.js").Format}} [rules]
   */
  show(board, { order = "desc", format } = {}) {
    this.#board = board;
    this.#best = order;
    this.#format = format;
    this.#draw();
  }

  /**
   * Marks the line of the player; null marks none.
   * @param {string | null} userId
   */
  own(userId) {
    if (userId === this.#ownId) return;
    this.#ownId = userId;
    this.#draw();
  }

  /** Empties the table, and shows grey lines where rows will be. */
  clear() {
    this.#board = this.#drawn = null;
    this.#rows.clear();
    this.#ghosts.replaceChildren();
    this.#body.replaceChildren();
    find("stage").classList.add("waiting");
  }

  #draw() {
    if (this.#frame || !this.#board) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#board) this.#paint(this.#board);
    });
  }

  /** @param {Board} board */
  #paint(board) {
    const before = this.#drawn;
    const follows = before !== null && before.board === board.board && before.season === board.season;
    if (!follows) this.#rows.clear();
    // A row starts where the eye last saw it, which may be in the middle of an earlier move.
    const travels = follows && motion.allowed && !document.hidden;
    const seen = new Map(travels ? [...this.#rows].map(([userId, row]) => [userId, topOf(row.element)]) : []);
    const color = getComputedStyle(this.#body).getPropertyValue("--flash");

    const entries = board.entries;
    const kept = new Set(entries.map(({ userId }) => userId));
    for (const [userId, row] of this.#rows) {
      if (kept.has(userId)) continue;
      this.#rows.delete(userId);
      this.#leave(row, travels);
    }
    const best = entries[0]?.userScore ?? 0;
    const elements = entries.map((entry) => {
      const known = this.#rows.get(entry.userId);
      const row = known ?? makeRow(entry);
      this.#rows.set(entry.userId, row);
      this.#write(row, entry, { known: follows ? (known?.entry ?? null) : entry, best, color });
      return row.element;
    });
    arrange(this.#body, elements);
    this.#drawn = board;
    find("stage").classList.remove("waiting");
    if (travels) this.#travel(seen);
  }

  /**
   * @param {Row} row
   * @param {Entry} entry
   * @param {{known: Entry | null, best: number, color: string}} context `known` is how it was drawn, null if it was not
   */
  #write(row, entry, { known, best, color }) {
    const { element } = row;
    const place = entry.place ?? entry.rank;
    write(row.place, place === null ? "–" : String(place));
    write(row.name, entry.userName);
    write(row.points, amount(entry.userScore, this.#format));
    if (element.dataset.place !== row.place.textContent) element.dataset.place = row.place.textContent ?? "";
    const own = entry.userId === this.#ownId;
    if (row.you.hidden === own) {
      row.you.hidden = !own;
      if (own) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
    const length = share(entry.userScore, best, this.#best);
    if (length !== row.share) element.style.setProperty("--share", length);
    row.share = length;
    if (!known) note(row, "move", { text: "new", kind: "entered" });
    else {
      const climbed = (known.rank ?? 0) - (entry.rank ?? 0);
      if (climbed > 0) note(row, "move", { text: `▲ ${climbed}`, kind: "up" });
      if (climbed < 0) note(row, "move", { text: `▼ ${-climbed}`, kind: "down" });
      const gained = entry.userScore - known.userScore;
      if (gained) note(row, "gain", { text: signed(gained, this.#format), kind: "gained" });
      if (gained) flash(row, color);
    }
    if (!known) flash(row, color);
    row.entry = entry;
  }

  /** @param {Map<string, number>} seen where each row was */
  #travel(seen) {
    // Read all positions before changing anything: reading between changes would compute the layout again each time.
    const rows = [...this.#rows];
    for (const [, row] of rows) row.animations.journey?.cancel();
    const tops = rows.map(([, { element }]) => topOf(element));
    rows.forEach(([userId, row], index) => {
      const { element } = row;
      const top = seen.get(userId);
      if (top === undefined) {
        row.animations.journey = element.animate({ opacity: [0, 1], transform: ["translateY(60%)", "none"] }, { ...ENTER, id: "journey" });
        return;
      }
      const distance = top - tops[index];
      if (Math.abs(distance) < 0.5) return;
      // Rows that climb pass in front.
      element.classList.toggle("climbing", distance > 0);
      row.animations.journey = element.animate({ transform: [`translateY(${distance}px)`, "none"] }, { ...TRAVEL, id: "journey" });
    });
  }

  /**
   * @param {Row} row
   * @param {boolean} travels
   */
  #leave({ element }, travels) {
    if (!travels) return element.remove();
    const top = topOf(element) - topOf(this.#ghosts);
    const ghost = make("div", { class: "row ghost" }, ...element.childNodes);
    ghost.style.setProperty("--top", `${top}px`);
    element.remove();
    this.#ghosts.append(ghost);
    const going = ghost.animate({ opacity: [1, 0], transform: ["none", "translateY(70%)"] }, LEAVE);
    going.finished.then(
      () => ghost.remove(),
      () => ghost.remove(),
    );
  }
}

/**
 * @param {Entry} entry
 * @returns {Row}
 */
function makeRow(entry) {
  const place = make("span", { class: "medal" });
  const name = make("bdi", { class: "name" });
  const you = make("span", { class: "you", hidden: true }, "You");
  const move = make("span", { class: "note move", "aria-hidden": "true" });
  const gain = make("span", { class: "note gain", "aria-hidden": "true" });
  const points = make("span", { class: "points" });
  const element = make(
    "tr",
    { class: "row", role: "row" },
    make("td", { class: "place", role: "cell" }, place),
    make("td", { class: "player", role: "cell" }, name, you, move),
    make("td", { class: "score", role: "cell" }, gain, points),
  );
  const animations = { journey: null, flash: null, move: null, gain: null };
  return { element, place, name, you, move, gain, points, entry, share: "", animations };
}

/**
 * Puts the elements in order, and touches none that is in its place.
 * @param {Element} parent
 * @param {Element[]} elements
 */
function arrange(parent, elements) {
  elements.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
  while (parent.children.length > elements.length) parent.lastElementChild?.remove();
}

/**
 * Shows a word beside a name or a score, which fades.
 * @param {Row} row
 * @param {"move" | "gain"} which
 * @param {{text: string, kind: string}} what
 */
function note(row, which, { text, kind }) {
  const element = row[which];
  write(element, text);
  element.dataset.kind = kind;
  row.animations[which]?.cancel();
  row.animations[which] = element.animate({ opacity: [1, 1, 0], offset: [0, 0.75, 1] }, NOTE);
}

/**
 * @param {Row} row
 * @param {string} color
 */
function flash(row, color) {
  row.animations.flash?.cancel();
  row.animations.flash = row.element.animate({ backgroundColor: [color, color, "transparent"], offset: [0, 0.25, 1] }, { ...FLASH, id: "flash" });
}

/** @param {Element} element its top as it is seen, with animations */
function topOf(element) {
  return element.getBoundingClientRect().top;
}

/**
 * How long a row's bar is beside the leader's.
 * @param {number} score
 * @param {number} best
 * @param {string} order
 */
function share(score, best, order) {
  const [part, whole] = order === "asc" ? [best, score] : [score, best];
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)).toFixed(4) : "0";
}
