/**
 * The actions of a board: take a ticket, wait until it is good, complete it. A ticket outlives a reload.
 */

/** @typedef {import("./service.js").Action} Action */
/** @typedef {import("./service.js").Outcome} Outcome */

import { find, make, tell, write } from "./elements.js";
import { Failure, sentence } from "./failures.js";
import { actionName, count, duration, plural } from "./words.js";

/** Past the moment at which the service takes it, in milliseconds. */
const ALLOWANCE = 150;

/**
 * A ticket that was taken; times by this browser's clock, whatever that shows.
 * @typedef {{ticket: string, takenAt: number, readyAt: number, expiresAt: number}} Held
 */

export class Actions {
  #service;
  #onScore;
  #onFailure;
  /** @type {Card[]} */
  #cards = [];
  #element = find("actions");
  #shown = "";

  /**
   * @param {{service: import("./service.js").Service, onScore: (board: string, outcome: Outcome) => void,
   *   onFailure: (failure: unknown) => void}} parts
   */
  constructor({ service, onScore, onFailure }) {
    this.#service = service;
    this.#onScore = onScore;
    this.#onFailure = onFailure;
  }

  /**
   * @param {string | null} userId
   * @param {string} board
   * @param {import("./service.js").Rules | undefined} rules
   */
  show(userId, board, rules) {
    const shown = JSON.stringify([userId, board, rules?.actions]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const card of this.#cards) card.stop();
    this.#cards = [];
    if (!userId || !rules) return this.#element.replaceChildren();
    this.#cards = Object.entries(rules.actions).map(
      ([name, action]) =>
        new Card({ service: this.#service, userId, board, name, action, onScore: this.#onScore, onFailure: this.#onFailure }),
    );
    if (this.#cards.length === 0) {
      this.#element.replaceChildren(make("p", { class: "card hint" }, "Scores on this board come from game servers; there is nothing to play here."));
    } else this.#element.replaceChildren(...this.#cards.map(({ element }) => element));
  }
}

class Card {
  #parts;
  #key;
  /** @type {Held | null} */
  #held;
  #busy = false;
  #timer = 0;
  #progress = /** @type {HTMLProgressElement} */ (make("progress", { max: "1000" }));
  #hint = make("p", { class: "hint" });
  #result = make("p", { class: "result", role: "status" });
  #failed = make("p", { class: "failure", role: "alert", hidden: true });
  #button = make("button", { type: "submit" });
  /** @type {HTMLInputElement | null} */
  #value = null;
  #field;
  #ready = "";

  /**
   * @param {{service: import("./service.js").Service, userId: string, board: string, name: string, action: Action,
   *   onScore: (board: string, outcome: Outcome) => void, onFailure: (failure: unknown) => void}} parts
   */
  constructor(parts) {
    this.#parts = parts;
    const { userId, board, name, action } = parts;
    this.#key = `leaderboard:ticket:${userId}:${board}:${name}`;
    const title = actionName(name);
    const { points } = action;
    const worth = typeof points === "number" ? plural(points, "point") : `up to ${count(points.max)}`;
    this.#progress.setAttribute("aria-label", `${title}: waiting`);
    if (typeof points === "object") {
      this.#value = /** @type {HTMLInputElement} */ (
        make("input", { type: "number", name: "value", min: "0", max: String(points.max), step: "1", inputmode: "numeric", required: true })
      );
      this.#field = make("label", { hidden: true }, "Your result", this.#value);
    }
    this.element = make(
      "form",
      { class: "card action", submit: (event) => this.#submit(event) },
      make("h3", {}, title),
      make("p", { class: "worth" }, worth),
      this.#hint,
      this.#progress,
      ...(this.#field ? [this.#field] : []),
      this.#failed,
      this.#button,
      this.#result,
    );
    this.#held = this.#stored();
    this.#tick();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#busy || this.#state() === "waiting") return;
    this.#busy = true;
    tell(this.#failed, null);
    write(this.#result, "");
    this.#tick();
    try {
      if (this.#held) await this.#complete(this.#held);
      else await this.#take();
    } catch (failure) {
      if (this.#held && failure instanceof Failure && failure.status > 0 && !failure.passing && keepsTicket(failure) === false) this.#keep(null);
      tell(this.#failed, sentence(failure));
      this.#parts.onFailure(failure);
    } finally {
      this.#busy = false;
      this.#tick();
    }
  }

  async #take() {
    const { service, board, name, action } = this.#parts;
    const askedAt = Date.now();
    const { ticket, notBefore, expiresAt } = await service.take(board, name);
    const now = Date.now();
    // The ticket's own times are the service's; what counts here is how long it waits and lives.
    const life = Date.parse(expiresAt) - Date.parse(notBefore) + action.minSeconds * 1000;
    this.#keep({ ticket, takenAt: now, readyAt: now + action.minSeconds * 1000 + ALLOWANCE, expiresAt: askedAt + life });
  }

  /** @param {Held} held */
  async #complete(held) {
    const { service, board, onScore } = this.#parts;
    const value = this.#value?.valueAsNumber;
    const outcome = await service.complete(board, value === undefined ? { ticket: held.ticket } : { ticket: held.ticket, value });
    this.#keep(null);
    if (this.#value) this.#value.value = "";
    const { userScore } = outcome.entry;
    write(this.#result, outcome.changed ? `Counted: you have ${count(userScore)}.` : `Your ${count(userScore)} from before stays: this was not better.`);
    onScore(board, outcome);
  }

  #state() {
    if (!this.#held) return "idle";
    return Date.now() < this.#held.readyAt ? "waiting" : "ready";
  }

  /** Draws how things stand, and again when they may differ. */
  #tick() {
    clearTimeout(this.#timer);
    const now = Date.now();
    const held = this.#held;
    if (held && now >= held.expiresAt && !this.#busy) {
      this.#keep(null);
      tell(this.#failed, sentence(new Failure("ticket_expired", { status: 410 })));
    }
    const state = this.#state();
    const { action, name } = this.#parts;
    this.element.dataset.state = state;
    const waiting = state === "waiting";
    this.#progress.hidden = !waiting;
    if (waiting && held) this.#progress.value = Math.min(1000, (1000 * (now - held.takenAt)) / (held.readyAt - held.takenAt));
    if (this.#field) this.#field.hidden = state !== "ready";
    if (this.#value) this.#value.disabled = state !== "ready";
    const left = held ? (waiting ? held.readyAt : held.expiresAt) - now : 0;
    write(
      this.#hint,
      state === "idle"
        ? `Takes at least ${plural(action.minSeconds, "second")}.`
        : waiting
          ? `Ready in ${duration(Math.min(left + 999, action.minSeconds * 1000))}.`
          : `Good for another ${duration(left)}.`,
    );
    write(this.#button, this.#busy ? "One moment…" : state === "idle" ? "Start" : waiting ? "Waiting…" : "Complete");
    // Not `disabled`, which would lose the keyboard's place.
    this.#button.setAttribute("aria-disabled", String(this.#busy || waiting));
    this.#button.setAttribute("aria-label", `${this.#button.textContent} ${actionName(name)}`);
    if (state === "ready" && this.#ready === "waiting") write(this.#result, "Ready to complete.");
    this.#ready = state;
    if (state !== "idle") this.#timer = setTimeout(() => this.#tick(), waiting ? 100 : 1_000);
  }

  /** @param {Held | null} held */
  #keep(held) {
    this.#held = held;
    try {
      if (held) sessionStorage.setItem(this.#key, JSON.stringify(held));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Then it does not outlive a reload.
    }
  }

  /** @returns {Held | null} */
  #stored() {
    try {
      const held = JSON.parse(sessionStorage.getItem(this.#key) ?? "null");
      return held && typeof held.ticket === "string" && Date.now() < held.expiresAt ? held : null;
    } catch {
      return null;
    }
  }
}

/** @param {Failure} failure whether the same ticket can still be completed after it */
function keepsTicket({ code }) {
  return code === "invalid" || code === "session_ended" || code === "score_limit";
}
