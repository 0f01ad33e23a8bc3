/**
 * The actions of the board that is shown, with a card for each. The cards stay while the board moves, so that a game goes on.
 */

import { Card } from "./card.js";
import { find, make } from "./elements.js";
import { text } from "./texts/index.js";

/** @typedef {import("./client/api/index.js").Outcome} Outcome */

/** The cards of one board. A card stays the same element until something of its own changes: a game and a press go on. */
export class Actions {
  #parts;
  /** By what they show. @type {Map<string, Card>} */
  #cards = new Map();
  #element = find("actions");
  #none = make("p", { class: "card hint" }, text("action.none"));

  /**
   * @param {{api: import("./client/api/index.js").Api, onScore: (board: string, outcome: Outcome) => void,
   *   onFailure: (error: unknown) => void}} parts
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Shows the actions of a board, or nothing if nobody is signed in.
   * @param {string | null} userId
   * @param {string} board
   * @param {import("./rules.js").Rules | undefined} rules
   */
  show(userId, board, rules) {
    const known = this.#cards;
    this.#cards = new Map();
    for (const [name, action] of Object.entries((userId && rules?.actions) || {})) {
      const key = JSON.stringify([userId, board, name, action, rules?.format]);
      this.#cards.set(key, known.get(key) ?? new Card({ ...this.#parts, board, name, action, format: rules?.format }));
    }
    for (const [key, card] of known) if (!this.#cards.has(key)) card.stop();
    const elements = [...this.#cards.values()].map(({ element }) => element);
    this.#place(userId && rules && elements.length === 0 ? [this.#none] : elements);
  }

  /**
   * Puts these elements in their order, and takes out the others. One that is in its place is not touched.
   * @param {HTMLElement[]} elements
   */
  #place(elements) {
    for (const child of [...this.#element.children]) if (!elements.includes(/** @type {HTMLElement} */ (child))) child.remove();
    for (const [at, element] of elements.entries()) {
      const there = this.#element.children[at] ?? null;
      if (there !== element) this.#element.insertBefore(element, there);
    }
  }
}
