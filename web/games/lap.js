/**
 * The lap: a field of numbers to touch in their order. The clock shown is the page's; the service's own counts.
 */

import { make, write } from "../elements.js";
import { text } from "../texts/index.js";

/** How often the clock is drawn, in milliseconds. */
const TICK = 100;

/** @typedef {{columns: number, rows: number, cells: (number | null)[]}} LapChallenge */

/** @type {import("./index.js").Game} */
export const lap = {
  rules: text("lap.rules"),
  start: text("lap.start"),
  failed: text("lap.failed"),
  mayFallShort: true,

  /** @param {LapChallenge} challenge */
  play(challenge, stage, signal) {
    return new Promise((resolve) => new Field(challenge, resolve).show(stage, signal));
  },
};

/** The field of one lap, and what was touched on it. */
class Field {
  /** @type {{cell: number, atMs: number}[]} */
  #touches = [];
  #began = performance.now();
  #columns;
  #cells;
  #last;
  #done;
  #buttons;
  #next = make("span", { role: "status" });
  #clock = make("span", { class: "left", role: "timer", "aria-live": "off" });
  #timer = 0;

  /**
   * @param {LapChallenge} challenge
   * @param {(evidence: unknown) => void} done
   */
  constructor({ columns, cells }, done) {
    this.#columns = columns;
    this.#cells = cells;
    this.#last = Math.max(...cells.map((number) => number ?? 0));
    this.#done = done;
    this.#buttons = cells.map((number, cell) => {
      const place = { row: Math.floor(cell / columns) + 1, column: (cell % columns) + 1 };
      const label = number === null ? text("lap.empty", place) : text("lap.cell", { number, ...place });
      return make(
        "button",
        { type: "button", class: "cell", tabindex: "-1", "aria-label": label, ...(number === null ? { "data-empty": true } : {}) },
        number === null ? "" : String(number),
      );
    });
  }

  /**
   * Shows the field and starts the clock.
   * @param {HTMLElement} stage
   * @param {AbortSignal} signal
   */
  show(stage, signal) {
    const field = make("div", { class: "field", role: "group", "aria-label": text("lap.field") }, ...this.#buttons);
    stage.replaceChildren(make("div", { class: "clock" }, this.#next, this.#clock), field);
    // The press counts, not the release: a hurried finger slides. Keys come as clicks without a pointer.
    field.addEventListener("pointerdown", (event) => event.button === 0 && this.#touch(event.target));
    field.addEventListener("click", (event) => event.detail === 0 && this.#touch(event.target));
    field.addEventListener("keydown", (event) => this.#move(event));
    this.#timer = setInterval(() => this.#tick(), TICK);
    signal.addEventListener("abort", () => clearInterval(this.#timer), { once: true });
    this.#tellNext();
    this.#tick();
    this.#focus(0);
  }

  #tellNext() {
    write(this.#next, this.#touches.length < this.#last ? text("lap.next", { number: this.#touches.length + 1 }) : text("lap.done"));
  }

  #tick() {
    write(this.#clock, stopwatch(performance.now() - this.#began));
  }

  /** @param {EventTarget | null} target */
  #touch(target) {
    const cell = this.#buttons.indexOf(/** @type {HTMLElement} */ (/** @type {Element} */ (target).closest(".cell")));
    if (cell < 0 || this.#touches.length === this.#last) return;
    const button = this.#buttons[cell];
    if (this.#cells[cell] !== this.#touches.length + 1) return miss(button);
    this.#touches.push({ cell, atMs: Math.round(performance.now() - this.#began) });
    button.classList.remove("missed");
    button.setAttribute("data-found", "");
    button.setAttribute("aria-label", text("lap.touched", { cell: button.getAttribute("aria-label") ?? "" }));
    this.#tellNext();
    if (this.#touches.length < this.#last) return;
    clearInterval(this.#timer);
    this.#tick();
    this.#done({ touches: this.#touches });
  }

  /**
   * Moves the focus to a cell. It is the only one that the Tab key reaches.
   * @param {number} cell
   */
  #focus(cell) {
    for (const [at, button] of this.#buttons.entries()) button.tabIndex = at === cell ? 0 : -1;
    this.#buttons[cell].focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const at = this.#buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const columns = this.#columns;
    const column = at % columns;
    const steps = { ArrowLeft: column > 0 ? -1 : 0, ArrowRight: column < columns - 1 ? 1 : 0, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step === undefined) return;
    event.preventDefault();
    if (this.#buttons[at + step]) this.#focus(at + step);
  }
}

/**
 * Colours a cell that was touched too early. Touched again before the colour has gone, it starts over.
 * @param {HTMLElement} button
 */
function miss(button) {
  button.classList.remove("missed");
  void button.offsetWidth;
  if (!button.hasAttribute("data-found")) button.classList.add("missed");
}

/**
 * Milliseconds as a stopwatch shows them while it runs: `0:08.250`, `1:02:03.004`.
 * @param {number} milliseconds
 */
function stopwatch(milliseconds) {
  const all = Math.max(0, Math.round(milliseconds));
  const [hours, minutes, seconds] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60, Math.floor(all / 1000) % 60];
  const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : String(minutes);
  return `${head}:${String(seconds).padStart(2, "0")}.${String(all % 1000).padStart(3, "0")}`;
}
