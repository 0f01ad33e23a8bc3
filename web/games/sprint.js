/**
 * The sprint: sums against the clock, by keyboard or by the keys on the screen.
 */

import { make, write } from "../elements.js";
import { text } from "../texts/index.js";

/** How often the time that is left is drawn, in milliseconds. */
const TICK = 100;
const DIGITS = 3;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0", "OK"];

/** @typedef {{sums: string[], seconds: number, fastestMs: number}} SprintChallenge */

/** @type {import("./index.js").Game} */
export const sprint = {
  rules: text("sprint.rules"),
  start: text("sprint.start"),
  failed: text("sprint.failed"),
  mayFallShort: true,

  /** @param {SprintChallenge} challenge */
  play(challenge, stage, signal) {
    return new Promise((resolve) => new Sums(challenge, resolve).show(stage, signal));
  },
};

/** The sums of one sprint, and what was answered. */
class Sums {
  /** @type {{answer: number, atMs: number}[]} */
  #answers = [];
  #began = performance.now();
  #challenge;
  #done;
  #sum = make("span", { class: "sum" });
  // No keyboard slides over the sums on a phone: the keys are below.
  #field = /** @type {HTMLInputElement} */ (
    make("input", { class: "answer", inputmode: "none", autocomplete: "off", maxlength: String(DIGITS), pattern: "[0-9]*", "aria-label": text("sprint.answer") })
  );
  #bar;
  #left = make("span", { class: "left" });
  #count = make("span", { class: "done" });
  #timer = 0;
  /** The timer of an answer that came too early. */
  #early = 0;

  /**
   * @param {SprintChallenge} challenge
   * @param {(evidence: unknown) => void} done
   */
  constructor(challenge, done) {
    this.#challenge = challenge;
    this.#done = done;
    this.#bar = /** @type {HTMLProgressElement} */ (make("progress", { max: String(challenge.seconds * 1000), "aria-label": text("sprint.timeLeft") }));
  }

  /**
   * Shows the first sum and starts the clock.
   * @param {HTMLElement} stage
   * @param {AbortSignal} signal
   */
  show(stage, signal) {
    const keys = make("div", { class: "keys", role: "group", "aria-label": text("sprint.keys"), pointerdown: (event) => event.preventDefault() });
    for (const key of KEYS) {
      const label = key === "⌫" ? text("sprint.delete") : key;
      keys.append(make("button", { type: "button", tabindex: "-1", class: "key", "aria-label": label, click: () => this.#press(key) }, key));
    }
    const line = make("div", { class: "line", role: "group", "aria-label": text("sprint.sum") }, this.#sum, make("span", { "aria-hidden": "true" }, "="), this.#field);
    stage.replaceChildren(make("div", { class: "clock" }, this.#count, this.#left), this.#bar, line, keys);
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#enter();
    });
    this.#field.addEventListener("input", () => {
      this.#field.value = this.#field.value.replaceAll(/\D/g, "");
    });
    this.#timer = setInterval(() => this.#tick(), TICK);
    signal.addEventListener("abort", () => this.#stop(), { once: true });
    this.#showNext();
    this.#tick();
    this.#field.focus({ preventScroll: true });
  }

  #showNext() {
    const sum = this.#challenge.sums[this.#answers.length];
    write(this.#sum, sum);
    // A screen reader reads the label of the field that has the focus.
    this.#field.setAttribute("aria-label", text("sprint.spoken", { sum: spoken(sum) }));
    this.#field.value = "";
    write(this.#count, text("sprint.answers", { count: this.#answers.length }));
  }

  /** @param {string} key */
  #press(key) {
    const field = this.#field;
    if (key === "OK") this.#enter();
    else if (key === "⌫") field.value = field.value.slice(0, -1);
    else if (field.value.length < DIGITS) field.value += key;
    field.focus({ preventScroll: true });
  }

  #enter() {
    const { fastestMs, seconds, sums } = this.#challenge;
    const atMs = Math.round(performance.now() - this.#began);
    const since = atMs - (this.#answers.at(-1)?.atMs ?? 0);
    clearTimeout(this.#early);
    if (this.#field.value === "" || atMs > seconds * 1000) return;
    // The service does not believe that anybody is so quick: the answer is entered a moment later.
    if (since < fastestMs) {
      this.#early = setTimeout(() => this.#enter(), fastestMs - since);
      return;
    }
    this.#answers.push({ answer: Number(this.#field.value), atMs });
    if (this.#answers.length === sums.length) this.#end();
    else this.#showNext();
  }

  #tick() {
    const rest = Math.max(0, this.#challenge.seconds * 1000 - (performance.now() - this.#began));
    this.#bar.value = rest;
    write(this.#left, text("time.seconds", { value: Math.ceil(rest / 1000) }));
    if (rest === 0) this.#end();
  }

  #stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#early);
  }

  #end() {
    this.#stop();
    this.#field.readOnly = true;
    write(this.#count, text("sprint.answered", { count: this.#answers.length }));
    this.#done({ answers: this.#answers });
  }
}

/** @param {string} sum as a screen reader should say it */
function spoken(sum) {
  return sum.replace("−", text("sprint.minus")).replace("×", text("sprint.times")).replace("+", text("sprint.plus"));
}
