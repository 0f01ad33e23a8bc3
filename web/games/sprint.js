/**
 * The sprint: sums against the clock, by keyboard or by the keys on the screen.
 */

import { make, write } from "../elements.js";

/** Between two drawings of the time that is left, in milliseconds. */
const TICK = 100;
const DIGITS = 3;

/** @type {import("./index.js").Game} */
export const sprint = {
  rules: "As many sums as you can in 20 seconds. 10 points for each right answer, 5 less for each wrong one.",
  start: "Start the clock",
  failed: "No points this time.",
  mayFallShort: true,

  /** @param {{sums: string[], seconds: number, fastestMs: number}} challenge */
  play({ sums, seconds, fastestMs }, stage, signal) {
    return new Promise((resolve) => {
      /** @type {{answer: number, atMs: number}[]} */
      const answers = [];
      const began = performance.now();
      const sum = make("span", { class: "sum" });
      const field = /** @type {HTMLInputElement} */ (
        // No keyboard slides over the sums on a phone: the keys are below.
        make("input", { class: "answer", inputmode: "none", autocomplete: "off", maxlength: String(DIGITS), pattern: "[0-9]*", "aria-label": "Answer" })
      );
      const bar = /** @type {HTMLProgressElement} */ (make("progress", { max: String(seconds * 1000), "aria-label": "Time left" }));
      const left = make("span", { class: "left" });
      const done = make("span", { class: "done" });
      const keys = make("div", { class: "keys", role: "group", "aria-label": "Keys", pointerdown: (event) => event.preventDefault() });
      for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0", "OK"]) {
        const label = key === "⌫" ? "Delete" : key;
        keys.append(make("button", { type: "button", tabindex: "-1", class: "key", "aria-label": label, click: () => press(key) }, key));
      }
      const line = make("div", { class: "line", role: "group", "aria-label": "Sum" }, sum, make("span", { "aria-hidden": "true" }, "="), field);
      stage.replaceChildren(make("div", { class: "clock" }, done, left), bar, line, keys);
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          enter();
        }
      });
      field.addEventListener("input", () => {
        field.value = field.value.replaceAll(/\D/g, "");
      });
      let early = 0;
      const timer = setInterval(tick, TICK);
      signal.addEventListener("abort", stop, { once: true });
      show();
      tick();
      field.focus({ preventScroll: true });

      function show() {
        write(sum, sums[answers.length]);
        // A screen reader reads the label of the field that has the focus.
        field.setAttribute("aria-label", `${spoken(sums[answers.length])}, equals`);
        field.value = "";
        write(done, answers.length === 1 ? "1 answer" : `${answers.length} answers`);
      }

      /** @param {string} key */
      function press(key) {
        if (key === "OK") enter();
        else if (key === "⌫") field.value = field.value.slice(0, -1);
        else if (field.value.length < DIGITS) field.value += key;
        field.focus({ preventScroll: true });
      }

      function enter() {
        const atMs = Math.round(performance.now() - began);
        const since = atMs - (answers.at(-1)?.atMs ?? 0);
        clearTimeout(early);
        if (field.value === "" || atMs > seconds * 1000) return;
        // The service takes nobody for so quick: the answer counts a moment later.
        if (since < fastestMs) {
          early = setTimeout(enter, fastestMs - since);
          return;
        }
        answers.push({ answer: Number(field.value), atMs });
        if (answers.length === sums.length) end();
        else show();
      }

      function tick() {
        const rest = Math.max(0, seconds * 1000 - (performance.now() - began));
        bar.value = rest;
        write(left, `${Math.ceil(rest / 1000)} s`);
        if (rest === 0) end();
      }

      function stop() {
        clearInterval(timer);
        clearTimeout(early);
      }

      function end() {
        stop();
        field.readOnly = true;
        write(done, `${answers.length} answered`);
        resolve({ answers });
      }
    });
  },
};

/** @param {string} sum as a screen reader should say it */
function spoken(sum) {
  return sum.replace("−", "minus").replace("×", "times").replace("+", "plus");
}
