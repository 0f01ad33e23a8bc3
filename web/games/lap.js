/**
 * The lap: a field of numbers to touch in their order. The clock shown is the page's; the service's own counts.
 */

import { make, write } from "../elements.js";
import { stopwatch } from "../words.js";

/** Between two drawings of the clock, in milliseconds. */
const TICK = 100;

/** @type {import("./index.js").Game} */
export const lap = {
  rules: "Touch the numbers in order, from 1 up. The clock runs from the first moment until the service has your last touch.",
  start: "Start the lap",
  failed: "This lap did not count.",
  mayFallShort: true,

  /** @param {{columns: number, rows: number, cells: (number | null)[]}} challenge */
  play({ columns, cells }, stage, signal) {
    return new Promise((resolve) => {
      /** @type {{cell: number, atMs: number}[]} */
      const touches = [];
      const last = Math.max(...cells.map((number) => number ?? 0));
      const began = performance.now();
      const next = make("span", { role: "status" });
      const clock = make("span", { class: "left", role: "timer", "aria-live": "off" });
      const buttons = cells.map((number, cell) => {
        const place = `row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}`;
        return make(
          "button",
          { type: "button", class: "cell", tabindex: "-1", "aria-label": number === null ? `empty, ${place}` : `${number}, ${place}`, ...(number === null ? { "data-empty": true } : {}) },
          number === null ? "" : String(number),
        );
      });
      const field = make("div", { class: "field", role: "group", "aria-label": "Field: arrow keys move, Enter touches" }, ...buttons);
      stage.replaceChildren(make("div", { class: "clock" }, next, clock), field);
      // The press, not the release: it is what a hurried finger means. Keys come as clicks without a pointer.
      field.addEventListener("pointerdown", (event) => event.button === 0 && touch(event.target));
      field.addEventListener("click", (event) => event.detail === 0 && touch(event.target));
      field.addEventListener("keydown", move);
      const timer = setInterval(tick, TICK);
      signal.addEventListener("abort", () => clearInterval(timer), { once: true });
      tell();
      tick();
      turn(0);

      function tell() {
        write(next, touches.length < last ? `Next: ${touches.length + 1}` : "Done");
      }

      function tick() {
        write(clock, stopwatch(performance.now() - began));
      }

      /** @param {EventTarget | null} target */
      function touch(target) {
        const cell = buttons.indexOf(/** @type {HTMLElement} */ (/** @type {Element} */ (target).closest(".cell")));
        if (cell < 0 || touches.length === last) return;
        const button = buttons[cell];
        const wanted = touches.length + 1;
        if (cells[cell] !== wanted) {
          // Touched again before the colour has gone, it starts over.
          button.classList.remove("missed");
          void button.offsetWidth;
          if (!button.hasAttribute("data-found")) button.classList.add("missed");
          return;
        }
        touches.push({ cell, atMs: Math.round(performance.now() - began) });
        button.classList.remove("missed");
        button.setAttribute("data-found", "");
        button.setAttribute("aria-label", `${button.getAttribute("aria-label")}, touched`);
        tell();
        if (touches.length < last) return;
        clearInterval(timer);
        tick();
        resolve({ touches });
      }

      /** @param {number} cell the one stop of the Tab key */
      function turn(cell) {
        for (const [at, button] of buttons.entries()) button.tabIndex = at === cell ? 0 : -1;
        buttons[cell].focus({ preventScroll: true });
      }

      /** @param {KeyboardEvent} event */
      function move(event) {
        const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        const column = at % columns;
        const steps = { ArrowLeft: column > 0 ? -1 : 0, ArrowRight: column < columns - 1 ? 1 : 0, ArrowUp: -columns, ArrowDown: columns };
        const step = steps[/** @type {keyof typeof steps} */ (event.key)];
        if (step === undefined) return;
        event.preventDefault();
        if (buttons[at + step]) turn(at + step);
      }
    });
  },
};
